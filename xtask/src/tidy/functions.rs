//! The rule on the length of functions. It relies on the layout that rustfmt writes: a function
//! ends at the first line that is its own indentation and a closing brace.

use super::{File, Findings};

/// Lines of a function, from its signature to its closing brace.
const FUNCTION_MAX: usize = 70;

/// Functions that may be longer, each with its reason.
const LONGER: &[(&str, &str, &str)] =
    &[("crates/lua-vm/src/vm/execute.rs", "execute", "dispatch: one match over all opcodes")];

pub fn check(files: &[File], findings: &mut Findings) {
    let mut used = vec![false; LONGER.len()];
    for file in files.iter().filter(|file| file.is_code()) {
        for (line, name, length) in functions(&file.text) {
            let known = LONGER.iter().position(|(path, known, _)| {
                *path == file.path && *known == name && length > FUNCTION_MAX
            });
            if let Some(index) = known {
                used[index] = true;
            } else if length > FUNCTION_MAX {
                findings.problem(format!(
                    "{}:{line}: `{name}` has {length} lines, at most {FUNCTION_MAX}",
                    file.path
                ));
            }
        }
    }
    for ((path, name, _), used) in LONGER.iter().zip(used) {
        if !used && files.iter().any(|file| file.path == *path) {
            findings.problem(format!("{path}: `{name}` needs no exemption any more"));
        }
    }
}

/// Every function of a file: the line of its signature, its name, its length in lines.
fn functions(text: &str) -> Vec<(usize, &str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let last = lines[index..].iter().position(|line| {
            line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'))
                || line.strip_prefix(indent).is_some_and(|rest| rest.ends_with([';', '}']))
                    && !line[indent.len()..].starts_with(' ')
        });
        if let Some(last) = last {
            found.push((index + 1, name, last + 1));
        }
    }
    found
}

/// The name, when the line opens a function of Rust or TypeScript.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        let (word, after) = rest.split_once(' ')?;
        match word {
            "fn" | "function" => {
                let after = after.trim_start_matches('*');
                let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
                return (end > 0).then(|| &after[..end]);
            }
            "pub" | "const" | "async" | "unsafe" | "extern" | "export" | "default" | "\"C\"" => {}
            word if word.starts_with("pub(") => {}
            _ => return None,
        }
        rest = after;
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn functions_are_found_and_measured() {
        let text = "\
//! X.
impl A {
    pub(crate) const fn one(
        &self,
    ) -> u8 {
        1
    }

    fn two() {}
}

fn three();
fn four() {
    if x {
    }
}
";
        let found = [(3, "one", 5), (9, "two", 1), (12, "three", 1), (13, "four", 4)];
        assert_eq!(functions(text), found);
        let script = "// X.\nexport async function load(a) {\n  b;\n}\n";
        assert_eq!(functions(script), [(2, "load", 3)]);
    }

    #[test]
    fn an_exemption_without_need_fails() {
        let (path, name, _) = LONGER[0];
        let short = File::sample(path, &format!("//! X.\nfn {name}() {{}}\n"));
        let mut findings = Findings::default();
        check(&[short], &mut findings);
        assert_eq!(findings.problems.len(), 1);
    }

    #[test]
    fn a_long_function_fails() {
        let body = "    x();\n".repeat(FUNCTION_MAX - 2);
        let fits = File::sample("a.rs", &format!("//! X.\nfn long() {{\n{body}}}\n"));
        let over = File::sample("b.rs", &format!("//! X.\nfn long() {{\n{body}    x();\n}}\n"));
        let mut findings = Findings::default();
        check(&[fits, over], &mut findings);
        assert_eq!(findings.problems, ["b.rs:2: `long` has 71 lines, at most 70"]);
    }
}
