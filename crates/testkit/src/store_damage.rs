//! Damaged stores whose checksums are right: wrong answers are possible, panics are not.

use crate::random::Random;
use store::{Cursor, Durability, Error, MemoryStorage, Options, Store};
use xxhash_rust::xxh64::xxh64;

/// What a campaign covered.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Stores damaged and used.
    pub stores: u64,
    /// Stores in which an operation reported damage.
    pub reported: u64,
    /// Stores in which `verify` found something.
    pub found: u64,
}

/// Damages and uses `stores` stores.
pub fn run(stores: u64, seed: u64) -> Summary {
    let mut random = Random::new(seed);
    let mut summary = Summary::default();
    while summary.stores < stores {
        let page_bytes = [256, 512][random.below(2)];
        let sound = build(&mut random, page_bytes).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..40 {
            let mut bytes = sound.clone();
            damage(&mut random, &mut bytes, page_bytes);
            summary.stores += 1;
            let mut storage = MemoryStorage::from_bytes(page_bytes, bytes);
            let found = store::verify(&mut storage).map_or(true, |report| !report.is_sound());
            summary.found += u64::from(found);
            summary.reported += u64::from(exercise(&mut random, storage).is_err());
        }
    }
    summary
}

/// Writes the checksum of a page as the format document describes it.
pub fn seal(page: &mut [u8], id: u32) {
    let mut first = [0; 8];
    first.copy_from_slice(&page[..8]);
    let twice = u64::from(id) << 32 | u64::from(id);
    let seed = u64::from_le_bytes(first) ^ twice.rotate_left(17);
    let checksum = xxh64(&page[16..], seed);
    page[8..16].copy_from_slice(&checksum.to_le_bytes());
}

fn build(random: &mut Random, page_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut store = Store::open(MemoryStorage::new(page_bytes), Options::default())?;
    store.begin()?;
    for _ in 0..1 + random.below(400) {
        let bytes = random.below(20);
        let key = random.bytes(bytes, 3);
        let most = if random.one_in(8) { page_bytes * 3 } else { 30 };
        let bytes = random.below(most);
        store.put(&key, &random.bytes(bytes, 256))?;
        if random.one_in(3) {
            let bytes = random.below(20);
            store.delete(&random.bytes(bytes, 3))?;
        }
    }
    store.commit(Durability::Strict)?;
    Ok(store.close()?.as_bytes().to_vec())
}

/// Changes a few bytes, most of them where they hurt, and repairs the checksums.
fn damage(random: &mut Random, bytes: &mut [u8], page_bytes: usize) {
    let pages = bytes.len() / page_bytes;
    for _ in 0..1 + random.below(3) {
        let id = if random.one_in(6) { 0 } else { random.below(pages) };
        let page = &mut bytes[id * page_bytes..(id + 1) * page_bytes];
        for _ in 0..1 + random.below(3) {
            let at = match random.below(4) {
                0 => random.below(8),
                1 => 24 + random.below(8),
                2 => 32 + random.below(40),
                _ => random.below(page_bytes),
            };
            page[at] = match random.below(4) {
                0 => random.below(256) as u8,
                1 => page[at].wrapping_add(1),
                2 => page[at].wrapping_sub(1),
                _ => random.below(pages) as u8,
            };
        }
        // Numbers of transactions far ahead would only be refused.
        page[18..24].fill(0);
        seal(page, id as u32);
    }
}

fn exercise(random: &mut Random, storage: MemoryStorage) -> Result<(), Error> {
    let cache_bytes = 2048;
    let mut store = Store::open(storage, Options { cache_bytes, ..Options::default() })?;
    let mut value = Vec::new();
    let mut result = Ok(());
    for _ in 0..30 {
        if !store.in_transaction() {
            store.begin()?;
        }
        let step = step(random, &mut store, &mut value);
        if let Err(error) = step {
            let known = error.is_corrupt() || error.is_too_large() || error.is_rollback_required();
            assert!(known, "{error}");
            result = Err(error);
            store.rollback()?;
        }
    }
    if store.in_transaction() {
        store.commit(Durability::Strict)?;
    }
    result
}

fn step(
    random: &mut Random,
    store: &mut Store<MemoryStorage>,
    value: &mut Vec<u8>,
) -> Result<(), Error> {
    let bytes = random.below(20);
    let key = random.bytes(bytes, 3);
    match random.below(8) {
        0..3 => {
            let bytes = random.below(300);
            store.put(&key, &random.bytes(bytes, 256))?;
        }
        3..5 => {
            store.delete(&key)?;
        }
        5 => {
            store.get(&key, value)?;
            store.estimate(&key, Some(b"b"))?;
        }
        6 => {
            let mut cursor = Cursor::new();
            let mut there = cursor.seek(store, &key)?;
            for _ in 0..60 {
                if there {
                    cursor.value(store, value)?;
                    let on = !random.one_in(4);
                    there = if on { cursor.next(store)? } else { cursor.previous(store)? };
                }
            }
            cursor.last(store)?;
        }
        _ => {
            store
                .delete_range(&key, Some(b"bbbbbb").filter(|_| random.one_in(2)).map(|b| &b[..]))?;
        }
    }
    Ok(())
}
