// Compiles the wasm module: from bytes, a response or a compiled module.

import { MoonkeepError } from './error.js';

/** What a wasm module may be given as. */
export type WasmSource = WebAssembly.Module | ArrayBuffer | Uint8Array | Response;

// A module with one function that uses a vector instruction.
const VECTOR_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** Whether the engine can run the modern build: vectors came last of all that it uses. */
export function isModern(): boolean {
  return WebAssembly.validate(VECTOR_PROBE);
}

export async function compileModule(
  source: WasmSource | Promise<WasmSource>,
): Promise<WebAssembly.Module> {
  try {
    const given = await source;
    if (given instanceof WebAssembly.Module) return given;
    if (typeof Response === 'undefined' || !(given instanceof Response)) {
      return await WebAssembly.compile(given as BufferSource);
    }
    if (!given.ok) throw new Error(`${given.url} answers ${given.status}`);
    return await WebAssembly.compile(await given.arrayBuffer());
  } catch (cause) {
    const message = `the wasm module cannot be loaded: ${String(cause)}`;
    throw new MoonkeepError('WASM_LOAD_FAILED', message, { cause });
  }
}
