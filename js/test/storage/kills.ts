// Kills browsers and processes in the middle of commits, and looks at what they leave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Moonkeep } from 'moonkeep';
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
  /** How often the browser threw its whole database away, as damaged by the kill. */
  discards: number;
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

/**
 * Whether Chromium has begun its database of the site anew. Its LevelDB writes the head and the
 * body of a record apart; killed in between, it goes on behind the head, finds a wrong checksum at
 * the start after that, and deletes the database. What a page deletes leaves the database there.
 */
function hasDiscarded(profile: string): boolean {
  const folder = join(profile, 'Default', 'IndexedDB');
  if (!existsSync(folder)) return false;
  const databases = readdirSync(folder).filter((name) => name.endsWith('.leveldb'));
  const logs = databases.map((name) => readFileSync(join(folder, name, 'LOG'), 'utf8'));
  return logs.some((log) => log.includes('since it was missing'));
}

/** Kills a browser again and again while a page of it commits. */
export async function killBrowsers(
  launcher: Launcher,
  medium: 'indexeddb' | 'opfs',
  kills: number,
): Promise<Toll> {
  const profile = mkdtempSync(join(tmpdir(), 'moonkeep-kills-'));
  let [told, discarded, discards] = [0, 0, 0];
  const site = await serve({ told: (what) => (told = Math.max(told, Number(what))) });
  let browser: Browser | undefined;
  try {
    for (let round = 0; round <= kills; round++) {
      browser = await launcher.launch(profile);
      const tab = await browser.open(site.address);
      let before = told; // the new life tells its own commits at once
      const { found, problems } = await begin(tab, medium);
      if (medium === 'indexeddb' && found === 0 && before > 0 && hasDiscarded(profile)) {
        discarded += before;
        discards += 1;
        told = before = 0;
      }
      judge(found, before, problems);
      if (round === kills) break;
      const late = Date.now() + 30_000;
      while (told <= found && Date.now() < late) await sleep(1);
      assert.ok(told > found, 'the store takes no commits');
      await sleep(Math.random() * LIFE_MS);
      await browser.kill();
    }
    return { kills, commits: discarded + told, discards };
  } finally {
    await browser?.close();
    site.server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Kills Node processes while they commit to a file. */
export function killNodes(kills: number): Promise<Toll> {
  const kit = JSON.stringify(resolve('dist/test/kit-node.js'));
  const script = (path: string) => `import { commitUntilKilled } from ${kit};
    await commitUntilKilled(${JSON.stringify(path)});`;
  return killProcesses(kills, script, async (path, told) => {
    const store = await openFileStore(path);
    judge(numberIn(store), told, store.verify());
    // It takes the next commit as if nothing had happened.
    store.put(entriesOf(numberIn(store) + 1));
    await store.close();
  });
}

/** Each run counts in a closure's variable and writes the count in every entry of a table. */
const COUNT = `
  if not _home.next then
    local count = 0
    function _home.next() count = count + 1 return count end
    function _home.count() return count end
    _home.entries = {}
  end
  local count = _home.next()
  for index = 1, 300 do _home.entries[index] = { count = count, text = ("x"):rep(count % 99) } end
  return count`;
/** The count, if all that the last run wrote is there; else NaN. */
const LOOK = `
  local count = _home.count()
  for index = 1, 300 do
    local entry = _home.entries[index]
    if entry.count ~= count or #entry.text ~= count % 99 then return 0 / 0 end
  end
  return count`;

/** Kills Node processes whose programs change `_home` through the package. */
export function killHomes(kills: number): Promise<Toll> {
  const script = (path: string) => `import { Moonkeep } from 'moonkeep';
    const lua = await Moonkeep.open({ store: ${JSON.stringify(path)} });
    for (;;) {
      const [count] = await lua.compute(${JSON.stringify(COUNT)});
      console.log(count);
    }`;
  return killProcesses(kills, script, async (path, told) => {
    const lua = await Moonkeep.open({ store: path });
    const [found] = await lua.compute(LOOK);
    judge(Number(found), told, 0);
    assert.deepEqual(await lua.compute(COUNT), [Number(found) + 1], 'it takes no further run');
    await lua.close();
  });
}

/**
 * Kills Node processes that run a script on a store until then, each line of theirs the number of
 * a commit; after each the survivor looks at the store and makes one commit more.
 */
async function killProcesses(
  kills: number,
  script: (path: string) => string,
  look: (path: string, told: number) => Promise<void>,
): Promise<Toll> {
  const folder = mkdtempSync(join(tmpdir(), 'moonkeep-kills-'));
  const path = join(folder, 'store');
  let told = 0;
  try {
    for (let round = 0; round < kills; round++) {
      told = await killOne(script(path));
      await look(path, told);
    }
    return { kills, commits: told, discards: 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a script and kills it some time after its first line; the last number that it told. */
async function killOne(script: string): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  await new Promise<void>((resume, reject) => {
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
      resume();
    });
    child.once('exit', () => reject(new Error('the victim ended by itself')));
  });
  await sleep(Math.random() * LIFE_MS);
  const closed = new Promise((resume) => child.once('close', resume));
  child.kill('SIGKILL');
  await closed;
  // A line that is cut off says nothing.
  return Number(text.slice(0, text.lastIndexOf('\n')).split('\n').pop());
}
