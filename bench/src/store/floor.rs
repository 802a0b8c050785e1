//! What a durable commit costs at the least: its bytes, appended and synced.

use anyhow::Result;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of Moonkeep's commit of one changed value: the leaf and the header of the store, each with
/// the head of its record, and the record of the commit.
pub const COMMIT_BYTES: usize = 2 * (4096 + 24) + 24;
/// Where the file is started over, as a log is.
const ROUND_BYTES: u64 = 1024 * 1024;

/// A file to which the bytes of commits are written and nothing else.
pub struct Floor {
    file: File,
    bytes: Vec<u8>,
}

impl Floor {
    /// A new file, which has been as long as it gets, as a log has after its first round.
    pub fn new(path: &Path) -> Result<Floor> {
        let mut file = File::create(path)?;
        file.write_all(&vec![0; ROUND_BYTES as usize])?;
        file.sync_all()?;
        file.rewind()?;
        Ok(Floor { file, bytes: vec![7; COMMIT_BYTES] })
    }

    /// Writes the bytes of one commit and waits until the medium has them.
    pub fn write(&mut self) -> Result<()> {
        if self.file.stream_position()? + self.bytes.len() as u64 > ROUND_BYTES {
            self.file.seek(SeekFrom::Start(0))?;
        }
        self.file.write_all(&self.bytes)?;
        Ok(self.file.sync_data()?)
    }
}

/// The median, for which the values are sorted.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
