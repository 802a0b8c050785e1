// Pages resident in JavaScript memory: committed ones in extents, staged ones beside them.

import { CURRENT, storeError } from './storage.js';

/** Slabs of staged pages that are kept for the next transaction: 1 MiB of extents of 64 KiB. */
const SLABS_KEPT = 16;

/** The pages of a store. An extent is a run of pages that is written as a whole. */
export class ResidentPages {
  /** The committed pages; what lies beyond the last one is zero. */
  readonly extents: Uint8Array[] = [];
  /** How many pages are committed. */
  pages = 0;
  private readonly pagesPerExtent: number;
  /** Places in the slabs of the pages that are staged. */
  private readonly staged = new Map<number, number>();
  private readonly slabs: Uint8Array[] = [];

  constructor(
    readonly pageBytes: number,
    private readonly extentBytes: number,
  ) {
    this.pagesPerExtent = extentBytes / pageBytes;
  }

  /** Takes over extents as they were written; whether they are those of so many pages. */
  fill(extents: readonly Uint8Array[], pages: number): boolean {
    if (extents.length !== Math.ceil(pages / this.pagesPerExtent)) return false;
    this.pages = pages;
    for (const [number, extent] of extents.entries()) {
      // The last one ends with a page that was the last one once.
      const used = Math.min(this.extentBytes, pages * this.pageBytes - number * this.extentBytes);
      if (!(extent instanceof Uint8Array) || extent.length > this.extentBytes) return false;
      const whole = extent.length === this.extentBytes && used === extent.length;
      this.extents.push(whole ? extent : padded(extent.subarray(0, used), this.extentBytes));
    }
    return true;
  }

  get hasStaged(): boolean {
    return this.staged.size > 0;
  }

  read(page: number, view: number, into: Uint8Array): void {
    const slot = view === CURRENT ? this.staged.get(page) : undefined;
    if (slot !== undefined) into.set(this.part(this.slabs, slot));
    else if (page < this.pages) into.set(this.part(this.extents, page));
    else throw storeError('STORE_CORRUPT', `page ${page} is missing`);
  }

  stage(page: number, bytes: Uint8Array): void {
    let slot = this.staged.get(page);
    if (slot === undefined) {
      slot = this.staged.size;
      this.reach(this.slabs, slot);
      this.staged.set(page, slot);
    }
    this.put(this.slabs, slot, bytes);
  }

  /** Page 0. */
  get header(): Uint8Array {
    return this.part(this.extents, 0);
  }

  /**
   * Commits what is staged below `pages`; `changed` gets the extents that are not as before, but
   * for the header.
   */
  commit(pages: number, changed: Set<number>): void {
    if (pages < this.pages) this.shorten(pages);
    for (const made of this.reach(this.extents, pages - 1)) changed.add(made);
    this.pages = pages;
    for (const [page, slot] of this.staged) {
      if (page >= pages) continue;
      this.put(this.extents, page, this.part(this.slabs, slot));
      if (page > 0) changed.add(Math.floor(page / this.pagesPerExtent));
    }
    this.abort();
  }

  abort(): void {
    this.staged.clear();
    if (this.slabs.length > SLABS_KEPT) this.slabs.length = SLABS_KEPT;
  }

  private shorten(pages: number): void {
    const whole = Math.ceil(pages / this.pagesPerExtent);
    this.extents.length = Math.min(this.extents.length, whole);
    const rest = (pages % this.pagesPerExtent) * this.pageBytes;
    if (rest > 0) this.extents[whole - 1]?.fill(0, rest);
  }

  /** Makes room for the page or slot of a number; the blocks that this took. */
  private reach(blocks: Uint8Array[], number: number): number[] {
    const made: number[] = [];
    const count = Math.floor(number / this.pagesPerExtent) + 1;
    while (blocks.length < count) {
      made.push(blocks.length);
      blocks.push(new Uint8Array(this.extentBytes));
    }
    return made;
  }

  private part(blocks: Uint8Array[], number: number): Uint8Array {
    const start = (number % this.pagesPerExtent) * this.pageBytes;
    const block = blocks[Math.floor(number / this.pagesPerExtent)] as Uint8Array;
    return block.subarray(start, start + this.pageBytes);
  }

  private put(blocks: Uint8Array[], number: number, bytes: Uint8Array): void {
    const start = (number % this.pagesPerExtent) * this.pageBytes;
    (blocks[Math.floor(number / this.pagesPerExtent)] as Uint8Array).set(bytes, start);
  }
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}
