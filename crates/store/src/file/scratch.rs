//! A file for the time that a storage is open: its beginning is memory, the rest is on disk.

use super::platform;
use std::fs::{File, OpenOptions, remove_file};
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

/// It is made on disk when it outgrows its memory, and removed when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    memory: Vec<u8>,
    memory_bytes_max: usize,
    /// What lies beyond the memory, from the start of the file on.
    file: Option<File>,
}

/// Reads up to the end of the file; how many bytes there were.
pub(super) fn read_all(file: &mut File, at: u64, into: &mut [u8]) -> Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match platform::read_at(file, at + read as u64, &mut into[read..]) {
            Ok(0) => break,
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Writes all of the bytes.
pub(super) fn write_all(file: &mut File, at: u64, bytes: &[u8]) -> Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match platform::write_at(file, at + written as u64, &bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(bytes) => written += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Scratch {
    /// An empty file that takes up to `memory_bytes_max` bytes of memory, and `path` beyond them.
    pub(super) fn new(path: PathBuf, memory_bytes_max: usize) -> Scratch {
        Scratch { path, memory: Vec::new(), memory_bytes_max, file: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The part of `at..at + length` that is in memory: where it begins, and its bytes.
    fn part_in_memory(&self, at: u64, length: usize) -> (usize, usize) {
        let from = at.min(self.memory_bytes_max as u64) as usize;
        (from, length.min(self.memory_bytes_max - from))
    }

    /// Where on disk the byte at `at` lies, which is not in memory.
    fn on_disk(&self, at: u64) -> u64 {
        at - self.memory_bytes_max as u64
    }

    pub(super) fn length(&self) -> Result<u64> {
        let on_disk =
            self.file.as_ref().map_or(Ok(0), |file| file.metadata().map(|of| of.len()))?;
        Ok(match on_disk {
            0 => self.memory.len() as u64,
            bytes => self.memory_bytes_max as u64 + bytes,
        })
    }

    pub(super) fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<usize> {
        let (from, bytes) = self.part_in_memory(at, into.len());
        let (near, far) = into.split_at_mut(bytes);
        let known = self.memory.get(from..).unwrap_or_default();
        let known = &known[..known.len().min(near.len())];
        near[..known.len()].copy_from_slice(known);
        if known.len() < near.len() {
            if self.length()? <= self.memory.len() as u64 {
                return Ok(known.len());
            }
            near[known.len()..].fill(0);
        }
        let at = at + near.len() as u64;
        match &mut self.file {
            Some(file) if !far.is_empty() => {
                Ok(near.len() + read_all(file, at - self.memory_bytes_max as u64, far)?)
            }
            _ => Ok(near.len()),
        }
    }

    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let (from, count) = self.part_in_memory(at, bytes.len());
        let (near, far) = bytes.split_at(count);
        if !near.is_empty() {
            if self.memory.len() < from + count {
                self.memory.resize(from + count, 0);
            }
            self.memory[from..from + count].copy_from_slice(near);
        }
        if far.is_empty() {
            return Ok(());
        }
        let at = self.on_disk(at + count as u64);
        write_all(self.opened()?, at, far)
    }

    fn opened(&mut self) -> Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                // What a process that died has left means nothing.
                options.read(true).write(true).create(true).truncate(true).open(&self.path)?
            }
        };
        Ok(self.file.insert(file))
    }

    pub(super) fn set_length(&mut self, bytes: u64) -> Result<()> {
        let (near, _) = self.part_in_memory(bytes, 0);
        self.memory.resize(near, 0);
        self.memory.shrink_to_fit();
        let on_disk = bytes - near as u64;
        match &self.file {
            None if on_disk == 0 => Ok(()),
            _ => self.opened()?.set_len(on_disk),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Should it stay, the next store empties it before it uses it.
            let _ = remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_file_whatever_lies_in_memory() {
        let path = std::env::temp_dir().join(format!("store-scratch-{}", std::process::id()));
        for memory_bytes_max in [0, 1, 10, 64, 1000] {
            let mut scratch = Scratch::new(path.clone(), memory_bytes_max);
            let mut model: Vec<u8> = Vec::new();
            let mut into = [0; 40];
            assert_eq!(scratch.read_at(5, &mut into).unwrap(), 0);
            for step in 0..200u64 {
                let at = (step * 37 % 101) as usize;
                let bytes = vec![step as u8 + 1; step as usize % 30];
                if step % 50 == 49 {
                    scratch.set_length(at as u64).unwrap();
                    model.resize(at, 0);
                } else if !bytes.is_empty() {
                    scratch.write_at(at as u64, &bytes).unwrap();
                    model.resize(model.len().max(at + bytes.len()), 0);
                    model[at..at + bytes.len()].copy_from_slice(&bytes);
                }
                assert_eq!(scratch.length().unwrap(), model.len() as u64, "{memory_bytes_max}");
                let from = (step * 13 % 140) as usize;
                let read = scratch.read_at(from as u64, &mut into).unwrap();
                let there = model.get(from..).unwrap_or_default();
                assert_eq!(&into[..read], &there[..there.len().min(into.len())]);
            }
            assert_eq!(path.exists(), memory_bytes_max < 130);
            drop(scratch);
            assert!(!path.exists());
        }
    }
}
