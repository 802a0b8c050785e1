//! Stores in files: what other processes, folders and permissions can do to them.

use std::fs;
use std::path::PathBuf;
use store::{Durability, Error, FaultKind, FileMedium, FileOptions, LogStorage, Options, Store};

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("store-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("moon.keep")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

type FileStore = Store<LogStorage<FileMedium>>;

fn open(path: PathBuf, options: FileOptions) -> Result<FileStore, Error> {
    Store::open(store::open_file(path, options)?, Options::default())
}

fn put(store: &mut FileStore, key: &[u8], durability: Durability) -> Result<u64, Error> {
    store.begin()?;
    store.put(key, key)?;
    store.commit(durability)
}

#[test]
fn what_was_committed_is_there_again() {
    let folder = Folder::new("again");
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    for key in 0..3000u32 {
        store.begin().unwrap();
        store.put(&key.to_be_bytes(), &[7; 100]).unwrap();
        let durable = if key % 10 == 9 { Durability::Strict } else { Durability::Relaxed };
        let ticket = store.commit(durable).unwrap();
        if durable == Durability::Strict {
            assert_eq!(store.durable().unwrap(), ticket);
        }
    }
    store.close().unwrap();
    assert_eq!(fs::metadata(folder.0.join("moon.keep-log")).unwrap().len(), 0);
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    assert_eq!(store.len(), 3000);
    let report = store::verify(store.storage()).unwrap();
    assert!(report.is_sound(), "{report}");
    let mut value = Vec::new();
    assert!(store.get(&2999u32.to_be_bytes(), &mut value).unwrap());
    assert_eq!(value, [7; 100]);
}

#[test]
fn a_dropped_store_is_recovered_from_its_log() {
    let folder = Folder::new("dropped");
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"key", Durability::Strict).unwrap();
    drop(store);
    assert!(fs::metadata(folder.0.join("moon.keep-log")).unwrap().len() > 0);
    // Nothing of it may be lost even if only the log is left whole.
    fs::write(folder.path(), b"").unwrap();
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    assert!(store.contains(b"key").unwrap());
}

#[test]
fn a_transaction_larger_than_every_buffer_is_one_commit() {
    let folder = Folder::new("large");
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    store.begin().unwrap();
    for key in 0..20_000u32 {
        store.put(&key.wrapping_mul(0x9E37_79B1).to_be_bytes(), &[1; 100]).unwrap();
    }
    store.put(b"big", &vec![3; store::VALUE_BYTES_MAX]).unwrap();
    store.commit(Durability::Strict).unwrap();
    let mut value = Vec::new();
    assert!(store.get(b"big", &mut value).unwrap());
    assert!(value.len() == store::VALUE_BYTES_MAX && value.iter().all(|&byte| byte == 3));
    drop(store);
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    assert_eq!(store.len(), 20_001);
    assert!(store::verify(store.storage()).unwrap().is_sound());
}

#[test]
fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let folder = Folder::new("locked");
    let first = open(folder.path(), FileOptions::default()).unwrap();
    let error = open(folder.path(), FileOptions::default()).err().unwrap();
    assert!(error.is_locked());
    assert_eq!(error.code(), "STORE_LOCKED");
    let holder = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    let reader = FileOptions { read_only: true, ..FileOptions::default() };
    assert!(open(folder.path(), reader).is_err_and(|error| error.is_locked()));
    first.close().unwrap();
    open(folder.path(), FileOptions::default()).unwrap();
}

#[test]
fn missing_things_are_missing() {
    let folder = Folder::new("missing");
    let nowhere = folder.0.join("no").join("such").join("folder");
    let error = open(nowhere, FileOptions::default()).err().unwrap();
    assert!(error.is_missing(), "{error}");
    let options = FileOptions { create: false, ..FileOptions::default() };
    let error = open(folder.path(), options).err().unwrap();
    assert!(error.is_missing(), "{error}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn readers_write_nothing() {
    let folder = Folder::new("reader");
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"key", Durability::Strict).unwrap();
    store.close().unwrap();
    fs::remove_file(folder.0.join("moon.keep-log")).unwrap();
    fs::remove_file(folder.0.join("moon.keep-lock")).unwrap();
    let before = fs::read(folder.path()).unwrap();

    let options = FileOptions { read_only: true, ..FileOptions::default() };
    let mut store = open(folder.path(), options).unwrap();
    assert!(store.contains(b"key").unwrap());
    let error = put(&mut store, b"other", Durability::Strict).err().unwrap();
    assert!(error.is_read_only(), "{error}");
    assert!(store.contains(b"key").unwrap() && !store.contains(b"other").unwrap());
    store.close().unwrap();
    assert_eq!(fs::read(folder.path()).unwrap(), before);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);

    let storage = store::open_file(folder.path(), options).unwrap();
    let options = Options { read_only: true, ..Options::default() };
    let mut store = Store::open(storage, options).unwrap();
    assert!(store.begin().is_err_and(|error| error.is_read_only()));
}

