// Runs in Node: results, host functions, errors, limits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Moonkeep, MoonkeepError } from 'moonkeep';

test('compute returns all results, eval the first', async () => {
  const lua = await Moonkeep.open();
  assert.deepEqual(await lua.compute('return 1 + 1, "x", ...', true, null), [
    2,
    'x',
    true,
    undefined,
  ]);
  assert.equal(lua.eval('return 7, 8'), 7);
  await lua.close();
});

test('host functions answer at once or later', async () => {
  const functions = {
    add: (a: number, b: number) => a + b,
    'timers.after': async (value: unknown) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return value;
    },
    apply: (f: (value: unknown) => unknown, value: unknown) => f(value),
  };
  const lua = await Moonkeep.open({ functions });
  const program = `
    return add(1, 2), timers.after('late'), apply(function(x) return x + 1 end, 5)`;
  assert.deepEqual(await lua.compute(program), [3, 'late', 6]);
  await lua.close();
});

test('a Lua error is an error of one class', async () => {
  const lua = await Moonkeep.open();
  await assert.rejects(lua.compute('local x\nreturn x.y'), (error: unknown) => {
    assert.ok(error instanceof MoonkeepError);
    assert.equal(error.code, 'LUA_EXECUTION_ERROR');
    assert.equal(error.message, "compute:2: attempt to index a nil value (local 'x')");
    assert.equal(JSON.parse(JSON.stringify(error)).code, error.code);
    return true;
  });
  await assert.rejects(lua.compute('x = = 1'), { code: 'LUA_SYNTAX_ERROR' });
  assert.deepEqual(await lua.compute('return 1'), [1]);
  await lua.close();
});

test('a program may be a binary chunk, and what is no sound one is refused', async () => {
  const lua = await Moonkeep.open();
  const chunk = lua.eval("return string.dump(load('local a, b = ... return a + b'))") as Uint8Array;
  assert.equal(lua.eval(chunk, 40, 2), 42);
  assert.deepEqual(await lua.compute(chunk, 1, 2), [3]);
  const refused = { code: 'LUA_SYNTAX_ERROR' };
  assert.throws(() => lua.eval(chunk.subarray(0, 40)), refused);
  await lua.close();
});
