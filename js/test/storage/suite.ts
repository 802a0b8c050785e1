// The whole conformance suite for one medium: the contract here, then the store's own checks.

import { checkNames, runCheck, StoreModule } from '../../../bench/store-module/driver.mjs';
import { storageImports, type ModuleSide } from '../../src/storage/imports.js';
import type { HostStorage } from '../../src/storage/storage.js';
import { brokenPart, type Adapter } from './contract.js';
import { flawed } from './flaws.js';

/** Opens the module of the store on a storage. */
export async function openModule(
  wasm: WebAssembly.Module,
  storage: HostStorage | undefined,
): Promise<StoreModule> {
  let side: ModuleSide | undefined;
  const imports = { moonkeep: storageImports(storage, () => side as ModuleSide) };
  const module = await StoreModule.open(wasm, imports);
  side = module.exports as unknown as ModuleSide;
  return module;
}

/**
 * Runs the suite: how many checks the store brings, and what is broken. With a flaw the adapter's
 * storages have it, and the first thing that is broken is enough.
 */
export async function runSuite(
  wasm: WebAssembly.Module,
  adapter: Adapter,
  flaw?: string,
): Promise<{ checks: number; broken: string[] }> {
  const tested = flaw === undefined ? adapter : withFlaw(adapter, flaw);
  const broken: string[] = [];
  const part = await brokenPart(tested);
  if (part !== undefined) broken.push(part);
  const names = checkNames(await openModule(wasm, undefined)) as string[];
  for (const [index, name] of names.entries()) {
    if (flaw !== undefined && broken.length > 0) break;
    try {
      if (!(await keeps(wasm, tested, index))) broken.push(name);
    } catch (error) {
      broken.push(`${name}: ${String(error)}`);
    }
  }
  return { checks: names.length, broken };
}

function withFlaw(adapter: Adapter, flaw: string): Adapter {
  const fresh = async (): Promise<HostStorage> => flawed(await adapter.fresh(), flaw);
  const { again } = adapter;
  if (again === undefined) return { fresh };
  return { fresh, again: async () => flawed(await again(), flaw) };
}

/** Runs one check of the store, both parts of it where something outlives the first. */
async function keeps(wasm: WebAssembly.Module, adapter: Adapter, index: number): Promise<boolean> {
  const run = async (open: () => Promise<HostStorage>, again: boolean): Promise<unknown> => {
    const storage = await open();
    try {
      return runCheck(await openModule(wasm, storage), index, again, { kind: storage.kind });
    } finally {
      await storage.release();
    }
  };
  if ((await run(adapter.fresh, false)) !== true) return false;
  return adapter.again === undefined || (await run(adapter.again, true)) !== false;
}
