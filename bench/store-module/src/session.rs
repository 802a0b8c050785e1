//! One store with its cursor and savepoints, driven call by call.

use store::{Cursor, Durability, Error, Options, Savepoint, Storage, Store};

/// What a call that found nothing answers instead of a length.
pub const NOTHING: i32 = -2;

/// An open store and what the host cannot hold: its cursor and its savepoints.
pub struct Session<S> {
    store: Store<S>,
    cursor: Cursor,
    savepoints: Vec<Savepoint>,
    value: Vec<u8>,
}

/// What a call answers, or why it failed.
pub type Answer<T = i32> = Result<T, Error>;

impl<S: Storage> Session<S> {
    /// Opens the store that `storage` holds.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn open(storage: S, cache_bytes: usize) -> Answer<Session<S>> {
        let options = Options { cache_bytes, ..Options::default() };
        Ok(Session {
            store: Store::open(storage, options)?,
            cursor: Cursor::new(),
            savepoints: Vec::new(),
            value: Vec::new(),
        })
    }

    /// The value of `key` into `result`; its length, or [`NOTHING`].
    ///
    /// # Errors
    /// Those of [`Store::get`].
    pub fn get(&mut self, key: &[u8], result: &mut Vec<u8>) -> Answer {
        let found = self.store.get(key, result)?;
        Ok(if found { result.len() as i32 } else { NOTHING })
    }

    /// Sets a value; 1 if the key is new.
    ///
    /// # Errors
    /// Those of [`Store::put`].
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Answer {
        self.store.put(key, value).map(i32::from)
    }

    /// Removes a key; 1 if it was there.
    ///
    /// # Errors
    /// Those of [`Store::delete`].
    pub fn delete(&mut self, key: &[u8]) -> Answer {
        self.store.delete(key).map(i32::from)
    }

    /// Removes the keys from `low` up to `high`; how many there were.
    ///
    /// # Errors
    /// Those of [`Store::delete_range`].
    pub fn delete_range(&mut self, low: &[u8], high: Option<&[u8]>) -> Answer<f64> {
        self.store.delete_range(low, high).map(|count| count as f64)
    }

    /// Moves the cursor; 1 if it stands on a key, which then is in `result` with its value.
    ///
    /// # Errors
    /// Those of the cursor's moves.
    pub fn go(&mut self, way: Way<'_>, result: &mut Vec<u8>) -> Answer {
        let (cursor, store) = (&mut self.cursor, &mut self.store);
        let placed = match way {
            Way::First => cursor.first(store)?,
            Way::Last => cursor.last(store)?,
            Way::Seek(key) => cursor.seek(store, key)?,
            Way::Next => cursor.next(store)?,
            Way::Previous => cursor.previous(store)?,
        };
        if placed {
            self.entry(result)?;
        }
        Ok(i32::from(placed))
    }

    /// Appends the entry under the cursor: length of the key, of the value, key, value.
    fn entry(&mut self, result: &mut Vec<u8>) -> Answer<()> {
        self.cursor.value(&mut self.store, &mut self.value)?;
        let (key, value) = (self.cursor.key(), &self.value);
        result.extend_from_slice(&(key.len() as u32).to_le_bytes());
        result.extend_from_slice(&(value.len() as u32).to_le_bytes());
        result.extend_from_slice(key);
        result.extend_from_slice(value);
        Ok(())
    }

    /// Appends up to `most` entries from `low` up to `high`; how many. The cursor is left on the
    /// entry after them.
    ///
    /// # Errors
    /// Those of the cursor's moves.
    pub fn range(
        &mut self,
        low: &[u8],
        high: Option<&[u8]>,
        most: u32,
        result: &mut Vec<u8>,
    ) -> Answer {
        let mut count = 0;
        let mut placed = self.cursor.seek(&mut self.store, low)?;
        while placed && count < most && high.is_none_or(|high| self.cursor.key() < high) {
            self.entry(result)?;
            count += 1;
            placed = self.cursor.next(&mut self.store)?;
        }
        Ok(count as i32)
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// Those of [`Store::begin`].
    pub fn begin(&mut self) -> Answer {
        self.savepoints.clear();
        self.store.begin().map(|()| 0)
    }

    /// Commits; the ticket.
    ///
    /// # Errors
    /// Those of [`Store::commit`].
    pub fn commit(&mut self, durability: Durability) -> Answer<f64> {
        self.store.commit(durability).map(|ticket| ticket as f64)
    }

    /// Drops the transaction.
    ///
    /// # Errors
    /// Those of [`Store::rollback`].
    pub fn rollback(&mut self) -> Answer {
        self.store.rollback().map(|()| 0)
    }

    /// Sets a savepoint; its number.
    ///
    /// # Errors
    /// Those of [`Store::savepoint`].
    pub fn savepoint(&mut self) -> Answer {
        self.savepoints.push(self.store.savepoint()?);
        Ok(self.savepoints.len() as i32 - 1)
    }

    /// Closes a savepoint and keeps its changes, or undoes them; [`NOTHING`] for a number that
    /// no savepoint has.
    ///
    /// # Errors
    /// Those of [`Store::release`] and [`Store::rollback_to`].
    pub fn end_savepoint(&mut self, number: usize, keep: bool) -> Answer {
        let Some(&savepoint) = self.savepoints.get(number) else { return Ok(NOTHING) };
        if keep {
            self.store.release(savepoint)?;
        } else {
            self.store.rollback_to(savepoint)?;
        }
        self.savepoints.truncate(number);
        Ok(0)
    }

    /// Asks for everything to become durable; the newest ticket.
    ///
    /// # Errors
    /// Those of [`Store::flush`].
    pub fn flush(&mut self) -> Answer<f64> {
        self.store.flush().map(|ticket| ticket as f64)
    }

    /// The figures of the store: transaction, entries, depth, pages, free pages, bytes of a page,
    /// frames, hits, misses and the newest durable ticket, each as a little-endian double.
    ///
    /// # Errors
    /// Those of [`Store::durable`].
    pub fn stats(&mut self, result: &mut Vec<u8>) -> Answer {
        let durable = self.store.durable()?;
        let stats = self.store.stats();
        let figures = [
            stats.transaction as f64,
            stats.entries as f64,
            f64::from(stats.depth),
            f64::from(stats.pages),
            f64::from(stats.free_pages),
            f64::from(stats.page_bytes),
            stats.frames as f64,
            stats.cache_hits as f64,
            stats.cache_misses as f64,
            durable as f64,
        ];
        for figure in figures {
            result.extend_from_slice(&figure.to_le_bytes());
        }
        Ok(figures.len() as i32)
    }

    /// Checks every page; the problems found, with a report as text in `result`.
    ///
    /// # Errors
    /// Those of [`store::verify`].
    #[cfg(feature = "checks")]
    pub fn verify(&mut self, result: &mut Vec<u8>) -> Answer {
        let report = store::verify(self.store.storage())?;
        result.extend_from_slice(report.to_string().as_bytes());
        Ok(report.problem_count as i32)
    }

    /// Closes the store and its storage.
    ///
    /// # Errors
    /// Those of [`Store::close`].
    pub fn close(self) -> Answer {
        self.store.close().map(|_| 0)
    }
}

/// A way to move the cursor.
#[derive(Clone, Copy, Debug)]
pub enum Way<'k> {
    /// To the first key.
    First,
    /// To the last key.
    Last,
    /// To a key or the first one above it.
    Seek(&'k [u8]),
    /// To the next key.
    Next,
    /// To the key before.
    Previous,
}
