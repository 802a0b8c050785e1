//! A growing array of objects of one kind, addressed by 32-bit handles, with a free list.

use super::account::{Account, OutOfMemory};
use super::color;

/// What an arena needs to know of its objects.
pub(crate) trait Object {
    /// The collector's mark; see [`color`].
    fn mark(&self) -> u8;
    fn set_mark(&mut self, mark: u8);
    /// Bytes that the object owns outside the arena.
    fn owned_bytes(&self) -> usize;
    /// Drops what the object owns and leaves an empty slot.
    fn clear(&mut self);
}

#[derive(Debug)]
pub(crate) struct Arena<T> {
    pub items: Vec<T>,
    free: Vec<u32>,
}

impl<T: Object> Arena<T> {
    pub fn new() -> Arena<T> {
        Arena { items: Vec::new(), free: Vec::new() }
    }

    /// Adds an object whose owned bytes were charged already.
    #[inline]
    pub fn add(&mut self, account: &mut Account, object: T) -> Result<u32, OutOfMemory> {
        if let Some(id) = self.free.pop() {
            account.occupy(size_of::<T>());
            self.items[id as usize] = object;
            return Ok(id);
        }
        if self.items.len() == self.items.capacity() {
            self.grow(account)?;
        }
        account.occupy(size_of::<T>());
        self.items.push(object);
        Ok(self.items.len() as u32 - 1)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, account: &mut Account) -> Result<(), OutOfMemory> {
        let len = self.items.len();
        if len >= u32::MAX as usize / 2 {
            return Err(OutOfMemory);
        }
        // Doubling while small, by an eighth when large: wasm memory never shrinks.
        let additional = if len < 4096 { len.max(16) } else { len / 8 };
        let old = self.items.capacity();
        super::account::reserve(account, &mut self.items, additional)?;
        account.vacate((self.items.capacity() - old) * size_of::<T>());
        Ok(())
    }

    /// Frees an object; the arena's own slot stays charged.
    pub fn remove(&mut self, account: &mut Account, id: u32) {
        let object = &mut self.items[id as usize];
        account.release(object.owned_bytes());
        account.vacate(size_of::<T>());
        object.clear();
        object.set_mark(color::FREE);
        self.free.push(id);
    }

    /// Sweeps up to `count` objects from `cursor`; returns where it stopped.
    ///
    /// A function for each kind, so that browsers optimise those that are swept most alone.
    #[inline(never)]
    pub fn sweep(
        &mut self,
        account: &mut Account,
        cursor: usize,
        count: usize,
        dead: u8,
        alive: u8,
    ) -> usize {
        let end = (cursor + count).min(self.items.len());
        for index in cursor..end {
            let mark = self.items[index].mark();
            if mark & color::MASK == dead {
                self.remove(account, index as u32);
            } else if mark != color::FREE {
                self.items[index].set_mark(mark & !color::MASK | alive);
            }
        }
        end
    }
}
