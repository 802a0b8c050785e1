//! A storage on files: pages in one file, commits through a checksummed write-ahead log.
//!
//! A commit is one append to the log and one sync of it. Its pages stay in the buffer until that is
//! full, and are then written to their places in the data file, without a sync: until the next
//! checkpoint the log holds them too. A checkpoint syncs the data file and starts the log over.
//! Opening repeats what the log holds.
//!
//! A transaction whose pages outgrow the buffer spills them into a file of their own, from where
//! its commit copies them to the log. Where the first of them are it knows in memory; it notes in
//! another file where the others are, so that memory stays the same however large it is.

mod medium;
mod places;
mod record;
mod recovery;

pub use medium::{Medium, MediumFile};
pub use recovery::LogOptions;

use crate::format;
use crate::storage::{Durability, Fault, FaultKind, Length, PageId, SCRATCH_FIRST, Storage};
use crate::storage::{Ticket, View};
use places::Places;
use record::{Chain, LOG_START_BYTES, LogHeader, RECORD_BYTES, Record};

/// Bytes of an entry in the index file: stamp and frame number.
const INDEX_ENTRY_BYTES: usize = 8;
/// Words of the filter of pages in the index file: enough that few reads of a large transaction
/// go to it in vain.
const FILTER_WORDS: usize = 64;

/// Pages in a data file with a write-ahead log beside it, over a [`Medium`].
pub struct LogStorage<M> {
    medium: M,
    page_bytes: usize,
    pages: u32,
    header: LogHeader,
    checkpoint_bytes: u64,
    /// End of the last commit in the log, 0 before the log has a header.
    end: u64,
    /// Up to where the log is durable.
    synced: u64,
    chain: Chain,
    /// Records with room for one page each, the last one for a commit.
    buffer: Vec<u8>,
    /// Pages in the buffer: first those of commits not yet in the data file, then those staged.
    slots: Vec<PageId>,
    /// How many of `slots` are committed.
    committed: usize,
    /// Pages in the spill file.
    spilled: u32,
    /// They are those of a commit whose way to the data file was barred, newer than what is there
    /// and older than what is in the buffer; else they are staged.
    spill_is_committed: bool,
    /// Where the first of them are.
    places: Places,
    /// Marks the entries of the index file, for the others, that belong to the open transaction.
    stamp: u32,
    /// The index file has entries of the open transaction.
    indexed: bool,
    filter: [u64; FILTER_WORDS],
    handed_over: Ticket,
    durable: Ticket,
    /// The log holds commits that have not been synced.
    unsynced: bool,
    /// The log has a header that this storage has neither written nor synced.
    inherited: bool,
    /// This storage has written to the log.
    written: bool,
    poisoned: bool,
}

fn filter_bit(page: PageId) -> (usize, u64) {
    let hash = page.wrapping_mul(0x9E37_79B1) >> 20;
    (hash as usize / 64, 1 << (hash % 64))
}

fn index_at(page: PageId) -> u64 {
    let place = match page.checked_sub(SCRATCH_FIRST) {
        None => u64::from(page) * 2,
        Some(scratch) => u64::from(scratch) * 2 + 1,
    };
    place * INDEX_ENTRY_BYTES as u64
}

impl<M: Medium> LogStorage<M> {
    fn record_bytes(&self) -> usize {
        RECORD_BYTES + self.page_bytes
    }

    fn slot_bytes(&self, slot: usize) -> &[u8] {
        let at = slot * self.record_bytes();
        &self.buffer[at + RECORD_BYTES..at + self.record_bytes()]
    }

    fn slots_max(&self) -> usize {
        self.buffer.len() / self.record_bytes()
    }

    fn poison(&mut self, fault: &Fault) -> Fault {
        self.poisoned = true;
        fault.with_kind(FaultKind::Unknown)
    }

    fn check_poison(&self) -> Result<(), Fault> {
        if self.poisoned { Err(Fault::new(FaultKind::Unknown)) } else { Ok(()) }
    }

    /// Where records of the next commit go.
    fn tail(&self) -> u64 {
        self.end.max(LOG_START_BYTES as u64)
    }

