// The entry for Node: the wasm file beside it, stores in files.

import { readFile } from 'node:fs/promises';
import { isModern } from './module.js';
import { openFileStore } from './store-file.js';
import { Moonkeep as Base, type OpenOptions, type Platform } from './moonkeep.js';

const platform: Platform = {
  wasm: async () => {
    const name = isModern() ? './moonkeep-modern.wasm' : './moonkeep-baseline.wasm';
    return new Uint8Array(await readFile(new URL(name, import.meta.url)));
  },
  openStore: openFileStore,
};

export class Moonkeep extends Base {
  static async open(options: OpenOptions = {}): Promise<Moonkeep> {
    return await this.create(options, platform);
  }
}

export { MoonkeepError } from './error.js';
export { LuaCoroutine, type LuaFunction } from './handles.js';
export type { ErrorCode } from './codes.js';
export type { OpenOptions } from './moonkeep.js';
export type { HostFunction, Program } from './machine.js';
export type { Store } from './store.js';
export type { WasmSource } from './module.js';
