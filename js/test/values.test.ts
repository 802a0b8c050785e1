// Values keep their meaning in both directions.

import assert from 'node:assert/strict';
import { test, before, after } from 'node:test';
import { LuaCoroutine, Moonkeep, type LuaFunction } from 'moonkeep';

let lua: Moonkeep;
before(async () => {
  lua = await Moonkeep.open();
});
after(() => lua.close());

test('numbers: exact, in the smallest type of JavaScript that holds them', () => {
  const edges = [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1 - 2 ** 53];
  const same = [0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 1e300, ...edges];
  for (const value of same) assert.ok(Object.is(lua.eval('return ...', value), value), `${value}`);
  assert.equal(lua.eval('return math.mininteger'), -(2n ** 63n));
  assert.equal(lua.eval('return math.maxinteger'), 2n ** 63n - 1n);
  assert.equal(lua.eval('return 1 << 53'), 2n ** 53n);
  assert.equal(lua.eval('return math.type(...)', 2 ** 53), 'float');
  assert.equal(lua.eval('return math.type(...)', 3), 'integer');
  assert.equal(lua.eval('return math.type(...)', -0), 'float');
  for (const value of [2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 40n)]) {
    assert.equal(BigInt(lua.eval('return ...', value) as bigint), value);
    assert.equal(lua.eval('return math.type(...)', value), 'integer');
    assert.equal(lua.eval('return tostring(...)', value), String(value));
  }
  assert.throws(() => lua.eval('return ...', 2n ** 63n), { code: 'CONVERSION_FAILED' });
});

test('strings: text where the bytes are UTF-8, bytes where they are not', () => {
  for (const text of ['', 'hello', 'grüße \u{1f319}', 'a\0b', '\ufeffx', 'x'.repeat(100_000)]) {
    assert.equal(lua.eval('return ...', text), text);
  }
  assert.equal(lua.eval('return #...', 'ü'), 2);
  const bytes = new Uint8Array([0x80, 0xff, 0]);
  assert.deepEqual(lua.eval('return ...', bytes), bytes);
  assert.deepEqual(lua.eval('return "\\xff"'), new Uint8Array([255]));
  assert.equal(lua.eval('return ...', new Uint8Array([104, 105])), 'hi');
  assert.throws(() => lua.eval('return ...', 'a\ud800'), { code: 'CONVERSION_FAILED' });
});

test('tables: arrays, objects and maps', () => {
  const values = [
    {},
    [1, 2, 3],
    { a: 1, b: { c: ['x'] } },
    new Map<unknown, unknown>([
      [1, 'one'],
      ['k', true],
    ]),
    new Map<unknown, unknown>([[1.5, 2]]),
    [[[]]],
    JSON.parse('{"__proto__": 1, "constructor": 2}') as object,
  ];
  for (const value of values.slice(0, 5)) assert.deepEqual(lua.eval('return ...', value), value);
  assert.deepEqual(lua.eval('return ...', values[5]), [[{}]]); // empty tables are objects
  const odd = lua.eval('return ...', values[6]) as object;
  assert.deepEqual(Object.entries(odd).sort(), [['__proto__', 1], ['constructor', 2]]);
  assert.deepEqual(lua.eval('return {10, 20, x = 1}'), new Map<unknown, unknown>([
    [1, 10],
    [2, 20],
    ['x', 1],
  ]));
  assert.equal(lua.eval('return #...', ['a', 'b']), 2);
  assert.deepEqual(lua.eval('return {["\\xff"] = 1}'), new Map([[new Uint8Array([255]), 1]]));
  const holes = { gone: undefined, nil: null, kept: false };
  assert.deepEqual(lua.eval('return ...', holes), { kept: false });
});

test('cycles and shared tables stay what they are', () => {
  const shared = { name: 'shared' };
  const cycle: { self?: unknown; a: object; b: object } = { a: shared, b: shared };
  cycle.self = cycle;
  const back = lua.eval('local t = ... assert(t.self == t and t.a == t.b) return t', cycle);
  const result = back as typeof cycle;
  assert.equal(result.self, result);
  assert.equal(result.a, result.b);
  assert.deepEqual(result.a, shared);
});

test('functions and coroutines of Lua are handles', async () => {
  const [add, again, co] = (await lua.compute(`
    local function add(a, b) return a + b end
    return add, add, coroutine.create(function() return 7 end)`)) as [
    LuaFunction,
    LuaFunction,
    LuaCoroutine,
  ];
  assert.equal(add, again);
  assert.equal(add(2, 3), 5);
  assert.deepEqual(await lua.compute(add, 20, 22), [42]);
  assert.equal(lua.eval('return (...)(4, 5)', add), 9);
  assert.ok(co instanceof LuaCoroutine);
  assert.deepEqual(await lua.compute('return coroutine.resume(...)', co), [true, 7]);
  add.release();
  assert.throws(() => add(1, 2), { code: 'INVALID_INPUT' });
});

test('functions and objects of JavaScript come back as themselves', () => {
  const double = (n: number) => n * 2;
  const date = new Date(0);
  assert.equal(lua.eval('return (...)(21)', double), 42);
  assert.equal(lua.eval('return ...', double), double);
  assert.equal(lua.eval('return ...', date), date);
  assert.equal(lua.eval('local a, b = ... return a == b', date, date), true);
  assert.equal(lua.eval('return type((...))', date), 'userdata');
});

test('JavaScript lets go of what Lua has collected', () => {
  const object = new (class Thing {})();
  lua.eval('kept = ...', object);
  lua.eval('kept = nil');
  lua.collectGarbage();
  lua.eval('return 1');
  const handles = (lua as unknown as { machine: { handles: { hosts: Map<number, unknown> } } });
  const known = [...handles.machine.handles.hosts.values()] as { object: object }[];
  assert.ok(!known.some((entry) => entry.object === object));
  assert.equal(lua.eval('return kept'), undefined);
});

test('globals are read and written by path', () => {
  lua.set('config', { depth: { x: 1 } });
  assert.equal(lua.get(['config', 'depth', 'x']), 1);
  lua.set(['config', 'depth', 'y'], [1, 2]);
  assert.deepEqual(lua.eval('return config.depth.y[2]'), 2);
  assert.equal(lua.get('missing'), undefined);
  assert.equal(lua.get(['missing', 'deeper']), undefined);
  assert.throws(() => lua.set(['missing', 'deeper'], 1), { code: 'INVALID_INPUT' });
  assert.throws(() => lua.set([NaN], 1), { code: 'INVALID_INPUT' });
});

test('a result of some megabytes arrives whole', async () => {
  const [text, list] = (await lua.compute(`
    local list = {}
    for i = 1, 200000 do list[i] = i end
    return ('0123456789'):rep(500000), list`)) as [string, number[]];
  assert.equal(text.length, 5_000_000);
  assert.equal(list.length, 200_000);
  assert.equal(list[199_999], 200_000);
});

test('nesting beyond the limit is an error in both directions', () => {
  let nested: unknown[] = [];
  for (let level = 0; level < 300; level++) nested = [nested];
  assert.throws(() => lua.eval('return ...', nested), { code: 'CONVERSION_FAILED' });
  const program = 'local t = {} for i = 1, 300 do t = {t} end return t';
  assert.throws(() => lua.eval(program), { code: 'CONVERSION_FAILED' });
});
