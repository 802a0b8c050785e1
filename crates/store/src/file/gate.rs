//! The gate to a lock file: whoever is inside may take over what a dead process left there.
//!
//! A program of Node cannot lock a file, so that the gate is made of what both can do. It is a
//! file that names who is inside and appears together with these words: it is written under
//! another name and linked, which succeeds for one of many. Nobody goes by its age; if the one
//! inside has died, whoever is in the gate to the gate takes its place.

use super::{beside, fault_of, held, platform};
use crate::storage::Fault;
use std::fs;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often it is tried to get in; nobody stays inside for longer than some calls take.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// A gate that this process is in until it drops.
#[derive(Debug)]
pub(super) struct Gate {
    path: PathBuf,
}

impl Gate {
    /// Gets into the gate to `lock`; without one where there are no hard links, because there
    /// Node cannot lock a store at all.
    pub fn enter(lock: &Path) -> Result<Option<Gate>, Fault> {
        let path = beside(lock, "-break");
        let draft = Draft::write(&path)?;
        for _ in 0..ATTEMPTS {
            match fs::hard_link(&draft.0, &path) {
                Ok(()) => return Ok(Some(Gate { path })),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) if is_unsupported(&error) => return Ok(None),
                Err(error) => return Err(fault_of(&error, &path)),
            }
            let Some(inside) = read(&path)? else { continue };
            if platform::is_running(&inside) {
                std::thread::sleep(PAUSE);
                continue;
            }
            let _outer = Gate::enter(&path)?;
            if read(&path)?.as_ref() == Some(&inside) {
                fs::rename(&draft.0, &path).map_err(|error| fault_of(&error, &path))?;
                return Ok(Some(Gate { path }));
            }
        }
        Err(held(&path, &read(&path)?.unwrap_or_default()))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Should this fail, the file is taken over when this process has ended.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file with the sign of this process, under a name of its own; removed again if it is not
/// renamed.
struct Draft(PathBuf);

impl Draft {
    fn write(path: &Path) -> Result<Draft, Fault> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let draft = Draft(beside(path, &format!("-{}-{count}", std::process::id())));
        // A process with the same number may have left one, and that may be linked elsewhere.
        let _ = fs::remove_file(&draft.0);
        let written = fs::File::create_new(&draft.0)
            .and_then(|mut file| file.write_all(platform::sign().as_bytes()));
        written.map_err(|error| fault_of(&error, &draft.0))?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What the file says, if it is there.
fn read(path: &Path) -> Result<Option<String>, Fault> {
    match fs::read(path) {
        Ok(content) => Ok(Some(String::from_utf8_lossy(&content).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault_of(&error, path)),
    }
}

/// The draft could be written, so that permissions are not the reason.
fn is_unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied)
}
