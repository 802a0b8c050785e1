// The raw interface of the wasm module (`docs/abi.md`): buffers in and out, one status per call.

import { MoonkeepError } from './error.js';
import { storageImports } from './storage/imports.js';
import type { HostStorage } from './storage/storage.js';

export const DONE = 0;
export const PAUSED = 1;
export const WAITING = 2;
export const FAILED = 3;

/** What a host function came to. */
export type Answer =
  | { kind: 'results' | 'error' | 'exact-error'; message: Uint8Array }
  | { kind: 'later' };

export interface Host {
  call(message: Uint8Array): Answer;
  print(bytes: Uint8Array): void;
}

interface Exports {
  memory: WebAssembly.Memory;
  mk_version(): number;
  mk_input(length: number): number;
  mk_output(): number;
  mk_output_length(): number;
}

type Operation =
  | 'open' | 'close' | 'call' | 'start' | 'step' | 'answer' | 'cancel' | 'get' | 'set'
  | 'register' | 'release' | 'stats' | 'collect' | 'export' | 'import' | 'flush' | 'store';

const VERSION = 2;
export const ANSWERS = { results: 0, error: 1, later: 2, 'exact-error': 3 };

/** What an operation left: its status and the bytes of its output. */
export interface Reply {
  status: number;
  output: Uint8Array;
}

/** One instance of the module. After a trap nothing runs in it any more. */
export class Border {
  private constructor(
    private readonly exports: Exports,
    private trap: unknown,
  ) {}

  static async create(
    module: WebAssembly.Module,
    host: Host,
    storage: HostStorage | undefined,
  ): Promise<Border> {
    let border: Border | undefined;
    let exports: Exports;
    const own = () => border as Border;
    const imports = {
      moonkeep: {
        now: () => Date.now(),
        call: (pointer: number, length: number) => own().hostCall(host, pointer, length),
        print: (pointer: number, length: number) => host.print(own().copy(pointer, length)),
        ...storageImports(storage, () => exports),
      },
    };
    const instance = await WebAssembly.instantiate(module, imports);
    exports = instance.exports as unknown as Exports;
    if (typeof exports.mk_version !== 'function' || exports.mk_version() !== VERSION) {
      throw new MoonkeepError('WASM_LOAD_FAILED', 'the wasm file belongs to another version');
    }
    border = new Border(exports, undefined);
    return border;
  }

  /** Bytes of the linear memory. */
  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  run(operation: Operation, input?: Uint8Array, argument?: number): Reply {
    if (this.trap !== undefined) {
      const message = 'the machine broke down earlier';
      throw new MoonkeepError('INTERNAL_ERROR', message, { cause: this.trap });
    }
    try {
      if (input !== undefined) this.write(input);
      const exports = this.exports as unknown as Record<string, (argument?: number) => number>;
      const status = (exports[`mk_${operation}`] as (argument?: number) => number)(argument);
      const output = this.copy(this.exports.mk_output(), this.exports.mk_output_length());
      return { status, output };
    } catch (cause) {
      if (cause instanceof MoonkeepError) throw cause;
      this.trap = cause;
      const message = `the machine broke down: ${String(cause)}`;
      throw new MoonkeepError('INTERNAL_ERROR', message, { cause });
    }
  }

  private write(bytes: Uint8Array): void {
    const pointer = this.exports.mk_input(bytes.length) >>> 0;
    if (pointer === 0) throw new MoonkeepError('MEMORY_LIMIT', 'no room for the input');
    new Uint8Array(this.exports.memory.buffer, pointer, bytes.length).set(bytes);
  }

  private copy(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, pointer >>> 0, length >>> 0).slice();
  }

  private hostCall(host: Host, pointer: number, length: number): number {
    const answer = host.call(this.copy(pointer, length));
    if (answer.kind !== 'later') this.write(answer.message);
    return ANSWERS[answer.kind];
  }
}
