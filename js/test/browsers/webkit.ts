// WebKitGTK, driven through its WebDriver under a virtual display.

import type { ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { callOf, valueOf, type Browser, type Launcher, type Tab } from './browser.js';
import { end, killFamily, start, startSilent } from './processes.js';

/** Keeps data in a folder, which the browser that comes with WebKitGTK does not. */
const BINARY = resolve('test/browsers/webkit-launcher.py');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** One command of WebDriver. */
async function command<R>(method: string, address: string, body?: object): Promise<R> {
  const init: RequestInit = { method };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(address, init);
  const { value } = (await response.json()) as { value: { error?: string; message?: string } };
  if (value?.error !== undefined) throw new Error(`${value.error}: ${value.message}`);
  return value as R;
}

class WebKitTab implements Tab {
  constructor(
    private readonly session: string,
    private readonly handle: string,
  ) {}

  /** Gives the window the commands that follow. */
  private select(): Promise<void> {
    return command('POST', `${this.session}/window`, { handle: this.handle });
  }

  async evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    await this.select();
    const script = `const answer = arguments[arguments.length - 1];
      ${callOf(body as never, argument)}.then(answer, (error) => answer({ error: String(error) }))`;
    const params = { script, args: [] };
    type Outcome = string | { error: string };
    const outcome = await command<Outcome>('POST', `${this.session}/execute/async`, params);
    if (typeof outcome !== 'string') throw new Error(outcome.error);
    return valueOf<R>(outcome);
  }

  async reload(): Promise<void> {
    await this.select();
    await command('POST', `${this.session}/refresh`, {});
  }

  async close(): Promise<void> {
    await this.select();
    await command('DELETE', `${this.session}/window`);
  }

  async visit(address: string): Promise<void> {
    await this.select();
    await command('POST', `${this.session}/url`, { url: address });
  }
}

class WebKit implements Browser {
  constructor(
    private readonly display: ChildProcess,
    private readonly driver: ChildProcess,
    private readonly session: string,
    private readonly firstWindow: string,
  ) {}

  async open(address: string): Promise<Tab> {
    // Commands go to a window that is there; the one that was used last may be closed.
    await command('POST', `${this.session}/window`, { handle: this.firstWindow });
    const made = await command<{ handle: string }>('POST', `${this.session}/window/new`, {
      type: 'tab',
    });
    const tab = new WebKitTab(this.session, made.handle);
    await tab.visit(address);
    return tab;
  }

  async kill(): Promise<void> {
    await killFamily(this.driver);
    await end(this.display);
  }

  async close(): Promise<void> {
    await command('DELETE', this.session).catch(() => undefined);
    await end(this.driver);
    await end(this.display);
  }
}

export const launcher: Launcher = {
  lacks: ['opfs'],
  async launch(profile) {
    const screen = await start('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp'], /^(\d+)\n/m);
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    const driver = await startSilent('WebKitWebDriver', [`--port=${port}`], {
      ...process.env,
      DISPLAY: `:${screen.match[1]}`,
      LIBGL_ALWAYS_SOFTWARE: '1',
    });
    const options = { binary: BINARY, args: [profile] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = await retry(() =>
      command<{ sessionId: string }>('POST', `${address}/session`, { capabilities }),
    );
    const session = `${address}/session/${sessionId}`;
    await command('POST', `${session}/timeouts`, { script: 120_000 });
    const firstWindow = await command<string>('GET', `${session}/window`);
    return new WebKit(screen.child, driver, session, firstWindow);
  },
};

/** The driver says nothing when it begins to listen. */
async function retry<T>(body: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await body();
    } catch (error) {
      const refused = (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
      if (!refused || attempt === 100) throw error;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}
