//! Stores from outside: what other processes, folders, disks and earlier versions do to them.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use support::{Folder, Prompt, moonkeep, run, stderr, stdout};

/// What `_home` and its functions looked like when the version before stores in pages kept them.
const IMAGE: &[u8] = include_bytes!("fixtures/v0.moon");
const LOOK: &str = "return _home.next(), _home.point:sum(), _home.co(), #_home.pad";

fn on(store: &Path, file: &Path) -> Output {
    run(file, &["--store", store.to_str().expect("a path")])
}

fn tool(command: &str, store: &Path) -> Output {
    moonkeep().arg(command).arg(store).output().expect("the command")
}

/// The command fails with exit code 1, a code and words.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} in {text}");
    }
}

#[test]
fn the_image_of_an_earlier_version_is_taken_over() {
    let folder = Folder::new("legacy");
    let store = folder.0.join("state.moon");
    fs::write(&store, IMAGE).expect("a file");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask(LOOK), "42\t3\t2\t40000");
    drop(prompt);
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask(LOOK), "43\t3\t3\t40000");
    let file = folder.write("end.lua", "print(_home.next())");
    drop(prompt);
    assert_eq!(stdout(&on(&store, &file)), "44\n");
    assert!(!folder.0.join("state.moon-new").exists());
    assert!(tool("verify", &store).status.success());
}

/// The image stays until the pages that replace it are durable: a crash in between leaves the log,
/// which holds them, and then whatever lies beside.
#[test]
fn a_crash_while_an_image_is_taken_over_loses_nothing() {
    let folder = Folder::new("takeover");
    let store = folder.0.join("state.moon");
    fs::write(&store, IMAGE).expect("a file");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask(LOOK), "42\t3\t2\t40000");
    drop(prompt); // kills it
    assert_eq!(fs::read(&store).expect("a file"), IMAGE);
    let beside = folder.0.join("state.moon-new");
    let pages = fs::read(&beside).expect("pages");
    let log = fs::read(folder.0.join("state.moon-log")).expect("a log");
    for kept in [pages.len(), pages.len() - 512, 4096, 512, 0] {
        fs::write(&store, IMAGE).expect("a file");
        fs::write(&beside, &pages[..kept]).expect("pages");
        fs::write(folder.0.join("state.moon-log"), &log).expect("a log");
        let mut prompt = Prompt::start(&store);
        assert_eq!(prompt.ask("return _home.point:sum(), _home.n"), "3\tnil", "{kept} bytes");
    }
    fs::write(&store, IMAGE).expect("a file");
    // Before the first commit there is no log: what lies beside is left over.
    fs::write(folder.0.join("state.moon-log"), b"").expect("a log");
    fs::write(&beside, b"left over").expect("a file");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask(LOOK), "42\t3\t2\t40000");
}

#[test]
fn verify_and_inspect_report_and_change_nothing() {
    let folder = Folder::new("verify");
    let store = folder.0.join("state.moon");
    let file = folder.write("fill.lua", "_home.text = ('x'):rep(100000)");
    assert!(on(&store, &file).status.success());
    let bytes = fs::read(&store).expect("a file");
    let verified = tool("verify", &store);
    assert!(verified.status.success(), "{}", stderr(&verified));
    assert!(stdout(&verified).ends_with("no problems\n"), "{}", stdout(&verified));
    let shape = stdout(&tool("inspect", &store));
    assert!(shape.contains("entries      8\n") && shape.contains("level 0"), "{shape}");
    assert_eq!(fs::read(&store).expect("a file"), bytes);
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&store, damaged).expect("a file");
    let verified = tool("verify", &store);
    refused(&verified, &["is damaged"]);
    assert!(stdout(&verified).contains("problems\n"), "{}", stdout(&verified));
    refused(&on(&store, &file), &["STORE_CORRUPT"]);
    fs::write(&store, bytes).expect("a file");
    let prompt = Prompt::start_open(&store);
    let holder = format!("is held by process {}", prompt.child.id());
    refused(&tool("verify", &store), &[&holder, "STORE_LOCKED"]);
    refused(&tool("inspect", &store), &[&holder, "STORE_LOCKED"]);
    let nowhere = folder.0.join("none.moon");
    refused(&tool("verify", &nowhere), &["none.moon", "STORE_MISSING"]);
    assert!(!nowhere.exists());
}

