// A store in a file (Node): replaced as a whole, locked against a second process.

import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MoonkeepError } from './error.js';
import type { Store } from './store.js';

/** Opens the file at a path, which need not exist. */
export async function openFileStore(path: string): Promise<Store> {
  const lock = `${path}.lock`;
  await takeLock(lock, path);
  return {
    load: async () => {
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    save: (image) => replace(path, image),
    close: () => rm(lock, { force: true }),
  };
}

/** A reader sees the old file or the new one, also after a loss of power. */
async function replace(path: string, image: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(image);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes the new name durable; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'EISDIR'].includes(codeOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

/** The lock is a file with the number of the process that holds it. */
async function takeLock(lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && isAlive(owner)) break;
    await rm(lock, { force: true }); // its owner died
  }
  throw new MoonkeepError('STORE_LOCKED', `${path} is in use by another process or machine`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
