// A storage as the wasm module imports it: numbers in, numbers out, nothing thrown.

import { faultOf, storeError, type FileStorage, type HostStorage } from './storage.js';
import type { PageStorage } from './storage.js';

/** The exports of the module that its imports need. */
export interface ModuleSide {
  memory: WebAssembly.Memory;
  mk_input(length: number): number;
}

type Imports = Record<string, (...numbers: number[]) => number | void>;

const encoder = new TextEncoder();

/**
 * The imports for a storage (`docs/abi.md`). `module` gives the exports, which do not exist yet
 * when the imports are made.
 */
export function storageImports(
  storage: HostStorage | undefined,
  module: () => ModuleSide,
): Imports {
  const border = new Border(module);
  return { ...fileImports(storage, border), ...pageImports(storage, border) };
}

/** The memory of the module, and the way for words into it. */
class Border {
  private bytes = new Uint8Array(0);

  constructor(private readonly module: () => ModuleSide) {}

  /** A part of the memory. It lasts until the module runs again: memory that grows moves. */
  window(address: number, length: number): Uint8Array {
    // A view of memory that has grown is detached and therefore empty.
    if (this.bytes.length === 0) this.bytes = new Uint8Array(this.module().memory.buffer);
    return this.bytes.subarray(address >>> 0, (address >>> 0) + (length >>> 0));
  }

  /** Minus the number of a fault; its words go to the module's input. */
  fault(error: unknown): number {
    const { fault, words } = faultOf(error);
    const bytes = encoder.encode(words);
    const address = this.module().mk_input(bytes.length) >>> 0;
    if (address !== 0) this.window(address, bytes.length).set(bytes);
    return -fault;
  }
}

function fileImports(storage: HostStorage | undefined, border: Border): Imports {
  const files = (): FileStorage => {
    if (storage?.kind === 'files') return storage;
    throw storeError('STORE_MISSING', 'there are no files here');
  };
  return {
    file_read: (file, at, address, length) => {
      try {
        return files().read(file!, at!, border.window(address!, length!));
      } catch (error) {
        return border.fault(error);
      }
    },
    file_write: (file, at, address, length) => {
      try {
        files().write(file!, at!, border.window(address!, length!));
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    file_sync: (file) => {
      try {
        files().sync(file!);
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    file_length: (file) => {
      try {
        return files().length(file!);
      } catch (error) {
        return border.fault(error);
      }
    },
    file_set_length: (file, bytes) => {
      try {
        files().setLength(file!, bytes!);
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    file_close: () => {
      try {
        files().close();
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
  };
}

function pageImports(storage: HostStorage | undefined, border: Border): Imports {
  const pages = (): PageStorage => {
    if (storage?.kind === 'pages') return storage;
    throw storeError('STORE_MISSING', 'there are no pages here');
  };
  return {
    page_read: (page, view, address, length) => {
      try {
        pages().read(page! >>> 0, view!, border.window(address!, length!));
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    page_stage: (page, address, length) => {
      try {
        pages().stage(page! >>> 0, border.window(address!, length!));
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    page_commit: (count, durability) => {
      try {
        return pages().commit(count! >>> 0, durability!);
      } catch (error) {
        return border.fault(error);
      }
    },
    page_abort: () => {
      if (storage?.kind === 'pages') storage.abort();
    },
    page_length: (address) => {
      try {
        const { pageBytes, pages: count, handedOver, durable } = pages().length();
        const window = border.window(address!, 32);
        const view = new DataView(window.buffer, window.byteOffset, 32);
        const numbers = [pageBytes, count, handedOver, durable];
        numbers.forEach((number, index) => view.setFloat64(index * 8, number, true));
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
    page_close: () => {
      try {
        pages().close();
        return 0;
      } catch (error) {
        return border.fault(error);
      }
    },
  };
}
