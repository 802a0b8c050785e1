// The class that users hold: one machine, its store, its queue of runs.

import { Driver } from './driver.js';
import { MoonkeepError } from './error.js';
import { Keeper } from './keeper.js';
import { Machine, type HostFunction, type Limits, type Program } from './machine.js';
import { compileModule, type WasmSource } from './module.js';
import { Printer } from './printer.js';
import type { Store } from './store.js';

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
  /** Where `_home` is kept: a file in Node, a database in browsers; or a store of one's own. */
  store?: string | Store;
}

/** What differs from host to host. */
export interface Platform {
  wasm(): WasmSource | Promise<WasmSource>;
  openStore(place: string): Promise<Store>;
}

/** A Lua machine. */
export class Moonkeep {
  private tail: Promise<unknown> = Promise.resolve();

  protected constructor(
    private readonly machine: Machine,
    private readonly driver: Driver,
    private readonly keeper: Keeper | undefined,
  ) {}

  protected static async create(options: OpenOptions, platform: Platform): Promise<Moonkeep> {
    const module = await compileModule(options.wasm ?? platform.wasm());
    const print = options.print ?? ((line: string) => console.log(line));
    const printer = new Printer(print === 'capture' ? undefined : print);
    const machine = await Machine.open(module, limitsOf(options), printer);
    for (const [name, body] of Object.entries(options.functions ?? {})) {
      machine.register(name, body);
    }
    const { store: place, timeout } = options;
    const store = typeof place === 'string' ? await platform.openStore(place) : place;
    try {
      const keeper = store && (await Keeper.open(machine, store));
      return new this(machine, new Driver(machine, timeout), keeper);
    } catch (error) {
      await store?.close();
      throw error;
    }
  }

  /**
   * Runs a program, or a function that Lua handed out, and returns all its results. Runs wait
   * for each other; promises of host functions are awaited; the event loop keeps turning.
   */
  compute(program: Program, ...args: unknown[]): Promise<unknown[]> {
    return this.enqueue(() => this.run(program, args));
  }

  /** Stores what `_home` reaches now; `compute` does so at its end. */
  save(): Promise<void> {
    return this.enqueue(async () => this.keeper?.commit());
  }

  private async run(program: Program, args: readonly unknown[]): Promise<unknown[]> {
    const keeper = this.keeper;
    try {
      const results = await this.driver.run(program, '=compute', args);
      // The results are converted before anything is stored: they are what the caller gets.
      await keeper?.commit();
      this.machine.stats(); // lets go of what Lua has let go of
      return results;
    } catch (error) {
      if (!(error instanceof MoonkeepError) || error.code !== 'SAVE_STATE_FAILED') {
        keeper?.rollback();
      }
      throw error;
    }
  }

  /** One job at a time, in order. */
  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    const done = this.tail.then(job);
    this.tail = done.catch(() => undefined);
    return done;
  }

  /** Runs a program at once and returns its first result. */
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

  /** Sets a global, or what a path of keys leads to from the globals. */
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

  /** Waits for the runs that were begun, then frees everything. */
  async close(): Promise<void> {
    await this.tail;
    this.machine.close();
    await this.keeper?.close();
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

const LIMITS = ['fuel', 'memory', 'timeout', 'callDepth'] as const;

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
  return limits;
}
