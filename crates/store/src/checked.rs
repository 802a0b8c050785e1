//! Which pages of a storage in memory need no checksum for now, so that reading them again and
//! staging them again is cheap.

use crate::limits::CHECKED_MAX;
use crate::storage::PageId;

/// Two sets of pages below [`CHECKED_MAX`]; always empty for a storage that is not in memory.
///
/// Those that have been checked: this holds for every view of a page, because a committed page
/// changes only after it has been read. And those that the open transaction has staged without a
/// checksum, to be sealed when it commits: it may stage a page many times.
pub(crate) struct Checked {
    checked: Vec<u64>,
    unsealed: Vec<u64>,
    /// Where the first word of `unsealed` is that may not be empty.
    unsealed_from: usize,
}

impl Checked {
    pub(crate) fn new(in_memory: bool) -> Checked {
        let words = if in_memory { CHECKED_MAX as usize / 64 } else { 0 };
        Checked { checked: vec![0; words], unsealed: vec![0; words], unsealed_from: words }
    }

    /// Whether a page need not be checked when it is read.
    pub(crate) fn has(&self, page: PageId) -> bool {
        let (at, bit) = (page as usize / 64, 1 << (page % 64));
        match (self.checked.get(at), self.unsealed.get(at)) {
            (Some(checked), Some(unsealed)) => (checked | unsealed) & bit != 0,
            _ => false,
        }
    }

    pub(crate) fn add(&mut self, page: PageId) {
        if let Some(word) = self.checked.get_mut(page as usize / 64) {
            *word |= 1 << (page % 64);
        }
    }

    /// Notes that a page is staged without a checksum; whether it may be.
    pub(crate) fn leave_unsealed(&mut self, page: PageId) -> bool {
        let at = page as usize / 64;
        let Some(word) = self.unsealed.get_mut(at) else { return false };
        *word |= 1 << (page % 64);
        self.unsealed_from = self.unsealed_from.min(at);
        true
    }

    /// Notes that a page is staged with its checksum.
    pub(crate) fn set_sealed(&mut self, page: PageId) {
        if let Some(word) = self.unsealed.get_mut(page as usize / 64) {
            *word &= !(1 << (page % 64));
        }
    }

    /// A page that is still staged without a checksum.
    pub(crate) fn next_unsealed(&mut self) -> Option<PageId> {
        while let Some(word) = self.unsealed.get(self.unsealed_from) {
            if *word != 0 {
                return Some(self.unsealed_from as u32 * 64 + word.trailing_zeros());
            }
            self.unsealed_from += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_added_and_nothing_beyond_its_end() {
        let mut checked = Checked::new(true);
        for page in [1, 64, CHECKED_MAX - 1, CHECKED_MAX, u32::MAX] {
            assert!(!checked.has(page));
            checked.add(page);
            assert_eq!(checked.has(page), page < CHECKED_MAX, "{page}");
        }
        assert!(!checked.has(2) && !checked.has(63));
        let mut checked = Checked::new(false);
        checked.add(1);
        assert!(!checked.has(1));
    }

    #[test]
    fn pages_without_a_checksum_are_given_back_until_they_are_sealed() {
        let mut checked = Checked::new(true);
        assert_eq!(checked.next_unsealed(), None);
        for page in [CHECKED_MAX - 1, 70, 64, 3] {
            assert!(checked.leave_unsealed(page) && checked.has(page));
        }
        assert!(!checked.leave_unsealed(CHECKED_MAX) && !checked.has(CHECKED_MAX));
        checked.add(70);
        checked.set_sealed(64);
        for page in [3, 70, CHECKED_MAX - 1] {
            assert_eq!(checked.next_unsealed(), Some(page));
            checked.set_sealed(page);
            assert_eq!(checked.has(page), page == 70);
        }
        assert_eq!(checked.next_unsealed(), None);
        assert!(checked.leave_unsealed(5));
        assert_eq!(checked.next_unsealed(), Some(5));
        assert!(!Checked::new(false).leave_unsealed(1));
    }
}
