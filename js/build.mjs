// Bundles the entries and the tests; `tsc` has checked the types and written the declarations.
import { build } from 'esbuild';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';

const common = { bundle: true, format: 'esm', sourcemap: true, logLevel: 'warning' };

await build({
  ...common,
  entryPoints: ['src/node.ts'],
  outdir: 'dist',
  platform: 'node',
  target: 'node18',
});
await build({
  ...common,
  entryPoints: ['src/browser.ts'],
  outdir: 'dist',
  platform: 'browser',
  target: ['chrome80', 'firefox79', 'safari13.1'],
});
rmSync('dist/test', { recursive: true, force: true }); // tests that are no more do not run
const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
await build({
  ...common,
  entryPoints: [
    ...tests.map((name) => `test/${name}`),
    'test/storage/kit-node.ts',
    'test/storage/campaign.ts',
  ],
  entryNames: '[name]',
  outdir: 'dist/test',
  platform: 'node',
  target: 'node20',
  external: ['/browser.js', '/test/*', 'moonkeep', 'moonkeep/*', 'playwright-core', 'ws'],
});
// What the tests' pages load, and the module of the store alone.
const PAGE_PARTS = ['kit.ts', 'kit-worker.ts', 'package-worker.ts', 'sandboxed.ts'];
await build({
  ...common,
  entryPoints: PAGE_PARTS.map((name) => `test/storage/${name}`),
  external: ['/browser.js'],
  entryNames: '[name]',
  outdir: 'dist/test',
  platform: 'browser',
  target: 'es2022',
});
cpSync('test/storage/sandboxed.html', 'dist/test/sandboxed.html');
const stores = '../target/store-module';
if (existsSync(stores)) cpSync(stores, 'dist/test', { recursive: true });
