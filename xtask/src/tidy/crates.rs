//! Rules on crates: who may use whom, where unsafe code is forbidden, which licences may come in.

use super::{File, Findings};
use crate::run::{cmd, output};
use anyhow::{Context, Result};
use serde_json::Value;
use spdx::{Expression, ParseMode};
use std::path::Path;

/// The crates of this workspace by folder, and which of the others each may use. Tests may also
/// use `testkit`, and the examples in `lua-vm`'s documentation use `lua`. Any other edge fails.
const EDGES: &[(&str, &[&str])] = &[
    ("codec", &[]),
    ("store", &[]),
    ("lua-code", &[]),
    ("lua-vm", &["lua-code"]),
    ("lua", &["lua-code", "lua-vm"]),
    ("db", &["codec", "store"]),
    ("moonkeep", &["lua", "db", "codec", "store"]),
    ("wasm-host", &["store"]),
    ("wasm", &["moonkeep", "lua", "codec", "wasm-host"]),
    ("cli", &["moonkeep"]),
    ("testkit", &["codec", "store", "lua", "db", "moonkeep"]),
    ("bench", &["lua", "moonkeep", "store"]),
    ("store-module", &["store", "wasm-host", "testkit"]),
    ("xtask", &[]),
];

/// Crates whose root forbids unsafe code.
const SAFE: &[&str] = &["codec", "store", "lua-code", "lua-vm", "lua", "db", "xtask"];

/// Licences under which a dependency may come in.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub fn check(files: &[File], findings: &mut Findings) -> Result<()> {
    let metadata = output(&mut cmd("cargo metadata --format-version 1 --locked"))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    let empty = Vec::new();
    let packages = metadata["packages"].as_array().unwrap_or(&empty);
    for package in packages {
        if package["source"].is_null() {
            edges(package, findings);
        } else {
            licence(package, findings);
        }
    }
    unsafe_forbidden(files, findings);
    Ok(())
}

/// The folder's own name: crates are known by it.
fn folder(path: &str) -> &str {
    let path = Path::new(path);
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn edges(package: &Value, findings: &mut Findings) {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let user = folder(manifest.trim_end_matches("/Cargo.toml"));
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == user) else {
        let table = "the table of edges in tidy/crates.rs";
        findings.problem(format!("{user}: does not stand in {table}"));
        return;
    };
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let Some(path) = dependency["path"].as_str() else { continue };
        let used = folder(path);
        let test = dependency["kind"].as_str() == Some("dev");
        let tester = used == "testkit" || (user, used) == ("lua-vm", "lua");
        if !(allowed.contains(&used) || test && tester) {
            findings.problem(format!("{user} may not use {used} (tidy/crates.rs)"));
        }
    }
}

fn licence(package: &Value, findings: &mut Findings) {
    let name = package["name"].as_str().unwrap_or_default();
    let text = package["license"].as_str().unwrap_or_default();
    let fits = Expression::parse_mode(text, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|term| term.license.id().is_some_and(|id| LICENCES.contains(&id.name)))
    });
    if !fits {
        findings.problem(format!("{name}: the licence `{text}` is not on the list"));
    }
}

fn unsafe_forbidden(files: &[File], findings: &mut Findings) {
    for name in SAFE {
        let prefix = if *name == "xtask" { "" } else { "crates/" };
        for root in ["lib.rs", "main.rs"] {
            let path = format!("{prefix}{name}/src/{root}");
            let Some(file) = files.iter().find(|file| file.path == path) else { continue };
            if !file.text.lines().any(|line| line.trim() == "#![forbid(unsafe_code)]") {
                findings.problem(format!("{path}: has to forbid unsafe code"));
            }
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    fn of(rule: impl Fn(&mut Findings)) -> Vec<String> {
        let mut findings = Findings::default();
        rule(&mut findings);
        findings.problems
    }

    #[test]
    fn only_listed_edges_pass() {
        let store = "/p/crates/store/Cargo.toml";
        let package = |used: Value| json!({"manifest_path": store, "dependencies": [used]});
        let bad = package(json!({"path": "/p/crates/lua", "kind": null}));
        assert_eq!(of(|f| edges(&bad, f)), ["store may not use lua (tidy/crates.rs)"]);
        let test = package(json!({"path": "/p/crates/testkit", "kind": "dev"}));
        assert_eq!(of(|f| edges(&test, f)), [""; 0]);
        let outside = package(json!({"name": "redb", "kind": "dev"}));
        assert_eq!(of(|f| edges(&outside, f)), [""; 0]);
        let unknown = json!({"manifest_path": "/p/crates/utils/Cargo.toml"});
        assert_eq!(of(|f| edges(&unknown, f)).len(), 1);
    }

    #[test]
    fn only_listed_licences_pass() {
        for good in ["MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert_eq!(of(|f| licence(&json!({"license": good}), f)), [""; 0], "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND AGPL-3.0", "", "nonsense"] {
            assert_eq!(of(|f| licence(&json!({"license": bad}), f)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn unsafe_code_has_to_be_forbidden() {
        let bad = [File::sample("crates/lua/src/lib.rs", "//! X.\n")];
        assert_eq!(of(|f| unsafe_forbidden(&bad, f)).len(), 1);
        let good = [File::sample("crates/lua/src/lib.rs", "//! X.\n#![forbid(unsafe_code)]\n")];
        assert_eq!(of(|f| unsafe_forbidden(&good, f)), [""; 0]);
    }
}
