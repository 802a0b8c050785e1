//! The file that `_home` is kept in: locked while in use, replaced as a whole at each commit.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A store file that this process owns until it ends.
pub struct StoreFile {
    path: PathBuf,
    /// Held for its lock, which ends with the process at the latest.
    _lock: File,
}

impl StoreFile {
    /// Opens or creates a store.
    ///
    /// # Errors
    /// A folder that does not exist, a file without permission, a store in use by another process.
    pub fn open(path: &Path) -> Result<StoreFile, String> {
        let lock_path = beside(path, ".lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| format!("cannot open store '{}': {error}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                let holder = holder.trim();
                let holder = if holder.is_empty() { "another process" } else { holder };
                return Err(format!("store '{}' is in use by {holder}", path.display()));
            }
            Err(TryLockError::Error(error)) => {
                return Err(format!("cannot lock store '{}': {error}", path.display()));
            }
        }
        let holder = format!("process {}\n", std::process::id());
        let noted = lock
            .set_len(0)
            .and_then(|()| lock.seek(SeekFrom::Start(0)))
            .and_then(|_| lock.write_all(holder.as_bytes()));
        noted.map_err(|error| format!("cannot lock store '{}': {error}", path.display()))?;
        Ok(StoreFile { path: path.into(), _lock: lock })
    }

    /// What was committed last; `None` if nothing was.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self) -> Result<Option<Vec<u8>>, String> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read store '{}': {error}", self.path.display())),
        }
    }

    /// Replaces what was committed; durable when this returns. A crash leaves the old or the new.
    ///
    /// # Errors
    /// A full disk or a file system that refuses; the old state stays then.
    pub fn commit(&self, bytes: &[u8]) -> Result<(), String> {
        let staged = beside(&self.path, ".new");
        let written = write_durably(&staged, bytes)
            .and_then(|()| fs::rename(&staged, &self.path))
            .and_then(|()| sync_folder(&self.path));
        written.map_err(|error| {
            let _ = fs::remove_file(&staged);
            format!("cannot write store '{}': {error}", self.path.display())
        })
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The new name of the file is durable only once its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // Some systems do not open folders; the file itself is durable there.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}
