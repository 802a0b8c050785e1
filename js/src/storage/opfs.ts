// A storage in the origin private file system (dedicated workers): the store and its log as files.

import { takeWebLock } from './lock.js';
import { Scratch, SPILL_MEMORY_BYTES, type Rest } from './scratch.js';
import { DATA, FILE_NAMES, INDEX, LOG, SPILL, storeError } from './storage.js';
import type { FileStorage, StoreCode } from './storage.js';

/** The folder of all stores; each has one in it, with three files. */
const FOLDER = 'moonkeep';

/** The handles of a worker that has just ended may stay for a moment. */
const ATTEMPTS = 20;
const PAUSE_MS = 50;

/** Whether the files are still there is asked at most this often: each time costs 0.3 ms. */
const ASK_EVERY_MS = 200;

const CODES: Record<string, StoreCode> = {
  QuotaExceededError: 'STORE_FULL',
  NoModificationAllowedError: 'STORE_LOCKED',
  NotFoundError: 'STORE_MISSING',
};

interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  getSize(): number;
  truncate(bytes: number): void;
  close(): void;
}

/** Why this worker or page cannot keep stores in its private file system; undefined if it can. */
export function opfsObstacle(): string | undefined {
  if (!hasDirectory()) return 'there is no private file system, or the page is not secure';
  const handle = (globalThis as { FileSystemFileHandle?: { prototype: object } })
    .FileSystemFileHandle;
  if (handle !== undefined && 'createSyncAccessHandle' in handle.prototype) return undefined;
  return 'files can be written to at once in dedicated workers only';
}

function hasDirectory(): boolean {
  const { storage } = typeof navigator === 'undefined' ? { storage: undefined } : navigator;
  return typeof storage?.getDirectory === 'function';
}

/** Whether a store of a name is there; pages can ask, too. */
export async function hasOpfs(name: string): Promise<boolean> {
  if (!hasDirectory()) return false;
  try {
    await folderOf(name, false);
    return true;
  } catch {
    return false;
  }
}

/**
 * Opens the store of a name, which need not exist.
 *
 * Rejects with STORE_UNAVAILABLE (not in a dedicated worker, for instance), STORE_LOCKED,
 * STORE_FULL or STORE_IO.
 */
export async function openOpfs(name: string): Promise<FileStorage> {
  const obstacle = opfsObstacle();
  if (obstacle !== undefined) throw storeError('STORE_UNAVAILABLE', obstacle);
  const unlock = await takeWebLock(name);
  try {
    const folder = await folderOf(name, true).catch((error: unknown) => {
      // A full disk apart, this is how browsers refuse the whole file system.
      if ((error as Error).name === 'QuotaExceededError') throw opfsError(error, name);
      throw storeError('STORE_UNAVAILABLE', `the private file system: ${String(error)}`, error);
    });
    return new OpfsFiles(name, folder, await openAll(folder), unlock);
  } catch (error) {
    unlock?.();
    throw opfsError(error, name);
  }
}

async function folderOf(name: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const stores = await root.getDirectoryHandle(FOLDER, { create });
  // Names of files are more particular than names of stores.
  const encoded = encodeURIComponent(name).replace(/[.*]/g, (mark) => ESCAPES[mark] as string);
  return stores.getDirectoryHandle(encoded, { create });
}

const ESCAPES: Record<string, string> = { '.': '%2E', '*': '%2A' };

async function openAll(folder: FileSystemDirectoryHandle): Promise<SyncHandle[]> {
  const attempts = [DATA, LOG].map((file) =>
    openOne(folder, FILE_NAMES[file] as string).then(
      (handle) => ({ handle }),
      (error: unknown) => ({ error }),
    ),
  );
  // All have to end before any can be let go of.
  const results = await Promise.all(attempts);
  const handles = results.flatMap((result) => ('handle' in result ? [result.handle] : []));
  for (const result of results) {
    if (!('error' in result)) continue;
    for (const handle of handles) handle.close();
    throw result.error;
  }
  return handles;
}

async function openOne(folder: FileSystemDirectoryHandle, name: string): Promise<SyncHandle> {
  const file = (await folder.getFileHandle(name, { create: true })) as unknown as {
    createSyncAccessHandle(): Promise<SyncHandle>;
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await file.createSyncAccessHandle();
      if (typeof handle.getSize() === 'number') return handle;
      handle.close();
      throw storeError('STORE_UNAVAILABLE', 'the handles of files answer later (an old browser)');
    } catch (error) {
      const isHeld = (error as Error).name === 'NoModificationAllowedError';
      if (!isHeld || attempt === ATTEMPTS) throw error;
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }
}

