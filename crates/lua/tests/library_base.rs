//! The basic functions beside PUC-Rio's: results and error messages.

mod support;

use support::{compare, compare_all};

#[test]
fn assert_and_error() {
    compare_all(&[
        "assert(1, 2, 3)",
        "assert(false)",
        "assert(nil, 'message')",
        "assert(false, nil)",
        "assert(false, {})",
        "assert()",
        "assert(assert)",
        "error()",
        "error('x')",
        "error('x', 0)",
        "error('x', 1)",
        "error('x', 2)",
        "error('x', 3)",
        "error('x', 100)",
        "error('x', -1)",
        "error('x', 'y')",
        "error('x', 1.5)",
        "error({})",
        "error(12)",
        "error(nil)",
        "pcall(error)",
        "pcall(error, 'a', 1)",
        "pcall(assert, false, 'b')",
        "pcall(assert)",
        "pcall()",
        "xpcall(error, print, 'q')",
        "xpcall(error)",
        "xpcall(error, 1)",
        "xpcall()",
        "select('#', pcall(error))",
        "local function f() error('deep', 2) end\nlocal function g() f() end\nreturn pcall(g)",
        "local function f() error('deep', 3) end\nlocal function g() f() end\nreturn pcall(g)",
    ]);
}

#[test]
fn tables_and_metatables() {
    compare_all(&[
        "getmetatable({})",
        "getmetatable('').__name",
        "getmetatable()",
        "getmetatable(setmetatable({}, {__metatable = 'secret'}))",
        "setmetatable({}, {}) ~= nil",
        "setmetatable({})",
        "setmetatable({}, 1)",
        "setmetatable(1, {})",
        "setmetatable()",
        "setmetatable(setmetatable({}, {__metatable = 1}), {})",
        "setmetatable(setmetatable({}, {__metatable = false}), {})",
        "rawequal({}, {})",
        "rawequal(1, 1.0)",
        "rawequal('a', 'a')",
        "rawequal(1)",
        "rawequal()",
        "rawget({5}, 1)",
        "rawget(1)",
        "rawget({})",
        "rawget(setmetatable({}, {__index = {x = 1}}), 'x')",
        "rawlen({1, 2})",
        "rawlen('abc')",
        "rawlen(1)",
        "rawlen()",
        "rawset({}, nil, 1)",
        "rawset({}, 0/0, 1)",
        "rawset({}, 1)",
        "rawset({}, 1, 2)[1]",
        "rawset(1, 2, 3)",
        "next({})",
        "next({1})",
        "next({}, 'no')",
        "next({}, {})",
        "next()",
        "next(1)",
        "next({1, 2}, 2)",
        "next({1, 2}, 2.0)",
        "type(next)",
        "type()",
        "type(nil)",
        "type(type({}))",
        "select(2, 'a', 'b', 'c')",
        "select(-1, 'a', 'b', 'c')",
        "select(-3, 'a', 'b', 'c')",
        "select(-4, 'a', 'b', 'c')",
        "select(0, 'a')",
        "select(9, 'a')",
        "select('#')",
        "select('#', nil, nil)",
        "select('2', 'a', 'b')",
        "select('x')",
        "select()",
        "select(1.5)",
        "select(math.mininteger, 1)",
        "_VERSION",
        "_G == _G._G",
    ]);
}

#[test]
fn iteration() {
    compare_all(&[
        "pairs()",
        "pairs(nil)",
        "pairs(1)",
        "select('#', pairs({}))",
        "select(2, pairs(setmetatable({}, {__pairs = function() return 1, 2, 3, 4 end})))",
        "pairs(setmetatable({}, {__pairs = function() end}))",
        "pairs(setmetatable({}, {__pairs = function() error('oh') end}))",
        "pairs(setmetatable({}, {__pairs = 1}))",
        "ipairs()",
        "select('#', ipairs(nil))",
        "select(2, ipairs({}))",
    ]);
    compare(
        "for i, v in ipairs({1, 2, nil, 4}) do print(i, v) end
         local t = setmetatable({}, {__index = function(_, i) if i < 4 then return i * i end end})
         for i, v in ipairs(t) do print(i, v) end
         for i, v in ipairs('x') do print(i, v) end
         for k, v in pairs({10, 20, x = 1}) do print(k, v) end
         for k, v in pairs(setmetatable({}, {__pairs = function(t) return next, {7, 8} end})) do
           print(k, v)
         end
         local co = coroutine.wrap(function()
           local t = setmetatable({}, {__pairs = function(t)
             coroutine.yield('inside')
             return next, {9}, nil
           end})
           for k, v in pairs(t) do print(k, v) end
           return 'done'
         end)
         print(co()) print(co())
         for i in ipairs(nil) do end",
    );
}

