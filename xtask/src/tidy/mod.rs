//! `cargo xtask tidy`: the rules of this project that no other tool checks.

mod crates;
mod documents;
mod functions;
mod text;

use crate::run::{cmd, output};
use anyhow::{Result, bail};

/// A tracked file; `text` is empty where the bytes are no UTF-8.
pub struct File {
    /// From the root of the workspace, with `/`.
    path: String,
    text: String,
    /// Bytes on disk.
    size: u64,
}

impl File {
    /// What follows the last dot of the name, or nothing.
    fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Whether people write this file as code.
    fn is_code(&self) -> bool {
        matches!(self.extension(), "rs" | "ts" | "js" | "mjs" | "cjs")
    }

    #[cfg(test)]
    fn sample(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned(), size: text.len() as u64 }
    }
}

/// What the rules found. Problems fail, warnings are printed.
#[derive(Default)]
pub struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

/// Checks every rule. With `--rebind`, first renews the hashes that documents carry.
pub fn command(words: &[String]) -> Result<()> {
    match words {
        [] => {}
        [word] if word == "--rebind" => documents::rebind(&tracked()?)?,
        _ => bail!("usage: cargo xtask tidy [--rebind]"),
    }
    let files = tracked()?;
    let mut findings = Findings::default();
    text::check(&files, &mut findings);
    functions::check(&files, &mut findings);
    documents::check(&files, &mut findings);
    crates::check(&files, &mut findings)?;
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for problem in &findings.problems {
        println!("error: {problem}");
    }
    match findings.problems.len() {
        0 => println!("tidy: {} files are in order", files.len()),
        count => bail!("tidy: {count} problems"),
    }
    Ok(())
}

/// Every file that git tracks or would track.
fn tracked() -> Result<Vec<File>> {
    let list = output(&mut cmd("git ls-files -z --cached --others --exclude-standard"))?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let Ok(bytes) = std::fs::read(path) else { continue }; // deleted, not yet committed
        let size = bytes.len() as u64;
        files.push(File {
            path: path.to_owned(),
            text: String::from_utf8(bytes).unwrap_or_default(),
            size,
        });
    }
    Ok(files)
}
