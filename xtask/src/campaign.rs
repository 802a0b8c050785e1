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

/// Randomised tests that run as long as one likes: name, where the program is, and what it is
/// given when the command line says nothing.
struct Campaign {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

/// Panics count as findings there, so that all assertions stay in.
const MUTATIONS: &str = "--config profile.release.debug-assertions=true --package testkit \
                         --bin mutations";

const CAMPAIGNS: &[Campaign] = &[
    Campaign { name: "mutations", program: MUTATIONS, arguments: &["chunks", "1000000"] },
    Campaign { name: "images", program: MUTATIONS, arguments: &["images", "1000000"] },
    Campaign {
        name: "store",
        program: "--package testkit --bin store-fuzz",
        arguments: &["10000000", "1"],
    },
    Campaign {
        name: "lua",
        program: "--package testkit --bin lua-differential",
        arguments: &["vm", "100000"],
    },
];

/// `cargo xtask campaign NAME [ARGUMENT...]`: one campaign, optimised.
pub fn campaign(words: &[String]) -> Result<()> {
    let known = words.split_first().and_then(|(name, arguments)| {
        Some((CAMPAIGNS.iter().find(|campaign| campaign.name == name)?, arguments))
    });
    let Some((campaign, arguments)) = known else {
        let names: Vec<&str> = CAMPAIGNS.iter().map(|campaign| campaign.name).collect();
        bail!("usage: cargo xtask campaign NAME [ARGUMENT...]; names: {}", names.join(", "));
    };
    let mut command = cmd("cargo run --release");
    command.args(campaign.program.split(' ')).arg("--");
    match arguments {
        [] => command.args(campaign.arguments),
        given => command.args(given),
    };
    run(&mut command)
}
