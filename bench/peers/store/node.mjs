// Measures one store under Node: node dist/node.mjs SUBJECT RECORDS ROUNDS FOLDER, once built.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { openFile } from '../../../js/src/storage/file.ts';
import { openMemory } from '../../../js/src/storage/memory.ts';
import { version } from '../../../js/package.json';
import { COMMIT_BYTES, LOG_ROUND_BYTES } from './floor.mjs';
import { openLoki } from './loki.mjs';
import { openMap } from './map.mjs';
import { openMoonkeep } from './moonkeep.mjs';
import { openSqliteMemory } from './sqlite.mjs';
import { measure } from './suite.mjs';

const [subject, records, rounds, folder] = process.argv.slice(2);
const wasm = new WebAssembly.Module(fs.readFileSync('target/store-module/store.wasm'));
const place = (name) => join(folder, name);
const moonkeep = (storage) => openMoonkeep(wasm, `Moonkeep ${version}`, storage);

const kinds = {
  'moonkeep-memory': { open: () => moonkeep(async () => openMemory()) },
  'moonkeep-file': {
    open: (name) => moonkeep(() => openFile(place(name))),
    drop: (name) => {
      for (const end of ['', '-log', '-index', '-lock']) {
        fs.rmSync(place(name) + end, { force: true });
      }
    },
    persistent: true,
  },
  'sqlite-memory': { open: openSqliteMemory },
  loki: { open: openLoki },
  map: { open: openMap },
};

const host = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  wall: () => performance.now(),
  async floor(_medium, name) {
    const path = place(`${name}-raw`);
    const file = fs.openSync(path, 'w');
    fs.writeSync(file, new Uint8Array(LOG_ROUND_BYTES));
    fs.fsyncSync(file);
    const bytes = new Uint8Array(COMMIT_BYTES).fill(7);
    let at = 0;
    return {
      write() {
        if (at + bytes.length > LOG_ROUND_BYTES) at = 0;
        fs.writeSync(file, bytes, 0, bytes.length, at);
        fs.fdatasyncSync(file);
        at += bytes.length;
      },
      close() {
        fs.closeSync(file);
        fs.rmSync(path);
      },
    };
  },
};

const kind = kinds[subject];
if (kind === undefined) throw new Error(`no store '${subject}'`);
fs.mkdirSync(folder, { recursive: true });
console.log(JSON.stringify(await measure(kind, Number(records), Number(rounds), host)));
