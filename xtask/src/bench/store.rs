//! `cargo xtask bench store`: Moonkeep's store beside others, natively, in Node and in Chromium.
//!
//! Every store and number of records is a process of its own, which measures several rounds on new
//! stores. The stores take turns, so that a machine that drifts slows all of them.

use super::store_report;
use crate::run::{cmd, output, run};
use crate::{tools, wasm};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const RESULTS: &str = "bench/results/store.md";
const NATIVE: &str = "target/release/store-bench";
/// What the stores write goes here, and is deleted.
const FOLDER: &str = "target/store-bench";

/// Where a store runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    Native,
    Node,
    Chromium,
}

/// A store under measurement.
pub struct Subject {
    pub place: Place,
    /// How its runner calls it.
    pub name: &'static str,
    /// Title in the tables.
    pub title: &'static str,
    /// Most records that it is measured with.
    records_max: u32,
}

const MILLION: u32 = 1_000_000;

const fn subject(place: Place, name: &'static str, title: &'static str, most: u32) -> Subject {
    Subject { place, name, title, records_max: most }
}

pub const SUBJECTS: [Subject; 19] = [
    subject(Place::Native, "moonkeep-memory", "Moonkeep, memory", MILLION),
    subject(Place::Native, "redb-memory", "redb, memory", MILLION),
    subject(Place::Native, "sqlite-memory", "SQLite, memory", MILLION),
    subject(Place::Native, "moonkeep-file", "Moonkeep, file", MILLION),
    subject(Place::Native, "redb-file", "redb, file", MILLION),
    subject(Place::Native, "sqlite-file", "SQLite, file", MILLION),
    subject(Place::Node, "moonkeep-memory", "Moonkeep, memory", MILLION),
    subject(Place::Node, "sqlite-memory", "SQLite, memory", MILLION),
    subject(Place::Node, "loki", "LokiJS", 100_000),
    subject(Place::Node, "map", "Map through imports", MILLION),
    subject(Place::Node, "moonkeep-file", "Moonkeep, file", MILLION),
    subject(Place::Chromium, "moonkeep-memory", "Moonkeep, memory", MILLION),
    subject(Place::Chromium, "sqlite-memory", "SQLite, memory", MILLION),
    subject(Place::Chromium, "loki", "LokiJS", 100_000),
    subject(Place::Chromium, "map", "Map through imports", MILLION),
    subject(Place::Chromium, "moonkeep-opfs", "Moonkeep, OPFS", MILLION),
    subject(Place::Chromium, "sqlite-opfs", "SQLite, OPFS", MILLION),
    subject(Place::Chromium, "moonkeep-indexeddb", "Moonkeep, IndexedDB", MILLION),
    subject(Place::Chromium, "dexie", "Dexie, IndexedDB", 100_000),
];

/// What a process measured.
#[derive(Default)]
pub struct Measured {
    pub version: String,
    pub browser: String,
    /// Bytes of the linear memory, of a store in wasm.
    pub memory_bytes: Option<u64>,
    /// Microseconds by operation.
    pub samples: BTreeMap<String, Vec<f64>>,
}

/// What was measured, by place, number of records and the store's name.
pub type Results = BTreeMap<(Place, u32), BTreeMap<&'static str, Measured>>;

/// Measures everything and writes the results file, anew after each size, so that a run that is cut
/// off leaves what it has. With `--quick`, small stores and few rounds, and nothing is written.
pub fn command(words: &[String]) -> Result<()> {
    let quick = match words {
        [] => false,
        [word] if word == "--quick" => true,
        _ => bail!("usage: cargo xtask bench store [--quick]"),
    };
    prepare()?;
    let sizes: &[(u32, u32)] = match quick {
        true => &[(1000, 2), (10_000, 2)],
        false => &[(1000, 5), (10_000, 5), (100_000, 2), (MILLION, 1)],
    };
    let mut results = Results::new();
    for &(records, rounds) in sizes {
        for subject in SUBJECTS.iter().filter(|subject| records <= subject.records_max) {
            let measured = measure(subject, records, rounds)
                .with_context(|| format!("{:?}, {}, {records}", subject.place, subject.name))?;
            println!("{}", store_report::line(subject, records, &measured));
            let results = results.entry((subject.place, records)).or_default();
            results.insert(subject.name, measured);
        }
        if !quick {
            std::fs::write(RESULTS, store_report::text(&results)?)?;
            println!("\n{RESULTS} has the stores of up to {records} records\n");
        }
    }
    print!("\n{}", store_report::text(&results)?);
    Ok(())
}

/// Builds and installs what is measured.
fn prepare() -> Result<()> {
    run(&mut cmd("cargo build --release --package moonkeep-bench --bin store-bench"))?;
    tools::npm("bench/peers")?;
    tools::npm("js")?;
    tools::apt("chromium", "chromium")?;
    wasm::store()?;
    run(&mut cmd("node bench/peers/store/build.mjs"))
}

/// One process.
fn measure(subject: &Subject, records: u32, rounds: u32) -> Result<Measured> {
    let mut command = match subject.place {
        Place::Native => Command::new(NATIVE),
        Place::Node => cmd("node bench/peers/dist/node.mjs"),
        Place::Chromium => cmd("node bench/peers/store/chromium.mjs"),
    };
    if Path::new(FOLDER).exists() {
        std::fs::remove_dir_all(FOLDER)?;
    }
    std::fs::create_dir_all(FOLDER)?;
    command.args([subject.name, &records.to_string(), &rounds.to_string(), FOLDER]);
    let text = output(&mut command)?;
    std::fs::remove_dir_all(FOLDER)?;
    let value: Value = serde_json::from_str(text.trim()).context("the runner's answer")?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut measured = Measured {
        version: text("version"),
        browser: text("browser"),
        memory_bytes: value["memoryBytes"].as_u64(),
        samples: BTreeMap::new(),
    };
    for (name, samples) in value["samples"].as_object().context("samples")? {
        let samples = samples.as_array().into_iter().flatten().filter_map(Value::as_f64);
        measured.samples.insert(name.clone(), samples.collect());
    }
    Ok(measured)
}
