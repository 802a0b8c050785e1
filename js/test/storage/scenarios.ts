// What happens to stores in pages: told step by step, judged by the tests.

import { databaseName } from '../../src/storage/database.js';
import { openIndexedDb } from '../../src/storage/indexeddb.js';
import { RELAXED, STRICT, type PageStorage } from '../../src/storage/storage.js';

/** A page of a storage that is filled with one byte. */
function stage(storage: PageStorage, page: number, fill: number): void {
  storage.stage(page, new Uint8Array(storage.length().pageBytes).fill(fill));
}

/** The first byte of each of the first pages. */
function fills(storage: PageStorage, count: number): number[] {
  const into = new Uint8Array(4096);
  return Array.from({ length: count }, (_, page) => {
    storage.read(page, 0, into);
    return into.every((byte) => byte === into[0]) ? (into[0] as number) : -1;
  });
}

async function closeAll(storage: PageStorage): Promise<void> {
  storage.close();
  await storage.release();
}

async function codeOf(body: () => unknown): Promise<string> {
  try {
    await body();
    return 'none';
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

function openRaw(name: string, version: number, stores: string[] = []): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName(name), version);
    request.onupgradeneeded = () => {
      for (const store of stores) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** What a key of an object store holds, read beside the storage. */
async function peek(name: string, store: string, key: string | number): Promise<unknown> {
  const database = await openRaw(name, 2);
  const request = database.transaction(store).objectStore(store).get(key);
  const value = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  database.close();
  return value;
}

async function commitsWritten(name: string): Promise<number> {
  const record = (await peek(name, 'meta', 'store')) as { commit: number } | undefined;
  return record?.commit ?? 0;
}

/** Commits that queue up share a transaction: how many there were, and what was durable when. */
export async function groupCommit(): Promise<unknown> {
  const storage = await openIndexedDb('group');
  for (let fill = 1; fill <= 20; fill++) {
    stage(storage, 0, fill);
    storage.commit(1, STRICT);
  }
  const before = storage.length().durable;
  await storage.flush();
  const together = await commitsWritten('group');
  stage(storage, 0, 21);
  storage.commit(1, STRICT);
  await Promise.resolve(); // its transaction has begun
  await Promise.resolve();
  for (let fill = 22; fill <= 40; fill++) {
    stage(storage, 0, fill);
    storage.commit(1, STRICT);
  }
  await storage.flush();
  const { handedOver, durable } = storage.length();
  const all = await commitsWritten('group');
  await closeAll(storage);
  return { before, together, all, handedOver, durable };
}

/** Relaxed commits are written without a flush, and durable after one. */
export async function relaxed(): Promise<unknown> {
  const storage = await openIndexedDb('relaxed');
  stage(storage, 0, 1);
  storage.commit(1, RELAXED);
  while ((await commitsWritten('relaxed')) === 0) await new Promise((next) => setTimeout(next, 5));
  const before = storage.length().durable;
  await storage.flush();
  const after = storage.length().durable;
  await closeAll(storage);
  return { before, after };
}

/** The quota is full for a while: what is kept, what is refused, what comes after. */
export async function fullQuota(): Promise<unknown> {
  const storage = await openIndexedDb('quota');
  stage(storage, 0, 1);
  storage.commit(1, STRICT);
  await storage.flush();
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('no room', 'QuotaExceededError');
  };
  stage(storage, 1, 2);
  storage.commit(2, STRICT);
  const flush = await codeOf(() => storage.flush());
  const length = await codeOf(() => storage.length());
  const read = new Uint8Array(4096);
  storage.read(1, 1, read);
  storage.stage(1, new Uint8Array(4096).fill(3));
  const commit = await codeOf(() => storage.commit(2, STRICT));
  await new Promise((next) => setTimeout(next, 50));
  IDBObjectStore.prototype.put = put;
  await storage.flush();
  const after = storage.length();
  await closeAll(storage);
  const again = await openIndexedDb('quota');
  const found = fills(again, 2);
  await closeAll(again);
  return { flush, length, commit, kept: read[0], durable: after.durable, found };
}

/** The browser closes the connection for a while. */
export async function lostConnection(): Promise<unknown> {
  const storage = await openIndexedDb('connection');
  stage(storage, 0, 1);
  storage.commit(1, STRICT);
  await storage.flush();
  (storage as unknown as { database: IDBDatabase }).database.close();
  stage(storage, 0, 2);
  storage.commit(1, STRICT);
  const flush = await codeOf(() => storage.flush());
  await closeAll(storage);
  const again = await openIndexedDb('connection');
  const found = fills(again, 1);
  await closeAll(again);
  return { flush, found };
}

/** A commit comes while the connection is made again, and the one after it fails. */
export async function commitWhileReconnecting(): Promise<unknown> {
  const storage = await openIndexedDb('reconnecting');
  for (let page = 0; page < 40; page++) stage(storage, page, 1);
  storage.commit(40, STRICT);
  await storage.flush();
  (storage as unknown as { database: IDBDatabase | undefined }).database?.close();
  (storage as unknown as { database: IDBDatabase | undefined }).database = undefined;
  stage(storage, 1, 2);
  storage.commit(40, STRICT);
  await new Promise((next) => queueMicrotask(() => queueMicrotask(() => next(undefined))));
  stage(storage, 1, 3);
  stage(storage, 20, 3);
  storage.commit(40, STRICT);
  const { put } = IDBObjectStore.prototype;
  let records = 0;
  IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
    if (records > 0) throw new DOMException('no room', 'QuotaExceededError');
    if (key === 'store') records += 1;
    return put.call(this, value, key);
  };
  await storage.flush().catch(() => undefined);
  IDBObjectStore.prototype.put = put;
  // What lies there now is what a crash would have left.
  const extents = [await peek('reconnecting', 'pages', 0), await peek('reconnecting', 'pages', 1)];
  const left = [(extents[0] as Uint8Array)[4096], (extents[1] as Uint8Array)[4 * 4096]];
  await storage.flush();
  await closeAll(storage);
  const again = await openIndexedDb('reconnecting');
  const found = fills(again, 21);
  await closeAll(again);
  return { left, found: [found[1], found[20]] };
}

