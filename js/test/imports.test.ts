// The imports of the module for a storage: numbers, bytes at addresses, faults with their words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageImports } from '../src/storage/imports.js';
import { openMemory } from '../src/storage/memory.js';
import { storeError, type FileStorage } from '../src/storage/storage.js';

const WORDS_AT = 70_000;

/** A module as its imports see it. */
class Side {
  memory = new WebAssembly.Memory({ initial: 2, maximum: 4 });
  words = 0;

  mk_input = (length: number): number => {
    this.words = length;
    return WORDS_AT;
  };

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  said(): string {
    return new TextDecoder().decode(this.bytes(WORDS_AT, this.words));
  }
}

test('pages go through the memory of the module, also when it grows', () => {
  const side = new Side();
  const imports = storageImports(openMemory(), () => side) as Record<
    string,
    (...numbers: number[]) => number
  >;
  side.bytes(4096, 4096).fill(5);
  // From 2^31 on numbers arrive as negative ones.
  assert.equal(imports['page_stage']!(-2147483648 + 3, 4096, 4096), 0);
  assert.equal(imports['page_stage']!(0, 4096, 4096), 0);
  assert.equal(imports['page_read']!(-2147483648 + 3, 0, 8192, 4096), 0);
  assert.deepEqual(side.bytes(8192, 4096), new Uint8Array(4096).fill(5));
  assert.equal(imports['page_commit']!(1, 0), 1);
  assert.equal(imports['page_read']!(-2147483648 + 3, 0, 8192, 4096), -6);
  assert.equal(side.said(), 'page 2147483651 is missing');
  side.memory.grow(1);
  assert.equal(imports['page_read']!(0, 1, 140_000, 4096), 0);
  assert.deepEqual(side.bytes(140_000, 4096), new Uint8Array(4096).fill(5));
  assert.equal(imports['page_length']!(100), 0);
  const view = new DataView(side.memory.buffer);
  const length = [0, 1, 2, 3].map((index) => view.getFloat64(100 + 8 * index, true));
  assert.deepEqual(length, [4096, 1, 1, 1]);
  imports['page_abort']!();
  assert.equal(imports['page_close']!(), 0);
});

test('a fault is a number with words, and nothing is thrown', () => {
  const codes = ['IO', 'FULL', 'READ_ONLY', 'LOCKED', 'MISSING', 'CORRUPT', 'FOREIGN', 'POISONED'];
  for (const [index, code] of codes.entries()) {
    const side = new Side();
    const refuse = (): never => {
      throw storeError(`STORE_${code}` as 'STORE_IO', `words for ${code}: ü`);
    };
    const storage = {
      kind: 'files',
      read: refuse,
      write: refuse,
      sync: refuse,
      length: refuse,
      setLength: refuse,
      close: refuse,
    } as unknown as FileStorage;
    const imports = storageImports(storage, () => side);
    for (const name of ['read', 'write', 'sync', 'length', 'set_length', 'close']) {
      side.words = 0;
      assert.equal(imports[`file_${name}`]!(0, 0, 0, 8), -1 - index);
      assert.equal(side.said(), `words for ${code}: ü`);
    }
  }
});

test('errors without a code of ours are trouble with input or output', () => {
  const side = new Side();
  const storage = { ...openMemory(), abort: () => undefined };
  storage.stage = () => {
    throw new RangeError('out of memory');
  };
  const imports = storageImports(storage, () => side);
  assert.equal(imports['page_stage']!(0, 0, 4096), -1);
  assert.equal(side.said(), 'out of memory');
});

test('a module without a storage finds neither files nor pages', () => {
  const side = new Side();
  const imports = storageImports(undefined, () => side);
  const names = Object.keys(imports).filter((name) => name !== 'page_abort');
  assert.equal(names.length, 11);
  for (const name of names) assert.equal(imports[name]!(0, 0, 0, 0), -5, name);
  imports['page_abort']!();
});
