// What `_home` reaches survives in a file; errors store nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Moonkeep, MoonkeepError, type Store } from 'moonkeep';

const folder = mkdtempSync(join(tmpdir(), 'moonkeep-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

const COUNTER = `
  if not _home.next then
    local n = 0
    function _home.next() n = n + 1 return n end
    _home.peek = function() return n end
  end
  return _home.next(), _home.peek()`;

test('functions with a shared variable live on in a second process', async () => {
  const store = join(folder, 'counter');
  const script = `
    import { Moonkeep } from 'moonkeep';
    const lua = await Moonkeep.open({ store: ${JSON.stringify(store)} });
    console.log(JSON.stringify(await lua.compute(${JSON.stringify(COUNTER)})));
    await lua.close();`;
  const run = () => {
    const args = ['--input-type=module', '-e', script];
    return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  };
  assert.deepEqual([run(), run(), run()], ['[1,1]', '[2,2]', '[3,3]']);
  assert.deepEqual(readdirSync(folder), ['counter']);
});

test('an error takes back what it did to _home', async () => {
  const store = join(folder, 'errors');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.kept = 1');
  const image = readFileSync(store);
  await assert.rejects(lua.compute('_home.kept = 2; local nothing; nothing()'), {
    code: 'LUA_EXECUTION_ERROR',
  });
  assert.deepEqual(await lua.compute('return _home.kept, Memory == _home'), [1, true]);
  assert.deepEqual(readFileSync(store), image);
  await lua.close();
});

test('what cannot be stored is named, and nothing of it is stored', async () => {
  const store = join(folder, 'unstorable');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.x = 1');
  await assert.rejects(
    lua.compute('_home.x = 2; _home.ui = { button = ... }', new Date()),
    (error: unknown) => {
      assert.ok(error instanceof MoonkeepError);
      assert.equal(error.code, 'SAVE_STATE_FAILED');
      assert.match(error.message, /_home\.ui\.button: a host object cannot be stored/);
      return true;
    },
  );
  assert.deepEqual(await lua.compute('return _home.x, _home.ui'), [1, undefined]);
  await lua.close();
});

test('a named host function persists by its name', async () => {
  const store = join(folder, 'named');
  const first = await Moonkeep.open({ store, functions: { double: (n: number) => n * 2 } });
  await first.compute('_home.f = double');
  await first.close();
  const second = await Moonkeep.open({ store, functions: { double: (n: number) => n * 20 } });
  assert.deepEqual(await second.compute('return _home.f(2)'), [40]);
  await second.close();
  const third = await Moonkeep.open({ store });
  await assert.rejects(third.compute('return _home.f(2)'), { code: 'LUA_EXECUTION_ERROR' });
  await third.close();
});

test('a store is for one user at a time, and a dead one does not count', async () => {
  const store = join(folder, 'locked');
  const lua = await Moonkeep.open({ store });
  await assert.rejects(Moonkeep.open({ store }), { code: 'STORE_LOCKED' });
  await lua.close();
  const pid = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
  writeFileSync(`${store}.lock`, pid);
  const again = await Moonkeep.open({ store });
  await again.close();
});

test('a damaged image is refused', async () => {
  const store = join(folder, 'damaged');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.x = "some text"');
  await lua.close();
  const image = readFileSync(store);
  image[image.length - 1]! ^= 1;
  writeFileSync(store, image);
  await assert.rejects(Moonkeep.open({ store }), { code: 'LOAD_STATE_FAILED' });
  assert.deepEqual(readFileSync(store), image);
});

test('a store that fails leaves the last saved state in charge', async () => {
  let saved: Uint8Array | undefined;
  let full = false;
  const store: Store = {
    load: async () => saved,
    save: async (image) => {
      if (full) throw new Error('the disk is full');
      saved = image;
    },
    close: async () => undefined,
  };
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.n = 1');
  full = true;
  await assert.rejects(lua.compute('_home.n = 2'), {
    code: 'SAVE_STATE_FAILED',
    message: /the disk is full/,
  });
  full = false;
  assert.deepEqual(await lua.compute('return _home.n'), [1]);
  await lua.close();
});
