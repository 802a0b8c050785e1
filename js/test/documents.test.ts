// The programs in the documents run as they stand there, in a project that has the package.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const DOCUMENTS = ['../README.md', 'README.md'];

/** The blocks of a document that are marked as JavaScript. */
function programs(path: string): string[] {
  const blocks = readFileSync(path, 'utf8').matchAll(/^```js\n(.*?)^```$/gms);
  return [...blocks].map((block) => block[1] ?? '');
}

for (const path of DOCUMENTS) {
  test(`every program in ${path} runs`, () => {
    const found = programs(path);
    assert.ok(found.length > 0, 'the document has no program');
    const folder = mkdtempSync(join(tmpdir(), 'moonkeep-documents-'));
    try {
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(resolve('.'), join(folder, 'node_modules', 'moonkeep'), 'dir');
      for (const [index, program] of found.entries()) {
        const file = join(folder, `program-${index}.mjs`);
        writeFileSync(file, program);
        const run = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
        assert.equal(run.status, 0, `${program}\n${run.stderr}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
