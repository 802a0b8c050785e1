//! A fixed number of page frames with scan-resistant replacement (segmented LRU).
//!
//! A page enters on probation. Touched again later, it is protected; the protected segment holds
//! at most three quarters of the frames, and what it loses goes back on probation. Victims come
//! from probation, so that a scan passes through a quarter of the frames and no more. The scheme
//! is that of Karedla, Love and Wherry, "Caching strategies to improve disk system performance"
//! (1994).

use crate::storage::PageId;

/// Index of a frame.
pub(crate) type Frame = usize;

const NONE: u16 = u16::MAX;
const PROBATION: usize = 0;
const PROTECTED: usize = 1;
const UNUSED: u32 = u32::MAX;
/// Marks the key of a frame that shows the committed state beside an open transaction.
pub(crate) const COMMITTED_TAG: u32 = 1 << 31;

#[derive(Clone, Copy)]
struct Entry {
    /// Page number and tag, or `UNUSED`.
    key: u32,
    prev: u16,
    next: u16,
    segment: u8,
    dirty: bool,
}

#[derive(Clone, Copy)]
struct List {
    first: u16,
    last: u16,
    count: usize,
}

pub(crate) struct Cache {
    /// The frames, each an allocation of its own: wasm memory then grows by what they take, where
    /// one large allocation would leave a gap behind it.
    bytes: Vec<Box<[u8]>>,
    entries: Vec<Entry>,
    /// Open addressing, twice as many places as frames at least; holds frame + 1.
    table: Vec<u16>,
    shift: u32,
    lists: [List; 2],
    last_touched: Frame,
    hits: u64,
    misses: u64,
}

impl Cache {
    pub(crate) fn new(page_bytes: usize, frames: usize) -> Cache {
        let entry = Entry { key: UNUSED, prev: NONE, next: NONE, segment: 0, dirty: false };
        let places = (frames * 2).next_power_of_two();
        let list = List { first: NONE, last: NONE, count: 0 };
        let mut cache = Cache {
            bytes: (0..frames).map(|_| vec![0; page_bytes].into()).collect(),
            entries: vec![entry; frames],
            table: vec![0; places],
            shift: 32 - places.trailing_zeros(),
            lists: [list; 2],
            last_touched: 0,
            hits: 0,
            misses: 0,
        };
        for frame in 0..frames {
            cache.link_front(frame, PROBATION);
        }
        cache
    }

    pub(crate) fn frames(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }

    pub(crate) fn bytes(&self, frame: Frame) -> &[u8] {
        &self.bytes[frame]
    }

    pub(crate) fn bytes_mut(&mut self, frame: Frame) -> &mut [u8] {
        &mut self.bytes[frame]
    }

    /// The page or the tagged page in a frame, if there is one.
    pub(crate) fn key(&self, frame: Frame) -> Option<u32> {
        let key = self.entries[frame].key;
        (key != UNUSED).then_some(key)
    }

    pub(crate) fn is_dirty(&self, frame: Frame) -> bool {
        self.entries[frame].dirty
    }

    pub(crate) fn set_dirty(&mut self, frame: Frame, dirty: bool) {
        self.entries[frame].dirty = dirty;
    }

