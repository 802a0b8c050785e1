// The package as it is published, in projects of Node: modules, CommonJS, TypeScript.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { makeProject } from './packed.js';

const project = makeProject();
after(() => project.remove());

const QUERY = `
  const lua = await Moonkeep.open({ store: './state' });
  const [count] = await lua.compute('_home.n = (_home.n or 0) + 1 return _home.n');
  await lua.close();
  console.log(count);`;

function run(name: string, text: string): string {
  writeFileSync(join(project.folder, name), text);
  const options = { cwd: project.folder, encoding: 'utf8' } as const;
  return execFileSync(process.execPath, [name], options).trim();
}

test('the package holds what its entries name, and no tests', () => {
  const { files } = project;
  for (const name of ['node.js', 'browser.js', 'moonkeep-baseline.wasm', 'moonkeep-modern.wasm']) {
    assert.ok(files.includes(`dist/${name}`), name);
  }
  assert.ok(files.includes('dist/types/node.d.ts') && files.includes('README.md'));
  assert.deepEqual(files.filter((name) => name.includes('test')), []);
});

test('a module and a script of CommonJS share a state', () => {
  assert.equal(run('main.mjs', `import { Moonkeep } from 'moonkeep';${QUERY}`), '1');
  const script = `import('moonkeep').then(async ({ Moonkeep }) => {${QUERY}});`;
  assert.equal(run('main.cjs', script), '2');
});

test('TypeScript finds the types', () => {
  const text = `import { Moonkeep, type OpenOptions } from 'moonkeep';
const options: OpenOptions = { fuel: 1000 };
const lua: Promise<Moonkeep> = Moonkeep.open(options);
export const answer: Promise<unknown[]> = lua.then((lua) => lua.compute('return 1'));
// @ts-expect-error: no such option
Moonkeep.open({ fuels: 1 });
`;
  writeFileSync(join(project.folder, 'main.ts'), text);
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const flags = '--noEmit --strict --module nodenext --target es2022 --lib esnext,dom';
  const args = [compiler, ...flags.split(' '), 'main.ts'];
  execFileSync(process.execPath, args, { cwd: project.folder, stdio: 'inherit' });
});
