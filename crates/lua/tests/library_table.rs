//! The table library beside PUC-Rio's: results, metamethods and error messages.

mod support;

use support::{compare, compare_all};

#[test]
fn concat() {
    compare_all(&[
        "table.concat({})",
        "table.concat({1, 2, 3})",
        "table.concat({1, 2.5, 'x'}, ', ')",
        "table.concat({1, 2, 3}, ', ', 2)",
        "table.concat({1, 2, 3}, ', ', 2, 2)",
        "table.concat({1, 2, 3}, ', ', 3, 2)",
        "table.concat({1, 2, 3}, ', ', 3, 5)",
        "table.concat({1, {}, 3})",
        "table.concat({1, print, 3}, 1)",
        "table.concat({}, {})",
        "table.concat(1)",
        "table.concat()",
        "table.concat({}, '', 'x')",
        "table.concat({[math.maxinteger] = 'z'}, '-', math.maxinteger, math.maxinteger)",
        "table.concat(setmetatable({}, {__len = function() return 3 end, \
         __index = function(_, i) return i * 2 end}), ' ')",
        "table.concat(setmetatable({}, {__len = function() return 'x' end}))",
        "table.concat(setmetatable({}, {__len = function() return 1.5 end}))",
        "table.concat('abc')",
    ]);
}

