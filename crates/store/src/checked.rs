//! Which pages of a storage in memory have been checked, so that reading them again is cheap.

use crate::limits::CHECKED_MAX;
use crate::storage::PageId;

/// A set of pages below [`CHECKED_MAX`]; always empty for a storage that is not in memory.
///
/// It holds for every view of a page: a committed page changes only after it has been read, and
/// what is staged was right in its frame.
pub(crate) struct Checked(Vec<u64>);

impl Checked {
    pub(crate) fn new(in_memory: bool) -> Checked {
        Checked(vec![0; if in_memory { CHECKED_MAX as usize / 64 } else { 0 }])
    }

    pub(crate) fn has(&self, page: PageId) -> bool {
        let word = self.0.get(page as usize / 64);
        word.is_some_and(|word| word & 1 << (page % 64) != 0)
    }

    pub(crate) fn add(&mut self, page: PageId) {
        if let Some(word) = self.0.get_mut(page as usize / 64) {
            *word |= 1 << (page % 64);
        }
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
}
