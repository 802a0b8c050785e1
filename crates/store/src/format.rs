//! The bytes of the store header and of pages: offsets, sizes, checksums, all little-endian.

use crate::error::Error;
use crate::limits::{DEPTH_MAX, KEY_BYTES_MAX, PAGE_BYTES_MAX, PAGE_BYTES_MIN};
use crate::storage::{PageId, SCRATCH_FIRST};
use xxhash_rust::xxh64::xxh64;

/// Version of the format that this code writes; it reads this one and all earlier ones.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// Bytes before the prefix in a node and before the data in an overflow page.
pub(crate) const HEADER_BYTES: usize = 32;
/// Bytes of the offset of one cell.
pub(crate) const SLOT_BYTES: usize = 2;
/// Bytes before the key in a cell: key length with the overflow bit, then value length.
pub(crate) const CELL_HEADER_BYTES: usize = 4;
/// Bytes that stand for a value in overflow pages: its length, first and last page.
pub(crate) const OVERFLOW_REF_BYTES: usize = 12;
/// Bit of a cell's key length that marks an overflow reference.
pub(crate) const OVERFLOW_BIT: u16 = 0x8000;

const MAGIC: [u8; 8] = *b"Moonkeep";
const SAMPLE_INTEGER: u64 = 0x0102_0304_0506_0708;
const SAMPLE_FLOAT: f64 = -1234.5;
const CHECKSUM_AT: usize = 8;

/// What a page is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum PageKind {
    Leaf = 1,
    Interior = 2,
    Overflow = 3,
    Free = 4,
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut raw = [0; 4];
    raw.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(raw)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut raw = [0; 8];
    raw.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(raw)
}

pub(crate) fn set_u16(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

pub(crate) fn set_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

pub(crate) fn set_u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

// Page header: kind u8, level u8, count u16, heap bytes u16, prefix bytes u16, checksum u64,
// transaction u64, link u32, savepoint u32.

pub(crate) fn kind(page: &[u8]) -> u8 {
    page[0]
}

pub(crate) fn level(page: &[u8]) -> u8 {
    page[1]
}

pub(crate) fn count(page: &[u8]) -> usize {
    u16_at(page, 2)
}

pub(crate) fn set_count(page: &mut [u8], count: usize) {
    set_u16(page, 2, count);
}

/// Bytes between the lowest cell and the end of the page.
pub(crate) fn heap_bytes(page: &[u8]) -> usize {
    u16_at(page, 4)
}

pub(crate) fn set_heap_bytes(page: &mut [u8], bytes: usize) {
    set_u16(page, 4, bytes);
}

pub(crate) fn prefix_bytes(page: &[u8]) -> usize {
    u16_at(page, 6)
}

/// Number of the transaction that wrote the page last.
pub(crate) fn transaction(page: &[u8]) -> u64 {
    u64_at(page, 16)
}

pub(crate) fn set_transaction(page: &mut [u8], transaction: u64) {
    set_u64(page, 16, transaction);
}

/// First child of an interior node, next page of an overflow chain or of the free list.
pub(crate) fn link(page: &[u8]) -> PageId {
    u32_at(page, 24)
}

pub(crate) fn set_link(page: &mut [u8], link: PageId) {
    set_u32(page, 24, link);
}

/// Number of the savepoint under which the page was written last, within its transaction.
pub(crate) fn savepoint(page: &[u8]) -> u32 {
    u32_at(page, 28)
}

pub(crate) fn set_savepoint(page: &mut [u8], savepoint: u32) {
    set_u32(page, 28, savepoint);
}

/// Starts a page over: header fields and prefix; the transaction fields stay as they are.
pub(crate) fn start_page(page: &mut [u8], kind: PageKind, level: u8, link: PageId, prefix: &[u8]) {
    page[0] = kind as u8;
    page[1] = level;
    set_count(page, 0);
    set_heap_bytes(page, 0);
    set_u16(page, 6, prefix.len());
    set_link(page, link);
    page[HEADER_BYTES..HEADER_BYTES + prefix.len()].copy_from_slice(prefix);
}

fn page_checksum(page: &[u8], id: PageId) -> u64 {
    // The first word and the page number are the seed: the checksum then covers every byte but
    // itself, and a page at the wrong place does not pass.
    let seed = u64_at(page, 0) ^ (u64::from(id) << 32 | u64::from(id)).rotate_left(17);
    xxh64(&page[CHECKSUM_AT + 8..], seed)
}

/// Writes the checksum of a page that is about to leave memory.
pub(crate) fn seal(page: &mut [u8], id: PageId) {
    let checksum = page_checksum(page, id);
    set_u64(page, CHECKSUM_AT, checksum);
}

/// Checks a page that has just been read; `newest` is the newest transaction there can be.
///
/// After this no accessor of the page can leave it, whatever its bytes are.
pub(crate) fn check_page(page: &[u8], id: PageId, newest: u64) -> Result<(), Error> {
    if u64_at(page, CHECKSUM_AT) != page_checksum(page, id) {
        return Err(Error::corrupt(id, CHECKSUM_AT, "a checksum does not match"));
    }
    if transaction(page) > newest {
        return Err(Error::corrupt(id, 16, "a page is newer than the store"));
    }
    match kind(page) {
        1 | 2 => check_node(page).map_err(|at| Error::corrupt(id, at, "a node is malformed")),
        3 | 4 => Ok(()),
        _ => Err(Error::corrupt(id, 0, "a page has an unknown kind")),
    }
}

fn check_node(page: &[u8]) -> Result<(), usize> {
    let (count, heap, prefix) = (count(page), heap_bytes(page), prefix_bytes(page));
    let interior = kind(page) == PageKind::Interior as u8;
    if usize::from(level(page)) >= DEPTH_MAX || (level(page) > 0) != interior {
        return Err(1);
    }
    if prefix > KEY_BYTES_MAX {
        return Err(6);
    }
    let slots = HEADER_BYTES + prefix;
    if slots + count * SLOT_BYTES + heap > page.len() {
        return Err(4);
    }
    let mut used = 0;
    for index in 0..count {
        let slot = slots + index * SLOT_BYTES;
        let at = u16_at(page, slot);
        if at < page.len() - heap || at + CELL_HEADER_BYTES > page.len() {
            return Err(slot);
        }
        let key = u16_at(page, at);
        let key_bytes = key & usize::from(!OVERFLOW_BIT);
        let value_bytes = u16_at(page, at + 2);
        let overflow = key & usize::from(OVERFLOW_BIT) != 0;
        let bytes = CELL_HEADER_BYTES + key_bytes + value_bytes;
        used += bytes;
        if at + bytes > page.len() || prefix + key_bytes > KEY_BYTES_MAX || used > heap {
            return Err(at);
        }
        if (interior && (overflow || value_bytes != 4))
            || (overflow && value_bytes != OVERFLOW_REF_BYTES)
        {
            return Err(at);
        }
    }
    Ok(())
}

/// What page 0 says about the whole store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Meta {
    /// Number of the transaction that committed this state.
    pub(crate) transaction: u64,
    /// Pages in the store, page 0 included.
    pub(crate) pages: u32,
    /// Root of the tree, 0 for none.
    pub(crate) root: PageId,
    /// Head of the free list, 0 for none.
    pub(crate) free_head: PageId,
    /// Pages on the free list.
    pub(crate) free_count: u32,
    /// Levels of the tree, 0 for none.
    pub(crate) depth: u32,
    /// Entries in the tree.
    pub(crate) entries: u64,
}

