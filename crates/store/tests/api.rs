//! What the calls refuse, how errors speak, and what reports say.

use store::{Committed, Cursor, Durability, Error, Fault, FaultKind, MemoryStorage, Options};
use store::{Savepoint, Store};

type MemoryStore = Store<MemoryStorage>;

fn open(page_bytes: usize) -> MemoryStore {
    Store::open(MemoryStorage::new(page_bytes), Options::default()).unwrap()
}

fn filled(page_bytes: usize, entries: u32) -> MemoryStore {
    let mut store = open(page_bytes);
    store.begin().unwrap();
    for key in 0..entries {
        store.put(&key.to_be_bytes(), &[5; 30]).unwrap();
    }
    store.commit(Durability::Strict).unwrap();
    store
}

#[test]
fn calls_out_of_turn_are_refused() {
    let mut store = open(4096);
    let usage = |result: Result<(), Error>| {
        let error = result.err().unwrap();
        assert!(error.is_usage(), "{error}");
        assert_eq!(error.code(), "STORE_USAGE");
    };
    usage(store.put(b"key", b"value").map(drop));
    usage(store.delete(b"key").map(drop));
    usage(store.commit(Durability::Strict).map(drop));
    usage(store.rollback());
    usage(store.savepoint().map(drop));
    store.begin().unwrap();
    usage(store.begin());
    usage(store.flush().map(drop));
    let outer = store.savepoint().unwrap();
    let inner: Savepoint = store.savepoint().unwrap();
    store.put(b"key", b"value").unwrap();
    store.release(outer).unwrap();
    usage(store.rollback_to(inner));
    usage(store.release(outer));
    for _ in 0..store::SAVEPOINTS_MAX {
        let _ = store.savepoint().unwrap();
    }
    usage(store.savepoint().map(drop));
    // Nothing of this has spoiled the transaction.
    store.commit(Durability::Relaxed).unwrap();
    assert!(store.contains(b"key").unwrap());
    assert_eq!(store.flush().unwrap(), store.durable().unwrap());
}

#[test]
fn sizes_have_limits() {
    let mut store = open(4096);
    store.begin().unwrap();
    let key = vec![1; store::KEY_BYTES_MAX];
    store.put(&key, b"value").unwrap();
    let error = store.put(&[key.as_slice(), b"1"].concat(), b"value").err().unwrap();
    assert!(error.is_too_large());
    assert_eq!(error.code(), "STORE_KEY_TOO_LARGE");
    assert_eq!(error.to_string(), "the key has 1025 bytes, more than the 1024 allowed");
    let error = store.put(b"key", &vec![0; store::VALUE_BYTES_MAX + 1]).err().unwrap();
    assert!(error.is_too_large());
    assert_eq!(error.code(), "STORE_VALUE_TOO_LARGE");
    let expected = "the value has 16777217 bytes, more than the 16777216 allowed";
    assert_eq!(error.to_string(), expected);
    store.commit(Durability::Strict).unwrap();
    assert_eq!(store.len(), 1);

    for page_bytes in [0, 100, 128, 4095, 131_072] {
        let opened = Store::open(MemoryStorage::new(page_bytes), Options::default());
        assert!(opened.is_err_and(|error| error.is_usage()));
    }
}

#[test]
fn keys_and_values_of_every_size_come_back() {
    for page_bytes in [256, 512, 4096, 65536] {
        let mut store = open(page_bytes);
        store.begin().unwrap();
        let sizes = |key: usize| key * key * 7 % 9000;
        let keys = 0..=store::key_bytes_max(page_bytes);
        for key in keys.clone().step_by(5) {
            assert!(store.put(&vec![b'k'; key], &vec![key as u8; sizes(key)]).unwrap());
        }
        store.commit(Durability::Strict).unwrap();
        let mut value = Vec::new();
        for key in keys.step_by(5) {
            assert!(store.get(&vec![b'k'; key], &mut value).unwrap());
            assert_eq!(value, vec![key as u8; sizes(key)]);
        }
        let report = store::verify(store.storage()).unwrap();
        assert!(report.is_sound(), "{report}");
    }
}

