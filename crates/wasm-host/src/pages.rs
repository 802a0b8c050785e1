//! Pages of the host as a storage: the host makes a commit atomic.

use store::{Durability, Fault, Length, PageId, Storage, Ticket, View};

use crate::{fault, imports};

/// The host's pages, opened and locked by the host before the module is; the host keeps them in
/// its memory as long as they are open.
#[derive(Debug)]
pub struct HostPages {
    take_words: fn() -> Vec<u8>,
}

impl HostPages {
    /// `take_words` empties the input buffer, where the host has left the words of a fault.
    pub fn new(take_words: fn() -> Vec<u8>) -> HostPages {
        HostPages { take_words }
    }

    /// A result of an import: 0, or minus a fault.
    fn checked(&self, result: i32) -> Result<(), Fault> {
        match result {
            0.. => Ok(()),
            _ => Err(fault(result.unsigned_abs(), &(self.take_words)())),
        }
    }
}

impl Storage for HostPages {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        let view = match view {
            View::Current => 0,
            View::Committed => 1,
        };
        self.checked(imports::read_page(page, view, into))
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        self.checked(imports::stage_page(page, bytes))
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        let durability = match durability {
            Durability::Strict => 0,
            Durability::Relaxed => 1,
        };
        let ticket = imports::commit_pages(pages, durability);
        if ticket < 0.0 {
            return Err(fault(-ticket as u32, &(self.take_words)()));
        }
        Ok(ticket as Ticket)
    }

    fn abort(&mut self) {
        imports::abort_pages();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        let mut bytes = [0; 32];
        self.checked(imports::length_of_pages(&mut bytes))?;
        let number = |index: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[8 * index..8 * index + 8]);
            f64::from_le_bytes(number)
        };
        Ok(Length {
            page_bytes: number(0) as u32,
            pages: number(1) as u32,
            handed_over: number(2) as Ticket,
            durable: number(3) as Ticket,
            in_memory: true,
        })
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.checked(imports::close_pages())
    }
}
