//! Positioned access on Unix.

use std::fs::File;
use std::io::Result;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

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
