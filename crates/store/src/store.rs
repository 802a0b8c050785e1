//! The public face: a store with its transaction.

use crate::error::Error;
use crate::format::{self, Meta};
use crate::limits::{CACHE_BYTES_DEFAULT, FRAMES_MAX, FRAMES_MIN};
use crate::pager::{Pager, State};
use crate::savepoint::Savepoint;
use crate::storage::{Durability, Fault, FaultKind, Storage, Ticket, View};
use std::any::Any;
use std::marker::PhantomData;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of the frame cache; two pages at least are taken.
    pub cache_bytes: usize,
    /// Refuse every transaction.
    pub read_only: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { cache_bytes: CACHE_BYTES_DEFAULT, read_only: false }
    }
}

/// Figures about an open store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Number of the transaction that committed the present state.
    pub transaction: u64,
    /// Entries, those of the open transaction included.
    pub entries: u64,
    /// Levels of the tree, 0 when it is empty.
    pub depth: u32,
    /// Pages of the store, free ones included.
    pub pages: u32,
    /// Pages on the free list.
    pub free_pages: u32,
    /// Size of a page in bytes.
    pub page_bytes: u32,
    /// Frames in the cache.
    pub frames: usize,
    /// Page accesses that the cache answered since the store was opened.
    pub cache_hits: u64,
    /// Page accesses that the storage answered, and pages newly made.
    pub cache_misses: u64,
}

/// An ordered map of bytes on a [`Storage`].
///
/// Keys are ordered by their bytes. Changes need a transaction; reads see its changes, and
/// [`committed`](Self::committed) sees what was there before. Memory use is fixed when the
/// store is opened.
pub struct Store<S> {
    /// Has the storage, an `S`.
    pager: Pager,
    read_only: bool,
    storage: PhantomData<S>,
}

impl<S: Storage> Store<S> {
    /// Opens the store that `storage` holds, or a new one if it holds nothing.
    ///
    /// # Errors
    /// `is_foreign`, `is_newer_version` and `is_corrupt` for what is not a sound store of a
    /// known version; any fault of the storage.
    pub fn open(mut storage: S, options: Options) -> Result<Store<S>, Error> {
        let length = storage.length()?;
        let page_bytes = length.page_bytes as usize;
        if !format::is_page_size(page_bytes) {
            return Err(Error::usage("the page size must be a power of two from 256 to 65536"));
        }
        let mut meta = Meta::EMPTY;
        if length.pages > 0 {
            let mut header = vec![0; page_bytes];
            storage.read(0, View::Committed, &mut header)?;
            meta = Meta::read(&header)?;
            if meta.pages > length.pages {
                return Err(Error::corrupt(length.pages, 0, "the store has been cut short"));
            }
        }
        let frames = (options.cache_bytes / page_bytes).clamp(FRAMES_MIN, FRAMES_MAX);
        let pager = Pager::new(Box::new(storage), length, frames, meta);
        Ok(Store { pager, read_only: options.read_only, storage: PhantomData })
    }

    pub(crate) fn pager(&mut self) -> Result<&mut Pager, Error> {
        self.pager.ready()
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// `is_usage` if one is open; `is_read_only` if the store was opened so; `is_poisoned`.
    pub fn begin(&mut self) -> Result<(), Error> {
        if self.read_only {
            return Err(Fault::new(FaultKind::ReadOnly).into());
        }
        self.pager.begin()
    }

    /// Whether a transaction is open, be it one that has to be rolled back.
    pub fn in_transaction(&self) -> bool {
        matches!(self.pager.state, State::Open | State::Failed)
    }

    /// Commits the transaction and gives the ticket under which the storage took it over; see
    /// [`durable`](Self::durable). A strict commit without changes asks the storage to make
    /// everything before it durable.
    ///
    /// # Errors
    /// After a fault the transaction is rolled back and the store is as it was before it. If
    /// the outcome is unknown the store is poisoned.
    pub fn commit(&mut self, durability: Durability) -> Result<Ticket, Error> {
        self.pager.end(durability)
    }

    /// Drops the transaction; the store is as it was before it.
    ///
    /// # Errors
    /// `is_usage` if none is open; `is_poisoned`.
    pub fn rollback(&mut self) -> Result<(), Error> {
        self.pager.drop_changes()
    }

    /// Sets a savepoint inside the transaction, and inside the savepoints that are open.
    ///
    /// # Errors
    /// `is_usage` without a transaction or beyond [`SAVEPOINTS_MAX`](crate::SAVEPOINTS_MAX).
    pub fn savepoint(&mut self) -> Result<Savepoint, Error> {
        self.pager.change(Pager::savepoint)
    }

    /// Closes a savepoint, and those inside it, keeping the changes.
    ///
    /// # Errors
    /// `is_usage` if the savepoint is no longer open.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<(), Error> {
        self.pager.change(|pager| pager.release(savepoint))
    }

