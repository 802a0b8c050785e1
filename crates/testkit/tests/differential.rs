//! A slice of the differential campaign: generated programs mean the same here and in PUC-Rio.

use testkit::program::{Outcome, check_compiler, check_reference, mutant};
use testkit::program::{program, run_compiled, run_reference};

fn differences(seeds: std::ops::Range<u64>, run: fn(&str) -> Outcome) -> Vec<String> {
    seeds
        .filter_map(|seed| {
            let source = program(seed, 8);
            let difference = run_reference(&source).difference(&run(&source))?;
            Some(format!("seed {seed}: {difference}"))
        })
        .collect()
}

#[test]
fn compiled_programs_mean_the_same_in_the_reference() {
    assert_eq!(differences(0..300, run_compiled), Vec::<String>::new());
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
    assert!(differences(0..20, wrong).len() > 10);
}
