//! `cargo xtask demo`: `examples/remember.lua` twice on every host, in two processes each.

use crate::run::{cmd, output, run};
use crate::{tools, wasm};
use anyhow::{Result, bail};
use std::net::TcpListener;
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
    tools::apt("chromium", "chromium")?;
    run(&mut cmd("cargo build --release --package moonkeep-cli"))?;
    twice("The command line", || {
        let mut command = cmd("target/release/moonkeep run");
        command.arg(SCRIPT).arg("--store").arg(store.join("command-line"));
        command
    })?;
    wasm::package()?;
    twice("Node", || {
        let mut command = cmd("node examples/node.mjs");
        command.arg(SCRIPT).arg(store.join("node"));
        command
    })?;
    let port = free_port()?;
    twice("Chromium", || {
        let mut command = cmd("node xtask/demo/chromium.mjs");
        command.arg(store.join("chromium-profile")).arg(&port);
        command
    })?;
    println!("\nWhat {SCRIPT} left in _home was there again in every second process.");
    Ok(())
}

/// A port that nothing listens on; a page's database belongs to its host and port.
fn free_port() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string())
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
