// A store on a storage, for tests that write and read.

import type { HostStorage } from '../../src/storage/storage.js';
import { openModule } from './suite.js';

export interface OpenStore {
  storage: HostStorage;
  /** Sets values in one strict commit; the ticket. */
  put(entries: Record<string, string>): number;
  get(key: string): string | undefined;
  /** Drops a transaction that has failed. */
  undo(): void;
  /** How many problems a check of every page finds. */
  verify(): number;
  close(): Promise<void>;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The module of the store with its checks, in pages and workers. */
export function wasm(): Promise<WebAssembly.Module> {
  compiled ??= fetch('/test/store-checks.wasm').then(async (response) => {
    if (!response.ok) throw new Error('no store-checks.wasm: run `cargo xtask wasm store`');
    return WebAssembly.compile(await response.arrayBuffer());
  });
  return compiled;
}

/** Opens the store on a storage. */
export async function openStore(
  storage: HostStorage,
  module?: WebAssembly.Module,
): Promise<OpenStore> {
  const store = await openModule(module ?? (await wasm()), storage);
  store.openStore({ kind: storage.kind });
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    storage,
    put: (entries) => {
      store.begin();
      for (const [key, value] of Object.entries(entries)) store.put(bytes(key), bytes(value));
      return store.commit() as number;
    },
    get: (key) => {
      const value = store.get(bytes(key)) as Uint8Array | undefined;
      return value === undefined ? undefined : new TextDecoder().decode(value);
    },
    undo: () => {
      try {
        store.rollback();
      } catch {
        // The commit that failed has ended its transaction.
      }
    },
    verify: () => store.verify().problems as number,
    close: async () => {
      try {
        store.close();
      } finally {
        await storage.release();
      }
    },
  };
}
