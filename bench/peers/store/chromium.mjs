// Measures one store in headless Chromium: node store/chromium.mjs SUBJECT RECORDS ROUNDS FOLDER,
// once built. The profile is in the folder.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run ' +
  '--disable-background-networking --disable-component-update --disable-sync';
const TYPES = { js: 'text/javascript', wasm: 'application/wasm' };

/** What the page loads, by path. */
const FILES = {
  '/worker.js': 'bench/peers/dist/worker.js',
  '/sqlite3.wasm': 'bench/peers/node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm',
  '/store.wasm': 'target/store-module/store.wasm',
};

const [subject, records, rounds, folder] = process.argv.slice(2);
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  // An isolated page has a finer clock.
  const isolated = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  };
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/html', ...isolated });
    return response.end('<!doctype html><title>bench</title>');
  }
  const file = FILES[path];
  if (file === undefined) return response.writeHead(404).end();
  const type = TYPES[path.split('.').pop()];
  response.writeHead(200, { 'content-type': type, ...isolated });
  return response.end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const context = await chromium.launchPersistentContext(folder, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: FLAGS.split(' '),
});
const page = await context.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const job = { subject, records: Number(records), rounds: Number(rounds) };
const answer = await page.evaluate(
  (job) =>
    new Promise((resolve) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => resolve({ error: event.message });
      worker.postMessage(job);
    }),
  job,
);
const browser = context.browser()?.version() ?? '';
await context.close();
server.close();
if (answer.error !== undefined) throw new Error(answer.error);
console.log(JSON.stringify({ ...answer.result, browser }));
