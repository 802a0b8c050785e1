-- Every statement, with the shapes that the code generator treats apart.
local x, y, z
local p <const> = 10
local q <const>, s <const> = 1, "str"
local k <const> = p
local fl <const>, tr <const>, ni <const> = false, true, nil
local half <const> = 0.5
x = p + k; y = s .. s; z = half * x; x = tr and p; x = fl or k; x = ni
local function uses() return p, s, half, fl, tr, ni, x, k + q end
do local a, b, c = f() end
do local a, b, c = 1 end
do local a, b = 1, 2, 3 end
do local a, b = 1, f(), 3 end
do local a, b = ... end
do local a = (...) end
do local a, b, c = 1, ... end
do local a; local b; local c = nil; local d = nil, nil end
x, y = y, x
x, y, z = 1
x, y = f()
x, y, z = 1, f()
x, y = 1, 2, 3
x, y = 1, f(), 3
x.a, x.b = 1, 2
x[y], y = 1, 2
x.a, x = 1, 2
x[1], x = 1, 2
x[y], x[z], y, z, x = 1, 2, 3, 4, 5
g, g.a, g.b.c = 1, 2, 3
g.a, g = 1, 2
g[x], x, g = g, g[x], x
a.b.c.d = e.f.g
a[1][2].x[y] = a["z"]["long key that has more than forty bytes in it, really"]
a.f(); a:m(); a.b:m(1, 2); a "s"; a { 1 }; a:m "s"; a:m { x = 1 }; (a)(); (a.b)(); a[1](2)(3)
a["long key that has more than forty bytes in it, really"] = 1
a:very_long_method_name_that_has_more_than_forty_bytes(1)
f(f(), f()); f((f())); f(...); f(1, ...); f((...)); f(f(...))
if x then y = 1 end
if x then y = 1 else y = 2 end
if x then y = 1 elseif z then y = 2 end
if x then y = 1 elseif z then y = 2 else y = 3 end
if x then else y = 1 end
if nil then y = 1 end
if true then y = 1 else y = 2 end
if 1 then y = 1 end
if not x then y = 1 end
if x and y then z = 1 end
if x or y then z = 1 end
if not (x and y) then z = 1 end
if x == 1 and y ~= 2 or z < 3 then f() end
if x < y then return end
if (x) then local a = 1; f(function() return a end) end
while x do y = 1 end
while x < y do x = x + 1 if z then break end end
while true do if x then break end end
while true do if x then break; end end
while true do if x then break else f() end end
while true do if x and y then break elseif z then break end f() end
while true do if not x then break ; ; end local a = x end
while true do local a = x; if a then break end; f(function() return a end) end
while nil do f() end
while 1 do if x then break f() end end
repeat local a = f() until a
repeat local a = f(); g = function() return a end until a
repeat local a = f(); g = function() return a end; if a then break end until a == 1 or x
repeat until x and y
repeat break until true
for i = 1, 10 do f(i) end
for i = 1, 10, 2 do f(i) end
for i = x, y, z do f(i) local j = i end
for i = 10, 1, -1 do if i == x then break end end
for i = 1.5, 2 do g = function() return i end end
for k in pairs(x) do f(k) end
for k, v in pairs(x) do f(k, v) end
for k, v, w in f, x, y, z do if k then break end end
for k in f() do g = function() return k end end
for a, b, c, d, e in next, x do end
for a in x, y do end
for a in f, x, y, z, w do end
do local c <close> = f(); x = c end
do local c <close>, d = f(), 1; if x then return end; if y then return f() end; return x, y end
while x do local c <close> = f(); if y then break end end
do
  goto skip
  local never
  ::skip::
end
do
  ::again::
  local a = f()
  if a then goto again end
  g = function() return a end
  if a == 1 then goto again end
  goto out
end
::out::
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    local up = j
    f(function() return up end)
    ::continue::
  end
end
do
  local a
  do local b; f(function() return b end); goto done end
  f(a)
  ::done:: ; ::done2:: ;;
end
function f1() end
function f2(a) return a end
function f3(a, b, ...) return ... end
function f4(...) local a, b = ... return a, b, ... end
function f5(...) return (...) end
function g.h() end
function g.h.i:j(a) return self, a end
function g:m(...) self.x = ... end
function x() end
function y.z() end
function y:w() return self end
local function rec(n) if n == 0 then return 1 end return n * rec(n - 1) end
local function tail(n) return tail(n - 1) end
local function two() return x, y end
local function none() return end
local function semi() return; end
local function one() return x; end
local function parens() return (f()) end
local function many() return 1, 2, f() end
local function vararg(...) return ... end
local function first(...) return f(...) end
local function deep()
  local a, b = 1, 2
  return function()
    local c = a
    return function()
      b = c + a
      return function() x = b; y = p; return a, b, c end
    end
  end
end
local function shadow(a, a) local a = a; do local a = a; f(a) end return a end
local function env(_ENV) a = b; return c end
local function env2() local _ENV = { x = 1 }; return z, w end
local function env3() local _ENV <const> = nil; return 1 end
local function env4() local _ENV <const> = 1; return zz end
;;;
return x, y, z
