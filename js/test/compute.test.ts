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

test('modules come from where the host says, through a searcher', async () => {
  const sources: Record<string, string | Uint8Array> = {
    shapes: 'local name, where = ... return { area = function(w, h) return w * h end, where }',
    wrong: 'return = 1',
  };
  const functions = {
    'host.source': (name: string) => sources[name],
    'host.later': async () => 'return 1',
  };
  const lua = await Moonkeep.open({ functions });
  const searcher = (name: string) => `
    table.insert(package.searchers, 2, function(name)
      local text = ${name}(name)
      if not text then return "the host has no '" .. name .. "'" end
      return assert(load(text, "@" .. name)), "from the host"
    end)`;
  await lua.compute(searcher('host.source'));
  const program = `
    local shapes, where = require("shapes")
    return shapes.area(6, 7), shapes[1], where, require("shapes") == shapes`;
  assert.deepEqual(await lua.compute(program), [42, 'from the host', 'from the host', true]);
  const code = 'LUA_EXECUTION_ERROR';
  await assert.rejects(lua.compute('require("none")'), { code, message: /the host has no 'none'/ });
  await assert.rejects(lua.compute('require("wrong")'), { code, message: /wrong:1: unexpected/ });
  sources.dumped = lua.eval('return string.dump(load("return 7"))') as Uint8Array;
  assert.equal(lua.eval('return (require("dumped"))'), 7);
  // `require` cannot wait, as in PUC-Rio's Lua it cannot yield.
  await lua.compute(`table.remove(package.searchers, 2) ${searcher('host.later')}`);
  await assert.rejects(lua.compute('require("late")'), { code });
  assert.deepEqual(await lua.compute('return 1'), [1]);
  await lua.close();
});

test('`await using` closes the machine', async () => {
  let kept: Moonkeep | undefined;
  {
    await using lua = await Moonkeep.open();
    kept = lua;
    assert.equal(lua.eval('return 1'), 1);
  }
  assert.throws(() => kept?.eval('return 1'), { code: 'NOT_INITIALIZED' });
});
