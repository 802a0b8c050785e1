// A Map of JavaScript that a wasm module reaches through imports: the bytes of a key and of a
// value lie in its memory. It has no order, no transactions and no medium.
import { keyInto, nextValue, textOf, VALUE_BYTES } from './records.mjs';

// (module (import "m" "get" (func (param i32) (result i32)))
//         (import "m" "put" (func (param i32 i32)))
//         (import "m" "delete" (func (param i32)))
//         (memory (export "memory") 1)
//         (func (export "get") (param i32) (result i32) (call 0 (local.get 0)))
//         (func (export "put") (param i32 i32) (call 1 (local.get 0) (local.get 1)))
//         (func (export "delete") (param i32) (call 2 (local.get 0))))
const MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 15, 3, 96, 1, 127, 1, 127, 96, 2, 127, 127, 0, 96, 1, 127, 0],
  ...[2, 28, 3, 1, 109, 3, 103, 101, 116, 0, 0, 1, 109, 3, 112, 117, 116, 0, 1],
  ...[1, 109, 6, 100, 101, 108, 101, 116, 101, 0, 2],
  ...[3, 4, 3, 0, 1, 2],
  ...[5, 3, 1, 0, 1],
  ...[7, 31, 4, 6, 109, 101, 109, 111, 114, 121, 2, 0, 3, 103, 101, 116, 0, 3],
  ...[3, 112, 117, 116, 0, 4, 6, 100, 101, 108, 101, 116, 101, 0, 5],
  ...[10, 24, 3, 6, 0, 32, 0, 16, 0, 11, 8, 0, 32, 0, 32, 1, 16, 1, 11, 6, 0, 32, 0, 16, 2, 11],
);

const VALUE_AT = 8;

export async function openMap() {
  const map = new Map();
  let bytes;
  const m = {
    get(keyAt) {
      const value = map.get(textOf(bytes.subarray(keyAt, keyAt + 8)));
      if (value === undefined) return -1;
      bytes.set(value, VALUE_AT);
      return value.length;
    },
    put(keyAt, length) {
      const key = textOf(bytes.subarray(keyAt, keyAt + 8));
      map.set(key, bytes.slice(VALUE_AT, VALUE_AT + length));
    },
    delete(keyAt) {
      map.delete(textOf(bytes.subarray(keyAt, keyAt + 8)));
    },
  };
  const { instance } = await WebAssembly.instantiate(MODULE, { m });
  bytes = new Uint8Array(instance.exports.memory.buffer);
  return new MapSubject(instance.exports, bytes);
}

class MapSubject {
  version = 'Map';

  constructor(exports, bytes) {
    Object.assign(this, { exports, bytes });
  }

  put(indices) {
    for (const index of indices) {
      keyInto(index, this.bytes);
      this.bytes.set(nextValue(), VALUE_AT);
      this.exports.put(0, VALUE_BYTES);
    }
  }

  get(indices) {
    let sum = 0;
    for (const index of indices) {
      keyInto(index, this.bytes);
      if (this.exports.get(0) < 0) throw new Error('a record is missing');
      sum += this.bytes[VALUE_AT];
    }
    return sum;
  }

  remove(indices) {
    for (const index of indices) {
      keyInto(index, this.bytes);
      this.exports.delete(0);
    }
  }
}
