// The native program and Node on one store: each sees the other's lock, alive or dead.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Moonkeep } from 'moonkeep';

const folder = mkdtempSync(join(tmpdir(), 'moonkeep-native-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

const BUILD = ['build', '--quiet', '--package', 'moonkeep-cli', '--message-format', 'json'];
const messages = execFileSync('cargo', BUILD, { cwd: '..', encoding: 'utf8', maxBuffer: 1 << 28 });
/** Where the program was built. */
const program = messages
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { executable?: string | null })
  .flatMap(({ executable }) => executable ?? [])[0] as string;

/** A prompt of the native program. */
function prompt(store: string): ChildProcess {
  return spawn(program, ['repl', '--store', store], { stdio: 'pipe' });
}

test('a native process that is alive is named to Node, and a dead one does not count', async () => {
  const store = join(folder, 'native');
  const native = prompt(store);
  native.stdin?.write('_home.n = 41 return _home.n\n');
  await once(native.stdout as NodeJS.ReadableStream, 'data');
  const message = `the store is in use: ${store}-lock is held by process ${native.pid} (moonkeep)`;
  await assert.rejects(Moonkeep.open({ store }), { code: 'STORE_LOCKED', message });
  native.kill('SIGKILL');
  await once(native, 'exit');
  const lua = await Moonkeep.open({ store });
  assert.deepEqual(await lua.compute('_home.n = _home.n + 1 return _home.n'), [42]);
  await lua.close();
});

test('a process of Node that is alive is named to the native program', async () => {
  const store = join(folder, 'node');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.n = 7');
  const look = () => {
    const input = 'return _home.n\n';
    return spawnSync(program, ['repl', '--store', store], { input, encoding: 'utf8' });
  };
  const refused = look();
  assert.equal(refused.status, 1);
  const held = `${store}-lock is held by process ${process.pid} (node) (STORE_LOCKED)`;
  assert.ok(refused.stderr.includes(held), refused.stderr);
  await lua.close();
  assert.equal(look().stdout, '7\n');
});

const COUNT = '_home.n = (_home.n or 0) + 1 return _home.n';

/** Processes of both kinds that count in a store, say the count and die without closing it. */
const CONTENDERS = {
  native: (store: string): ChildProcess => {
    const child = prompt(store);
    child.stdin?.on('error', () => undefined); // it was refused before it could read
    child.stdin?.end(`${COUNT}\nos.execute('kill -9 $PPID')\n`);
    return child;
  },
  node: (store: string): ChildProcess => {
    const script = `
      import { Moonkeep } from 'moonkeep';
      import { writeSync } from 'node:fs';
      const lua = await Moonkeep.open({ store: ${JSON.stringify(store)} });
      writeSync(1, String(await lua.compute(${JSON.stringify(COUNT)})));
      process.kill(process.pid, 'SIGKILL');`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  },
};

/** Starts such processes until one gets the store; its count. */
async function count(start: (store: string) => ChildProcess, store: string): Promise<number> {
  for (;;) {
    const child = start(store);
    let [said, errors] = ['', ''];
    child.stdout?.on('data', (text) => (said += String(text)));
    child.stderr?.on('data', (text) => (errors += String(text)));
    await once(child, 'close');
    if (child.signalCode === 'SIGKILL') return Number(said);
    assert.match(errors, /STORE_LOCKED|is held by process/);
  }
}

test('both kinds take over what the dead of both left, one process at a time', async () => {
  const store = join(folder, 'both');
  const contenders = Array.from({ length: 5 }, () => Object.values(CONTENDERS)).flat();
  const counts = await Promise.all(contenders.map((start) => count(start, store)));
  assert.deepEqual(
    counts.sort((a, b) => a - b),
    contenders.map((_, index) => index + 1),
  );
  const names = readdirSync(folder).filter((name) => name.startsWith('both'));
  assert.deepEqual(names.sort(), ['both', 'both-lock', 'both-log']);
  await (await Moonkeep.open({ store })).close();
  assert.equal(spawnSync(program, ['verify', store]).status, 0);
});
