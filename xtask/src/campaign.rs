//! Long runs: coverage, fuzzing, and campaigns of the randomised tests far beyond CI's slice.

use crate::run::{cmd, exists, run};
use crate::tools;
use anyhow::{Result, bail};

/// `cargo xtask coverage`: lines that the Rust tests reach, per file.
pub fn coverage() -> Result<()> {
    tools::component("llvm-tools")?;
    tools::cargo("cargo-llvm-cov")?;
    let mut command = cmd("cargo llvm-cov --workspace --exclude xtask --exclude moonkeep-bench");
    if exists("cargo-nextest") {
        command = cmd("cargo llvm-cov nextest --workspace --exclude xtask --no-tests pass");
    }
    run(&mut command)
}

/// `cargo xtask fuzz TARGET [SECONDS]`: one target of `fuzz/` under cargo-fuzz.
pub fn fuzz(words: &[String]) -> Result<()> {
    let (target, seconds) = match words {
        [target] => (target, "60"),
        [target, seconds] => (target, seconds.as_str()),
        _ => bail!("usage: cargo xtask fuzz TARGET [SECONDS]"),
    };
    tools::cargo("cargo-fuzz")?;
    let mut command = cmd("cargo +nightly fuzz run");
    run(command.args([target, "--", &format!("-max_total_time={seconds}")]))
}
