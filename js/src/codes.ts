// The codes of errors, as `crates/wasm/src/failure.rs` lists them; a test there compares the two.

export const ERROR_CODES = [
  'LUA_EXECUTION_ERROR',
  'LUA_SYNTAX_ERROR',
  'MEMORY_LIMIT',
  'FUEL_EXHAUSTED',
  'TIMEOUT',
  'CANCELLED',
  'CONVERSION_FAILED',
  'INVALID_INPUT',
  'BUSY',
  'NOT_INITIALIZED',
  'WASM_LOAD_FAILED',
  'SAVE_STATE_FAILED',
  'LOAD_STATE_FAILED',
  'STORE_LOCKED',
  'STORE_IO',
  'STORE_FULL',
  'STORE_READ_ONLY',
  'STORE_MISSING',
  'STORE_CORRUPT',
  'STORE_FOREIGN',
  'STORE_NEWER_VERSION',
  'STORE_UNAVAILABLE',
  'STORE_POISONED',
  'INTERNAL_ERROR',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
