//! Every command of the project, behind `cargo xtask COMMAND`.
#![forbid(unsafe_code)]

mod bench;
mod campaign;
mod checks;
mod conformance;
mod demo;
mod run;
mod size;
mod tests;
mod tidy;
mod tools;
mod wasm;

use anyhow::{Result, bail};
use std::process::ExitCode;

/// What `cargo xtask help` prints.
const HELP: &str = "\
cargo xtask COMMAND

  demo                     the main job, twice on every host: the second process remembers

checks
  ci                       what .ci/run runs: fmt, clippy, tidy, test, and the budget of size
  fmt                      the format (`cargo fmt` writes it)
  clippy                   lints of every crate and target, warnings denied
  tidy [--rebind]          the rules of this project; --rebind renews the hashes in documents
  test                     everything: Rust, doc tests, Node, Chromium, Firefox, WebKit
  doc                      the API documentation, warnings denied

builds
  wasm [store]             baseline and modern modules, validated, into js/dist; or the store
                           alone, for benchmarks and for checks of its hosts
  size                     what a download weighs and takes, into bench/results/size.md

long runs
  conformance PATH         the official Lua 5.4 test suite in folder PATH, natively and in wasm
  bench vm [--quick] [PROGRAM...]
                           Moonkeep beside its peers; all programs write bench/results/vm.md
  bench store [--quick]    Moonkeep's store beside others, natively, in Node and in Chromium;
                           writes bench/results/store.md
  campaign NAME [ARG...]   a randomised test far beyond CI's slice; without NAME: their names
  coverage                 lines that the Rust tests reach
  fuzz TARGET [SECONDS]    a target of fuzz/ under cargo-fuzz
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let command = if words.is_empty() { "help".to_owned() } else { words.remove(0) };
    let here = std::env::current_dir()?;
    std::env::set_current_dir(run::root())?;
    match command.as_str() {
        "ci" => checks::ci(),
        "fmt" => checks::fmt(),
        "clippy" => checks::clippy(),
        "doc" => checks::doc(),
        "tidy" => tidy::command(&words),
        "test" => tests::command(None),
        "demo" => demo::command(),
        "wasm" => wasm::command(&words),
        "size" => size::command(),
        "conformance" => conformance::command(&here, &words),
        "bench" => bench::command(&words),
        "campaign" => campaign::campaign(&words),
        "coverage" => campaign::coverage(),
        "fuzz" => campaign::fuzz(&words),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("no command `{other}`; `cargo xtask help` lists them"),
    }
}