    /// Seals the staged pages in the buffer as records, one after the other; the chain.
    fn seal(&mut self, mut chain: Chain) -> Chain {
        let record_bytes = self.record_bytes();
        for slot in self.committed..self.slots.len() {
            let record = &mut self.buffer[slot * record_bytes..(slot + 1) * record_bytes];
            let (head, page) = record.split_at_mut(RECORD_BYTES);
            Record::Page(self.slots[slot]).write(head, page, &mut chain);
        }
        chain
    }

    /// Writes the header of a log that has none yet.
    fn start_log(&mut self) -> Result<(), Fault> {
        // A header that another process has left need not be durable, and the one before it may
        // stand for records that would now be overwritten.
        if self.inherited {
            self.medium.sync(MediumFile::Log).map_err(|fault| self.poison(&fault))?;
            self.inherited = false;
        }
        if self.end == 0 {
            let mut bytes = [0; LOG_START_BYTES];
            let check = self.header.write(&mut bytes[self.header.at() as usize..]);
            self.chain = Chain::new(check);
            self.medium.write_at(MediumFile::Log, 0, &bytes)?;
            self.written = true;
            self.end = LOG_START_BYTES as u64;
        }
        Ok(())
    }

    /// Makes room in the buffer for one more page.
    fn make_room(&mut self) -> Result<(), Fault> {
        if self.slots.len() < self.slots_max() {
            return Ok(());
        }
        self.settle()?;
        if self.slots.len() < self.slots_max() {
            return Ok(());
        }
        if self.spilled == 0 {
            self.places.clear();
            self.indexed = false;
        }
        self.spill()
    }

    /// Moves the staged pages from the buffer to the spill file, each to its old place if it has
    /// been there in this transaction. They become records when the transaction commits.
    fn spill(&mut self) -> Result<(), Fault> {
        let record_bytes = self.record_bytes();
        let mut kept = 0;
        for slot in 0..self.slots.len() {
            let page = self.slots[slot];
            let from = slot * record_bytes;
            if let Some(frame) = self.spilled_frame(page)? {
                let at = self.frame_at(frame) + RECORD_BYTES as u64;
                let bytes = &self.buffer[from + RECORD_BYTES..from + record_bytes];
                self.medium.write_at(MediumFile::Spill, at, bytes)?;
                continue;
            }
            Record::Page(page).note(&mut self.buffer[from..from + RECORD_BYTES]);
            self.buffer.copy_within(from..from + record_bytes, kept * record_bytes);
            self.slots[kept] = page;
            kept += 1;
        }
        let at = self.frame_at(self.spilled);
        self.medium.write_at(MediumFile::Spill, at, &self.buffer[..kept * record_bytes])?;
        let known = if self.indexed { 0 } else { kept.min(self.places.room()) };
        for slot in known..kept {
            self.index(self.slots[slot], self.spilled + slot as u32)?;
        }
        self.slots[..known].iter().for_each(|&page| self.places.add(page));
        self.spilled += kept as u32;
        self.slots.clear();
        Ok(())
    }

    /// Notes the place of a page in the index file.
    fn index(&mut self, page: PageId, frame: u32) -> Result<(), Fault> {
        if !self.indexed {
            if self.stamp == 0 {
                self.medium.set_length(MediumFile::Index, 0)?;
            }
            self.stamp += 1;
            self.filter = [0; FILTER_WORDS];
            self.indexed = true;
        }
        let mut entry = [0; INDEX_ENTRY_BYTES];
        format::set_u32(&mut entry, 0, self.stamp);
        format::set_u32(&mut entry, 4, frame);
        self.medium.write_at(MediumFile::Index, index_at(page), &entry)?;
        let (word, bit) = filter_bit(page);
        self.filter[word] |= bit;
        Ok(())
    }

    /// Where in the spill file a page is.
    fn frame_at(&self, frame: u32) -> u64 {
        u64::from(frame) * self.record_bytes() as u64
    }

    /// The place of a page in the spill file, if it is there.
    fn spilled_frame(&mut self, page: PageId) -> Result<Option<u32>, Fault> {
        if self.spilled == 0 {
            return Ok(None);
        }
        if let Some(frame) = self.places.find(page) {
            return Ok(Some(frame));
        }
        let (word, bit) = filter_bit(page);
        if !self.indexed || self.filter[word] & bit == 0 {
            return Ok(None);
        }
        let mut entry = [0; INDEX_ENTRY_BYTES];
        let read = self.medium.read_at(MediumFile::Index, index_at(page), &mut entry)?;
        let frame = format::u32_at(&entry, 4);
        let ours =
            read == entry.len() && format::u32_at(&entry, 0) == self.stamp && frame < self.spilled;
        Ok(ours.then_some(frame))
    }

