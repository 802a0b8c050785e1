//! Transactions that outgrow the buffer of a log storage while the medium has no room.

use store::{Durability, FaultKind, LogOptions, LogStorage, MediumFile, Options, Store};
use testkit::crash::CrashMedium;

type CrashStore = Store<LogStorage<CrashMedium>>;

const OPTIONS: LogOptions =
    LogOptions { page_bytes: 512, buffer_pages: 6, places: 4, checkpoint_bytes: 1 << 20 };

fn open(medium: &CrashMedium) -> CrashStore {
    let storage = LogStorage::open(medium.clone(), OPTIONS).unwrap();
    Store::open(storage, Options { cache_bytes: 2048, ..Options::default() }).unwrap()
}

/// Puts two hundred entries of `byte`, at least, in an open transaction.
fn fill(store: &mut CrashStore, byte: u8) -> Result<(), store::Error> {
    for key in 0..200u32 {
        store.put(&key.wrapping_mul(0x9E37_79B1).to_be_bytes(), &[byte; 40])?;
    }
    Ok(())
}

fn check(store: &mut CrashStore, byte: u8) {
    let mut value = Vec::new();
    for key in 0..200u32 {
        assert!(store.get(&key.wrapping_mul(0x9E37_79B1).to_be_bytes(), &mut value).unwrap());
        assert_eq!(value, [byte; 40], "{key}");
    }
    assert_eq!(store.len(), 200);
    assert!(store::verify(store.storage()).unwrap().is_sound());
}

fn filled(medium: &CrashMedium, byte: u8) -> CrashStore {
    let mut store = open(medium);
    store.begin().unwrap();
    fill(&mut store, byte).unwrap();
    store.commit(Durability::Strict).unwrap();
    store
}

#[test]
fn a_full_disk_undoes_a_large_transaction_and_nothing_else() {
    for barred in [MediumFile::Spill, MediumFile::Index, MediumFile::Log] {
        let medium = CrashMedium::default();
        let mut store = filled(&medium, 1);
        medium.bar(barred, FaultKind::Full);
        store.begin().unwrap();
        let outcome = fill(&mut store, 2).and_then(|()| store.commit(Durability::Strict).map(drop));
        assert!(outcome.is_err_and(|error| error.is_full()), "{barred:?}");
        if store.in_transaction() {
            store.rollback().unwrap();
        }
        check(&mut store, 1);
        medium.heal();
        store.begin().unwrap();
        fill(&mut store, 3).unwrap();
        store.commit(Durability::Strict).unwrap();
        check(&mut store, 3);
        drop(store);
        check(&mut open(&medium), 3);
    }
}

#[test]
fn a_large_commit_that_finds_no_room_beside_the_log_is_durable_and_waits() {
    let medium = CrashMedium::default();
    let mut store = filled(&medium, 1);
    medium.bar(MediumFile::Data, FaultKind::Full);
    store.begin().unwrap();
    fill(&mut store, 2).unwrap();
    let ticket = store.commit(Durability::Strict).unwrap();
    assert_eq!(store.durable().unwrap(), ticket);
    check(&mut store, 2);
    check(&mut open(&CrashMedium::new(medium.durable())), 2);

    // Commits that the buffer holds find room in the log; their pages are the newer ones.
    store.begin().unwrap();
    store.put(&0u32.to_be_bytes(), &[3; 40]).unwrap();
    store.commit(Durability::Strict).unwrap();
    let mut value = Vec::new();
    assert!(store.get(&0u32.to_be_bytes(), &mut value).unwrap());
    assert_eq!(value, [3; 40]);

    // A second large one has nowhere to go, and leaves everything as it was.
    store.begin().unwrap();
    assert!(fill(&mut store, 4).is_err_and(|error| error.is_full()));
    store.rollback().unwrap();
    assert!(store.get(&0u32.to_be_bytes(), &mut value).unwrap());
    assert_eq!(value, [3; 40]);
    store.begin().unwrap();
    store.put(&0u32.to_be_bytes(), &[2; 40]).unwrap();
    store.commit(Durability::Strict).unwrap();
    check(&mut store, 2);
    check(&mut open(&CrashMedium::new(medium.durable())), 2);

    medium.heal();
    store.begin().unwrap();
    fill(&mut store, 5).unwrap();
    store.commit(Durability::Strict).unwrap();
    check(&mut store, 5);
    store.close().unwrap();
    assert!(medium.current()[MediumFile::Log as usize].is_empty());
    check(&mut open(&medium), 5);
}
