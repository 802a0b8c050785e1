local t = {} for i = 1, 40 do t[i] = {i} end
return #t
--- tables by string keys
local t = {} for i = 1, 40 do t["k" .. i] = i end
for i = 1, 40 do t["k" .. i] = nil end
return next(t)
--- constructors
local function f() return 1, 2, 3 end
local t = {1, 2, x = 3, [4.5] = 5, f()}
return #t, t.x, select('#', table.unpack(t, 1, 5))
--- closures and upvalues
local fs = {}
for i = 1, 20 do
  local x = i
  fs[i] = function() x = x + 1; return x end
end
assert(fs[3]() == 4 and fs[3]() == 5)
--- deep recursion
local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end
assert(f(300) == 300)
--- tail calls and varargs
local function f(n, ...) if n == 0 then return select('#', ...) end return f(n - 1, n, ...) end
assert(f(30) == 30)
--- concat
local s = "" for i = 1, 30 do s = s .. i .. "," .. i / 2 end
return #s
--- coroutines
local co = coroutine.create(function(...)
  local n = select('#', ...)
  for i = 1, 10 do n = n + select('#', coroutine.yield(i, {})) end
  return n
end)
for i = 1, 11 do assert(coroutine.resume(co, i, i)) end
assert(coroutine.status(co) == "dead" and coroutine.close(co))
--- nested coroutines
local function nest(n)
  if n == 0 then coroutine.yield("x" .. n) return 0 end
  local f = coroutine.wrap(nest)
  local r = f(n - 1)
  coroutine.yield(r)
  return f()
end
local f = coroutine.wrap(nest) f(5) f()
assert(select(2, coroutine.running()) and not coroutine.isyieldable())
--- protected calls
local ok, e = pcall(error, {1})
assert(ok or e == "not enough memory" or type(e) == "table")
local _, r = xpcall(function() local x = nil; x.y = 1 end, function(m) return {m,
  debug.traceback(m)} end)