#[cfg(unix)]
#[test]
fn a_store_deleted_while_open_takes_no_commits() {
    for durability in [Durability::Strict, Durability::Relaxed] {
        let folder = Folder::new("deleted");
        let mut store = open(folder.path(), FileOptions::default()).unwrap();
        put(&mut store, b"key", durability).unwrap();
        fs::remove_file(folder.path()).unwrap();
        let error = put(&mut store, b"other", durability).err().unwrap();
        assert!(error.is_missing(), "{error}");
        // Reading goes on, and so does nothing else.
        assert!(store.contains(b"key").unwrap() && !store.contains(b"other").unwrap());
    }
}

#[test]
fn other_files_are_not_stores() {
    let folder = Folder::new("foreign");
    let check = |content: &[u8], expected: fn(&Error) -> bool| {
        fs::write(folder.path(), content).unwrap();
        let error = open(folder.path(), FileOptions::default()).err().unwrap();
        assert!(expected(&error), "{error}");
        assert_eq!(fs::read(folder.path()).unwrap(), content);
    };
    check(b"a text", Error::is_foreign);
    check(&[b"a longer text".as_slice(); 1000].concat(), Error::is_foreign);
    check(b"Moonkeep", Error::is_corrupt);

    fs::remove_file(folder.path()).unwrap();
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"key", Durability::Strict).unwrap();
    store.close().unwrap();
    let sound = fs::read(folder.path()).unwrap();
    let mut later = sound.clone();
    later[16] = 2;
    check(&later, Error::is_newer_version);
    check(&sound[..4096], Error::is_corrupt);
    check(&sound[..4000], Error::is_corrupt);
}

#[test]
fn a_log_beside_another_state_of_the_file_is_refused() {
    let folder = Folder::new("pair");
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"one", Durability::Strict).unwrap();
    store.close().unwrap();
    let backup = fs::read(folder.path()).unwrap();
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"two", Durability::Strict).unwrap();
    store.close().unwrap();
    let mut store = open(folder.path(), FileOptions::default()).unwrap();
    put(&mut store, b"three", Durability::Strict).unwrap();
    drop(store);
    // The log begins after "two".
    fs::write(folder.path(), backup).unwrap();
    let error = open(folder.path(), FileOptions::default()).err().unwrap();
    assert!(error.is_corrupt(), "{error}");
    assert_eq!(error.fault().map(|fault| fault.kind()), Some(FaultKind::Corrupt));
}

/// Node cannot lock a file: it makes one, and marks it.
#[cfg(target_os = "linux")]
#[test]
fn a_process_of_node_holds_the_lock_while_it_lives() {
    let folder = Folder::new("node");
    let lock = folder.0.join("moon.keep-lock");
    let pid = std::process::id();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split(' ').nth(20).unwrap();
    let birth = format!("{} {ticks}", boot.trim());
    for content in [format!("process {pid} (node)\n"), format!("process {pid} (node)\n{birth}\n")] {
        fs::write(&lock, &content).unwrap();
        for read_only in [false, true] {
            let options = FileOptions { read_only, ..FileOptions::default() };
            let error = open(folder.path(), options).err().unwrap();
            assert!(error.is_locked(), "{error}");
            assert!(error.to_string().contains(&format!("process {pid} (node)")), "{error}");
            assert_eq!(fs::read_to_string(&lock).unwrap(), content);
        }
    }
    let dead = [
        format!("process {pid} (node)\n{} 1\n", boot.trim()),
        "process 2147483646 (node)\n".to_string(),
        format!("process {pid} (moonkeep)\n"),
        "nonsense".to_string(),
        String::new(),
    ];
    for content in dead {
        fs::write(&lock, &content).unwrap();
        let store = open(folder.path(), FileOptions::default()).unwrap();
        assert!(fs::read_to_string(&lock).unwrap().starts_with(&format!("process {pid} (")));
        store.close().unwrap();
        assert_eq!(fs::read_to_string(&lock).unwrap(), "", "left for others at once");
    }
}

/// Whoever is in the gate to a lock is waited for, and only the dead are replaced.
#[cfg(target_os = "linux")]
#[test]
fn the_gate_to_a_lock_is_kept_by_the_living_alone() {
    let folder = Folder::new("gate");
    let gate = folder.0.join("moon.keep-lock-break");
    let alive = format!("process {} (node)\n", std::process::id());
    fs::write(&gate, &alive).unwrap();
    let error = open(folder.path(), FileOptions::default()).err().unwrap();
    assert!(error.is_locked(), "{error}");
    assert!(error.to_string().contains(alive.trim()), "{error}");
    assert_eq!(fs::read_to_string(&gate).unwrap(), alive);
    // What a loss of power may leave, and the dead, each in the gate to the other's.
    for dead in ["", "process 4194305 (node)\nsome-boot 1\n"] {
        for suffix in ["", "-break", "-break-break"] {
            fs::write(folder.0.join(format!("moon.keep-lock-break{suffix}")), dead).unwrap();
        }
        open(folder.path(), FileOptions::default()).unwrap().close().unwrap();
        let names = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["moon.keep", "moon.keep-lock", "moon.keep-log"]);
    }
}
