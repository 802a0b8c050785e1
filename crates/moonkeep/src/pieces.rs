//! An image in a store: cut into pieces, of which a commit writes those that have changed.
//!
//! `docs/image.md` describes the entries. The checksums of the image itself tell whether all
//! pieces belong together.

use store::{Durability, Stats, Storage, Store};

use crate::error::Error;

/// Key of the record that tells the length of the image.
const HEAD: &[u8] = b"image";
/// Version of the record.
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 9;

/// Bytes of a piece: four overflow pages of 4096 bytes, less their headers of 32.
const PIECE_BYTES: usize = 4 * (4096 - 32);

/// The key of a piece: the head's, then its number, big-endian.
fn key(number: usize) -> [u8; 9] {
    let mut key = [0; 9];
    key[..5].copy_from_slice(HEAD);
    key[5..].copy_from_slice(&(number as u32).to_be_bytes());
    key
}

/// A store that holds one image.
pub(crate) struct Pieces {
    store: Store<Box<dyn Storage>>,
    durability: Durability,
}

impl Pieces {
    pub fn open(
        storage: Box<dyn Storage>,
        options: store::Options,
        durability: Durability,
    ) -> Result<Pieces, Error> {
        Ok(Pieces { store: Store::open(storage, options)?, durability })
    }

    /// The image, or nothing if none was committed.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut piece = Vec::new();
        if !self.store.get(HEAD, &mut piece)? {
            return Ok(None);
        }
        let length = match piece.first_chunk::<HEAD_BYTES>() {
            Some(&[VERSION, ref length @ ..]) if piece.len() == HEAD_BYTES => {
                u64::from_le_bytes(*length)
            }
            _ => return Err(Error::corrupt("the record of its length is unknown")),
        };
        let mut image = Vec::new();
        for number in 0..length.div_ceil(PIECE_BYTES as u64) as usize {
            let expected = (length - image.len() as u64).min(PIECE_BYTES as u64) as usize;
            if !self.store.get(&key(number), &mut piece)? || piece.len() != expected {
                return Err(Error::corrupt("a piece of it is missing"));
            }
            image.extend_from_slice(&piece);
        }
        Ok(Some(image))
    }

    /// Replaces the image `before`, which is what the store holds, by `after`; all or nothing.
    pub fn write(&mut self, before: &[u8], after: &[u8]) -> Result<(), Error> {
        let written = self.write_all(before, after);
        if written.is_err() && self.store.in_transaction() {
            // There is an error already; this one could only say the same.
            let _ = self.store.rollback();
        }
        Ok(written?)
    }

    fn write_all(&mut self, before: &[u8], after: &[u8]) -> Result<(), store::Error> {
        self.store.begin()?;
        let mut old = before.chunks(PIECE_BYTES);
        for (number, piece) in after.chunks(PIECE_BYTES).enumerate() {
            if old.next() != Some(piece) {
                self.store.put(&key(number), piece)?;
            }
        }
        if old.next().is_some() {
            let first = key(after.len().div_ceil(PIECE_BYTES));
            self.store.delete_range(&first, Some(&key(u32::MAX as usize)))?;
        }
        if before.len() != after.len() {
            let mut head = [VERSION; HEAD_BYTES];
            head[1..].copy_from_slice(&(after.len() as u64).to_le_bytes());
            self.store.put(HEAD, &head)?;
        }
        self.store.commit(self.durability)?;
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), Error> {
        self.store.flush()?;
        Ok(())
    }

    pub fn stats(&mut self) -> Result<(Stats, store::Length), Error> {
        let length = self.store.storage().length().map_err(store::Error::from)?;
        Ok((self.store.stats(), length))
    }

    pub fn close(self) -> Result<(), Error> {
        self.store.close()?;
        Ok(())
    }
}
