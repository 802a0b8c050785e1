// The contract of a storage, checked on whatever an adapter opens: in Node, pages and workers.

import { SPILL_MEMORY_BYTES } from '../../src/storage/scratch.js';
import {
  COMMITTED,
  CURRENT,
  DATA,
  INDEX,
  LOG,
  RELAXED,
  SPILL,
  STRICT,
  type FileStorage,
  type HostStorage,
  type PageStorage,
} from '../../src/storage/storage.js';

/** A way to open a storage. */
export interface Adapter {
  /** Opens an empty storage; what earlier ones held is gone. */
  fresh(): Promise<HostStorage>;
  /** Opens what the last one left; absent where nothing outlives it. */
  again?: () => Promise<HostStorage>;
}

type Check<S> = (storage: S, again: (() => Promise<S>) | undefined) => Promise<boolean>;

/** The first part of the contract that an adapter breaks, or undefined. */
export async function brokenPart(adapter: Adapter): Promise<string | undefined> {
  const probe = await adapter.fresh();
  await end(probe);
  const checks = probe.kind === 'files' ? FILES : PAGES;
  for (const [what, check] of Object.entries(checks)) {
    try {
      const storage = await adapter.fresh();
      if (!(await check(storage as never, adapter.again as never))) return what;
    } catch (error) {
      return `${what}: ${String(error)}`;
    }
  }
  return undefined;
}

const SCRATCH_FIRST = 2 ** 31;

async function end(storage: HostStorage): Promise<void> {
  storage.close();
  await storage.release();
}

function stage(storage: PageStorage, page: number, fill: number): void {
  storage.stage(page, new Uint8Array(storage.length().pageBytes).fill(fill));
}

function holds(storage: PageStorage, page: number, view: number, fill: number): boolean {
  const bytes = new Uint8Array(storage.length().pageBytes).fill(fill ^ 255);
  storage.read(page, view, bytes);
  return bytes.every((byte) => byte === fill);
}

function refuses(storage: PageStorage, page: number, view: number): boolean {
  try {
    storage.read(page, view, new Uint8Array(storage.length().pageBytes));
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'STORE_CORRUPT';
  }
}

const PAGES: Record<string, Check<PageStorage>> = {
  'an empty storage has no pages': async (storage) => {
    const { pages, handedOver, durable } = storage.length();
    const sound = pages === 0 && handedOver === durable && refuses(storage, 0, COMMITTED);
    await end(storage);
    return sound;
  },

  'staged pages are seen by the current view alone': async (storage) => {
    let sound = true;
    for (let page = 0; page < 100; page++) stage(storage, page, 1);
    storage.commit(100, STRICT);
    for (let page = 0; page < 100; page += 2) stage(storage, page, 2);
    for (let page = 0; page < 100; page += 4) stage(storage, page, 3);
    stage(storage, SCRATCH_FIRST + 5, 4);
    for (let page = 0; page < 100; page++) {
      sound &&= holds(storage, page, CURRENT, [3, 1, 2, 1][page % 4] as number);
      sound &&= holds(storage, page, COMMITTED, 1);
    }
    sound &&= holds(storage, SCRATCH_FIRST + 5, CURRENT, 4);
    sound &&= refuses(storage, SCRATCH_FIRST + 5, COMMITTED);
    storage.abort();
    sound &&= refuses(storage, SCRATCH_FIRST + 5, CURRENT) && holds(storage, 4, CURRENT, 1);
    await end(storage);
    return sound;
  },

  'a commit ends where it says, and what lies beyond comes back as zeros': async (storage) => {
    for (let page = 0; page < 70; page++) stage(storage, page, 1);
    storage.commit(60, STRICT);
    let sound = storage.length().pages === 60 && refuses(storage, 60, CURRENT);
    storage.commit(5, STRICT);
    sound &&= storage.length().pages === 5 && refuses(storage, 5, COMMITTED);
    stage(storage, 39, 2);
    storage.commit(40, RELAXED);
    sound &&= holds(storage, 4, CURRENT, 1) && holds(storage, 5, CURRENT, 0);
    sound &&= holds(storage, 39, COMMITTED, 2) && holds(storage, 20, COMMITTED, 0);
    await end(storage);
    return sound;
  },

  'tickets ascend, and are durable after a flush': async (storage) => {
    let sound = true;
    for (let round = 1; round < 10; round++) {
      stage(storage, 0, round);
      const ticket = storage.commit(1, round % 2);
      const { handedOver, durable } = storage.length();
      sound &&= ticket === round && handedOver === round && durable <= round;
    }
    await storage.flush();
    sound &&= storage.length().durable === 9;
    await end(storage);
    return sound;
  },

  'what was committed outlives the storage, as it was at the last commit': async (
    storage,
    again,
  ) => {
    for (let round = 1; round <= 20; round++) {
      for (let page = round; page < 40; page++) stage(storage, page, round);
      storage.commit(60 - round, round % 2);
    }
    stage(storage, 3, 99);
    await end(storage);
    if (again === undefined) return true;
    const next = await again();
    let sound = next.length().pages === 40;
    for (let page = 1; page < 40; page++) {
      sound &&= holds(next, page, CURRENT, Math.min(page, 20));
    }
    await end(next);
    return sound;
  },
};

