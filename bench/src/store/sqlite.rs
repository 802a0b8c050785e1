//! SQLite through rusqlite, with the cache that it has by default. In a file: write-ahead log,
//! synchronous FULL where a commit is to be durable.

use super::{Subject, key_of, next_value};
use anyhow::Result;
use rusqlite::Connection;
use std::path::Path;

struct Sqlite(Connection);

/// A database in memory.
pub fn in_memory(_folder: &Path) -> Result<Box<dyn Subject>> {
    prepare(Connection::open_in_memory()?)
}

/// A database in a file.
pub fn in_file(folder: &Path) -> Result<Box<dyn Subject>> {
    let connection = Connection::open(folder.join("records.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    prepare(connection)
}

fn prepare(connection: Connection) -> Result<Box<dyn Subject>> {
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         CREATE TABLE IF NOT EXISTS records(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;",
    )?;
    Ok(Box::new(Sqlite(connection)))
}

impl Sqlite {
    fn begin(&mut self, durable: bool) -> Result<()> {
        let level = if durable { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = OFF" };
        self.0.execute_batch(level)?;
        Ok(self.0.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    fn commit(&mut self) -> Result<()> {
        Ok(self.0.prepare_cached("COMMIT")?.execute([]).map(drop)?)
    }
}

impl Subject for Sqlite {
    fn version(&self) -> String {
        format!("SQLite {}", rusqlite::version())
    }

    fn put(&mut self, keys: &mut dyn Iterator<Item = u32>, durable: bool) -> Result<()> {
        self.begin(durable)?;
        {
            let sql = "INSERT INTO records VALUES(?1, ?2)
                       ON CONFLICT(key) DO UPDATE SET value = excluded.value";
            let mut statement = self.0.prepare_cached(sql)?;
            for index in keys {
                statement.execute((key_of(index).as_slice(), next_value().as_slice()))?;
            }
        }
        self.commit()
    }

    fn get(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<u64> {
        let mut statement = self.0.prepare_cached("SELECT value FROM records WHERE key = ?1")?;
        let mut sum = 0;
        for index in keys {
            sum += statement.query_row([key_of(index).as_slice()], |row| {
                Ok(row.get_ref(0)?.as_blob().map_or(0, |value| u64::from(value[0])))
            })?;
        }
        Ok(sum)
    }

    fn range(&mut self, from: [u8; 8], most: u32) -> Result<u64> {
        let sql = "SELECT key, value FROM records WHERE key >= ?1 ORDER BY key LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query((from.as_slice(), most))?;
        let mut sum = 0;
        while let Some(row) = rows.next()? {
            sum += row.get_ref(1)?.as_blob().map_or(0, |value| u64::from(value[0]));
        }
        Ok(sum)
    }

    fn delete(&mut self, keys: &mut dyn Iterator<Item = u32>) -> Result<()> {
        self.begin(false)?;
        {
            let mut statement = self.0.prepare_cached("DELETE FROM records WHERE key = ?1")?;
            for index in keys {
                statement.execute([key_of(index).as_slice()])?;
            }
        }
        self.commit()
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.0.close().map_err(|(_, error)| error.into())
    }
}
