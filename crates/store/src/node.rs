//! Slotted nodes: reading, searching, changing in place and building anew.
//!
//! Every key of a node starts with the node's prefix, which is what the two separators around
//! the node have in common. A cell holds the rest of its key, and a value, an overflow
//! reference, or in interior nodes the child to the right of the key.

use crate::error::Error;
use crate::format::{self, CELL_HEADER_BYTES, HEADER_BYTES, OVERFLOW_BIT, PageKind, SLOT_BYTES};
use crate::format::{set_u16, u16_at};
use crate::storage::PageId;
use std::cmp::Ordering;

/// A node that has passed `format::check_page`.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a>(pub(crate) &'a [u8]);

/// One cell with the prefix of its node.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) prefix: &'a [u8],
    pub(crate) suffix: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) overflow: bool,
}

impl<'a> Item<'a> {
    pub(crate) fn key_bytes(&self) -> usize {
        self.prefix.len() + self.suffix.len()
    }

    /// Bytes of cell and slot, if the whole key stood in the cell.
    pub(crate) fn weight(&self) -> usize {
        SLOT_BYTES + CELL_HEADER_BYTES + self.key_bytes() + self.value.len()
    }

    pub(crate) fn key(&self) -> Vec<u8> {
        [self.prefix, self.suffix].concat()
    }

    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        match at.checked_sub(self.prefix.len()) {
            None => Some(self.prefix[at]),
            Some(at) => self.suffix.get(at).copied(),
        }
    }

    /// The child that an interior cell points to.
    pub(crate) fn child(&self) -> PageId {
        self.value.first_chunk().map_or(0, |raw| PageId::from_le_bytes(*raw))
    }

    /// Bytes that the key has in common with another from the front.
    pub(crate) fn common(&self, other: &Item<'_>) -> usize {
        let bytes = self.key_bytes().min(other.key_bytes());
        (0..bytes).find(|&at| self.byte(at) != other.byte(at)).unwrap_or(bytes)
    }
}

impl<'a> Node<'a> {
    pub(crate) fn count(self) -> usize {
        format::count(self.0)
    }

    pub(crate) fn level(self) -> u8 {
        format::level(self.0)
    }

