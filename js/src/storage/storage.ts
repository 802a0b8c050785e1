// What a store needs of its host: files, or pages with atomic commits; and what it reports.
// The contracts are those of `Medium` and `Storage` in crates/store.

import type { ErrorCode } from '../codes.js';
import { MoonkeepError } from '../error.js';

/** Where a store is kept. */
export type Medium = 'memory' | 'file' | 'indexeddb' | 'opfs';

/** A better medium that was not taken, and why. */
export interface Refusal {
  medium: Medium;
  code: ErrorCode;
  reason: string;
}

interface Common {
  readonly medium: Medium;
  /**
   * What an earlier version of the package left here: an image of `_home`. It counts only while
   * the store itself is empty, and is gone with the first durable commit.
   */
  readonly legacyImage: Uint8Array | undefined;
  /** Better media that this host does not offer; set by whoever chose this one. */
  refused?: readonly Refusal[];
  /**
   * Resolves when every commit handed over before the call is durable; rejects with the
   * MoonkeepError (STORE_*) that keeps one from it. Where the medium has refused a commit, it is
   * tried once more.
   */
  flush(): Promise<void>;
  /**
   * Makes durable what can be, then lets go of locks and handles; after the machine has closed
   * the storage. They are let go of also when it rejects.
   */
  release(): Promise<void>;
}

/**
 * Four files (`FILE_NAMES`) with positioned reads and writes: the store keeps its own log. The last
 * two are empty when it is opened, are never synced and need not be files (`Scratch`).
 */
export interface FileStorage extends Common {
  readonly kind: 'files';
  /** Fills `into` from `at` on; how many bytes there were, fewer only at the end. */
  read(file: number, at: number, into: Uint8Array): number;
  /** Writes all of the bytes. */
  write(file: number, at: number, bytes: Uint8Array): void;
  /** Makes what was written to a file durable. */
  sync(file: number): void;
  /** Bytes of a file, 0 if it does not exist. */
  length(file: number): number;
  /** Cuts a file off, or lengthens it with zeros. */
  setLength(file: number, bytes: number): void;
  /** Lets go of the files. */
  close(): void;
}

/** Pages whose commits the host makes atomic. */
export interface PageStorage extends Common {
  readonly kind: 'pages';
  /** Fills `into`, one page long, from a view: `CURRENT` or `COMMITTED`. */
  read(page: number, view: number, into: Uint8Array): void;
  /** Keeps a copy of the bytes of a page for the next commit. */
  stage(page: number, bytes: Uint8Array): void;
  /** Takes over what is staged below `pages`; the ticket. Durability `STRICT` or `RELAXED`. */
  commit(pages: number, durability: number): number;
  /** Drops what is staged. */
  abort(): void;
  length(): { pageBytes: number; pages: number; handedOver: number; durable: number };
  /** No other call follows but `flush` and `release`. */
  close(): void;
}

export type HostStorage = FileStorage | PageStorage;

/** The files of a `FileStorage`, by number. */
export const FILE_NAMES = ['data', 'log', 'index', 'spill'] as const;
export const DATA = 0;
export const LOG = 1;
export const INDEX = 2;
export const SPILL = 3;

export const CURRENT = 0;
export const COMMITTED = 1;
export const STRICT = 0;
export const RELAXED = 1;

/** Bytes of a page of a new store. */
export const PAGE_BYTES = 4096;

/** Kinds of trouble in the order of `FaultKind` in crates/store: what each is in words. */
const FAULTS = {
  STORE_IO: 'the medium failed',
  STORE_FULL: 'the disk or the quota is full',
  STORE_READ_ONLY: 'the medium may only be read',
  STORE_LOCKED: 'the store is in use',
  STORE_MISSING: 'the store is missing',
  STORE_CORRUPT: 'the store is damaged',
  STORE_FOREIGN: 'this is not a store',
  STORE_POISONED: 'the outcome of a commit is unknown; open the store again',
} as const;

/** Kinds that occur only while a store is being opened. */
const REFUSALS = {
  STORE_NEWER_VERSION: 'the store was written by a newer version',
  STORE_UNAVAILABLE: 'this host does not offer the medium',
} as const;

export type StoreCode = keyof typeof FAULTS | keyof typeof REFUSALS;
const FAULT_CODES = Object.keys(FAULTS);

/** The error for trouble with a medium; its `details` are the words beyond those of the code. */
export function storeError(code: StoreCode, details: string, cause?: unknown): MoonkeepError {
  const message = `${{ ...FAULTS, ...REFUSALS }[code]}: ${details}`;
  return new MoonkeepError(code, message, { details, cause });
}

/** The number of an error for the store, from 1, and the words beyond those of its kind. */
export function faultOf(error: unknown): { fault: number; words: string } {
  if (error instanceof MoonkeepError) {
    const fault = FAULT_CODES.indexOf(error.code) + 1;
    const words = typeof error.details === 'string' ? error.details : error.message;
    if (fault > 0) return { fault, words };
  }
  return { fault: 1, words: error instanceof Error ? error.message : String(error) };
}
