// A storage in memory: it ends with the page or the process.

import { ResidentPages } from './resident.js';
import { PAGE_BYTES, type PageStorage } from './storage.js';

const EXTENT_BYTES = 65536;

/** An empty storage in memory. Every commit is durable at once, as far as memory is. */
export function openMemory(): PageStorage {
  const resident = new ResidentPages(PAGE_BYTES, EXTENT_BYTES);
  const changed = new Set<number>();
  let ticket = 0;
  return {
    kind: 'pages',
    medium: 'memory',
    legacyImage: undefined,
    read: (page, view, into) => resident.read(page, view, into),
    stage: (page, bytes) => resident.stage(page, bytes),
    commit: (pages) => {
      resident.commit(pages, changed);
      changed.clear();
      return ++ticket;
    },
    abort: () => resident.abort(),
    length: () => ({
      pageBytes: PAGE_BYTES,
      pages: resident.pages,
      handedOver: ticket,
      durable: ticket,
    }),
    close: () => undefined,
    flush: async () => undefined,
    release: async () => undefined,
  };
}