    pub(crate) fn prefix(self) -> &'a [u8] {
        &self.0[HEADER_BYTES..HEADER_BYTES + format::prefix_bytes(self.0)]
    }

    fn slots_at(self) -> usize {
        HEADER_BYTES + format::prefix_bytes(self.0)
    }

    fn cell_at(self, index: usize) -> usize {
        u16_at(self.0, self.slots_at() + index * SLOT_BYTES)
    }

    pub(crate) fn item(self, index: usize) -> Item<'a> {
        let at = self.cell_at(index);
        let key = u16_at(self.0, at) as u16;
        let key_bytes = usize::from(key & !OVERFLOW_BIT);
        let value_bytes = u16_at(self.0, at + 2);
        let from = at + CELL_HEADER_BYTES;
        // Cells of a damaged page may overlap, so that a change of one spoils another: such a
        // cell is empty rather than a reason to panic.
        let suffix = self.0.get(from..from + key_bytes).unwrap_or_default();
        let from = from + key_bytes;
        let value = self.0.get(from..from + value_bytes).unwrap_or_default();
        Item { prefix: self.prefix(), suffix, value, overflow: key & OVERFLOW_BIT != 0 }
    }

    fn suffix(self, index: usize) -> &'a [u8] {
        let at = self.cell_at(index);
        let key_bytes = u16_at(self.0, at) & usize::from(!OVERFLOW_BIT);
        self.0.get(at + CELL_HEADER_BYTES..at + CELL_HEADER_BYTES + key_bytes).unwrap_or_default()
    }

    /// The child at `index`, from 0 to `count` of an interior node.
    pub(crate) fn child(self, index: usize) -> PageId {
        match index.checked_sub(1) {
            None => format::link(self.0),
            Some(index) => self.item(index).child(),
        }
    }

    /// The index of `key`, or the index of the first greater key.
    pub(crate) fn search(self, key: &[u8]) -> Result<usize, usize> {
        let prefix = self.prefix();
        let Some(rest) = key.strip_prefix(prefix) else {
            return Err(if key < prefix { 0 } else { self.count() });
        };
        let start = word(rest);
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = (low + high) / 2;
            match self.compare(middle, rest, start) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// Compares the key of a cell, without the prefix, with `rest`, whose first bytes are `start`.
    #[inline(always)]
    fn compare(self, index: usize, rest: &[u8], start: u64) -> Ordering {
        let at = self.cell_at(index);
        let key_bytes = u16_at(self.0, at) & usize::from(!OVERFLOW_BIT);
        let from = at + CELL_HEADER_BYTES;
        // Most keys differ within eight bytes; a call to compare memory costs more than this.
        if let Some(raw) = self.0.get(from..).and_then(<[u8]>::first_chunk::<8>) {
            let ours = u64::from_le_bytes(*raw) & low_bytes(key_bytes);
            let difference = ours ^ start;
            if difference != 0 {
                // The first byte that differs is the lowest one; behind its end a key has zeros,
                // so that the shorter one of two is the smaller one.
                let bits = difference.trailing_zeros() & !7;
                return (ours >> bits & 0xFF).cmp(&(start >> bits & 0xFF));
            }
        }
        self.suffix(index).cmp(rest)
    }

    /// The index of the child of an interior node whose keys surround `key`.
    pub(crate) fn child_index(self, key: &[u8]) -> usize {
        match self.search(key) {
            Ok(index) => index + 1,
            Err(index) => index,
        }
    }

    /// Bytes of prefix, slots and cells.
    pub(crate) fn used_bytes(self) -> usize {
        let cells: usize = (0..self.count())
            .map(|index| {
                let at = self.cell_at(index);
                CELL_HEADER_BYTES
                    + (u16_at(self.0, at) & usize::from(!OVERFLOW_BIT))
                    + u16_at(self.0, at + 2)
            })
            .sum();
        self.prefix().len() + self.count() * SLOT_BYTES + cells
    }

    /// Bytes between the slots and the cells.
    pub(crate) fn gap_bytes(self) -> usize {
        let slots_end = self.slots_at() + self.count() * SLOT_BYTES;
        self.0.len() - format::heap_bytes(self.0) - slots_end
    }
}

