-- Every statement and expression form of the language, so that every opcode occurs.
local a, b, c = 1, 2.5, "three"
local long = "a string of more than forty bytes, which is therefore kept as a long string"
local t = { 1, 2, 3, x = 1, ["y z"] = 2, [10] = 3, [a] = b, nested = { {}, { {} } } }
local none = {}
local spread = { a, b, c, (function(...) return ... end)(1, 2, 3) }
global = a
global2, global3 = global, t.x
t.x, t[1], t[a], t["y z"], t[long] = 1, nil, b, c, long
t.x, t[1], t[a] = "k", 2, true
print(t.x, t[1], t[a], t[long], t[255], t[256], t[-1], global)

-- Arithmetic with registers, constants and immediates in both orders.
local n = (a + b) - (a * b) / (a % b) ^ (a // b)
n = a + 1; n = a - 1; n = 1 + a; n = 1 - a; n = a + 1000; n = 1000 + a; n = a - 1000; n = 1000 - a
n = a * 2; n = 2 * a; n = a / 2; n = 2 / a; n = a % 2; n = 2 % a; n = a ^ 2; n = 2 ^ a
n = a // 2; n = 2 // a; n = a + 1.5; n = a - 127; n = a - 128; n = a + 127; n = a + 128; n = a - -127
n = a & 1; n = 1 & a; n = a | 300; n = 300 | a; n = a ~ 7; n = 7 ~ a; n = a & b; n = a | b; n = a ~ b
n = a << 1; n = 1 << a; n = a >> 1; n = 1 >> a; n = a << b; n = a >> b; n = a << 1000; n = 1000 >> a
n = -a; n = ~a; n = not a; n = #c; n = a .. b; n = a .. b .. c .. "x" .. 1
n = 1e300 * 1e300; n = 0.0; n = -0.0; n = 65535; n = 65536; n = -65536; n = 3.0; n = 1e10
n = 0x7fffffffffffffff; n = math.mininteger; n = nil; n = true; n = false

-- Comparisons as values, as conditions, against registers, constants and immediates.
local r = a == b, a ~= b
r = a < b; r = a <= b; r = a > b; r = a >= b; r = a == 1; r = a == 1.0; r = a == "s"; r = a == nil
r = a < 1; r = a <= 1; r = a > 1; r = a >= 1; r = 1 < a; r = 1 <= a; r = a < 1.0; r = a == 1000
r = a and b; r = a or b; r = not (a and b) or c; r = a == b and a < c or b; r = (a or b) == (b and a)
if a then r = 1 elseif b then r = 2 else r = 3 end
if not a then r = 1 end
if a == b or a < 1 and not (b >= 2) then r = 4 end
if nil then r = 5 end
if true then r = 6 end

-- Loops, with and without captured variables, break, goto and continue labels.
for i = 1, 10 do r = i end
for i = 10, 1, -1 do if i == 5 then break end r = i end
for i = 1.0, 2.0, 0.25 do r = i end
for k, v in pairs(t) do r = k; if v then goto continue end r = v ::continue:: end
for k in next, t do local f = function() return k end if f() then break end end
for k, v, w, x, y in pairs(t) do r = y end
for i = 1, 3 do local f = function() i = i + 1 return i end f() if i > 1 then goto out end end
::out::
while a do a = a - 1 if a < -3 then break end end
while true do local u = 1 local f = function() return u end if f() then break end end
repeat local u = a a = a + 1 until u > 3
repeat local u = a local f = function() return u end a = a + 1 until f() > 5
do
  local i = 1
  ::again::
  local f = function() return i end
  i = i + 1
  if f() < 4 then goto again end
end

-- Functions: fixed and variable parameters, tail calls, methods, many upvalues, recursion.
local function fixed(p, q) return p, q end
local function variable(p, ...) local x, y = ... return p, x, y, ..., select("#", ...) end
local function tail(...) return variable(...) end
local function none_returned() end
local function one() return a end
local function vararg_one(...) return a end
local function vararg_none(...) end
local function all(...) return ... end
local function packed(...) return { ... }, { n = select("#", ...), ... } end
local function counter()
  local count = 0
  return function() count = count + 1 return count end, function() return count end
end
local function deep() return function() return function() return function() return a, b, t end end end end
local function recursive(k) if k > 0 then return recursive(k - 1) end return k end
local object = { value = 1 }
function object.plain(x) return x end
function object:method(x, ...) self.value = x return self, ... end
object:method(1):method(2, 3):method(all(1, 2))
object[long] = object.method
fixed(fixed(1, 2)); fixed(1, fixed(2, 3)); fixed((fixed(1, 2)))
local p, q, s = fixed(1, 2)
local p1, q1, s1 = all()
print(object:method(all()), #all("x"), all(1, 2, 3))
print(select(2, all(1, 2, 3)), (all(1, 2, 3)))
print(tail(1, 2, 3), recursive(5), one(), none_returned(), vararg_one(), vararg_none(), packed(1))

-- Attributes.
do
  local constant <const> = 42
  local variable_constant <const> = all()
  local closed <close> = setmetatable({}, { __close = function() return constant end })
  local second <close> = nil
  for i = 1, 2 do local inner <close> = nil if i == 2 then break end end
  r = constant + 1
  local f = function() return variable_constant, constant end
end
local function closing(x)
  local closed <close> = x
  if x then return fixed(1, 2) end
  return all(1, 2)
end
local function returns_in_loop()
  for k, v in pairs(t) do local f = function() return v end return f(), all(k) end
  return
end
print(a, b, c, n, r, closing(), returns_in_loop(), global2, global3)
return all(a, b), none, spread, long, deep, counter, p, q, s, p1, q1, s1, r
