//! Positioned access by way of the file's own position, where there is no other.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

pub(super) fn read_at(file: &mut File, at: u64, into: &mut [u8]) -> Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    file.read(into)
}

pub(super) fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    file.write(bytes)
}

/// Such systems do not let an open file be deleted.
pub(super) fn is_deleted(_file: &File) -> Result<bool> {
    Ok(false)
}

/// Such systems keep the names of files by themselves.
pub(super) fn sync_folder(_path: &Path) -> Result<()> {
    Ok(())
}

/// Such systems do not let a locked file be removed.
pub(super) fn is_same(_file: &File, _path: &Path) -> bool {
    true
}

/// What a process writes into a file that it holds.
pub(super) fn sign() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    format!("process {} ({program})\n", std::process::id())
}

/// Such systems do not let Node open a locked file, so that nobody has to ask.
pub(super) fn is_running(_sign: &str) -> bool {
    false
}
