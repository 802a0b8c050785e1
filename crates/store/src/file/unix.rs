//! Positioned access on Unix.

use std::fs::File;
use std::io::Result;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::process::{Pid, test_kill_process};

pub(super) fn read_at(file: &mut File, at: u64, into: &mut [u8]) -> Result<usize> {
    FileExt::read_at(file, into, at)
}

pub(super) fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> Result<usize> {
    FileExt::write_at(file, bytes, at)
}

/// Whether no name leads to the file any more.
pub(super) fn is_deleted(file: &File) -> Result<bool> {
    Ok(file.metadata()?.nlink() == 0)
}

/// Makes the names of new files in the folder of `path` durable.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// Whether a path leads to an open file.
pub(super) fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// What a process writes into a file that it holds: its number, its program and, where the system
/// tells, since when it runs, because numbers are used again.
pub(super) fn sign() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let pid = std::process::id();
    let birth = i32::try_from(pid).ok().and_then(birth_of).unwrap_or_default();
    format!("process {pid} ({program})\n{birth}\n")
}

/// Whether the process that wrote this sign runs.
pub(super) fn is_running(sign: &str) -> bool {
    let mut lines = sign.lines();
    let pid = lines.next().and_then(|line| line.strip_prefix("process "));
    let pid = pid.and_then(|rest| rest.split(' ').next()).and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| is_alive(pid, lines.next().unwrap_or_default()))
}

/// Whether a process runs, and is the one that runs since `birth`, where that can be told.
fn is_alive(pid: i32, birth: &str) -> bool {
    let responds = match Pid::from_raw(pid).map(test_kill_process) {
        Some(Ok(())) => true,
        // It belongs to somebody else.
        Some(Err(error)) => error == rustix::io::Errno::PERM,
        None => false,
    };
    let now = birth_of(pid).unwrap_or_default();
    responds && (birth.is_empty() || now.is_empty() || birth == now)
}

/// Which start of the system this is, and when in its clock a process began; Linux tells. What
/// has ended without its parent having asked counts as never begun.
fn birth_of(pid: i32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in parentheses, may hold blanks; the state comes next.
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    let ended = matches!(fields.first(), Some(&("Z" | "X")));
    Some(format!("{} {}", boot.trim(), if ended { "ended" } else { fields.get(19)? }))
}