/** Somebody deletes the database under an open store. */
export async function deleted(): Promise<unknown> {
  const storage = await openIndexedDb('deleted');
  stage(storage, 0, 7);
  storage.commit(1, STRICT);
  await storage.flush();
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(databaseName('deleted'));
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  storage.stage(0, new Uint8Array(4096).fill(8));
  const commit = await codeOf(() => storage.commit(1, STRICT));
  const found = fillsOfClosed(storage);
  const length = await codeOf(() => storage.length());
  const flush = await codeOf(() => storage.flush());
  await closeAll(storage).catch(() => undefined);
  return { commit, length, flush, found };
}

/** Somebody empties the database in the browser's tools while the store is open and idle. */
export async function emptied(): Promise<unknown> {
  const storage = await openIndexedDb('emptied');
  stage(storage, 0, 7);
  storage.commit(1, STRICT);
  await storage.flush();
  await new Promise((later) => setTimeout(later, 300));
  const database = await openRaw('emptied', 2);
  const transaction = database.transaction(['meta', 'pages'], 'readwrite');
  for (const name of ['meta', 'pages']) transaction.objectStore(name).clear();
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
  stage(storage, 0, 8);
  storage.commit(1, STRICT);
  const flush = await codeOf(() => storage.flush());
  const found = fillsOfClosed(storage);
  await codeOf(() => closeAll(storage));
  const again = await openIndexedDb('emptied');
  const { pages } = again.length();
  await closeAll(again);
  return { flush, found, pages };
}

function fillsOfClosed(storage: PageStorage): number {
  const into = new Uint8Array(4096);
  storage.read(0, 0, into);
  return into[0] as number;
}

/** What an earlier version left is there until the first commit is durable, then gone. */
export async function legacyImage(): Promise<unknown> {
  const image = Uint8Array.of(137, 77, 79, 79, 78, 13, 10, 0, 5);
  const database = await openRaw('legacy', 1, ['image']);
  const transaction = database.transaction('image', 'readwrite');
  transaction.objectStore('image').put(image, 'current');
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
  const first = await openIndexedDb('legacy');
  await closeAll(first);
  const second = await openIndexedDb('legacy');
  stage(second, 0, 1);
  second.commit(1, STRICT);
  await second.flush();
  const left = await peek('legacy', 'image', 'current');
  await closeAll(second);
  const third = await openIndexedDb('legacy');
  const found = { pages: third.length().pages, image: third.legacyImage === undefined };
  await closeAll(third);
  const images = [first, second].map((storage) => [...(storage.legacyImage ?? [])]);
  return { images, left: left === undefined, found };
}

