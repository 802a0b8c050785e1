// Kills browsers and processes in the middle of commits, and looks at what they leave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Launcher, Tab } from '../browsers/browser.js';
import { serve } from '../browsers/server.js';
import type * as Kit from './kit.js';
import { openFileStore } from './kit-node.js';
import type { Fate } from './life.js';
import { entriesOf, numberIn } from './numbers.js';

/** The longest that a victim goes on after its first commit. */
const LIFE_MS = 120;

/** How many were killed, and how many commits they had made. */
export interface Toll {
  kills: number;
  commits: number;
}

/** A store that a victim has left: all that was told is there, and nothing by halves. */
function judge(found: number, told: number, problems: number): void {
  assert.equal(problems, 0, `the store has ${problems} problems`);
  assert.ok(!Number.isNaN(found), 'a commit is there in part');
  assert.ok(found >= told, `commit ${told} was acknowledged; the store is at ${found}`);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}

/** Opens the store of a medium, which goes on committing afterwards. */
function begin(tab: Tab, medium: 'indexeddb' | 'opfs'): Promise<Fate> {
  return tab.evaluate(async (medium) => {
    const kit = (await import('/test/kit.js' as string)) as typeof Kit;
    return kit.liveAnywhere(medium, 'until killed');
  }, medium);
}

/** Kills a browser again and again while a page of it commits. */
export async function killBrowsers(
  launcher: Launcher,
  medium: 'indexeddb' | 'opfs',
  kills: number,
): Promise<Toll> {
  const profile = mkdtempSync(join(tmpdir(), 'moonkeep-kills-'));
  let told = 0;
  const site = await serve({ told: (what) => (told = Math.max(told, Number(what))) });
  let browser: Browser | undefined;
  try {
    for (let round = 0; round <= kills; round++) {
      browser = await launcher.launch(profile);
      const tab = await browser.open(site.address);
      const before = told; // the new life tells its own commits at once
      const { found, problems } = await begin(tab, medium);
      judge(found, before, problems);
      if (round === kills) break;
      const late = Date.now() + 30_000;
      while (told <= found && Date.now() < late) await sleep(1);
      assert.ok(told > found, 'the store takes no commits');
      await sleep(Math.random() * LIFE_MS);
      await browser.kill();
    }
    return { kills, commits: told };
  } finally {
    await browser?.close();
    site.server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Kills Node processes while they commit to a file. */
export async function killNodes(kills: number): Promise<Toll> {
  const folder = mkdtempSync(join(tmpdir(), 'moonkeep-kills-'));
  const path = join(folder, 'store');
  const kit = JSON.stringify(resolve('dist/test/kit-node.js'));
  const script = `import { commitUntilKilled } from ${kit};
    await commitUntilKilled(${JSON.stringify(path)});`;
  let told = 0;
  try {
    for (let round = 0; round < kills; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      const begun = new Promise<void>((resume, reject) => {
        child.stdout.on('data', (chunk) => {
          text += String(chunk);
          resume();
        });
        child.once('exit', () => reject(new Error('the victim ended by itself')));
      });
      await begun;
      await sleep(Math.random() * LIFE_MS);
      const closed = new Promise((resume) => child.once('close', resume));
      child.kill('SIGKILL');
      await closed;
      // A line that is cut off says nothing.
      told = Number(text.slice(0, text.lastIndexOf('\n')).split('\n').pop());
      const store = await openFileStore(path);
      judge(numberIn(store), told, store.verify());
      // It takes the next commit as if nothing had happened.
      store.put(entriesOf(numberIn(store) + 1));
      await store.close();
    }
    return { kills, commits: told };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
