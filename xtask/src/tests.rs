//! `cargo xtask test`: every test there is, and one total at the end.

use crate::run::{cmd, exists, tee};
use crate::{tools, wasm};
use anyhow::{Result, bail};

/// How many tests passed and failed.
#[derive(Default, Debug, PartialEq, Clone, Copy)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// What the collector could take away too early. Left out: comparisons of sources and bytes, and
/// what fills megabytes with objects, each of which would cost a whole collection.
const STRESS: &str = "cargo test --quiet --package moonkeep-lua --package moonkeep \
                      --features moonkeep-lua/stress --no-fail-fast --test collection \
                      --test debug_library --test image --test library_base \
                      --test library_coroutine --test library_string --test library_table";

/// A browser that the package is tested in, and what Debian has of it.
struct Browser {
    name: &'static str,
    /// Programs with the packages that bring them.
    programs: &'static [(&'static str, &'static str)],
    /// Packages without programs.
    libraries: &'static [&'static str],
}

const BROWSERS: [Browser; 3] = [
    Browser { name: "chromium", programs: &[("chromium", "chromium")], libraries: &[] },
    Browser { name: "firefox", programs: &[("firefox-esr", "firefox-esr")], libraries: &[] },
    Browser {
        name: "webkit",
        programs: &[("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")],
        libraries: &["python3-gi", "gir1.2-webkit2-4.1"],
    },
];

impl Browser {
    fn install(&self) -> Result<()> {
        for (program, package) in self.programs {
            tools::apt(program, package)?;
        }
        self.libraries.iter().try_for_each(|package| tools::library(package))
    }
}

/// Installs every browser that is missing.
pub fn browsers() -> Result<()> {
    BROWSERS.iter().try_for_each(Browser::install)
}

/// Rust tests, doc tests, and the tests of the package in Node and in every browser; with
/// `model_seconds`, that many of the store's model fuzzing for each of its seeds.
pub fn command(model_seconds: Option<u32>) -> Result<()> {
    let mut total = Tally::default();
    for (name, part) in parts(model_seconds)? {
        let (success, text) = part?;
        let mut tally = tally(&text);
        if !success && tally.failed == 0 {
            tally.failed = 1; // it did not get as far as to count
        }
        println!("-- {name}: {} passed, {} failed", tally.passed, tally.failed);
        total.passed += tally.passed;
        total.failed += tally.failed;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("{} tests failed", total.failed);
    }
    Ok(())
}

type Part = (&'static str, Result<(bool, String)>);

fn parts(model_seconds: Option<u32>) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let rust = if exists("cargo-nextest") {
        "cargo nextest run --workspace --no-fail-fast --no-tests pass --status-level slow"
    } else {
        "cargo test --workspace --no-fail-fast --all-targets"
    };
    let mut rust = cmd(rust);
    if let Some(seconds) = model_seconds {
        rust.env("STORE_MODEL_SECONDS", seconds.to_string());
    }
    parts.push(("rust", tee(&mut rust)));
    parts.push(("collecting at every safepoint", tee(&mut cmd(STRESS))));
    parts.push(("rust documentation", tee(&mut cmd("cargo test --workspace --doc --quiet"))));
    tools::npm("js")?;
    wasm::product()?;
    wasm::store()?;
    let raw = "cargo test --quiet --locked --manifest-path crates/abi-test/Cargo.toml";
    parts.push(("raw interface", tee(&mut cmd(raw))));
    parts.push(("node", tee(cmd("npm test").current_dir("js"))));
    for browser in BROWSERS {
        browser.install()?;
        let mut command = cmd("node test/run.mjs");
        command.arg(browser.name).current_dir("js"); // built by the tests of Node
        parts.push((browser.name, tee(&mut command)));
    }
    Ok(parts)
}

/// Adds up the summaries of nextest, of the built-in harness and of Node's runner.
fn tally(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Summary [") {
            // Summary [ 1.2s] 5 tests run: 4 passed (1 slow), 1 failed, 0 skipped
            tally.passed += before(rest, " passed");
            tally.failed += before(rest, " failed") + before(rest, " timed out");
        } else if line.starts_with("test result:") {
            tally.passed += before(line, " passed");
            tally.failed += before(line, " failed");
        } else if let Some(rest) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) {
            let mut words = rest.split(' ');
            let count = |word: Option<&str>| word.and_then(|w| w.parse().ok()).unwrap_or(0);
            match words.next() {
                Some("pass") => tally.passed += count(words.next()),
                Some("fail" | "cancelled") => tally.failed += count(words.next()),
                _ => {}
            }
        }
    }
    tally
}

/// The number that stands before `label`, or 0.
fn before(text: &str, label: &str) -> u64 {
    let Some(end) = text.find(label) else { return 0 };
    let digits = text[..end].rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn each_runner_is_counted() {
        let nextest = "     Summary [   1.2s] 5 tests run: 3 passed (1 slow), 1 failed, \
                       1 timed out, 2 skipped\n";
        assert_eq!(tally(nextest), Tally { passed: 3, failed: 2 });
        let built_in = "test result: FAILED. 12 passed; 1 failed; 0 ignored; 0 measured\n";
        assert_eq!(tally(built_in), Tally { passed: 12, failed: 1 });
        let node = "# tests 4\n# pass 3\n# fail 1\n# cancelled 0\nℹ pass 2\nℹ fail 0\n";
        assert_eq!(tally(node), Tally { passed: 5, failed: 1 });
    }
}
