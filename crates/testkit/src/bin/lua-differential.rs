//! Runs generated programs here and in PUC-Rio Lua and shows where they differ.
//!
//! `lua-differential [vm|compiler|foreign|syntax] [COUNT] [FIRST SEED] [SIZE]`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::program::{Outcome, check_compiler, check_reference, mutant};
use testkit::program::{program, run_compiled, run_foreign, run_moonkeep, run_reference};

/// Programs whose differences are shown; the others are counted.
const SHOWN: usize = 20;

/// The seed that is being run.
static SEED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        words.get(index).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let (count, first, size) = (number(1, 1_000), number(2, 0), number(3, 8) as u32);
    let compare: fn(u64, u32) -> Option<String> = match words.first().map(String::as_str) {
        None | Some("vm") => |seed, size| run(seed, size, |source| run_moonkeep(source)),
        Some("foreign") => |seed, size| run(seed, size, run_foreign),
        Some("compiler") => |seed, size| run(seed, size, run_compiled),
        Some("syntax") => syntax,
        Some(other) => {
            eprintln!("lua-differential: `{other}` is none of vm, compiler, foreign, syntax");
            return ExitCode::FAILURE;
        }
    };
    report_seed_of_panics();
    let mut different = 0;
    for seed in first..first + count {
        SEED.store(seed, Ordering::Relaxed);
        let compared = catch_unwind(AssertUnwindSafe(|| compare(seed, size)));
        if let Some(difference) = compared.unwrap_or_else(|_| Some("it panicked".to_owned())) {
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

/// Optimised builds abort when they panic: the seed has to be told before.
fn report_seed_of_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("seed {} panics", SEED.load(Ordering::Relaxed));
        report(info);
    }));
}

fn run(seed: u64, size: u32, run: impl Fn(&str) -> Outcome) -> Option<String> {
    let source = program(seed, size);
    run_reference(&source).difference(&run(&source))
}

/// Compares the messages for a text that most likely does not compile.
fn syntax(seed: u64, _size: u32) -> Option<String> {
    let source = mutant(seed);
    let (expected, found) = (check_reference(&source), check_compiler(&source));
    let show = |message: &Option<Vec<u8>>| {
        message.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    (expected != found).then(|| {
        let (expected, found) = (show(&expected), show(&found));
        format!("\n  expected {expected:?}\n  found    {found:?}")
    })
}
