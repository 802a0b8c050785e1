//! Pages in frames, the open transaction, allocation and the free list.

use crate::cache::{COMMITTED_TAG, Cache, Frame};
use crate::checked::Checked;
use crate::error::Error;
use crate::format::{self, Meta, PageKind};
use crate::savepoint::Savepoints;
use crate::storage::{Durability, Fault, FaultKind, Length, PageId, Storage, Ticket, View};

/// Whether a transaction is open, and in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// No transaction.
    Idle,
    /// A transaction is open.
    Open,
    /// A transaction is open, and a change in it failed midway.
    Failed,
    /// A commit had an unknown outcome.
    Poisoned,
}

/// When a page that is staged gets its checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seal {
    Now,
    /// When the transaction commits, if the storage is in memory.
    Later,
}

/// It is not generic, so that its code exists once and is optimised as this crate is, whatever
/// storages a program uses.
pub(crate) struct Pager {
    pub(crate) storage: Box<dyn Storage>,
    pub(crate) cache: Cache,
    /// The state that operations see: the open transaction's, or the committed one.
    pub(crate) meta: Meta,
    /// The state that the last commit left.
    pub(crate) committed: Meta,
    pub(crate) state: State,
    pub(crate) changed: bool,
    pub(crate) savepoints: Savepoints,
    /// Counts changes, for cursors.
    pub(crate) changes: u64,
    /// Four pages for splitting, merging and packing.
    pub(crate) spare: [Vec<u8>; 4],
    /// The frame handed out last, which the next one may not displace.
    keep: Option<Frame>,
    checked: Checked,
    page_bytes: usize,
}

impl Pager {
    pub(crate) fn new(
        storage: Box<dyn Storage>,
        length: Length,
        frames: usize,
        meta: Meta,
    ) -> Pager {
        let page_bytes = length.page_bytes as usize;
        Pager {
            storage,
            cache: Cache::new(page_bytes, frames),
            meta,
            committed: meta,
            state: State::Idle,
            changed: false,
            savepoints: Savepoints::new(),
            changes: 0,
            spare: std::array::from_fn(|_| vec![0; page_bytes]),
            keep: None,
            checked: Checked::new(length.in_memory),
            page_bytes,
        }
    }

    pub(crate) fn page_bytes(&self) -> usize {
        self.page_bytes
    }

    pub(crate) fn meta_of(&self, view: View) -> &Meta {
        match view {
            View::Current => &self.meta,
            View::Committed => &self.committed,
        }
    }

    /// The frame of a page. It stays valid until the call after the next one.
    pub(crate) fn frame(&mut self, page: PageId, view: View) -> Result<Frame, Error> {
        let frame = if view == View::Committed && self.state != State::Idle {
            self.committed_frame(page)?
        } else {
            match self.cache.touch(page) {
                Some(frame) => frame,
                None => self.fetch(page, page, View::Current, self.meta)?,
            }
        };
        self.keep = Some(frame);
        Ok(frame)
    }

    fn committed_frame(&mut self, page: PageId) -> Result<Frame, Error> {
        if let Some(frame) = self.cache.find(page)
            && format::transaction(self.cache.bytes(frame)) <= self.committed.transaction
        {
            return Ok(self.cache.touch(page).unwrap_or(frame));
        }
        match self.cache.touch(page | COMMITTED_TAG) {
            Some(frame) => Ok(frame),
            None => self.fetch(page, page | COMMITTED_TAG, View::Committed, self.committed),
        }
    }

    #[inline(never)]
    fn fetch(&mut self, page: PageId, key: u32, view: View, meta: Meta) -> Result<Frame, Error> {
        if page == 0 || page >= meta.pages {
            return Err(Error::corrupt(page, 0, "a reference leads outside the store"));
        }
        let frame = self.vacate()?;
        let bytes = self.cache.bytes_mut(frame);
        self.storage.read(page, view, bytes)?;
        if !self.checked.has(page) {
            format::check_page(bytes, page, meta.transaction)?;
            self.checked.add(page);
        }
        self.cache.assign(frame, key);
        Ok(frame)
    }

    /// Empties a frame.
    fn vacate(&mut self) -> Result<Frame, Error> {
        let frame = self.cache.victim(self.keep);
        if self.cache.is_dirty(frame) {
            self.stage(frame, Seal::Later)?;
        }
        self.cache.forget(frame);
        Ok(frame)
    }

