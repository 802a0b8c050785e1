// The package as it is published, in a page that loads it from where it was installed.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Tab } from './browsers/browser.js';
import { launcher } from './browsers/chromium.js';
import { serve } from './browsers/server.js';
import { makeProject } from './packed.js';

const SCRIPT = `// A program of a page without a bundler.
import { Moonkeep } from '/node_modules/moonkeep/dist/browser.js';
const lua = await Moonkeep.open({ store: 'packed' });
const [count] = await lua.compute('_home.n = (_home.n or 0) + 1 return _home.n');
await lua.close();
document.title = \`count \${count}\`;
`;

/** The title, as soon as there is one. */
async function titleOf(tab: Tab): Promise<string> {
  for (const late = Date.now() + 20_000; ; ) {
    const title = await tab.evaluate(() => document.title);
    if (title !== '' || Date.now() > late) return title;
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

test('a page without a bundler runs it, and again after a reload', async () => {
  const project = makeProject();
  const profile = mkdtempSync(join(tmpdir(), 'moonkeep-packed-'));
  const page = '<script type="module" src="/main.js"></script>';
  writeFileSync(join(project.folder, 'page.html'), page);
  writeFileSync(join(project.folder, 'main.js'), SCRIPT);
  const site = await serve({ folder: project.folder });
  const browser = await launcher.launch(profile);
  try {
    const tab = await browser.open(`${site.address}page.html`);
    assert.equal(await titleOf(tab), 'count 1');
    await tab.reload();
    assert.equal(await titleOf(tab), 'count 2');
  } finally {
    await browser.close();
    site.server.close();
    project.remove();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
});
