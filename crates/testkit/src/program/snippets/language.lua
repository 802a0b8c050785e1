-- Pieces about the language itself: scopes, closures, varargs, assignment, jumps.
---
local functions = {}
for i = 1, 3 do
  local j = i * @d
  functions[i] = function(n) j = j + n; return i, j end
end
P(functions[1](1), functions[1](@d), functions[2](2), functions[3](3))
---
local function counter()
  local n = @i
  return function() n = n + 1; return n end, function() return n end, function(m) n = m end
end
local up, get, set = counter()
up() up()
P(get(), set(@k), up(), get())
---
local function f(...)
  local a, b = ...
  return select("#", ...), a, b, ...
end
P(f(), f(nil), f(nil, nil), (f(1, 2, 3)))
P((f(@v, @v)))
P({f(@i, @s)}, #{f()}, {f(), f()})
---
local t = {}
local i = 1
i, t[i] = i + 1, 20
P(i, t)
local a, b, c = (function() return 1, 2 end)()
P(a, b, c)
a, b = b, a
P(a, b)
---
local t = {@i, @s; x = @i, ["y z"] = @b, [@k] = @s, (function() return 1, 2, 3 end)()}
P(t.x, t["y z"], #t >= 2)
---
local obj = {n = @i}
function obj:add(m) self.n = self.n + m; return self end
function obj.make(n) return {n = n, add = obj.add} end
P(obj:add(1):add(@d).n, obj.make(@k):add(3).n)
---
for i = 1, 3 do
  for j = 1, 3 do
    if (i + j) % 2 == @k % 2 then goto continue end
    if j == 3 then goto done end
    P(i, j)
    ::continue::
  end
end
::done::
---
do
  local k = 0
  ::top::
  local f = function() return k end
  k = k + 1
  if k < 4 then goto top end
  P(f(), k)
end
---
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
P(fact(5), fact(20), fact(25), fact(@k))
---
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
P(loop(2000, 0), loop(@k, @i))
---
local function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
P(even(10), even(@k))
odd = nil
---
P(pcall(function()
  local a <close> = closer("a")
  local b <close> = closer("b")
  local c <const> = @i
  if @b then error("in block " .. c) end
  return c, "returned"
end))
---
P(pcall(function()
  local a <close> = setmetatable({}, {__close = function(_, e) P("a got", e); error("from a", 0) end})
  local b <close> = setmetatable({}, {__close = function(_, e) P("b got", e); error("from b", 0) end})
  error("first", 0)
end))
---
for i = 1, 3 do
  local c <close> = closer("loop " .. i)
  if i == @k then break end
end
---
local function g()
  local x <close> = closer("tail")
  return (function() P("in tail"); return 1, 2 end)()
end
P(g())
---
P(pcall(function() local x <close> = @v end))
---
P(not nil, not 0, nil == false, 1 == 1.0, "1" == 1, 0 == -0.0)
P(1 and 2, nil and 1, false or nil, nil or false, false or 3, nil and nil)
P(2^3^2, -2^2, not 1 == 2, 1 .. 2 .. 3, 2 + 3 .. "", 1 << 2 + 1, 5 & 3 == 1)
---
P(@n @c @n, @i @c @i, @s @c @s)
---
P(0x10, 0xA.8, 0x.8p1, 1e2, .5, 3., 0xffffffffffffffffff, 1e400, 123456789012345678901)
---
P('\a\b\f\n\r\t\v\\\'\"', "\65\066\x43\u{44}\z
   E", [[
first newline skipped]], [==[a]]b]=]c]==])
---
local t = setmetatable({}, {__index = _ENV})
local function inside()
  local _ENV = t
  defined = @i
  return defined, tostring(defined)
end
P(inside())
P(rawget(t, "defined"), defined)
---
local function sum(...)
  local total = 0
  for _, v in ipairs {...} do total = total + v end
  return total
end
P(sum(), sum(1), sum(table.unpack(@a)), sum(@i, @i))
---
P(select(-1, 1, 2, 3), select(2, "a", "b", "c"))
P(select("#"), select("#", nil, nil), pcall(select, 0), pcall(select, -5, 1))
---
local a <const>, b = 10, @i
local function f() return a + 1, b end
b = b ~ a
P(f(), a)
---
local list = {}
for w = 10, 1, @d - 8 do list[#list + 1] = w end
P(list)
---
P(pcall(function() for i = 1, 10, @d do if i > 20 or i < -20 then break end end return "done" end))
---
local n = 0
for i = math.maxinteger - @k, math.maxinteger do n = n + 1 end
for i = math.mininteger + 2, math.mininteger, -1 do n = n + 1 end
for i = 1, -math.huge do n = n + 1000 end
P(n)
---
local r = {}
for i = 1, 3 do r[i] = function() i = i + @k; return i end end
P(r[1](), r[1](), r[2](), r[3]())
---
local x = @i
local function show() return x end
do local x = x + 1; P(x, show()) end
x = @i
P(x, show())
---
local s = ""
local i = 0
repeat local done = i >= @k; s = s .. i; i = i + 1 until done
P(s)
---
local t = {}
t.a, t.b, t.a = 1, 2, 3
P(t.b, (t.a == 1 or t.a == 3))
---
local function deep(n) if n == 0 then return @i end local v = deep(n - 1) return v ~ n end
P(deep(100))
---
P((("x"):rep(3)), ("%d"):format(@i), #"abc", -"2" + 0, "10" / "2", "3" * 1, "0x10" + 1, 10 .. "")