    fn place(&self, key: u32) -> usize {
        (key.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    /// The frame that holds `key`, without counting as use.
    pub(crate) fn find(&self, key: PageId) -> Option<Frame> {
        let mask = self.table.len() - 1;
        let mut place = self.place(key);
        loop {
            let frame = usize::from(self.table[place & mask]);
            if frame == 0 {
                return None;
            }
            if self.entries[frame - 1].key == key {
                return Some(frame - 1);
            }
            place += 1;
        }
    }

    /// The frame that holds `key`, counted as a use of it.
    pub(crate) fn touch(&mut self, key: PageId) -> Option<Frame> {
        let frame = self.find(key)?;
        self.hits += 1;
        // Touches in a row are one use: a scan reads many entries of one leaf.
        if frame != self.last_touched {
            self.last_touched = frame;
            if usize::from(self.lists[PROTECTED].first) != frame {
                self.unlink(frame);
                self.link_front(frame, PROTECTED);
                if self.lists[PROTECTED].count > self.entries.len() * 3 / 4 {
                    let oldest = usize::from(self.lists[PROTECTED].last);
                    self.unlink(oldest);
                    self.link_front(oldest, PROBATION);
                }
            }
        }
        Some(frame)
    }

    /// The frame to give up next, never `keep`.
    pub(crate) fn victim(&self, keep: Option<Frame>) -> Frame {
        for list in &self.lists {
            let mut at = list.last;
            while at != NONE {
                if Some(usize::from(at)) != keep {
                    return usize::from(at);
                }
                at = self.entries[usize::from(at)].prev;
            }
        }
        unreachable!("the cache has two frames at least")
    }

    /// Gives `frame` to `key`, clean and on probation. Whatever was in it is forgotten.
    pub(crate) fn assign(&mut self, frame: Frame, key: PageId) {
        self.forget(frame);
        self.misses += 1;
        self.entries[frame].key = key;
        self.unlink(frame);
        self.link_front(frame, PROBATION);
        self.last_touched = frame;
        let mask = self.table.len() - 1;
        let mut place = self.place(key);
        while self.table[place & mask] != 0 {
            place += 1;
        }
        self.table[place & mask] = frame as u16 + 1;
    }

    /// Empties `frame`, which becomes the next victim.
    pub(crate) fn forget(&mut self, frame: Frame) {
        let key = self.entries[frame].key;
        if key == UNUSED {
            return;
        }
        self.remove_from_table(key);
        self.entries[frame].key = UNUSED;
        self.entries[frame].dirty = false;
        self.unlink(frame);
        self.link_back(frame, PROBATION);
    }

    fn remove_from_table(&mut self, key: u32) {
        let mask = self.table.len() - 1;
        let mut hole = self.place(key) & mask;
        while usize::from(self.table[hole]) == 0
            || self.entries[usize::from(self.table[hole]) - 1].key != key
        {
            hole = (hole + 1) & mask;
        }
        self.table[hole] = 0;
        let mut next = (hole + 1) & mask;
        while self.table[next] != 0 {
            let home = self.place(self.entries[usize::from(self.table[next]) - 1].key) & mask;
            // An entry may move back into the hole unless its home lies after the hole.
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.table[hole] = self.table[next];
                self.table[next] = 0;
                hole = next;
            }
            next = (next + 1) & mask;
        }
    }

    fn unlink(&mut self, frame: Frame) {
        let Entry { prev, next, segment, .. } = self.entries[frame];
        let list = &mut self.lists[usize::from(segment)];
        list.count -= 1;
        match prev {
            NONE => list.first = next,
            prev => self.entries[usize::from(prev)].next = next,
        }
        match next {
            NONE => list.last = prev,
            next => self.entries[usize::from(next)].prev = prev,
        }
    }

    fn link_front(&mut self, frame: Frame, segment: usize) {
        let list = &mut self.lists[segment];
        let next = list.first;
        list.first = frame as u16;
        list.count += 1;
        match next {
            NONE => list.last = frame as u16,
            next => self.entries[usize::from(next)].prev = frame as u16,
        }
        let entry = &mut self.entries[frame];
        (entry.prev, entry.next, entry.segment) = (NONE, next, segment as u8);
    }

    fn link_back(&mut self, frame: Frame, segment: usize) {
        let list = &mut self.lists[segment];
        let prev = list.last;
        list.last = frame as u16;
        list.count += 1;
        match prev {
            NONE => list.first = frame as u16,
            prev => self.entries[usize::from(prev)].next = frame as u16,
        }
        let entry = &mut self.entries[frame];
        (entry.prev, entry.next, entry.segment) = (prev, NONE, segment as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(cache: &mut Cache, key: PageId) {
        if cache.touch(key).is_none() {
            let victim = cache.victim(None);
            cache.assign(victim, key);
        }
    }

    #[test]
    fn a_scan_leaves_pages_in_use_alone() {
        let mut cache = Cache::new(256, 16);
        for _ in 0..3 {
            for hot in 0..8 {
                load(&mut cache, hot);
            }
        }
        for page in 100..10_000 {
            load(&mut cache, page);
            load(&mut cache, page);
        }
        for hot in 0..8 {
            assert!(cache.find(hot).is_some(), "page {hot} was evicted");
        }
    }

    #[test]
    fn the_table_finds_what_it_holds_and_nothing_else() {
        let mut cache = Cache::new(256, 8);
        let mut state = 1u32;
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (state >> 16) % 40;
            load(&mut cache, key);
            if state.is_multiple_of(7)
                && let Some(frame) = cache.find(key)
            {
                cache.forget(frame);
                assert!(cache.find(key).is_none());
            }
            let held = (0..8).filter(|&frame| cache.key(frame).is_some()).count();
            let found = (0..40).filter(|&key| cache.find(key).is_some()).count();
            assert_eq!(held, found);
        }
    }
}
