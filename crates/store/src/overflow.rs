//! Values too large for a leaf, as chains of overflow pages.

use crate::error::Error;
use crate::format::{self, HEADER_BYTES, OVERFLOW_REF_BYTES, PageKind};
use crate::pager::Pager;
use crate::storage::{PageId, View};

/// What a leaf holds instead of a large value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) bytes: u32,
    pub(crate) first: PageId,
    pub(crate) last: PageId,
}

impl Chain {
    pub(crate) fn read(value: &[u8]) -> Chain {
        let number = |at| {
            value.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |raw| u32::from_le_bytes(*raw))
        };
        Chain { bytes: number(0), first: number(4), last: number(8) }
    }

    pub(crate) fn to_bytes(self) -> [u8; OVERFLOW_REF_BYTES] {
        let mut bytes = [0; OVERFLOW_REF_BYTES];
        format::set_u32(&mut bytes, 0, self.bytes);
        format::set_u32(&mut bytes, 4, self.first);
        format::set_u32(&mut bytes, 8, self.last);
        bytes
    }

    pub(crate) fn pages(self, page_bytes: usize) -> u32 {
        (self.bytes as usize).div_ceil(page_bytes - HEADER_BYTES) as u32
    }
}

impl Pager {
    /// Writes a value that is not empty into a chain of new pages.
    pub(crate) fn write_chain(&mut self, value: &[u8]) -> Result<Chain, Error> {
        let room = self.page_bytes() - HEADER_BYTES;
        // From the end, so that every page knows the next one when it is written.
        let mut next = 0;
        let mut last = 0;
        let pages = value.len().div_ceil(room);
        for index in (0..pages).rev() {
            let part = &value[index * room..value.len().min((index + 1) * room)];
            let (page, frame) = self.allocate()?;
            let bytes = self.write(frame)?;
            format::start_page(bytes, PageKind::Overflow, 0, next, &[]);
            bytes[HEADER_BYTES..HEADER_BYTES + part.len()].copy_from_slice(part);
            bytes[HEADER_BYTES + part.len()..].fill(0);
            if next == 0 {
                last = page;
            }
            next = page;
        }
        Ok(Chain { bytes: value.len() as u32, first: next, last })
    }

    /// Appends the value of a chain to `out`.
    pub(crate) fn read_chain(
        &mut self,
        chain: Chain,
        view: View,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let room = self.page_bytes() - HEADER_BYTES;
        if chain.pages(self.page_bytes()) > self.meta_of(view).pages {
            return Err(Error::corrupt(chain.first, 0, "a value is longer than the store"));
        }
        let mut left = chain.bytes as usize;
        out.reserve(left);
        let mut page = chain.first;
        while left > 0 {
            let frame = self.frame(page, view)?;
            let bytes = self.bytes(frame);
            if format::kind(bytes) != PageKind::Overflow as u8 {
                return Err(Error::corrupt(page, 0, "an overflow chain is broken"));
            }
            let part = left.min(room);
            out.extend_from_slice(&bytes[HEADER_BYTES..HEADER_BYTES + part]);
            left -= part;
            page = format::link(bytes);
        }
        Ok(())
    }
}