    /// Reads as many records of the spill file as there is room for, from `frame` on.
    fn read_batch<'b>(&mut self, buffer: &'b mut [u8], frame: u32) -> Result<&'b mut [u8], Fault> {
        let record_bytes = self.record_bytes();
        let records = (buffer.len() / record_bytes).min((self.spilled - frame) as usize);
        let batch = &mut buffer[..records * record_bytes];
        self.read_spill(self.frame_at(frame), batch)?;
        Ok(batch)
    }

    fn read_spill(&mut self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        if self.medium.read_at(MediumFile::Spill, at, into)? < into.len() {
            return Err(Fault::with_detail(FaultKind::Corrupt, "the spill file was cut short"));
        }
        Ok(())
    }

    /// Reads a page from the spill file; whether it is there.
    fn read_spilled(&mut self, page: PageId, into: &mut [u8]) -> Result<bool, Fault> {
        let Some(frame) = self.spilled_frame(page)? else { return Ok(false) };
        self.read_spill(self.frame_at(frame) + RECORD_BYTES as u64, into)?;
        Ok(true)
    }

    /// Forgets the spilled pages.
    fn drop_spill(&mut self) {
        if self.spilled > 0 {
            self.spilled = 0;
            self.spill_is_committed = false;
            // If the room cannot be given back, the next large transaction takes it.
            let _ = self.medium.set_length(MediumFile::Spill, 0);
        }
    }

    /// Copies the staged pages of the spill file to the log, as records; the chain, and where they
    /// end. It works in the buffer, which must be empty.
    fn append_spilled(&mut self) -> Result<(Chain, u64), Fault> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.append_in(&mut buffer);
        self.buffer = buffer;
        result
    }

    fn append_in(&mut self, buffer: &mut [u8]) -> Result<(Chain, u64), Fault> {
        let record_bytes = self.record_bytes();
        let (mut chain, mut at, mut frame) = (self.chain, self.tail(), 0);
        while frame < self.spilled {
            let batch = self.read_batch(buffer, frame)?;
            for record in batch.chunks_exact_mut(record_bytes) {
                let (head, page) = record.split_at_mut(RECORD_BYTES);
                let Some(Record::Page(id)) = Record::read(head) else {
                    return Err(Fault::with_detail(FaultKind::Corrupt, "the spill file changed"));
                };
                Record::Page(id).write(head, page, &mut chain);
                frame += 1;
            }
            self.medium.write_at(MediumFile::Log, at, batch)?;
            at += batch.len() as u64;
        }
        Ok((chain, at))
    }

    /// Appends the open transaction to the log: in one write, unless it has spilled.
    fn append(&mut self, pages: u32) -> Result<(), Fault> {
        self.start_log()?;
        let (chain, end) = match self.append_records(pages) {
            Ok(appended) => appended,
            Err(fault) => {
                // All of it may be there in spite of the fault; it must not come back.
                let cut = self.medium.set_length(MediumFile::Log, self.end);
                if cut.and_then(|()| self.medium.sync(MediumFile::Log)).is_err() {
                    return Err(self.poison(&fault));
                }
                return Err(fault);
            }
        };
        (self.chain, self.end) = (chain, end);
        Ok(())
    }

    fn append_records(&mut self, pages: u32) -> Result<(Chain, u64), Fault> {
        let (chain, at) = match self.has_spilled() {
            true => self.append_spilled()?,
            false => (self.chain, self.tail()),
        };
        let mut chain = self.seal(chain);
        let record_bytes = self.record_bytes();
        let (from, to) = (self.committed * record_bytes, self.slots.len() * record_bytes);
        let synced = self.synced;
        let head = &mut self.buffer[to..to + RECORD_BYTES];
        Record::Commit { pages, synced }.write(head, &[], &mut chain);
        let bytes = &self.buffer[from..to + RECORD_BYTES];
        self.medium.write_at(MediumFile::Log, at, bytes)?;
        Ok((chain, at + bytes.len() as u64))
    }

    /// Whether pages of the open transaction are in the spill file.
    fn has_spilled(&self) -> bool {
        self.spilled > 0 && !self.spill_is_committed
    }

    fn sync_log(&mut self) -> Result<(), Fault> {
        if self.unsynced {
            self.medium.sync(MediumFile::Log).map_err(|fault| self.poison(&fault))?;
            self.unsynced = false;
            self.synced = self.end;
            self.durable = self.handed_over;
        }
        Ok(())
    }

    /// Writes what is committed in the spill file and in the buffer to its places in the data file.
    ///
    /// After a fault it stays where it is, and reads find it there, until the next attempt.
    fn apply(&mut self) -> Result<(), Fault> {
        if self.spill_is_committed {
            self.apply_spilled()?;
        }
        for slot in 0..self.committed {
            let page = self.slots[slot];
            let is_last = !self.slots[slot + 1..self.committed].contains(&page);
            if is_last && page < self.pages {
                let at = u64::from(page) * self.page_bytes as u64;
                let start = slot * self.record_bytes() + RECORD_BYTES;
                let bytes = &self.buffer[start..start + self.page_bytes];
                self.medium.write_at(MediumFile::Data, at, bytes)?;
            }
        }
        let record_bytes = self.record_bytes();
        let (from, to) = (self.committed * record_bytes, self.slots.len() * record_bytes);
        self.buffer.copy_within(from..to, 0);
        self.slots.drain(..self.committed);
        self.committed = 0;
        Ok(())
    }

    /// Makes everything handed over durable and brings it to the data file.
    fn settle(&mut self) -> Result<(), Fault> {
        self.sync_log()?;
        self.apply()
    }

    /// Copies the committed pages of the spill file to the data file, by way of the buffer if that
    /// is empty.
    fn apply_spilled(&mut self) -> Result<(), Fault> {
        if self.slots.is_empty() {
            let mut buffer = std::mem::take(&mut self.buffer);
            let result = self.apply_in(&mut buffer);
            self.buffer = buffer;
            result?;
        } else {
            self.apply_in(&mut vec![0; self.record_bytes()])?;
        }
        self.drop_spill();
        Ok(())
    }

    fn apply_in(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        let record_bytes = self.record_bytes();
        let mut frame = 0;
        while frame < self.spilled {
            for record in self.read_batch(buffer, frame)?.chunks(record_bytes) {
                frame += 1;
                if let Some(Record::Page(page)) = Record::read(record)
                    && page < self.pages
                {
                    let to = u64::from(page) * self.page_bytes as u64;
                    self.medium.write_at(MediumFile::Data, to, &record[RECORD_BYTES..])?;
                }
            }
        }
        Ok(())
    }

    /// Syncs the data file and starts the log over.
    fn checkpoint(&mut self) -> Result<(), Fault> {
        self.settle()?;
        if self.end <= LOG_START_BYTES as u64 {
            return Ok(());
        }
        self.medium.sync(MediumFile::Data).map_err(|fault| self.poison(&fault))?;
        self.restart_log().map_err(|fault| self.poison(&fault))
    }

    /// Starts the log over; the data file must be durable. The new start must be durable
    /// before anything follows it: what remains of old records would else be repeated in part.
    fn restart_log(&mut self) -> Result<(), Fault> {
        let mut start = [0; format::META_BYTES];
        self.medium.read_at(MediumFile::Data, 0, &mut start)?;
        self.header.base = format::meta_transaction(&start);
        self.header.generation += 1;
        let mut bytes = [0; LOG_START_BYTES / 2];
        self.chain = Chain::new(self.header.write(&mut bytes));
        self.medium.write_at(MediumFile::Log, self.header.at(), &bytes)?;
        self.written = true;
        self.medium.sync(MediumFile::Log)?;
        self.inherited = false;
        // Not before the new header is durable: it would cut off what the old one stands for.
        if self.end > self.checkpoint_bytes * 4 {
            self.medium.set_length(MediumFile::Log, self.checkpoint_bytes)?;
        }
        self.end = LOG_START_BYTES as u64;
        self.synced = self.end;
        Ok(())
    }

    fn drop_staged(&mut self) {
        self.slots.truncate(self.committed);
        if !self.spill_is_committed {
            self.drop_spill();
        }
    }

    fn commit_staged(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        // Scratch pages end with the transaction.
        self.drop_beyond(pages);
        let has_spilled = self.has_spilled();
        if has_spilled {
            self.spill()?;
        }
        self.append(pages)?;
        self.pages = pages;
        self.committed = self.slots.len();
        self.spill_is_committed |= has_spilled;
        self.handed_over += 1;
        self.unsynced = true;
        self.written = true;
        if has_spilled || durability == Durability::Strict {
            self.sync_log()?;
            // The commit is durable: what is in the way of the data file concerns later ones. Until
            // then its pages stay in the buffer, so that the header goes there once for many.
            let is_long = self.end > self.checkpoint_bytes;
            if is_long || has_spilled {
                let applied = self.apply();
                if applied.is_ok() && is_long {
                    self.checkpoint()?;
                }
            }
        }
        Ok(self.handed_over)
    }

    fn drop_beyond(&mut self, pages: u32) {
        let record_bytes = self.record_bytes();
        let mut kept = self.committed;
        for slot in self.committed..self.slots.len() {
            if self.slots[slot] < pages {
                let from = slot * record_bytes;
                self.buffer.copy_within(from..from + record_bytes, kept * record_bytes);
                self.slots[kept] = self.slots[slot];
                kept += 1;
            }
        }
        self.slots.truncate(kept);
    }

    /// The medium, for what it can do beyond the trait.
    pub fn medium(&mut self) -> &mut M {
        &mut self.medium
    }
}

