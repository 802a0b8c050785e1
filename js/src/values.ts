// JavaScript values as messages and back (`docs/wire.md`; the rules are in the README).

import { ByteReader, ByteWriter, fromUtf8, toUtf8 } from './bytes.js';
import { MoonkeepError } from './error.js';

const NIL = 0x00;
const FALSE = 0x01;
const TRUE = 0x02;
const SMALL_INTEGER = 0x03;
const INTEGER = 0x04;
const FLOAT = 0x05;
const STRING = 0x06;
const TABLE = 0x10;
const FUNCTION = 0x11;
const COROUTINE = 0x12;
const HOST = 0x13;

/** Who knows the objects on either side that cross as handles. */
export interface Handles {
  /** The handle of something that Lua owns, or undefined. */
  luaHandle(object: object): number | undefined;
  /** The handle of an object of JavaScript; each call counts as one reference from Lua. */
  hostHandle(object: object): number;
  luaFunction(handle: number): unknown;
  luaCoroutine(handle: number): unknown;
  hostObject(handle: number): unknown;
}

export function encodeValues(values: readonly unknown[], handles: Handles): Uint8Array {
  return new Encoder(handles).message(values);
}

class Encoder {
  private readonly tables: object[] = [];
  private readonly places = new Map<object, number>();

  constructor(private readonly handles: Handles) {}

  message(values: readonly unknown[]): Uint8Array {
    const out = new ByteWriter();
    this.list(out, values);
    const tables = new ByteWriter();
    for (let index = 0; index < this.tables.length; index++) {
      this.table(tables, this.tables[index] as object);
    }
    out.varint(this.tables.length);
    out.append(tables.finish());
    return out.finish();
  }

  private list(out: ByteWriter, values: readonly unknown[]): void {
    out.varint(values.length);
    for (let index = 0; index < values.length; index++) this.value(out, values[index]);
  }

  private table(out: ByteWriter, table: object): void {
    if (Array.isArray(table)) {
      this.list(out, table);
      out.varint(0);
      return;
    }
    const entries = table instanceof Map ? [...table.entries()] : Object.entries(table);
    const kept = entries.filter(([, value]) => value !== undefined && value !== null);
    out.varint(0);
    out.varint(kept.length);
    for (const [key, value] of kept) {
      this.value(out, key);
      this.value(out, value);
    }
  }

  private value(out: ByteWriter, value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return out.byte(NIL);
      case 'boolean':
        return out.byte(value ? TRUE : FALSE);
      case 'number':
        return writeNumber(out, value);
      case 'bigint':
        return writeBigint(out, value);
      case 'string':
        out.byte(STRING);
        return out.block(toUtf8(value));
      case 'function':
        return this.handle(out, value);
      case 'object':
        return value === null ? out.byte(NIL) : this.object(out, value);
      default:
        throw new MoonkeepError('CONVERSION_FAILED', `a ${typeof value} cannot be passed to Lua`);
    }
  }

  private object(out: ByteWriter, object: object): void {
    if (object instanceof Uint8Array) {
      out.byte(STRING);
      return out.block(object);
    }
    if (!isTable(object)) return this.handle(out, object);
    let place = this.places.get(object);
    if (place === undefined) {
      place = this.tables.push(object) - 1;
      this.places.set(object, place);
    }
    out.byte(TABLE);
    out.varint(place);
  }

  private handle(out: ByteWriter, object: object): void {
    const handle = this.handles.luaHandle(object);
    if (handle === undefined) {
      out.byte(HOST);
      return out.varint(this.handles.hostHandle(object));
    }
    out.byte(typeof object === 'function' ? FUNCTION : COROUTINE);
    out.varint(handle);
  }
}

/** Arrays, maps and plain objects, of whatever realm, are tables; all else is opaque to Lua. */
function isTable(object: object): boolean {
  if (Array.isArray(object) || object instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function writeNumber(out: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    out.byte(FLOAT);
    out.float(value);
  } else if (value === (value | 0)) {
    out.byte(SMALL_INTEGER);
    out.varint(((value << 1) ^ (value >> 31)) >>> 0);
  } else {
    out.byte(INTEGER);
    out.integer(value);
  }
}

function writeBigint(out: ByteWriter, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) {
    throw new MoonkeepError('CONVERSION_FAILED', `${value} does not fit in 64 bits`);
  }
  out.byte(INTEGER);
  const low = BigInt.asUintN(32, value);
  out.words(Number(low), Number((value - low) / BigInt(4294967296)));
}

/** A table by its place, until all tables are there. */
class Reference {
  constructor(readonly place: number) {}
}

interface RawTable {
  array: unknown[];
  keys: unknown[];
  values: unknown[];
}

export function decodeValues(bytes: Uint8Array, handles: Handles): unknown[] {
  const reader = new ByteReader(bytes);
  const values = readList(reader, handles);
  const raw: RawTable[] = [];
  for (let count = reader.varint(); count > 0; count--) raw.push(readTable(reader, handles));
  const made = raw.map(emptyFor);
  const resolve = (value: unknown): unknown =>
    value instanceof Reference ? made[value.place] : value;
  raw.forEach((table, index) => fill(made[index], table, resolve));
  return values.map(resolve);
}

function readTable(reader: ByteReader, handles: Handles): RawTable {
  const table: RawTable = { array: readList(reader, handles), keys: [], values: [] };
  for (let count = reader.varint(); count > 0; count--) {
    table.keys.push(readValue(reader, handles));
    table.values.push(readValue(reader, handles));
  }
  return table;
}

/** A sequence is an array, text keys alone make an object, all else is a map. */
function emptyFor(table: RawTable): unknown {
  if (table.keys.length === 0) return table.array.length === 0 ? {} : [];
  const isText = (key: unknown) => typeof key === 'string';
  return table.array.length === 0 && table.keys.every(isText) ? {} : new Map();
}

function fill(target: unknown, table: RawTable, resolve: (value: unknown) => unknown): void {
  if (Array.isArray(target)) {
    for (const value of table.array) target.push(resolve(value));
  } else if (target instanceof Map) {
    table.array.forEach((value, index) => target.set(index + 1, resolve(value)));
    table.keys.forEach((key, index) => target.set(resolve(key), resolve(table.values[index])));
  } else {
    const object = target as Record<string, unknown>;
    table.keys.forEach((key, index) => {
      const value = resolve(table.values[index]);
      if (key === '__proto__') {
        const property = { value, writable: true, enumerable: true, configurable: true };
        Object.defineProperty(object, key, property);
      } else {
        object[key as string] = value;
      }
    });
  }
}

function readList(reader: ByteReader, handles: Handles): unknown[] {
  const values: unknown[] = [];
  for (let count = reader.varint(); count > 0; count--) values.push(readValue(reader, handles));
  return values;
}

function readValue(reader: ByteReader, handles: Handles): unknown {
  const tag = reader.byte();
  switch (tag) {
    case NIL:
      return undefined;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case SMALL_INTEGER: {
      const zigzag = reader.varint();
      return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    case INTEGER:
      return reader.integer();
    case FLOAT:
      return reader.float();
    case STRING:
      return fromUtf8(reader.block());
    case TABLE:
      return new Reference(reader.varint());
    case FUNCTION:
      return handles.luaFunction(reader.varint());
    case COROUTINE:
      return handles.luaCoroutine(reader.varint());
    case HOST:
      return handles.hostObject(reader.varint());
    default:
      throw new MoonkeepError('INTERNAL_ERROR', `a message holds the unknown tag ${tag}`);
  }
}