assert(r)
--- error positions
local ok, e = pcall(function() local a = {} ; a.b.c = 1 end)
assert(type(e) == "string")
select(2, pcall(string.rep)); select(2, pcall(("x").rep, "x", {}))
--- to be closed
local log = {}
local function closing(name) return setmetatable({}, {__close = function(_, e) log[#log + 1] =
  name .. tostring(e) end}) end
pcall(function() local a <close> = closing("a"); local b <close> = closing("b"); error("x") end)
do local c <close> = closing("c"); local d <close> = closing("d") end
for _ in next, {}, nil, closing("e") do end
local co = coroutine.create(function() local f <close> = closing("f"); local g <close> =
  closing("g") coroutine.yield() end)
coroutine.resume(co) coroutine.close(co)
--- metamethods
local mt = {}
mt.__add = function(a, b) return {a, b} end
mt.__concat = function(a, b) return {a, b} end
mt.__index = function(t, k) return k .. "!" end
mt.__newindex = function(t, k, v) rawset(t, k, {v}) end
mt.__call = function(self, ...) return ... end
mt.__eq = function() return true end mt.__lt = function() return true end mt.__le = function()
  return {} end
mt.__len = function() return {} end mt.__unm = function() return {} end
mt.__tostring = function() return "text" .. 1 end mt.__pairs = function(t) return next, {1, 2},
  nil end
mt.__name = "My.Type"
local a, b = setmetatable({}, mt), setmetatable({}, mt)
local _ = a + 1, a .. "x" .. "y", a.foo, a(1, 2, 3), a == b, a < b, a <= b, #a, -a, tostring(a)
a.x = 1 a[{}] = 2
for k in pairs(a) do end
local c = setmetatable({}, {__index = setmetatable({}, {__index = {z = 1}})})
assert(c.z == 1 and getmetatable(a) == mt and rawget(a, "q") == nil and rawequal(a, a) and
  rawlen({1}) == 1)
--- finalizers and weak tables
for i = 1, 5 do setmetatable({}, {__gc = function() return {} end}) end
local w = setmetatable({}, {__mode = "k"})
for i = 1, 10 do w[{}] = {i} end
local v = setmetatable({}, {__mode = "v"})
for i = 1, 10 do v[i] = {i} end
collectgarbage() collectgarbage("step") collectgarbage("count")
collectgarbage("incremental") collectgarbage("generational") collectgarbage("incremental")
--- load
local f = assert(load("local a, b = ... ; local function g() return a, b, \
  'long string that is not interned because of its length' end return g, {x = 1}"))
local g, t = f(1, 2) assert(select(2, g()) == 2)
local parts, i = {"return ", "1 ", "+ 2"}, 0
local h, e = load(function() i = i + 1 return parts[i] end, "=parts", "t", {})
assert(h, e)
assert(h() == 3)
local n, e = load("x = = 1", "@name") assert(not n and e)
--- dump and load
local up = 1
local function f(a, ...) local t = {...} for i = 1, 3 do t[i] = function() return up, a, i end
  end return t, "constant text", 1.5 end
local g = assert(load(string.dump(f), "d", "b")) 
local h = assert(load(string.dump(f, true), "d", "b"))
assert(#g(1, 2) == 3 and #h() == 3)
--- sort and table functions
local t = {} for i = 1, 50 do t[i] = (i * 37) % 50 end
table.sort(t) table.sort(t, function(a, b) return a > b end)
local words = {} for i = 1, 20 do words[i] = "w" .. (i * 7 % 20) end
table.sort(words)
table.insert(t, 1) table.insert(t, 1, 2) table.remove(t) table.remove(t, 1)
table.move(t, 1, 10, 5) table.move(t, 1, 10, 1, {})
local p = table.pack(table.unpack(t)) assert(p.n == #t)
assert(#table.concat(words, ", ") > 0 and #table.concat(t, "-", 1, 20) > 0)
--- sort of objects
local t = {} for i = 1, 20 do t[i] = setmetatable({v = i * 7 % 20}, {__lt = function(a, b) return
  a.v < b.v end}) end
table.sort(t)
--- strings
local s = string.rep("abc", 20, "-")
assert(s:upper():lower() == s and #s:reverse() == #s and s:sub(2, -2) and s:len() == #s)
assert(string.char(s:byte(1, -1)) == s)
assert(("%d %5.2f %s %q %x %g %c %i %a %%"):format(1, 2.5, {}, "q\n\0", 255, 1e100, 65, 3, 1.0))
assert(("%s|%10s|%-10s"):format(setmetatable({}, {__tostring = function() return "me" end}), "a",
  "b"))
assert(("%q"):format(1 / 3) and ("%5s"):format(true) and ("%p"):format({}))
--- patterns
local s = ("key=value, other=thing; "):rep(5)
for k, v in s:gmatch("(%w+)=(%w+)") do assert(k and v) end
assert(s:find("other", 1, true) and s:find("(o)(t)()") and s:match("%f[%w]%w+") and s:match("%b=,"))
assert(s:gsub("%w+", "<%0>") and s:gsub("%w+", {key = "K"}) and s:gsub("(%w)(%w)", function(a, b)
  return b .. a end))
assert(s:gsub("", "-") and s:gsub("x*", "%%", 3) and s:match("[%a_][%w_]*") and s:gsub("(.-)=",
  "%1"))
--- pack
local s = string.pack("<i4 >d z s1 Bxi8 !8 j n", 1, 2.5, "text", "short", 7, 8, 9, 1.5)
assert(select('#', string.unpack("<i4 >d z s1 Bxi8 !8 j n", s)) == 9 and string.packsize("i4i8")
  > 0)
--- string arithmetic
assert("10" + 5 == 15 and "3" * "4" == 12 and -"2" == -2 and "7" // 2 == 3 and "7" % 4 == 3 and
  "2" ^ 2 == 4 and "7" - 1 == 6 and "1" / 2)
pcall(function() return "x" + 1 end) pcall(function() return {} + 1 end) pcall(function() return
  1 < "2" end)
--- utf8
local s = utf8.char(72, 228, 8364, 0x10ffff):rep(5)
for p, c in utf8.codes(s) do assert(p and c) end
assert(utf8.len(s) == 20 and utf8.offset(s, 3) and select('#', utf8.codepoint(s, 1, -1)) == 20)
assert(not utf8.len("\xff") and utf8.charpattern)
--- math
assert(math.abs(-1) and math.ceil(1.5) and math.floor(1.5) and math.max(1, 2) and math.min(1, 2)
  and math.sqrt(2) and math.type(1))
assert(math.tointeger("8") or true) math.random() math.random(10) math.random(0)
  math.randomseed(1, 2)
assert(math.fmod(7, 3) and math.modf(1.5) and math.ult(1, 2) and math.exp(1) and math.log(2, 2)
  and math.sin(1) and math.cos(1) and math.tan(1))
assert(math.asin(1) and math.acos(1) and math.atan(1, 2) and math.deg(1) and math.rad(1))
--- numbers
assert(tostring(1e15) and tostring(-0.0) and tonumber("0x10") and tonumber("zz", 36) and
  tonumber(" 1e2 ") and tostring(2 ^ 63))
--- os
assert(os.time() and os.clock() and os.time{year = 2020, month = 1, day = 1, hour = 12} and
  os.difftime(2, 1))
assert(os.date("!%Y-%m-%d %H:%M:%S %A %B %p", 0) and os.date("!*t", 0).year == 1970 and os.date())
--- basic functions
assert(type(1) == "number" and tostring(nil) and select(-1, 1, 2) == 2 and next({}) == nil and
  _VERSION)
for i, v in ipairs({1, 2, 3}) do assert(i == v) end
for k, v in pairs({a = 1, b = 2}) do assert(k and v) end
assert(select('#', pcall(ipairs)) == 2 and not pcall(setmetatable, 1) and rawset({}, 1, 2))
print("x", 1, nil, {}) warn("@off") warn("quiet", " message") pcall(dofile, "/nonexistent")
  pcall(loadfile, "/nonexistent")
--- debug
local function f(a, b) local c = {} return debug.traceback("m", 1), debug.getlocal(1, 1), c end
f(1, 2) debug.getinfo(1, "nSlutfLr") debug.getinfo(print) debug.getupvalue(f, 1)
  debug.getregistry() debug.getmetatable("")
local u = 0 local function g() return u end
debug.setupvalue(g, 1, 5) debug.upvalueid(g, 1) debug.upvaluejoin(g, 1, function() return f end, 1)
debug.setlocal(1, 1, f) debug.gethook() debug.getuservalue(1) pcall(debug.setuservalue, {}, 1)
  debug.setmetatable({}, {})
local n = 0
debug.sethook(function(event, line) n = n + 1 debug.getinfo(2, "nSl") end, "crl", 5)
pcall(function() for i = 1, 5 do f(i) end end)
debug.sethook()
local co = coroutine.create(function(x) local y = {} coroutine.yield() end)
assert(coroutine.resume(co, 1)) debug.traceback(co) debug.getlocal(co, 1, 1) debug.getinfo(co, 1,
  "Sl")
--- hook that fails
local done
local ok, e = pcall(function() debug.sethook(function() if not done then done = true
  error("hook " .. 1) end end, "", 3) for i = 1, 100 do local t = {} end end)
debug.sethook()
assert(not ok)
--- wrap that fails
local f = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function()
  return {} end}) error({}) end)
local ok, e = pcall(f) assert(not ok)
local g = coroutine.wrap(function() error("text") end)
assert(not pcall(g))
--- goto and loops
for i = 1, 3 do for j = 1.0, 2.0, 0.5 do if j > 1 then goto next end local f = function() return
  i, j end f() ::next:: end end
--- errors in error handlers
assert(not xpcall(error, function(m) error({m}) end, "x"))
assert(not xpcall(error, function(m) return m .. {} end, "x"))
--- integer keys and holes
local t = {} for i = 20, 1, -1 do t[i] = i end for i = 1, 20, 2 do t[i] = nil end
for i = 1, 20 do t[i * 1000] = {} t[i + 0.5] = i end
return #t
--- yields across pcall and metamethods
local co = coroutine.wrap(function()
  local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end, __add =
  function(a, b) return coroutine.yield(a) end})
  local ok, v = pcall(function() return t.x .. (t + 1) end)
  local n = 0 for k in pairs(setmetatable({}, {__pairs = function() coroutine.yield(1) return
  next, {1}, nil end})) do n = n + 1 end
  return ok, v, n
end)
co() co("a") co("b") co()
--- modules
assert(require("string") == string and require("_G") == _G)
local ok, e = pcall(require, "missing.module") assert(not ok and e)
local more = {} table.insert(package.searchers, 2, function(name)
  if name ~= "hosted" then return "\n\tno hosted module" end
  return function(...) return {name = table.concat({...}, " ")} end, "the host" end)
