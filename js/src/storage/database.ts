// The database of a store in IndexedDB: opening it, what is in it, its errors by code.

import { storeError, type StoreCode } from './storage.js';
import type { MoonkeepError } from '../error.js';

/** Version 1 had the object store `IMAGE` alone. */
const VERSION = 2;

/** An image of `_home` under the key `IMAGE_KEY`, which the first commit deletes. */
export const IMAGE = 'image';
export const IMAGE_KEY = 'current';
/** Extents of pages under their numbers from 0; the last one ends with the last page. */
export const PAGES = 'pages';
/** Two records: `STORE` and, where there are no Web Locks, `LEASE`. */
export const META = 'meta';
export const STORE = 'store';
export const LEASE = 'lease';

/** Who may write, under the key `LEASE`; times in milliseconds since 1970. */
export interface LeaseRecord {
  holder: string;
  since: number;
  until: number;
}

/** How long a tab of an earlier version may keep the database from being brought up to date. */
const BLOCKED_MS = 3000;

const CODES: Record<string, StoreCode> = {
  QuotaExceededError: 'STORE_FULL',
  VersionError: 'STORE_NEWER_VERSION',
};

/** What browsers say where storage is switched off for a page or a private window. */
const SWITCHED_OFF = new Set(['SecurityError', 'InvalidStateError', 'NotAllowedError']);

/** The name of the database of a store. */
export function databaseName(store: string): string {
  return `moonkeep:${store}`;
}

/** Opens the database of a store; without `create` undefined if there is none. */
export async function openDatabase(store: string, create: true): Promise<IDBDatabase>;
export async function openDatabase(
  store: string,
  create: boolean,
): Promise<IDBDatabase | undefined>;
export async function openDatabase(
  store: string,
  create: boolean,
): Promise<IDBDatabase | undefined> {
  const factory = typeof indexedDB === 'undefined' ? undefined : indexedDB;
  if (!factory) throw storeError('STORE_UNAVAILABLE', 'there is no IndexedDB');
  let isMissing = false;
  let isLate = false;
  let blocked: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise<IDBDatabase>((resolve, reject) => {
      const request = factory.open(databaseName(store), VERSION);
      request.onupgradeneeded = ({ oldVersion }) => {
        isMissing = oldVersion === 0 && !create;
        if (isMissing) request.transaction?.abort();
        else addObjectStores(request.result);
      };
      request.onblocked = () => {
        blocked = setTimeout(() => {
          isLate = true;
          const details = `another tab keeps the database of '${store}' in its earlier version`;
          reject(storeError('STORE_LOCKED', details));
        }, BLOCKED_MS);
      };
      request.onsuccess = () => {
        if (isLate) request.result.close();
        else resolve(request.result);
      };
      request.onerror = (event) => {
        event.preventDefault(); // some browsers would report it as an error of the page
        reject(request.error);
      };
    });
  } catch (error) {
    if (isMissing) return undefined;
    if (SWITCHED_OFF.has((error as Error | null)?.name ?? '')) {
      throw storeError('STORE_UNAVAILABLE', `IndexedDB is switched off: ${String(error)}`, error);
    }
    throw databaseError(error, store, 'cannot be opened');
  } finally {
    clearTimeout(blocked);
  }
}

function addObjectStores(database: IDBDatabase): void {
  for (const name of [PAGES, META]) {
    if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
  }
}

/** Whether there is a database with something in it. */
export async function hasDatabase(store: string): Promise<boolean> {
  const database = await openDatabase(store, false);
  if (database === undefined) return false;
  try {
    const names = [META, IMAGE].filter((name) => database.objectStoreNames.contains(name));
    const transaction = database.transaction(names);
    const counts = names.map((name) => {
      const key = name === META ? STORE : IMAGE_KEY;
      return answerOf(transaction.objectStore(name).count(key));
    });
    return (await Promise.all(counts)).some((count) => count > 0);
  } finally {
    database.close();
  }
}

/** A name that nobody else has. */
export function randomName(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return [...words].map((word) => word.toString(36)).join('-');
}

/** The answer to a request. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Runs a transaction that writes, and resolves when it is complete. What `body` throws, or passes
 * to the function that it is given, ends it with nothing written.
 */
export function write(
  database: IDBDatabase,
  names: readonly string[],
  durability: 'strict' | 'relaxed',
  body: (transaction: IDBTransaction, refuse: (error: unknown) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Browsers that do not know the option ignore it.
    const transaction = database.transaction([...names], 'readwrite', { durability });
    let refusal: unknown;
    const refuse = (error: unknown): void => {
      refusal ??= error;
      transaction.abort();
    };
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => {
      reject(refusal ?? transaction.error ?? new Error('the transaction was aborted'));
    };
    try {
      body(transaction, refuse);
    } catch (error) {
      refuse(error);
    }
  });
}

/** An error of the database by its code. */
export function databaseError(error: unknown, store: string, what: string): MoonkeepError {
  const { code, name, message } = (error ?? {}) as Partial<Error> & { code?: unknown };
  if (typeof code === 'string' && code.startsWith('STORE_')) return error as MoonkeepError;
  const words = message ? `${name}: ${message}` : String(name ?? error);
  const details = `the database of '${store}' ${what}: ${words}`;
  return storeError(CODES[name ?? ''] ?? 'STORE_IO', details, error);
}
