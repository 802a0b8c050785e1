//! Processes killed in the middle of commits: what they had acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use store::{Durability, FileOptions, LogOptions, Options, Store};
use testkit::random::Random;

/// Set for the process that is to be killed: the file of its store.
const CHILD: &str = "STORE_KILL_CHILD";

/// Commits until it is killed, naming each commit that is durable. Does nothing by itself.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut store = open(Path::new(&path));
    let mut random = Random::new(u64::from(std::process::id()));
    let mut number = number_of(&mut store);
    let mut out = std::io::stdout().lock();
    loop {
        number += 1;
        store.begin().unwrap();
        for _ in 0..1 + random.below(40) {
            let value = random.bytes(100, 26);
            store.put(&(random.below(2000) as u16).to_be_bytes(), &value).unwrap();
        }
        store.put(b"number", &number.to_le_bytes()).unwrap();
        store.commit(Durability::Strict).unwrap();
        writeln!(out, "durable {number}").unwrap();
    }
}

fn open(path: &Path) -> Store<store::LogStorage<store::FileMedium>> {
    let log = LogOptions { checkpoint_bytes: 200_000, ..LogOptions::default() };
    let storage = store::open_file(path, FileOptions { log, ..FileOptions::default() });
    Store::open(storage.unwrap(), Options::default()).unwrap()
}

fn number_of(store: &mut Store<store::LogStorage<store::FileMedium>>) -> u64 {
    let mut value = Vec::new();
    if !store.get(b"number", &mut value).unwrap() {
        return 0;
    }
    u64::from_le_bytes(value.try_into().unwrap())
}

/// Starts the child, kills it after a while, and gives the last number that it named.
fn kill_one(path: &PathBuf, life: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = out.lines();
    let mut last = 0;
    let mut note = |line: &str| {
        if let Some((_, number)) = line.split_once("durable ") {
            last = number.trim().parse().unwrap_or(last);
        }
    };
    // It lives from its first commit on.
    for line in lines.by_ref() {
        let line = line.unwrap();
        note(&line);
        if line.contains("durable ") {
            break;
        }
    }
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.map_while(Result::ok).for_each(|line| note(&line));
    last
}

#[test]
fn killed_processes_lose_nothing_they_acknowledged() {
    let asked = std::env::var("STORE_KILLS").ok().and_then(|text| text.parse().ok());
    let folder = std::env::temp_dir().join(format!("store-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("kill.keep");
    let mut random = Random::new(5);
    let mut commits = 0;
    for _ in 0..asked.unwrap_or(8) {
        let life = Duration::from_micros(random.below(60_000) as u64);
        let acknowledged = kill_one(&path, life);
        let mut store = open(&path);
        let number = number_of(&mut store);
        // One more may have been durable before it could say so.
        assert!(number == acknowledged || number == acknowledged + 1);
        let report = store::verify(store.storage()).unwrap();
        assert!(report.is_sound(), "{report}");
        commits = number;
    }
    assert!(commits > 0);
    std::fs::remove_dir_all(&folder).unwrap();
}
