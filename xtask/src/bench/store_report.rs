//! The results file of the stores: tables by place and number of records, and the targets.

use super::report::{machine_and, median};
use super::store::{Measured, Place, Results, SUBJECTS, Subject};
use crate::run::{cmd, output};
use crate::wasm;
use anyhow::{Context, Result};
use std::fmt::Write;

/// The operations in the order of the tables, as the runners call them.
const OPERATIONS: [&str; 14] = [
    "insert",
    "get",
    "scan",
    "range of 100",
    "update",
    "delete",
    "commit of 1, CPU",
    "commit of 1, durable",
    "the same bytes raw",
    "batch of 1,000",
    "batch of 10,000",
    "open to first read",
    "of that, after the files are open",
    "linear memory, KiB",
];

/// How the tables are to be read.
const NOTES: &str = "\
`cargo xtask bench store` writes this file. Medians in microseconds, for each operation; a \
batch, an opening and a range as a whole. The records have keys of 8 bytes, spread so that they \
come in random order, and values of 100 bytes that change with every write.

- *insert*, *update* (of at most 100,000 records), *delete* (of half): one transaction each, its \
commit included, nothing waited for. *get*: at most 20,000 records in random order, each value \
read. *scan*: all records in order, every value read. *batch*: that many new records in one \
durable transaction. Up to 100,000 records, engines of JavaScript have one round more to warm \
up.
- CPU time of all threads of the process natively and in Node; in Chromium there is no such \
clock, so that all times are wall time. Durable commits, batches and openings are wall time \
everywhere.
- *the same bytes raw*: what a durable commit of Moonkeep writes (two pages with the heads of \
their records to the log; to IndexedDB an extent of 64 KiB and a page), written to the same medium \
without a store, in turns with the commits.
- Moonkeep's store stands alone, without the VM, with its default cache of 256 KiB. The others \
have the caches that they have by default: redb 1 GiB, SQLite 2 MB (wasm: 16 MB), LokiJS and Map \
everything.
- Durable means the same everywhere: on the medium (redb Immediate; SQLite synchronous FULL, \
with its write-ahead log natively; IndexedDB strict). Dexie is strict in every commit, because \
it sets that for the whole database.

What a peer cannot do is a dash: LokiJS and Map have no transactions and no durable commit \
(LokiJS writes the whole database at once), Map has no order, SQLite's wasm build has no file in \
Node, Dexie needs IndexedDB, which Node lacks. LokiJS and Dexie are measured up to 100,000 \
records.
";

/// One line of progress.
pub fn line(subject: &Subject, records: u32, measured: &Measured) -> String {
    let mut text = format!("{:?} {} {records}:", subject.place, subject.title);
    for name in ["get", "update", "commit of 1, durable"] {
        if let Some(value) = value(measured, name) {
            let _ = write!(text, " {name} {}", number(value));
        }
    }
    text
}

/// The whole results file.
pub fn text(results: &Results) -> Result<String> {
    let mut text = format!("# The store beside others\n\n{NOTES}\n");
    let mut versions: Vec<&str> = Vec::new();
    let mut browser = String::new();
    for measured in results.values().flat_map(|stores| stores.values()) {
        if !versions.contains(&measured.version.as_str()) {
            versions.push(&measured.version);
        }
        if !measured.browser.is_empty() {
            browser = format!("Chromium {}", measured.browser);
        }
    }
    versions.push(&browser);
    text.push_str(&machine_and(&versions)?);
    text.push_str(&targets(results)?);
    for &(place, records) in results.keys() {
        let _ = writeln!(text, "\n## {place:?}, {records} records\n");
        text.push_str(&table(results, place, records));
    }
    Ok(text)
}

fn value(measured: &Measured, name: &str) -> Option<f64> {
    if name == "linear memory, KiB" {
        return measured.memory_bytes.map(|bytes| bytes as f64 / 1024.0);
    }
    measured.samples.get(name).map(|samples| median(samples))
}

/// A number with three digits that mean something.
fn number(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => {
            let digits = format!("{value:.0}");
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
    }
}

