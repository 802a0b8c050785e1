//! A storage that fails after a number of calls.

use store::{Durability, Fault, FaultKind, Length, PageId, Storage, Ticket, View};

/// Passes calls on to another storage until its calls are used up, then fails once.
#[derive(Clone, Debug)]
pub struct FaultyStorage<S> {
    /// The storage behind.
    pub inner: S,
    /// Calls that still succeed; `None` for all.
    pub calls_left: Option<u64>,
    /// Which fault then comes.
    pub kind: FaultKind,
    /// Faults that have come.
    pub faults: u64,
}

impl<S: Storage> FaultyStorage<S> {
    /// A storage that does not fail yet.
    pub fn new(inner: S) -> FaultyStorage<S> {
        FaultyStorage { inner, calls_left: None, kind: FaultKind::Io, faults: 0 }
    }

    fn call(&mut self) -> Result<(), Fault> {
        match &mut self.calls_left {
            None => Ok(()),
            Some(0) => {
                self.calls_left = None;
                self.faults += 1;
                Err(Fault::with_detail(self.kind, "made to fail"))
            }
            Some(calls) => {
                *calls -= 1;
                Ok(())
            }
        }
    }
}

impl<S: Storage> Storage for FaultyStorage<S> {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        self.call()?;
        self.inner.read(page, view, into)
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        self.call()?;
        self.inner.stage(page, bytes)
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        if let Err(fault) = self.call() {
            // A commit that fails has dropped what was staged.
            self.inner.abort();
            return Err(fault);
        }
        self.inner.commit(pages, durability)
    }

    fn abort(&mut self) {
        self.inner.abort();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        self.inner.length()
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.inner.close()
    }
}
