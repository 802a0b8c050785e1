//! The files that the log storage works on: six methods and what is assumed of them.

use crate::storage::Fault;

/// One of the files of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MediumFile {
    /// The pages of the store.
    Data = 0,
    /// The write-ahead log.
    Log = 1,
    /// Where in the spill file pages of a large transaction are.
    ///
    /// The content of this file and of the next means nothing to anyone but the storage that wrote
    /// it: they are never synced, are empty when a storage is opened, and need not be files at all.
    Index = 2,
    /// Pages of a large transaction, until it commits. Where memory is no concern, its beginning
    /// should be kept there.
    Spill = 3,
}

/// Four files with positioned reads and writes.
///
/// # What is assumed of the medium
///
/// - A read sees the bytes that were last written, synced or not; bytes between the old end of
///   a file and a later write read as zero.
/// - Until [`sync`](Self::sync) of a file returns, a loss of power may keep any subset of what
///   was written to it or done to its length since the last sync, in any order, and of one write
///   any subset of its sectors. A sector of 512 bytes at a multiple of 512 is old or new, never a
///   mixture.
/// - After `sync` has returned, everything written to that file before stays, and later writes
///   do not damage bytes outside the sectors that they touch.
/// - One caller: whoever opens the medium holds off every other process.
pub trait Medium {
    /// Reads from `at` on; how many bytes there were, fewer than asked for only at the end.
    ///
    /// # Errors
    /// Any [`Fault`] of the medium.
    fn read_at(&mut self, file: MediumFile, at: u64, into: &mut [u8]) -> Result<usize, Fault>;

    /// Writes all of `bytes` from `at` on.
    ///
    /// # Errors
    /// Any [`Fault`]; any part of the bytes may then have been written.
    fn write_at(&mut self, file: MediumFile, at: u64, bytes: &[u8]) -> Result<(), Fault>;

    /// Makes everything that was written to a file durable.
    ///
    /// # Errors
    /// Any [`Fault`]; what is durable is then unknown.
    fn sync(&mut self, file: MediumFile) -> Result<(), Fault>;

    /// The length of a file in bytes, 0 if it does not exist.
    ///
    /// # Errors
    /// Any [`Fault`] of the medium.
    fn length(&mut self, file: MediumFile) -> Result<u64, Fault>;

    /// Cuts a file off, or lengthens it with zeros.
    ///
    /// # Errors
    /// Any [`Fault`] of the medium.
    fn set_length(&mut self, file: MediumFile, bytes: u64) -> Result<(), Fault>;

    /// Lets go of the files and of the lock on them.
    ///
    /// # Errors
    /// Any [`Fault`]; the files are let go of all the same.
    fn close(&mut self) -> Result<(), Fault>;
}
