// A file for the time that a storage is open: its beginning is memory, the rest lies elsewhere.

/** Where bytes go for which there is no room in memory. */
export interface Rest {
  read(at: number, into: Uint8Array): number;
  write(at: number, bytes: Uint8Array): void;
  length(): number;
  setLength(bytes: number): void;
}

/** Bytes of the pages of a large transaction in memory: the first two thousand. */
export const SPILL_MEMORY_BYTES = 8 * 1024 * 1024;
/** Bytes of the places of such pages in memory: for a store of 256 MiB. */
export const INDEX_MEMORY_BYTES = 1024 * 1024;

export class Scratch {
  /** Room for more than there is. */
  private memory = new Uint8Array(0);
  private used = 0;
  private rest: Rest | undefined;

  /**
   * Takes `memoryBytes` of memory before it asks `open` for a place for the rest. As long as there
   * is none, memory has to do.
   */
  constructor(
    private readonly memoryBytes: number,
    private readonly open: () => Rest | undefined,
  ) {}

  length(): number {
    const beyond = this.rest?.length() ?? 0;
    return beyond > 0 ? this.memoryBytes + beyond : this.used;
  }

  read(at: number, into: Uint8Array): number {
    if (at + into.length <= this.used) {
      into.set(this.memory.subarray(at, at + into.length));
      return into.length;
    }
    const length = Math.max(0, Math.min(into.length, this.length() - at));
    const near = this.nearBytes(at, length);
    const known = Math.max(0, Math.min(near, this.used - at));
    if (known > 0) into.set(this.memory.subarray(at, at + known));
    into.fill(0, known, near);
    if (near < length) {
      this.rest?.read(at + near - this.memoryBytes, into.subarray(near, length));
    }
    return length;
  }

  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.memoryBytes && this.used <= this.memoryBytes) this.rest ??= this.open();
    const near = this.nearBytes(at, bytes.length);
    if (near > 0) {
      this.grow(at + near);
      this.memory.set(near < bytes.length ? bytes.subarray(0, near) : bytes, at);
    }
    if (near < bytes.length) {
      this.rest?.write(at + near - this.memoryBytes, bytes.subarray(near));
    }
  }

  setLength(bytes: number): void {
    if (bytes > this.memoryBytes && this.used <= this.memoryBytes) this.rest ??= this.open();
    const near = this.nearBytes(0, bytes);
    if (near > this.used) this.grow(near);
    this.memory.fill(0, near, this.used);
    this.used = near;
    if (near === 0) this.memory = new Uint8Array(0);
    this.rest?.setLength(bytes - near);
  }

  /** How many of `length` bytes at `at` are in memory. */
  private nearBytes(at: number, length: number): number {
    if (this.rest === undefined) return length;
    return Math.max(0, Math.min(length, this.memoryBytes - at));
  }

  /** Has memory for `used` bytes; what has not been written is zero. */
  private grow(used: number): void {
    if (used <= this.used) return;
    if (used > this.memory.length) {
      const memory = new Uint8Array(Math.max(used, 2 * this.memory.length, 65_536));
      memory.set(this.memory.subarray(0, this.used));
      this.memory = memory;
    }
    this.used = used;
  }
}