/// The lowest `bytes` bytes of a word, or all eight.
#[inline(always)]
fn low_bytes(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

/// The first eight bytes, the first one lowest, with zeros for what is missing.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(raw) => u64::from_le_bytes(*raw),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Puts a cell at `index`; the gap must have room for it and its slot, or else nothing happens,
/// which only a damaged page can bring about.
pub(crate) fn insert(page: &mut [u8], index: usize, suffix: &[u8], value: &[u8], overflow: bool) {
    let node = Node(page);
    let bytes = CELL_HEADER_BYTES + suffix.len() + value.len();
    if node.gap_bytes() < bytes + SLOT_BYTES {
        return;
    }
    let (count, slots) = (node.count(), node.slots_at());
    let heap = format::heap_bytes(page) + bytes;
    let at = page.len() - heap;
    let slot = slots + index * SLOT_BYTES;
    page.copy_within(slot..slots + count * SLOT_BYTES, slot + SLOT_BYTES);
    set_u16(page, slot, at);
    let bit = if overflow { usize::from(OVERFLOW_BIT) } else { 0 };
    set_u16(page, at, suffix.len() | bit);
    set_u16(page, at + 2, value.len());
    let key_at = at + CELL_HEADER_BYTES;
    page[key_at..key_at + suffix.len()].copy_from_slice(suffix);
    page[key_at + suffix.len()..at + bytes].copy_from_slice(value);
    format::set_count(page, count + 1);
    format::set_heap_bytes(page, heap);
}

/// Takes the cells `from..to` out; their bytes come back when the node is packed.
pub(crate) fn remove(page: &mut [u8], from: usize, to: usize) {
    let node = Node(page);
    let (count, slots) = (node.count(), node.slots_at());
    // The lowest cell gives its bytes back at once: what was just added is often just replaced.
    if to - from == 1 && node.cell_at(from) == page.len() - format::heap_bytes(page) {
        let item = node.item(from);
        let bytes = CELL_HEADER_BYTES + item.suffix.len() + item.value.len();
        format::set_heap_bytes(page, format::heap_bytes(page) - bytes);
    }
    page.copy_within(
        slots + to * SLOT_BYTES..slots + count * SLOT_BYTES,
        slots + from * SLOT_BYTES,
    );
    format::set_count(page, count - (to - from));
}

/// Overwrites the value of a cell with one of the same length.
pub(crate) fn overwrite(page: &mut [u8], index: usize, value: &[u8]) {
    let at = Node(page).cell_at(index);
    let key_bytes = u16_at(page, at) & usize::from(!OVERFLOW_BIT);
    let at = at + CELL_HEADER_BYTES + key_bytes;
    if let Some(old) = page.get_mut(at..at + value.len()) {
        old.copy_from_slice(value);
    }
}

/// Closes the gaps between the cells, by way of `spare`, another page-sized buffer.
pub(crate) fn pack(page: &mut [u8], spare: &mut [u8]) {
    spare.copy_from_slice(page);
    let old = Node(spare);
    format::set_count(page, 0);
    format::set_heap_bytes(page, 0);
    for index in 0..old.count() {
        let item = old.item(index);
        insert(page, index, item.suffix, item.value, item.overflow);
    }
}

/// Adds `item` at the end of a node that may have another prefix than the one it came from.
///
/// Fails if the key does not start with the node's prefix or does not fit, which happens in
/// damaged trees only.
pub(crate) fn append(page: &mut [u8], item: &Item<'_>) -> Result<(), Error> {
    let prefix_bytes = format::prefix_bytes(page);
    let from = item.prefix.len();
    let prefix = &page[HEADER_BYTES..HEADER_BYTES + prefix_bytes];
    let fits = (0..prefix_bytes).all(|at| item.byte(at) == Some(prefix[at]))
        && item.weight() - prefix_bytes <= Node(page).gap_bytes();
    if !fits {
        return Err(Error::corrupt(0, 0, "keys are out of order"));
    }
    let count = Node(page).count();
    if prefix_bytes >= from {
        insert(page, count, &item.suffix[prefix_bytes - from..], item.value, item.overflow);
    } else {
        let suffix = [&item.prefix[prefix_bytes..], item.suffix].concat();
        insert(page, count, &suffix, item.value, item.overflow);
    }
    Ok(())
}

/// Starts a node without cells.
pub(crate) fn start(page: &mut [u8], level: u8, link: PageId, prefix: &[u8]) {
    let kind = if level == 0 { PageKind::Leaf } else { PageKind::Interior };
    format::start_page(page, kind, level, link, prefix);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_whatever_its_length_and_bytes() {
        let mut keys: Vec<Vec<u8>> = vec![Vec::new()];
        for length in [1, 2, 7, 8, 9, 17] {
            for byte in [0, 1, b'a', 0xFF] {
                let mut key = vec![byte; length];
                keys.push(key.clone());
                key[length - 1] = 0x7F;
                keys.push(key.clone());
                key.push(0);
                keys.push(key);
            }
        }
        keys.sort();
        keys.dedup();
        let mut page = vec![0; 4096];
        start(&mut page, 0, 0, b"");
        for (index, key) in keys.iter().enumerate().step_by(2) {
            insert(&mut page, index / 2, key, b"", false);
        }
        for (index, key) in keys.iter().enumerate() {
            let place = index.div_ceil(2);
            let expected = if index % 2 == 0 { Ok(place) } else { Err(place) };
            assert_eq!(Node(&page).search(key), expected, "{key:?}");
        }
    }
}
