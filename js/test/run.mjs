// Runs the compiled tests: `node test/run.mjs node`, or the name of a browser for those in it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** How the names of the tests begin that a host runs, beside those for all browsers. */
const BROWSERS = { chromium: 'chromium-', firefox: 'firefox-', webkit: 'webkit-' };

const host = process.argv[2] ?? 'node';
const own = BROWSERS[host];
if (host !== 'node' && own === undefined) throw new Error(`there is no host '${host}'`);
const belongs = (name) => {
  const inBrowser = /^(browser|chromium|firefox|webkit)-/.test(name);
  if (host === 'node') return !inBrowser;
  return name.startsWith('browser-') || name.startsWith(own);
};
const files = readdirSync('dist/test').filter((name) => name.endsWith('.test.js') && belongs(name));
if (files.length === 0) throw new Error('there are no tests to run');
const paths = files.map((name) => `dist/test/${name}`);
const env = { ...process.env, MOONKEEP_BROWSER: host };
const { status } = spawnSync(process.execPath, ['--test', ...paths], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
