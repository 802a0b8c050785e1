//! Files of the operating system as a medium, locked against other processes.
//!
//! Beside the store's own file there are others, named after it: the log (`-log`), the lock
//! (`-lock`, which names its holder) and, while a transaction is open that is too large for memory,
//! `-spill` and `-index`.

#[cfg_attr(unix, path = "gate.rs")]
#[cfg_attr(not(unix), path = "gate_other.rs")]
mod gate;
mod lock;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod scratch;

use crate::log::{LogOptions, LogStorage, Medium, MediumFile};
use crate::storage::{Fault, FaultKind};
use lock::Lock;
use scratch::{Scratch, read_all, write_all};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// How a store in a file is opened.
#[derive(Clone, Copy, Debug)]
pub struct FileOptions {
    /// Create the file if it does not exist.
    pub create: bool,
    /// Never write. A store whose last process died must be opened for writing once first.
    pub read_only: bool,
    /// How a file begins that is no store and whose place the store takes: what an earlier version
    /// of the program kept. It stays, for [`replaced_file`], until the store's first commits are
    /// durable in a file beside it (`-new`), which is then renamed. A crash leaves one of the two.
    pub replaces: Option<&'static [u8]>,
    /// Page size, buffer and checkpoints.
    pub log: LogOptions,
}

impl Default for FileOptions {
    fn default() -> FileOptions {
        FileOptions { create: true, read_only: false, replaces: None, log: LogOptions::default() }
    }
}

/// Bytes of the pages of a large transaction that are kept in memory, for as long as it is open,
/// before a file takes the others: the first two thousand pages.
const SPILL_MEMORY_BYTES: usize = 8 * 1024 * 1024;
/// The same for the places of such pages: for a store of 256 MiB.
const INDEX_MEMORY_BYTES: usize = 1024 * 1024;

/// A file, its log and its lock.
#[derive(Debug)]
pub struct FileMedium {
    path: PathBuf,
    /// Where the pages are: beside the path while it holds a file that they replace.
    data_path: PathBuf,
    read_only: bool,
    data: File,
    log: Option<File>,
    index: Scratch,
    spill: Scratch,
    lock: Option<Lock>,
}

/// Opens the store in the file at `path`, with its log, and locks it.
///
/// ```
/// use store::{Durability, FileOptions, Options, Store};
///
/// # fn main() -> Result<(), store::Error> {
/// # let folder = std::env::temp_dir().join(format!("store-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("moon.keep");
/// let storage = store::open_file(&path, FileOptions::default())?;
/// let mut store = Store::open(storage, Options::default())?;
/// store.begin()?;
/// store.put(b"moon", b"keep")?;
/// store.commit(Durability::Strict)?;
///
/// let second = store::open_file(&path, FileOptions::default());
/// assert!(second.is_err_and(|fault| fault.kind() == store::FaultKind::Locked));
/// store.close()?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A [`Fault`] of kind `Missing` (no such folder, or no such file and `create` unset), `Locked`
/// (the detail names the process), `ReadOnly`, `Foreign`, `Corrupt`, `Full` or `Io`.
pub fn open_file(
    path: impl AsRef<Path>,
    options: FileOptions,
) -> Result<LogStorage<FileMedium>, Fault> {
    LogStorage::open(FileMedium::open(path.as_ref(), options)?, options.log)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The fault of a file that names its holder in its first line.
fn held(path: &Path, content: &str) -> Fault {
    let holder = match content.lines().next().map(str::trim) {
        None | Some("") => "another process",
        Some(holder) => holder,
    };
    Fault::with_detail(FaultKind::Locked, format!("{} is held by {holder}", path.display()))
}

fn fault_of(error: &std::io::Error, path: &Path) -> Fault {
    let kind = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            FaultKind::Full
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FaultKind::ReadOnly,
        ErrorKind::NotFound | ErrorKind::NotADirectory => FaultKind::Missing,
        _ => FaultKind::Io,
    };
    Fault::with_detail(kind, format!("{}: {error}", path.display()))
}

fn open(path: &Path, options: FileOptions) -> Result<File, Fault> {
    let opened = OpenOptions::new()
        .read(true)
        .write(!options.read_only)
        .create(options.create && !options.read_only)
        .truncate(false)
        .open(path);
    opened.map_err(|error| fault_of(&error, path))
}

/// Whether a file is there and begins with `start`.
fn begins_with(path: &Path, start: &[u8]) -> Result<bool, Fault> {
    let mut bytes = vec![0; start.len()];
    let outcome = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    match outcome {
        Ok(()) => Ok(bytes == start),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => {
            Ok(false)
        }
        Err(error) => Err(fault_of(&error, path)),
    }
}

/// The file whose place the store at `path` takes, if it is still there: one that begins with
/// `start`; see [`FileOptions::replaces`]. The store has to be open, which holds its lock.
///
/// # Errors
/// A [`Fault`] of kind `ReadOnly` or `Io`.
pub fn replaced_file(path: impl AsRef<Path>, start: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let path = path.as_ref();
    if !begins_with(path, start)? {
        return Ok(None);
    }
    std::fs::read(path).map(Some).map_err(|error| fault_of(&error, path))
}

