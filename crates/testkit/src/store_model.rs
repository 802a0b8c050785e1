//! Model fuzzing of the store: random operations, the same on a `BTreeMap`, and now and then on
//! redb, with a storage that fails.

use crate::crash::CrashMedium;
use crate::faults::FaultyStorage;
use crate::random::Random;
use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::BTreeMap;
use store::{Cursor, Durability, Error, LogOptions, LogStorage, MemoryStorage, Options};
use store::{Savepoint, Storage, Store};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("model");

/// What a run covered.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Operations done.
    pub operations: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Faults that the storage was made to report.
    pub faults: u64,
    /// Most entries at once.
    pub entries_max: usize,
    /// Deepest tree.
    pub depth_max: u32,
    /// Comparisons with redb.
    pub oracle_checks: u64,
}

/// How the parts of a run are drawn.
#[derive(Clone, Copy, Debug)]
struct Shape {
    page_bytes: usize,
    frames: usize,
    key_bytes: usize,
    letters: usize,
    value_bytes: usize,
    faults: bool,
    deletes: usize,
}

impl Shape {
    fn log_options(&self) -> LogOptions {
        let Shape { page_bytes, frames, .. } = *self;
        let checkpoint_bytes = (page_bytes * 40) as u64;
        LogOptions { page_bytes, buffer_pages: frames, places: 2 * frames, checkpoint_bytes }
    }

    fn draw(random: &mut Random) -> Shape {
        let page_bytes = 256 << [0, 0, 0, 1, 2, 4][random.below(6)];
        let key_limit = if random.one_in(3) { store::key_bytes_max(page_bytes) } else { 13 };
        Shape {
            page_bytes,
            frames: [2, 2, 3, 5, 16, 64][random.below(6)],
            key_bytes: 1 + random.below(key_limit),
            letters: [2, 4, 26, 256][random.below(4)],
            value_bytes: [4, 40, page_bytes / 2, page_bytes * 5][random.below(4)],
            faults: random.one_in(2),
            deletes: [1, 2, 4, 10][random.below(4)],
        }
    }
}

/// A storage that the models can be run on.
trait Subject: Storage + Sized {
    /// An empty storage.
    fn fresh(shape: &Shape) -> Self;

    /// The same storage after the process that had it died.
    fn again(&mut self, shape: &Shape) -> Self;
}

impl Subject for MemoryStorage {
    fn fresh(shape: &Shape) -> MemoryStorage {
        MemoryStorage::new(shape.page_bytes)
    }

    fn again(&mut self, shape: &Shape) -> MemoryStorage {
        MemoryStorage::from_bytes(shape.page_bytes, self.as_bytes().to_vec())
    }
}

impl Subject for LogStorage<CrashMedium> {
    fn fresh(shape: &Shape) -> LogStorage<CrashMedium> {
        must(LogStorage::open(CrashMedium::default(), shape.log_options()))
    }

    fn again(&mut self, shape: &Shape) -> LogStorage<CrashMedium> {
        let medium = CrashMedium::new(self.medium().current());
        must(LogStorage::open(medium, shape.log_options()))
    }
}

/// One store with its models.
struct Run<S> {
    random: Random,
    shape: Shape,
    store: Store<FaultyStorage<S>>,
    current: Map,
    committed: Map,
    /// Keys changed in the open transaction with what they held before.
    undo: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    savepoints: Vec<(Savepoint, usize)>,
    cursor: Cursor,
    /// Where the cursor should stand.
    position: Option<Vec<u8>>,
    oracle: redb::Database,
    /// Keys committed since redb was brought up to date.
    behind: Vec<Vec<u8>>,
    value: Vec<u8>,
    summary: Summary,
}

/// Runs `operations` random operations for `seed`, in many stores of many shapes.
///
/// # Panics
/// At the first difference between the store and its models.
pub fn run(operations: u64, seed: u64) -> Summary {
    let mut random = Random::new(seed);
    let mut total = Summary::default();
    while total.operations < operations {
        let most = if random.one_in(8) { 100_000 } else { 10_000 };
        let operations = (operations - total.operations).min(500 + random.below(most) as u64);
        let part = Random::new(random.next_u64());
        let summary = if random.one_in(4) {
            Run::<LogStorage<CrashMedium>>::new(part).run(operations)
        } else {
            Run::<MemoryStorage>::new(part).run(operations)
        };
        total.operations += summary.operations;
        total.commits += summary.commits;
        total.faults += summary.faults;
        total.oracle_checks += summary.oracle_checks;
        total.entries_max = total.entries_max.max(summary.entries_max);
        total.depth_max = total.depth_max.max(summary.depth_max);
    }
    total
}

