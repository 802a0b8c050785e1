// The records that every store holds: the same as those of bench/src/store, byte for byte.

/** Bytes of every value. */
export const VALUE_BYTES = 100;

const value = new Uint8Array(VALUE_BYTES).fill(7);
let count = 0;

/**
 * A value that differs from those before: some stores write nothing where nothing changes. It
 * lasts until the next call.
 */
export function nextValue() {
  count++;
  value[1] = count;
  value[2] = count >>> 8;
  value[3] = count >>> 16;
  return value;
}

const HIGH = 0x9e3779b9;
const LOW = 0x7f4a7c15;

/** The upper half of the product of two numbers of 32 bits. */
function upper(a, b) {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const other = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + Math.floor(middle / 65536) + Math.floor(other / 65536);
}

/** Writes the key of a record: 8 bytes, spread over the whole range. */
export function keyInto(index, bytes) {
  const low = Math.imul(index, LOW);
  const high = (upper(index, LOW) + Math.imul(index, HIGH)) | 0;
  for (let at = 0; at < 4; at++) {
    bytes[at] = high >>> (24 - 8 * at);
    bytes[at + 4] = low >>> (24 - 8 * at);
  }
  return bytes;
}

export function keyOf(index) {
  return keyInto(index, new Uint8Array(8));
}

/** The key as text of eight characters, which is ordered in the same way. */
export function textOf(key) {
  return String.fromCharCode(key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]);
}

/** Numbers from `from` up to `to`. */
export function span(from, to) {
  return Uint32Array.from({ length: to - from }, (_, index) => from + index);
}

/** Every record once, in an order that has nothing to do with that of the keys. */
export function order(records) {
  let step = 7920;
  while (divisor(step, records) !== 1) step++;
  return Uint32Array.from({ length: records }, (_, index) => (index * step) % records);
}

function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}
