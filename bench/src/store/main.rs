//! Measures one store natively at one number of records and prints, as one line of JSON, what each
//! operation took: `store-bench SUBJECT RECORDS ROUNDS FOLDER`.
#![forbid(unsafe_code)]

mod floor;
mod measure;
mod moonkeep;
mod redb;
mod sqlite;

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of every value.
pub const VALUE_BYTES: usize = 100;

/// A value that differs from those before: some stores write nothing where nothing changes.
pub fn next_value() -> [u8; VALUE_BYTES] {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut value = [7; VALUE_BYTES];
    value[1..5].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    value
}

/// The key of a record: spread over the whole range, so that they come in random order.
pub fn key_of(index: u32) -> [u8; 8] {
    u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()
}

/// A store under measurement. Every method that changes something is one transaction.
pub trait Subject {
    /// Name and version.
    fn version(&self) -> String;
    /// Puts the records `from..to`, durable at the end if `durable`.
    fn put(&mut self, keys: &mut dyn Iterator<Item = u32>, durable: bool) -> Result<()>;
    /// Reads records one by one; the sum of their first bytes.
    fn get(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<u64>;
    /// Reads up to `most` records in order from a key on; the sum of their first bytes.
    fn range(&mut self, from: [u8; 8], most: u32) -> Result<u64>;
    /// Deletes records.
    fn delete(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<()>;
    /// Closes the store in an orderly way.
    fn close(self: Box<Self>) -> Result<()>;
}

/// A way to open a store.
pub struct Kind {
    /// Opens the store in a folder, a new one if there is none.
    pub open: fn(&Path) -> Result<Box<dyn Subject>>,
    /// Whether it is in a file, so that there is something to be durable.
    pub in_file: bool,
}

const KINDS: [(&str, Kind); 6] = [
    ("moonkeep-memory", Kind { open: moonkeep::in_memory, in_file: false }),
    ("moonkeep-file", Kind { open: moonkeep::in_file, in_file: true }),
    ("redb-memory", Kind { open: redb::in_memory, in_file: false }),
    ("redb-file", Kind { open: redb::in_file, in_file: true }),
    ("sqlite-memory", Kind { open: sqlite::in_memory, in_file: false }),
    ("sqlite-file", Kind { open: sqlite::in_file, in_file: true }),
];

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, records, rounds, folder] = words.as_slice() else {
        bail!("usage: store-bench SUBJECT RECORDS ROUNDS FOLDER");
    };
    let Some((_, kind)) = KINDS.iter().find(|(known, _)| known == name) else {
        bail!("no store `{name}`");
    };
    let records = records.parse().context("RECORDS")?;
    let rounds = rounds.parse().context("ROUNDS")?;
    let (version, samples) = measure::all(kind, records, rounds, Path::new(folder))?;
    let line = serde_json::json!({ "version": version, "samples": samples });
    Ok(line.to_string())
}
