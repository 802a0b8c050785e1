//! What a command needs and the machine lacks: installed where that is possible without asking,
//! otherwise named in one line. Only the registries of Rust, npm and Debian are asked.

use crate::run::{cmd, exists, output, run};
use anyhow::{Result, bail};
use std::path::Path;

/// A rustup component of the current toolchain.
pub fn component(name: &str) -> Result<()> {
    if !exists("rustup") {
        return Ok(()); // a distribution's toolchain brings its own; cargo names what it lacks
    }
    let installed = output(&mut cmd("rustup component list --installed"))?;
    let has = |line: &str| line == name || line.starts_with(&format!("{name}-"));
    if installed.lines().any(has) {
        return Ok(());
    }
    run(cmd("rustup component add").arg(name))
}

/// A rustup compilation target of the current toolchain.
pub fn target(name: &str) -> Result<()> {
    if !exists("rustup") {
        bail!("rustup is missing: it is needed to add the target {name}");
    }
    if output(&mut cmd("rustup target list --installed"))?.lines().any(|line| line == name) {
        return Ok(());
    }
    run(cmd("rustup target add").arg(name))
}

/// A program that a Debian package brings.
pub fn apt(program: &str, package: &str) -> Result<()> {
    if exists(program) {
        return Ok(());
    }
    install(program, package)
}

/// A Debian package without a program.
pub fn library(package: &str) -> Result<()> {
    let query = output(cmd("dpkg-query --show --showformat ${Status}").arg(package));
    if query.is_ok_and(|status| status == "install ok installed") {
        return Ok(());
    }
    install(package, package)
}

fn install(wanted: &str, package: &str) -> Result<()> {
    let root = exists("id") && output(&mut cmd("id -u"))?.trim() == "0";
    if !root || !exists("apt-get") {
        bail!("{wanted} is missing: install it (as root on Debian: apt-get install {package})");
    }
    run(&mut cmd("apt-get update -q"))?;
    let mut install = cmd("apt-get install -q -y --no-install-recommends");
    run(install.arg(package).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The npm packages that a folder's lock file names, exactly.
pub fn npm(folder: &str) -> Result<()> {
    if !exists("npm") {
        bail!("npm is missing: install Node 20 or later");
    }
    let lock = Path::new(folder).join("package-lock.json");
    let stamp = Path::new(folder).join("node_modules/.package-lock.json");
    let age = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if let (Some(locked), Some(stamped)) = (age(&lock), age(&stamp))
        && stamped >= locked
    {
        return Ok(());
    }
    run(cmd("npm ci --no-fund --no-audit").current_dir(folder))
}

/// A cargo subcommand, built from crates.io.
pub fn cargo(program: &str) -> Result<()> {
    if exists(program) {
        return Ok(());
    }
    run(cmd("cargo install --locked").arg(program))
}
