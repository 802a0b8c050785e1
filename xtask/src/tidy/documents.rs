//! Rules that tie documents and settings to the tree: the code map, format hashes, npm settings.

use super::{File, Findings};
use crate::run::{cmd, output};
use anyhow::Result;
use std::collections::BTreeSet;

/// The code map.
const MAP: &str = "ARCHITECTURE.md";
/// A document carries `<!-- bound: PATH HASH -->`; the hash is git's of the file at PATH.
const BOUND: &str = "<!-- bound: ";
/// How documents name a command of the project.
const COMMAND: &str = "cargo xtask ";
/// The setting that keeps addresses of one machine's registry out of lock files.
const OMIT: &str = "omit-lockfile-registry-resolved=true";

pub fn check(files: &[File], findings: &mut Findings) {
    match files.iter().find(|file| file.path == MAP) {
        Some(map) => code_map(&map.text, files, findings),
        None => findings.problem(format!("{MAP} is missing")),
    }
    for file in files.iter().filter(|file| file.extension() == "md") {
        for (path, hash) in bounds(&file.text) {
            match hash_of(path) {
                Ok(actual) if actual == hash => {}
                Ok(_) => findings.problem(format!(
                    "{}: {path} changed; bring the document up to date, then run \
                     `cargo xtask tidy --rebind`",
                    file.path
                )),
                Err(error) => findings.problem(format!("{}: {path}: {error}", file.path)),
            }
        }
    }
    commands(files, findings);
    npm(files, findings);
}

/// Every command of the project that a document names exists.
fn commands(files: &[File], findings: &mut Findings) {
    for file in files.iter().filter(|file| file.extension() == "md") {
        for rest in file.text.split(COMMAND).skip(1) {
            let name = rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
            let known = |line: &str| line.trim_start().split(' ').next() == Some(name);
            if !name.is_empty() && name != "help" && !crate::HELP.lines().any(known) {
                findings.problem(format!("{}: there is no `{COMMAND}{name}`", file.path));
            }
        }
    }
}

/// Writes the present hashes into every document that carries some.
pub fn rebind(files: &[File]) -> Result<()> {
    for file in files.iter().filter(|file| file.extension() == "md") {
        let mut text = file.text.clone();
        for (path, hash) in bounds(&file.text) {
            let (old, new) = (format!("{path} {hash} "), format!("{path} {} ", hash_of(path)?));
            text = text.replace(&old, &new);
        }
        if text != file.text {
            std::fs::write(&file.path, text)?;
            println!("renewed {}", file.path);
        }
    }
    Ok(())
}

fn hash_of(path: &str) -> Result<String> {
    Ok(output(cmd("git hash-object").arg(path))?.trim().to_owned())
}

fn bounds(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let inner = line.trim().strip_prefix(BOUND)?.strip_suffix(" -->")?;
        inner.split_once(' ')
    })
}

/// Every folder and file that the map names exists, and it names every crate.
fn code_map(text: &str, files: &[File], findings: &mut Findings) {
    let named: BTreeSet<&str> = spans(text).filter(|span| looks_like_path(span)).collect();
    for path in &named {
        let bare = path.trim_end_matches('/');
        let inside = |file: &File| {
            file.path
                .strip_prefix(bare)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !files.iter().any(inside) {
            findings.problem(format!("{MAP}: names `{path}`, which does not exist"));
        }
    }
    for file in files {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { continue };
        if !named.iter().any(|path| path.trim_end_matches('/') == folder) {
            findings.problem(format!("{MAP}: does not name `{folder}`"));
        }
    }
}

/// What stands between backquotes, outside of code blocks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2))
}

fn looks_like_path(span: &str) -> bool {
    let path = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    span.contains('/') && span.chars().all(path) && !span.starts_with('/')
}

fn npm(files: &[File], findings: &mut Findings) {
    for file in files {
        if let Some(folder) = file.path.strip_suffix("package.json") {
            let settings = format!("{folder}.npmrc");
            let set = files.iter().any(|file| {
                file.path == settings && file.text.lines().any(|line| line.trim() == OMIT)
            });
            // Examples and fixtures have no lock file of their own.
            let locked = files.iter().any(|f| f.path == format!("{folder}package-lock.json"));
            if locked && !set {
                findings.problem(format!("{settings}: has to set {OMIT}"));
            }
        }
        if file.path.ends_with("package-lock.json") && file.text.contains("\"resolved\": \"http") {
            findings.problem(format!("{}: names a registry host", file.path));
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::sample(path, text)).collect();
        let mut findings = Findings::default();
        check(&files, &mut findings);
        findings.problems
    }

    #[test]
    fn the_map_and_the_tree_agree() {
        let tree = ("crates/a/Cargo.toml", "");
        assert_eq!(problems(&[(MAP, "`crates/a` and `a/b c` and `a | b`"), tree]), [""; 0]);
        let absent = problems(&[(MAP, "`crates/a/`, `crates/b`"), tree]);
        assert_eq!(absent, [format!("{MAP}: names `crates/b`, which does not exist")]);
        assert_eq!(problems(&[(MAP, ""), tree]), [format!("{MAP}: does not name `crates/a`")]);
        assert_eq!(problems(&[]), [format!("{MAP} is missing")]);
    }

    #[test]
    fn a_stale_hash_fails() {
        let document = format!("{BOUND}xtask/Cargo.toml 0123 -->\n");
        let found = problems(&[(MAP, ""), ("docs/format.md", &document)]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn documents_name_commands_that_exist() {
        let text = "`cargo xtask tidy --rebind`, `cargo xtask COMMAND`, `cargo xtask help`";
        assert_eq!(problems(&[(MAP, ""), ("a.md", text)]), [""; 0]);
        let found = problems(&[(MAP, ""), ("a.md", "run `cargo xtask dance` twice")]);
        assert_eq!(found, ["a.md: there is no `cargo xtask dance`"]);
    }

    #[test]
    fn npm_settings_are_required() {
        let lock = "{\"resolved\": \"https://host/a.tgz\"}";
        let found = problems(&[(MAP, ""), ("js/package.json", ""), ("js/package-lock.json", lock)]);
        assert_eq!(found.len(), 2, "{found:?}");
        let found = problems(&[
            (MAP, ""),
            ("js/package.json", ""),
            ("js/package-lock.json", "{}"),
            ("js/.npmrc", OMIT),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
