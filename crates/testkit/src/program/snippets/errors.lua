-- Pieces about errors: levels, values, handlers, positions.
---
P(pcall(error))
P(pcall(error, nil))
P(pcall(error, @s))
P(pcall(error, @s, 0), pcall(error, {1}), pcall(error, 12), pcall(error, true))
---
local function thrower(level) error("thrown", level) end
local function caller(level) thrower(level) end
P(pcall(caller, 0))
P(pcall(caller, 1))
P(pcall(caller, 2))
P(pcall(caller, 3))
---
P(xpcall(function(...) return select("#", ...), ... end, print, 1, nil, @i))
P(xpcall(error, function(m) return "handled: " .. type(m) end, @v))
P(xpcall(function() local x; x() end, function(m) return m .. "!" end))
---
P((xpcall(function() error("one") end, function(m) error("two") end)))
---
P(pcall(pcall))
P(pcall(pcall, error, 1))
P(pcall(xpcall, error))
P(xpcall(pcall, nil, error, @k))
---
P(select(2, pcall(error, setmetatable({}, {__tostring = function() return "object" end}))) ~= nil)
---
P(pcall(assert, false))
P(pcall(assert, nil, @s))
P(pcall(assert, @b, {1}))
P(assert(1, 2, 3))
P(pcall(assert))
---
local ok, e = pcall(function() local t = setmetatable({}, {__index = function(t, k) error("key " .. k, 2) end}); return t.abc end)
P(ok, e)
---
local function f() local a; a.b = 1 end
local function g() f() end
local ok, trace = xpcall(g, function(m) return m end)
P(ok, trace)
---
P((coroutine.wrap(function() return (debug.traceback("trace", 1)) end)()))
---
P((coroutine.wrap(function() local function inner() return (debug.traceback("deep")) end local r = inner() return r end)()))
---
local function named() return debug.getinfo(1, "n").name, debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").what end
P(named())
local t = {method = function() local i = debug.getinfo(1, "nSl"); return i.name, i.namewhat, i.short_src end}
P(t.method()) P(t:method())
---
local i = debug.getinfo(next)
P(i.what, i.short_src, i.source, i.currentline, i.linedefined, i.nups, i.isvararg, i.nparams)
local function f(a, b, ...) end
local i = debug.getinfo(f, "uS")
P(i.nparams, i.isvararg, i.what, i.lastlinedefined - i.linedefined)
---
local function f(a, b) local c = 3; local n = {}; for j = 1, 4 do local k, v = debug.getlocal(1, j); if not k then break end n[j] = k end return n end
P(f(@i, 2))
---
local up1, up2 = @i, @s
local function f() return up1, up2 end
local function g() return up2 end
P(debug.getupvalue(f, 1), debug.getupvalue(f, 2))
P(debug.getupvalue(f, 3))
P(debug.setupvalue(f, 1, "changed"), up1)
P(debug.upvalueid(f, 2) == debug.upvalueid(g, 1), pcall(debug.upvalueid, f, 9))
debug.upvaluejoin(g, 1, f, 1)
P(g())
---
P(debug.getmetatable("").__index == string, debug.setmetatable(10, {__index = function(n, k) return k end}) == 10)
P((5).field)
debug.setmetatable(10, nil)
P(pcall(function() return (5).field end))
---
local wide = {}
for i = 1, 200 do wide[i] = i end
local function overflow(...) return 1 + overflow(...) end
local ok, e = pcall(overflow, table.unpack(wide))
P(ok, type(e), (e:gsub("\n.*", "")))
---
P(pcall(string.rep, "xx", 1 << 62))
P(pcall(string.rep, "x", -1), ("x"):rep(0))
---
local a = {}
P(pcall(function() a.b.c = 1 end))
P(pcall(function() a.b() end))
P(pcall(function() a:b() end))
P(pcall(function() return a.b.c.d end))
P(pcall(function() return #a.b end))
P(pcall(function() return a.x + a.y end))
P(pcall(function() return a .. "x" end))
P(pcall(function() return a < 1 end))
P(pcall(function() return a < a end))
P(pcall(function() return nil < 1 end))
P(pcall(function() a[nil] = 1 end))
---
P(pcall(function() return 1 & 1.5 end))
P(pcall(function() return "a" | 1 end))
P(pcall(function() return "1.5" & 1 end))
P(pcall(function() return 2^63 >> 1 end))
P(pcall(function() return ~{} end))
P(pcall(function() return 1 // 0 end))
P(pcall(function() return 1 % 0 end))
P(pcall(function() return @i // (A - A) end))
---
local s = "text"
P(pcall(function() return s.x.y end))
P(pcall(function() return s:nomethod() end))
P(pcall(function() s.x = 1 end))
P(pcall(function() return s + 1 end))
P(pcall(function() return -s end))
P(pcall(function() return ("x")() end))
---
P(pcall(next, {}, "nokey"))
P(pcall(setmetatable, 1, {}))
P(pcall(rawset, {}, nil, 1))
P(pcall(rawlen, 5))
P(pcall(tonumber, "10", 99))
P(pcall(tonumber, {}, 10))
P(pcall(ipairs, nil))
---
P(load("return " .. @k .. " +")) P(load("x = }"))
P(load("for i = 1, 2 do", "=chunk"))
P(load("local x <const> = 1; x = 2", "\64file.lua"))
P(load("goto out", "return 'a very long source line that has to be cut somewhere because of its length'"))
---
local ok, e = pcall(load, function() error("reader") end)
P(ok, e)
P(load(function() error("reader") end))
P(load(function() return {} end))
---
P(pcall(warn, 1, {}))
warn("\64off")
---
local e = setmetatable({code = @k}, {__index = {kind = "custom"}})
local ok, got = pcall(function() error(e) end)
P(ok, got == e, got.code, got.kind)
---
local function level1() error("at level 2", 2) end
local function level2() level1() end
P(pcall(level2))
---
local depth = 0
local function nest(n) if n == 0 then error("bottom") end local ok, e = pcall(nest, n - 1) depth = depth + 1 error(e, 0) end
P(pcall(nest, 20))
P(depth)