class OpfsFiles implements FileStorage {
  readonly kind = 'files';
  readonly medium = 'opfs';
  readonly legacyImage = undefined;
  /** The one object that handles are told places with. */
  private readonly place = { at: 0 };
  private isReleased = false;
  /** The files were deleted: writing to them succeeds, but nobody will find them again. */
  private lost: Error | undefined;
  private askedAt = -Infinity;
  /** Places of spilled pages take sixteen bytes of memory for each page of the store. */
  private readonly index = new Scratch(Infinity, () => undefined);
  private readonly spill = new Scratch(SPILL_MEMORY_BYTES, () => this.spillRest);
  /** Where large transactions go when they outgrow memory; opening it delays nothing else. */
  private readonly spillHandle: Promise<SyncHandle | undefined>;
  private spillRest: Rest | undefined;

  constructor(
    private readonly name: string,
    private readonly folder: FileSystemDirectoryHandle,
    private readonly handles: readonly SyncHandle[],
    private readonly unlock: (() => void) | undefined,
  ) {
    this.spillHandle = this.openSpill();
  }

  private async openSpill(): Promise<SyncHandle | undefined> {
    try {
      const handle = await openOne(this.folder, FILE_NAMES[SPILL]);
      handle.truncate(0); // what a worker that died has left means nothing
      this.spillRest = this.restIn(handle);
      return handle;
    } catch {
      return undefined; // memory has to do
    }
  }

  read(file: number, at: number, into: Uint8Array): number {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.read(at, into);
    return this.readFrom(this.handle(file), at, into);
  }

  write(file: number, at: number, bytes: Uint8Array): void {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.write(at, bytes);
    this.writeTo(this.handle(file), at, bytes);
  }

  sync(file: number): void {
    if (this.scratch(file) === undefined) this.attempt(() => this.handle(file).flush());
  }

  length(file: number): number {
    return this.scratch(file)?.length() ?? this.attempt(() => this.handle(file).getSize());
  }

  setLength(file: number, bytes: number): void {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.setLength(bytes);
    this.attempt(() => this.handle(file).truncate(bytes));
  }

  private readFrom(handle: SyncHandle, at: number, into: Uint8Array): number {
    return this.attempt(() => {
      let done = 0;
      while (done < into.length) {
        this.place.at = at + done;
        const rest = done === 0 ? into : into.subarray(done);
        const count = handle.read(rest, this.place);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  private writeTo(handle: SyncHandle, at: number, bytes: Uint8Array): void {
    this.attempt(() => {
      if (this.lost !== undefined) throw this.lost;
      this.place.at = at;
      const count = handle.write(bytes, this.place);
      if (count === bytes.length) return;
      const details = `${count} of ${bytes.length} bytes found room in '${this.name}'`;
      throw storeError('STORE_FULL', details);
    });
  }

  private scratch(file: number): Scratch | undefined {
    if (file === SPILL) return this.spill;
    return file === INDEX ? this.index : undefined;
  }

  private restIn(handle: SyncHandle): Rest {
    return {
      read: (at, into) => this.readFrom(handle, at, into),
      write: (at, bytes) => this.writeTo(handle, at, bytes),
      length: () => this.attempt(() => handle.getSize()),
      setLength: (bytes) => this.attempt(() => handle.truncate(bytes)),
    };
  }

  /** The handles are closed when it is known that they can be: on release. */
  close(): void {}

  /**
   * The store itself has made durable what it was told to. Browsers do not say when a user clears
   * the data of a site: whether the files are still there has to be asked.
   */
  async flush(): Promise<void> {
    if (this.lost !== undefined) throw this.lost;
    if (Date.now() - this.askedAt >= ASK_EVERY_MS) await this.ask();
  }

  private async ask(): Promise<void> {
    this.askedAt = Date.now();
    try {
      // A site's data goes as a whole: one file speaks for all.
      await this.folder.getFileHandle(FILE_NAMES[LOG]);
    } catch (error) {
      throw (this.lost = opfsError(error, this.name));
    }
  }

  async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    try {
      // The handle of a file that was cleared away cannot be closed: Chromium waits for ever.
      await this.ask();
      const spill = await this.spillHandle;
      spill?.truncate(0); // it means nothing to anyone
      for (const handle of [...this.handles, spill]) handle?.close();
    } finally {
      this.unlock?.();
    }
  }

  private handle(file: number): SyncHandle {
    return this.handles[file] as SyncHandle;
  }

  private attempt<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw opfsError(error, this.name);
    }
  }
}

function opfsError(error: unknown, name: string): Error {
  const { code, name: kind } = (error ?? {}) as { code?: unknown; name?: string };
  if (typeof code === 'string' && code.startsWith('STORE_')) return error as Error;
  return storeError(CODES[kind ?? ''] ?? 'STORE_IO', `'${name}' in OPFS: ${String(error)}`, error);
}
