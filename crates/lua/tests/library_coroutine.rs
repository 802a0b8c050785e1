//! The coroutine library beside PUC-Rio's.

mod support;

use support::{compare, compare_all};

#[test]
fn errors() {
    compare_all(&[
        "coroutine.create()",
        "coroutine.create(1)",
        "coroutine.wrap()",
        "coroutine.wrap({})",
        "coroutine.resume()",
        "coroutine.resume(1)",
        "coroutine.resume(coroutine.running())",
        "coroutine.status()",
        "coroutine.status(1)",
        "coroutine.close()",
        "coroutine.close(coroutine.running())",
        "coroutine.yield(1)",
        "coroutine.isyieldable()",
        "select(2, coroutine.running())",
        "coroutine.resume(coroutine.create(print), 1, 2)",
        "coroutine.resume(coroutine.create(error), 'x')",
        "coroutine.resume(coroutine.create(error))",
        "coroutine.wrap(error)('x')",
        "coroutine.wrap(error)({})",
        "coroutine.wrap(function() error('pos') end)()",
        "coroutine.wrap(function() local x = nil + 1 end)()",
    ]);
}

#[test]
fn lives() {
    compare(
        "local co = coroutine.create(function(...)
           print('in', ...)
           print('again', coroutine.yield(1, 2))
           print(coroutine.status((coroutine.running())), coroutine.isyieldable())
           return 'end'
         end)
         print(coroutine.status(co), coroutine.isyieldable(co))
         print(coroutine.resume(co, 'a', 'b'))
         print(coroutine.status(co))
         print(coroutine.resume(co, 'c'))
         print(coroutine.status(co), coroutine.resume(co))
         print(coroutine.close(co), coroutine.status(co))
         local w = coroutine.wrap(function() coroutine.yield() error({}) end)
         w()
         print(pcall(w)) print(pcall(w))
         local outer
         outer = coroutine.create(function()
           local inner = coroutine.create(function() print(coroutine.status(outer))
             print(coroutine.resume(outer)) print(pcall(coroutine.close, outer)) end)
           coroutine.resume(inner)
         end)
         coroutine.resume(outer)",
    );
}

#[test]
fn native_functions_as_coroutines() {
    compare(
        "local w = coroutine.wrap(pcall)
         print(w(pcall, pcall, error, 'deep'))
         print(pcall(coroutine.wrap(error), 'shallow'))
         print(coroutine.resume(coroutine.create(pcall), error, {}))
         print(coroutine.resume(coroutine.create(xpcall), error, function(m) return m .. '!'
           end, 'x'))
         local co = coroutine.create(pcall)
         print(coroutine.resume(co, coroutine.yield, 1, 2))
         print(coroutine.resume(co, 3, 4))
         print(coroutine.status(co), coroutine.resume(co))
         co = coroutine.create(coroutine.yield)
         print(coroutine.resume(co, 1), coroutine.resume(co, 2))
         print(coroutine.resume(coroutine.create(coroutine.wrap(print)), 'nested'))
         print(coroutine.resume(coroutine.create(setmetatable), 1))
         print(coroutine.resume(coroutine.create(dofile), {}))
         print(pcall(coroutine.wrap(coroutine.wrap(coroutine.wrap(error))), 'three'))",
    );
}

#[test]
fn closing() {
    compare(
        "local function guarded(name)
           return setmetatable({}, {__close = function(_, e) print('close', name, e) end})
         end
         local co = coroutine.create(function()
           local a <close> = guarded('a')
           local b <close> = guarded('b')
           coroutine.yield(1)
         end)
         print(coroutine.resume(co)) print(coroutine.close(co)) print(coroutine.status(co))
         co = coroutine.create(function()
           local a <close> = setmetatable({}, {__close = function() error('in close', 0) end})
           coroutine.yield(1)
         end)
         coroutine.resume(co) print(coroutine.close(co)) print(coroutine.close(co))
         co = coroutine.create(function() error('oh', 0) end)
         print(coroutine.resume(co)) print(coroutine.close(co)) print(coroutine.close(co))
         co = coroutine.wrap(function()
           local a <close> = guarded('w')
           error('failed', 0)
         end)
         print(pcall(co))
         print(coroutine.close(coroutine.create(print)))
         co = coroutine.create(function()
           local x <close> = setmetatable({}, {__close = function() coroutine.close(co) end})
           coroutine.yield(20)
         end)
         coroutine.resume(co)
         print(coroutine.close(co))
         print(coroutine.status(co), coroutine.isyieldable())",
    );
}

#[test]
fn yields_across_library_calls() {
    compare(
        "local function try(f, ...)
           local co = coroutine.create(f)
           local results = table.pack(coroutine.resume(co, ...))
           while coroutine.status(co) ~= 'dead' do
             print('yielded', table.unpack(results, 1, results.n))
             results = table.pack(coroutine.resume(co, 'resumed'))
           end
           print('finished', table.unpack(results, 1, results.n))
         end
         try(pcall, function() return coroutine.yield(1) end)
         try(pcall, function() coroutine.yield(1) error('e', 0) end)
         try(xpcall, function() coroutine.yield(1) error('e', 0) end,
             function(m) return m .. '!' end)
         try(table.sort, {3, 2, 1}, function(a, b) coroutine.yield() return a < b end)
         try(function() for k in pairs(setmetatable({}, {__pairs = coroutine.yield})) do end end)
         try(tostring, setmetatable({}, {__tostring = function() coroutine.yield() end}))
         try(load, function() coroutine.yield() end)
         try(coroutine.wrap(function() coroutine.yield(1) return 2 end))
         try(function()
             return coroutine.wrap(function() return pcall(coroutine.yield, 5) end)()
         end)",
    );
}
