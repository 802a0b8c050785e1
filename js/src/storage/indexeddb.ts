// A storage in IndexedDB: pages resident in memory, one transaction of the database per commit.

import {
  answerOf,
  databaseError,
  IMAGE,
  IMAGE_KEY,
  META,
  openDatabase,
  PAGES,
  randomName,
  STORE,
  write,
} from './database.js';
import { MoonkeepError } from '../error.js';
import { Lease, takeWebLock } from './lock.js';
import { checkRecord, FORMAT, newRecord, strangerTo, type StoreRecord } from './record.js';
import { ResidentPages } from './resident.js';
import { PAGE_BYTES, STRICT, storeError, type PageStorage } from './storage.js';

/**
 * Pages that are written together. Medians in ms, for 16, 32 and 64 KiB, in 25 MB that compress
 * well. A strict commit of one record: Chromium 1.6, 1.9, 1.7; Firefox and WebKit 1 to 2 each. One
 * of 100 pages all over: 22, 29, 13; 10, 10, 15; 15, 20, 26. Opening: 57, 57, 15; 20, 18, 22; 18,
 * 16, 15. Chromium compresses values from 64 KiB on alone, and puts what is as long even then into
 * a file of its own: of random bytes a record takes 1.5, 2.1, 5.2, and 100 pages 22, 28, 80.
 */
const EXTENT_BYTES = 65536;
/** Extents asked for at once when a store is opened: faster than all at once, or one by one. */
const EXTENTS_READ = 64;
/** How long the database is taken to hold what was written last. */
const CHECK_MS = 200;

export interface IndexedDbOptions {
  /** How long a lease lasts where there are no Web Locks; by default as fits pages and workers. */
  leaseMs?: number | undefined;
}

/**
 * Opens the store of a name, which need not exist.
 *
 * Rejects with STORE_UNAVAILABLE, STORE_LOCKED, STORE_NEWER_VERSION, STORE_CORRUPT, STORE_FULL or
 * STORE_IO.
 */
export async function openIndexedDb(
  name: string,
  options: IndexedDbOptions = {},
): Promise<PageStorage> {
  const unlock = await takeWebLock(name);
  let storage: IndexedDb | undefined;
  try {
    const database = await openDatabase(name, true);
    storage = new IndexedDb(name, database, unlock);
    if (unlock === undefined) await storage.takeLease(options.leaseMs);
    await storage.load();
    return storage;
  } catch (error) {
    if (storage === undefined) unlock?.();
    else await storage.letGo();
    throw databaseError(error, name, 'cannot be read');
  }
}

class IndexedDb implements PageStorage {
  readonly kind = 'pages';
  readonly medium = 'indexeddb';
  legacyImage: Uint8Array | undefined;
  private resident = new ResidentPages(PAGE_BYTES, EXTENT_BYTES);
  private readonly writer = randomName();
  private record: StoreRecord = newRecord(PAGE_BYTES, EXTENT_BYTES);
  /** Undefined while the browser has closed the connection. */
  private database: IDBDatabase | undefined;
  private lease: Lease | undefined;
  /** Extents that the database does not have as they are. */
  private changed = new Set<number>();
  private handedOver = 0;
  /** Newest ticket that is in the database, and the newest one that is there durably. */
  private written = 0;
  private durable = 0;
  /** A commit that waits asks for more than relaxed durability. */
  private isStrict = false;
  private running: Promise<void> | undefined;
  /** What the last transaction failed with; another attempt may succeed. */
  private fault: MoonkeepError | undefined;
  /** Why no attempt can succeed any more. */
  private lost: MoonkeepError | undefined;
  private isClosed = false;
  /** When the database is looked at again, by the clock of `performance`. */
  private checkAt = 0;

  constructor(
    private readonly name: string,
    database: IDBDatabase,
    private readonly unlock: (() => void) | undefined,
  ) {
    this.connect(database);
  }

  read(page: number, view: number, into: Uint8Array): void {
    this.resident.read(page, view, into);
  }

  stage(page: number, bytes: Uint8Array): void {
    this.resident.stage(page, bytes);
  }

  commit(pages: number, durability: number): number {
    const fault = this.trouble();
    if (fault !== undefined) {
      this.resident.abort();
      if (!this.isClosed) void this.work();
      throw fault;
    }
    const isChange = this.resident.hasStaged || pages !== this.resident.pages;
    if (isChange) {
      this.resident.commit(pages, this.changed);
      this.handedOver += 1;
    }
    if (durability === STRICT) this.isStrict = true;
    void this.work();
    return this.handedOver;
  }

