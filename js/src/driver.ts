// The loop around a run: slices, pauses for the event loop, waiting for promises.

import { DONE, WAITING } from './border.js';
import { MoonkeepError } from './error.js';
import type { Machine, Program } from './machine.js';

/** Milliseconds that a run may keep the event loop waiting. */
const SLICE_MS = 10;
const BUDGET_MIN = 30_000;
const BUDGET_MAX = 1_000_000_000;

/** Carries out one run at a time. */
export class Driver {
  private budget = 1_000_000;
  private stop: ((error: MoonkeepError) => void) | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly timeoutMs: number | undefined,
  ) {}

  /** Whether a run has begun and not ended. */
  get running(): boolean {
    return this.stop !== undefined;
  }

  /** Ends the run with an error, as soon as it pauses or waits. */
  cancel(cause?: unknown): void {
    this.stop?.(new MoonkeepError('CANCELLED', 'cancelled', { cause }));
  }

  async run(program: Program, name: string, args: readonly unknown[]): Promise<unknown[]> {
    const machine = this.machine;
    const started = Date.now();
    const stopped = new Promise<never>((_, reject) => (this.stop = reject));
    stopped.catch(() => undefined);
    try {
      machine.start(program, name, args);
      for (;;) {
        const { status, output } = this.step();
        if (status === DONE) return machine.decode(output);
        if (status === WAITING) await this.wait(stopped, started);
        else await Promise.race([stopped, pause()]);
      }
    } catch (error) {
      if (error instanceof MoonkeepError && STOPS.has(error.code)) this.abandon();
      throw error;
    } finally {
      this.stop = undefined;
      machine.pending = undefined;
      machine.printer.flush();
    }
  }

  /** One slice; the budget follows the time that it took. */
  private step(): { status: number; output: Uint8Array } {
    const started = Date.now();
    const reply = this.machine.send('step', undefined, this.budget);
    const taken = Date.now() - started;
    if (taken > SLICE_MS * 2) this.budget = Math.max(BUDGET_MIN, this.budget / 2) | 0;
    else if (taken < SLICE_MS / 2) this.budget = Math.min(BUDGET_MAX, this.budget * 2);
    return reply;
  }

  /** Waits for the answer of a host function, at most as long as the run may take. */
  private async wait(stopped: Promise<never>, started: number): Promise<void> {
    const pending = this.machine.pending;
    this.machine.pending = undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rivals: PromiseLike<unknown>[] = [stopped];
    if (this.timeoutMs !== undefined) {
      const left = Math.max(0, started + this.timeoutMs - Date.now());
      const late = () => this.stop?.(new MoonkeepError('TIMEOUT', 'time limit exceeded'));
      timer = setTimeout(late, left);
    }
    const settled = Promise.resolve(pending).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    try {
      const outcome = await Promise.race([...rivals, settled]);
      this.machine.answer(outcome as Awaited<typeof settled>);
    } finally {
      clearTimeout(timer);
    }
  }

  private abandon(): void {
    this.machine.send('cancel');
  }
}

const STOPS = new Set(['CANCELLED', 'TIMEOUT']);

const channel = typeof MessageChannel === 'undefined' ? undefined : MessageChannel;

/** Lets the event loop turn once; timers of browsers would wait 4 ms. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else if (channel === undefined) setTimeout(resolve);
    else {
      const { port1, port2 } = new channel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(0);
    }
  });
}
