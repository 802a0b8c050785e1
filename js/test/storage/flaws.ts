// Storages with one flaw each: a suite that does not find it out is worth nothing.

import type { FileStorage, HostStorage, PageStorage } from '../../src/storage/storage.js';

type Flaw<S> = (storage: S) => Partial<S>;

const PAGE_FLAWS: Record<string, Flaw<PageStorage>> = {
  'an abort keeps what was staged': () => ({ abort: () => undefined }),
  'the committed view sees what is staged': (storage) => ({
    read: (page, _view, into) => storage.read(page, 0, into),
  }),
  'the current view does not see what is staged': (storage) => ({
    read: (page, _view, into) => storage.read(page, 1, into),
  }),
  'pages stay beyond the end': (storage) => ({
    commit: (pages, durability) => storage.commit(pages + 1, durability),
    length: () => ({ ...storage.length(), pages: Math.max(0, storage.length().pages - 1) }),
  }),
  'tickets stand still': (storage) => ({
    commit: (pages, durability) => Math.min(1, storage.commit(pages, durability)),
  }),
  'the bytes are not copied': (storage) => {
    const shared = new Uint8Array(storage.length().pageBytes);
    return {
      stage: (page, bytes) => {
        shared.set(bytes);
        storage.stage(page, shared);
      },
      read: (page, view, into) => {
        storage.read(page, view, into);
        if (view === 0) into.set(shared);
      },
    };
  },
};

const FILE_FLAWS: Record<string, Flaw<FileStorage>> = {
  'all files are one': (storage) => ({
    write: (_file, at, bytes) => storage.write(0, at, bytes),
    read: (_file, at, into) => storage.read(0, at, into),
    length: () => storage.length(0),
  }),
  'a read gives as many bytes as asked for': (storage) => ({
    read: (file, at, into) => {
      storage.read(file, at, into);
      return into.length;
    },
  }),
  'writes append': (storage) => ({
    write: (file, _at, bytes) => storage.write(file, storage.length(file), bytes),
  }),
  'a file is never cut off': (storage) => ({
    setLength: (file, bytes) => storage.setLength(file, Math.max(bytes, storage.length(file))),
  }),
  'a file is never lengthened': (storage) => ({
    setLength: (file, bytes) => storage.setLength(file, Math.min(bytes, storage.length(file))),
  }),
  'the last byte of a write is lost': (storage) => ({
    write: (file, at, bytes) => storage.write(file, at, bytes.subarray(0, bytes.length - 1)),
  }),
};

/** The names of the flaws that a kind of storage can have. */
export function flawsOf(kind: HostStorage['kind']): string[] {
  return Object.keys(kind === 'files' ? FILE_FLAWS : PAGE_FLAWS);
}

/** A storage with this one is as it was: what remains is the way in which flaws are brought in. */
export const NO_FLAW = 'none';

/** The same storage, with a flaw. */
export function flawed(storage: HostStorage, flaw: string): HostStorage {
  const flaws = storage.kind === 'files' ? FILE_FLAWS : PAGE_FLAWS;
  const change = flaws[flaw] as Flaw<HostStorage> | undefined;
  if (change === undefined && flaw !== NO_FLAW) throw new Error(`there is no flaw '${flaw}'`);
  const changes = change?.(storage) ?? {};
  return new Proxy(storage, {
    get: (target, name) => {
      const changed = (changes as Record<PropertyKey, unknown>)[name];
      if (changed !== undefined) return changed;
      const value = (target as unknown as Record<PropertyKey, unknown>)[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
