// Commits that can be told apart, and seen to be whole: each sets entries all over the store.

import type { OpenStore } from './open-store.js';

/** Keys that every commit sets to its number. */
const PARTS = 6;
/** Entries between them, so that they are on different pages. */
const PADDING = 3000;

function keyOf(entry: number): string {
  return String(entry).padStart(6, '0');
}

/** The store, with the entries between; it keeps what it has. */
export function padded(store: OpenStore): OpenStore {
  if (store.get('number') !== undefined) return store;
  const entries: Record<string, string> = {};
  for (let entry = 0; entry < PARTS * PADDING; entry++) entries[keyOf(entry)] = 'padding';
  store.put({ ...entries, ...entriesOf(0) });
  return store;
}

/** The entries of a commit; `extra` is so many characters that it adds for good. */
export function entriesOf(number: number, extra = 0): Record<string, string> {
  const entries: Record<string, string> = { number: String(number) };
  for (let part = 0; part < PARTS; part++) entries[keyOf(part * PADDING)] = String(number);
  if (extra > 0) entries[`extra-${number}`] = 'x'.repeat(extra);
  return entries;
}

/** The number of the last commit in a store; NaN if only a part of it is there. */
export function numberIn(store: OpenStore): number {
  const number = store.get('number');
  for (let part = 0; part < PARTS; part++) {
    if (store.get(keyOf(part * PADDING)) !== number) return NaN;
  }
  return Number(number);
}
