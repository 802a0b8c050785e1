//! Medians, ratios and geometric means, as the results file shows them.

use super::{Column, MOONKEEP, MOONKEEP_WASM, PUC, Results, Samples, WASMOON};
use crate::run::{cmd, output};
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Which half of the samples a table shows.
type Pick = fn(&Samples) -> &Vec<f64>;
const COLD: Pick = |samples| &samples.cold;
const WARM: Pick = |samples| &samples.warm;

/// What the ratios are held against.
const TARGETS: &str = "
## Targets

In wasm, over wasmoon: geometric mean at most 0.9 warm and 0.5 cold, no program above 1.5,
coroutines at most 0.1. Natively, over PUC-Rio: geometric mean at most 1.3.
";

/// Where what the figures do not tell is kept, since this file is written anew each time.
const NOTES: &str = "
Where the time goes, and what explains a target that was missed: [vm-notes.md](vm-notes.md).
";

/// One line of progress: the warm median of each VM.
pub fn line(name: &str, columns: &[Column], samples: &BTreeMap<&str, Samples>) -> String {
    let mut text = format!("{name:>14}");
    for column in columns {
        let warm = samples.get(column.name).map_or(f64::NAN, |s| median(&s.warm));
        let _ = write!(text, "  {} {warm:.0} ms", column.name);
    }
    text
}

/// The whole results file.
pub fn text(columns: &[Column], results: &Results) -> Result<String> {
    let mut text = String::from("# Lua programs beside the peers\n\n");
    text.push_str("`cargo xtask bench vm` writes this file. CPU time in milliseconds of one run, ");
    text.push_str("all threads of the process counted; medians. Cold: the first run in a fresh ");
    text.push_str(
        "process; warm: the further runs in it. Each program returns a checksum on which ",
    );
    text.push_str("all agree. Processes, and runs in each:");
    for column in columns {
        let _ = write!(text, " {} {} x {}", column.name, column.rounds, column.runs);
        text.push(if column.name == columns[columns.len() - 1].name { '.' } else { ',' });
    }
    text.push_str("\n\n");
    text.push_str(&machine(results)?);
    for (title, pick) in [("Warm", WARM), ("Cold", COLD)] {
        let _ = writeln!(text, "\n## {title}\n");
        text.push_str(&times(columns, results, pick));
    }
    text.push_str(TARGETS);
    text.push_str("\n## Ratios\n\n");
    text.push_str(&ratios(columns, results));
    text.push_str(NOTES);
    Ok(text)
}

/// On what was measured, when, and which versions.
fn machine(results: &Results) -> Result<String> {
    let mut versions: Vec<&str> = Vec::new();
    for sample in results.values().flat_map(BTreeMap::values) {
        if !versions.contains(&sample.version.as_str()) {
            versions.push(&sample.version);
        }
    }
    machine_and(&versions)
}

/// The machine, the day and the versions, those of the tools included, as a list.
pub fn machine_and(versions: &[&str]) -> Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, |count| count.get());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(format!(
        "- machine: {}, {cores} cores, {}; load average at the end: {}\n- date: {}\n\
         - versions: {}, Node {}, {}\n",
        model.map_or("unknown", |(_, model)| model),
        output(&mut cmd("uname -sm"))?.trim(),
        load.split(' ').next().unwrap_or("unknown"),
        output(&mut cmd("date -u +%F"))?.trim(),
        versions.join(", "),
        output(&mut cmd("node --version"))?.trim(),
        output(&mut cmd("rustc --version"))?.trim(),
    ))
}

fn times(columns: &[Column], results: &Results, pick: Pick) -> String {
    let mut text = head(columns.iter().map(|column| column.name));
    for (program, samples) in results {
        let _ = write!(text, "| {program} |");
        for column in columns {
            let value = samples.get(column.name).map_or(f64::NAN, |s| median(pick(s)));
            let _ = write!(text, " {value:.0} |");
        }
        text.push('\n');
    }
    text.push_str("| **geometric mean, PUC-Rio native = 1** |");
    for column in columns {
        let mean = geometric_mean(of(results, column, &PUC, pick).iter().map(|(_, ratio)| *ratio));
        let _ = write!(text, " {mean:.2} |");
    }
    text.push('\n');
    text
}

/// Moonkeep against the two that it is measured by, per program.
fn ratios(columns: &[Column], results: &Results) -> String {
    let pairs = [
        ("wasm / wasmoon, warm", MOONKEEP_WASM, WASMOON, WARM),
        ("wasm / wasmoon, cold", MOONKEEP_WASM, WASMOON, COLD),
        ("native / PUC-Rio, warm", MOONKEEP, PUC, WARM),
        ("native / PUC-Rio, cold", MOONKEEP, PUC, COLD),
    ];
    let has = |column: &Column| columns.iter().any(|other| other.name == column.name);
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, ours, ..)| has(ours)).collect();
    if pairs.is_empty() {
        return "Moonkeep was not measured.\n".to_owned();
    }
    let mut text = head(pairs.iter().map(|(title, ..)| *title));
    let values: Vec<_> =
        pairs.iter().map(|(_, ours, theirs, pick)| of(results, ours, theirs, *pick)).collect();
    for (index, program) in results.keys().enumerate() {
        let _ = write!(text, "| {program} |");
        for column in &values {
            let _ = write!(text, " {:.2} |", column.get(index).map_or(f64::NAN, |v| v.1));
        }
        text.push('\n');
    }
    text.push_str("| **geometric mean** |");
    for column in &values {
        let _ = write!(text, " {:.2} |", geometric_mean(column.iter().map(|v| v.1)));
    }
    text.push_str("\n| **largest** |");
    for column in &values {
        let _ = write!(text, " {:.2} |", column.iter().map(|v| v.1).fold(0.0, f64::max));
    }
    text.push('\n');
    text
}

fn head<'a>(titles: impl Iterator<Item = &'a str>) -> String {
    let titles: Vec<&str> = titles.collect();
    format!("| program | {} |\n|---|{}\n", titles.join(" | "), "---:|".repeat(titles.len()))
}

/// For each program that both VMs ran: its name and the first one's time over the second one's.
fn of<'a>(results: &'a Results, ours: &Column, theirs: &Column, pick: Pick) -> Vec<(&'a str, f64)> {
    let mut ratios = Vec::new();
    for (program, samples) in results {
        if let (Some(a), Some(b)) = (samples.get(ours.name), samples.get(theirs.name)) {
            ratios.push((program.as_str(), median(pick(a)) / median(pick(b))));
        }
    }
    ratios
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0,
    }
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v.ln(), count + 1.0));
    f64::exp(sum / count)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn means_are_right() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!((geometric_mean([2.0, 8.0].into_iter()) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn ratios_are_ours_over_theirs() {
        let sample =
            |warm: f64| Samples { warm: vec![warm], cold: vec![warm], ..Samples::default() };
        let mut results = Results::new();
        let program = results.entry("fib".to_owned()).or_default();
        program.insert(MOONKEEP.name, sample(150.0));
        program.insert(PUC.name, sample(100.0));
        let text = ratios(&[MOONKEEP, PUC], &results);
        assert!(text.contains("| fib | 1.50 | 1.50 |"), "{text}");
        assert!(text.contains("| **largest** | 1.50 | 1.50 |"), "{text}");
        let text = times(&[MOONKEEP, PUC], &results, WARM);
        assert!(text.contains("| fib | 150 | 100 |"), "{text}");
    }
}
