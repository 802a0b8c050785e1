//! A slice of the differential campaign: generated programs mean the same here and in PUC-Rio.

use testkit::program::{Outcome, program, run_compiled, run_reference};

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
fn a_wrong_machine_is_noticed() {
    let wrong = |source: &str| run_reference(source.replace("<=", "<"));
    assert!(differences(0..20, wrong).len() > 10);
}
