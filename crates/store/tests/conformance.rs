//! The contract of `Storage`, checked on every storage of this crate and on broken ones.

use std::path::PathBuf;
use store::{Durability, Fault, FileMedium, FileOptions, Length, LogOptions, LogStorage};
use store::{MemoryStorage, PageId, Storage, Ticket, View};
use testkit::crash::CrashMedium;
use testkit::store_conformance::{Adapter, check};

struct InMemory;

impl Adapter for InMemory {
    type Storage = MemoryStorage;

    fn fresh(&mut self) -> Result<MemoryStorage, Fault> {
        Ok(MemoryStorage::new(4096))
    }

    fn again(&mut self, closed: MemoryStorage) -> Option<Result<MemoryStorage, Fault>> {
        Some(Ok(MemoryStorage::from_bytes(4096, closed.as_bytes().to_vec())))
    }
}

struct OnLog(LogOptions);

impl Adapter for OnLog {
    type Storage = LogStorage<CrashMedium>;

    fn fresh(&mut self) -> Result<Self::Storage, Fault> {
        LogStorage::open(CrashMedium::default(), self.0)
    }

    fn again(&mut self, mut closed: Self::Storage) -> Option<Result<Self::Storage, Fault>> {
        let medium = CrashMedium::new(closed.medium().durable());
        Some(LogStorage::open(medium, self.0))
    }
}

struct InFile(PathBuf);

impl Adapter for InFile {
    type Storage = LogStorage<FileMedium>;

    fn fresh(&mut self) -> Result<Self::Storage, Fault> {
        let _ = std::fs::remove_file(&self.0);
        store::open_file(&self.0, FileOptions::default())
    }

    fn again(&mut self, _closed: Self::Storage) -> Option<Result<Self::Storage, Fault>> {
        Some(store::open_file(&self.0, FileOptions::default()))
    }
}

#[test]
fn the_storages_of_this_crate_keep_the_contract() {
    assert_eq!(check(&mut InMemory), Ok(()));
    for buffer_pages in [1, 2, 7, 64] {
        for checkpoint_bytes in [0, 20_000, 1_000_000] {
            let log = LogOptions { page_bytes: 512, buffer_pages, places: 10, checkpoint_bytes };
            assert_eq!(check(&mut OnLog(log)), Ok(()), "{log:?}");
        }
    }
    let folder = std::env::temp_dir().join(format!("store-conform-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let checked = check(&mut InFile(folder.join("moon.keep")));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(checked, Ok(()));
}

/// One way each to break the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    AbortKeeps,
    CommittedSeesStaged,
    LosesLastPage,
    KeepsPagesBeyondTheEnd,
    TicketsStandStill,
    ForgetsOnClose,
}

/// A memory storage with a flaw.
struct Broken {
    inner: MemoryStorage,
    flaw: Flaw,
    held_back: Option<(PageId, Vec<u8>)>,
}

impl Storage for Broken {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        let view = if self.flaw == Flaw::CommittedSeesStaged { View::Current } else { view };
        match &self.held_back {
            Some((held, bytes)) if *held == page && view == View::Current => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            _ => self.inner.read(page, view, into),
        }
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        if self.flaw == Flaw::LosesLastPage {
            if let Some((page, bytes)) = self.held_back.take() {
                self.inner.stage(page, &bytes)?;
            }
            self.held_back = Some((page, bytes.to_vec()));
            return Ok(());
        }
        self.inner.stage(page, bytes)
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        self.held_back = None;
        let more = u32::from(self.flaw == Flaw::KeepsPagesBeyondTheEnd);
        let ticket = self.inner.commit(pages + more, durability)?;
        Ok(if self.flaw == Flaw::TicketsStandStill { 1 } else { ticket })
    }

    fn abort(&mut self) {
        if self.flaw != Flaw::AbortKeeps {
            self.inner.abort();
        }
    }

    fn length(&mut self) -> Result<Length, Fault> {
        let mut length = self.inner.length()?;
        if self.flaw == Flaw::KeepsPagesBeyondTheEnd {
            length.pages = length.pages.saturating_sub(1);
        }
        Ok(length)
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self.flaw == Flaw::ForgetsOnClose {
            self.inner = MemoryStorage::new(4096);
        }
        Ok(())
    }
}

struct Flawed(Flaw);

impl Adapter for Flawed {
    type Storage = Broken;

    fn fresh(&mut self) -> Result<Broken, Fault> {
        Ok(Broken { inner: MemoryStorage::new(4096), flaw: self.0, held_back: None })
    }

    fn again(&mut self, closed: Broken) -> Option<Result<Broken, Fault>> {
        let inner = MemoryStorage::from_bytes(4096, closed.inner.as_bytes().to_vec());
        Some(Ok(Broken { inner, ..closed }))
    }
}

#[test]
fn broken_storages_are_found_out() {
    let flaws = [
        Flaw::AbortKeeps,
        Flaw::CommittedSeesStaged,
        Flaw::LosesLastPage,
        Flaw::KeepsPagesBeyondTheEnd,
        Flaw::TicketsStandStill,
        Flaw::ForgetsOnClose,
    ];
    for flaw in flaws {
        assert!(check(&mut Flawed(flaw)).is_err(), "{flaw:?} was not noticed");
    }
}
