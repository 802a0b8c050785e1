//! Rules on the text of files: sizes, opening lines, words that may not stand in the project.

use super::{File, Findings};

/// Columns of a line of code.
const LINE_MAX: usize = 100;
/// Columns of a test's line that begins with a string: rows of Lua text, which rustfmt leaves.
const ROW_MAX: usize = 120;
/// Lines of a file of code, and where a warning starts.
const FILE_MAX: usize = 800;
const FILE_WARN: usize = 300;
/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[("crates/lua-vm/src/vm/execute.rs", "holds the dispatch loop")];
/// Bytes of any tracked file.
const BYTES_MAX: u64 = 512 * 1024;

/// Unfinished work and disabled tests. Spelled in halves, so that this file passes.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("dbg", "!("),
    concat!("#[", "ignore"),
    concat!("test.", "skip("),
    concat!("test.", "only("),
    concat!("it.", "skip("),
    concat!("it.", "only("),
    concat!("describe.", "skip("),
    concat!("describe.", "only("),
];

/// Paths and hosts of one machine.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("artifac", "tory"),
    concat!("registry.", "npmjs.org"),
    concat!("static.", "crates.io"),
    concat!("deb.", "debian.org"),
];

/// Files whose first line need not say what they are for.
const NO_ROLE: &[&str] = &["tests/lua/", "tests/fixtures/"];

pub fn check(files: &[File], findings: &mut Findings) {
    for file in files {
        if file.size > BYTES_MAX {
            findings.problem(format!("{}: {} bytes, at most {BYTES_MAX}", file.path, file.size));
        }
        machine(file, findings);
        if file.is_code() {
            lengths(file, findings);
            unfinished(file, findings);
        }
        if !has_role(file) {
            findings.problem(format!("{}:1: the first line has to say what it is for", file.path));
        }
    }
}

fn lengths(file: &File, findings: &mut Findings) {
    let mut count = 0;
    for (index, line) in file.text.lines().enumerate() {
        count += 1;
        let columns = line.chars().count();
        let row = file.path.contains("/tests/") && line.trim_start().starts_with('"');
        let most = if row { ROW_MAX } else { LINE_MAX };
        if columns > most && !line.contains("https://") {
            let at = format!("{}:{}", file.path, index + 1);
            findings.problem(format!("{at}: {columns} columns, at most {most}"));
        }
    }
    let longer = LONGER.iter().any(|(path, _)| *path == file.path);
    if count > FILE_MAX && !longer {
        findings.problem(format!("{}: {count} lines, at most {FILE_MAX}", file.path));
    } else if count > FILE_WARN {
        findings.warn(format!("{}: {count} lines, aim at {FILE_WARN}", file.path));
    }
}

fn unfinished(file: &File, findings: &mut Findings) {
    for (index, line) in file.text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| has_word(line, word)) {
            findings.problem(format!("{}:{}: `{word}`", file.path, index + 1));
        }
    }
}

/// Whether `word` stands in `line`, and not as a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open = word.ends_with(|c: char| !joins(c));
        !before.is_some_and(joins) && (open || !after.is_some_and(joins))
    })
}

fn machine(file: &File, findings: &mut Findings) {
    for (index, line) in file.text.lines().enumerate() {
        if let Some(word) = MACHINE.iter().find(|word| line.contains(*word)) {
            let at = format!("{}:{}", file.path, index + 1);
            findings.problem(format!("{at}: `{word}` belongs to one machine"));
        }
    }
}

fn has_role(file: &File) -> bool {
    if NO_ROLE.iter().any(|folder| file.path.contains(folder)) {
        return true;
    }
    let mut lines = file.text.lines();
    let mut first = lines.next().unwrap_or_default();
    if first.starts_with("#!") && !first.starts_with("#![") {
        first = lines.next().unwrap_or_default();
    }
    let opens: &[&str] = match file.extension() {
        "rs" => &["//! "],
        "ts" | "js" | "mjs" | "cjs" => &["// ", "/** "],
        "lua" if file.path.starts_with("bench/") || file.path.starts_with("examples/") => &["--"],
        "sh" => &["# "],
        "" if file.path.starts_with(".ci/") => &["# "],
        _ => return true,
    };
    opens.iter().any(|open| first.starts_with(open))
}

#[cfg(test)]
mod unit {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check(&[File::sample(path, text)], &mut findings);
        findings.problems
    }

    #[test]
    fn clean_files_pass() {
        assert_eq!(problems("a.rs", "//! Adds.\nfn a() {}\n"), [""; 0]);
        assert_eq!(problems("a.mjs", "#!/usr/bin/env node\n// Adds.\n"), [""; 0]);
        assert_eq!(problems("README.md", &"long ".repeat(100)), [""; 0]);
        let url = format!("//! Adds.\n// https://example.org/{}\n", "x".repeat(100));
        assert_eq!(problems("a.rs", &url), [""; 0]);
    }

    #[test]
    fn long_lines_and_files_fail() {
        let line = format!("//! Adds.\n// {}\n", "é".repeat(98));
        assert_eq!(problems("a.rs", &line), ["a.rs:2: 101 columns, at most 100"]);
        let row = format!("//! Adds.\n    \"{}\",\n", "x".repeat(110));
        assert_eq!(problems("a/tests/b.rs", &row), [""; 0]);
        assert_eq!(problems("a/src/b.rs", &row), ["a/src/b.rs:2: 117 columns, at most 100"]);
        let file = format!("//! Adds.\n{}", "\n".repeat(800));
        assert_eq!(problems("a.rs", &file), ["a.rs: 801 lines, at most 800"]);
    }

    #[test]
    fn a_missing_role_fails() {
        for (path, text) in
            [("a.rs", "fn a() {}"), ("a.ts", "let a"), ("bench/a.lua", "x = 1"), ("a.sh", "ls")]
        {
            assert_eq!(problems(path, text).len(), 1, "{path}");
        }
    }

    #[test]
    fn unfinished_work_fails() {
        for word in UNFINISHED {
            let text = format!("//! Adds.\n  {word} x\n");
            assert_eq!(problems("a.rs", &text).len(), 1, "{word}");
        }
        let part = format!("//! Adds.\nlet {}_LIST = 1;\n", UNFINISHED[0]);
        assert_eq!(problems("a.rs", &part), [""; 0]);
    }

    #[test]
    fn machine_paths_fail_in_every_file() {
        let text = format!("see {}x", MACHINE[0]);
        assert_eq!(problems("notes.md", &text).len(), 1);
        assert_eq!(problems("package-lock.json", &format!("https://{}", MACHINE[4])).len(), 1);
    }

    #[test]
    fn large_files_fail() {
        let mut file = File::sample("a.bin", "");
        file.size = BYTES_MAX + 1;
        let mut findings = Findings::default();
        check(&[file], &mut findings);
        assert_eq!(findings.problems.len(), 1);
    }
}
