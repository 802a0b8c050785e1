//! Times of the store's operations on records of 100 bytes: `figures [RECORDS] [FILE]`.
//!
//! Without a file the pages are in memory, which shows what the store itself costs; the figures
//! are nanoseconds of processor and waiting time for each operation, the best of several rounds.

use std::time::Instant;
use store::{Cursor, Durability, Error, MemoryStorage, Options, Storage, Store};

const VALUE_BYTES: usize = 100;

/// The key of the record at `index`, spread over the whole range.
fn key_of(index: u32) -> [u8; 8] {
    u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()
}

/// Nanoseconds of each of `count` runs of a part.
fn time<T>(count: u32, mut part: impl FnMut(u32) -> Result<T, Error>) -> Result<f64, Error> {
    let start = Instant::now();
    for index in 0..count {
        part(index)?;
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(count))
}

fn show(name: &str, nanoseconds: f64) {
    println!("{name:<34} {nanoseconds:>12.0} ns");
}

fn figures<S: Storage>(store: &mut Store<S>, records: u32) -> Result<(), Error> {
    let value = [7; VALUE_BYTES];
    let mut out = Vec::new();
    store.begin()?;
    show("insert in random order", time(records, |index| store.put(&key_of(index), &value))?);
    let start = Instant::now();
    store.commit(Durability::Strict)?;
    show("commit of all", start.elapsed().as_nanos() as f64);

    let pick = |index: u32| key_of(index.wrapping_mul(2_654_435_761) % records);
    show("get in random order", time(records, |index| store.get(&pick(index), &mut out))?);
    let mut cursor = Cursor::new();
    cursor.first(store)?;
    let scan = time(records, |_| {
        cursor.value(store, &mut out)?;
        cursor.next(store)
    })?;
    show("sequential read", scan);
    let ranges = (records / 100).clamp(1, 1000);
    let range = time(ranges, |index| {
        cursor.seek(store, &pick(index))?;
        for _ in 0..100 {
            cursor.value(store, &mut out)?;
            cursor.next(store)?;
        }
        Ok(())
    })?;
    show("range of 100", range);
    store.begin()?;
    show("update in random order", time(records, |index| store.put(&pick(index), &value))?);
    store.commit(Durability::Strict)?;
    for size in [1, 100, 1000] {
        let commits = (records / size).clamp(1, 300);
        let commit = time(commits, |round| {
            store.begin()?;
            for index in 0..size {
                store.put(&pick(round * size + index), &value)?;
            }
            store.commit(Durability::Strict)
        })?;
        show(&format!("transaction of {size}"), commit);
    }
    store.begin()?;
    show("delete in random order", time(records / 2, |index| store.delete(&key_of(index)))?);
    store.commit(Durability::Strict)?;
    println!("{:?}", store.stats());
    Ok(())
}

/// The time of appending and syncing as many bytes as a transaction of one entry does.
#[cfg(not(target_arch = "wasm32"))]
fn floor(path: &str) {
    use std::io::Write;
    let path = format!("{path}-floor");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&path)?;
        let start = Instant::now();
        for _ in 0..300 {
            file.write_all(&[7; 2 * (4096 + 24) + 24])?;
            file.sync_data()?;
        }
        show("the same bytes, raw", start.elapsed().as_nanos() as f64 / 300.0);
        std::fs::remove_file(&path)
    };
    if let Err(error) = write() {
        println!("{error}");
    }
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let records = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    match arguments.next() {
        #[cfg(not(target_arch = "wasm32"))]
        Some(path) => {
            let open = || store::open_file(&path, store::FileOptions::default());
            let mut store = Store::open(open()?, Options::default())?;
            figures(&mut store, records)?;
            store.close()?;
            let opened = time(1, |_| {
                let mut store = Store::open(open()?, Options::default())?;
                store.get(&key_of(records - 1), &mut Vec::new())?;
                store.close()
            })?;
            show("open, read, close", opened);
            floor(&path);
            Ok(())
        }
        _ => {
            let storage = MemoryStorage::new(store::PAGE_BYTES_DEFAULT);
            figures(&mut Store::open(storage, Options::default())?, records)
        }
    }
}
