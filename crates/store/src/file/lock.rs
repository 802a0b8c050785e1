//! The lock of a store in files, against processes of this program and of Node.
//!
//! Beside the store lies a file that names the holder. This program locks that file by the
//! operating system's means. Node has none: it makes the file exclusively, marks it with `(node)`
//! and removes it at the end. Each looks at the other's sign, and what a dead process has left is
//! taken over inside a gate only ([`Gate`]), so that one of all succeeds.

use super::gate::Gate;
use super::{FileOptions, beside, fault_of, held, open, platform};
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
        // A reader takes nothing over.
        let _gate = if options.read_only { None } else { Gate::enter(&path)? };
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
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.signed = true;
        self.file.write_all(platform::sign().as_bytes())
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

/// Whether the content of a lock file names a process of Node that is alive.
fn is_held_by_node(content: &str) -> bool {
    let first = content.lines().next().unwrap_or_default();
    first.ends_with(" (node)") && platform::is_running(content)
}
