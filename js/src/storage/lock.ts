// One writer for each store of an origin: a Web Lock, or a lease in the database.

import { databaseError, LEASE, META, randomName, write, type LeaseRecord } from './database.js';
import { storeError } from './storage.js';

/** Browsers take a moment to give back the lock of a tab that was closed or loaded anew. */
const LOCK_PATIENCE_MS = 500;

/** How long a lease lasts in a page: timers of hidden ones run once a minute. */
const LEASE_PAGE_MS = 90_000;
/** And in a worker, which cannot give it back when its page goes. */
const LEASE_WORKER_MS = 15_000;
/** How often it is renewed. */
const RENEWALS = 4;

/**
 * Takes the Web Lock of a store and returns what gives it back; undefined where there are none
 * (before Safari 15.4 and Firefox 96, on pages that are not secure, in frames without an origin).
 *
 * Rejects with STORE_LOCKED if a tab or worker holds it and keeps it.
 */
export function takeWebLock(store: string): Promise<(() => void) | undefined> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (!locks) return Promise.resolve(undefined);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LOCK_PATIENCE_MS);
  return new Promise((resolve, reject) => {
    const { signal } = patience;
    const held = locks.request(`moonkeep:${store}`, { signal }, () => {
      clearTimeout(timer);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch((error: Error) => {
      clearTimeout(timer);
      // Frames without an origin of their own have them, but may not use them.
      if (error.name === 'SecurityError') resolve(undefined);
      else if (error.name !== 'AbortError') reject(error);
      else reject(storeError('STORE_LOCKED', `'${store}' is open in another tab or worker`));
    });
  });
}

/** A lease: the right to write until a time, in the database that it is for. */
export class Lease {
  private readonly holder = randomName();
  private readonly since = Date.now();
  private readonly isPage = typeof document !== 'undefined';
  private readonly leaseMs: number;
  private timer: ReturnType<typeof setInterval> | undefined;
  private database: (() => IDBDatabase | undefined) | undefined;

  constructor(
    private readonly store: string,
    leaseMs: number | undefined,
  ) {
    this.leaseMs = leaseMs ?? (this.isPage ? LEASE_PAGE_MS : LEASE_WORKER_MS);
  }

  /**
   * Takes the lease within a transaction, or renews it; refuses the transaction if somebody else
   * has it. Whoever came late, after a sleep, finds out here.
   */
  claim(transaction: IDBTransaction, refuse: (error: unknown) => void): void {
    const meta = transaction.objectStore(META);
    const request = meta.get(LEASE) as IDBRequest<LeaseRecord | undefined>;
    request.onsuccess = () => {
      const lease = request.result;
      const now = Date.now();
      // One that lasts longer than any is from a clock that was wrong.
      const holds = lease !== undefined && lease.until > now && lease.until <= now + this.leaseMs;
      if (holds && lease.holder !== this.holder) {
        const since = new Date(lease.since).toISOString();
        refuse(storeError('STORE_LOCKED', `another tab has '${this.store}' open since ${since}`));
        return;
      }
      const { holder, since } = this;
      meta.put({ holder, since, until: now + this.leaseMs } satisfies LeaseRecord, LEASE);
    };
  }

  /** Takes the lease and keeps it; `lost` is called if somebody else has got it. */
  async hold(database: () => IDBDatabase | undefined, lost: (error: Error) => void): Promise<void> {
    const renew = async (): Promise<void> => {
      const open = database();
      if (open !== undefined) await write(open, [META], 'relaxed', this.claim.bind(this));
    };
    try {
      await renew();
    } catch (error) {
      throw databaseError(error, this.store, 'cannot be locked');
    }
    this.timer = setInterval(() => {
      renew().catch((error: unknown) => {
        // Other trouble shows when something is to be written.
        if ((error as { code?: unknown }).code === 'STORE_LOCKED') lost(error as Error);
      });
    }, this.leaseMs / RENEWALS);
    this.database = database;
    if (this.isPage) addEventListener('pagehide', this.giveBack);
  }

  /** Gives the lease back, unless it has been lost. */
  release(): void {
    clearInterval(this.timer);
    if (this.isPage) removeEventListener('pagehide', this.giveBack);
    this.giveBack();
  }

  /** A page that goes has no time for an answer; one that comes back claims it anew. */
  private readonly giveBack = (): void => {
    try {
      const transaction = this.database?.()?.transaction([META], 'readwrite');
      transaction?.objectStore(META).delete(LEASE);
      transaction?.commit?.(); // what a page that goes has begun only, browsers undo
    } catch {
      // The connection is closed; the lease ends by itself.
    }
  };
}
