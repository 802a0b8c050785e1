//! A slice of the campaigns of mutated chunks and images; `cargo xtask campaign mutations`
//! and `cargo xtask campaign images` run a million of each.

use testkit::mutation;

#[test]
fn mutated_chunks_that_verify_run_without_a_panic() {
    let tally = mutation::chunks(0, 6_000, |_| {});
    assert_eq!(tally.cases, 6_000);
    assert!(tally.accepted > 500 && tally.succeeded > 100, "{tally:?}");
}

#[test]
fn mutated_images_that_are_restored_run_without_a_panic() {
    let tally = mutation::images(0, 2_000, |_| {}).expect("the image is made");
    assert_eq!(tally.cases, 2_000);
    assert!(tally.accepted > 200, "{tally:?}");
}

#[test]
fn an_image_that_is_not_mutated_is_restored_and_works() {
    let image = mutation::image().expect("the image is made");
    let bytes = image.encode().expect("it encodes");
    assert_eq!(mutation::run_image(&bytes), (true, true));
    assert_eq!(mutation::run_chunk(&mutation::chunk(2)), (true, true));
}
