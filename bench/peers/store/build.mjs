// Bundles the runners with the storages of the package, which are TypeScript.
import { build } from 'esbuild';

const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  target: 'es2022',
  outdir: '../dist',
};
await build({
  ...common,
  entryPoints: { node: 'node.mjs' },
  platform: 'node',
  packages: 'external',
  outExtension: { '.js': '.mjs' },
});
await build({ ...common, entryPoints: { worker: 'worker.mjs' }, platform: 'browser' });
