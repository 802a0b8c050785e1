//! Crash tests of the store on its log: at every sync point, whatever the medium may leave is
//! recovered to a state that had been committed, and never to one before the last durable one.

use crate::crash::{CrashMedium, Image};
use crate::random::Random;
use std::collections::BTreeMap;
use store::{
    Cursor, Durability, Error, FaultKind, LogOptions, LogStorage, MediumFile, Options, Store,
};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// The key under which every transaction notes its number.
const NUMBER: &[u8] = b"number";

/// What a campaign covered.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Images recovered.
    pub images: u64,
    /// Of these, images of a crash in the middle of a recovery.
    pub recovery_images: u64,
    /// Images that showed a state newer than the last durable one.
    pub newer: u64,
    /// Sync points visited.
    pub sync_points: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Faults that the medium was made to report.
    pub faults: u64,
    /// Stores that had to be opened again because a commit had an unknown outcome.
    pub poisoned: u64,
}

struct Campaign {
    random: Random,
    options: LogOptions,
    frames: usize,
    /// States by number of transaction.
    states: Vec<Map>,
    summary: Summary,
}

type CrashStore = Store<LogStorage<CrashMedium>>;

/// Recovers at least `images` images for `seed`.
///
/// # Panics
/// At the first image that is not recovered as it must be.
pub fn run(images: u64, seed: u64) -> Summary {
    let mut random = Random::new(seed);
    let mut total = Summary::default();
    while total.images < images {
        let summary = Campaign::new(Random::new(random.next_u64())).run();
        total.images += summary.images;
        total.recovery_images += summary.recovery_images;
        total.newer += summary.newer;
        total.sync_points += summary.sync_points;
        total.commits += summary.commits;
        total.faults += summary.faults;
        total.poisoned += summary.poisoned;
    }
    total
}

fn must<T>(result: Result<T, impl std::fmt::Display>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

fn contents(store: &mut CrashStore) -> Map {
    let mut cursor = Cursor::new();
    let mut map = Map::new();
    let mut there = must(cursor.first(store));
    while there {
        let mut value = Vec::new();
        assert!(must(cursor.value(store, &mut value)));
        map.insert(cursor.key().to_vec(), value);
        there = must(cursor.next(store));
    }
    map
}

fn number_of(map: &Map) -> u64 {
    map.get(NUMBER).map_or(0, |value| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(value);
        u64::from_le_bytes(bytes)
    })
}

impl Campaign {
    fn new(mut random: Random) -> Campaign {
        let page_bytes = [256, 256, 512, 1024, 4096][random.below(5)];
        let options = LogOptions {
            page_bytes,
            buffer_pages: 1 + random.below(8),
            places: random.below(20),
            checkpoint_bytes: (page_bytes * (2 + random.below(40))) as u64,
        };
        let frames = 2 + random.below(6);
        Campaign { random, options, frames, states: vec![Map::new()], summary: Summary::default() }
    }

    fn open(&self, medium: CrashMedium) -> Result<CrashStore, Error> {
        let storage = LogStorage::open(medium, self.options)?;
        let cache_bytes = self.frames * self.options.page_bytes;
        Store::open(storage, Options { cache_bytes, ..Options::default() })
    }

    fn run(mut self) -> Summary {
        let mut medium = CrashMedium::default();
        for _ in 0..1 + self.random.below(3) {
            medium = self.session(medium);
        }
        self.summary
    }

    /// One life of a process; the medium as it leaves it.
    fn session(&mut self, medium: CrashMedium) -> CrashMedium {
        medium.record();
        let opened = self.states.len() as u64 - 1;
        medium.set_mark((opened, opened));
        let mut store = must(self.open(medium.clone()));
        let faults = self.random.one_in(3);
        let mut durable = opened;
        // Number of the last transaction before the first ticket of this storage.
        let mut base = opened;
        for _ in 0..1 + self.random.below(12) {
            let next = self.states.len() as u64;
            medium.set_mark((durable, next));
            if faults && self.random.one_in(3) {
                let kind = if self.random.one_in(2) { FaultKind::Full } else { FaultKind::Io };
                medium.fail_after(self.random.below(12) as u64, kind);
            }
            if faults && self.random.one_in(4) {
                medium.bar(MediumFile::Data, FaultKind::Full);
            }
            let state = self.change(self.states.len() - 1);
            match self.transaction(&mut store, &state) {
                Ok(()) => {
                    self.states.push(state);
                    self.summary.commits += 1;
                    if !faults && self.random.one_in(5) {
                        assert_eq!(base + must(store.flush()), self.states.len() as u64 - 1);
                        assert_eq!(must(store.durable()), must(store.flush()));
                    }
                    durable = base + must(store.durable());
                    medium.set_mark((durable, self.states.len() as u64 - 1));
                }
                Err(error) if error.is_poisoned() => {
                    assert!(store.begin().is_err_and(|error| error.is_poisoned()));
                    medium.heal();
                    self.summary.poisoned += 1;
                    store = self.reopen(&medium, state, durable);
                    (durable, base) = (self.states.len() as u64 - 1, self.states.len() as u64 - 1);
                    medium.set_mark((durable, durable));
                }
                Err(_) => {
                    medium.heal();
                    if store.in_transaction() {
                        must(store.rollback());
                    }
                    assert_eq!(&contents(&mut store), &self.states[self.states.len() - 1]);
                }
            }
            medium.heal();
            self.crash_at(&medium);
        }
        self.summary.faults += medium.faults();
        if self.random.one_in(2) {
            must(store.close());
            self.crash_at(&medium);
        }
        CrashMedium::new(medium.current())
    }

