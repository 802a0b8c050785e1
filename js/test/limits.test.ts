// Limits, cancelling, and programs that try to break the machine: errors, never a trap.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Moonkeep, MoonkeepError, type OpenOptions } from 'moonkeep';

async function codeOf(lua: Moonkeep, program: string): Promise<string> {
  try {
    await lua.compute(program);
    return 'none';
  } catch (error) {
    assert.ok(error instanceof MoonkeepError);
    return error.code;
  }
}

const LIMITS: [string, OpenOptions, string][] = [
  ['FUEL_EXHAUSTED', { fuel: 1_000_000 }, 'while true do end'],
  ['FUEL_EXHAUSTED', { fuel: 1_000_000 }, 'while true do pcall(load("while true do end")) end'],
  ['TIMEOUT', { timeout: 50 }, 'while true do end'],
  ['TIMEOUT', { timeout: 50 }, 'return string.find(("a"):rep(200000), ("a-"):rep(20) .. "b")'],
  ['TIMEOUT', { timeout: 50 }, 'return never()'],
  ['TIMEOUT', { timeout: 50 }, 'return load(("f(a.b, {1, 2}) "):rep(700000))'],
  ['MEMORY_LIMIT', { memory: 4 << 20 }, 'local t = {} while true do t[#t + 1] = {} end'],
  ['MEMORY_LIMIT', { memory: 4 << 20 }, 'return ("x"):rep(1 << 30)'],
  ['LUA_EXECUTION_ERROR', { callDepth: 100 }, 'local function f() return 1 + f() end f()'],
];

for (const [code, options, program] of LIMITS) {
  test(`${JSON.stringify(options)} ends: ${program}`, async () => {
    const functions = { never: () => new Promise(() => undefined) };
    const lua = await Moonkeep.open({ ...options, functions });
    assert.equal(await codeOf(lua, program), code);
    assert.deepEqual(await lua.compute('return 1'), [1]);
    assert.equal(lua.eval('return 2'), 2);
    await lua.close();
  });
}

// Each nests native calls as deep as the machine lets it, or deeper.
const DEEP = {
  recursion: 'local function f(n) return 1 + f(n + 1) end f(1)',
  'pcall chain': 'local function f() return pcall(f) end return select("#", f())',
  gsub: 'local function f() return (("x"):gsub("x", f)) end return f()',
  sort: 'local function f() table.sort({ 1, 2, 3 }, f) end f()',
  tostring: 'local t = setmetatable({}, { __tostring = tostring }) return tostring(t)',
  host: 'local function f() return call(f) end return f()',
  handler: 'local function h() error("x") end return xpcall(error, h)',
  load: 'local function f() return load(function() return f() end) end return f()',
  close: `local function f()
      local x <close> = setmetatable({}, { __close = function() f() end })
    end
    f()`,
  coroutines: 'local function f() return coroutine.wrap(f)() end return f()',
  'index chain': `local t = {}
    for i = 1, 100000 do t = setmetatable({}, { __index = t }) end
    return t.x`,
  parentheses: 'return load("return " .. ("("):rep(100000))',
  tables: 'return load("return " .. ("{"):rep(100000))',
  functions: 'return load(("function f() "):rep(100000))',
  'binary operators': 'return load("return " .. ("a.."):rep(100000) .. "a")',
  pattern: 'return string.match(("("):rep(30000), ("("):rep(30000))',
};

test('nothing that nests deeply breaks the machine', async () => {
  const lua = await Moonkeep.open({ functions: { call: (f: () => unknown) => f() } });
  const leaf = 'return load("return " .. ("{"):rep(190) .. ("}"):rep(190))';
  for (const [name, program] of Object.entries(DEEP)) {
    const code = await codeOf(lua, program);
    assert.ok(['none', 'LUA_EXECUTION_ERROR', 'MEMORY_LIMIT'].includes(code), `${name}: ${code}`);
    assert.deepEqual(await lua.compute('return 1'), [1], name);
  }
  for (const inner of ['(("x"):gsub("x", f))', 'call(f)', 'table.sort({ 1, 2 }, f)']) {
    const program = `
      local function leaf() ${leaf} end
      local function f() pcall(leaf) pcall(function() return ${inner} end) end
      f()`;
    assert.equal(await codeOf(lua, program), 'none', inner);
  }
  await lua.close();
});

