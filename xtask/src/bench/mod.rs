//! `cargo xtask bench vm`: Moonkeep beside its peers on the programs in `bench/vm`, in one run.
//!
//! Every measurement is a fresh process: its first run of the program is cold, the others are
//! warm. The VMs take turns on each program, so that a machine that drifts slows all of them.

mod report;
mod store;
mod store_report;

use crate::run::{cmd, output, run};
use crate::{tools, wasm};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: &str = "bench/vm";
const RESULTS: &str = "bench/results/vm.md";
const NATIVE: &str = "target/release/moonkeep-bench";
const NODE: &str = "bench/peers/run.mjs";

/// A VM under measurement.
#[derive(Clone, Copy)]
struct Column {
    /// Title in the tables.
    name: &'static str,
    /// How its runner calls it.
    vm: &'static str,
    /// Under Node, or native.
    node: bool,
    /// Fresh processes, and runs in each.
    rounds: u32,
    runs: u32,
}

const MOONKEEP: Column =
    Column { name: "Moonkeep native", vm: "moonkeep", node: false, rounds: 3, runs: 6 };
const MOONKEEP_WASM: Column =
    Column { name: "Moonkeep wasm", vm: "moonkeep", node: true, rounds: 3, runs: 6 };
const PUC: Column = Column { name: "PUC-Rio native", vm: "puc", node: false, rounds: 3, runs: 6 };
const WASMOON: Column = Column { name: "wasmoon", vm: "wasmoon", node: true, rounds: 3, runs: 6 };
/// Twenty times slower than the others: measured once.
const FENGARI: Column = Column { name: "fengari", vm: "fengari", node: true, rounds: 1, runs: 2 };

/// What was measured of one program on one VM, in milliseconds of CPU time.
#[derive(Default)]
struct Samples {
    cold: Vec<f64>,
    warm: Vec<f64>,
    checksum: String,
    version: String,
}

/// Samples by program, then by column title.
type Results = BTreeMap<String, BTreeMap<&'static str, Samples>>;

/// Measures every program, or those named; all of them are written to the results file. With
/// `--quick`, one process each and without the slowest peer.
pub fn command(words: &[String]) -> Result<()> {
    let usage = "usage: cargo xtask bench vm [--quick] [PROGRAM...], or bench store [--quick]";
    let Some((kind, mut named)) = words.split_first() else { bail!(usage) };
    match kind.as_str() {
        "vm" => {}
        "store" => return store::command(named),
        _ => bail!(usage),
    }
    let mut columns = columns()?;
    if let Some((first, rest)) = named.split_first()
        && first == "--quick"
    {
        named = rest;
        columns.retain(|column| column.name != FENGARI.name);
        columns.iter_mut().for_each(|column| column.rounds = 1);
    }
    let programs = programs(named)?;
    let mut results = Results::new();
    for (name, path) in &programs {
        let samples = results.entry(name.clone()).or_default();
        for round in 0..MOONKEEP.rounds {
            for column in columns.iter().filter(|column| round < column.rounds) {
                let sample = samples.entry(column.name).or_default();
                measure(column, path, sample)
                    .with_context(|| format!("{name}, {}", column.name))?;
            }
        }
        let mut sums = samples.values().map(|sample| &sample.checksum);
        let first = sums.next();
        if sums.any(|sum| Some(sum) != first) {
            let sums = samples.iter().map(|(vm, s)| format!("{vm}: {}", s.checksum));
            bail!("{name}: the VMs disagree: {}", sums.collect::<Vec<_>>().join(", "));
        }
        println!("{}", report::line(name, &columns, samples));
    }
    let text = report::text(&columns, &results)?;
    print!("\n{text}");
    if named.is_empty() {
        std::fs::create_dir_all("bench/results")?;
        std::fs::write(RESULTS, text)?;
        println!("\nwritten to {RESULTS}");
    }
    Ok(())
}

/// The VMs that this tree can run, built and installed.
fn columns() -> Result<Vec<Column>> {
    run(&mut cmd("cargo build --release --package moonkeep-bench"))?;
    tools::npm("bench/peers")?;
    wasm::package()?;
    Ok(vec![MOONKEEP, MOONKEEP_WASM, PUC, WASMOON, FENGARI])
}

/// Names and paths of the programs.
fn programs(named: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let mut programs = Vec::new();
    for entry in Path::new(PROGRAMS).read_dir()? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if named.is_empty() || named.contains(&name) {
            programs.push((name, path));
        }
    }
    if programs.is_empty() {
        bail!("no such program in {PROGRAMS}");
    }
    programs.sort();
    Ok(programs)
}

/// One process.
fn measure(column: &Column, path: &Path, samples: &mut Samples) -> Result<()> {
    let mut command = if column.node { cmd("node") } else { Command::new(NATIVE) };
    if column.node {
        command.arg(NODE);
    }
    let text = output(command.arg(column.vm).arg(path).arg(column.runs.to_string()))?;
    let value: Value = serde_json::from_str(text.trim()).context("the runner's answer")?;
    let times = value["cpu_ms"].as_array().context("cpu_ms")?;
    let times: Vec<f64> = times.iter().filter_map(Value::as_f64).collect();
    let (cold, warm) = times.split_first().context("no run")?;
    samples.cold.push(*cold);
    samples.warm.extend(warm);
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    (samples.checksum, samples.version) = (text("checksum"), text("vm"));
    Ok(())
}