package.loaded.hosted = nil
assert(require("hosted").name == "hosted the host" and select(2, require("hosted")) == nil)
package.preload.ready = function(name, where) return {name, where} end
assert(require("ready")[2] == ":preload:")
assert(not package.searchpath("none", "?;./?.none") and not package.loadlib("none", "f"))
assert(package.searchpath("Cargo", "./?.toml") == "./Cargo.toml")
table.remove(package.searchers, 2) package.loaded.hosted, package.loaded.ready = nil, nil
--- files
local f <close> = assert(io.tmpfile())
assert(f:write("one\n", 2, " 0x10 -3.5e1 last\n", 1.5) and f:flush() and f:setvbuf("full", 64))
assert(f:seek("set") == 0 and io.type(f) == "file" and #tostring(f) > 5)
local line, a, b, c, word, rest = f:read("L", "n", "n", "n", 5, "a")
assert(line == "one\n" and a == 2 and b == 16 and c == -35.0 and word == " last" and #rest == 4)
f:seek("set") local n = 0 for line in f:lines() do n = n + #line end assert(n > 20)
f:seek("set") for a, b in f:lines(1, "l") do assert(a and b) end
assert(f:seek("end") and f:read(1) == nil and f:read(0) == nil)
--- default files
for line in io.lines("Cargo.toml") do assert(line) end
local input <close> = assert(io.open("Cargo.toml"))
io.input(input) assert(#io.read("l", "L") > 0 and io.input() == input and io.lines()())
io.input(io.stdin)
local output <close> = assert(io.tmpfile())
io.output(output) assert(io.write("text", 1, 2.5) == output and io.output() == output)
io.output(io.stdout) assert(io.close(output) and io.type(output) == "closed file")
assert(not pcall(output.read, output) and not io.type({}))
local none, message, code = io.open("/nonexistent/file") assert(not none and message and code)
assert(not pcall(io.lines, "/nonexistent/file") and not pcall(io.open, "x", "odd"))
--- processes and names of files
local p <close> = assert(io.popen("echo text")) assert(p:read("a") == "text\n")
local ok, how, code = p:close() assert(ok and how == "exit" and code == 0)
assert(os.execute() and os.execute("exit 3") == nil and os.getenv("PATH"))
assert(os.remove("/nonexistent/a") == nil and os.rename("/nonexistent/a", "/nonexistent/b") == nil)
assert(os.setlocale("C") and coroutine.close(coroutine.create(print)))
