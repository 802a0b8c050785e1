// What a durable commit writes at the least; bench/src/store/floor.rs has the same numbers.

/** A commit of one changed value to the log: two pages with their heads, and its own record. */
export const COMMIT_BYTES = 2 * (4096 + 24) + 24;
/** Where the log is started over. */
export const LOG_ROUND_BYTES = 1024 * 1024;
/** The same commit to IndexedDB: the extent of one page, of so many, and the other by itself. */
export const EXTENT_PAGES = 65536 / 4096;
