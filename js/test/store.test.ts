// What `_home` reaches survives in a store; errors store nothing and keep identity.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Moonkeep, MoonkeepError } from 'moonkeep';
import { Moonkeep as Base } from '../src/moonkeep.js';
import { openMemory } from '../src/storage/memory.js';
import { storeError, type PageStorage } from '../src/storage/storage.js';

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
  assert.deepEqual(readdirSync(folder).sort(), ['counter', 'counter-log']);
});

test('an error takes back what it did to _home, on the same objects', async () => {
  const store = join(folder, 'errors');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.t = { kept = 1 } alias = _home.t');
  const before = lua.storage?.figures?.handedOver;
  await assert.rejects(lua.compute('alias.kept = 2 alias.x = 1 local nothing; nothing()'), {
    code: 'LUA_EXECUTION_ERROR',
  });
  assert.throws(() => lua.eval('alias.kept = 2 error("x")'), { code: 'LUA_EXECUTION_ERROR' });
  const look = 'return alias == _home.t, alias.kept, alias.x, Memory == _home';
  assert.deepEqual(await lua.compute(look), [true, 1, undefined, true]);
  assert.equal(lua.storage?.figures?.handedOver, before, 'nothing was committed');
  await lua.close();
});

test('a run that is cancelled or too late takes back what it did', async () => {
  const functions = { never: () => new Promise(() => undefined) };
  const lua = await Moonkeep.open({ functions, timeout: 500 });
  await lua.compute('_home.n = 1');
  const run = lua.compute('_home.n = 2 never()');
  await new Promise((resolve) => setTimeout(resolve, 5));
  lua.cancel();
  await assert.rejects(run, { code: 'CANCELLED' });
  await assert.rejects(lua.compute('_home.n = 3 while true do end'), { code: 'TIMEOUT' });
  assert.deepEqual(await lua.compute('return _home.n'), [1]);
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

test('eval and set commit, and flush and close make it durable', async () => {
  const store = join(folder, 'eval');
  const lua = await Moonkeep.open({ store, durability: 'relaxed', cacheBytes: 64 << 10 });
  lua.eval('_home.a = 1');
  lua.set(['_home', 'b'], 2);
  assert.equal(lua.storage?.medium, 'file');
  assert.equal(lua.storage?.figures?.handedOver, 2);
  assert.equal(lua.storage?.figures?.cacheFrames, 16);
  await lua.flush();
  assert.equal(lua.storage?.figures?.durable, 2);
  lua.set(['_home', 'c'], 3);
  await lua.close();
  await lua.close();
  const again = await Moonkeep.open({ store });
  assert.deepEqual(await again.compute('return _home.a, _home.b, _home.c'), [1, 2, 3]);
  await again.close();
});

test('a store is for one user at a time, and a dead one does not count', async () => {
  const store = join(folder, 'locked');
  const lua = await Moonkeep.open({ store });
  const holder = new RegExp(`process ${process.pid} \\(node\\)`);
  await assert.rejects(Moonkeep.open({ store }), { code: 'STORE_LOCKED', message: holder });
  await lua.close();
  const pid = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
  writeFileSync(`${store}-lock`, `process ${pid} (node)\n`);
  const again = await Moonkeep.open({ store });
  await again.close();
  // The native program leaves its lock file, and says in it who it is.
  writeFileSync(`${store}-lock`, `process ${process.pid} (moonkeep)\n`);
  const native = new RegExp(`process ${process.pid} \\(moonkeep\\)`);
  await assert.rejects(Moonkeep.open({ store }), { code: 'STORE_LOCKED', message: native });
});

test('the image of an earlier version is taken over', async () => {
  const store = join(folder, 'legacy');
  const image = readFileSync('../crates/cli/tests/fixtures/v0.moon');
  writeFileSync(store, image);
  const look = 'return _home.next(), _home.point:sum(), _home.co(), #_home.pad';
  for (const [next, co] of [
    [42, 2],
    [43, 3],
  ]) {
    const lua = await Moonkeep.open({ store });
    assert.deepEqual(await lua.compute(look), [next, 3, co, 40000]);
    await lua.close();
  }
  assert.notDeepEqual(readFileSync(store), image);
  image[image.length - 1]! ^= 1;
  writeFileSync(`${store}-damaged`, image);
  const damaged = Moonkeep.open({ store: `${store}-damaged` });
  await assert.rejects(damaged, { code: 'LOAD_STATE_FAILED' });
  assert.deepEqual(readFileSync(`${store}-damaged`), image);
});

test('a damaged store is refused', async () => {
  const store = join(folder, 'damaged');
  const lua = await Moonkeep.open({ store });
  await lua.compute('_home.x = "some text"');
  await lua.close();
  const bytes = readFileSync(store);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(store, bytes);
  await assert.rejects(Moonkeep.open({ store }), { code: 'STORE_CORRUPT' });
  assert.deepEqual(readFileSync(store), bytes);
});

/** A medium of pages that acknowledges later, or refuses until it is asked again. */
class Slow extends Base {
  static state: 'fast' | 'refuses' = 'fast';
  static handedOver = 0;
  static flushes = 0;

  static open(): Promise<Slow> {
    const memory = openMemory();
    Slow.state = 'fast';
    let fault: Error | undefined;
    const refuse = (): void => {
      if (fault !== undefined) throw fault;
    };
    const storage: PageStorage = {
      kind: 'pages',
      medium: 'memory',
      legacyImage: undefined,
      read: (page, view, into) => memory.read(page, view, into),
      stage: (page, bytes) => memory.stage(page, bytes),
      commit: (pages, durability) => {
        if (fault !== undefined) memory.abort();
        refuse();
        return (Slow.handedOver = memory.commit(pages, durability));
      },
      abort: () => memory.abort(),
      length: () => {
        refuse();
        return memory.length();
      },
      close: () => memory.close(),
      flush: async () => {
        Slow.flushes++;
        await new Promise((resolve) => setTimeout(resolve, 1));
        const isFull = Slow.state === 'refuses';
        fault = isFull ? storeError('STORE_FULL', 'the quota is 5 MB') : undefined;
        refuse();
      },
      release: () => memory.release(),
    };
    const wasm = (): Uint8Array => readFileSync('dist/moonkeep-modern.wasm');
    return this.create({ store: 'x' }, { wasm, openStorage: async () => storage });
  }
}

test('compute waits until the medium has its commit, and tells when it refuses', async () => {
  const lua = await Slow.open();
  await lua.compute('_home.n = 1');
  assert.deepEqual([Slow.handedOver, Slow.flushes], [1, 1]);
  lua.eval('_home.n = 2');
  assert.deepEqual([Slow.handedOver, Slow.flushes], [2, 1]);
  Slow.state = 'refuses';
  const refused = { code: 'STORE_FULL', message: /the quota is 5 MB/ };
  await assert.rejects(lua.compute('_home.n = 3'), refused);
  await assert.rejects(lua.flush(), refused);
  assert.equal(lua.storage?.fault?.code, 'STORE_FULL');
  assert.equal(lua.storage?.figures, undefined);
  assert.equal(lua.eval('return _home.n'), 3, 'what was handed over is kept');
  Slow.state = 'fast';
  await lua.flush();
  assert.equal(lua.storage?.fault, undefined);
  assert.deepEqual(await lua.compute('return _home.n'), [3]);
  Slow.state = 'refuses';
  await assert.rejects(lua.close(), refused);
  assert.throws(() => lua.eval('return 1'), { code: 'NOT_INITIALIZED' });
});

test('when there is room again, the next compute goes through by itself', async () => {
  const lua = await Slow.open();
  await lua.compute('_home.n = 1');
  Slow.state = 'refuses';
  const refused = { code: 'STORE_FULL' };
  await assert.rejects(lua.compute('_home.n = 2'), refused);
  await assert.rejects(lua.compute('_home.n = 3'), refused);
  assert.throws(() => lua.eval('_home.n = 4'), refused);
  Slow.state = 'fast';
  assert.throws(() => lua.eval('_home.n = 5'), refused, 'nobody has asked the medium yet');
  assert.deepEqual(await lua.compute('_home.n = _home.n + 10 return _home.n'), [12]);
  assert.equal(lua.eval('_home.n = _home.n + 1 return _home.n'), 13);
  await lua.close();
});

test('a signal ends its own run, before its turn or during it', async () => {
  const lua = await Moonkeep.open();
  const early = new AbortController();
  const late = new AbortController();
  const first = lua.compute({ program: '_home.n = 1 while true do end', signal: late.signal });
  const second = lua.compute({ program: '_home.n = 2', signal: early.signal });
  const third = lua.compute({ program: 'return ..., _home.n', args: ['x'] });
  early.abort(new Error('too early'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  late.abort();
  await assert.rejects(first, { code: 'CANCELLED' });
  await assert.rejects(second, (error: Error) => {
    return (error as MoonkeepError).code === 'CANCELLED' && /early/.test(String(error.cause));
  });
  assert.deepEqual(await third, ['x', undefined]);
  const used = new AbortController();
  await lua.compute({ program: '_home.n = 3', signal: used.signal });
  used.abort();
  assert.deepEqual(await lua.compute('return _home.n'), [3]);
  await lua.close();
});
