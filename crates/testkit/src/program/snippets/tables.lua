-- Pieces about tables and the table library.
---
local t = @a
table.sort(t)
P(t)
table.sort(t, function(a, b) return a > b end)
P(t, #t, t[1], t[#t], t[#t + 1])
---
local t = @w
table.sort(t)
P(t, table.concat(t, "|"), table.concat(t, ", ", 1, #t))
---
local records = {}
for i = 1, 12 do records[i] = {id = i, key = (i * 7 + @k) % 13} end
table.sort(records, function(a, b) return a.key < b.key end)
local keys = {}
for i, r in ipairs(records) do keys[i] = r.key end
P(keys)
---
local t = {}
for i = 1, 50 do t[i] = (i * 37 + @k) % 101 end
table.sort(t, function(a, b) return a < b end)
P(table.concat(t, " "))
---
P(pcall(table.sort, {1, "a", 2}))
P(pcall(table.sort, {{}, {}}))
P(pcall(table.sort, {3, 1, 2}, function(a, b) error("in comparator", 0) end))
---
local t = @a
table.insert(t, @i)
table.insert(t, 1, @i)
P(t, table.remove(t), table.remove(t, 1), t)
P(pcall(table.insert, t, #t + 2, 1), pcall(table.insert, t), pcall(table.insert, t, 1, 2, 3), table.remove({}), table.remove({}, 0))
P(pcall(table.remove, {1, 2, 3}, 7), pcall(table.insert, {1, 2, 3}, 0, 1))
---
P(table.concat({}), table.concat({1, 2.5, "x"}, "-"), table.concat({1, 2, 3}, ",", 2), table.concat({1, 2, 3}, ",", 2, 1))
P(pcall(table.concat, {1, {}, 3}), pcall(table.concat, {1, 2}, ",", 1, 3), pcall(table.concat, @a, @s))
---
P(table.unpack({1, 2, 3}), table.unpack({1, 2, 3}, 2), table.unpack({1, 2}, 1, 4), (table.unpack({@i})))
P(pcall(table.unpack, {}, 1, 1e8), select("#", table.unpack({}, 1, @k)), table.unpack({}, 5, 1))
P(table.unpack({1, 2, 3}, -1, 1), pcall(table.unpack, {}, math.mininteger, math.maxinteger))
---
local p = table.pack(@v, nil, @v, nil)
P(p.n, p[1], p[3], table.pack().n)
---
P(table.move({1, 2, 3, 4}, 2, 4, 1), table.move({1, 2, 3}, 1, 3, 3), table.move({1, 2}, 1, 2, 5, {}), table.move({1}, 2, 1, 9))
P(pcall(table.move, {}, 1, math.maxinteger, 2), pcall(table.move, {}, math.mininteger, -1, 5), pcall(table.move, {}, 1, 2))
P(table.move(@a, 1, @k, @k + 1, {})[@k + 1])
---
local t = {10, 20, 30, x = 1, y = 2, [2.5] = 3, [-1] = 4, [@b] = 5}
local sum, n = 0, 0
for k, v in pairs(t) do sum = sum + v; n = n + 1 end
P(sum, n)
local count = 0
for k in next, t do count = count + 1 end
P(count, next({}), type(next), rawlen(t))
---
local t = {}
for i = 1, 10 do t[i] = i end
for k, v in pairs(t) do if v % 2 == 0 then t[k] = nil end end
local left = 0
for _ in pairs(t) do left = left + 1 end
P(left, t[1], t[2], t[9])
---
local t = {}
t[1.0], t[2^53], t[@k + 0.5] = "one", "big", "half"
P(t[1], t[1 << 53], math.type(next({[3.0] = 1})), t[@k + 0.5])
---
P(pcall(function() local t = {}; t[0/0] = 1 end))
P(pcall(function() local t = {}; t[nil] = 1 end), ({})[nil], ({})[0/0])
P(pcall(rawset, {}, 0/0, 1))
---
local t = setmetatable({}, {__index = function() return "default" end})
P(rawget(t, 1), t[1], rawset(t, 1, @s)[1], rawequal(t, t), rawequal("a", "a"), rawlen({1, 2}), rawlen("abc"))
---
local matrix = {}
for i = 1, 3 do matrix[i] = {} for j = 1, 3 do matrix[i][j] = i * j + @k end end
P(matrix, matrix[2][3], #matrix, #matrix[1])
---
local stack = {}
for i = 1, 5 do stack[#stack + 1] = i * @d end
while #stack > 2 do P(stack[#stack]); stack[#stack] = nil end
P(#stack)
---
local list
for i = 1, 4 do list = {next = list, value = i + @k} end
local node, seen = list, {}
while node do seen[#seen + 1] = node.value; node = node.next end
P(seen)
---
local big = {}
for i = 1, 300 do big[i] = i end
for i = 301, 100, -1 do big[i] = nil end
P(#big, big[99], big[100])
for i = 1, 100 do big["k" .. i] = i end
local n = 0
for k, v in pairs(big) do n = n + v end
P(n)
---
local function map(t, f) local r = {} for i, v in ipairs(t) do r[i] = f(v) end return r end
local function fold(t, f, a) for _, v in ipairs(t) do a = f(a, v) end return a end
P(map(@a, function(v) return v & 0xff end), fold(@a, function(a, b) return a ~ b end, 0))
---
local set = {}
for _, v in ipairs(@a) do set[v] = true end
local keys = {}
for k in pairs(set) do keys[#keys + 1] = k end
table.sort(keys)
P(keys)
---
P(next({}, nil), pcall(next, {}, 1), pcall(next), type(next({1})))
local k, v = next({@i})
P(k, v)
---
local t = {n = 0, [1] = "a", [2] = "b", [3] = nil, [4] = "d"}
local seen = {}
for i, v in ipairs(t) do seen[i] = v end
P(seen)
---
local a = {1, 2, 3}
local b = a
b[1] = @i
P(a[1], a == b, a ~= {1, 2, 3}, {} == {})
---
local cyclic = {}
cyclic.self = cyclic
cyclic[1] = {cyclic}
P(cyclic.self.self == cyclic, cyclic[1][1] == cyclic)
