// The files of a store in Node: names, lock, faults with their codes, images of earlier versions.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFile } from '../src/storage/file.js';
import { INDEX_MEMORY_BYTES, SPILL_MEMORY_BYTES } from '../src/storage/scratch.js';
import { DATA, INDEX, LOG, SPILL, type FileStorage } from '../src/storage/storage.js';

const folder = fs.mkdtempSync(join(tmpdir(), 'moonkeep-storage-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

const KIT = JSON.stringify(join(process.cwd(), 'dist/test/kit-node.js'));

/** Runs code on storages in another process; its standard output. */
function elsewhere(code: string): string {
  const script = `import { openFile } from ${KIT}; ${code}`;
  const args = ['--input-type=module', '-e', script];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}

test('the files are those of the format, and only the store stays behind', async () => {
  const place = path('names');
  const storage = await openFile(place);
  storage.write(INDEX, INDEX_MEMORY_BYTES, Uint8Array.of(1));
  storage.write(SPILL, SPILL_MEMORY_BYTES - 1, Uint8Array.of(1, 2));
  const names = () => fs.readdirSync(folder).filter((name) => name.startsWith('names')).sort();
  assert.deepEqual(names(), ['names', 'names-index', 'names-lock', 'names-log', 'names-spill']);
  const lock = fs.readFileSync(`${place}-lock`, 'utf8');
  assert.equal(lock.split('\n')[0], `process ${process.pid} (node)`);
  storage.close();
  await storage.release();
  assert.deepEqual(names(), ['names', 'names-log']);
});

test('a second process is refused and told who holds the store', async () => {
  const place = path('held');
  const storage = await openFile(place);
  const code = `
    await openFile(${JSON.stringify(place)}).catch((error) => {
      console.log(error.code, error.message);
    });`;
  assert.match(elsewhere(code), /^STORE_LOCKED .*held-lock is held by process \d+ \(node\)$/);
  await assert.rejects(openFile(place), {
    code: 'STORE_LOCKED',
    message: `the store is in use: ${place}-lock is held by process ${process.pid} (node)`,
  });
  storage.close();
  assert.equal(elsewhere(code), '');
});

test('the lock of a process that has died does not count', async () => {
  const place = path('died');
  // It ends without a chance to give anything back.
  const kill = `await openFile(${JSON.stringify(place)}); process.kill(process.pid, 'SIGKILL');`;
  assert.throws(() => elsewhere(kill));
  assert.ok(fs.existsSync(`${place}-lock`));
  (await openFile(place)).close();
  // Its number has been given to another process since: here, to this one.
  fs.writeFileSync(`${place}-lock`, `process ${process.pid} (node)\nsome-boot 12345\n`);
  (await openFile(place)).close();
  fs.writeFileSync(`${place}-lock`, '');
  (await openFile(place)).close();
  // A program that says no more than its number is believed.
  fs.writeFileSync(`${place}-lock`, `process ${process.ppid} (moonkeep)\n`);
  await assert.rejects(openFile(place), { code: 'STORE_LOCKED', message: /\(moonkeep\)$/ });
});

test('whoever is in the gate to a lock is waited for, however long; the dead are not', async () => {
  const place = path('gate');
  const [dead, alive] = ['process 4194305 (node)\nsome-boot 1\n', `process ${process.pid} (x)\n`];
  const gate = `${place}-lock-break`;
  fs.writeFileSync(`${place}-lock`, dead);
  fs.writeFileSync(gate, alive);
  fs.utimesSync(gate, 1, 1);
  const message = `the store is in use: ${gate} is held by process ${process.pid} (x)`;
  await assert.rejects(openFile(place), { code: 'STORE_LOCKED', message });
  assert.equal(fs.readFileSync(gate, 'utf8'), alive);
  assert.equal(fs.readFileSync(`${place}-lock`, 'utf8'), dead);
  for (const suffix of ['', '-break', '-break-break']) fs.writeFileSync(gate + suffix, dead);
  (await openFile(place)).close();
  const left = fs.readdirSync(folder).filter((name) => name.startsWith('gate'));
  assert.deepEqual(left.sort(), ['gate', 'gate-log']);
});

test('of many processes one gets the lock that a dead one left, again and again', () => {
  const [rounds, processes] = [40, 6];
  // In each round, which begins everywhere at once, whoever has the lock says so in a file of which
  // there can be one, and keeps it until all have tried.
  const code = `
    import * as fs from 'node:fs';
    import { openFile } from ${KIT};
    const folder = ${JSON.stringify(path('crowd'))};
    const [rounds, processes] = [${rounds}, ${processes}];
    const count = (start) => fs.readdirSync(folder).filter((name) => name.startsWith(start)).length;
    const meet = async (where) => {
      fs.writeFileSync(folder + '/' + where + '-' + process.pid, '');
      while (count(where + '-') < processes) await new Promise((resume) => setTimeout(resume));
    };
    for (let round = 0; round < rounds; round++) {
      await meet('begin-' + round);
      const storage = await openFile(folder + '/store-' + round).catch((error) => {
        if (error.code !== 'STORE_LOCKED') throw error;
      });
      if (storage) fs.writeFileSync(folder + '/won-' + round, '', { flag: 'wx' });
      await meet('end-' + round);
    }`;
  fs.mkdirSync(path('crowd'));
  for (let round = 0; round < rounds; round++) {
    const dead = 'process 4194305 (node)\nsome-boot 1\n';
    fs.writeFileSync(path(`crowd/store-${round}-lock`), dead);
    // In some rounds somebody has died in the gate as well.
    if (round % 2 === 0) fs.writeFileSync(path(`crowd/store-${round}-lock-break`), dead);
  }
  const each = 'timeout 60 "$NODE" --input-type=module -e "$CODE"';
  const script = `for i in $(seq ${processes}); do ${each} & done; wait`;
  const env = { ...process.env, NODE: process.execPath, CODE: code };
  const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env });
  assert.equal(stderr, '');
  const won = fs.readdirSync(path('crowd')).filter((name) => name.startsWith('won-'));
  assert.equal(won.length, rounds);
});

