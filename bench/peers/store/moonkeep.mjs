// Moonkeep's store alone in wasm, on the storages of the package.
import { StoreModule } from '../../store-module/driver.mjs';
import { storageImports } from '../../../js/src/storage/imports.ts';
import { COMMITTED, PAGE_BYTES } from '../../../js/src/storage/storage.ts';
import { keyInto, nextValue, VALUE_BYTES } from './records.mjs';

/** A subject on the storage that `openStorage` opens; `wasm` is the compiled module. */
export async function openMoonkeep(wasm, version, openStorage) {
  const start = performance.now();
  const storage = await openStorage();
  const handlesMs = performance.now() - start;
  let instance;
  const imports = { moonkeep: storageImports(storage, () => instance) };
  instance = (await WebAssembly.instantiate(wasm, imports)).exports;
  const store = new StoreModule(instance);
  store.openStore({ kind: storage.kind });
  return new Moonkeep(store, storage, version, handlesMs);
}

class Moonkeep {
  constructor(store, storage, version, handlesMs) {
    Object.assign(this, { store, storage, version, handlesMs, key: new Uint8Array(8) });
  }

  put(indices, durable) {
    const { store, key } = this;
    store.begin();
    for (const index of indices) store.put(keyInto(index, key), nextValue());
    store.commit(!durable);
    return durable ? this.storage.flush() : undefined;
  }

  get(indices) {
    const { store, key } = this;
    let sum = 0;
    for (const index of indices) {
      if (!store.find(keyInto(index, key))) throw new Error('a record is missing');
      sum += store.view()[store.exports.store_result()];
    }
    return sum;
  }

  /** Reads 100 entries at a call, as a host would that hands them on. */
  range(from, most) {
    const { store } = this;
    const low = new Uint8Array(from.length + 1);
    low.set(from);
    let [length, sum] = [from.length, 0];
    while (most > 0) {
      const count = store.range(low.subarray(0, length), undefined, Math.min(most, 100));
      if (count === 0) break;
      const bytes = store.result();
      let at = 0;
      for (let index = 0; index < count; index++) {
        const end = at + 16 + VALUE_BYTES;
        sum += bytes[at + 16];
        // Goes on after the last key.
        if (index === count - 1) low.set(bytes.subarray(at + 8, at + 16));
        at = end;
      }
      length = low.length;
      most -= count;
    }
    return sum;
  }

  remove(indices) {
    const { store, key } = this;
    store.begin();
    for (const index of indices) store.delete(keyInto(index, key));
    store.commit(true);
  }

  /** The bytes of pages as they are stored. */
  pages(first, count) {
    const bytes = new Uint8Array(count * PAGE_BYTES);
    for (let page = 0; page < count; page++) {
      const part = bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      this.storage.read(first + page, COMMITTED, part);
    }
    return bytes;
  }

  /** Bytes of linear memory. */
  memoryBytes() {
    return this.store.memory.buffer.byteLength;
  }

  async close() {
    this.store.close();
    await this.storage.flush();
    await this.storage.release();
  }
}
