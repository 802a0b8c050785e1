-- Pieces about load and string.dump, os, collectgarbage, require and the globals.
---
local f = load("local a, b = ... return a + b, " .. @k)
P(f(1, 2), pcall(f, 1))
local g = load(string.dump(f))
P(g(3, 4), pcall(g, {}))
local s = load(string.dump(f, true), "stripped", "b")
P(s(5, 6), pcall(s, {}))
---
local function original(x, ...) local t = {x, ...} for i, v in ipairs(t) do t[i] = v * 2 end return t, @s end
local copy = load(string.dump(original))
P(pcall(copy, 1, 2, 3))
debug.setupvalue(copy, 1, _ENV)
P(copy(1, 2, 3))
---
local up = @i
local function with() up = up + 1 return up end
local copy = load(string.dump(with))
P(pcall(copy), debug.setupvalue(copy, 1, 10), copy(), up)
---
P(load("return 1", "name", "b"))
P(load(string.dump(function() end), "name", "t"))
P(pcall(load, "return 1", "name", "x"))
P(load("\27Lua"), load("\27Lua", "=bin"))
---
local env = {P = P}
local f = load("x = (x or 0) + 1 return x", "=chunk", "t", env)
P(f(), f(), env.x, x)
---
local parts = {"return ", "1 ", "+ ", tostring(@k)}
local i = 0
P(load(function() i = i + 1 return parts[i] end)())
P(load(function() return nil end)())
P(pcall(load, function() return {} end))
local fed
P(load(function() if not fed then fed = 5 return fed end end, "=numbers"))
---
P(os.time({year = 2020, month = 1, day = 1, hour = 12}) - os.time({year = 2020, month = 1, day = 1, hour = 0}))
P(os.time({year = 2020, month = 14, day = -3, hour = 0}) - os.time({year = 2021, month = 1, day = 1, hour = 0}))
P(pcall(os.time, {year = 2020}), pcall(os.time, {year = 2020, month = "x", day = 1}), pcall(os.time, {year = 2020, month = 1.5, day = 1}))
P(os.difftime(10, 5), pcall(os.difftime), os.difftime(@k, 2.0))
---
P(os.date("!%Y-%m-%d %H:%M:%S", @k * 86400), os.date("!%c", 0), os.date("!%x %X %p", 1000000000), os.date("!%A %B %d", 86400 * @k))
P(os.date("!%a %b %e %j %U %w %W %y %Z %% %D %T %R %F", 1234567890), os.date("!%H%I%M%n%t", 3600 * @k))
P(pcall(os.date, "!%Q", 0), pcall(os.date, "!%", 0), pcall(os.date, "!%Ez", 0), pcall(os.date, "!%Ey", 0), os.date("!%Od", 0))
P(os.date("!%C %g %G %h %r %S %u %V", 951782400))
---
local d = os.date("!*t", 951782400 + @k * 3600)
P(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
P(pcall(os.date, "!*t", 2^60), pcall(os.date, "*t", "x"))
---
local t = {year = 2021, month = 13, day = 32, hour = 25, min = 61, sec = 61}
local stamp = os.time(t)
P(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday)
---
P(math.type(os.time()), type(os.clock()), os.clock() >= 0)
---
P(type(collectgarbage("count")), collectgarbage(), type(collectgarbage("step")), collectgarbage("isrunning"))
P(collectgarbage("stop"), collectgarbage("isrunning"), collectgarbage("restart"), collectgarbage("isrunning"))
P(pcall(collectgarbage, "nonsense"), collectgarbage("incremental") ~= nil, collectgarbage("generational"), collectgarbage("incremental"))
---
P(type(_G), _G._G == _G, _VERSION, _G.print == print, rawget(_G, "undefined"), _ENV == _G)
_G.made = @i
P(made, _ENV.made)
made = nil
---
P(require("string") == string, package.loaded.table == table, type(package.preload), type(package.path), type(package.searchers))
package.preload.mod = function(name, extra) P("loading", name, extra) return {value = @i} end
P(require("mod").value, require("mod") == package.loaded.mod, select("#", require("mod")))
package.loaded.mod = nil
---
local names = {}
for _, lib in ipairs {"coroutine", "math", "string", "table", "utf8"} do
  for name in pairs(_G[lib]) do names[#names + 1] = lib .. "." .. name end
end
table.sort(names)
P(#names, table.concat(names, " "))
---
P(type(print), type(nil), type({}), type("x"), type(2), type(coroutine.create(print)), type(type), pcall(type))
P(select("#", load("return")()), load("return ...")(1, 2), load("")(), (load("return 1,2")()))
---
local source = "local n = 0\nfor i = 1, " .. @k .. " do n = n + i end\nreturn n, ..."
P(load(source)("extra"))
P(load("x = = 1", "=name")) P(load("x = ", "\64file")) P(load("\n\n  ?", "code"))
---
P(pcall(load(function() return nil end)))
P(pcall(load("error('inside', 1)", "=inner")))
P(pcall(load("local t = nil; return t.x", "\64inner.lua")))
P(pcall(load("return undefinedglobal.x", "inner")))
P(pcall(load("error({})")))
---
P(pcall(require, 5.5) == false or true, (pcall(require, "no.such.module")))
P(pcall(string.dump, print), pcall(string.dump))