fn must<T>(result: Result<T, impl std::fmt::Display>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

impl<S: Subject> Run<S> {
    fn new(mut random: Random) -> Run<S> {
        let shape = Shape::draw(&mut random);
        let storage = FaultyStorage::new(S::fresh(&shape));
        let options =
            Options { cache_bytes: shape.frames * shape.page_bytes, ..Options::default() };
        let backend = redb::backends::InMemoryBackend::new();
        Run {
            random,
            shape,
            store: must(Store::open(storage, options)),
            current: Map::new(),
            committed: Map::new(),
            undo: Vec::new(),
            savepoints: Vec::new(),
            cursor: Cursor::new(),
            position: None,
            oracle: must(redb::Database::builder().create_with_backend(backend)),
            behind: Vec::new(),
            value: Vec::new(),
            summary: Summary::default(),
        }
    }

    fn run(mut self, operations: u64) -> Summary {
        for _ in 0..operations {
            self.summary.operations += 1;
            if self.shape.faults && self.random.one_in(200) {
                self.store.storage().calls_left = Some(self.random.below(60) as u64);
            }
            if let Err(error) = self.step() {
                self.recover(&error);
            }
            self.summary.entries_max = self.summary.entries_max.max(self.current.len());
            self.summary.depth_max = self.summary.depth_max.max(self.store.stats().depth);
            assert_eq!(self.store.len(), self.current.len() as u64);
        }
        self.store.storage().calls_left = None;
        if self.store.in_transaction() {
            must(self.store.commit(Durability::Strict));
            self.committed_now();
        }
        self.check_all();
        self.check_oracle();
        self.summary.faults = self.store.storage().faults;
        self.summary
    }

    /// After a fault: the store must be as it was, or ask for a rollback and then be so.
    fn recover(&mut self, error: &Error) {
        let made = error.fault().and_then(|fault| fault.detail()) == Some("made to fail");
        assert!(made, "an error that was not made: {error}");
        let needs_rollback = self.store.get(b"", &mut self.value);
        if matches!(&needs_rollback, Err(error) if error.is_rollback_required()) {
            must(self.store.rollback());
        }
        if !self.store.in_transaction() {
            self.undo_to(0);
            self.savepoints.clear();
        }
        // The fault may have come in the middle of the cursor's way.
        self.position = None;
        self.cursor = Cursor::new();
    }

    fn step(&mut self) -> Result<(), Error> {
        if !self.store.in_transaction() {
            self.store.begin()?;
        }
        match self.random.below(100) {
            0..40 => self.put(),
            40..58 if self.random.below(10) < self.shape.deletes => self.delete(),
            40..58 => self.get(),
            58..60 => self.delete_range(),
            60..70 => self.get(),
            70..73 => self.get_committed(),
            73..90 => self.move_cursor(),
            90 => self.scan(),
            91 => self.estimate(),
            92..96 => self.change_savepoints(),
            96 if self.random.one_in(12) => self.roll_back(),
            97 if self.random.one_in(40) => self.reopen(),
            98 if self.random.one_in(20) => self.append(),
            99 => self.commit(),
            _ => self.overwrite(),
        }
    }

    fn key(&mut self) -> Vec<u8> {
        let mut bytes = self.random.below(self.shape.key_bytes + 1);
        if self.random.one_in(2) {
            bytes = self.shape.key_bytes;
        }
        // Long keys share most of their beginning, so that prefixes matter.
        let tail = self.random.below(bytes.min(6) + 1);
        let mut key = vec![b'k'; bytes - tail];
        key.extend(self.random.bytes(tail, self.shape.letters));
        key
    }

    fn some_key(&mut self) -> Vec<u8> {
        let key = self.key();
        if self.random.one_in(3) {
            return key;
        }
        self.current.range(key.clone()..).next().map_or(key, |(key, _)| key.clone())
    }

    fn draw_value(&mut self) -> Vec<u8> {
        let bytes = self.random.below(self.shape.value_bytes + 1);
        self.random.bytes(bytes, 256)
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let old = match value {
            Some(value) => self.current.insert(key.clone(), value),
            None => self.current.remove(&key),
        };
        self.undo.push((key, old.clone()));
        old
    }

    fn undo_to(&mut self, length: usize) {
        for (key, old) in self.undo.drain(length..).rev() {
            match old {
                Some(value) => self.current.insert(key, value),
                None => self.current.remove(&key),
            };
        }
    }

    fn put(&mut self) -> Result<(), Error> {
        let (key, value) = (self.key(), self.draw_value());
        let new = self.store.put(&key, &value)?;
        assert_eq!(new, self.set(key, Some(value)).is_none());
        Ok(())
    }

    fn overwrite(&mut self) -> Result<(), Error> {
        let (key, value) = (self.some_key(), self.draw_value());
        let new = self.store.put(&key, &value)?;
        assert_eq!(new, self.set(key, Some(value)).is_none());
        Ok(())
    }

    /// Keys in ascending order after all others.
    fn append(&mut self) -> Result<(), Error> {
        let mut key = self.current.keys().next_back().cloned().unwrap_or_default();
        if key.len() >= self.shape.key_bytes.min(40) {
            // Only greater first bytes are left, and few of them.
            match key.first_mut() {
                Some(first) if *first < 255 => *first += 1,
                _ => return Ok(()),
            }
            key.truncate(1);
        }
        let mut entries = Vec::new();
        for index in 0..self.random.below(120) as u8 {
            let key = [&key[..], &[index]].concat();
            if key.len() <= store::key_bytes_max(self.shape.page_bytes) {
                entries.push((key, self.draw_value()));
            }
        }
        let loaded = self.store.load(entries.iter().map(|(key, value)| (key, value)))?;
        assert_eq!(loaded, entries.len() as u64);
        let again = entries.first().cloned();
        for (key, value) in entries {
            assert!(self.set(key, Some(value)).is_none());
        }
        let Some(again) = again else { return Ok(()) };
        match self.store.load([again]) {
            Ok(_) => panic!("a key out of order was loaded"),
            Err(error) if error.is_usage() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn delete(&mut self) -> Result<(), Error> {
        let key = self.some_key();
        let there = self.store.delete(&key)?;
        assert_eq!(there, self.current.contains_key(&key));
        if there {
            self.set(key, None);
        }
        Ok(())
    }

    fn delete_range(&mut self) -> Result<(), Error> {
        if !self.random.one_in(8 * self.shape.deletes) {
            return Ok(());
        }
        let low = self.key();
        let high = if self.random.one_in(20) { None } else { Some(self.key()) };
        let deleted = self.store.delete_range(&low, high.as_deref())?;
        let keys: Vec<Vec<u8>> = match high {
            Some(high) if high <= low => Vec::new(),
            Some(high) => self.current.range(low..high).map(|(key, _)| key.clone()).collect(),
            None => self.current.range(low..).map(|(key, _)| key.clone()).collect(),
        };
        assert_eq!(deleted, keys.len() as u64);
        for key in keys {
            self.set(key, None);
        }
        Ok(())
    }

    fn get(&mut self) -> Result<(), Error> {
        let key = self.some_key();
        let there = self.store.get(&key, &mut self.value)?;
        let expected = self.current.get(&key);
        assert_eq!(there.then_some(&self.value), expected);
        assert_eq!(self.store.contains(&key)?, there);
        Ok(())
    }

    fn get_committed(&mut self) -> Result<(), Error> {
        let key = self.some_key();
        let there = self.store.committed().get(&key, &mut self.value)?;
        assert_eq!(there.then_some(&self.value), self.committed.get(&key));
        Ok(())
    }

    fn move_cursor(&mut self) -> Result<(), Error> {
        let there = match self.random.below(10) {
            0 => {
                let there = self.cursor.first(&mut self.store)?;
                self.position = self.current.keys().next().cloned();
                there
            }
            1 => {
                let there = self.cursor.last(&mut self.store)?;
                self.position = self.current.keys().next_back().cloned();
                there
            }
            2 => {
                let key = self.some_key();
                let there = self.cursor.seek(&mut self.store, &key)?;
                self.position = self.current.range(key..).next().map(|(key, _)| key.clone());
                there
            }
            3 => {
                let key = self.some_key();
                let there = self.cursor.seek_below(&mut self.store, &key)?;
                self.position = self.current.range(..key).next_back().map(|(key, _)| key.clone());
                there
            }
            4..7 => {
                let there = self.cursor.previous(&mut self.store)?;
                self.position = self.position.take().and_then(|key| {
                    self.current.range(..key).next_back().map(|(key, _)| key.clone())
                });
                there
            }
            _ => {
                let there = self.cursor.next(&mut self.store)?;
                self.position = self.position.take().and_then(|key| {
                    let after = (std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded);
                    self.current.range::<Vec<u8>, _>(after).next().map(|(key, _)| key.clone())
                });
                there
            }
        };
        assert_eq!(there.then_some(self.cursor.key()), self.position.as_deref());
        if let Some(key) = &self.position {
            assert!(self.cursor.value(&mut self.store, &mut self.value)?);
            assert_eq!(Some(&self.value), self.current.get(key));
        }
        Ok(())
    }

    fn scan(&mut self) -> Result<(), Error> {
        if !self.random.one_in(10) {
            return Ok(());
        }
        scan(&mut self.store, Cursor::new(), &self.current, self.random.one_in(2))?;
        scan(&mut self.store, Cursor::committed(), &self.committed, self.random.one_in(2))
    }

    fn estimate(&mut self) -> Result<(), Error> {
        let (low, high) = (self.some_key(), self.some_key());
        let estimate = self.store.estimate(&low, Some(&high))?;
        assert!(estimate <= self.current.len().max(1) as u64);
        let all = self.store.estimate(&[], None)?;
        assert_eq!(all, self.current.len() as u64);
        Ok(())
    }

    fn change_savepoints(&mut self) -> Result<(), Error> {
        if self.savepoints.is_empty() || self.random.one_in(2) {
            if self.savepoints.len() < 12 {
                let savepoint = self.store.savepoint()?;
                self.savepoints.push((savepoint, self.undo.len()));
            }
            return Ok(());
        }
        let index = self.random.below(self.savepoints.len());
        let (savepoint, length) = self.savepoints[index];
        if self.random.one_in(2) {
            self.store.release(savepoint)?;
        } else {
            self.store.rollback_to(savepoint)?;
            self.undo_to(length);
        }
        self.savepoints.truncate(index);
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        self.store.rollback()?;
        self.undo_to(0);
        self.savepoints.clear();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.store.commit(Durability::Strict)?;
        self.committed_now();
        self.summary.commits += 1;
        if self.random.one_in(50) {
            self.check_all();
        }
        if self.summary.commits.is_multiple_of(100) {
            self.check_oracle();
        }
        Ok(())
    }

    fn committed_now(&mut self) {
        for (key, _) in self.undo.drain(..) {
            match self.current.get(&key) {
                Some(value) => self.committed.insert(key.clone(), value.clone()),
                None => self.committed.remove(&key),
            };
            self.behind.push(key);
        }
        self.savepoints.clear();
    }

    /// Drops the store without closing it and opens what is committed.
    fn reopen(&mut self) -> Result<(), Error> {
        self.undo_to(0);
        self.savepoints.clear();
        let faults = self.store.storage().faults;
        let mut storage = FaultyStorage::new(self.store.storage().inner.again(&self.shape));
        storage.faults = faults;
        let cache_bytes = self.shape.frames * self.shape.page_bytes;
        self.store = Store::open(storage, Options { cache_bytes, ..Options::default() })?;
        self.position = None;
        self.cursor = Cursor::new();
        self.check_all();
        Ok(())
    }

    fn check_all(&mut self) {
        let calls_left = self.store.storage().calls_left.take();
        let report = must(store::verify(self.store.storage()));
        assert!(report.is_sound(), "{report}");
        assert_eq!(report.shape.entries, self.committed.len() as u64);
        must(scan(&mut self.store, Cursor::new(), &self.current, true));
        self.store.storage().calls_left = calls_left;
    }

    /// Brings redb up to date and compares everything.
    fn check_oracle(&mut self) {
        let write = must(self.oracle.begin_write());
        {
            let mut table = must(write.open_table(TABLE));
            for key in self.behind.drain(..) {
                match self.committed.get(&key) {
                    Some(value) => drop(must(table.insert(key.as_slice(), value.as_slice()))),
                    None => drop(must(table.remove(key.as_slice()))),
                }
            }
        }
        must(write.commit());
        let calls_left = self.store.storage().calls_left.take();
        let read = must(self.oracle.begin_read());
        let table = must(read.open_table(TABLE));
        let mut cursor = Cursor::committed();
        let mut there = must(cursor.first(&mut self.store));
        for entry in must(table.iter()) {
            let (key, value) = must(entry);
            assert!(there);
            assert_eq!(cursor.key(), key.value());
            assert!(must(cursor.value(&mut self.store, &mut self.value)));
            assert_eq!(self.value, value.value());
            there = must(cursor.next(&mut self.store));
        }
        assert!(!there);
        self.store.storage().calls_left = calls_left;
        self.summary.oracle_checks += 1;
    }
}

fn scan<S: Storage>(
    store: &mut Store<S>,
    mut cursor: Cursor,
    expected: &Map,
    forward: bool,
) -> Result<(), Error> {
    let mut value = Vec::new();
    let mut there = if forward { cursor.first(store)? } else { cursor.last(store)? };
    let mut entries = expected.iter();
    while let Some((key, expected)) = if forward { entries.next() } else { entries.next_back() } {
        assert!(there, "the entries end too early");
        assert_eq!(cursor.key(), key);
        assert!(cursor.value(store, &mut value)?);
        assert_eq!(&value, expected);
        there = if forward { cursor.next(store)? } else { cursor.previous(store)? };
    }
    assert!(!there, "there are more entries than there should be");
    Ok(())
}
