//! Runs one Lua program on one native VM several times and prints, as one line of JSON, its
//! checksum and the CPU time of each run: `moonkeep-bench VM FILE RUNS`.
#![forbid(unsafe_code)]

mod moonkeep;
mod puc;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use std::process::ExitCode;

/// A VM with one program, ready to run it again and again.
trait Vm {
    /// Compiles and runs the program; what it returns, as text.
    fn run(&mut self) -> Result<String>;
    /// A full collection, so that no run pays for the garbage of the one before.
    fn collect(&mut self) -> Result<()>;
    /// Name and version.
    fn version(&self) -> String;
}

fn main() -> ExitCode {
    match measure() {
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

fn measure() -> Result<String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, file, runs] = words.as_slice() else {
        bail!("usage: moonkeep-bench VM FILE RUNS");
    };
    let source = std::fs::read_to_string(file).with_context(|| file.clone())?;
    let mut vm: Box<dyn Vm> = match name.as_str() {
        "moonkeep" => Box::new(moonkeep::Moonkeep::new(source)?),
        "puc" => Box::new(puc::Puc::new(source)),
        other => bail!("no VM `{other}`"),
    };
    let mut checksum = None;
    let mut cpu_ms = Vec::new();
    for _ in 0..runs.parse::<u32>().context("RUNS")? {
        let start = ProcessTime::now();
        let value = vm.run()?;
        cpu_ms.push(start.elapsed().as_secs_f64() * 1e3);
        if checksum.as_ref().is_some_and(|known| *known != value) {
            bail!("{file}: returned {checksum:?}, then {value:?}");
        }
        checksum = Some(value);
        vm.collect()?;
    }
    let line = serde_json::json!({
        "vm": vm.version(), "checksum": checksum, "cpu_ms": cpu_ms,
    });
    Ok(line.to_string())
}
