//! Exact accounting of heap bytes and the limit on them.

use super::faults::Faults;

/// The heap limit was reached, or the host has no more memory. Nothing was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Counts the bytes of everything the heap owns.
#[derive(Debug)]
pub struct Account {
    bytes: usize,
    /// The part of these bytes that objects use: not the free places that are kept for new ones.
    /// Allocation is measured by it, since objects in free places cost no bytes.
    used: usize,
    /// Above this many used bytes the collector wants a step.
    pub(crate) threshold: usize,
    limit: usize,
    pub(crate) faults: Faults,
}

impl Account {
    pub(crate) fn new() -> Account {
        Account {
            bytes: 0,
            used: 0,
            threshold: 64 * 1024,
            limit: usize::MAX,
            faults: Faults::default(),
        }
    }

    /// Bytes in use.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of all objects that were not found dead.
    #[inline]
    pub fn used(&self) -> usize {
        self.used
    }

    /// An object takes a place that was charged already, or leaves it.
    #[inline]
    pub(crate) fn occupy(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// See [`Account::occupy`]; also for places that were charged and are not occupied yet.
    #[inline]
    pub(crate) fn vacate(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// The most bytes that may be in use.
    #[inline]
    pub fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Claims `bytes` before they are allocated.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        let total = self.bytes.saturating_add(bytes);
        if total > self.limit || self.faults.next_fails() {
            return Err(OutOfMemory);
        }
        self.bytes = total;
        self.used += bytes;
        Ok(())
    }

    /// Returns `bytes` after they were freed.
    #[inline]
    pub(crate) fn release(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.bytes, "released more bytes than were charged");
        self.bytes = self.bytes.saturating_sub(bytes);
        self.used = self.used.saturating_sub(bytes);
    }

    /// Returns `bytes` that were freed before the collector came by. The next collection comes no
    /// later for it: the object whose bytes they were still has to be found dead.
    pub(crate) fn release_early(&mut self, bytes: usize) {
        self.release(bytes);
        self.threshold = self.threshold.saturating_sub(bytes);
    }

    /// Replaces what was charged for something by what it turned out to take.
    pub(crate) fn correct(&mut self, charged: usize, taken: usize) {
        self.bytes = (self.bytes + taken).saturating_sub(charged);
    }

    #[inline(always)]
    pub(crate) fn wants_collection(&self) -> bool {
        cfg!(feature = "stress") || self.used >= self.threshold
    }
}

/// Grows a vector by an exact number of elements, charged; a failure leaves it as it was.
pub(crate) fn reserve<T>(
    account: &mut Account,
    items: &mut Vec<T>,
    additional: usize,
) -> Result<(), OutOfMemory> {
    let old = items.capacity();
    let needed = items.len().checked_add(additional).ok_or(OutOfMemory)?;
    if needed <= old {
        return Ok(());
    }
    let bytes = (needed - old).checked_mul(size_of::<T>()).ok_or(OutOfMemory)?;
    account.charge(bytes)?;
    if items.try_reserve_exact(additional).is_err() {
        account.release(bytes);
        return Err(OutOfMemory);
    }
    let surplus = items.capacity() - needed;
    account.bytes += surplus * size_of::<T>();
    account.used += surplus * size_of::<T>();
    Ok(())
}
