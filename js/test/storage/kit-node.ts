// What tests load into other Node processes.

import { readFileSync } from 'node:fs';
import { openFile } from '../../src/storage/file.js';
import { entriesOf, numberIn, padded } from './numbers.js';
import { openStore, type OpenStore } from './open-store.js';

export { openFile } from '../../src/storage/file.js';

/** Opens the store in a file with the module that lies beside this one. */
export async function openFileStore(path: string): Promise<OpenStore> {
  const wasm = new WebAssembly.Module(readFileSync('dist/test/store-checks.wasm'));
  return padded(await openStore(await openFile(path), wasm));
}

/** Commits until it is killed, and says so after each commit. */
export async function commitUntilKilled(path: string): Promise<never> {
  const store = await openFileStore(path);
  for (let number = numberIn(store) + 1; ; number++) {
    store.put(entriesOf(number));
    await store.storage.flush();
    process.stdout.write(`${number}\n`);
    await new Promise((next) => setImmediate(next));
  }
}