#[test]
fn the_committed_state_stays_until_the_commit() {
    let mut store = filled(256, 500);
    store.begin().unwrap();
    assert_eq!(store.delete_range(&100u32.to_be_bytes(), None).unwrap(), 400);
    assert_eq!(store.len(), 100);
    let mut committed: Committed<'_, _> = store.committed();
    assert_eq!((committed.len(), committed.is_empty()), (500, false));
    assert!(committed.contains(&499u32.to_be_bytes()).unwrap());
    let estimate = committed.estimate(&100u32.to_be_bytes(), Some(&400u32.to_be_bytes()));
    assert!((200..=400).contains(&estimate.unwrap()));
    let mut cursor = Cursor::committed();
    assert!(cursor.last(&mut store).unwrap());
    assert_eq!(cursor.key(), 499u32.to_be_bytes());
    assert!(cursor.is_placed());
    store.commit(Durability::Strict).unwrap();
    // The cursor goes on in the new state.
    assert!(cursor.previous(&mut store).unwrap());
    assert_eq!(cursor.key(), 99u32.to_be_bytes());
    assert_eq!(store.estimate(&9u32.to_be_bytes(), Some(&[])).unwrap(), 0);

    store.begin().unwrap();
    store.delete_range(&[], None).unwrap();
    assert!(store.is_empty() && !store.committed().is_empty());
    assert_eq!(store.estimate(&[], None).unwrap(), 0);
    let mut cursor = Cursor::default();
    assert!(!cursor.first(&mut store).unwrap() && !cursor.last(&mut store).unwrap());
    assert!(!cursor.seek_below(&mut store, b"\xFF").unwrap());
    assert!(!cursor.next(&mut store).unwrap() && !cursor.previous(&mut store).unwrap());
    assert!(!cursor.value(&mut store, &mut Vec::new()).unwrap());
    // Closing drops the transaction.
    let storage = store.close().unwrap();
    assert_eq!(Store::open(storage, Options::default()).unwrap().len(), 100);
}

#[test]
fn free_pages_are_used_again() {
    let mut store = filled(256, 2000);
    let pages = store.stats().pages;
    for _ in 0..5 {
        store.begin().unwrap();
        store.delete_range(&[], None).unwrap();
        store.commit(Durability::Strict).unwrap();
        assert_eq!(store.stats().free_pages, pages - 1);
        store.begin().unwrap();
        for key in 0..2000u32 {
            store.put(&key.to_be_bytes(), &[6; 30]).unwrap();
        }
        store.commit(Durability::Strict).unwrap();
    }
    assert_eq!(store.stats().pages, pages);
}

#[test]
fn memory_does_not_grow_with_a_transaction() {
    let options = Options { cache_bytes: 16 * 256, ..Options::default() };
    let mut store = Store::open(MemoryStorage::new(256), options).unwrap();
    store.begin().unwrap();
    for key in 0..5000u32 {
        store.put(&key.to_be_bytes(), &[6; 30]).unwrap();
    }
    let stats = store.stats();
    assert_eq!(stats.frames, 16);
    assert!(stats.pages > 500 && stats.depth > 2 && stats.cache_misses > 500);
    store.rollback().unwrap();
    assert_eq!((store.len(), store.stats().pages, store.stats().transaction), (0, 1, 0));
}