test('a file that is deleted while it is open is noticed before a commit', async () => {
  for (const suffix of ['', '-log']) {
    const place = path(`deleted${suffix}`);
    const storage = await openFile(place);
    storage.write(LOG, 0, Uint8Array.of(1));
    fs.rmSync(place + suffix);
    assert.throws(() => storage.write(LOG, 1, Uint8Array.of(2)), {
      code: 'STORE_MISSING',
      message: `the store is missing: ${place}${suffix} was deleted while it was open`,
    });
    storage.close();
  }
});

test('what the system refuses has a code each', async () => {
  await assert.rejects(openFile(path('nowhere/store')), { code: 'STORE_MISSING' });
  await assert.rejects(openFile(folder), { code: 'STORE_FOREIGN' });
  fs.writeFileSync(path('plain'), '');
  await assert.rejects(openFile(path('plain/store')), { code: 'STORE_MISSING' });
  // The device that is always full.
  const place = path('full');
  fs.symlinkSync('/dev/full', `${place}-log`);
  const storage = await openFile(place);
  assert.throws(() => storage.write(LOG, 0, Uint8Array.of(1)), {
    code: 'STORE_FULL',
    message: /^the disk or the quota is full: .*full-log: ENOSPC/,
  });
  storage.close();
  fs.rmSync(`${place}-log`);
  assert.equal(fs.existsSync(`${place}-lock`), false);
});

test('a store that may not be written to is named as such, and left as it was', async () => {
  const place = path('read-only');
  (await openFile(place)).close();
  fs.chmodSync(place, 0o444);
  fs.chmodSync(folder, 0o777);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534); // root may write everywhere
  try {
    await assert.rejects(openFile(place), { code: 'STORE_READ_ONLY' });
    assert.equal(fs.existsSync(`${place}-lock`), false);
    if (isRoot) process.seteuid?.(0);
    fs.chmodSync(folder, 0o555);
    if (isRoot) process.seteuid?.(65534);
    await assert.rejects(openFile(place), { code: 'STORE_READ_ONLY' });
  } finally {
    if (isRoot) process.seteuid?.(0);
    fs.chmodSync(folder, 0o755);
  }
});

const IMAGE = Uint8Array.of(0x89, 0x4d, 0x4f, 0x4f, 0x4e, 13, 10, 0, 1, 2, 3);

/** Opens the store, which has to find the image. */
async function openWithImage(place: string): Promise<FileStorage> {
  const storage = await openFile(place);
  assert.deepEqual(storage.legacyImage, IMAGE);
  return storage;
}

test('the image of an earlier version lies there until the pages are durable', async () => {
  const place = path('legacy');
  fs.writeFileSync(place, IMAGE);
  // A process that dies before its first commit leaves nothing that counts.
  fs.writeFileSync(`${place}-new`, 'left over');
  const first = await openWithImage(place);
  assert.equal(first.length(DATA), 0);
  first.write(LOG, 0, Uint8Array.of(1, 2));
  first.sync(LOG);
  first.write(DATA, 0, Uint8Array.of(7, 8));
  assert.deepEqual(new Uint8Array(fs.readFileSync(place)), IMAGE);
  first.close();
  // One that dies after it leaves a log, from which the pages are made again.
  const second = await openWithImage(place);
  assert.equal(second.length(LOG), 2);
  second.write(DATA, 0, Uint8Array.of(7, 9));
  second.sync(DATA);
  assert.deepEqual(new Uint8Array(fs.readFileSync(place)), Uint8Array.of(7, 9));
  assert.equal(fs.existsSync(`${place}-new`), false);
  second.write(DATA, 2, Uint8Array.of(10));
  second.close();
  const third = await openFile(place);
  assert.equal(third.legacyImage, undefined);
  assert.equal(third.length(DATA), 3);
  third.close();
});
