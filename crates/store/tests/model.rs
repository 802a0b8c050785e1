//! A slice of the model fuzzing; long campaigns run the `store-fuzz` program of `testkit`.

use testkit::store_model;

/// Operations for each seed: a few seconds, unless the environment asks for more.
fn operations() -> u64 {
    let asked = std::env::var("STORE_MODEL_OPERATIONS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(60_000)
}

#[test]
fn random_operations_agree_with_the_models() {
    let mut depth_max = 0;
    for seed in 1..=4 {
        let summary = store_model::run(operations(), seed);
        assert_eq!(summary.operations, operations());
        assert!(summary.commits > 0 && summary.faults > 0 && summary.oracle_checks > 0);
        depth_max = depth_max.max(summary.depth_max);
    }
    assert!(depth_max >= 3, "the trees stayed flat");
}
