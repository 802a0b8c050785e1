// A storage in files (Node): the store and its log side by side, locked against others.

import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { lockFile } from './file-lock.js';
import { INDEX_MEMORY_BYTES, Scratch, SPILL_MEMORY_BYTES, type Rest } from './scratch.js';
import { DATA, INDEX, LOG, SPILL, storeError } from './storage.js';
import type { FileStorage, StoreCode } from './storage.js';

/** What files are called that lie beside the store's own (`docs/format.md`). */
const LOG_SUFFIX = '-log';
const INDEX_SUFFIX = '-index';
const SPILL_SUFFIX = '-spill';
/** The store while it takes the place of an image that an earlier version left. */
const NEW_SUFFIX = '-new';
/** The same by the number of the file. */
const SUFFIXES = ['', LOG_SUFFIX, INDEX_SUFFIX, SPILL_SUFFIX];

/** How the images of earlier versions begin. */
const IMAGE_MAGIC = Uint8Array.of(0x89, 0x4d, 0x4f, 0x4f, 0x4e, 0x0d, 0x0a, 0x00);

/** Codes of the system that are more than trouble with input or output. */
const CODES: Record<string, StoreCode> = {
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
  EFBIG: 'STORE_FULL',
  EROFS: 'STORE_READ_ONLY',
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
  ENOENT: 'STORE_MISSING',
  ENOTDIR: 'STORE_MISSING',
  EISDIR: 'STORE_FOREIGN',
};

/**
 * Opens the store in the file of a path, which need not exist; its folder has to.
 *
 * Rejects with STORE_LOCKED (the message names the holder), STORE_MISSING, STORE_READ_ONLY,
 * STORE_FOREIGN (a folder), STORE_FULL or STORE_IO.
 */
export async function openFile(path: string): Promise<FileStorage> {
  const place = resolve(path);
  const unlock = await lockFile(place).catch((error: unknown) => {
    throw fileError(error, place);
  });
  try {
    return new Files(place, unlock);
  } catch (error) {
    unlock();
    throw fileError(error, place);
  }
}

class Files implements FileStorage {
  readonly kind = 'files';
  readonly medium = 'file';
  readonly legacyImage: Uint8Array | undefined;
  /** Where the pages are: not at the store's own path while an image lies there. */
  private dataPath: string;
  private readonly descriptors: (number | undefined)[] = [];
  private readonly index: Scratch;
  private readonly spill: Scratch;
  private open = true;

  constructor(
    private readonly path: string,
    private readonly unlock: () => void,
  ) {
    this.index = new Scratch(INDEX_MEMORY_BYTES, () => this.rest(INDEX));
    this.spill = new Scratch(SPILL_MEMORY_BYTES, () => this.rest(SPILL));
    const isNew = !fs.existsSync(path) || !fs.existsSync(path + LOG_SUFFIX);
    this.legacyImage = readImage(path);
    this.dataPath = this.legacyImage === undefined ? path : path + NEW_SUFFIX;
    try {
      this.descriptors[DATA] = openOrCreate(this.dataPath);
      this.descriptors[LOG] = openOrCreate(path + LOG_SUFFIX);
      // Without a log no commit has been made, and what lies there is left over.
      if (this.legacyImage !== undefined && this.length(LOG) === 0) this.setLength(DATA, 0);
      if (isNew) syncFolder(dirname(path));
    } catch (error) {
      this.closeAll();
      throw error;
    }
  }

  read(file: number, at: number, into: Uint8Array): number {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.read(at, into);
    return this.attempt(file, () => readAll(this.descriptor(file), at, into));
  }

  write(file: number, at: number, bytes: Uint8Array): void {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.write(at, bytes);
    if (file === LOG) this.checkExistence();
    this.attempt(file, () => writeAll(this.descriptor(file), at, bytes));
  }

  sync(file: number): void {
    if (this.scratch(file) !== undefined) return;
    this.attempt(file, () => {
      fs.fdatasyncSync(this.descriptor(file));
      if (file === DATA) this.replaceImage();
    });
  }

  length(file: number): number {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.length();
    return this.attempt(file, () => fs.fstatSync(this.descriptor(file)).size);
  }

