//! `cargo xtask size`: what a download weighs.

use crate::run::{cmd, run};
use crate::wasm;
use anyhow::Result;

/// Builds the modules and prints their bytes: raw, gzipped, compressed with brotli.
pub fn command() -> Result<()> {
    wasm::product()?;
    let mut script = cmd("node xtask/npm/size.mjs");
    run(script.args(wasm::artefacts().iter().map(|(_, place)| place)))
}