test('a run can be cancelled while it computes and while it waits', async () => {
  const lua = await Moonkeep.open({ functions: { never: () => new Promise(() => undefined) } });
  for (const program of ['while true do end', 'never()', 'pcall(never) while true do end']) {
    const run = codeOf(lua, program);
    await new Promise((resolve) => setTimeout(resolve, 5));
    lua.cancel();
    assert.equal(await run, 'CANCELLED', program);
    assert.deepEqual(await lua.compute('return 1'), [1]);
  }
  await lua.close();
});

test('runs wait for each other, and eval does not break into one', async () => {
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const lua = await Moonkeep.open({ functions: { gate: () => gate } });
  const first = lua.compute('x = 1 gate() x = x + 1 return x');
  const second = lua.compute('x = x * 10 return x');
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.throws(() => lua.eval('x = 0'), { code: 'BUSY' });
  release();
  assert.deepEqual(await first, [2]);
  assert.deepEqual(await second, [20]);
  await lua.close();
});

test('waiting where Lua cannot wait is a Lua error', async () => {
  const lua = await Moonkeep.open({ functions: { later: async () => 1 } });
  assert.throws(() => lua.eval('return later()'), { code: 'LUA_EXECUTION_ERROR' });
  assert.equal(await codeOf(lua, 'table.sort({ 1, 2 }, later)'), 'LUA_EXECUTION_ERROR');
  const program = 'return pcall(later), coroutine.wrap(function() return later() end)()';
  assert.deepEqual(await lua.compute(program), [true, 1]);
  await lua.close();
});

test('errors of host functions are Lua errors with a position', async () => {
  const functions = {
    fail: () => {
      throw new Error('no luck');
    },
    failLater: async () => {
      throw new RangeError('no luck later');
    },
    failTable: () => {
      throw { code: 7 };
    },
    call: (f: () => unknown) => f(),
  };
  const lua = await Moonkeep.open({ functions });
  const [, atOnce] = await lua.compute('return pcall(function() fail() end)');
  assert.equal(atOnce, 'compute:1: no luck');
  const [, later] = await lua.compute('return pcall(function() failLater() end)');
  assert.equal(later, 'compute:1: no luck later');
  assert.deepEqual(await lua.compute('return pcall(failTable)'), [false, { code: 7 }]);
  const nested = 'return select(2, pcall(call, function() error({ deep = true }) end)).deep';
  assert.deepEqual(await lua.compute(nested), [true]);
  await assert.rejects(lua.compute('error({ a = 1 })'), { details: { a: 1 } });
  await lua.close();
});

test('what is printed arrives as lines, or is kept', async () => {
  const lines: string[] = [];
  const lua = await Moonkeep.open({ print: (line) => void lines.push(line) });
  await lua.compute('print("a", 1) print("two\\nlines") print()');
  assert.deepEqual(lines, ['a\t1', 'two', 'lines', '']);
  await lua.close();
  const quiet = await Moonkeep.open({ print: 'capture' });
  quiet.eval('print(1) print("ü")');
  assert.equal(quiet.takeOutput(), '1\nü\n');
  assert.equal(quiet.takeOutput(), '');
  await quiet.close();
});

test('a closed machine says so, and bad options are refused', async () => {
  const lua = await Moonkeep.open();
  await lua.close();
  await lua.close();
  assert.throws(() => lua.eval('return 1'), { code: 'NOT_INITIALIZED' });
  await assert.rejects(lua.compute('return 1'), { code: 'NOT_INITIALIZED' });
  await assert.rejects(Moonkeep.open({ fuel: -1 }), { code: 'INVALID_INPUT' });
  await assert.rejects(Moonkeep.open({ wasm: new Uint8Array(8) }), { code: 'WASM_LOAD_FAILED' });
  await assert.rejects(Moonkeep.open({ memory: 1000 }), { code: 'MEMORY_LIMIT' });
});