  setLength(file: number, bytes: number): void {
    const scratch = this.scratch(file);
    if (scratch !== undefined) return scratch.setLength(bytes);
    this.attempt(file, () => fs.ftruncateSync(this.descriptor(file), bytes));
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    const made = [INDEX, SPILL].filter((file) => this.descriptors[file] !== undefined);
    this.closeAll();
    // They mean nothing to anyone.
    for (const file of made) fs.rmSync(this.pathOf(file), { force: true });
    this.unlock();
  }

  /** The store has made everything durable that it was told to: it writes its own log. */
  async flush(): Promise<void> {}

  async release(): Promise<void> {
    this.close();
  }

  private scratch(file: number): Scratch | undefined {
    if (file === SPILL) return this.spill;
    return file === INDEX ? this.index : undefined;
  }

  /** The part of a large transaction that is too large for memory. */
  private rest(file: number): Rest {
    const descriptor = this.attempt(file, () => {
      if (!this.open) throw storeError('STORE_IO', `${this.pathOf(file)} is closed`);
      // What a process that died has left means nothing.
      return fs.openSync(this.pathOf(file), 'w+', 0o666);
    });
    this.descriptors[file] = descriptor;
    return {
      read: (at, into) => this.attempt(file, () => readAll(descriptor, at, into)),
      write: (at, bytes) => this.attempt(file, () => writeAll(descriptor, at, bytes)),
      length: () => this.attempt(file, () => fs.fstatSync(descriptor).size),
      setLength: (bytes) => this.attempt(file, () => fs.ftruncateSync(descriptor, bytes)),
    };
  }

  private descriptor(file: number): number {
    const open = this.descriptors[file];
    if (open === undefined) throw storeError('STORE_IO', `${this.pathOf(file)} is closed`);
    return open;
  }

  private pathOf(file: number): string {
    if (file === DATA) return this.dataPath;
    return this.path + (SUFFIXES[file] as string);
  }

  /** A commit must not go to files that nobody will find again. */
  private checkExistence(): void {
    for (const file of [DATA, LOG]) {
      const descriptor = this.descriptors[file];
      if (descriptor === undefined) continue;
      if (this.attempt(file, () => fs.fstatSync(descriptor).nlink) > 0) continue;
      throw storeError('STORE_MISSING', `${this.pathOf(file)} was deleted while it was open`);
    }
  }

  /**
   * The pages take the place of an earlier version's image once they are durable. Until then the
   * log holds every commit, and the next open begins with an empty file and that log.
   */
  private replaceImage(): void {
    if (this.dataPath === this.path) return;
    fs.renameSync(this.dataPath, this.path);
    this.dataPath = this.path;
    syncFolder(dirname(this.path));
  }

  private closeAll(): void {
    for (const descriptor of this.descriptors) {
      if (descriptor !== undefined) fs.closeSync(descriptor);
    }
    this.descriptors.length = 0;
  }

  private attempt<T>(file: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw fileError(error, this.pathOf(file));
    }
  }
}

function readAll(descriptor: number, at: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const count = fs.readSync(descriptor, into, done, into.length - done, at + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function writeAll(descriptor: number, at: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    done += fs.writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  }
}

/** The image of an earlier version, if that is what the file is. */
function readImage(path: string): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const start = new Uint8Array(IMAGE_MAGIC.length);
    const count = fs.readSync(descriptor, start, 0, start.length, 0);
    if (count < start.length || start.some((byte, at) => byte !== IMAGE_MAGIC[at])) {
      return undefined;
    }
    return new Uint8Array(fs.readFileSync(path));
  } finally {
    fs.closeSync(descriptor);
  }
}

function openOrCreate(path: string): number {
  return fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o666);
}

/** Makes new names in a folder durable. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function fileError(error: unknown, path: string): Error {
  const code = codeOf(error);
  if (code.startsWith('STORE_')) return error as Error;
  const words = error instanceof Error ? error.message : String(error);
  const details = words.includes(path) ? words : `${path}: ${words}`;
  return storeError(CODES[code] ?? 'STORE_IO', details, error);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code);
}
