//! The programs that use every function of the library, one fault or limit at a time.

use crate::support::{machine, message};
use std::collections::BTreeSet;

const TEXT: &str = include_str!("snippets.lua");

/// Each program with what it is about.
pub fn all() -> Vec<(String, String)> {
    let mut snippets = vec![];
    let (mut name, mut source) = ("tables".to_owned(), String::new());
    for line in TEXT.lines() {
        match line.strip_prefix("--- ") {
            Some(next) => {
                let last = std::mem::replace(&mut name, next.to_owned());
                snippets.push((last, std::mem::take(&mut source)));
            }
            None => {
                source.push_str(line);
                source.push('\n');
            }
        }
    }
    snippets.push((name, source));
    snippets
}

#[test]
fn every_snippet_succeeds_when_nothing_fails() {
    for (name, source) in all() {
        let mut vm = machine();
        if let Err(throw) = vm.eval(source.as_bytes(), "=snippet") {
            panic!("{name}: {}", message(&mut vm, throw));
        }
    }
}

/// Functions that end the process, wait for a terminal or leave files behind, or do nothing.
const EXEMPT: &[&str] = &["debug", "exit", "setcstacklimit", "tmpname"];

#[test]
fn every_library_function_is_used() {
    let words: BTreeSet<&str> = TEXT.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut vm = machine();
    let list = b"local names = {} for _, library in ipairs {'_G', 'coroutine', 'debug', 'io', \
        'math', 'os', 'package', 'string', 'table', 'utf8'} do \
        for name, f in pairs(_G[library]) do \
        if type(f) == 'function' then names[#names + 1] = name end end end \
        return table.concat(names, ' ')";
    let names = vm.eval(list, "=list").expect("the list is made")[0];
    let names = String::from_utf8(vm.bytes(names).expect("a string").to_vec()).expect("text");
    assert!(names.len() > 500, "{names}");
    let unused: Vec<&str> =
        names.split(' ').filter(|name| !words.contains(name) && !EXEMPT.contains(name)).collect();
    assert!(unused.is_empty(), "not used by any snippet: {unused:?}");
}