    fn stage(&mut self, frame: Frame, seal: Seal) -> Result<(), Error> {
        let Some(page) = self.cache.key(frame) else { return Ok(()) };
        if page < self.meta.pages {
            let bytes = self.cache.bytes_mut(frame);
            if seal == Seal::Now || !self.checked.leave_unsealed(page) {
                format::seal(bytes, page);
                self.checked.set_sealed(page);
            }
            self.storage.stage(page, bytes)?;
        }
        self.cache.set_dirty(frame, false);
        Ok(())
    }

    pub(crate) fn bytes(&self, frame: Frame) -> &[u8] {
        self.cache.bytes(frame)
    }

    /// The bytes of a frame for changing them within the open transaction.
    pub(crate) fn write(&mut self, frame: Frame) -> Result<&mut [u8], Error> {
        let transaction = self.meta.transaction;
        let savepoint = self.savepoints.newest();
        let page = self.cache.bytes_mut(frame);
        let untouched = format::transaction(page) != transaction;
        if untouched || format::savepoint(page) < savepoint {
            if savepoint > 0 {
                let Some(id) = self.cache.key(frame) else { return Err(Error::poisoned()) };
                self.savepoints.keep(&mut *self.storage, id, self.cache.bytes_mut(frame))?;
            }
            let page = self.cache.bytes_mut(frame);
            format::set_transaction(page, transaction);
            format::set_savepoint(page, savepoint);
        }
        self.cache.set_dirty(frame, true);
        Ok(self.cache.bytes_mut(frame))
    }

    /// A frame for a page whose old content does not matter, or is about to be replaced whole.
    #[inline(never)]
    pub(crate) fn claim(&mut self, page: PageId) -> Result<Frame, Error> {
        let frame = match self.cache.touch(page) {
            Some(frame) => frame,
            None => {
                let frame = self.vacate()?;
                self.cache.assign(frame, page);
                frame
            }
        };
        self.keep = Some(frame);
        Ok(frame)
    }

    /// A page that belongs to nothing yet. Its frame may be written at once, and must be.
    #[inline(never)]
    pub(crate) fn allocate(&mut self) -> Result<(PageId, Frame), Error> {
        let page = self.meta.free_head;
        if page != 0 {
            let frame = self.frame(page, View::Current)?;
            let bytes = self.bytes(frame);
            let kind = format::kind(bytes);
            if kind != PageKind::Free as u8 && kind != PageKind::Overflow as u8 {
                return Err(Error::corrupt(page, 0, "the free list holds a page in use"));
            }
            let next = format::link(bytes);
            let last = self.meta.free_count == 1;
            if next >= self.meta.pages || (next == 0) != last {
                return Err(Error::corrupt(page, 24, "the free list is broken"));
            }
            self.write(frame)?;
            self.meta.free_head = next;
            self.meta.free_count -= 1;
            return Ok((page, frame));
        }
        let page = self.meta.pages;
        if page >= crate::storage::SCRATCH_FIRST {
            let detail = "the store has as many pages as it can have";
            return Err(Fault::with_detail(FaultKind::Full, detail).into());
        }
        let frame = self.claim(page)?;
        self.meta.pages += 1;
        let (transaction, savepoint) = (self.meta.transaction, self.savepoints.newest());
        let bytes = self.cache.bytes_mut(frame);
        bytes.fill(0);
        format::set_transaction(bytes, transaction);
        format::set_savepoint(bytes, savepoint);
        self.cache.set_dirty(frame, true);
        Ok((page, frame))
    }

    /// Puts one page on the free list.
    #[inline(never)]
    pub(crate) fn free(&mut self, page: PageId) -> Result<(), Error> {
        let frame = self.frame(page, View::Current)?;
        let head = self.meta.free_head;
        let bytes = self.write(frame)?;
        format::start_page(bytes, PageKind::Free, 0, head, &[]);
        self.meta.free_head = page;
        self.meta.free_count += 1;
        Ok(())
    }