  abort(): void {
    this.resident.abort();
  }

  length(): ReturnType<PageStorage['length']> {
    const fault = this.trouble();
    if (fault !== undefined) throw fault;
    const { handedOver, durable } = this;
    const { pageBytes, pages } = this.resident;
    return { pageBytes, pages, handedOver, durable };
  }

  close(): void {
    this.resident.abort();
    this.isClosed = true;
  }

  async flush(): Promise<void> {
    // What had been durable is gone with the database.
    if (this.lost?.code === 'STORE_MISSING') throw this.lost;
    const goal = this.handedOver;
    while (this.durable < goal) {
      this.isStrict = true;
      await this.work();
      const fault = this.lost ?? this.fault;
      if (this.durable < goal && fault !== undefined) throw fault;
    }
  }

  async release(): Promise<void> {
    this.close();
    try {
      await this.flush();
    } finally {
      await this.letGo();
    }
  }

  /** Gives back the connection and the right to write. */
  async letGo(): Promise<void> {
    if (this.lost === undefined) this.lease?.release();
    this.database?.close();
    this.database = undefined;
    this.unlock?.();
  }

  async takeLease(leaseMs: number | undefined): Promise<void> {
    this.lease = new Lease(this.name, leaseMs);
    const lost = (error: Error): void => void (this.lost ??= error as MoonkeepError);
    await this.lease.hold(() => this.database, lost);
  }

  /** Reads everything that is in the database, in one transaction. */
  async load(): Promise<void> {
    const database = this.database as IDBDatabase;
    const hasImage = database.objectStoreNames.contains(IMAGE);
    const transaction = database.transaction(hasImage ? [META, PAGES, IMAGE] : [META, PAGES]);
    const [record, image] = await Promise.all([
      answerOf<StoreRecord | undefined>(transaction.objectStore(META).get(STORE)),
      hasImage ? answerOf<unknown>(transaction.objectStore(IMAGE).get(IMAGE_KEY)) : undefined,
    ]);
    if (image instanceof Uint8Array) this.legacyImage = image;
    if (record === undefined) return;
    checkRecord(record, this.name);
    this.record = record;
    this.resident = new ResidentPages(record.pageBytes, record.extentBytes);
    const pages = transaction.objectStore(PAGES);
    const count = Math.ceil((record.pages * record.pageBytes) / record.extentBytes);
    const runs: Promise<Uint8Array[]>[] = [];
    for (let first = 0; first < count; first += EXTENTS_READ) {
      const range = IDBKeyRange.bound(first, first + EXTENTS_READ, false, true);
      runs.push(answerOf(pages.getAll(range) as IDBRequest<Uint8Array[]>));
    }
    const extents = (await Promise.all(runs)).flat();
    if (!this.resident.fill(extents, record.pages)) {
      const details = `the database of '${this.name}' has ${extents.length} extents of ${count}`;
      throw storeError('STORE_CORRUPT', details);
    }
    if (record.header !== undefined && count > 0) this.resident.header.set(record.header);
  }

  private trouble(): MoonkeepError | undefined {
    if (this.isClosed) return storeError('STORE_IO', `'${this.name}' is closed`);
    return this.lost ?? this.fault;
  }

  /** Writes until there is nothing left to be written, or until the database refuses. */
  private work(): Promise<void> {
    // Commits of the present turn of the event loop share the transaction that begins after it.
    this.running ??= Promise.resolve()
      .then(async () => {
        do await this.writeAll();
        while (this.fault === undefined && this.isBehind());
      })
      .finally(() => (this.running = undefined));
    return this.running;
  }

  private isBehind(): boolean {
    if (this.lost !== undefined) return false;
    return this.written < this.handedOver || (this.isStrict && this.durable < this.handedOver);
  }

  /** Writes what has been handed over; a connection that the browser has closed is made again. */
  private async writeAll(): Promise<void> {
    if (!this.isBehind()) return;
    try {
      try {
        await this.writeOnce(this.database ?? (await this.reconnect()));
      } catch (error) {
        const { name } = error as Error;
        if (error instanceof MoonkeepError || name === 'QuotaExceededError') throw error;
        this.database?.close();
        await this.writeOnce(await this.reconnect());
      }
      this.fault = undefined;
    } catch (error) {
      const fault = databaseError(error, this.name, 'cannot be written');
      if (FINAL.has(fault.code)) this.lost ??= fault;
      else this.fault = fault;
    }
  }