#[test]
fn numbers_and_strings() {
    compare_all(&[
        "tonumber(1)",
        "tonumber(1.5)",
        "tonumber('0x10')",
        "tonumber('  12  ')",
        "tonumber('1e1')",
        "tonumber('1e')",
        "tonumber('')",
        "tonumber('0x')",
        "tonumber('1 2')",
        "tonumber('1\\0')",
        "tonumber({})",
        "tonumber(nil)",
        "tonumber()",
        "tonumber('10', 2)",
        "tonumber('zz', 36)",
        "tonumber('ZZ', 36)",
        "tonumber('-ff', 16)",
        "tonumber('  -7f \\n', 16)",
        "tonumber('- 1', 10)",
        "tonumber('+7', 10)",
        "tonumber('+-7', 10)",
        "tonumber('8', 8)",
        "tonumber('', 8)",
        "tonumber('-', 8)",
        "tonumber('1\\0', 10)",
        "tonumber('ffffffffffffffffff', 16)",
        "tonumber('1', 1)",
        "tonumber('1', 37)",
        "tonumber(1, 10)",
        "tonumber('1', 'x')",
        "tonumber(nil, 10)",
        "tonumber('1', nil)",
        "tonumber('1e1', 15)",
        "tostring(1)",
        "tostring(-0.0)",
        "tostring(1e100)",
        "tostring(nil)",
        "tostring(true)",
        "tostring()",
        "tostring({})",
        "tostring(print):sub(1, 10)",
        "tostring(coroutine.create(print))",
        "tostring(setmetatable({}, {__tostring = function() return 'mine' end}))",
        "tostring(setmetatable({}, {__tostring = function() return 1 end}))",
        "tostring(setmetatable({}, {__tostring = function() return {} end}))",
        "tostring(setmetatable({}, {__tostring = function() error('oh') end}))",
        "tostring(setmetatable({}, {__name = 'Mine'}))",
        "tostring(setmetatable({}, {__name = 1}))",
        "print(setmetatable({}, {__name = 'Mine'}))",
        "#setmetatable({}, {__name = 'Mine'}) + 1 < setmetatable({}, {__name = 'Mine'})",
    ]);
}

#[test]
fn loading() {
    compare_all(&[
        "load('return 1, 2')()",
        "load('return')",
        "load('x =')",
        "load('x =', '=name')",
        "load('x =', '@file.lua')",
        "load('x =', 'source text\\nmore')",
        "load(nil)",
        "load()",
        "load({})",
        "load(12)",
        "load('return 1', 'n', 'b')",
        "load('return 1', 'n', 'x')",
        "load('return 1', 'n', 't')()",
        "load('\\27Lua')",
        "load('\\27Lua', '=bin')",
        "load('\\27Lua', 'n', 't')",
        "load('\\27Luaxxxxxxx', 'bin')",
        "load('return x', 'n', 't', {x = 5})()",
        "load('return x', 'n', 't', nil)()",
        "load(function() end)()",
        "load(function() return {} end)",
        "load(function() error('oh') end)",
        "load(function() return 'x =' end)",
        "load('error(\"in\")', '=inner')()",
        "load(print, 1)()",
    ]);
    compare(
        "local parts, n = {'return ', '1', ' + 1', '', 'ignored'}, 0
         print(load(function() n = n + 1 return parts[n] end)())
         print(n)
         local depth = 0
         local function nest(n) return n == 0 and 'return 1' or 'return load(...)' end
         print(pcall(load, 'x', 'y', 1))",
    );
}

