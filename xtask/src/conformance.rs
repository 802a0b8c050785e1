//! `cargo xtask conformance PATH`: the official Lua 5.4 test suite, natively and in wasm.
//!
//! PATH is the folder of the suite (`testes` of the Lua repository at a 5.4 tag). Each file runs
//! in a process of its own, with that folder as the current one.

use crate::run::{Ended, cmd, root, run, timed};
use crate::wasm;
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A file of the suite takes seconds; what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Files that are no tests of the language, each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("all.lua", "runs the other files"),
    ("heavy.lua", "fills the machine's memory"),
    ("main.lua", "tests the options of PUC-Rio's stand-alone program"),
];

/// What cannot pass, by host and file; one of these that passes is an error, too.
const KNOWN: &[(&str, &str, &str)] =
    &[("wasm", "files.lua", "reads the environment, which a page does not have")];

/// A way to run one file of the suite.
struct Host {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

/// Runs the suite on every host and prints the table. PATH counts from the folder `here`.
pub fn command(here: &Path, words: &[String]) -> Result<()> {
    let [folder] = words else { bail!("usage: cargo xtask conformance PATH") };
    let folder = here.join(folder);
    let folder =
        folder.canonicalize().with_context(|| format!("{}: no folder", folder.display()))?;
    let files = suite(&folder)?;
    let hosts = hosts()?;
    let mut unexpected = 0;
    let mut rows = Vec::new();
    for file in &files {
        let mut outcomes = Vec::new();
        for host in &hosts {
            let outcome = one(host, &folder, file)?;
            let is_known = KNOWN.iter().any(|known| (known.0, known.1) == (host.name, file));
            unexpected += usize::from(outcome.is_err() != is_known);
            eprintln!("{file} {}: {}", host.name, line(&outcome));
            outcomes.push(outcome);
        }
        rows.push((file.as_str(), outcomes));
    }
    print!("{}", table(&hosts, &rows));
    for (host, file, why) in KNOWN {
        println!("{host}: {file} cannot pass: {why}");
    }
    if unexpected > 0 {
        bail!("{unexpected} files do otherwise than expected");
    }
    Ok(())
}

fn suite(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".lua") && !LEFT_OUT.iter().any(|(left_out, _)| *left_out == name) {
            files.push(name);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{}: holds no file of the suite", folder.display());
    }
    Ok(files)
}

/// The hosts, built.
fn hosts() -> Result<[Host; 2]> {
    run(&mut cmd("cargo build --release --package moonkeep-lua --example official"))?;
    wasm::package()?;
    let suite = root().join("xtask/suite");
    Ok([
        Host {
            name: "native",
            program: root().join("target/release/examples/official"),
            arguments: Vec::new(),
        },
        Host {
            name: "wasm",
            program: PathBuf::from("node"),
            arguments: vec![suite.join("node.mjs"), suite.join("driver.lua")],
        },
    ])
}

/// Runs one file; the error is the first line that tells why it failed.
fn one(host: &Host, folder: &Path, file: &str) -> Result<Result<(), String>> {
    let mut command = Command::new(&host.program);
    command.args(&host.arguments).arg(file).current_dir(folder);
    Ok(match timed(&mut command, LIMIT)? {
        Ended::Passed => Ok(()),
        Ended::Failed(text) => Err(reason(&text)),
        Ended::TimedOut => Err(format!("ran longer than {} s", LIMIT.as_secs())),
    })
}

/// The line that names a file and a line of it, otherwise the last line.
fn reason(text: &str) -> String {
    let located = text.lines().find(|line| line.contains(".lua:"));
    let line = located.or_else(|| text.lines().rfind(|line| !line.trim().is_empty()));
    let mut short: String = line.unwrap_or("no message").trim().chars().take(100).collect();
    short = short.replace('|', "\\|");
    short
}

fn line(outcome: &Result<(), String>) -> &str {
    match outcome {
        Ok(()) => "pass",
        Err(reason) => reason,
    }
}

type Row<'a> = (&'a str, Vec<Result<(), String>>);

fn table(hosts: &[Host], rows: &[Row]) -> String {
    let mut text = String::from("\n| file |");
    for host in hosts {
        let _ = write!(text, " {} |", host.name);
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(hosts.len()));
    text.push('\n');
    for (file, outcomes) in rows {
        let _ = write!(text, "| {file} |");
        for outcome in outcomes {
            let _ = write!(text, " {} |", line(outcome));
        }
        text.push('\n');
    }
    for (index, host) in hosts.iter().enumerate() {
        let passed = rows.iter().filter(|(_, outcomes)| outcomes[index].is_ok()).count();
        let _ = writeln!(text, "\n{}: {passed} of {} files pass", host.name, rows.len());
    }
    text
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_reason_is_the_line_that_names_a_place() {
        let text = "testing sort\nerror: sort.lua:12: assertion failed!\nstack traceback:\n\tx\n";
        assert_eq!(reason(text), "error: sort.lua:12: assertion failed!");
        assert_eq!(reason("one\nexit status: 101\n\n"), "exit status: 101");
        assert_eq!(reason(""), "no message");
    }

    #[test]
    fn the_table_has_a_column_for_each_host() {
        let host = |name| Host { name, program: PathBuf::new(), arguments: Vec::new() };
        let rows = [("a.lua", vec![Ok(()), Err("a.lua:1: no".to_owned())])];
        let text = table(&[host("native"), host("wasm")], &rows);
        assert!(text.contains("| a.lua | pass | a.lua:1: no |"), "{text}");
        assert!(text.contains("native: 1 of 1 files pass"), "{text}");
        assert!(text.contains("wasm: 0 of 1 files pass"), "{text}");
    }
}
