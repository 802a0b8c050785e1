// SQLite's official wasm build through its object interface.
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { keyInto, nextValue } from './records.mjs';

let ready;
const initialise = () => (ready ??= sqlite3InitModule());

/** A database in memory. */
export async function openSqliteMemory() {
  const sqlite = await initialise();
  return new Sqlite(sqlite, new sqlite.oo1.DB(':memory:'));
}

/** The pool of synchronous access handles, the fastest of its ways to a private file system. */
let pool;

/** A database in the private file system of a worker. */
export async function openSqliteOpfs(name) {
  const sqlite = await initialise();
  pool ??= await sqlite.installOpfsSAHPoolVfs({ name: 'bench', directory: 'sqlite' });
  return new Sqlite(sqlite, new pool.OpfsSAHPoolDb(`/${name}`));
}

export async function dropSqliteOpfs(name) {
  pool?.unlink(`/${name}`);
}

class Sqlite {
  constructor(sqlite, database) {
    this.version = `SQLite ${sqlite.version.libVersion}`;
    this.database = database;
    this.key = new Uint8Array(8);
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE;' +
        'CREATE TABLE IF NOT EXISTS records(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;',
    );
    const prepare = (sql) => database.prepare(sql);
    this.insert = prepare(
      'INSERT INTO records VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
    );
    this.select = prepare('SELECT value FROM records WHERE key = ?1');
    this.walk = prepare('SELECT key, value FROM records WHERE key >= ?1 ORDER BY key LIMIT ?2');
    this.erase = prepare('DELETE FROM records WHERE key = ?1');
    this.begin = prepare('BEGIN IMMEDIATE');
    this.commit = prepare('COMMIT');
    this.durable = undefined;
  }

  change(durable, body) {
    if (this.durable !== durable) {
      this.database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'OFF'}`);
      this.durable = durable;
    }
    this.begin.stepReset();
    body();
    this.commit.stepReset();
  }

  put(indices, durable) {
    this.change(durable, () => {
      for (const index of indices) {
        this.insert.bind(1, keyInto(index, this.key)).bind(2, nextValue()).stepReset();
      }
    });
  }

  get(indices) {
    let sum = 0;
    for (const index of indices) {
      this.select.bind(1, keyInto(index, this.key));
      if (!this.select.step()) throw new Error('a record is missing');
      sum += this.select.get(0)[0];
      this.select.reset();
    }
    return sum;
  }

  range(from, most) {
    let sum = 0;
    this.walk.bind(1, from).bind(2, most);
    while (this.walk.step()) sum += this.walk.get(1)[0];
    this.walk.reset();
    return sum;
  }

  remove(indices) {
    this.change(false, () => {
      for (const index of indices) this.erase.bind(1, keyInto(index, this.key)).stepReset();
    });
  }

  close() {
    const { insert, select, walk, erase, begin, commit } = this;
    for (const statement of [insert, select, walk, erase, begin, commit]) statement.finalize();
    this.database.close();
  }
}