#[test]
fn folders_files_and_versions_that_are_no_store_are_named() {
    let folder = Folder::new("foreign");
    let file = folder.write("set.lua", "_home.x = (_home.x or 0) + 1 print(_home.x)");
    let nowhere = folder.0.join("no").join("folder").join("state.moon");
    refused(&on(&nowhere, &file), &["no/folder", "STORE_MISSING"]);
    let text = folder.write("notes.txt", "nothing of ours");
    refused(&on(&text, &file), &["notes.txt", "STORE_FOREIGN"]);
    assert_eq!(fs::read(&text).expect("a file"), b"nothing of ours");
    refused(&tool("verify", &text), &["STORE_FOREIGN"]);
    let store = folder.0.join("state.moon");
    assert_eq!(stdout(&on(&store, &file)), "1\n");
    let sound = fs::read(&store).expect("a file");
    let mut later = sound.clone();
    later[16] = 99;
    fs::write(&store, &later).expect("a file");
    refused(&on(&store, &file), &["version 99", "STORE_NEWER_VERSION"]);
    assert_eq!(fs::read(&store).expect("a file"), later);
    fs::write(&store, sound).expect("a file");
    assert_eq!(stdout(&on(&store, &file)), "2\n");
}

#[test]
fn a_torn_log_ends_at_the_last_whole_commit() {
    let folder = Folder::new("torn");
    let store = folder.0.join("state.moon");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask("_home.n = 1 return _home.n"), "1");
    let log = folder.0.join("state.moon-log");
    let one = fs::metadata(&log).expect("a log").len();
    let pages = fs::read(&store).expect("a file");
    assert_eq!(prompt.ask("_home.n = 2 return _home.n"), "2");
    drop(prompt);
    let bytes = fs::read(&log).expect("a log");
    fs::write(&log, &bytes[..(one as usize + bytes.len()) / 2]).expect("a log");
    // Pages go to the file when the log has them.
    fs::write(&store, pages).expect("a file");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask("return _home.n"), "1");
}

#[cfg(unix)]
#[test]
fn a_store_that_is_deleted_under_the_program_takes_no_more_commits() {
    let folder = Folder::new("deleted");
    let store = folder.0.join("state.moon");
    let mut prompt = Prompt::start(&store);
    assert_eq!(prompt.ask("_home.n = 1 return _home.n"), "1");
    fs::remove_file(&store).expect("a file");
    assert!(prompt.send("_home.n = 2"));
    assert_eq!(prompt.ask("return _home.n"), "1");
    let error = prompt.errors();
    assert!(error.contains("was deleted") && error.contains("STORE_MISSING"), "{error}");
}

/// The shell's limit on the size of files stands for a full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_what_was_committed_stays() {
    let folder = Folder::new("full");
    let store = folder.0.join("state.moon");
    let small = folder.write("small.lua", "_home.n = (_home.n or 0) + 1 print(_home.n)");
    let large = folder.write("large.lua", "_home.n = 100 _home.text = ('x'):rep(10000000)");
    assert_eq!(stdout(&on(&store, &small)), "1\n");
    let limited = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" run --store \"$1\" \"$2\"";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_moonkeep")])
        .args([&store, &large])
        .output();
    refused(&output.expect("a shell"), &["STORE_FULL", "state.moon"]);
    assert_eq!(stdout(&on(&store, &small)), "2\n");
    assert!(tool("verify", &store).status.success());
}

/// Whoever runs the tests as root may write everything, and becomes nobody for this one.
#[cfg(unix)]
#[test]
fn a_file_that_may_only_be_read_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = Folder::new("readonly");
    let store = folder.0.join("state.moon");
    let file = folder.write("set.lua", "_home.n = (_home.n or 0) + 1 print(_home.n)");
    assert_eq!(stdout(&on(&store, &file)), "1\n");
    let program = folder.0.join("moonkeep");
    fs::copy(env!("CARGO_BIN_EXE_moonkeep"), &program).expect("a copy of the program");
    let entries = fs::read_dir(&folder.0).expect("a folder").flatten().map(|entry| entry.path());
    let mut command = Command::new(&program);
    for path in entries.filter(|path| *path != program).chain([folder.0.clone()]) {
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
    }
    if fs::metadata(&store).expect("a file").uid() == 0 {
        command.uid(65534);
    }
    let output = command.args(["run", "--store"]).args([&store, &file]).output();
    refused(&output.expect("the command"), &["STORE_READ_ONLY", "state.moon"]);
    let verified = Command::new(&program).arg("verify").arg(&store).output();
    assert!(verified.expect("the command").status.success());
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// Kills the process between and during commits: the next one finds the last acknowledged state
/// or the one after it, which may have been written without anybody hearing of it.
#[test]
fn kills_lose_no_acknowledged_commit() {
    let folder = Folder::new("kill");
    let store = folder.0.join("state.moon");
    let mut known = 0;
    for round in 0..30 {
        let mut prompt = Prompt::start(&store);
        let found: i64 = prompt.ask("return _home.n or 0").parse().expect("a number");
        assert!(found == known || found == known + 1, "round {round}: {found} after {known}");
        known = found;
        let step = "_home.n = (_home.n or 0) + 1 _home.pad = ('x'):rep(50000) return _home.n";
        for _ in 0..round % 4 {
            known = prompt.ask(step).parse().expect("a number");
        }
        prompt.send(step);
        std::thread::sleep(std::time::Duration::from_micros(round * 137));
    }
    assert!(known > 0);
}
