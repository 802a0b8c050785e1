// The class that users hold: one machine, its store, its queue of runs.

import { Driver } from './driver.js';
import { MoonkeepError } from './error.js';
import {
  Machine,
  type Durability,
  type HostFunction,
  type Limits,
  type Program,
  type StoreFigures,
} from './machine.js';
import { compileModule, type WasmSource } from './module.js';
import { Printer } from './printer.js';
import type { Place } from './storage/place.js';
import type { HostStorage, Medium, Refusal } from './storage/storage.js';

export interface OpenOptions {
  /** Instructions of one run; unlimited by default. */
  fuel?: number;
  /** Bytes of heap; 256 MiB by default. */
  memory?: number;
  /** Milliseconds of one run; unlimited by default. */
  timeout?: number;
  /** Nested calls of Lua functions; 200,000 at most and by default. */
  callDepth?: number;
  /** False gives programs all of `debug`, also what reaches into other functions' variables. */
  sandboxed?: boolean;
  /** Functions that Lua may call, by name; dots lead into tables. They may return promises. */
  functions?: Record<string, HostFunction>;
  /** Gets each line that a program prints; `'capture'` keeps it all for `takeOutput`. */
  print?: ((line: string) => void) | 'capture';
  /** The wasm module, if it does not lie beside this file. */
  wasm?: WasmSource | Promise<WasmSource>;
  /** Where `_home` is kept: the path of a file in Node, a name in browsers; or a medium. */
  store?: Place;
  /**
   * `'strict'`, the default: `compute` resolves when the medium has what it committed.
   * `'relaxed'`: when it was handed over; `flush` waits.
   */
  durability?: Durability;
  /** Bytes of the store's page cache in the linear memory; 256 KiB by default. */
  cacheBytes?: number;
}

/** A run with options. */
export interface Call {
  program: Program;
  args?: readonly unknown[];
  /** Ends the run with `CANCELLED` when it aborts: while it runs, or before its turn. */
  signal?: AbortSignal;
}

/** What is known about the store. */
export interface StorageInfo {
  medium: Medium;
  durability: Durability;
  /** Better media that this host does not offer, and why. */
  refused: readonly Refusal[];
  /** Figures; undefined while the medium refuses what was handed over. */
  figures: StoreFigures | undefined;
  /** Why the medium refuses it. `flush` and the next commit try again. */
  fault: MoonkeepError | undefined;
}

/** What differs from host to host. */
export interface Platform {
  wasm(): WasmSource | Promise<WasmSource>;
  openStorage(place: Place): Promise<HostStorage>;
}

/** A Lua machine. */
export class Moonkeep {
  private tail: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;

  protected constructor(
    private readonly machine: Machine,
    private readonly driver: Driver,
    private readonly host: HostStorage | undefined,
    private readonly durability: Durability,
  ) {}

