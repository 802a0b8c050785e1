// What a database says of the store in it: its record, made, checked and compared.

import { randomName } from './database.js';
import { storeError } from './storage.js';
import type { MoonkeepError } from '../error.js';

/** Format of the records that are written. */
export const FORMAT = 2 as const;
const PAGE_BYTES_MIN = 256;

/** What the database says of the store in it, under the key `STORE`. */
export interface StoreRecord {
  /** 1 was without the header. */
  format: 1 | 2;
  /** Made at random with the store, so that another one is told apart. */
  id: string;
  pageBytes: number;
  extentBytes: number;
  pages: number;
  /** Page 0, which every commit changes; its place in the first extent is not kept up to date. */
  header?: Uint8Array;
  /** How many commits have been written. */
  commit: number;
  /** Made at random by whoever has the store open and wrote the last one. */
  writer: string;
}

/** The record of a store that nothing was committed to. */
export function newRecord(pageBytes: number, extentBytes: number): StoreRecord {
  const id = randomName();
  return { format: FORMAT, id, writer: '', commit: 0, pageBytes, extentBytes, pages: 0 };
}

/** Throws STORE_NEWER_VERSION or STORE_CORRUPT for a record that cannot be taken as it is. */
export function checkRecord(record: StoreRecord, name: string): void {
  if (record.format !== 1 && record.format !== FORMAT) {
    throw storeError('STORE_NEWER_VERSION', `the database of '${name}' has another format`);
  }
  const { format, pageBytes, extentBytes, pages, header } = record;
  const counts = [pageBytes, extentBytes, pages].every((count) => Number.isInteger(count));
  const fits = pageBytes >= PAGE_BYTES_MIN && extentBytes % pageBytes === 0 && pages >= 0;
  const headerBytes = format === FORMAT && pages > 0 ? pageBytes : 0;
  const isWhole = (header?.length ?? 0) === headerBytes;
  if (!counts || !fits || !isWhole) {
    throw storeError('STORE_CORRUPT', `the database of '${name}' contradicts itself`);
  }
}

/** What is wrong if the database holds `found`, where `writer` wrote `last` as the newest. */
export function strangerTo(
  last: StoreRecord,
  writer: string,
  found: StoreRecord | undefined,
  name: string,
): MoonkeepError | undefined {
  // One from here may have been written although the browser reported trouble.
  const isOurs = found?.writer === writer;
  const isLast = last.commit === 0 ? found === undefined : found?.id === last.id;
  if (isOurs || (isLast && (found?.commit ?? 0) === last.commit)) return undefined;
  if (found === undefined) {
    return storeError('STORE_MISSING', `the database of '${name}' was emptied`);
  }
  return storeError('STORE_LOCKED', `another tab has written to '${name}'`);
}
