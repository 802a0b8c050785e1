//! `cargo xtask demo`: `examples/remember.lua` twice on every host, in two processes each.

use crate::run::{cmd, output, run};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = "examples/remember.lua";
/// Where the stores of the demonstration are; emptied first.
const STORE: &str = "target/demo";
/// What the first and the second process print.
const EXPECTED: [&str; 2] =
    ["run 1, balance 10: Once upon a time", "run 2, balance 30: there was a moon"];

/// Builds what is needed and runs the demonstration; fails where a second process forgets.
pub fn command() -> Result<()> {
    let store = Path::new(STORE);
    if store.exists() {
        std::fs::remove_dir_all(store)?;
    }
    std::fs::create_dir_all(store)?;
    if !Path::new("crates/cli").exists() {
        bail!("there is no crates/cli");
    }
    run(&mut cmd("cargo build --release --package moonkeep-cli"))?;
    let path = store.join("command-line.moonkeep");
    twice("the command line", || {
        let mut command = cmd("target/release/moonkeep run");
        command.arg(SCRIPT).arg("--store").arg(&path);
        command
    })
}

/// Runs two processes one after the other and compares what they print.
fn twice(host: &str, command: impl Fn() -> Command) -> Result<()> {
    println!("\n{host}");
    for (process, expected) in EXPECTED.iter().enumerate() {
        let text = output(&mut command())?;
        let line = text.lines().next_back().unwrap_or_default();
        println!("  process {}: {line}", process + 1);
        if line != *expected {
            bail!("{host}: expected `{expected}`");
        }
    }
    Ok(())
}