  protected static async create(options: OpenOptions, platform: Platform): Promise<Moonkeep> {
    const module = await compileModule(options.wasm ?? platform.wasm());
    const print = options.print ?? ((line: string) => console.log(line));
    const printer = new Printer(print === 'capture' ? undefined : print);
    const limits = limitsOf(options);
    const { store: place, timeout, durability = 'strict' } = options;
    const storage = place === undefined ? undefined : await platform.openStorage(place);
    try {
      const machine = await Machine.open(module, limits, printer, storage);
      for (const [name, body] of Object.entries(options.functions ?? {})) {
        machine.register(name, body);
      }
      const legacy = storage?.legacyImage;
      if (legacy !== undefined && machine.storeFigures()?.transaction === 0) {
        machine.send('import', legacy);
        await storage?.flush();
      }
      return new this(machine, new Driver(machine, timeout), storage, durability);
    } catch (error) {
      // The error says more than what letting go of the storage may meet.
      await storage?.release().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Runs a program, or a function that Lua handed out, and returns all its results. Runs wait
   * for each other; promises of host functions are awaited; the event loop keeps turning.
   *
   * A run that succeeds commits what it changed under `_home`; one that fails changes nothing
   * there. If the medium refuses a commit that it had taken over, this rejects with its STORE_*
   * code; what was committed stays and is tried again by `flush` and before the next run.
   */
  compute(call: Call): Promise<unknown[]>;
  compute(program: Program, ...args: unknown[]): Promise<unknown[]>;
  compute(first: Program | Call, ...rest: unknown[]): Promise<unknown[]> {
    const call = isCall(first) ? first : { program: first, args: rest };
    return this.enqueue(() => this.run(call));
  }

  /** Resolves when everything that was committed before the call is durable. */
  flush(): Promise<void> {
    return this.enqueue(async () => {
      await this.tryAgain();
      this.machine.send('flush');
      await this.host?.flush();
    });
  }

  private async run({ program, args = [], signal }: Call): Promise<unknown[]> {
    const cancel = (): void => this.driver.cancel(signal?.reason);
    if (signal?.aborted) {
      throw new MoonkeepError('CANCELLED', 'cancelled', { cause: signal.reason });
    }
    signal?.addEventListener('abort', cancel);
    try {
      await this.tryAgain();
      const results = await this.driver.run(program, '=compute', args);
      this.machine.stats(); // lets go of what Lua has let go of
      if (this.durability === 'strict') await this.host?.flush();
      return results;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /**
   * A medium that has refused what it had taken over is asked once more before the store turns to
   * it, which would fail at once although there is room by now. If it refuses again, the store
   * tells.
   */
  private async tryAgain(): Promise<void> {
    if (this.host?.kind !== 'pages') return;
    try {
      this.host.length();
    } catch {
      await this.host.flush().catch(() => undefined);
    }
  }

  /** One job at a time, in order. */
  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    const done = this.tail.then(job);
    this.tail = done.catch(() => undefined);
    return done;
  }

  /**
   * Runs a program at once, commits, and returns its first result. It does not wait until the
   * medium has the commit: `flush` does.
   */
  eval(program: Program, ...args: unknown[]): unknown {
    const result = this.machine.call(program, '=eval', args);
    this.machine.printer.flush();
    this.machine.stats(); // lets go of what Lua has let go of
    return result;
  }

  /** Ends the run of `compute` that is in progress with an error. */
  cancel(): void {
    this.driver.cancel();
  }

  /** A global, or what a path of keys leads to from the globals. */
  get(path: string | readonly unknown[]): unknown {
    return this.machine.request('get', typeof path === 'string' ? [path] : path)[0];
  }

  /** Sets a global, or what a path of keys leads to from the globals, and commits as `eval`. */
  set(path: string | readonly unknown[], value: unknown): void {
    this.machine.request('set', [...(typeof path === 'string' ? [path] : path), value]);
  }

  /** Makes a function of JavaScript known to Lua; a promise that it returns is awaited. */
  register(name: string, body: HostFunction): void {
    this.machine.register(name, body);
  }

  /** What programs printed since the last call, with `print: 'capture'`. */
  takeOutput(): string {
    return this.machine.printer.take();
  }

  /** Collects all garbage. */
  collectGarbage(): void {
    this.machine.send('collect');
  }

  /** Bytes of the Lua heap and of the linear memory; instructions of the last run. */
  stats(): { heapBytes: number; memoryBytes: number; fuelUsed: number } {
    return { ...this.machine.stats(), memoryBytes: this.machine.memoryBytes };
  }

  /** Where `_home` is kept and how far that is durable; undefined without a store. */
  get storage(): StorageInfo | undefined {
    if (this.host === undefined) return undefined;
    const { medium, refused = [] } = this.host;
    const info = { medium, refused, durability: this.durability };
    try {
      return { ...info, figures: this.machine.storeFigures(), fault: undefined };
    } catch (error) {
      if (!(error instanceof MoonkeepError) || !error.code.startsWith('STORE_')) throw error;
      return { ...info, figures: undefined, fault: error };
    }
  }

  /**
   * Waits for the runs that were begun, makes durable what they committed, and frees everything,
   * also when it rejects.
   */
  close(): Promise<void> {
    this.closing ??= this.tail.then(() => this.end());
    return this.closing;
  }

  private async end(): Promise<void> {
    try {
      if (this.host !== undefined) {
        await this.tryAgain();
        this.machine.send('flush');
        await this.host.flush();
      }
    } finally {
      try {
        this.machine.close();
      } finally {
        await this.host?.release();
      }
    }
  }
}

export interface Moonkeep {
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// Engines older than the symbol do without `await using`.
if (typeof Symbol.asyncDispose === 'symbol') {
  Object.defineProperty(Moonkeep.prototype, Symbol.asyncDispose, {
    value: Moonkeep.prototype.close,
    configurable: true,
    writable: true,
  });
}

function isCall(value: Program | Call): value is Call {
  return typeof value === 'object' && !(value instanceof Uint8Array);
}

const LIMITS = ['fuel', 'memory', 'timeout', 'callDepth', 'cacheBytes'] as const;

function limitsOf(options: OpenOptions): Limits {
  const limits: Limits = { seed: Math.floor(Math.random() * 2 ** 48) };
  for (const name of LIMITS) {
    const value = options[name];
    if (value === undefined) continue;
    if (!(value >= 0)) {
      throw new MoonkeepError('INVALID_INPUT', `option '${name}' has to be a number from 0`);
    }
    if (value !== Infinity) limits[name] = Math.ceil(value);
  }
  if (options.sandboxed !== undefined) limits.sandboxed = options.sandboxed;
  if (options.durability !== undefined) limits.durability = options.durability;
  return limits;
}
