//! `moonkeep verify` and `moonkeep inspect`: looking at a store without running anything.

use std::path::Path;

use moonkeep::store::{self, FileMedium, FileOptions, LogStorage, Storage};

pub fn verify(path: &Path) -> Result<(), String> {
    let report = look(path, store::verify)?;
    print!("{report}");
    match report.problem_count {
        0 => Ok(()),
        count => Err(format!("store '{}' is damaged: {count} problems", path.display())),
    }
}

pub fn inspect(path: &Path) -> Result<(), String> {
    let shape = look(path, store::inspect)?;
    print!("{shape}");
    Ok(())
}

/// Opens a store for reading only and looks at it.
fn look<T>(
    path: &Path,
    body: impl FnOnce(&mut LogStorage<FileMedium>) -> Result<T, store::Error>,
) -> Result<T, String> {
    let options = FileOptions { create: false, read_only: true, ..FileOptions::default() };
    let outcome = store::open_file(path, options).map_err(store::Error::from);
    let outcome = outcome.and_then(|mut storage| {
        let outcome = body(&mut storage);
        storage.close()?;
        outcome
    });
    outcome.map_err(|error| {
        format!("cannot read store '{}': {error} ({})", path.display(), error.code())
    })
}
