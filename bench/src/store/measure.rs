//! The operations, in the order in which every runner measures them.

use super::{Kind, Subject, floor, key_of};
use anyhow::{Result, ensure};
use cpu_time::ProcessTime;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// One-operation commits that are measured, durable or not.
const COMMITS: u32 = 200;
/// Durable commits, each beside the same bytes written raw.
const DURABLE: u32 = 200;
/// Ranges that are read.
const RANGES: u32 = 200;
/// Most records that are read one by one, and that are changed.
const READS_MAX: u32 = 20_000;
const UPDATES_MAX: u32 = 100_000;

/// Microseconds of each operation, one sample per round; of CPU time but where the name says wall.
pub type Samples = BTreeMap<&'static str, Vec<f64>>;

struct Round<'a> {
    subject: Box<dyn Subject>,
    records: u32,
    samples: &'a mut Samples,
}

/// Runs all rounds, each on a new store, and gives the version and the samples.
pub fn all(kind: &Kind, records: u32, rounds: u32, folder: &Path) -> Result<(String, Samples)> {
    let mut samples = Samples::new();
    let mut version = String::new();
    for round in 0..rounds {
        let folder = folder.join(round.to_string());
        std::fs::create_dir_all(&folder)?;
        let subject = (kind.open)(&folder)?;
        version = subject.version();
        let mut round = Round { subject, records, samples: &mut samples };
        round.fill_and_read()?;
        round.change()?;
        if kind.in_file {
            round.durable(&folder)?;
        }
        round.shrink()?;
        round.subject.close()?;
        std::fs::remove_dir_all(&folder)?;
        if kind.in_file {
            open(kind, records, &folder, &mut samples)?;
        }
    }
    Ok((version, samples))
}

/// Every record once, in an order that has nothing to do with that of the keys.
fn order(records: u32) -> impl Iterator<Item = u32> + Clone {
    let step = (1..).map(|add| 7919 + add).find(|&step| greatest_divisor(step, records) == 1);
    let step = u64::from(step.unwrap_or(1));
    (0..records).map(move |index| (u64::from(index) * step % u64::from(records)) as u32)
}

fn greatest_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

impl Round<'_> {
    fn cpu<T>(
        &mut self,
        name: &'static str,
        count: u32,
        part: impl FnOnce(&mut dyn Subject) -> Result<T>,
    ) -> Result<T> {
        let start = ProcessTime::now();
        let result = part(&mut *self.subject)?;
        let took = start.elapsed().as_secs_f64() * 1e6 / f64::from(count);
        self.samples.entry(name).or_default().push(took);
        Ok(result)
    }

    fn fill_and_read(&mut self) -> Result<()> {
        let records = self.records;
        self.cpu("insert", records, |subject| subject.put(&mut (0..records), false))?;
        let reads = READS_MAX.min(records);
        let mut keys = order(records).take(reads as usize);
        let sum = self.cpu("get", reads, |subject| subject.get(&mut keys))?;
        ensure!(sum == 7 * u64::from(reads), "{} of {reads} were read", sum / 7);
        let sum = self.cpu("scan", records, |subject| subject.range([0; 8], u32::MAX))?;
        ensure!(sum == 7 * u64::from(records), "{} records were walked", sum / 7);
        let ranges = RANGES.min(records);
        self.cpu("range of 100", ranges, |subject| {
            let mut starts = order(records).take(ranges as usize);
            starts.try_for_each(|index| subject.range(key_of(index), 100).map(drop))
        })
    }

    fn change(&mut self) -> Result<()> {
        let records = self.records;
        let updates = UPDATES_MAX.min(records);
        let mut keys = order(records).take(updates as usize);
        self.cpu("update", updates, |subject| subject.put(&mut keys, false))?;
        self.cpu("commit of 1, CPU", COMMITS, |subject| {
            let mut keys = order(records).cycle().take(COMMITS as usize);
            keys.try_for_each(|index| subject.put(&mut std::iter::once(index), false))
        })
    }

    /// Durable commits, and the floor under each, in turns.
    fn durable(&mut self, folder: &Path) -> Result<()> {
        let mut raw = floor::Floor::new(&folder.join("raw"))?;
        let mut keys = order(self.records).cycle();
        let (mut commits, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..DURABLE {
            let start = Instant::now();
            self.subject.put(&mut keys.by_ref().take(1), true)?;
            commits.push(start.elapsed().as_secs_f64() * 1e6);
            let start = Instant::now();
            raw.write()?;
            floors.push(start.elapsed().as_secs_f64() * 1e6);
        }
        self.samples.entry("commit of 1, durable").or_default().push(floor::median(&mut commits));
        self.samples.entry("the same bytes raw").or_default().push(floor::median(&mut floors));
        for (name, count) in [("batch of 1,000", 1000), ("batch of 10,000", 10_000)] {
            // A batch adds records beyond the others, which are taken away again.
            let start = Instant::now();
            let new = self.records..self.records + count;
            self.subject.put(&mut new.clone(), true)?;
            let took = start.elapsed().as_secs_f64() * 1e6;
            self.samples.entry(name).or_default().push(took);
            self.subject.delete(&mut new.clone())?;
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<()> {
        let half = self.records / 2;
        self.cpu("delete", half, |subject| subject.delete(&mut (0..half)))
    }
}

/// Opening a store of `records` up to the first record read.
fn open(kind: &Kind, records: u32, folder: &Path, samples: &mut Samples) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut subject = (kind.open)(folder)?;
    subject.put(&mut (0..records), true)?;
    subject.close()?;
    for _ in 0..5 {
        let start = Instant::now();
        let mut subject = (kind.open)(folder)?;
        ensure!(subject.get(&mut std::iter::once(records / 2))? == 7, "a record is missing");
        let took = start.elapsed().as_secs_f64() * 1e6;
        samples.entry("open to first read").or_default().push(took);
        subject.close()?;
    }
    Ok(std::fs::remove_dir_all(folder)?)
}
