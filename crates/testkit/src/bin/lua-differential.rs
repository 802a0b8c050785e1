//! Runs generated programs here and in PUC-Rio Lua and shows where they differ.
//!
//! `lua-differential [vm|compiler] [COUNT] [FIRST SEED] [SIZE]`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use testkit::program::{Outcome, program, run_compiled, run_moonkeep, run_reference};

/// Programs whose differences are shown; the others are counted.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        words.get(index).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let run: fn(&str) -> Outcome = match words.first().map(String::as_str) {
        None | Some("vm") => run_moonkeep,
        Some("compiler") => run_compiled,
        Some(other) => {
            eprintln!("lua-differential: `{other}` is neither vm nor compiler");
            return ExitCode::FAILURE;
        }
    };
    let (count, first, size) = (number(1, 1_000), number(2, 0), number(3, 8) as u32);
    let mut different = 0;
    for seed in first..first + count {
        let source = program(seed, size);
        let expected = run_reference(&source);
        let found = catch_unwind(AssertUnwindSafe(|| run(&source)));
        let difference = match &found {
            Ok(found) => expected.difference(found),
            Err(_) => Some("it panicked".to_owned()),
        };
        if let Some(difference) = difference {
            different += 1;
            if different <= SHOWN {
                println!("seed {seed}, size {size}: {difference}");
            }
        }
        if (seed + 1 - first).is_multiple_of(10_000) {
            println!("{} programs, {different} differ", seed + 1 - first);
        }
    }
    println!("{count} programs from seed {first}, size {size}: {different} differ");
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
