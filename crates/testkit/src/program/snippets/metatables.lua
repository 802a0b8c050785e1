-- Pieces about metatables and every metamethod.
---
local V = {}
V.__index = V
local function vec(x, y) return setmetatable({x = x, y = y}, V) end
V.__add = function(a, b) return vec(a.x + b.x, a.y + b.y) end
V.__sub = function(a, b) return vec(a.x - b.x, a.y - b.y) end
V.__mul = function(a, b) if type(a) == "number" then return vec(a * b.x, a * b.y) end return a.x * b end
V.__unm = function(a) return vec(-a.x, -a.y) end
V.__eq = function(a, b) return a.x == b.x and a.y == b.y end
V.__lt = function(a, b) return a.x < b.x end
V.__le = function(a, b) return a.x <= b.x end
V.__len = function(a) return 2 end
V.__concat = function(a, b) return "cat" end
V.__call = function(self, ...) return self.x, ... end
V.__tostring = function(a) return "(" .. S(a.x) .. "," .. S(a.y) .. ")" end
local a, b = vec(@i, @k), vec(@k, @i)
P(tostring(a + b), tostring(a - b), tostring(2 * a), a * 3, tostring(-a), #a, a(1, nil), a .. b)
P(a == b, a ~= b, a < b, a <= b, a > b, a >= b, a .. "s", 1 .. a, a == vec(a.x, a.y))
---
local function h(name) return function(x, y) return name .. ":" .. type(x) .. ":" .. type(y) end end
local M = {__add = h"add", __sub = h"sub", __mul = h"mul", __div = h"div", __mod = h"mod", __pow = h"pow"}
M.__unm, M.__idiv, M.__band, M.__bor, M.__bxor = h"unm", h"idiv", h"band", h"bor", h"bxor"
M.__shl, M.__shr, M.__bnot, M.__concat = h"shl", h"shr", h"bnot", h"concat"
local o = setmetatable({}, M)
P(o + 1, 2 - o, o * o, o / "x", 1 % o, o ^ 2, -o, o // 1.5, o & 1, 1 | o, o ~ "3", o << 1, 1 >> o, ~o)
P(o .. "a", "a" .. o, 1 .. o, o @o @k, o @q @k)
---
local t = setmetatable({}, {
  __index = function(t, k) return k .. "!" end,
  __newindex = function(t, k, v) rawset(t, k, v * 2) end,
})
t.a = @i
t.b = 4
P(t.a, t.b, t.c, rawget(t, "c"))
t.a = 7
P(t.a)
---
local base = {greet = function(self) return "base " .. self.name end}
local derived = setmetatable({}, {__index = base})
local object = setmetatable({name = @s}, {__index = derived})
P(object:greet(), object.missing)
---
local proxy = setmetatable({}, {__index = T1, __newindex = T2, __len = function() return #T1 end})
P(proxy[1], #proxy, rawlen(proxy))
---
local ordered = setmetatable({}, {__pairs = function(t) return function(_, k) k = (k or 0) + 1 if k <= 3 then return k, k * @k end end, t, nil end})
for k, v in pairs(ordered) do P(k, v) end
---
P(getmetatable(setmetatable({}, {__metatable = "locked"})), pcall(setmetatable, setmetatable({}, {__metatable = @b}), {}))
---
P(tostring(setmetatable({}, {__tostring = function() return @s end})))
P(pcall(tostring, setmetatable({}, {__tostring = function() return @v end})))
P((tostring(setmetatable({}, {__name = "My.Type"})):gsub("0x%x+", "ADDR"):gsub(": .*", ": ADDR")))
---
local callable = setmetatable({}, {__call = function(self, a, b) return b, a end})
P(callable(1, 2), pcall(callable, 3), select("#", callable()))
P(pcall(table.sort, {3, 1, 2}, setmetatable({}, {__call = function(_, a, b) return a < b end})))
---
local chain = setmetatable({}, {__call = setmetatable({}, {__call = function(a, b, c) return type(a), type(b), c end})})
P(pcall(chain, @i))
---
local mt = {__eq = function() return @b end}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
P(a == b, a ~= b, a == a, rawequal(a, b), a == 1)
---
local mt = {__lt = function(a, b) return nil end, __le = function(a, b) return @v end}
local a = setmetatable({}, mt)
P(a < a, a <= 1, 1 >= a, "x" <= a, a > "y")
---
local t = setmetatable({}, {__index = function(t, k) if k > 3 then return nil end return k * 10 end})
for i, v in ipairs(t) do P(i, v) end
---
local t = setmetatable({}, {__len = function() return 3 end, __index = function(_, i) return i * 2 end})
P(table.concat(t, ","), table.unpack(t))
P(pcall(table.insert, t, 5))
P(rawget(t, 4), rawlen(t))
---
local t = setmetatable({}, {__len = function() return @v end})
P(pcall(function() return #t end))
P(pcall(table.unpack, t))
---
local weak = setmetatable({}, {__mode = "k"})
coroutine.wrap(function() for i = 1, 5 do weak[{}] = i end end)()
local key = {}
weak[key] = "kept"
collectgarbage() collectgarbage()
local n = 0
for k, v in pairs(weak) do n = n + 1 end
P(n, weak[key])
---
local weak = setmetatable({}, {__mode = "v"})
coroutine.wrap(function() weak[1] = {}; weak.x = function() return n end; weak.s = "string" end)()
weak[2] = T1
collectgarbage() collectgarbage()
P(weak[1], weak.s, weak[2] == T1)
---
local done = {}
coroutine.wrap(function()
  for i = 1, 3 do setmetatable({}, {__gc = function() done[#done + 1] = i end}) end
end)()
collectgarbage() collectgarbage()
table.sort(done)
P(done)
---
local eph = setmetatable({}, {__mode = "k"})
coroutine.wrap(function() local k = {}; eph[k] = {k} end)()
collectgarbage() collectgarbage()
P(next(eph))
---
local t = setmetatable({}, {__index = string, __unm = false})
P(t.rep("ab", 2), pcall(function() return -t end))
---
local log = {}
local t = setmetatable({}, {__newindex = function(t, k, v) log[#log + 1] = tostring(k); rawset(t, k, v) end})
t[1], t[2], t.x = 1, 2, 3
t[1] = 10
table.insert(t, "new")
P(log, t)
---
local t = setmetatable({}, {__close = function(s, e) P("closed", e) end})
do local c <close> = t end
P(pcall(function() local c <close> = t; error({}) end))
---
local div = setmetatable({}, {__div = function(a, b) return "d" end, __mod = function() return "m" end, __idiv = function() return "i" end})
P(div / 0, div % 0, div // 0, 1 / div, pcall(function() return div * 1 end))
---
local c = setmetatable({}, {__concat = function(a, b) return (type(a) == "table" and "T" or a) .. "+" .. (type(b) == "table" and "T" or b) end})
P(c .. "x" .. "y", "x" .. c .. "y", "x" .. "y" .. c, 1 .. c .. 2, c .. c)
---
local index = setmetatable({}, {__index = function(_, k) error("no field " .. tostring(k)) end})
P(pcall(function() return index.field end))
P(pcall(function() return index[@i] end))
---
local loop = {}
setmetatable(loop, {__index = loop})
P(pcall(function() return loop.x end))
local a, b = {}, {}
setmetatable(a, {__newindex = b})
setmetatable(b, {__newindex = a})
P(pcall(function() a.x = 1 end))
---
local o = setmetatable({}, {__name = "Named"})
P(pcall(function() return o + 1 end))
P(pcall(function() return #o < o end))
P(pcall(string.rep, o))
P(pcall(ipairs))