    /// Puts a whole overflow chain on the free list by its ends, leaving the pages between alone.
    pub(crate) fn free_chain(
        &mut self,
        first: PageId,
        last: PageId,
        pages: u32,
    ) -> Result<(), Error> {
        let frame = self.frame(last, View::Current)?;
        let head = self.meta.free_head;
        let free_count = self.meta.free_count.saturating_add(pages);
        if format::kind(self.bytes(frame)) != PageKind::Overflow as u8
            || first == 0
            || first >= self.meta.pages
            || free_count >= self.meta.pages
        {
            return Err(Error::corrupt(last, 0, "an overflow chain has a wrong end"));
        }
        format::set_link(self.write(frame)?, head);
        self.meta.free_head = first;
        self.meta.free_count = free_count;
        Ok(())
    }

    pub(crate) fn start(&mut self) {
        self.meta.transaction = self.committed.transaction + 1;
        self.state = State::Open;
        self.changed = false;
    }

    /// Hands the open transaction over to the storage.
    pub(crate) fn commit(&mut self, durability: Durability) -> Result<Ticket, Error> {
        let result = self
            .stage_all()
            .and_then(|()| self.storage.commit(self.meta.pages, durability).map_err(Error::from));
        match result {
            Ok(ticket) => {
                self.committed = self.meta;
                self.state = State::Idle;
                // Cursors on the committed state stand in another tree now.
                self.changes += 1;
                self.savepoints.clear();
                self.forget_frames(|key, _| key & COMMITTED_TAG != 0);
                Ok(ticket)
            }
            Err(error) => {
                let unknown = error.fault().is_some_and(|fault| fault.kind() == FaultKind::Unknown);
                self.rollback();
                if unknown {
                    self.state = State::Poisoned;
                }
                Err(error)
            }
        }
    }

    fn stage_all(&mut self) -> Result<(), Error> {
        for frame in 0..self.cache.frames() {
            if self.cache.is_dirty(frame) {
                self.stage(frame, Seal::Now)?;
            }
        }
        self.seal_staged()?;
        let header = &mut self.spare[0];
        self.meta.write(header);
        self.storage.stage(0, header)?;
        Ok(())
    }

    /// Gives a checksum to the pages that were staged without one.
    fn seal_staged(&mut self) -> Result<(), Error> {
        while let Some(page) = self.checked.next_unsealed() {
            // Others went with a savepoint.
            if page < self.meta.pages {
                let bytes = &mut self.spare[0];
                self.storage.read(page, View::Current, bytes)?;
                format::seal(bytes, page);
                self.storage.stage(page, bytes)?;
            }
            self.checked.set_sealed(page);
        }
        Ok(())
    }

    /// Has what was committed made durable, if `durability` asks for it.
    pub(crate) fn flush(&mut self, durability: Durability) -> Result<Ticket, Error> {
        let length = self.storage.length()?;
        if durability == Durability::Relaxed || length.handed_over == length.durable {
            return Ok(length.handed_over);
        }
        let ticket = self.storage.commit(length.pages, durability);
        if ticket.as_ref().is_err_and(|fault| fault.kind() == FaultKind::Unknown) {
            self.state = State::Poisoned;
        }
        Ok(ticket?)
    }

    /// Goes back to the committed state.
    pub(crate) fn rollback(&mut self) {
        self.storage.abort();
        while let Some(page) = self.checked.next_unsealed() {
            self.checked.set_sealed(page);
        }
        let committed = self.committed.transaction;
        self.forget_frames(|key, transaction| key & COMMITTED_TAG != 0 || transaction > committed);
        self.meta = self.committed;
        self.state = State::Idle;
        self.savepoints.clear();
        self.changes += 1;
    }

    fn forget_frames(&mut self, condition: impl Fn(u32, u64) -> bool) {
        for frame in 0..self.cache.frames() {
            let Some(key) = self.cache.key(frame) else { continue };
            if condition(key, format::transaction(self.cache.bytes(frame))) {
                self.cache.forget(frame);
            } else {
                self.cache.set_dirty(frame, false);
            }
        }
        self.keep = None;
    }

    /// Checks that a frame holds a node of the level that the path to it demands.
    #[inline(never)]
    pub(crate) fn node_frame(
        &mut self,
        page: PageId,
        level: u32,
        view: View,
    ) -> Result<Frame, Error> {
        let frame = self.frame(page, view)?;
        let bytes = self.bytes(frame);
        if format::kind(bytes) > PageKind::Interior as u8
            || u32::from(format::level(bytes)) != level
        {
            return Err(Error::corrupt(page, 1, "a node is not of the level it should be"));
        }
        Ok(frame)
    }
}
