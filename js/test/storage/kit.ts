// What pages and workers of the tests load: the storages of browsers and the suite for them.

import { databaseName } from '../../src/storage/database.js';
import { openInBrowser } from '../../src/storage/ladder.js';
import type { HostStorage, Medium } from '../../src/storage/storage.js';
import type { Adapter } from './contract.js';
import { flawsOf } from './flaws.js';
import { live, type Fate, type Step } from './life.js';
import { wasm } from './open-store.js';
import { runSuite } from './suite.js';

export { openIndexedDb } from '../../src/storage/indexeddb.js';
export { openInBrowser } from '../../src/storage/ladder.js';
export { flawsOf } from './flaws.js';
export { live } from './life.js';
export { openStore } from './open-store.js';
export * as scenarios from './scenarios.js';

/** Deletes a store from every medium. */
export async function deleteStore(name: string): Promise<void> {
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(databaseName(name));
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  if (typeof navigator.storage?.getDirectory !== 'function') return;
  const root = await navigator.storage.getDirectory();
  const stores = await root.getDirectoryHandle('moonkeep', { create: true });
  await stores.removeEntry(name, { recursive: true }).catch(() => undefined);
}

function adapterOf(medium: Medium, name: string): Adapter {
  const again = (): Promise<HostStorage> => openInBrowser({ name, medium });
  const fresh = async (): Promise<HostStorage> => {
    await deleteStore(name);
    return again();
  };
  return medium === 'memory' ? { fresh } : { fresh, again };
}

/** Runs the suite on a medium, as it is and with each flaw: what is broken, by flaw. */
export async function conformance(medium: Medium): Promise<{
  checks: number;
  broken: Record<string, string[]>;
}> {
  const module = await wasm();
  const adapter = adapterOf(medium, `suite-${medium}`);
  const { checks, broken } = await runSuite(module, adapter);
  const outcome: Record<string, string[]> = { none: broken };
  // Flaws are of one kind of storage; which, the medium says.
  for (const flaw of flawsOf(medium === 'opfs' ? 'files' : 'pages')) {
    outcome[flaw] = (await runSuite(module, adapter, flaw)).broken;
  }
  return { checks, broken: outcome };
}

/** How opening a place ends: the medium and what was refused, or the code. */
export async function outcomeOf(place: Parameters<typeof openInBrowser>[0]): Promise<{
  medium?: Medium;
  refused?: string[];
  code?: string;
  message?: string;
}> {
  try {
    const storage = await openInBrowser(place);
    storage.close();
    await storage.release();
    const refused = (storage.refused ?? []).map(({ medium, code }) => `${medium} ${code}`);
    return { medium: storage.medium, refused };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

interface Callable {
  conformance: typeof conformance;
  outcomeOf: typeof outcomeOf;
  live: typeof live;
}

/** Calls a function of this file in a dedicated worker, which then ends. */
export function inWorker<F extends keyof Callable>(
  name: F,
  ...args: Parameters<Callable[F]>
): ReturnType<Callable[F]> {
  const worker = new Worker('/test/kit-worker.js', { type: 'module' });
  return ask(worker, name, args).finally(() => worker.terminate()) as ReturnType<Callable[F]>;
}

function ask(worker: Worker, name: keyof Callable, args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if ('error' in data) reject(new Error(data.error));
      else resolve(data.value);
    };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ name, args });
  });
}

let lasting: Worker | undefined;

/** `live` where the medium can be opened: in the page, or in a worker that lasts as long. */
export function liveAnywhere(medium: Medium, step: Step): Promise<Fate> {
  if (medium !== 'opfs') return live(medium, step);
  lasting ??= new Worker('/test/kit-worker.js', { type: 'module' });
  return ask(lasting, 'live', [medium, step]) as Promise<Fate>;
}
