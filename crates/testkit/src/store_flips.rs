//! Changed bytes in the files of a store: each is detected or harmless.

use crate::crash::{CrashMedium, Image};
use crate::random::Random;
use std::collections::BTreeMap;
use store::{Cursor, Durability, Error, LogOptions, LogStorage, Options, Store};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a campaign covered.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Bytes changed, one at a time.
    pub flips: u64,
    /// Changes that an error told of.
    pub detected: u64,
    /// Changes after which everything was there as before.
    pub harmless: u64,
}

/// A store's files with what is in them.
struct Case {
    image: Image,
    options: LogOptions,
    expected: Map,
    /// What may be found instead: with power lost right after the last sync, a byte changed in
    /// the last transaction's records looks like a commit that did not end.
    tolerated: Option<Map>,
}

/// Changes at least `flips` bytes, in stores that were closed, in stores whose process died, and
/// in stores that lost power.
///
/// # Panics
/// At the first changed byte that goes unnoticed and matters.
pub fn run(flips: u64, seed: u64) -> Summary {
    let mut random = Random::new(seed);
    let mut total = Summary::default();
    while total.flips < flips {
        let case = build(&mut random);
        let bytes = case.bytes();
        for _ in 0..bytes.min(400) {
            let at = random.below(bytes);
            case.flip(at, 1 + random.below(255) as u8, &mut total);
        }
    }
    total
}

/// Changes every byte of `stores` stores in turn, by one bit.
///
/// # Panics
/// At the first changed byte that goes unnoticed and matters.
pub fn run_every_byte(stores: u64, seed: u64) -> Summary {
    let mut random = Random::new(seed);
    let mut total = Summary::default();
    for _ in 0..stores {
        let case = build(&mut random);
        for at in 0..case.bytes() {
            case.flip(at, 1 << (at % 8), &mut total);
        }
    }
    total
}

impl Case {
    fn bytes(&self) -> usize {
        self.image[0].len() + self.image[1].len()
    }

    /// Changes the byte at a place of the pages, or beyond them in the log, by some bits.
    fn flip(&self, at: usize, bits: u8, total: &mut Summary) {
        let mut changed = self.image.clone();
        let pages = self.image[0].len();
        let byte = match at.checked_sub(pages) {
            None => &mut changed[0][at],
            Some(at) => &mut changed[1][at],
        };
        *byte ^= bits;
        total.flips += 1;
        match read(changed, self.options) {
            Ok(found) => {
                let right = found == self.expected || Some(&found) == self.tolerated.as_ref();
                assert!(right, "bits {bits:#x} at {at}, of {pages} of pages: wrong data");
                total.harmless += 1;
            }
            Err(error) => {
                let told = error.is_corrupt() || error.is_foreign() || error.is_newer_version();
                assert!(told, "bits {bits:#x} at {at}, of {pages} of pages: {error}");
                total.detected += 1;
            }
        }
    }
}

fn build(random: &mut Random) -> Case {
    let options = LogOptions {
        page_bytes: [256, 512, 1024][random.below(3)],
        buffer_pages: 1 + random.below(8),
        places: random.below(20),
        checkpoint_bytes: 1000 + random.below(30_000) as u64,
    };
    let medium = CrashMedium::default();
    let (mut map, mut previous) = (Map::new(), Map::new());
    let mut store = open(medium.clone(), options).unwrap_or_else(|error| panic!("{error}"));
    let mut fill = || -> Result<(), Error> {
        for _ in 0..1 + random.below(6) {
            previous = map.clone();
            store.begin()?;
            for _ in 0..1 + random.below(20) {
                let bytes = random.below(9);
                let key = random.bytes(bytes, 4);
                let bytes = random.below(options.page_bytes * 2);
                let value = random.bytes(bytes, 256);
                store.put(&key, &value)?;
                map.insert(key, value);
                if let Some((key, _)) = map.iter().next().filter(|_| random.one_in(4)) {
                    let key = key.clone();
                    store.delete(&key)?;
                    map.remove(&key);
                }
            }
            store.commit(Durability::Strict)?;
        }
        Ok(())
    };
    fill().unwrap_or_else(|error| panic!("{error}"));
    let end = random.below(3);
    if end == 0 {
        store.close().map(drop).unwrap_or_else(|error| panic!("{error}"));
    }
    let image = if end == 1 { medium.durable() } else { medium.current() };
    Case { image, options, expected: map, tolerated: (end == 1).then_some(previous) }
}

fn open(medium: CrashMedium, options: LogOptions) -> Result<Store<LogStorage<CrashMedium>>, Error> {
    let storage = LogStorage::open(medium, options)?;
    Store::open(storage, Options { cache_bytes: 8 * options.page_bytes, ..Options::default() })
}

/// Everything in a store, the report of `verify` having to agree that it is sound if it is.
fn read(image: Image, options: LogOptions) -> Result<Map, Error> {
    let mut store = open(CrashMedium::new(image), options)?;
    let report = store::verify(store.storage())?;
    let found = scan(&mut store);
    if let Some(problem) = report.problems.first() {
        assert!((problem.offset as usize) < options.page_bytes);
    }
    assert!(found.is_ok() || !report.is_sound(), "verify overlooked what a scan met");
    found
}

fn scan(store: &mut Store<LogStorage<CrashMedium>>) -> Result<Map, Error> {
    let mut cursor = Cursor::new();
    let mut map = Map::new();
    let mut there = cursor.first(store)?;
    while there {
        let mut value = Vec::new();
        cursor.value(store, &mut value)?;
        map.insert(cursor.key().to_vec(), value);
        there = cursor.next(store)?;
    }
    Ok(map)
}
