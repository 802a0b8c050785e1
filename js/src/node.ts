// The entry for Node: the wasm file beside it, stores in files.

import { readFile } from 'node:fs/promises';
import { isModern } from './module.js';
import { openInNode } from './storage/node-place.js';
import { Moonkeep as Base, type OpenOptions, type Platform } from './moonkeep.js';

const platform: Platform = {
  wasm: async () => {
    const name = isModern() ? './moonkeep-modern.wasm' : './moonkeep-baseline.wasm';
    return new Uint8Array(await readFile(new URL(name, import.meta.url)));
  },
  openStorage: openInNode,
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
