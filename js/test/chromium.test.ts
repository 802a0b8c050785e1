// In headless Chromium, from a static server: computing, and a state that survives a reload.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import type * as Package from 'moonkeep';

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run ' +
  '--disable-background-networking --disable-component-update --disable-sync';
const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
};
// No page of ours needs `eval`; the policy proves it.
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

const PAGE = '<!doctype html><title>test</title>';

const profile = mkdtempSync(join(tmpdir(), 'moonkeep-chromium-'));
let server: Server;
let context: BrowserContext;
let address: string;

before(async () => {
  server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    try {
      const body = path === '/' ? PAGE : readFileSync(`dist${path}`);
      const type = TYPES[path.split('.').pop() ?? ''] ?? TYPES['html'];
      response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: FLAGS.split(' '),
  });
});

after(async () => {
  await context.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
});

/** The package as a page loads it. */
async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

type Entry = typeof Package;

test('computes with host functions that answer at once and later', async () => {
  const page = await open();
  const results = await page.evaluate(async () => {
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
  await page.close();
});

test('the baseline build runs too', async () => {
  const page = await open();
  const result = await page.evaluate(async () => {
    const { Moonkeep } = (await import('/browser.js' as string)) as Entry;
    const lua = await Moonkeep.open({ wasm: fetch('/moonkeep-baseline.wasm') });
    return lua.eval('local t = {} for i = 1, 100 do t[i] = i * 1.5 end return t[100]');
  });
  assert.equal(result, 150);
  await page.close();
});

test('the state survives a reload', async () => {
  const page = await open();
  const count = () =>
    page.evaluate(async () => {
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
  await page.reload();
  assert.deepEqual(await count(), [2]);
  await page.reload();
  assert.deepEqual(await count(), [3]);
  await page.close();
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
  const page = await open();
  const turns = await page.evaluate(async () => {
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
  await page.close();
});