/// `for` loops take the steps of `ipairs` themselves where they can.
#[test]
fn loops_over_ipairs_start_end_and_go_on_anywhere() {
    compare(
        "local step = ipairs {}
         for _, start in ipairs {0, 1, 2, 3, -1, -2, 2^32 | 0, 2^32 + 1 | 0, math.maxinteger,
                                 math.mininteger, 1.0, '1', '0x2'} do
           local n = 0
           for i, v, extra in step, {10, 20, 30, [-1] = 'below', [0] = 'zero'}, start do
             print(start, i, v, extra)
             n = n + 1
             if n == 5 then break end
           end
         end
         print(pcall(function() for i, v in step, {10}, 1.5 do print(i, v) end end))
         print(pcall(function() for i, v in step, {10}, {} do print(i, v) end end))
         print(pcall(function() for i, v in step, {10} do print(i, v) end end))
         print(pcall(function() for i, v in step, nil, 0 do print(i, v) end end))
         local inherited = setmetatable({'own', nil, 'third'}, {__index = function(t, k)
           if k < 6 then return 'inherited ' .. k end
         end})
         for i, v in ipairs(inherited) do print(i, v) end
         local growing = {1}
         for i, v in ipairs(growing) do if i < 40 then growing[i + 1] = v + i end end
         print(#growing, growing[40])
         local shrinking = {1, 2, 3, 4, 5}
         for i, v in ipairs(shrinking) do print(i, v) shrinking[#shrinking] = nil end
         local hashed = {[2] = 'b', [1] = 'a', [3] = 'c', x = 1}
         for i, v in ipairs(hashed) do print(i, v) hashed[i + 9] = i end",
    );
}

#[test]
fn collector_options() {
    compare_all(&[
        "collectgarbage('stop')",
        "collectgarbage('stop')\nreturn collectgarbage('isrunning')",
        "collectgarbage('restart')",
        "collectgarbage('isrunning')",
        "collectgarbage()",
        "collectgarbage('collect')",
        "math.type(collectgarbage('count'))",
        "collectgarbage('setpause', 150)",
        "collectgarbage('setpause', 150)\nreturn collectgarbage('setpause', 201)",
        "collectgarbage('setpause', 203)\nreturn collectgarbage('setpause')",
        "collectgarbage('setstepmul', 300)",
        "collectgarbage('setstepmul', 400)\nreturn collectgarbage('setstepmul')",
        "collectgarbage('generational')",
        "collectgarbage('generational')\nreturn collectgarbage('incremental')",
        "collectgarbage('incremental', 100, 200, 10)",
        "collectgarbage('step', 100000)",
        "collectgarbage('nothing')",
        "collectgarbage('no\\0thing')",
        "collectgarbage(1)",
        "collectgarbage({})",
        "collectgarbage('step', {})",
        "type(collectgarbage('count', {}))",
    ]);
    compare(
        "local result
         setmetatable({}, {__gc = function() result = {pcall(collectgarbage)} end})
         collectgarbage()
         print(result[1], result[2])",
    );
}

#[test]
fn errors_while_handling_errors() {
    compare(
        "print(xpcall(function() error('a') end, function(m) error('b') end))
         print(xpcall(function() error('a') end, error))
         print(xpcall(error, function(m) local x = nil + 1 end, 'q'))
         local function loop() assert(pcall(loop)) end
         print(xpcall(loop, loop))
         local function deep() local x = deep() return x end
         print(xpcall(deep, function(m) return #m end))
         local function rec() return tostring(setmetatable({}, {__tostring = rec})) end
         print(pcall(rec))
         print(xpcall(rec, function(m) return 'handled ' .. m end))
         local function echo(m) return function() return m end end
         print(xpcall(rec, function(m)
           return 'handled ' .. tostring(setmetatable({}, {__tostring = echo(m)}))
         end))
         print(pcall(coroutine.wrap(function() return rec() end)))
         local n = 0
         print(xpcall(function() error('a') end, function(m)
           n = n + 1
           if n < 5 then error(n, 0) end
           return 'ok ' .. m
         end))",
    );
}

#[test]
fn handlers_see_errors_of_readers() {
    compare(
        "local function handler(m) print('handler', m) return m .. '!' end
         for i = 1, 3 do
           print(xpcall(function()
             print(load(function() error('reader') end))
             print(load(function() return {} end))
             print(pcall(load, function() error('inside') end))
             print(load('x = = 1'))
             error('after')
           end, handler))
         end
         local co = coroutine.wrap(function() error('in coroutine') end)
         print(xpcall(co, handler))
         print(xpcall(function()
           local x <close> = setmetatable({}, {__close = function() error('closing') end})
           error('first')
         end, handler))
         print(xpcall(error, handler, 'last'))",
    );
}

#[test]
fn deep_chains_of_protected_calls_end() {
    compare(
        "local depth = 0
         local function f()
           depth = depth + 1
           local ok, message = pcall(f)
           if not ok then error(message, 0) end
         end
         print(pcall(f))
         print(depth > 150 and depth < 250)
         depth = 0
         -- As many calls one after the other leave nothing behind.
         for i = 1, 1000 do pcall(error) pcall(print) xpcall(error, print) end
         print(pcall(f))",
    );
}

#[test]
fn messages_of_concatenations_name_the_operand_that_failed() {
    compare(
        "local A, B, T
         print(pcall(function() return 'x' .. A .. ('y' .. B) end))
         print(pcall(function() return A .. B .. T end))
         print(pcall(function() return 'x' .. A .. B .. 'y' end))
         print(pcall(function() local x, y, z = 1, {}, nil return x .. y .. z end))
         local t = setmetatable({}, {__concat = function() return {} end})
         print(pcall(function() local x, y = 1, nil return x .. y .. t end))
         print(pcall(function() local x, y, z = 1, {}, {} return x .. y .. 2 end))",
    );
}
