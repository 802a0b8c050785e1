//! Runs mutated chunks and images until one panics or all are done.
//!
//! `mutations [chunks|images] [COUNT] [FIRST SEED]`

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::mutation;

/// The case that runs, for the message of a panic.
static SEED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        words.get(index).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let (count, first) = (number(1, 1_000_000), number(2, 0));
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("seed {}:", SEED.load(Ordering::Relaxed));
        default(info);
    }));
    let note = |seed: u64| {
        SEED.store(seed, Ordering::Relaxed);
        if seed.is_multiple_of(100_000) {
            println!("seed {seed}");
        }
    };
    let tally = match words.first().map(String::as_str) {
        None | Some("chunks") => mutation::chunks(first, count, note),
        Some("images") => match mutation::images(first, count, note) {
            Ok(tally) => tally,
            Err(error) => {
                eprintln!("mutations: {error}");
                return ExitCode::FAILURE;
            }
        },
        Some(other) => {
            eprintln!("mutations: `{other}` is neither chunks nor images");
            return ExitCode::FAILURE;
        }
    };
    println!("{tally:?}");
    ExitCode::SUCCESS
}
