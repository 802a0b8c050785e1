// The whole conformance suite, the store's own checks included, on what Node has.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFile } from '../src/storage/file.js';
import { openMemory } from '../src/storage/memory.js';
import type { Adapter } from './storage/contract.js';
import { flawsOf, NO_FLAW } from './storage/flaws.js';
import { runSuite } from './storage/suite.js';

const folder = mkdtempSync(join(tmpdir(), 'moonkeep-conformance-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const path = join(folder, 'store');

const adapters: Record<string, Adapter> = {
  memory: { fresh: async () => openMemory() },
  file: {
    fresh: () => {
      for (const suffix of ['', '-log']) rmSync(path + suffix, { force: true });
      return openFile(path);
    },
    again: () => openFile(path),
  },
};

/** The module of the store with its checks: `cargo xtask wasm store`. */
const wasm = new WebAssembly.Module(readFileSync('dist/test/store-checks.wasm'));

for (const [name, adapter] of Object.entries(adapters)) {
  test(`${name} keeps the contract of storages`, async () => {
    const { checks, broken } = await runSuite(wasm, adapter);
    assert.deepEqual(broken, []);
    assert.ok(checks >= 7);
  });

  test(`a broken ${name} does not`, async () => {
    const flaws = flawsOf(name === 'file' ? 'files' : 'pages');
    assert.ok(flaws.length >= 6);
    assert.deepEqual((await runSuite(wasm, adapter, NO_FLAW)).broken, []);
    for (const flaw of flaws) {
      const { broken } = await runSuite(wasm, adapter, flaw);
      assert.notDeepEqual(broken, [], flaw);
    }
  });
}
