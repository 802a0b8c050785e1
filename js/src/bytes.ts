// Bytes of messages: what `docs/wire.md` calls primitives.

import { MoonkeepError } from './error.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const WORD = 4294967296;

/** UTF-8 of a text. */
export function toUtf8(text: string): Uint8Array {
  if (/[\ud800-\udfff]/u.test(text)) {
    const message = 'a string with half of a surrogate pair has no bytes';
    throw new MoonkeepError('CONVERSION_FAILED', message);
  }
  return encoder.encode(text);
}

/** The text of valid UTF-8; a copy of the bytes otherwise. */
export function fromUtf8(bytes: Uint8Array): string | Uint8Array {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

/** The text of bytes; what is not valid is replaced. */
export function lossy(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

export class ByteWriter {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  length = 0;

  private grow(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  byte(byte: number): void {
    this.grow(1);
    this.bytes[this.length++] = byte;
  }

  /** An unsigned number of at most 32 bits. */
  varint(value: number): void {
    this.grow(5);
    while (value > 127) {
      this.bytes[this.length++] = (value & 127) | 128;
      value >>>= 7;
    }
    this.bytes[this.length++] = value;
  }

  float(value: number): void {
    this.grow(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  words(low: number, high: number): void {
    this.grow(8);
    this.view.setUint32(this.length, low, true);
    this.view.setInt32(this.length + 4, high, true);
    this.length += 8;
  }

  /** A safe integer of 64 bits. */
  integer(value: number): void {
    const high = Math.floor(value / WORD);
    this.words(value - high * WORD, high);
  }

  append(bytes: Uint8Array): void {
    this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A length and as many bytes. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.append(bytes);
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  private readonly view: DataView;
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.view.getUint8(this.position++);
  }

  varint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
      shift += 7;
    }
  }

  float(): number {
    const value = this.view.getFloat64(this.position, true);
    this.position += 8;
    return value;
  }

  /** An integer of 64 bits: a number where that is exact, else a bigint. */
  integer(): number | bigint {
    const low = this.view.getUint32(this.position, true);
    const high = this.view.getInt32(this.position + 4, true);
    this.position += 8;
    const value = high * WORD + low;
    if (Number.isSafeInteger(value)) return value;
    if (typeof BigInt === 'undefined') {
      throw new MoonkeepError('CONVERSION_FAILED', 'this browser has no 64-bit integers');
    }
    return BigInt(high) * BigInt(WORD) + BigInt(low);
  }

  /** A length and as many bytes, not copied. */
  block(): Uint8Array {
    const length = this.varint();
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }
}