/** Changes the record and the first extent of a store that is closed. */
async function rewriteClosed(
  name: string,
  change: (record: Record<string, unknown>, first: Uint8Array) => void,
): Promise<void> {
  const record = (await peek(name, 'meta', 'store')) as Record<string, unknown>;
  const first = (await peek(name, 'pages', 0)) as Uint8Array;
  change(record, first);
  const database = await openRaw(name, 2);
  const transaction = database.transaction(['meta', 'pages'], 'readwrite');
  transaction.objectStore('meta').put(record, 'store');
  transaction.objectStore('pages').put(first, 0);
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
}

/** A commit writes the header beside the extents; in format 1 it was in the first one. */
export async function headers(): Promise<unknown> {
  const storage = await openIndexedDb('headers');
  for (let page = 0; page < 20; page++) stage(storage, page, 1);
  storage.commit(20, STRICT);
  await storage.flush();
  for (const page of [0, 17]) stage(storage, page, 2);
  storage.commit(20, STRICT);
  await closeAll(storage);
  const left: number[] = [];
  await rewriteClosed('headers', (record, first) => {
    const header = record['header'] as Uint8Array;
    left.push(first[0] as number, header[0] as number, header.buffer.byteLength);
    first.set(header);
    delete record['header'];
    record['format'] = 1;
  });
  const earlier = await openIndexedDb('headers');
  const opened = fills(earlier, 20);
  stage(earlier, 0, 3);
  earlier.commit(20, STRICT);
  await closeAll(earlier);
  const later = await openIndexedDb('headers');
  const reopened = fills(later, 20);
  await closeAll(later);
  await rewriteClosed('headers', (record) => delete record['header']);
  const cut = await codeOf(() => openIndexedDb('headers'));
  return { left, opened, reopened, cut };
}

/** Databases that this version cannot take: an earlier one held open, and a newer one. */
export async function otherVersions(): Promise<unknown> {
  const held = await openRaw('held', 1, ['image']); // and it does not let go when asked
  const blocked = await codeOf(() => openIndexedDb('held'));
  held.close();
  (await openRaw('newer', 3, ['other'])).close();
  const newer = await codeOf(() => openIndexedDb('newer'));
  const storage = await openIndexedDb('damaged');
  for (let page = 0; page < 40; page++) stage(storage, page, 1);
  storage.commit(40, STRICT);
  await closeAll(storage);
  const database = await openRaw('damaged', 2);
  const transaction = database.transaction('pages', 'readwrite');
  transaction.objectStore('pages').delete(1);
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
  const damaged = await codeOf(() => openIndexedDb('damaged'));
  return { blocked, newer, damaged };
}

/** Without Web Locks: a lease that is held, lost after a sleep, and found out. */
export async function lease(): Promise<unknown> {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  const leaseMs = 400;
  const first = await openIndexedDb('lease', { leaseMs });
  stage(first, 0, 1);
  first.commit(1, STRICT);
  await first.flush();
  await new Promise((next) => setTimeout(next, leaseMs * 2)); // it is renewed
  let message = '';
  const held = await codeOf(() =>
    openIndexedDb('lease', { leaseMs }).catch((error: Error) => {
      message = error.message;
      throw error;
    }),
  );
  // The first tab sleeps, and the second one takes over.
  const { timer } = (first as unknown as { lease: { timer: number } }).lease;
  clearInterval(timer);
  await new Promise((next) => setTimeout(next, leaseMs * 2));
  const second = await openIndexedDb('lease', { leaseMs });
  stage(first, 0, 2);
  first.commit(1, STRICT);
  const late = await codeOf(() => first.flush());
  const kept = fillsOfClosed(first);
  stage(second, 0, 3);
  second.commit(1, STRICT);
  const flush = await codeOf(() => second.flush());
  await closeAll(first).catch(() => undefined);
  await closeAll(second);
  const third = await openIndexedDb('lease', { leaseMs });
  const found = fills(third, 1);
  await closeAll(third);
  return { held, message, late, kept, flush, found };
}

/** Opens a store with a lease and leaves it to the page's end; the code if it is held. */
export async function leaseOfPage(): Promise<string> {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  return codeOf(() => openIndexedDb('lease-of-page'));
}
