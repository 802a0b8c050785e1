// The browser that the tests of this process run in, started with a server beside it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Browser, Launcher, Tab } from './browser.js';
import { launcher as chromium } from './chromium.js';
import { launcher as firefox } from './firefox.js';
import { serve } from './server.js';
import { launcher as webkit } from './webkit.js';

const LAUNCHERS: Record<string, Launcher> = { chromium, firefox, webkit };

/** `chromium`, `firefox` or `webkit`. */
export const chosenName = process.env['MOONKEEP_BROWSER'] ?? 'chromium';
const chosen = LAUNCHERS[chosenName];
if (chosen === undefined) throw new Error(`there is no launcher for '${chosenName}'`);

/** What the browser lacks. */
export const lacks = chosen.lacks;

/** Starts the browser before the tests of a file and ends it after them; opens tabs in it. */
export function useBrowser(): { open: () => Promise<Tab>; address: () => string } {
  const profile = mkdtempSync(join(tmpdir(), 'moonkeep-browser-'));
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    site = await serve();
    browser = await chosen!.launch(profile);
  });
  after(async () => {
    await browser?.close();
    site?.server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  return { open: () => browser.open(site.address), address: () => site.address };
}
