//! Where the spilled pages of a large transaction are: the first of them, found in memory.

use crate::storage::PageId;

/// The first pages that a transaction has spilled, in the order of their frames.
///
/// It takes its memory, 8 bytes a page, when the first page comes.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    pages: Vec<PageId>,
    /// Open addressing, with twice as many places as pages at least; holds frame + 1.
    table: Vec<u16>,
}

impl Places {
    /// Room for `most` pages, 32768 at the most.
    pub(crate) fn new(most: usize) -> Places {
        Places { most: most.min(1 << 15), pages: Vec::new(), table: Vec::new() }
    }

    /// Forgets all pages.
    pub(crate) fn clear(&mut self) {
        self.pages.clear();
        self.table.fill(0);
    }

    /// How many more pages there is room for.
    pub(crate) fn room(&self) -> usize {
        self.most - self.pages.len()
    }

    /// The place of a page in the table, or the one where it may go.
    fn place(&self, page: PageId) -> usize {
        let mask = self.table.len() - 1;
        let mut at = (page.wrapping_mul(0x9E37_79B1) >> 16) as usize & mask;
        while let Some(frame) = usize::from(self.table[at]).checked_sub(1)
            && self.pages[frame] != page
        {
            at = (at + 1) & mask;
        }
        at
    }

    /// The frame of a page, if it is among those known here.
    pub(crate) fn find(&self, page: PageId) -> Option<u32> {
        if self.pages.is_empty() {
            return None;
        }
        u32::from(self.table[self.place(page)]).checked_sub(1)
    }

    /// Takes up the page of the next frame, if there is room.
    pub(crate) fn add(&mut self, page: PageId) {
        if self.room() == 0 {
            return;
        }
        if self.table.is_empty() {
            self.pages.reserve_exact(self.most);
            self.table = vec![0; (2 * self.most).next_power_of_two()];
        }
        let place = self.place(page);
        self.pages.push(page);
        self.table[place] = self.pages.len() as u16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_frames_in_which_they_came() {
        for most in [0, 1, 100, 4096, 1 << 15] {
            let mut places = Places::new(most);
            assert_eq!(places.find(7), None);
            for round in 0..2 {
                let page = |frame: u32| frame.wrapping_mul(0x1_0001) ^ round << 31;
                for frame in 0..most as u32 {
                    assert_eq!(places.find(page(frame)), None);
                    places.add(page(frame));
                }
                assert_eq!(places.room(), 0);
                places.add(u32::MAX);
                for frame in 0..most as u32 {
                    assert_eq!(places.find(page(frame)), Some(frame));
                }
                assert_eq!(places.find(u32::MAX), None);
                places.clear();
                assert_eq!(places.find(page(0)), None);
            }
        }
    }
}
