//! Either kind of host, as one storage: the store is then in the module once.

use crate::border;
use store::{Durability, Fault, Length, LogOptions, LogStorage, PageId, Storage, Ticket, View};
use wasm_host::{HostFiles, HostPages};

/// What the host offers.
pub enum HostStorage {
    /// Pages, with commits that the host makes atomic.
    Pages(HostPages),
    /// Files, with the store's own log.
    Files(LogStorage<HostFiles>),
}

impl HostStorage {
    /// The medium of a kind: 0 pages, anything else files, opened with `options`.
    pub fn open(kind: u32, options: LogOptions) -> Result<HostStorage, Fault> {
        match kind {
            0 => Ok(HostStorage::Pages(HostPages::new(border::take_words))),
            _ => LogStorage::open(HostFiles::new(border::take_words), options)
                .map(HostStorage::Files),
        }
    }
}

impl Storage for HostStorage {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        match self {
            HostStorage::Pages(storage) => storage.read(page, view, into),
            HostStorage::Files(storage) => storage.read(page, view, into),
        }
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        match self {
            HostStorage::Pages(storage) => storage.stage(page, bytes),
            HostStorage::Files(storage) => storage.stage(page, bytes),
        }
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        match self {
            HostStorage::Pages(storage) => storage.commit(pages, durability),
            HostStorage::Files(storage) => storage.commit(pages, durability),
        }
    }

    fn abort(&mut self) {
        match self {
            HostStorage::Pages(storage) => storage.abort(),
            HostStorage::Files(storage) => storage.abort(),
        }
    }

    fn length(&mut self) -> Result<Length, Fault> {
        match self {
            HostStorage::Pages(storage) => storage.length(),
            HostStorage::Files(storage) => storage.length(),
        }
    }

    fn close(&mut self) -> Result<(), Fault> {
        match self {
            HostStorage::Pages(storage) => storage.close(),
            HostStorage::Files(storage) => storage.close(),
        }
    }
}
