// Measures one store in a worker of a browser, for the message that chromium.mjs sends.
import { openIndexedDb } from '../../../js/src/storage/indexeddb.ts';
import { openMemory } from '../../../js/src/storage/memory.ts';
import { openOpfs } from '../../../js/src/storage/opfs.ts';
import { version } from '../../../js/package.json';
import { dropDexie, openDexie } from './dexie.mjs';
import { COMMIT_BYTES, EXTENT_PAGES, LOG_ROUND_BYTES } from './floor.mjs';
import { openLoki } from './loki.mjs';
import { openMap } from './map.mjs';
import { openMoonkeep } from './moonkeep.mjs';
import { dropSqliteOpfs, openSqliteMemory, openSqliteOpfs } from './sqlite.mjs';
import { measure } from './suite.mjs';

let wasm;
const moonkeep = (storage) => openMoonkeep(wasm, `Moonkeep ${version}`, storage);

// Every round has a name of its own, so that nothing has to be dropped in between: the profile is
// thrown away at the end.
let series = 0;
const names = new Map();
const fresh = {
  drop: (name) => void names.set(name, `${name}-${series++}`),
};
const place = (name) => names.get(name) ?? name;

const kinds = {
  'moonkeep-memory': { open: () => moonkeep(async () => openMemory()) },
  'moonkeep-opfs': {
    ...fresh,
    open: (name) => moonkeep(() => openOpfs(place(name))),
    medium: 'opfs',
    persistent: true,
  },
  'moonkeep-indexeddb': {
    ...fresh,
    open: (name) => moonkeep(() => openIndexedDb(place(name))),
    medium: 'indexeddb',
    persistent: true,
  },
  'sqlite-memory': { open: openSqliteMemory },
  'sqlite-opfs': {
    open: openSqliteOpfs,
    drop: dropSqliteOpfs,
    medium: 'opfs',
    persistent: true,
  },
  dexie: { open: openDexie, drop: dropDexie, medium: 'indexeddb', persistent: true },
  loki: { open: openLoki },
  map: { open: openMap },
};

const host = {
  cpu: () => performance.now(),
  wall: () => performance.now(),
  floor: (medium, _name, subject) => (medium === 'opfs' ? opfsFloor() : indexedDbFloor(subject)),
};

async function opfsFloor() {
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle('raw', { create: true });
  const handle = await file.createSyncAccessHandle();
  handle.write(new Uint8Array(LOG_ROUND_BYTES), { at: 0 });
  handle.flush();
  const bytes = new Uint8Array(COMMIT_BYTES).fill(7);
  let at = 0;
  return {
    write() {
      if (at + bytes.length > LOG_ROUND_BYTES) at = 0;
      handle.write(bytes, { at });
      handle.flush();
      at += bytes.length;
    },
    close: () => handle.close(),
  };
}

/** Browsers compress what they store, so that the bytes have to be those of the store itself. */
async function indexedDbFloor(subject) {
  if (subject.pages === undefined) return undefined;
  const header = subject.pages(0, 1);
  const extents = [0, 1].map((extent) => subject.pages(extent * EXTENT_PAGES, EXTENT_PAGES));
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('raw', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('raw');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let turn = 0;
  return {
    write: () =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction('raw', 'readwrite', { durability: 'strict' });
        const raw = transaction.objectStore('raw');
        turn = 1 - turn;
        raw.put(extents[turn], turn);
        raw.put(header, 'header');
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
        transaction.commit();
      }),
    close: () => database.close(),
  };
}

self.onmessage = async ({ data: { subject, records, rounds } }) => {
  try {
    wasm = await WebAssembly.compileStreaming(fetch('/store.wasm'));
    const kind = kinds[subject];
    if (kind === undefined) throw new Error(`no store '${subject}'`);
    self.postMessage({ result: await measure(kind, records, rounds, host) });
  } catch (error) {
    self.postMessage({ error: String(error.stack ?? error) });
  }
};