#[test]
fn insert_and_remove() {
    compare_all(&[
        "table.insert({})",
        "table.insert({}, 1, 2, 3)",
        "table.insert(1, 2)",
        "table.insert({}, 5, 1)",
        "table.insert({}, 0, 1)",
        "table.insert({}, -1, 1)",
        "table.insert({}, 'x', 1)",
        "table.insert({}, 1.5, 1)",
        "table.insert(setmetatable({}, {__newindex = function() error('no') end}), 1)",
        "table.remove({})",
        "table.remove({}, 0)",
        "table.remove({}, 1)",
        "table.remove({}, 2)",
        "table.remove({1, 2, 3})",
        "table.remove({1, 2, 3}, 1)",
        "table.remove({1, 2, 3}, 4)",
        "table.remove({1, 2, 3}, 5)",
        "table.remove({1, 2, 3}, -1)",
        "table.remove(nil)",
        "table.remove({[0] = 'zero'}, 0)",
        "table.remove({n = 1}, nil)",
    ]);
    compare(
        "local t = {1, 2, 3}
         table.insert(t, 'end') table.insert(t, 1, 'start') table.insert(t, 3, 'middle')
         print(#t, table.unpack(t))
         print(table.remove(t, 3), table.remove(t), table.remove(t, 1), #t)
         local log = {}
         local p = setmetatable({}, {
           __len = function() return 3 end,
           __index = function(_, k) log[#log + 1] = 'get ' .. k return k end,
           __newindex = function(_, k, v) log[#log + 1] = 'set ' .. k .. ' ' .. tostring(v) end,
         })
         table.insert(p, 2, 'x') table.insert(p, 'y') table.remove(p, 1) table.remove(p)
         table.move(p, 1, 2, 2) table.sort(p) table.move({}, 1, 2, 1, p)
         for i, v in ipairs(log) do print(i, v) end",
    );
}

#[test]
fn moving() {
    compare_all(&[
        "table.concat(table.move({1, 2, 3}, 1, 3, 2), ',')",
        "table.concat(table.move({1, 2, 3}, 2, 3, 1), ',')",
        "table.concat(table.move({1, 2, 3}, 1, 3, 1, {}), ',')",
        "table.concat(table.move({1, 2, 3}, 1, 0, 1, {9}), ',')",
        "table.move({}, 1, 2)",
        "table.move({}, 1)",
        "table.move()",
        "table.move(1, 2, 3, 4)",
        "table.move({}, 1, 2, 3, 4)",
        "table.move({}, math.mininteger, math.maxinteger, 1)",
        "table.move({}, 0, math.maxinteger, 1)",
        "table.move({}, -1, math.maxinteger, 1)",
        "table.move({}, 1, math.maxinteger, 2)",
        "table.move({}, 1, 2, math.maxinteger)",
        "table.move({[math.maxinteger] = 4}, math.maxinteger, math.maxinteger, 1)[1]",
        "table.move({[math.mininteger] = 4}, math.mininteger, math.mininteger, 1)[1]",
    ]);
}

#[test]
fn packing() {
    compare_all(&[
        "table.pack().n",
        "#{table.unpack({nil, 2})}",
        "#{table.unpack({1, nil, 3})}",
        "#{nil, nil, 3}",
        "#{table.unpack({nil, nil, 3, nil}, 1, 4)}",
        "table.pack(nil, 2, nil).n",
        "table.unpack(table.pack(1, nil, 3))",
        "table.unpack({1, 2, 3}, 2)",
        "table.unpack({1, 2, 3}, -1, 1)",
        "table.unpack({1, 2, 3}, 3, 2)",
        "table.unpack('abc')",
        "table.unpack(1)",
        "table.unpack()",
        "table.unpack(nil, 1, 2)",
        "table.unpack({}, 1, 1e7)",
        "table.unpack({}, 1, math.maxinteger)",
        "table.unpack({}, math.mininteger, math.maxinteger)",
        "table.unpack({}, math.maxinteger, math.maxinteger)",
        "table.unpack({}, 'x')",
        "select('#', table.unpack({}, 1, 200))",
        "table.unpack(setmetatable({}, {__index = function(_, i) return i end}), 1, 3)",
    ]);
}

#[test]
fn sorting() {
    compare_all(&[
        "table.sort(1)",
        "table.sort({}, 1)",
        "table.sort({1}, 1)",
        "table.sort({2, 1}, 1)",
        "table.sort({1, 'x'})",
        "table.sort({{}, {}})",
        "table.sort({1, 2, nil, 4})",
        "table.sort({3, 1, 2}, function() error('oh') end)",
        "table.sort({1, 2, 3, 4}, function() return true end)",
        "table.sort({1, 2, 3, 4, 5, 6, 7}, function() return true end)",
        "table.sort(setmetatable({}, {__len = function() return math.maxinteger end}))",
        "table.sort(setmetatable({}, {__len = function() return -1 end}))",
    ]);
    compare(
        "local function random(n) -- the same sequence everywhere
           local x = 12345
           return function() x = (x * 1103515245 + 12345) % 2147483648 return x // 65536 % n end
         end
         for _, size in ipairs {0, 1, 2, 3, 4, 5, 10, 50, 100, 101, 102, 150, 500, 2000} do
           local next = random(size + 1)
           local numbers, strings, records = {}, {}, {}
           for i = 1, size do
             numbers[i] = next()
             strings[i] = tostring(next())
             records[i] = {key = next() // 4, number = i}
           end
           table.sort(numbers) table.sort(strings)
           table.sort(records, function(a, b) return a.key < b.key end)
           print(size, table.concat(numbers, ' '), table.concat(strings, ' '))
           -- The order of equal elements is PUC-Rio's, too.
           for i, r in ipairs(records) do io_line = (i > 1 and io_line or '') .. r.number .. ' ' end
           print(io_line)
           table.sort(numbers, function(a, b) return a > b end)
           print(table.concat(numbers, ' '))
         end
         local mixed = {3, 1.5, 2, 2.0, -1, 1e10, 0/0, 7, -0.0, 0}
         print(pcall(table.sort, mixed))
         print(table.concat(mixed, ' '))
         local objects = {}
         local order = {__lt = function(a, b) return a.v < b.v end}
         for i = 1, 20 do objects[i] = setmetatable({v = i * 7 % 11}, order) end
         table.sort(objects)
         for i, o in ipairs(objects) do print(i, o.v) end
         print(pcall(table.sort, {1, 2, 3, 'x', 5, 6}))",
    );
}