impl Meta {
    pub(crate) const EMPTY: Meta = Meta {
        transaction: 0,
        pages: 1,
        root: 0,
        free_head: 0,
        free_count: 0,
        depth: 0,
        entries: 0,
    };

    /// Writes page 0.
    pub(crate) fn write(&self, page: &mut [u8]) {
        page.fill(0);
        page[..8].copy_from_slice(&MAGIC);
        set_u32(page, 16, FORMAT_VERSION);
        set_u32(page, 20, page.len() as u32);
        set_u64(page, 24, SAMPLE_INTEGER);
        page[32..40].copy_from_slice(&SAMPLE_FLOAT.to_le_bytes());
        set_u64(page, 40, self.transaction);
        set_u32(page, 48, self.pages);
        set_u32(page, 52, self.root);
        set_u32(page, 56, self.free_head);
        set_u32(page, 60, self.free_count);
        set_u32(page, 64, self.depth);
        set_u64(page, 72, self.entries);
        seal(page, 0);
    }

    /// Reads page 0.
    pub(crate) fn read(page: &[u8]) -> Result<Meta, Error> {
        if page[..8] != MAGIC {
            return Err(Error::foreign());
        }
        let version = u32_at(page, 16);
        let sealed = u64_at(page, CHECKSUM_AT) == page_checksum(page, 0);
        if version > FORMAT_VERSION {
            // A later version may seal its header otherwise, so that its checksum proves nothing;
            // a version far out of the way is damage all the same.
            return Err(if sealed || version < 1 << 16 {
                Error::newer(version)
            } else {
                Error::corrupt(0, 16, "the header is damaged")
            });
        }
        if !sealed {
            return Err(Error::corrupt(0, CHECKSUM_AT, "the header's checksum does not match"));
        }
        if u32_at(page, 20) as usize != page.len() {
            return Err(Error::corrupt(0, 20, "the page size does not match"));
        }
        if u64_at(page, 24) != SAMPLE_INTEGER || page[32..40] != SAMPLE_FLOAT.to_le_bytes() {
            return Err(Error::corrupt(0, 24, "the sample values do not match"));
        }
        let meta = Meta {
            transaction: u64_at(page, 40),
            pages: u32_at(page, 48),
            root: u32_at(page, 52),
            free_head: u32_at(page, 56),
            free_count: u32_at(page, 60),
            depth: u32_at(page, 64),
            entries: u64_at(page, 72),
        };
        let sane = meta.pages >= 1
            && meta.pages <= SCRATCH_FIRST
            && meta.root < meta.pages
            && meta.free_head < meta.pages
            && meta.free_count < meta.pages
            && (meta.free_head == 0) == (meta.free_count == 0)
            && (meta.root == 0) == (meta.depth == 0)
            && (meta.depth as usize) < DEPTH_MAX;
        if sane { Ok(meta) } else { Err(Error::corrupt(0, 40, "the header contradicts itself")) }
    }
}

/// Bytes of page 0 that say anything.
pub(crate) const META_BYTES: usize = 80;

/// Whether the first bytes are those of a store, damaged or not.
pub(crate) fn has_magic(start: &[u8]) -> bool {
    start.starts_with(&MAGIC)
}

/// The page size that the first bytes of a store name, if they are the first bytes of a store.
pub(crate) fn page_bytes_of(start: &[u8]) -> Option<usize> {
    if start.len() < META_BYTES || !has_magic(start) {
        return None;
    }
    let page_bytes = u32_at(start, 20) as usize;
    is_page_size(page_bytes).then_some(page_bytes)
}

/// The transaction that the first bytes of a store name.
pub(crate) fn meta_transaction(start: &[u8]) -> u64 {
    u64_at(start, 40)
}

/// Whether a store may have pages of this size: a power of two between the limits.
pub(crate) fn is_page_size(page_bytes: usize) -> bool {
    page_bytes.is_power_of_two() && (PAGE_BYTES_MIN..=PAGE_BYTES_MAX).contains(&page_bytes)
}