impl<M: Medium + 'static> Storage for LogStorage<M> {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        self.check_poison()?;
        let end = if view == View::Current { self.slots.len() } else { self.committed };
        let staged = self.slots[self.committed..end].iter().rposition(|&other| other == page);
        if let Some(slot) = staged {
            into.copy_from_slice(self.slot_bytes(self.committed + slot));
            return Ok(());
        }
        if self.has_spilled() && view == View::Current && self.read_spilled(page, into)? {
            return Ok(());
        }
        if let Some(slot) = self.slots[..self.committed].iter().rposition(|&other| other == page) {
            into.copy_from_slice(self.slot_bytes(slot));
            return Ok(());
        }
        if self.spill_is_committed && self.read_spilled(page, into)? {
            return Ok(());
        }
        let at = u64::from(page) * self.page_bytes as u64;
        if page >= self.pages || self.medium.read_at(MediumFile::Data, at, into)? < into.len() {
            return Err(Fault::with_detail(FaultKind::Corrupt, "a page is missing"));
        }
        Ok(())
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        self.check_poison()?;
        let staged = self.slots[self.committed..].iter().rposition(|&other| other == page);
        let slot = match staged {
            Some(slot) => self.committed + slot,
            None => {
                self.make_room()?;
                self.slots.push(page);
                self.slots.len() - 1
            }
        };
        let at = slot * self.record_bytes() + RECORD_BYTES;
        self.buffer[at..at + self.page_bytes].copy_from_slice(bytes);
        Ok(())
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        self.check_poison()?;
        if self.slots.len() == self.committed && !self.has_spilled() && pages == self.pages {
            if durability == Durability::Strict {
                self.settle()?;
            }
            return Ok(self.handed_over);
        }
        let result = self.commit_staged(pages, durability);
        if result.is_err() {
            self.drop_staged();
        }
        result
    }

    fn abort(&mut self) {
        self.drop_staged();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        self.check_poison()?;
        Ok(Length {
            page_bytes: self.page_bytes as u32,
            pages: self.pages,
            handed_over: self.handed_over,
            durable: self.durable,
            in_memory: false,
        })
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.drop_staged();
        let settled = if self.poisoned { Ok(()) } else { self.finish() };
        let closed = self.medium.close();
        settled.and(closed)
    }
}

impl<M: Medium> LogStorage<M> {
    /// Leaves a data file that needs no log.
    fn finish(&mut self) -> Result<(), Fault> {
        self.checkpoint()?;
        if self.written {
            self.medium.set_length(MediumFile::Log, 0)?;
            self.medium.sync(MediumFile::Log)?;
        }
        if self.stamp > 0 {
            self.medium.set_length(MediumFile::Index, 0)?;
        }
        Ok(())
    }
}
