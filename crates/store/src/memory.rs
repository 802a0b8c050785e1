//! A storage in memory, for tests and as the last rung where no medium exists.

use crate::storage::{Durability, Fault, FaultKind, Length, PageId, Storage, Ticket, View};
use std::collections::BTreeMap;

/// Pages in a vector. Every commit is durable at once, as far as memory is.
///
/// Clones are independent copies, staged pages included.
#[derive(Clone, Debug)]
pub struct MemoryStorage {
    page_bytes: usize,
    committed: Vec<u8>,
    staged: BTreeMap<PageId, Box<[u8]>>,
    ticket: Ticket,
}

impl MemoryStorage {
    /// An empty storage with pages of `page_bytes`.
    pub fn new(page_bytes: usize) -> MemoryStorage {
        MemoryStorage::from_bytes(page_bytes, Vec::new())
    }

    /// A storage whose committed pages are `bytes`; an incomplete page at the end is dropped.
    pub fn from_bytes(page_bytes: usize, mut bytes: Vec<u8>) -> MemoryStorage {
        let page_bytes = page_bytes.max(1);
        bytes.truncate(bytes.len() / page_bytes * page_bytes);
        MemoryStorage { page_bytes, committed: bytes, staged: BTreeMap::new(), ticket: 0 }
    }

    /// The committed pages, one after the other.
    pub fn as_bytes(&self) -> &[u8] {
        &self.committed
    }
}

impl Storage for MemoryStorage {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        if view == View::Current
            && let Some(bytes) = self.staged.get(&page)
        {
            into.copy_from_slice(bytes);
            return Ok(());
        }
        let start = page as usize * self.page_bytes;
        match self.committed.get(start..start + self.page_bytes) {
            Some(bytes) => into.copy_from_slice(bytes),
            None => return Err(Fault::with_detail(FaultKind::Corrupt, "a page is missing")),
        }
        Ok(())
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        self.staged.insert(page, bytes.into());
        Ok(())
    }

    fn commit(&mut self, pages: u32, _durability: Durability) -> Result<Ticket, Fault> {
        self.committed.resize(pages as usize * self.page_bytes, 0);
        for (page, bytes) in std::mem::take(&mut self.staged) {
            if page < pages {
                let start = page as usize * self.page_bytes;
                self.committed[start..start + self.page_bytes].copy_from_slice(&bytes);
            }
        }
        self.ticket += 1;
        Ok(self.ticket)
    }

    fn abort(&mut self) {
        self.staged.clear();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        Ok(Length {
            page_bytes: self.page_bytes as u32,
            pages: (self.committed.len() / self.page_bytes) as u32,
            handed_over: self.ticket,
            durable: self.ticket,
            in_memory: true,
        })
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