impl FileMedium {
    /// Opens the file at `path` and its log, and locks them.
    ///
    /// # Errors
    /// See [`open_file`].
    pub fn open(path: &Path, options: FileOptions) -> Result<FileMedium, Fault> {
        // Before anything is created, so that a missing store leaves no lock behind.
        if !options.create && !path.exists() {
            let detail = format!("{} does not exist", path.display());
            return Err(Fault::with_detail(FaultKind::Missing, detail));
        }
        let lock = Lock::take(path, options)?;
        let new = !path.exists() || !beside(path, "-log").exists();
        let replaces = match options.replaces {
            Some(start) => begins_with(path, start)?,
            None => false,
        };
        let data_path = if replaces { beside(path, "-new") } else { path.to_owned() };
        let data = open(&data_path, options)?;
        let log_path = beside(path, "-log");
        let log = match open(&log_path, FileOptions { create: true, ..options }) {
            Ok(file) => Some(file),
            Err(fault) if options.read_only && fault.kind() == FaultKind::Missing => None,
            Err(fault) => return Err(fault),
        };
        let is_empty = |file: &Option<File>| match file {
            Some(file) => file.metadata().is_ok_and(|metadata| metadata.len() == 0),
            None => true,
        };
        if replaces && !options.read_only && is_empty(&log) {
            // Without a log no commit has been made, and what lies there is left over.
            data.set_len(0).map_err(|error| fault_of(&error, &data_path))?;
        }
        if new && !options.read_only {
            platform::sync_folder(path).map_err(|error| fault_of(&error, path))?;
        }
        let read_only = options.read_only;
        Ok(FileMedium {
            path: path.to_owned(),
            data_path,
            read_only,
            data,
            log,
            index: Scratch::new(beside(path, "-index"), INDEX_MEMORY_BYTES),
            spill: Scratch::new(beside(path, "-spill"), SPILL_MEMORY_BYTES),
            lock,
        })
    }

    /// The file that another process finds again; else the one that ends with this storage.
    fn file(&mut self, file: MediumFile) -> Result<Option<&mut File>, &mut Scratch> {
        match file {
            MediumFile::Data => Ok(Some(&mut self.data)),
            MediumFile::Log => Ok(self.log.as_mut()),
            MediumFile::Index => Err(&mut self.index),
            MediumFile::Spill => Err(&mut self.spill),
        }
    }

    fn path_of(&self, file: MediumFile) -> PathBuf {
        match file {
            MediumFile::Data => self.data_path.clone(),
            MediumFile::Log => beside(&self.path, "-log"),
            MediumFile::Index => self.index.path().to_owned(),
            MediumFile::Spill => self.spill.path().to_owned(),
        }
    }

    /// The same as [`file`](Self::file), for a change.
    fn writable(&mut self, file: MediumFile) -> Result<Result<&mut File, &mut Scratch>, Fault> {
        if self.read_only {
            let detail = format!("{} was opened for reading only", self.path.display());
            return Err(Fault::with_detail(FaultKind::ReadOnly, detail));
        }
        match self.file(file) {
            Ok(Some(file)) => Ok(Ok(file)),
            Ok(None) => Err(Fault::new(FaultKind::Missing)),
            Err(scratch) => Ok(Err(scratch)),
        }
    }

    fn checked<T>(&self, file: MediumFile, result: std::io::Result<T>) -> Result<T, Fault> {
        result.map_err(|error| fault_of(&error, &self.path_of(file)))
    }

    /// A commit must not go to files that nobody will find again.
    fn check_existence(&self) -> Result<(), Fault> {
        for file in [Some(&self.data), self.log.as_ref()].into_iter().flatten() {
            if self.checked(MediumFile::Data, platform::is_deleted(file))? {
                let detail = format!("{} was deleted while it was open", self.path.display());
                return Err(Fault::with_detail(FaultKind::Missing, detail));
            }
        }
        Ok(())
    }
}

impl Medium for FileMedium {
    fn read_at(&mut self, file: MediumFile, at: u64, into: &mut [u8]) -> Result<usize, Fault> {
        let result = match self.file(file) {
            Ok(Some(open)) => read_all(open, at, into),
            Ok(None) => Ok(0),
            Err(scratch) => scratch.read_at(at, into),
        };
        self.checked(file, result)
    }

    fn write_at(&mut self, file: MediumFile, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        if file == MediumFile::Log {
            self.check_existence()?;
        }
        let result = match self.writable(file)? {
            Ok(open) => write_all(open, at, bytes),
            Err(scratch) => scratch.write_at(at, bytes),
        };
        self.checked(file, result)
    }

    fn sync(&mut self, file: MediumFile) -> Result<(), Fault> {
        let result = match self.writable(file)? {
            Ok(open) => open.sync_data(),
            Err(_) => Ok(()),
        };
        self.checked(file, result)?;
        if file == MediumFile::Data && self.data_path != self.path {
            // From here on the log may be started over.
            let renamed = std::fs::rename(&self.data_path, &self.path)
                .and_then(|()| platform::sync_folder(&self.path));
            self.checked(file, renamed)?;
            self.data_path.clone_from(&self.path);
        }
        Ok(())
    }

    fn length(&mut self, file: MediumFile) -> Result<u64, Fault> {
        let result = match self.file(file) {
            Ok(Some(open)) => open.metadata().map(|metadata| metadata.len()),
            Ok(None) => Ok(0),
            Err(scratch) => scratch.length(),
        };
        self.checked(file, result)
    }

    fn set_length(&mut self, file: MediumFile, bytes: u64) -> Result<(), Fault> {
        let result = match self.writable(file)? {
            Ok(open) => open.set_len(bytes),
            Err(scratch) => scratch.set_length(bytes),
        };
        self.checked(file, result)
    }

    fn close(&mut self) -> Result<(), Fault> {
        // Whoever takes the lock next may use files of these names.
        for scratch in [&mut self.index, &mut self.spill] {
            *scratch = Scratch::new(scratch.path().to_owned(), 0);
        }
        self.lock = None;
        Ok(())
    }
}
