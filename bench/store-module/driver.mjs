// Drives the module of the store alone; the same in Node and in browsers.

const UNBOUNDED = 0xffffffff;

/** What the figures of a store are, in their order. */
const FIGURES = [
  'transaction',
  'entries',
  'depth',
  'pages',
  'freePages',
  'pageBytes',
  'frames',
  'hits',
  'misses',
  'durable',
];

/** One open module. Keys and values are byte arrays; what comes back is a copy, but for `view`. */
export class StoreModule {
  /** `imports` is the object that the border makes for a storage; see `docs/abi.md`. */
  static async open(module, imports) {
    const instance = await WebAssembly.instantiate(module, imports);
    return new StoreModule(instance.exports);
  }

  constructor(exports) {
    this.exports = exports;
    this.memory = exports.memory;
    this.address = exports.store_buffer(4096);
    this.room = 4096;
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  /** The memory as bytes, made anew only when it has grown. */
  view() {
    if (this.bytes.buffer !== this.memory.buffer) this.bytes = new Uint8Array(this.memory.buffer);
    return this.bytes;
  }

  /** Lays a key, and what belongs to it, into the module. */
  lay(first, second) {
    const length = first.length + (second === undefined ? 0 : second.length);
    if (length > this.room) {
      this.address = this.exports.store_buffer(length);
      this.room = length;
    }
    const view = this.view();
    view.set(first, this.address);
    if (second !== undefined) view.set(second, this.address + first.length);
  }

  /** The result of the last call; a view that the next call invalidates. */
  result() {
    const start = this.exports.store_result();
    return this.view().subarray(start, start + this.exports.store_result_length());
  }

  check(answer) {
    if (answer !== -1) return answer;
    const [code, message] = new TextDecoder().decode(this.result()).split('\0');
    throw Object.assign(new Error(message), { code });
  }

  openStore({ kind, cacheBytes = 262144, pageBytes = 0, bufferPages = 0, checkpointBytes = 0 }) {
    const files = kind === 'files' ? 1 : 0;
    const { store_open: open } = this.exports;
    this.check(open(files, cacheBytes, pageBytes, bufferPages, checkpointBytes));
  }

  /** Whether the key is there; its value is then the result. */
  find(key) {
    this.lay(key);
    return this.check(this.exports.store_get(key.length)) >= 0;
  }

  get(key) {
    return this.find(key) ? this.result().slice() : undefined;
  }

  put(key, value) {
    this.lay(key, value);
    return this.check(this.exports.store_put(key.length, value.length)) === 1;
  }

  delete(key) {
    this.lay(key);
    return this.check(this.exports.store_delete(key.length)) === 1;
  }

  deleteRange(low, high) {
    this.lay(low, high);
    const bound = high === undefined ? UNBOUNDED : high.length;
    return this.check(this.exports.store_delete_range(low.length, bound));
  }

  /** Reads up to `most` entries; how many. They are the result, one after the other. */
  range(low, high, most) {
    this.lay(low, high);
    const bound = high === undefined ? UNBOUNDED : high.length;
    return this.check(this.exports.store_range(low.length, bound, most));
  }

  /** The entries of the last call that reads some, as pairs of copies. */
  entries() {
    const bytes = this.result();
    const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const entries = [];
    for (let at = 0; at < bytes.length; ) {
      const key = at + 8;
      const value = key + numbers.getUint32(at, true);
      const end = value + numbers.getUint32(at + 4, true);
      entries.push([bytes.slice(key, value), bytes.slice(value, end)]);
      at = end;
    }
    return entries;
  }

  first() {
    return this.check(this.exports.store_first()) === 1;
  }

  last() {
    return this.check(this.exports.store_last()) === 1;
  }

  seek(key) {
    this.lay(key);
    return this.check(this.exports.store_seek(key.length)) === 1;
  }

  next() {
    return this.check(this.exports.store_next()) === 1;
  }

  previous() {
    return this.check(this.exports.store_previous()) === 1;
  }

  begin() {
    this.check(this.exports.store_begin());
  }

  /** The ticket. */
  commit(relaxed = false) {
    return this.check(this.exports.store_commit(relaxed ? 1 : 0));
  }

  rollback() {
    this.check(this.exports.store_rollback());
  }

  savepoint() {
    return this.check(this.exports.store_savepoint());
  }

  release(savepoint) {
    this.check(this.exports.store_release(savepoint));
  }

  rollbackTo(savepoint) {
    this.check(this.exports.store_rollback_to(savepoint));
  }

  flush() {
    return this.check(this.exports.store_flush());
  }

  stats() {
    this.check(this.exports.store_stats());
    const figures = new Float64Array(this.result().slice().buffer);
    return Object.fromEntries(FIGURES.map((name, index) => [name, figures[index]]));
  }

  close() {
    this.check(this.exports.store_close());
  }

  /** The report of a verification, and how many problems it names. */
  verify() {
    const problems = this.check(this.exports.store_verify());
    return { problems, report: new TextDecoder().decode(this.result()) };
  }
}

/** The names of the checks that the module with checks brings. */
export function checkNames(module) {
  const names = [];
  for (let index = 0; index < module.exports.check_count(); index++) {
    module.exports.check_name(index);
    names.push(new TextDecoder().decode(module.result()));
  }
  return names;
}

/**
 * Runs one part of a check on the storage that the module's imports stand for, just opened: the
 * first part on an empty one, the other (`again`) on what outlived it. Whether the contract was
 * kept; undefined if the check has no such part.
 */
export function runCheck(module, index, again, { kind, pageBytes = 0, bufferPages = 0 }) {
  const files = kind === 'files' ? 1 : 0;
  const run = module.exports.check_run;
  const answer = module.check(run(index, again ? 1 : 0, files, pageBytes, bufferPages, 0));
  return answer === -2 ? undefined : answer === 1;
}
