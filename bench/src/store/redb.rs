//! redb, with the cache that it has by default.

use super::{Subject, key_of, next_value};
use anyhow::{Context, Result};
use redb::{Database, Durability, ReadableDatabase, TableDefinition};
use std::path::Path;

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

struct Redb(Database);

/// A database in memory.
pub fn in_memory(_folder: &Path) -> Result<Box<dyn Subject>> {
    let backend = redb::backends::InMemoryBackend::new();
    Ok(Box::new(Redb(Database::builder().create_with_backend(backend)?)))
}

/// A database in a file.
pub fn in_file(folder: &Path) -> Result<Box<dyn Subject>> {
    Ok(Box::new(Redb(Database::create(folder.join("records.redb"))?)))
}

impl Redb {
    fn change(
        &mut self,
        keys: &mut dyn Iterator<Item = u32>,
        durable: bool,
        change: impl Fn(&mut redb::Table<'_, &[u8], &[u8]>, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(match durable {
            true => Durability::Immediate,
            false => Durability::None,
        })?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for index in keys {
                change(&mut table, &key_of(index))?;
            }
        }
        Ok(transaction.commit()?)
    }
}

impl Subject for Redb {
    fn version(&self) -> String {
        "redb 4".to_owned()
    }

    fn put(&mut self, keys: &mut dyn Iterator<Item = u32>, durable: bool) -> Result<()> {
        self.change(keys, durable, |table, key| {
            table.insert(key, next_value().as_slice())?;
            Ok(())
        })
    }

    fn get(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<u64> {
        let table = self.0.begin_read()?.open_table(TABLE)?;
        let mut sum = 0;
        for index in keys {
            let value = table.get(key_of(index).as_slice())?.context("a record is missing")?;
            sum += u64::from(value.value()[0]);
        }
        Ok(sum)
    }

    fn range(&mut self, from: [u8; 8], most: u32) -> Result<u64> {
        let table = self.0.begin_read()?.open_table(TABLE)?;
        let mut sum = 0;
        for entry in table.range(from.as_slice()..)?.take(most as usize) {
            sum += u64::from(entry?.1.value()[0]);
        }
        Ok(sum)
    }

    fn delete(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<()> {
        self.change(keys, false, |table, key| {
            table.remove(key)?;
            Ok(())
        })
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
