//! The bytes of the write-ahead log: its header and its two kinds of record.

use crate::format::{is_page_size, set_u32, set_u64, u32_at, u64_at};
use crate::storage::PageId;
use xxhash_rust::xxh64::xxh64;

/// Version of the log's format.
const LOG_VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"MoonkLog";

/// Bytes before the first record: two headers, each in a sector of its own, written in turn.
pub(crate) const LOG_START_BYTES: usize = 2 * SLOT_BYTES;
const SLOT_BYTES: usize = 512;
const HEADER_BYTES: usize = 64;
/// Bytes of a record without its page.
pub(crate) const RECORD_BYTES: usize = 24;

const KIND_PAGE: u32 = 1;
const KIND_COMMIT: u32 = 2;

/// The start of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LogHeader {
    pub(crate) page_bytes: usize,
    /// Transaction that the data file held, durably, when the log was started.
    pub(crate) base: u64,
    /// Number of this start of the log; the next one has another.
    pub(crate) generation: u64,
}

/// What stands in one of the two places of the header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    Empty,
    /// A header and the seed of the first record's checksum.
    Valid(LogHeader, u64),
    Newer,
    Damaged,
}

impl LogHeader {
    /// Where this header goes.
    pub(crate) fn at(&self) -> u64 {
        self.generation % 2 * SLOT_BYTES as u64
    }

    /// Writes the header to the start of `bytes` and gives the seed of the first record.
    pub(crate) fn write(&self, bytes: &mut [u8]) -> u64 {
        let bytes = &mut bytes[..HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        set_u32(bytes, 8, LOG_VERSION);
        set_u32(bytes, 12, self.page_bytes as u32);
        set_u64(bytes, 16, self.base);
        set_u64(bytes, 24, self.generation);
        let check = xxh64(&bytes[..56], 0);
        set_u64(bytes, 56, check);
        check
    }

    /// Reads one of the two headers from the start of a log.
    pub(crate) fn read(start: &[u8; LOG_START_BYTES], slot: usize) -> Slot {
        let bytes = &start[slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES];
        if bytes.iter().all(|&byte| byte == 0) {
            return Slot::Empty;
        }
        let check = u64_at(bytes, 56);
        let sealed = check == xxh64(&bytes[..56], 0);
        if sealed && bytes[..8] == MAGIC && u32_at(bytes, 8) > LOG_VERSION {
            return Slot::Newer;
        }
        let (page_bytes, generation) = (u32_at(bytes, 12) as usize, u64_at(bytes, 24));
        let valid = sealed
            && bytes[..8] == MAGIC
            && bytes[HEADER_BYTES..].iter().all(|&byte| byte == 0)
            && is_page_size(page_bytes)
            && generation % 2 == slot as u64;
        let header = LogHeader { page_bytes, base: u64_at(bytes, 16), generation };
        if valid { Slot::Valid(header, check) } else { Slot::Damaged }
    }
}

/// A record, without the page that may follow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Record {
    /// A page of the transaction follows.
    Page(PageId),
    /// The transaction is complete.
    Commit {
        /// Pages of the store from now on.
        pages: u32,
        /// Up to where the log was durable when this was written.
        synced: u64,
    },
}

/// What goes into the checksum of a record beside its own bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chain {
    /// The checksum of the header, so that records of another start of the log do not pass.
    pub(crate) start: u64,
    /// The checksum of the record before.
    pub(crate) last: u64,
}

impl Chain {
    pub(crate) fn new(start: u64) -> Chain {
        Chain { start, last: start }
    }

    fn check(self, head: &[u8], page: &[u8]) -> u64 {
        xxh64(page, xxh64(&head[..16], self.last ^ self.start.rotate_left(32)))
    }
}

impl Record {
    /// Writes the record before `page`, which is empty for a commit, and goes on in the chain.
    pub(crate) fn write(self, head: &mut [u8], page: &[u8], chain: &mut Chain) {
        self.note(head);
        chain.last = chain.check(head, page);
        set_u64(head, 16, chain.last);
    }

    /// Writes what the record is, without a checksum that makes it valid.
    pub(crate) fn note(self, head: &mut [u8]) {
        let (kind, number, synced) = match self {
            Record::Page(page) => (KIND_PAGE, page, 0),
            Record::Commit { pages, synced } => (KIND_COMMIT, pages, synced),
        };
        set_u32(head, 0, kind);
        set_u32(head, 4, number);
        set_u64(head, 8, synced);
        set_u64(head, 16, 0);
    }

    /// What a record says it is, before its checksum has been looked at.
    pub(crate) fn read(head: &[u8]) -> Option<Record> {
        let number = u32_at(head, 4);
        match u32_at(head, 0) {
            KIND_PAGE => Some(Record::Page(number)),
            KIND_COMMIT => Some(Record::Commit { pages: number, synced: u64_at(head, 8) }),
            _ => None,
        }
    }

    /// Whether the checksum of a record is right; if so, goes on in the chain.
    pub(crate) fn verify(head: &[u8], page: &[u8], chain: &mut Chain) -> bool {
        let check = chain.check(head, page);
        let right = check == u64_at(head, 16);
        if right {
            chain.last = check;
        }
        right
    }

    /// The checksum that a record carries.
    pub(crate) fn stored_check(head: &[u8]) -> u64 {
        u64_at(head, 16)
    }
}
