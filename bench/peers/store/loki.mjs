// LokiJS in memory: objects with a unique index for reading and a binary one for ranges. It has no
// transactions, and its adapters write the whole database at once, so that nothing is durable here.
import loki from 'lokijs';
import { keyInto, nextValue, textOf } from './records.mjs';

const key = new Uint8Array(8);
const textAt = (index) => textOf(keyInto(index, key));

export async function openLoki() {
  const database = new loki('bench');
  const options = { unique: ['key'], indices: ['key'], adaptiveBinaryIndices: false };
  return new Loki(database.addCollection('records', options));
}

class Loki {
  version = 'LokiJS 1.5.12';

  constructor(records) {
    this.records = records;
  }

  put(indices) {
    for (const index of indices) {
      const text = textAt(index);
      const record = this.records.by('key', text);
      if (record === undefined) {
        this.records.insert({ key: text, value: nextValue().slice() });
      } else {
        record.value = nextValue().slice();
        this.records.update(record);
      }
    }
  }

  get(indices) {
    let sum = 0;
    for (const index of indices) sum += this.records.by('key', textAt(index)).value[0];
    return sum;
  }

  range(from, most) {
    const found = this.records.chain().find({ key: { $gte: textOf(from) } });
    let sum = 0;
    for (const record of found.simplesort('key').limit(most).data()) sum += record.value[0];
    return sum;
  }

  remove(indices) {
    for (const index of indices) this.records.remove(this.records.by('key', textAt(index)));
  }
}
