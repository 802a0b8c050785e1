-- Pieces about coroutines: every function of the library, yields across calls, closing.
---
local co = coroutine.create(function(a, b)
  P("start", a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d, e, "end"
end)
P(coroutine.resume(co, @k, 2))
P(coroutine.status(co), coroutine.resume(co, @i))
P(coroutine.resume(co, "x", nil), coroutine.status(co))
P(coroutine.resume(co))
---
local gen = coroutine.wrap(function() for i = 1, @k do coroutine.yield(i, i * i) end end)
for a, b in gen do P(a, b) if a > 4 then break end end
---
local co = coroutine.wrap(function()
  local ok, problem = pcall(function()
    local x = coroutine.yield("inside pcall")
    error("got " .. tostring(x))
  end)
  coroutine.yield(problem)
  return xpcall(function() return coroutine.yield("in xpcall"), @i end, debug.traceback)
end)
P(co())
P(co(@s))
P(co())
P(co(1))
---
local co = coroutine.create(function() error(@v) end)
P(coroutine.resume(co))
P(coroutine.status(co), coroutine.resume(co))
---
local co = coroutine.create(function()
  local x <close> = closer("in coroutine")
  coroutine.yield(1)
  P("never")
end)
P(coroutine.resume(co))
P(coroutine.close(co), coroutine.status(co))
P(coroutine.close(co), coroutine.resume(co))
---
local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function(_, e) error("closing failed", 0) end})
  coroutine.yield(1)
end)
coroutine.resume(co)
P(coroutine.close(co))
P(coroutine.status(co))
---
P(coroutine.isyieldable(), coroutine.wrap(function() return coroutine.isyieldable() end)())
local main, is = coroutine.running()
P(type(main), is)
P(coroutine.wrap(function() local c, m = coroutine.running(); return type(c), m, coroutine.status(c) end)())
---
local co
co = coroutine.create(function() P(coroutine.resume(co)); P(pcall(coroutine.close, co)); return coroutine.status(co) end)
P(coroutine.resume(co))
---
local outer = coroutine.wrap(function()
  local inner = coroutine.wrap(function() coroutine.yield("inner 1"); coroutine.yield("inner 2") end)
  coroutine.yield(inner())
  coroutine.yield("outer")
  coroutine.yield(inner())
end)
P(outer(), outer(), outer())
---
local function tree(t) if t then tree(t[1]); coroutine.yield(t[2]); tree(t[3]) end end
local out = {}
for v in coroutine.wrap(function() tree {{nil, 1}, 2, {{nil, 3}, 4}} end) do out[#out + 1] = v end
P(out)
---
P(pcall(coroutine.wrap(function() error("wrapped") end)))
P(pcall(coroutine.wrap(function() error({code = @k}) end)))
local w = coroutine.wrap(function() return 1 end)
w()
P(pcall(w))
---
local co = coroutine.wrap(function(...)
  local mt = {__add = function(a, b) return coroutine.yield("add") end, __index = function(t, k) return coroutine.yield(k) end,
    __lt = function() return coroutine.yield("lt") end, __concat = function() return coroutine.yield("cat") end,
    __call = function(self, x) return coroutine.yield(x) end, __len = function() return coroutine.yield("len") end,
    __eq = function() return coroutine.yield("eq") end, __newindex = function(t, k, v) coroutine.yield("set " .. k) end}
  local t, u = setmetatable({}, mt), setmetatable({}, mt)
  t.field = 1
  return t + 1, t.key, t < u, t .. "x", t("call"), #t, t == u
end)
P(co()) P(co()) P(co(@i)) P(co("v")) P(co(true)) P(co("c")) P(co(5)) P(co(6)) P(co(nil))
---
local co = coroutine.wrap(function() for k in (function() return coroutine.yield("iterator") end) do P(k) end return "over" end)
P(co(), co(@i), co(nil))
---
P(pcall(table.sort, {3, 2, 1}, function(a, b) coroutine.yield() end))
P(pcall(string.gsub, "abc", "b", function() coroutine.yield() end))
---
local co = coroutine.create(table.sort)
P(coroutine.resume(co, {3, 2, 1}, function(a, b) coroutine.yield() end))
---
local co = coroutine.wrap(pcall)
P(co(pcall, pcall, error, "deep"))
local co = coroutine.wrap(function(...) return pcall(coroutine.yield, ...) end)
P(co(1, 2))
P(co(3, @v))
---
local co = coroutine.create(function(...) return select("#", ...), ... end)
P(coroutine.resume(co, nil, nil))
---
local results = {}
local tasks = {}
for i = 1, 3 do tasks[i] = coroutine.create(function() for j = 1, i do results[#results + 1] = i * 10 + j; coroutine.yield() end end) end
while #tasks > 0 do
  for i = #tasks, 1, -1 do
    coroutine.resume(tasks[i])
    if coroutine.status(tasks[i]) == "dead" then table.remove(tasks, i) end
  end
end
P(results)
---
local function passer() local a <close> = closer("p"); coroutine.yield(1); return "result" end
local co = coroutine.wrap(function() local x = passer(); return x end)
P(co()) P(co())
---
local co = coroutine.wrap(function() local c <close> = setmetatable({}, {__close = function() coroutine.yield("from close") end}); return "value" end)
P(co()) P(co())
---
P(pcall(coroutine.yield, 1))
P(select("#", coroutine.running()))
---
local function recurse(n) if n == 0 then return coroutine.yield("bottom") end return (recurse(n - 1)) end
local co = coroutine.wrap(function() return recurse(50) end)
P(co(), co(@s))
---
local co = coroutine.create(function() local t = {}; t.x.y = 1 end)
local ok, message = coroutine.resume(co)
P(ok, message)
P((debug.traceback(co)))
P((debug.traceback(co, "message")), debug.traceback(co, nil), debug.traceback({}) ~= nil)
---
local co = coroutine.wrap(function() local a = 1; local b = coroutine.yield(a); return load("return coroutine.yield(...)")(b) end)
P(co(), co(@i), co("last"))
