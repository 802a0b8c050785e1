//! Generated programs compile, end soon, differ from each other, and use the whole library.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};
use testkit::program::{Outcome, program, run_reference, used_functions};

/// Functions that a generated program has no business to call: they reach the host's files and
/// processes, read its clock and environment, or replace the machine's own hooks.
const LEFT_OUT: &[&str] = &[
    "io.",
    "dofile",
    "loadfile",
    "os.execute",
    "os.exit",
    "os.getenv",
    "os.remove",
    "os.rename",
    "os.setlocale",
    "os.tmpname",
    "package.loadlib",
    "package.searchpath",
    "debug.debug",
    "debug.gethook",
    "debug.sethook",
    "debug.getregistry",
    "debug.getuservalue",
    "debug.setuservalue",
    "debug.setcstacklimit",
    "debug.setlocal",
    // The harness puts its own in the place of the counted one.
    "print",
];

const METAMETHODS: &[&str] = &[
    "__add",
    "__sub",
    "__mul",
    "__div",
    "__mod",
    "__pow",
    "__unm",
    "__idiv",
    "__band",
    "__bor",
    "__bxor",
    "__shl",
    "__shr",
    "__bnot",
    "__concat",
    "__len",
    "__eq",
    "__lt",
    "__le",
    "__index",
    "__newindex",
    "__call",
    "__close",
    "__gc",
    "__mode",
    "__name",
    "__tostring",
    "__metatable",
    "__pairs",
];

fn outcomes(count: u64, size: u32) -> Vec<(String, Outcome, Duration)> {
    (0..count)
        .map(|seed| {
            let source = program(seed, size);
            let start = Instant::now();
            let outcome = run_reference(&source);
            (source, outcome, start.elapsed())
        })
        .collect()
}

#[test]
fn programs_compile_end_and_differ() {
    let outcomes = outcomes(400, 12);
    let broken: Vec<_> = outcomes.iter().filter(|(_, o, _)| o.is_syntax_error).collect();
    for (source, outcome, _) in &broken {
        println!("{:?}\n{source}", outcome.error.as_deref().map(String::from_utf8_lossy));
    }
    assert!(broken.len() * 100 < outcomes.len() * 3, "{} do not compile", broken.len());
    let ended = outcomes.iter().filter(|(_, outcome, _)| outcome.returned.is_some()).count();
    assert_eq!(ended + broken.len(), outcomes.len(), "every error has to stay in its section");
    let digests: HashSet<_> = outcomes.iter().map(|(_, outcome, _)| &outcome.returned).collect();
    assert!(digests.len() * 100 > outcomes.len() * 95, "only {} digests", digests.len());
    let total: Duration = outcomes.iter().map(|(_, _, time)| *time).sum();
    let slowest = outcomes.iter().enumerate().map(|(seed, (_, _, time))| (*time, seed)).max();
    println!("{:?} on average, {slowest:?} at most", total / outcomes.len() as u32);
}

#[test]
fn programs_print_the_same_again() {
    for seed in 0..40 {
        let source = program(seed, 12);
        assert_eq!(run_reference(&source), run_reference(&source), "seed {seed}");
        let printed = String::from_utf8_lossy(&run_reference(&source).printed).into_owned();
        for kind in ["table: 0x", "function: 0x", "thread: 0x", "function: builtin"] {
            assert!(!printed.contains(kind), "seed {seed} prints an address: {kind}");
        }
    }
}

#[test]
fn messages_are_many() {
    let mut messages = BTreeMap::<String, u32>::new();
    for (_, outcome, _) in outcomes(300, 12) {
        for line in String::from_utf8_lossy(&outcome.printed).lines() {
            if let Some((_, message)) = line.split_once("false \"") {
                let words = message.split(|c: char| c.is_ascii_digit()).collect::<String>();
                *messages.entry(words).or_default() += 1;
            }
        }
    }
    println!("{} messages", messages.len());
    assert!(messages.len() > 500, "{}", messages.len());
    for part in
        ["(local 'v')", "(upvalue 'up')", "(global 'gv')", "(field 'f')", "(method 'method')"]
    {
        assert!(messages.keys().any(|message| message.contains(part)), "{part}");
    }
}

#[test]
fn every_function_and_metamethod_is_used() {
    let mut unused: BTreeSet<String> = used_functions("")
        .into_keys()
        .filter(|name| !LEFT_OUT.iter().any(|out| name.starts_with(out)))
        .collect();
    let known = unused.len();
    let mut metamethods: BTreeSet<&str> = METAMETHODS.iter().copied().collect();
    for seed in 0..2_000 {
        let source = program(seed, 3);
        metamethods.retain(|name| !source.contains(name));
        for (name, calls) in used_functions(&source) {
            if calls > 0 {
                unused.remove(&name);
            }
        }
        if unused.is_empty() && metamethods.is_empty() {
            println!("{known} functions used by {} programs", seed + 1);
            break;
        }
    }
    assert!(unused.is_empty(), "never called: {unused:?}");
    assert!(known > 90, "{known}");
    assert!(metamethods.is_empty(), "never defined: {metamethods:?}");
}