  /** One transaction with everything that has been handed over when it begins. */
  private async writeOnce(database: IDBDatabase): Promise<void> {
    const { changed, handedOver, isStrict, record: last, writer } = this;
    this.changed = new Set();
    this.isStrict = false;
    const { pages } = this.resident;
    // A copy: browsers store the whole extent that a part of it lies in.
    const header = pages > 0 ? this.resident.header.slice() : new Uint8Array();
    const record = { ...last, format: FORMAT, pages, header, commit: last.commit + 1, writer };
    try {
      await this.put(database, changed, record, isStrict);
    } catch (error) {
      // The pages stay here, and are part of the next attempt.
      for (const extent of changed) this.changed.add(extent);
      this.isStrict ||= isStrict;
      throw error;
    }
    this.record = record;
    this.legacyImage = undefined;
    this.written = handedOver;
    if (isStrict) this.durable = handedOver;
  }

  /** Begins the transaction before anything else can happen to the pages. */
  private put(
    database: IDBDatabase,
    changed: ReadonlySet<number>,
    record: StoreRecord,
    isStrict: boolean,
  ): Promise<void> {
    const { extents, pages, pageBytes } = this.resident;
    const hasImage = this.legacyImage !== undefined;
    const names = hasImage ? [META, PAGES, IMAGE] : [META, PAGES];
    return write(database, names, isStrict ? 'strict' : 'relaxed', (transaction, refuse) => {
      const meta = transaction.objectStore(META);
      const isChecked = this.needsCheck();
      if (isChecked) this.check(transaction, refuse);
      this.lease?.claim(transaction, refuse);
      const store = transaction.objectStore(PAGES);
      for (const number of changed) {
        const extent = extents[number];
        if (extent === undefined) continue; // beyond the end by now
        const used = Math.min(extent.length, pages * pageBytes - number * extent.length);
        store.put(used < extent.length ? extent.slice(0, used) : extent, number);
      }
      if (pages < this.record.pages) store.delete(IDBKeyRange.lowerBound(extents.length));
      if (hasImage) transaction.objectStore(IMAGE).delete(IMAGE_KEY);
      meta.put(record, STORE);
      // Without waiting for the answers to what was put.
      if (!isChecked) transaction.commit?.();
    });
  }

  /**
   * Whether the next transaction makes sure that the database holds what was written last from
   * here. It always has to where nothing but a lease keeps others away, and in a new connection.
   * Beyond that it is for people who empty the database by hand: waiting for the answer makes a
   * commit an eighth slower in Chromium.
   */
  private needsCheck(): boolean {
    return this.lease !== undefined || performance.now() >= this.checkAt;
  }

  private check(transaction: IDBTransaction, refuse: (error: unknown) => void): void {
    const before = transaction.objectStore(META).get(STORE) as IDBRequest<StoreRecord | undefined>;
    before.onsuccess = () => {
      const stranger = strangerTo(this.record, this.writer, before.result, this.name);
      if (stranger !== undefined) return refuse(stranger);
      this.checkAt = performance.now() + CHECK_MS;
      // A lease has more to put.
      if (this.lease === undefined) transaction.commit?.();
    };
  }

  private connect(database: IDBDatabase): void {
    this.database = database;
    this.checkAt = 0;
    database.onversionchange = ({ newVersion }) => {
      const by = newVersion === null ? 'was deleted' : 'is needed by a newer version';
      this.lost ??= storeError('STORE_MISSING', `the database of '${this.name}' ${by}`);
      database.close(); // after the transaction that is under way
      this.database = undefined;
    };
    // The browser has taken it away: because data of the site were deleted, or for a while only.
    database.onclose = () => (this.database = undefined);
  }

  private async reconnect(): Promise<IDBDatabase> {
    const database = await openDatabase(this.name, false);
    if (database === undefined) {
      throw storeError('STORE_MISSING', `the database of '${this.name}' was deleted`);
    }
    this.connect(database);
    return database;
  }
}

/** Faults after which this storage can never write again. */
const FINAL = new Set(['STORE_MISSING', 'STORE_LOCKED', 'STORE_NEWER_VERSION']);
