//! Every limit of the store, each with the reason for its value.

use crate::format::{CELL_HEADER_BYTES, HEADER_BYTES, OVERFLOW_REF_BYTES, SLOT_BYTES};

/// Smallest page in bytes: the store header fits, and trees in tests become deep quickly.
pub const PAGE_BYTES_MIN: usize = 256;

/// Largest page in bytes: offsets inside a page are 16 bits.
pub const PAGE_BYTES_MAX: usize = 65536;

/// Default page size in bytes: the block size of common file systems and of flash pages.
pub const PAGE_BYTES_DEFAULT: usize = 4096;

/// Default size in bytes of the frame cache: 64 default pages, small beside a VM's heap.
pub const CACHE_BYTES_DEFAULT: usize = 256 * 1024;

/// Longest key in bytes, where the page size allows it (see [`key_bytes_max`]).
pub const KEY_BYTES_MAX: usize = 1024;

/// Longest value in bytes: one value is handed over in one buffer, which must stay reasonable.
pub const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most savepoints open at once, as deep as Lua values may nest.
pub const SAVEPOINTS_MAX: usize = 200;

/// Deepest tree: every node has two children at least, and page numbers have 31 bits.
pub(crate) const DEPTH_MAX: usize = 32;

/// Fewest frames: a split holds one page while it reads another.
pub(crate) const FRAMES_MIN: usize = 2;

/// Most frames: frame numbers are 16 bits in the cache's lists.
pub(crate) const FRAMES_MAX: usize = 32768;

/// Pages of which the store remembers that it has checked them: 128 MiB of default pages, in 4 KiB
/// of memory. Those beyond are checked each time.
pub(crate) const CHECKED_MAX: u32 = 32768;

/// Bytes of a page that cells, slots and the prefix share.
pub(crate) const fn capacity(page_bytes: usize) -> usize {
    page_bytes - HEADER_BYTES
}

/// Largest cell with its slot, in bytes: three fit in every page, so that any overfull node can
/// be split into two that fit.
pub(crate) const fn cell_bytes_max(page_bytes: usize) -> usize {
    capacity(page_bytes) / 3
}

/// Longest key in bytes that a store with pages of `page_bytes` takes.
///
/// It is [`KEY_BYTES_MAX`] from 4096 bytes upwards and less for the tiny pages of tests.
///
/// ```
/// assert_eq!(store::key_bytes_max(4096), 1024);
/// assert!(store::key_bytes_max(256) >= 48);
/// ```
pub const fn key_bytes_max(page_bytes: usize) -> usize {
    let room = cell_bytes_max(page_bytes) - SLOT_BYTES - CELL_HEADER_BYTES - OVERFLOW_REF_BYTES;
    if room < KEY_BYTES_MAX { room } else { KEY_BYTES_MAX }
}

const _: () = assert!(key_bytes_max(PAGE_BYTES_DEFAULT) == KEY_BYTES_MAX);
const _: () = assert!(key_bytes_max(PAGE_BYTES_MIN) >= 48);
