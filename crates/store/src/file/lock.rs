//! The lock of a store in files, against processes of this program and of Node.
//!
//! Beside the store lies a file that names the holder. This program locks that file by the
//! operating system's means. Node has none: it makes the file exclusively, marks it with `(node)`
//! and removes it at the end. Each looks at the other's sign.

use super::{FileOptions, beside, fault_of, open, platform};
use crate::storage::{Fault, FaultKind};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

/// How often the file is opened anew because another process has replaced it meanwhile.
const ATTEMPTS: usize = 10;

/// A lock that is held for as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    shared: bool,
    /// The file says that this process holds it.
    signed: bool,
}

impl Lock {
    /// Takes the lock of the store at `store`, or says who has it. A reader that finds no file
    /// needs no lock.
    pub fn take(store: &Path, options: FileOptions) -> Result<Option<Lock>, Fault> {
        let path = beside(store, "-lock");
        for _ in 0..ATTEMPTS {
            let file = match open(&path, FileOptions { create: true, ..options }) {
                Ok(file) => file,
                // Nobody can have locked what does not exist, and a reader leaves nothing behind.
                Err(fault) if options.read_only && fault.kind() == FaultKind::Missing => {
                    return Ok(None);
                }
                Err(fault) => return Err(fault),
            };
            let mut lock = Lock { file, shared: options.read_only, signed: false };
            lock.lock(&path)?;
            // Whoever has removed the file since it was opened locks another one.
            if !platform::is_same(&lock.file, &path) {
                continue;
            }
            let content = lock.content();
            if is_held_by_node(&content) {
                return Err(held(&path, &content));
            }
            if !lock.shared {
                lock.sign().map_err(|error| fault_of(&error, &path))?;
                if !platform::is_same(&lock.file, &path) {
                    continue;
                }
            }
            return Ok(Some(lock));
        }
        Err(held(&path, ""))
    }

    fn lock(&mut self, path: &Path) -> Result<(), Fault> {
        let taken = if self.shared { self.file.try_lock_shared() } else { self.file.try_lock() };
        match taken {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(held(path, &self.content())),
            Err(TryLockError::Error(error)) => Err(fault_of(&error, path)),
        }
    }

    /// What the holder wrote; nothing if that cannot be read.
    fn content(&mut self) -> String {
        let mut content = String::new();
        match self.file.rewind().and_then(|()| self.file.read_to_string(&mut content)) {
            Ok(_) => content,
            Err(_) => String::new(),
        }
    }

    fn sign(&mut self) -> std::io::Result<()> {
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.file_name().unwrap_or_default().to_string_lossy();
        let text = format!("process {} ({program})\n", std::process::id());
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.signed = true;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.signed {
            // An empty file tells Node at once that nobody is there any more; a failure only lets
            // it look whether this process lives.
            let _ = self.file.set_len(0);
        }
    }
}

fn held(path: &Path, content: &str) -> Fault {
    let holder = match content.lines().next().map(str::trim) {
        None | Some("") => "another process",
        Some(holder) => holder,
    };
    Fault::with_detail(FaultKind::Locked, format!("{} is held by {holder}", path.display()))
}

/// Whether the content of a lock file names a process of Node that is alive: its number in the
/// first line, and in the second, if it could be told, since when it runs.
fn is_held_by_node(content: &str) -> bool {
    let mut lines = content.lines();
    let pid = lines.next().and_then(|line| line.strip_prefix("process "));
    let pid = pid.and_then(|rest| rest.strip_suffix(" (node)")).and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| platform::is_alive(pid, lines.next().unwrap_or_default()))
}
