//! Stores written by earlier versions open for ever.

use std::path::{Path, PathBuf};
use store::{FileOptions, Options, Store};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("fixtures").join(name)
}

/// Copies the files of a fixture, so that opening it changes nothing here, and checks it.
fn check(files: &[&str]) {
    let folder = std::env::temp_dir().join(format!("{}-{}", files[0], std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for file in files {
        std::fs::copy(fixture(file), folder.join(file)).unwrap();
    }
    let storage = store::open_file(folder.join(files[0]), FileOptions::default()).unwrap();
    let mut store = Store::open(storage, Options::default()).unwrap();
    assert_eq!(store.len(), 41);
    let mut value = Vec::new();
    for number in 0..40u8 {
        assert!(store.get(format!("key {number:03}").as_bytes(), &mut value).unwrap());
        assert_eq!(value, vec![number; usize::from(number) * 20]);
    }
    assert!(store.get(b"key 041", &mut value).unwrap());
    assert_eq!(value, b"last");
    assert!(!store.contains(b"gone").unwrap());
    let report = store::verify(store.storage()).unwrap();
    assert!(report.is_sound(), "{report}");
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn version_1_closed() {
    check(&["v1.keep"]);
}

#[test]
fn version_1_with_only_its_log_left() {
    check(&["v1-crashed.keep", "v1-crashed.keep-log"]);
}
