// Dexie over IndexedDB. Durability is a matter of the whole database: all commits are strict.
import Dexie from 'dexie';
import { keyOf, nextValue } from './records.mjs';

const record = (index) => ({ key: keyOf(index), value: nextValue().slice() });

export async function openDexie(name) {
  const database = new Dexie(name, { chromiumTransactionDurability: 'strict' });
  database.version(1).stores({ records: 'key' });
  await database.open();
  return new Table(database);
}

export async function dropDexie(name) {
  await Dexie.delete(name);
}

class Table {
  version = `Dexie ${Dexie.semVer}`;

  constructor(database) {
    this.database = database;
    this.records = database.table('records');
  }

  async put(indices) {
    if (indices.length === 1) await this.records.put(record(indices[0]));
    else await this.records.bulkPut(Array.from(indices, record));
  }

  async get(indices) {
    let sum = 0;
    await this.database.transaction('r', this.records, async () => {
      for (const index of indices) sum += (await this.records.get(keyOf(index))).value[0];
    });
    return sum;
  }

  async range(from, most) {
    const found = await this.records.where('key').aboveOrEqual(from).limit(most).toArray();
    return found.reduce((sum, { value }) => sum + value[0], 0);
  }

  async remove(indices) {
    await this.records.bulkDelete(Array.from(indices, keyOf));
  }

  async close() {
    this.database.close();
  }
}
