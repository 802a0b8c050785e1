-- Gotos, labels, closures in loops and scopes that close.
local function a(n)
  ::top::
  local x = n
  if x > 0 then n = n - 1; goto top end
  do local y = x; f(function() return y end); if y then goto top end end
  return x
end
local function b()
  goto l1
  ::l2:: do return 1 end
  ::l1:: goto l2
end
local function c(t)
  for i = 1, #t do
    for j = 1, #t do
      local v = t[i]
      if v then goto next_i end
      local w <close> = v
      f(function() return v, w end)
      if w then goto next_j end
      goto done
      ::next_j::
    end
    ::next_i::
  end
  ::done::
  return t
end
local function d()
  do
    local k = 0
    ::start::
    local j = function() return k end
    k = k + 1
    if k < 3 then goto start end
    goto finish
    do goto start end
  end
  ::finish:: return
end
local function e(x)
  while x do
    local y = x
    if y == 1 then break end
    if y == 2 then goto continue end
    if y == 3 then return f(y) end
    repeat
      local z = f(y)
      if z then break elseif y then goto continue end
      g = function() return z, y end
    until z == y or f(function() return z end)
    ::continue::
  end
  repeat if x then break end local q = x; h = function() return q end until q
  for k, v in f do local u = v; if u then break end; g = function() return k, u end end
  for i = 1, 2 do local u <const> = i; if u then break end; g = function() return i, u end end
  do goto a; ::a:: ; goto b; ::b:: end
  do goto c; local c1; ::c:: ::d:: ; end
  do local c1; do goto e; end ::e:: ; c1 = 1 end
  do local p; g = function() return p end; goto out; end
  ::out::
end
local function nested_loops()
  while true do
    while true do
      if f() then goto both end
      if g() then break end
      local up; h(function() return up end)
      if up then goto both end
    end
  end
  ::both::
  do ::again:: if f() then goto again else goto both end end
end
local function compile_time()
  local one <const>, two = 1, 2
  goto over
  do local three <const> = 3; ::over2:: two = three end
  ::over::
  local four <const> = 4
  do local x = two; g = function() return x + four end; goto over end
end
return a, b, c, d, e, nested_loops, compile_time
