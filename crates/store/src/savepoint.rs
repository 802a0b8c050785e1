//! Savepoints: before-images of pages, kept in scratch pages of the storage.
//!
//! The images form one stack for all savepoints. A savepoint is the height of the stack and the
//! state of the header when it was set; rolling back to it takes images off the stack and puts
//! them back, newest first, so that the oldest image of a page wins. A page is kept once for
//! each savepoint at most: it carries the number of the newest savepoint at its last change.

use crate::error::Error;
use crate::format::{self, Meta};
use crate::limits::SAVEPOINTS_MAX;
use crate::pager::Pager;
use crate::storage::{Fault, FaultKind, PageId, SCRATCH_FIRST, Storage, View};

/// A savepoint of the open transaction, as [`Store::savepoint`](crate::Store::savepoint) set it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a savepoint is there to be released or rolled back to"]
pub struct Savepoint {
    depth: usize,
    number: u32,
}

#[derive(Clone, Copy)]
struct Mark {
    number: u32,
    images: u32,
    meta: Meta,
}

pub(crate) struct Savepoints {
    marks: Vec<Mark>,
    images: u32,
    last_number: u32,
}

/// Where an image carries the number of its page: in the place of the checksum, which is
/// computed anew whenever a page leaves memory.
const IMAGE_PAGE_AT: usize = 8;

impl Savepoints {
    pub(crate) fn new() -> Savepoints {
        Savepoints { marks: Vec::new(), images: 0, last_number: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.marks.clear();
        self.images = 0;
        self.last_number = 0;
    }

    /// Number of the newest open savepoint, 0 for none.
    pub(crate) fn newest(&self) -> u32 {
        self.marks.last().map_or(0, |mark| mark.number)
    }

    /// Keeps the image of a page before it changes.
    pub(crate) fn keep(
        &mut self,
        storage: &mut dyn Storage,
        page: PageId,
        bytes: &mut [u8],
    ) -> Result<(), Error> {
        if self.images >= SCRATCH_FIRST - 1 {
            let detail = "the transaction has too many savepoint images";
            return Err(Fault::with_detail(FaultKind::Full, detail).into());
        }
        format::set_u32(bytes, IMAGE_PAGE_AT, page);
        storage.stage(SCRATCH_FIRST + self.images, bytes)?;
        self.images += 1;
        Ok(())
    }

    fn set(&mut self, meta: Meta) -> Result<Savepoint, Error> {
        if self.marks.len() >= SAVEPOINTS_MAX {
            return Err(Error::usage("too many savepoints are open"));
        }
        // The first savepoint of a transaction has nothing below it that could need images.
        if self.marks.is_empty() {
            self.images = 0;
        }
        self.last_number = match self.last_number.checked_add(1) {
            Some(number) => number,
            None => return Err(Error::usage("the transaction has had too many savepoints")),
        };
        let mark = Mark { number: self.last_number, images: self.images, meta };
        self.marks.push(mark);
        Ok(Savepoint { depth: self.marks.len() - 1, number: mark.number })
    }

    fn find(&self, savepoint: Savepoint) -> Result<Mark, Error> {
        match self.marks.get(savepoint.depth) {
            Some(mark) if mark.number == savepoint.number => Ok(*mark),
            _ => Err(Error::usage("the savepoint is no longer open")),
        }
    }
}

impl Pager {
    pub(crate) fn savepoint(&mut self) -> Result<Savepoint, Error> {
        self.savepoints.set(self.meta)
    }

    /// Closes a savepoint and all inside it; their changes become part of what is around them.
    pub(crate) fn release(&mut self, savepoint: Savepoint) -> Result<(), Error> {
        self.savepoints.find(savepoint)?;
        self.savepoints.marks.truncate(savepoint.depth);
        Ok(())
    }

    /// Undoes everything since a savepoint, which is closed with all inside it.
    ///
    /// An error other than one about the savepoint itself leaves the transaction half changed.
    pub(crate) fn rollback_to(&mut self, savepoint: Savepoint) -> Result<(), Error> {
        let mark = self.savepoints.find(savepoint)?;
        self.savepoints.marks.truncate(savepoint.depth);
        self.meta = mark.meta;
        self.changes += 1;
        let mut image = std::mem::take(&mut self.spare[0]);
        let result = self.restore(mark.images, &mut image);
        self.spare[0] = image;
        result
    }

    fn restore(&mut self, images: u32, image: &mut [u8]) -> Result<(), Error> {
        while self.savepoints.images > images {
            self.savepoints.images -= 1;
            let at = SCRATCH_FIRST + self.savepoints.images;
            self.storage.read(at, View::Current, image)?;
            let page = format::u32_at(image, IMAGE_PAGE_AT);
            // Pages that the savepoint's state does not have need no content.
            if page < self.meta.pages {
                let frame = self.claim(page)?;
                self.cache.bytes_mut(frame).copy_from_slice(image);
                self.cache.set_dirty(frame, true);
            }
        }
        Ok(())
    }
}
