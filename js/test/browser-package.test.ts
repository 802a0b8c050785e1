// The package in a browser, from a static server: computing, and a state that survives a reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as Package from 'moonkeep';
import { lacks, useBrowser } from './browsers/chosen.js';

const { open } = useBrowser();

type Entry = typeof Package;

test('computes with host functions that answer at once and later', async () => {
  const tab = await open();
  const results = await tab.evaluate(async () => {
    const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
    const lines: string[] = [];
    const lua = await Moonkeep.open({
      print: (line) => lines.push(line),
      functions: {
        double: (n: number) => n * 2,
        later: (n: number) => new Promise((resolve) => setTimeout(resolve, 1, n + 1)),
      },
    });
    const results = await lua.compute('print("hello") return double(21), later(1), ...', [1, 2]);
    await lua.close();
    return { results, lines };
  });
  assert.deepEqual(results, { results: [42, 2, [1, 2]], lines: ['hello'] });
  await tab.close();
});

test('the baseline build runs too', async () => {
  const tab = await open();
  const result = await tab.evaluate(async () => {
    const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
    const lua = await Moonkeep.open({ wasm: fetch('/moonkeep-baseline.wasm') });
    return lua.eval('local t = {} for i = 1, 100 do t[i] = i * 1.5 end return t[100]');
  });
  assert.equal(result, 150);
  await tab.close();
});

test('the state survives a reload', async () => {
  const tab = await open();
  const count = () =>
    tab.evaluate(async () => {
      const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
      const lua = await Moonkeep.open({ store: 'counter' });
      const program = `
        if not _home.next then
          local n = 0
          function _home.next() n = n + 1 return n end
        end
        return _home.next()`;
      return await lua.compute(program); // not closed: as when a tab is
    });
  assert.deepEqual(await count(), [1]);
  await tab.reload();
  assert.deepEqual(await count(), [2]);
  await tab.reload();
  assert.deepEqual(await count(), [3]);
  await tab.close();
});

test('in a worker the state survives in the best medium that the browser has', async () => {
  const tab = await open();
  const run = () =>
    tab.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/test/package-worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage('in-worker');
        }),
    );
  const medium = lacks.includes('opfs') ? 'indexeddb' : 'opfs';
  assert.deepEqual(await run(), { count: 1, medium });
  await tab.reload();
  assert.deepEqual(await run(), { count: 2, medium });
  await tab.reload();
  assert.deepEqual(await run(), { count: 3, medium });
  await tab.close();
});

test('a second tab is told that the store is in use', async () => {
  const [first, second] = [await open(), await open()];
  const tryOpen = async () => {
    const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
    return Moonkeep.open({ store: 'shared' }).then(
      () => 'open',
      (error: { code: string }) => error.code,
    );
  };
  assert.equal(await first.evaluate(tryOpen), 'open');
  assert.equal(await second.evaluate(tryOpen), 'STORE_LOCKED');
  await first.close();
  await second.close();
});

test('a long run leaves the page responsive', async () => {
  const tab = await open();
  const turns = await tab.evaluate(async () => {
    const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
    const lua = await Moonkeep.open();
    let turns = 0;
    let done = false;
    const tick = () => {
      turns++;
      if (turns === 5) lua.cancel();
      if (!done) setTimeout(tick);
    };
    tick();
    const code = await lua.compute('while true do end').catch((error) => error.code);
    done = true;
    return { turns, code };
  });
  assert.ok(turns.turns >= 5);
  assert.equal(turns.code, 'CANCELLED');
  await tab.close();
});