function bytesAt(storage: FileStorage, file: number, at: number, length: number): number[] {
  const into = new Uint8Array(length).fill(255);
  const count = storage.read(file, at, into);
  return [...into.subarray(0, count)];
}

function equal(left: number[], right: number[]): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

const FILES: Record<string, Check<FileStorage>> = {
  'files that nobody has written to are empty': async (storage) => {
    let sound = true;
    for (const file of [DATA, LOG, INDEX, SPILL]) {
      sound &&= storage.length(file) === 0 && bytesAt(storage, file, 0, 4).length === 0;
      sound &&= bytesAt(storage, file, 4096, 4).length === 0;
    }
    await end(storage);
    return sound;
  },

  'a read sees the last write, in each file apart': async (storage) => {
    for (const file of [DATA, LOG, INDEX, SPILL]) {
      storage.write(file, 0, Uint8Array.of(1, 2, 3, 4, 5).fill(file + 1, 0, 2));
      storage.write(file, 2, Uint8Array.of(9));
    }
    let sound = true;
    for (const file of [DATA, LOG, INDEX, SPILL]) {
      sound &&= equal(bytesAt(storage, file, 0, 8), [file + 1, file + 1, 9, 4, 5]);
      sound &&= equal(bytesAt(storage, file, 1, 3), [file + 1, 9, 4]);
    }
    await end(storage);
    return sound;
  },

  'zeros lie between the old end and a later write': async (storage) => {
    storage.write(DATA, 0, Uint8Array.of(1));
    storage.write(DATA, 5000, Uint8Array.of(2));
    let sound = storage.length(DATA) === 5001 && equal(bytesAt(storage, DATA, 0, 2), [1, 0]);
    sound &&= equal(bytesAt(storage, DATA, 4999, 5), [0, 2]);
    await end(storage);
    return sound;
  },

  'what a large transaction outgrows memory with is as one file': async (storage) => {
    for (const file of [INDEX, SPILL]) {
      const large = new Uint8Array(SPILL_MEMORY_BYTES).map((_, at) => at % 251);
      storage.write(file, 5, large);
      storage.write(file, SPILL_MEMORY_BYTES - 1, Uint8Array.of(1, 2, 3));
    }
    let sound = true;
    for (const file of [INDEX, SPILL]) {
      const end = SPILL_MEMORY_BYTES;
      sound &&= storage.length(file) === end + 5;
      sound &&= equal(bytesAt(storage, file, 4, 3), [0, 0, 1]);
      const rest = [(end - 7) % 251, 1, 2, 3, (end - 3) % 251, (end - 2) % 251, (end - 1) % 251];
      sound &&= equal(bytesAt(storage, file, end - 2, 9), rest);
      storage.setLength(file, 0);
      sound &&= storage.length(file) === 0 && bytesAt(storage, file, 4, 3).length === 0;
      storage.write(file, end + 1, Uint8Array.of(9));
      sound &&= equal(bytesAt(storage, file, end - 1, 9), [0, 0, 9]);
    }
    await end(storage);
    return sound;
  },

  'a length is set both ways': async (storage) => {
    storage.write(LOG, 0, Uint8Array.of(1, 2, 3, 4));
    storage.setLength(LOG, 2);
    let sound = storage.length(LOG) === 2 && equal(bytesAt(storage, LOG, 0, 9), [1, 2]);
    storage.setLength(LOG, 4);
    sound &&= equal(bytesAt(storage, LOG, 0, 9), [1, 2, 0, 0]);
    storage.sync(LOG);
    storage.setLength(LOG, 0);
    sound &&= storage.length(LOG) === 0;
    await end(storage);
    return sound;
  },

  'what was written outlives the storage': async (storage, again) => {
    const large = new Uint8Array(300_000).map((_, at) => at % 251);
    storage.write(DATA, 100, large);
    storage.write(LOG, 0, Uint8Array.of(7));
    storage.sync(DATA);
    storage.sync(LOG);
    await end(storage);
    if (again === undefined) return true;
    const next = await again();
    let sound = next.length(DATA) === 300_100 && next.length(LOG) === 1;
    const into = new Uint8Array(large.length);
    sound &&= next.read(DATA, 100, into) === into.length;
    sound &&= into.every((byte, at) => byte === large[at]) && next.length(INDEX) === 0;
    await end(next);
    return sound;
  },
};
