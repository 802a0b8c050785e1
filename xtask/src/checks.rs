//! The checks of the whole tree, and `ci`, which is all of them.

use crate::run::{cmd, run};
use crate::{size, tests, tidy, tools};
use anyhow::Result;

/// How long CI's slice of the store's model fuzzing runs.
const MODEL_SECONDS: u32 = 60;

/// Everything that has to hold at every commit.
pub fn ci() -> Result<()> {
    fmt()?;
    clippy()?;
    tidy::command(&[])?;
    tests::command(Some(MODEL_SECONDS))?;
    size::check() // of what the tests have built
}

/// Fails where `cargo fmt` would change a file.
pub fn fmt() -> Result<()> {
    tools::component("rustfmt")?;
    run(&mut cmd("cargo fmt --all --check"))
}

/// All lints of all targets; a warning fails.
pub fn clippy() -> Result<()> {
    tools::component("clippy")?;
    run(&mut cmd("cargo clippy --quiet --workspace --all-targets -- -D warnings"))
}

/// API documentation with its links checked.
pub fn doc() -> Result<()> {
    let mut command = cmd("cargo doc --workspace --no-deps");
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}
