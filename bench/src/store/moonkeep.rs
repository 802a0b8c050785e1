//! Moonkeep's own store, with the frame cache that it has by default.

use super::{Subject, key_of, next_value};
use anyhow::{Result, ensure};
use std::path::Path;
use store::{Cursor, Durability, FileOptions, MemoryStorage, Options, Storage, Store};

struct Moonkeep<S> {
    store: Store<S>,
    value: Vec<u8>,
}

/// A store in memory.
pub fn in_memory(_folder: &Path) -> Result<Box<dyn Subject>> {
    boxed(MemoryStorage::new(store::PAGE_BYTES_DEFAULT))
}

/// A store in a file.
pub fn in_file(folder: &Path) -> Result<Box<dyn Subject>> {
    boxed(store::open_file(folder.join("moon.keep"), FileOptions::default())?)
}

fn boxed<S: Storage + 'static>(storage: S) -> Result<Box<dyn Subject>> {
    let store = Store::open(storage, Options::default())?;
    Ok(Box::new(Moonkeep { store, value: Vec::new() }))
}

fn durability(durable: bool) -> Durability {
    if durable { Durability::Strict } else { Durability::Relaxed }
}

impl<S: Storage> Subject for Moonkeep<S> {
    fn version(&self) -> String {
        format!("Moonkeep {}", env!("CARGO_PKG_VERSION"))
    }

    fn put(&mut self, keys: &mut dyn Iterator<Item = u32>, durable: bool) -> Result<()> {
        self.store.begin()?;
        for index in keys {
            self.store.put(&key_of(index), &next_value())?;
        }
        self.store.commit(durability(durable))?;
        Ok(())
    }

    fn get(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<u64> {
        let mut sum = 0;
        for index in keys {
            ensure!(self.store.get(&key_of(index), &mut self.value)?, "a record is missing");
            sum += u64::from(self.value[0]);
        }
        Ok(sum)
    }

    fn range(&mut self, from: [u8; 8], most: u32) -> Result<u64> {
        let mut cursor = Cursor::new();
        let (mut sum, mut count) = (0, 0);
        let mut placed = cursor.seek(&mut self.store, &from)?;
        while placed && count < most {
            cursor.value(&mut self.store, &mut self.value)?;
            sum += u64::from(self.value[0]);
            count += 1;
            placed = cursor.next(&mut self.store)?;
        }
        Ok(sum)
    }

    fn delete(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<()> {
        self.store.begin()?;
        for index in keys {
            self.store.delete(&key_of(index))?;
        }
        self.store.commit(Durability::Relaxed)?;
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.store.close()?;
        Ok(())
    }
}