    /// Undoes all changes since a savepoint and closes it, with those inside it.
    ///
    /// # Errors
    /// `is_usage` if the savepoint is no longer open; after a fault of the storage the
    /// whole transaction must be rolled back.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<(), Error> {
        self.pager.change(|pager| pager.rollback_to(savepoint))
    }

    /// Asks the storage to make everything committed so far durable; the newest ticket. Where
    /// the medium answers later, [`durable`](Self::durable) tells when it has come so far.
    ///
    /// # Errors
    /// `is_usage` inside a transaction; any fault of the storage.
    pub fn flush(&mut self) -> Result<Ticket, Error> {
        self.pager.flush_idle()
    }

    /// The newest ticket that is durable.
    ///
    /// # Errors
    /// The fault that keeps a commit which was handed over from becoming durable.
    pub fn durable(&mut self) -> Result<Ticket, Error> {
        Ok(self.pager.storage.length()?.durable)
    }

    /// Reads the value of `key` into `out`, which is cleared first; whether the key is there.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn get(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, Error> {
        self.pager()?.get(key, View::Current, out)
    }

    /// Whether `key` is there.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn contains(&mut self, key: &[u8]) -> Result<bool, Error> {
        self.pager()?.contains(key, View::Current)
    }

    /// Sets the value of `key`; whether the key is new.
    ///
    /// # Errors
    /// `is_too_large`, with nothing changed; any other error asks for a rollback.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Error> {
        self.pager.put_entry(key, value)
    }

    /// Adds entries whose keys ascend and are above all keys that there are; how many it added.
    /// It leaves full pages behind and takes a fraction of the time of [`put`](Self::put).
    ///
    /// ```
    /// # use store::{Durability, MemoryStorage, Options, Store};
    /// # fn main() -> Result<(), store::Error> {
    /// # let mut store = Store::open(MemoryStorage::new(4096), Options::default())?;
    /// store.begin()?;
    /// let entries = (0..1000u32).map(|number| (number.to_be_bytes(), b"value"));
    /// assert_eq!(store.load(entries)?, 1000);
    /// assert!(store.load([(b"\0", b"")]).is_err_and(|error| error.is_usage()));
    /// store.commit(Durability::Strict)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `is_usage` for a key out of order and `is_too_large`: the entries before it stay. Any
    /// other error asks for a rollback.
    pub fn load<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<u64, Error> {
        self.pager.change(|pager| pager.load(entries))
    }

    /// Removes `key`; whether it was there.
    ///
    /// # Errors
    /// An error asks for a rollback.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, Error> {
        self.pager.delete_entry(key)
    }

    /// Removes the keys from `low` up to, not including, `high` (no bound if `None`); how many
    /// there were.
    ///
    /// # Errors
    /// An error asks for a rollback.
    pub fn delete_range(&mut self, low: &[u8], high: Option<&[u8]>) -> Result<u64, Error> {
        self.pager.delete_entries(low, high)
    }

    /// About how many keys lie from `low` up to, not including, `high`, in the time of two
    /// reads. Exact for ranges within one leaf.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn estimate(&mut self, low: &[u8], high: Option<&[u8]>) -> Result<u64, Error> {
        self.pager()?.estimate(low, high, View::Current)
    }

    /// The number of entries.
    pub fn len(&self) -> u64 {
        self.pager.meta.entries
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Figures about the store as the open transaction sees it.
    pub fn stats(&self) -> Stats {
        let (cache_hits, cache_misses) = self.pager.cache.hits_and_misses();
        let meta = &self.pager.meta;
        Stats {
            transaction: self.pager.committed.transaction,
            entries: meta.entries,
            depth: meta.depth,
            pages: meta.pages,
            free_pages: meta.free_count,
            page_bytes: self.pager.page_bytes() as u32,
            frames: self.pager.cache.frames(),
            cache_hits,
            cache_misses,
        }
    }

    /// The committed state, whatever the open transaction has changed.
    pub fn committed(&mut self) -> Committed<'_, S> {
        Committed { store: self }
    }

    /// The storage, for what it can do beyond the trait.
    pub fn storage(&mut self) -> &mut S {
        let storage: &mut dyn Any = &mut *self.pager.storage;
        match storage.downcast_mut() {
            Some(storage) => storage,
            None => unreachable!("the pager has the storage that it was given"),
        }
    }

    /// Drops an open transaction, and closes the storage and gives it back.
    ///
    /// # Errors
    /// The fault with which the storage closed.
    pub fn close(mut self) -> Result<S, Error> {
        if self.in_transaction() {
            self.pager.rollback();
        }
        self.pager.storage.close()?;
        let storage: Box<dyn Any> = self.pager.storage;
        match storage.downcast() {
            Ok(storage) => Ok(*storage),
            Err(_) => unreachable!("the pager has the storage that it was given"),
        }
    }
}

/// The committed state of a store; see [`Store::committed`]. For walking it there is
/// [`Cursor::committed`](crate::Cursor::committed).
pub struct Committed<'a, S> {
    store: &'a mut Store<S>,
}

impl<S: Storage> Committed<'_, S> {
    /// Like [`Store::get`], from the committed state.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn get(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, Error> {
        self.store.pager()?.get(key, View::Committed, out)
    }

    /// Like [`Store::contains`], from the committed state.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn contains(&mut self, key: &[u8]) -> Result<bool, Error> {
        self.store.pager()?.contains(key, View::Committed)
    }

    /// Like [`Store::estimate`], from the committed state.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn estimate(&mut self, low: &[u8], high: Option<&[u8]>) -> Result<u64, Error> {
        self.store.pager()?.estimate(low, high, View::Committed)
    }

    /// The number of committed entries.
    pub fn len(&self) -> u64 {
        self.store.pager.committed.entries
    }

    /// Whether no entries are committed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
