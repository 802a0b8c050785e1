//! A slice of the model fuzzing; long campaigns run the `store-fuzz` program of `testkit`.

use std::time::{Duration, Instant};
use testkit::store_model::{self, Summary};

/// Operations of each seed: a few seconds.
const OPERATIONS: u64 = 60_000;
/// Seeds that run however long they take.
const SEEDS_MIN: u64 = 4;

/// How long further seeds follow, as the environment asks; by itself none does.
fn time_asked() -> Duration {
    let asked = std::env::var("STORE_MODEL_SECONDS").ok();
    Duration::from_secs(asked.and_then(|text| text.parse().ok()).unwrap_or(0))
}

#[test]
fn random_operations_agree_with_the_models() {
    let (start, time) = (Instant::now(), time_asked());
    let mut covered = Summary::default();
    for seed in 1.. {
        if seed > SEEDS_MIN && start.elapsed() >= time {
            break;
        }
        let summary = store_model::run(OPERATIONS, seed);
        assert_eq!(summary.operations, OPERATIONS, "seed {seed}");
        covered.commits += summary.commits;
        covered.faults += summary.faults;
        covered.oracle_checks += summary.oracle_checks;
        covered.depth_max = covered.depth_max.max(summary.depth_max);
    }
    assert!(covered.commits > 0 && covered.faults > 0 && covered.oracle_checks > 0);
    assert!(covered.depth_max >= 3, "the trees stayed flat");
}
