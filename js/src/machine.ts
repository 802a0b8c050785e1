// One machine behind the border: calls in both directions, errors, globals.

import { lossy, toUtf8 } from './bytes.js';
import type { ErrorCode } from './codes.js';
import { MoonkeepError } from './error.js';
import { ANSWERS, Border, FAILED, type Answer, type Reply } from './border.js';
import { HandleTable } from './handles.js';
import { Printer } from './printer.js';
import type { HostStorage } from './storage/storage.js';
import { decodeValues, encodeValues } from './values.js';

export type HostFunction = (...args: any[]) => unknown;

/** A program: source text, or a function that Lua handed out. */
export type Program = string | Uint8Array | ((...args: any[]) => unknown);

/** Options of the machine, as the module knows them. */
export interface Limits {
  fuel?: number;
  memory?: number;
  timeout?: number;
  callDepth?: number;
  seed?: number;
  sandboxed?: boolean;
  store?: 'files' | 'pages';
  durability?: Durability;
  cacheBytes?: number;
}

/** When a commit counts as done: when the medium has it, or when it was handed over. */
export type Durability = 'strict' | 'relaxed';

/** What the machine tells about its store. */
export interface StoreFigures {
  /** Number of the newest commit that was handed over to the medium, from 1 at each open. */
  handedOver: number;
  /** Number of the newest commit that the medium has. */
  durable: number;
  /** Number of the last commit since the store was made. */
  transaction: number;
  /** Entries in the tree, and its levels. */
  entries: number;
  depth: number;
  /** Pages of the store, those free among them, and their size in bytes. */
  pages: number;
  freePages: number;
  pageBytes: number;
  /** Pages that the cache holds, and how often it had the page that was wanted, or had not. */
  cacheFrames: number;
  cacheHits: number;
  cacheMisses: number;
}

type Operation = Parameters<Border['run']>[0];

export class Machine {
  readonly handles: HandleTable;
  /** What the host function that Lua waits for will answer. */
  pending: PromiseLike<unknown> | undefined;
  private readonly functions = new Map<string, HostFunction>();
  private border: Border | undefined;

  private constructor(readonly printer: Printer) {
    this.handles = new HandleTable({
      callFunction: (self, args) => this.call(self as HostFunction, '', args),
      release: (handle) => this.release(handle),
    });
  }

  static async open(
    module: WebAssembly.Module,
    limits: Limits,
    printer: Printer,
    storage?: HostStorage,
  ): Promise<Machine> {
    const machine = new Machine(printer);
    const host = {
      call: (message: Uint8Array) => machine.answerCall(message),
      print: (bytes: Uint8Array) => printer.write(bytes),
    };
    machine.border = await Border.create(module, host, storage);
    const store = storage === undefined ? {} : { store: storage.kind };
    machine.request('open', [{ ...limits, ...store }]);
    return machine;
  }

  close(): void {
    if (this.border === undefined) return;
    try {
      this.send('close');
    } finally {
      this.border = undefined;
      this.handles.clear();
    }
  }

  /** Bytes of the module's linear memory. */
  get memoryBytes(): number {
    return this.live().memoryBytes;
  }

  /** Runs to the end; the first result. */
  call(program: Program, name: string, args: readonly unknown[]): unknown {
    return this.request('call', programMessage(program, name, args))[0];
  }

  /** Sends values, returns values. */
  request(operation: Operation, values?: readonly unknown[], argument?: number): unknown[] {
    return this.decode(this.send(operation, values && this.encode(values), argument).output);
  }

  /** Sends bytes; an error of the machine is thrown. */
  send(operation: Operation, input?: Uint8Array, argument?: number): Reply {
    const reply = this.live().run(operation, input, argument);
    if (reply.status === FAILED) throw this.error(reply.output);
    return reply;
  }

  start(program: Program, name: string, args: readonly unknown[]): void {
    this.send('start', this.encode(programMessage(program, name, args)));
  }

  decode(bytes: Uint8Array): unknown[] {
    return bytes.length === 0 ? [] : decodeValues(bytes, this.handles);
  }

