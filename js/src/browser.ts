// The entry for browsers: the wasm file beside it, stores in IndexedDB.

import { isModern } from './module.js';
import { openDatabaseStore } from './store-indexeddb.js';
import { Moonkeep as Base, type OpenOptions, type Platform } from './moonkeep.js';

const platform: Platform = {
  wasm: () =>
    fetch(
      isModern()
        ? new URL('./moonkeep-modern.wasm', import.meta.url)
        : new URL('./moonkeep-baseline.wasm', import.meta.url),
    ),
  openStore: openDatabaseStore,
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
