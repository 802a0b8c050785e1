// Firefox, driven through WebDriver BiDi, which it speaks by itself.

import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { callOf, valueOf, type Browser, type Launcher, type Tab } from './browser.js';
import { end, killFamily, start } from './processes.js';

const PREFERENCES: Record<string, unknown> = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

/** The protocol: commands with numbers, answers with the same ones. */
class Connection {
  private readonly waiting = new Map<number, (message: Answer) => void>();
  private count = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Answer;
      this.waiting.get(message.id ?? -1)?.(message);
      this.waiting.delete(message.id ?? -1);
    });
    socket.on('close', () => {
      for (const [, answer] of this.waiting) answer({ error: 'the browser has ended' });
      this.waiting.clear();
    });
  }

  static async open(address: string): Promise<Connection> {
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new Connection(socket);
  }

  async send<R>(method: string, params: object): Promise<R> {
    const id = ++this.count;
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.message ?? answer.error}`);
    return answer.result as R;
  }
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: string;
  message?: string;
}

type Evaluated =
  | { type: 'success'; result: { value: string } }
  | { type: 'exception'; exceptionDetails: { text: string } };

class FirefoxTab implements Tab {
  constructor(
    private readonly connection: Connection,
    private readonly context: string,
  ) {}

  async evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    const outcome = await this.connection.send<Evaluated>('script.evaluate', {
      expression: callOf(body as never, argument),
      target: { context: this.context },
      awaitPromise: true,
    });
    if (outcome.type === 'exception') throw new Error(outcome.exceptionDetails.text);
    return valueOf<R>(outcome.result.value);
  }

  async reload(): Promise<void> {
    const params = { context: this.context, wait: 'complete' };
    await this.connection.send('browsingContext.reload', params);
  }

  async close(): Promise<void> {
    await this.connection.send('browsingContext.close', { context: this.context });
  }
}

class Firefox implements Browser {
  constructor(
    private readonly child: ChildProcess,
    private readonly connection: Connection,
  ) {}

  async open(address: string): Promise<Tab> {
    const { context } = await this.connection.send<{ context: string }>(
      'browsingContext.create',
      { type: 'tab' },
    );
    const params = { context, url: address, wait: 'complete' };
    await this.connection.send('browsingContext.navigate', params);
    return new FirefoxTab(this.connection, context);
  }

  async kill(): Promise<void> {
    await killFamily(this.child);
  }

  async close(): Promise<void> {
    await this.connection.send('browser.close', {}).catch(() => undefined);
    await end(this.child);
  }
}

export const launcher: Launcher = {
  lacks: [],
  async launch(profile) {
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, 'user.js'), lines.join(''));
    const { child, match } = await start(
      process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
      ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
      /WebDriver BiDi listening on (ws:\/\/[\d.:]+)/,
    );
    const connection = await Connection.open(`${match[1]}/session`);
    await connection.send('session.new', { capabilities: {} });
    return new Firefox(child, connection);
  },
};
