// A store in IndexedDB (browsers): one record, locked against other tabs where Web Locks exist.

import { MoonkeepError } from './error.js';
import type { Store } from './store.js';

const RECORDS = 'image';
const KEY = 'current';

/** Opens the database of a name, which need not exist. */
export async function openDatabaseStore(name: string): Promise<Store> {
  const unlock = await takeLock(`moonkeep:${name}`, name);
  try {
    const database = await openDatabase(`moonkeep:${name}`);
    return {
      load: () =>
        new Promise((resolve, reject) => {
          const request = database.transaction(RECORDS).objectStore(RECORDS).get(KEY);
          request.onsuccess = () => resolve(request.result as Uint8Array | undefined);
          request.onerror = () => reject(request.error);
        }),
      save: (image) => put(database, image),
      close: async () => {
        database.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when the transaction is complete, flushed to the disk where that can be asked for. */
function put(database: IDBDatabase, image: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { durability: 'strict' } as const;
    const transaction = database.transaction(RECORDS, 'readwrite', options);
    transaction.objectStore(RECORDS).put(image, KEY);
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the write was aborted'));
  });
}

/** Holds a Web Lock until the returned function is called. */
function takeLock(lock: string, name: string): Promise<() => void> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (locks === undefined) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    const held = locks.request(lock, { ifAvailable: true }, (granted) => {
      if (granted === null) {
        throw new MoonkeepError('STORE_LOCKED', `the store '${name}' is in use by another tab`);
      }
      return new Promise<void>((release) => resolve(() => release()));
    });
    held.catch(reject);
  });
}
