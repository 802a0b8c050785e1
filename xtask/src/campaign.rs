//! Long runs: coverage, fuzzing, and campaigns of the randomised tests far beyond CI's slice.

use crate::run::{cmd, exists, run};
use crate::{tests, tools, wasm};
use anyhow::{Result, bail};
use std::process::Command;

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
    program: Program,
    arguments: &'static [&'static str],
}

/// What runs a campaign.
enum Program {
    /// A program of the workspace, as cargo names it.
    Cargo(&'static str),
    /// A test of the workspace that reads how often from a variable of the environment.
    Test { target: &'static str, variable: &'static str },
    /// A script among the built tests of the package.
    Script(&'static str),
}

impl Program {
    /// The command with the campaign's arguments; what it needs is built.
    fn command(&self, arguments: &[&str]) -> Result<Command> {
        match self {
            Program::Cargo(target) => {
                let mut command = cmd("cargo run --release");
                command.args(target.split(' ')).arg("--").args(arguments);
                Ok(command)
            }
            Program::Test { target, variable } => {
                let [count] = arguments else { bail!("this campaign takes one number") };
                count.parse::<u64>()?; // the test would run its slice
                let mut command = cmd("cargo test --release");
                command.args(target.split(' ')).env(variable, count);
                Ok(command)
            }
            Program::Script(script) => {
                tests::browsers()?;
                wasm::store()?;
                wasm::package()?;
                let mut command = cmd("node");
                command.arg(script).args(arguments).current_dir("js");
                Ok(command)
            }
        }
    }
}

/// Panics count as findings there, so that all assertions stay in.
const MUTATIONS: &str = "--config profile.release.debug-assertions=true --package testkit \
                         --bin mutations";

const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "mutations",
        program: Program::Cargo(MUTATIONS),
        arguments: &["chunks", "1000000"],
    },
    Campaign {
        name: "images",
        program: Program::Cargo(MUTATIONS),
        arguments: &["images", "1000000"],
    },
    Campaign {
        name: "store",
        program: Program::Cargo("--package testkit --bin store-fuzz"),
        arguments: &["10000000", "1"],
    },
    Campaign {
        name: "crashes",
        program: Program::Cargo("--package testkit --bin store-crash"),
        arguments: &["100000", "1"],
    },
    Campaign {
        name: "lua",
        program: Program::Cargo("--package testkit --bin lua-differential"),
        arguments: &["vm", "100000"],
    },
    Campaign {
        name: "native-kills",
        program: Program::Test {
            target: "--package moonkeep-store --test kill",
            variable: "STORE_KILLS",
        },
        arguments: &["100"],
    },
    Campaign {
        name: "browser-kills",
        program: Program::Script("dist/test/campaign.js"),
        arguments: &["100"],
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
    let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let chosen = if given.is_empty() { campaign.arguments } else { &given };
    run(&mut campaign.program.command(chosen)?)
}
