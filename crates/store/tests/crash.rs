//! Slices of the crash tests; long campaigns run the `store-crash` program of `testkit`.

use testkit::{store_crash, store_damage, store_flips};

/// Images or changed bytes for each seed: a few seconds, unless the environment asks for more.
fn asked_for(variable: &str, default: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_crash_leaves_a_committed_state() {
    let images = asked_for("STORE_CRASH_IMAGES", 4_000);
    for seed in 1..=3 {
        let summary = store_crash::run(images, seed);
        assert!(summary.images >= images);
        assert!(summary.newer > 0 && summary.recovery_images > 0 && summary.faults > 0);
    }
}

#[test]
fn a_changed_byte_is_detected_or_harmless() {
    let flips = asked_for("STORE_FLIPS", 8_000);
    let summary = store_flips::run(flips, 1);
    assert!(summary.flips >= flips);
    assert!(summary.detected > summary.flips / 2 && summary.harmless > 0);
}

#[test]
fn every_byte_of_a_store_is_detected_or_harmless_when_it_changes() {
    let summary = store_flips::run_every_byte(asked_for("STORE_FLIPPED_STORES", 1), 4);
    assert!(summary.flips > 5_000, "{summary:?}");
    assert!(summary.detected > summary.flips / 4 && summary.harmless > 0, "{summary:?}");
}

#[test]
fn a_damaged_store_with_right_checksums_never_panics() {
    let stores = asked_for("STORE_DAMAGES", 4_000);
    let summary = store_damage::run(stores, 1);
    assert!(summary.stores >= stores);
    assert!(summary.found > summary.stores / 4 && summary.reported > summary.stores / 10);
}
