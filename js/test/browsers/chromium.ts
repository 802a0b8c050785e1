// Chromium, driven through playwright-core.

import { readFileSync } from 'node:fs';
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { callOf, valueOf, type Browser, type Launcher, type Tab } from './browser.js';
import { ended, familyOf, signal } from './processes.js';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export class ChromiumTab implements Tab {
  constructor(readonly page: Page) {}

  async evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    return valueOf<R>(await this.page.evaluate(callOf(body as never, argument)));
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** The protocol of the developers' tools, for what only they can do. */
  tools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page);
  }
}

class Chromium implements Browser {
  constructor(
    private readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  async open(address: string): Promise<ChromiumTab> {
    const page = await this.context.newPage();
    await page.goto(address);
    return new ChromiumTab(page);
  }

  async kill(): Promise<void> {
    const family = familyOf(this.mainProcess());
    const closed = new Promise((resolve) => this.context.once('close', resolve));
    for (const member of family) signal(member, 'SIGKILL');
    await closed;
    // Nothing of it may run beside the next one.
    await ended(family, Infinity);
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** Among the processes with this profile, the one that no other of them has started. */
  private mainProcess(): number {
    const ours = familyOf(process.pid).filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(`--user-data-dir=${this.profile}`);
      } catch {
        return false;
      }
    });
    if (ours[0] === undefined) throw new Error('Chromium is not running');
    return ours[0];
  }
}

export const launcher: Launcher = {
  lacks: [],
  async launch(profile) {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE,
      args: ARGUMENTS,
    });
    return new Chromium(context, profile);
  },
};

/** Starts a browser whose windows are private. */
export async function launchPrivate(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
  });
  const context = await browser.newContext();
  const main = new Chromium(context, '');
  return Object.assign(main, { close: () => browser.close() });
}