#[test]
fn reports_tell_the_shape_and_the_damage() {
    let mut store = filled(256, 300);
    store.begin().unwrap();
    store.put(b"large", &[1; 1000]).unwrap();
    store.put(b"gone", &[1; 1000]).unwrap();
    store.delete(b"gone").unwrap();
    store.commit(Durability::Strict).unwrap();
    let mut storage = store.close().unwrap();
    let shape = store::inspect(&mut storage).unwrap();
    assert_eq!((shape.entries, shape.overflow_values, shape.overflow_pages), (301, 1, 5));
    assert_eq!((shape.key_bytes, shape.value_bytes), (1205, 10_000));
    assert_eq!((shape.free_pages, shape.transaction), (5, 2));
    assert_eq!(shape.levels[0].cells, 301);
    let text = store::verify(&mut storage).unwrap().to_string();
    assert!(text.contains("entries      301") && text.contains("no problems"), "{text}");

    let mut bytes = storage.as_bytes().to_vec();
    let at = 5 * 256 + 100;
    bytes[at] ^= 1;
    let report = store::verify(&mut MemoryStorage::from_bytes(256, bytes)).unwrap();
    assert!(!report.is_sound());
    assert_eq!((report.problems[0].page, report.problems[0].offset), (5, 8));
    let text = report.to_string();
    assert!(text.contains("page 5, offset 8: ") && text.contains(" problem"), "{text}");

    // A store that was cut off behind its header.
    let mut storage = MemoryStorage::from_bytes(256, storage.as_bytes()[..256].to_vec());
    let report = store::verify(&mut storage).unwrap();
    assert!(report.problems[0].what.contains("cut short"));
    assert!(Store::open(storage, Options::default()).is_err_and(|error| error.is_corrupt()));
    assert!(store::verify(&mut MemoryStorage::new(256)).unwrap().is_sound());
    let mut foreign = MemoryStorage::from_bytes(256, vec![7; 1024]);
    assert!(store::verify(&mut foreign).is_err_and(|error| error.is_foreign()));
}

#[test]
fn errors_carry_place_and_code() {
    let store = filled(256, 300);
    let mut bytes = store.close().unwrap().as_bytes().to_vec();
    for page in 1..bytes.len() / 256 {
        bytes[page * 256 + 200] ^= 1;
    }
    let storage = MemoryStorage::from_bytes(256, bytes);
    let mut store = Store::open(storage, Options::default()).unwrap();
    let error = store.get(b"key", &mut Vec::new()).err().unwrap();
    assert!(error.is_corrupt() && error.page().is_some_and(|page| page > 0));
    assert_eq!((error.offset(), error.code()), (Some(8), "STORE_CORRUPT"));
    assert!(error.to_string().starts_with("the store is corrupt: a checksum does not match"));
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(error.fault().is_none());

    store.begin().unwrap();
    assert!(store.put(b"key", b"value").is_err_and(|error| error.is_corrupt()));
    let error = store.get(b"key", &mut Vec::new()).err().unwrap();
    assert!(error.is_rollback_required());
    assert_eq!(error.code(), "STORE_ROLLBACK_REQUIRED");
    assert!(error.to_string().contains("rolled back"));
    store.rollback().unwrap();
    assert!(!store.in_transaction());
}

#[test]
fn faults_become_errors_with_their_codes() {
    let cases = [
        (FaultKind::Io, "STORE_IO", "the medium failed"),
        (FaultKind::Full, "STORE_FULL", "the disk or the quota is full"),
        (FaultKind::ReadOnly, "STORE_READ_ONLY", "the medium may only be read"),
        (FaultKind::Locked, "STORE_LOCKED", "the store is in use"),
        (FaultKind::Missing, "STORE_MISSING", "the store is missing"),
        (FaultKind::Corrupt, "STORE_CORRUPT", "the store is damaged"),
        (FaultKind::Foreign, "STORE_FOREIGN", "this is not a store"),
        (FaultKind::Unknown, "STORE_POISONED", "the outcome of a commit is unknown"),
    ];
    for (kind, code, words) in cases {
        let fault = Fault::with_detail(kind, "here");
        assert!(fault.to_string().starts_with(words) && fault.to_string().ends_with(": here"));
        assert_eq!(format!("{fault:?}"), fault.to_string());
        assert_eq!((fault.detail(), Fault::new(kind).detail()), (Some("here"), None));
        let error = Error::from(fault);
        assert_eq!((error.code(), error.page(), error.offset()), (code, None, None));
        let asked = [
            error.is_full(),
            error.is_read_only(),
            error.is_locked(),
            error.is_missing(),
            error.is_corrupt(),
            error.is_foreign(),
            error.is_poisoned(),
        ];
        let expected = usize::from(kind != FaultKind::Io);
        assert_eq!(asked.iter().filter(|&&yes| yes).count(), expected, "{kind:?}");
    }
}