    /// Opens again after an unknown outcome: the old state, or the new one.
    fn reopen(&mut self, medium: &CrashMedium, state: Map, durable: u64) -> CrashStore {
        let mut store = must(self.open(medium.clone()));
        let found = contents(&mut store);
        let number = number_of(&found);
        self.states.push(state);
        assert!(number >= durable && number < self.states.len() as u64);
        assert_eq!(found, self.states[number as usize]);
        self.states.truncate(number as usize + 1);
        store
    }

    /// A state that may follow state `from`.
    fn change(&mut self, from: usize) -> Map {
        let mut map = self.states[from].clone();
        let large = self.random.one_in(6);
        for _ in 0..1 + self.random.below(if large { 60 } else { 6 }) {
            let bytes = 1 + self.random.below(8);
            let key = self.random.bytes(bytes, 5);
            if self.random.one_in(3) {
                map.remove(&key);
            } else {
                let most = if self.random.one_in(10) { self.options.page_bytes * 3 } else { 40 };
                let bytes = self.random.below(most);
                map.insert(key, self.random.bytes(bytes, 256));
            }
        }
        map.insert(NUMBER.to_vec(), (from as u64 + 1).to_le_bytes().to_vec());
        map
    }

    /// Brings the store from the last state to `state` and commits.
    fn transaction(&mut self, store: &mut CrashStore, state: &Map) -> Result<(), Error> {
        let from = &self.states[self.states.len() - 1];
        store.begin()?;
        for key in from.keys().filter(|key| !state.contains_key(*key)) {
            store.delete(key)?;
        }
        if self.random.one_in(3) {
            // Work that is undone must leave no trace.
            let savepoint = store.savepoint()?;
            for index in 0..self.random.below(20) as u8 {
                store.put(&[index], &[index; 30])?;
            }
            store.rollback_to(savepoint)?;
        }
        for (key, value) in state {
            if from.get(key) != Some(value) {
                store.put(key, value)?;
            }
        }
        let relaxed = self.random.one_in(4);
        store.commit(if relaxed { Durability::Relaxed } else { Durability::Strict })?;
        Ok(())
    }

    /// Recovers what a crash may leave at each sync point since the last call.
    fn crash_at(&mut self, medium: &CrashMedium) {
        for snapshot in medium.take_snapshots() {
            self.summary.sync_points += 1;
            for image in snapshot.images(12, &mut self.random) {
                self.recover(image, snapshot.mark, true);
            }
        }
    }

    fn recover(&mut self, image: Image, (oldest, newest): (u64, u64), deeper: bool) {
        self.summary.images += 1;
        let medium = CrashMedium::new(image);
        let again = deeper && self.random.one_in(8);
        if again {
            medium.record();
        }
        let mut store = must(self.open(medium.clone()));
        let report = must(store::verify(store.storage()));
        assert!(report.is_sound(), "{report}");
        let found = contents(&mut store);
        let number = number_of(&found);
        assert!(number >= oldest, "state {number} is older than the durable {oldest}");
        assert!(number <= newest, "state {number} was never committed");
        self.summary.newer += u64::from(number > oldest);
        if let Some(state) = self.states.get(number as usize) {
            assert_eq!(&found, state);
        }
        if again {
            for snapshot in medium.take_snapshots() {
                for image in snapshot.images(4, &mut self.random) {
                    self.summary.recovery_images += 1;
                    self.recover(image, (number, number), false);
                }
            }
        }
        if self.random.one_in(4) {
            must(store.begin());
            must(store.put(b"after", b"the crash"));
            must(store.commit(Durability::Strict));
            let mut store = must(self.open(CrashMedium::new(medium.current())));
            assert!(must(store.contains(b"after")));
        }
    }
}