fn table(results: &Results, place: Place, records: u32) -> String {
    let Some(stores) = results.get(&(place, records)) else { return String::new() };
    let subjects = SUBJECTS.iter().filter(|subject| subject.place == place);
    let shown: Vec<_> =
        subjects.filter_map(|subject| Some((subject.title, stores.get(subject.name)?))).collect();
    let titles: Vec<&str> = shown.iter().map(|(title, _)| *title).collect();
    let mut text =
        format!("| operation | {} |\n|---|{}\n", titles.join(" | "), "---:|".repeat(shown.len()));
    for name in OPERATIONS {
        let values: Vec<_> = shown.iter().map(|(_, measured)| value(measured, name)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(text, "| {name} |");
        for value in values {
            let _ = write!(text, " {} |", value.map_or("-".to_owned(), number));
        }
        text.push('\n');
    }
    text
}

/// A target of the store: a figure in the results and what it has to stay under.
struct Target {
    what: &'static str,
    place: Place,
    store: &'static str,
    records: u32,
    operation: &'static str,
    /// What the figure is divided by, if it is a ratio.
    over: Option<&'static str>,
    limit: f64,
}

const fn target(what: &'static str, operation: &'static str, limit: f64) -> Target {
    Target {
        what,
        place: Place::Node,
        store: "moonkeep-memory",
        records: 10_000,
        operation,
        over: None,
        limit,
    }
}

const fn durable(what: &'static str, place: Place, store: &'static str) -> Target {
    let over = Some("the same bytes raw");
    Target { place, store, over, ..target(what, "commit of 1, durable", 1.2) }
}

const fn opening(
    what: &'static str,
    place: Place,
    store: &'static str,
    operation: &'static str,
) -> Target {
    Target { place, store, records: 100_000, ..target(what, operation, 5000.0) }
}

const OPEN: &str = "open to first read";
const OPENED: &str = "of that, after the files are open";

const TARGETS: [Target; 15] = [
    target("get, wasm, 10,000 records, us", "get", 1.2),
    target("sequential read, us", "scan", 0.3),
    target("put of a new record in an open transaction, us", "insert", 2.0),
    target("put of another value, us", "update", 2.0),
    target("one-operation commit, us of CPU", "commit of 1, CPU", 8.0),
    durable("durable commit over raw bytes, file, native", Place::Native, "moonkeep-file"),
    durable("durable commit over raw bytes, file, Node", Place::Node, "moonkeep-file"),
    durable("durable commit over raw bytes, OPFS", Place::Chromium, "moonkeep-opfs"),
    durable("durable commit over raw bytes, IndexedDB", Place::Chromium, "moonkeep-indexeddb"),
    opening("open, 100,000 records, native, us", Place::Native, "moonkeep-file", OPEN),
    opening("open, 100,000 records, Node, us", Place::Node, "moonkeep-file", OPEN),
    opening("open, 100,000 records, OPFS, us", Place::Chromium, "moonkeep-opfs", OPEN),
    opening("of that, with the files open, us", Place::Chromium, "moonkeep-opfs", OPENED),
    Target {
        records: 1_000_000,
        ..target("linear memory, 1,000,000 records in memory, KiB", "linear memory, KiB", 511.9)
    },
    Target {
        records: 1_000_000,
        store: "moonkeep-file",
        ..target("linear memory, 1,000,000 records in a file, KiB", "linear memory, KiB", 511.9)
    },
];

fn targets(results: &Results) -> Result<String> {
    let mut text =
        String::from("\n## Targets\n\n| what | target | reached | |\n|---|---:|---:|---|\n");
    for target in &TARGETS {
        let measured = results
            .get(&(target.place, target.records))
            .and_then(|stores| stores.get(target.store));
        let reached = measured.and_then(|measured| {
            let divisor = target.over.map_or(Some(1.0), |over| value(measured, over))?;
            Some(value(measured, target.operation)? / divisor)
        });
        let verdict = match reached {
            None => "not measured",
            Some(reached) if reached <= target.limit => "reached",
            Some(_) => "missed",
        };
        let figure = reached.map_or("-".to_owned(), number);
        let limit = number(target.limit);
        let _ = writeln!(text, "| {} | {limit} | {figure} | {verdict} |", target.what);
    }
    text.push_str("\nThe module of the store alone, with the allocator and the words of errors; ");
    text.push_str("the target is 40 KB, gzipped 16: ");
    let line = output(cmd("node xtask/npm/size.mjs").arg(wasm::STORE_MODULE))?;
    let size: serde_json::Value = serde_json::from_str(&line).context("size.mjs")?;
    let _ = writeln!(text, "{} bytes, gzipped {}.", size["raw"], size["gzip"]);
    Ok(text)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn numbers_have_digits_that_mean_something() {
        assert_eq!(number(0.1234), "0.12");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(123.4), "123");
        assert_eq!(number(1_234_567.0), "1,234,567");
    }

    #[test]
    fn tables_show_what_was_measured_and_dashes_elsewhere() {
        let mut results = Results::new();
        let stores = results.entry((Place::Node, 1000)).or_default();
        let mut measured = Measured::default();
        measured.samples.insert("get".to_owned(), vec![3.0, 1.0, 2.0]);
        stores.insert("moonkeep-memory", measured);
        let mut measured = Measured::default();
        measured.samples.insert("insert".to_owned(), vec![7.0]);
        stores.insert("map", measured);
        let text = table(&results, Place::Node, 1000);
        assert!(text.contains("| get | 2.00 | - |"), "{text}");
        assert!(text.contains("| insert | - | 7.00 |"), "{text}");
        assert!(!text.contains("scan"), "{text}");
    }
}
