// The entry for browsers: the wasm file beside it, stores in IndexedDB.

import { isModern } from './module.js';
import { openInBrowser } from './storage/ladder.js';
import { Moonkeep as Base, type OpenOptions, type Platform } from './moonkeep.js';

const platform: Platform = {
  wasm: () =>
    fetch(
      isModern()
        ? new URL('./moonkeep-modern.wasm', import.meta.url)
        : new URL('./moonkeep-baseline.wasm', import.meta.url),
    ),
  openStorage: openInBrowser,
};

export class Moonkeep extends Base {
  static async open(options: OpenOptions = {}): Promise<Moonkeep> {
    return await this.create(options, platform);
  }
}

export { MoonkeepError } from './error.js';
export { LuaCoroutine, type LuaFunction } from './handles.js';
export type { ErrorCode } from './codes.js';
export type { Call, OpenOptions, StorageInfo } from './moonkeep.js';
export type { Durability, HostFunction, Program, StoreFigures } from './machine.js';
export type { Place } from './storage/place.js';
export type { Medium, Refusal } from './storage/storage.js';
export type { WasmSource } from './module.js';