  encode(values: readonly unknown[]): Uint8Array {
    return encodeValues(values, this.handles);
  }

  register(name: string, body: HostFunction): void {
    this.functions.set(name, body);
    this.request('register', [name]);
  }

  /** Answers for the host function that Lua waits for. */
  answer(outcome: { value: unknown } | { error: unknown }): void {
    const answer = this.attempt(() => {
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    });
    if (answer.kind === 'later') return;
    this.send('answer', answer.message, ANSWERS[answer.kind]);
  }

  /** Heap bytes and fuel used; forgets the host objects that Lua let go of. */
  stats(): { heapBytes: number; fuelUsed: number } {
    const [heapBytes, fuelUsed, ...released] = this.request('stats') as number[];
    for (const handle of released) this.handles.hostReleased(handle);
    return { heapBytes: heapBytes ?? 0, fuelUsed: fuelUsed ?? 0 };
  }

  /** Figures about the store; undefined without one. */
  storeFigures(): StoreFigures | undefined {
    const numbers = this.request('store') as number[];
    if (numbers.length === 0) return undefined;
    const figures = numbers.map(Number);
    const next = (): number => figures.shift() ?? 0;
    return {
      handedOver: next(),
      durable: next(),
      transaction: next(),
      entries: next(),
      depth: next(),
      pages: next(),
      freePages: next(),
      pageBytes: next(),
      cacheFrames: next(),
      cacheHits: next(),
      cacheMisses: next(),
    };
  }

  private live(): Border {
    if (this.border === undefined) {
      throw new MoonkeepError('NOT_INITIALIZED', 'the machine is closed');
    }
    return this.border;
  }

  private release(handle: number): void {
    this.border?.run('release', undefined, handle);
  }

  private answerCall(message: Uint8Array): Answer {
    return this.attempt(() => {
      const [target, ...args] = this.decode(message);
      const body = typeof target === 'string' ? this.functions.get(target) : target;
      if (typeof body !== 'function') {
        throw new Error(`host function '${String(target)}' is not registered`);
      }
      return (body as HostFunction)(...args);
    });
  }

  /** Runs host code; nothing that it throws may pass through the module. */
  private attempt(body: () => unknown): Answer {
    try {
      const value = body();
      if (isPromiseLike(value)) {
        this.pending = value;
        // Whoever waits for it sees a rejection; nobody does if Lua may not wait here.
        value.then(undefined, () => undefined);
        return { kind: 'later' };
      }
      return { kind: 'results', message: this.encode([value]) };
    } catch (error) {
      return this.thrown(error);
    }
  }

  private thrown(error: unknown): Answer {
    if (!(error instanceof Error)) {
      try {
        return { kind: 'exact-error', message: this.encode([error]) };
      } catch {
        return { kind: 'error', message: this.encode([String(error)]) };
      }
    }
    const isLua = error instanceof MoonkeepError && error.code === 'LUA_EXECUTION_ERROR';
    // A Lua error that passed through JavaScript goes on as it was.
    const value = isLua && error.details !== undefined ? error.details : error.message;
    const kind = isLua ? 'exact-error' : 'error';
    return { kind, message: this.encode([printable(value)]) };
  }

  private error(bytes: Uint8Array): MoonkeepError {
    const [parts, details] = this.decode(bytes) as [Record<string, string | Uint8Array>, unknown];
    const text = (name: string): string => {
      const value = parts[name];
      return value instanceof Uint8Array ? lossy(value) : (value ?? '');
    };
    return new MoonkeepError(text('code') as ErrorCode, text('message'), {
      details,
      suggestion: text('suggestion'),
      traceback: text('traceback'),
    });
  }
}

/** Messages of errors may hold what has no bytes in UTF-8. */
function printable(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

function programMessage(program: Program, name: string, args: readonly unknown[]): unknown[] {
  if (typeof program === 'function') return [program, ...args];
  const source = typeof program === 'string' ? toUtf8(program) : program;
  return [source, name, ...args];
}
