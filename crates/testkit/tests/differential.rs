//! A slice of the differential campaign: generated programs mean the same here and in PUC-Rio.

use testkit::program::{Outcome, check_compiler, check_reference, mutant};
use testkit::program::{program, run_compiled, run_foreign, run_moonkeep, run_reference};

/// Differences that are known, each by a part of its description. A new one fails the tests; one
/// that is gone has to leave this list.
const KNOWN: &[&str] = &[];

fn differences(seeds: std::ops::Range<u64>, run: fn(&str) -> Outcome) -> Vec<String> {
    seeds
        .filter_map(|seed| {
            let source = program(seed, 2);
            let difference = run_reference(&source).difference(&run(&source))?;
            Some(format!("seed {seed}: {difference}"))
        })
        .collect()
}

#[test]
fn compiled_programs_mean_the_same_in_the_reference() {
    assert_eq!(differences(0..300, run_compiled), Vec::<String>::new());
}

fn unknown_differences(seeds: std::ops::Range<u64>, run: fn(&str) -> Outcome) -> Vec<String> {
    let mut differences = differences(seeds, run);
    differences.retain(|difference| !KNOWN.iter().any(|known| difference.contains(known)));
    differences
}

#[test]
fn programs_mean_the_same_here() {
    let run = |source: &str| run_moonkeep(source);
    assert_eq!(unknown_differences(0..300, run), Vec::<String>::new());
}

#[test]
fn foreign_chunks_mean_the_same_here() {
    assert_eq!(unknown_differences(300..500, run_foreign), Vec::<String>::new());
}

#[test]
fn syntax_errors_are_worded_the_same() {
    let mut refused = 0;
    for seed in 0..3_000 {
        let source = mutant(seed);
        let (expected, found) = (check_reference(&source), check_compiler(&source));
        refused += u32::from(expected.is_some());
        let text = |message: &Option<Vec<u8>>| {
            message.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        assert_eq!(text(&expected), text(&found), "seed {seed}:\n{source}");
    }
    assert!(refused > 2_000, "{refused}");
}

#[test]
fn a_wrong_machine_is_noticed() {
    let wrong = |source: &str| run_reference(source.replace("<=", "<"));
    assert!(differences(0..60, wrong).len() > 10);
}
