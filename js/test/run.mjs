// Runs the compiled tests: `node test/run.mjs node`, or `chromium` for those in the browser.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const inBrowser = process.argv[2] === 'chromium';
const belongs = (name) => name.endsWith('.test.js') && name.startsWith('chromium') === inBrowser;
const files = readdirSync('dist/test').filter(belongs);
if (files.length === 0) throw new Error('there are no tests to run');
const paths = files.map((name) => `dist/test/${name}`);
const { status } = spawnSync(process.execPath, ['--test', ...paths], { stdio: 'inherit' });
process.exitCode = status ?? 1;
