//! Files of the host as a medium of the store's own log.

use store::{Fault, Medium, MediumFile};

use crate::{fault, imports};

/// The host's three files, opened and locked by the host before the module is.
#[derive(Debug)]
pub struct HostFiles {
    take_words: fn() -> Vec<u8>,
}

impl HostFiles {
    /// `take_words` empties the input buffer, where the host has left the words of a fault.
    pub fn new(take_words: fn() -> Vec<u8>) -> HostFiles {
        HostFiles { take_words }
    }

    /// A result of an import: a count, or minus a fault.
    fn checked(&self, result: i32) -> Result<usize, Fault> {
        match usize::try_from(result) {
            Ok(count) => Ok(count),
            Err(_) => Err(fault(result.unsigned_abs(), &(self.take_words)())),
        }
    }
}

impl Medium for HostFiles {
    fn read_at(&mut self, file: MediumFile, at: u64, into: &mut [u8]) -> Result<usize, Fault> {
        let read = self.checked(imports::read_file(file as u32, at as f64, into))?;
        Ok(read.min(into.len()))
    }

    fn write_at(&mut self, file: MediumFile, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.checked(imports::write_file(file as u32, at as f64, bytes)).map(drop)
    }

    fn sync(&mut self, file: MediumFile) -> Result<(), Fault> {
        self.checked(imports::sync_file(file as u32)).map(drop)
    }

    fn length(&mut self, file: MediumFile) -> Result<u64, Fault> {
        let length = imports::length_of_file(file as u32);
        if length < 0.0 {
            return Err(fault(-length as u32, &(self.take_words)()));
        }
        Ok(length as u64)
    }

    fn set_length(&mut self, file: MediumFile, bytes: u64) -> Result<(), Fault> {
        self.checked(imports::set_length_of_file(file as u32, bytes as f64)).map(drop)
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.checked(imports::close_files()).map(drop)
    }
}
