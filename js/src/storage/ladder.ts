// The media of browsers from the best to the last: OPFS, IndexedDB, memory.

import { MoonkeepError } from '../error.js';
import { hasDatabase } from './database.js';
import { openIndexedDb } from './indexeddb.js';
import { openMemory } from './memory.js';
import { hasOpfs, openOpfs, opfsObstacle } from './opfs.js';
import { openPlace, type Openers, type Place } from './place.js';
import { storeError, type HostStorage, type Medium, type Refusal } from './storage.js';

const OPENERS: Openers = {
  opfs: openOpfs,
  indexeddb: (name) => openIndexedDb(name),
  memory: async () => openMemory(),
};

/**
 * Opens a store in a browser: the one of a medium, or the best that there is. A storage that was
 * chosen tells in `refused` what is better and why that was not taken. A store that exists is
 * opened where it is.
 *
 * Rejects with STORE_UNAVAILABLE if the medium that was asked for is not there, or if the store
 * is where this page or worker cannot open it; with INVALID_INPUT, and as the openers do.
 */
export function openInBrowser(place: Place): Promise<HostStorage> {
  return openPlace(place, OPENERS, openBest);
}

async function openBest(name: string): Promise<HostStorage> {
  const refused: Refusal[] = [];
  const storage =
    (await openIfOffered('opfs', refused, () => openOpfsUnlessElsewhere(name))) ??
    (await openIfOffered('indexeddb', refused, () => openIndexedDb(name))) ??
    openMemory();
  storage.refused = refused;
  if (isEmpty(storage) && opfsObstacle() !== undefined && (await hasOpfs(name))) {
    storage.close();
    await storage.release();
    const details = `'${name}' is kept in OPFS, which only dedicated workers can open`;
    throw storeError('STORE_UNAVAILABLE', details);
  }
  return storage;
}

async function openOpfsUnlessElsewhere(name: string): Promise<HostStorage> {
  const isInDatabase = opfsObstacle() === undefined && (await hasDatabase(name).catch(() => false));
  if (!isInDatabase) return openOpfs(name);
  throw storeError('STORE_UNAVAILABLE', `'${name}' is kept in IndexedDB`);
}

function isEmpty(storage: HostStorage): boolean {
  if (storage.kind === 'files') return false;
  return storage.length().pages === 0 && storage.legacyImage === undefined;
}

/** Opens a medium; undefined, with the reason noted, where the host does not offer it. */
async function openIfOffered(
  medium: Medium,
  refused: Refusal[],
  open: () => Promise<HostStorage>,
): Promise<HostStorage | undefined> {
  try {
    return await open();
  } catch (error) {
    // Any other trouble is with a store that may exist: nobody may be given an empty one.
    const isOffered = !(error instanceof MoonkeepError) || error.code !== 'STORE_UNAVAILABLE';
    if (isOffered) throw error;
    refused.push({ medium, code: error.code, reason: String(error.details) });
    return undefined;
  }
}
