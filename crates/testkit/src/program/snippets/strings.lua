-- Pieces about the string and utf8 libraries.
---
P(pcall(string.format, @f, @i))
P(pcall(string.format, @f, N(@n)))
P(pcall(string.format, @f, @s))
P(pcall(string.format, @f .. @f, @k, @i))
---
P(string.format("%d %5d %-5d| %05d %+d % d", @i, @k, @k, @k, @k, @k))
P(string.format("%x %X %#x %o %c%c", @i, @i, @k, @k, 65 + @k, 97 + @k))
P(string.format("%e %.3e %E %g %G %.0f %#.0f", @k + 0.5, 1 / (@k + 3), 12345.678, 1e20, 1e-5, 2.5, 3.5))
P(string.format("%a %A %.2a", 1.0, 0.5, 3.14159))
P(string.format("%s %10s %-10s| %.2s", @s, "ab", "cd", "efgh"))
P(string.format("%i %u", @k, @k))
---
P(string.format("%q", @s), string.format("%q", @i), string.format("%q", N(@n)))
P(string.format("%q %q %q %q", nil, true, math.mininteger, 1 / 0))
P(pcall(string.format, "%q", {}), pcall(string.format, "%10q", "x"), pcall(string.format, "%"))
P(string.format("%q", "line\nnext\r\0zero\1271\200"))
---
P(string.format("%s %s %s", nil, @b, 1.0), string.format("%%"), pcall(string.format, "%d", "3.5"))
P(string.format("%d", "10"), string.format("%s", setmetatable({}, {__tostring = function() return @s end})))
P(pcall(string.format, "%d", 2^31 + 0.5), pcall(string.format, "%s"))
---
P(pcall(string.find, @s, @p))
P(pcall(string.find, @s, @p, @d))
P(pcall(string.match, @s, @p, @d))
P(pcall(string.gsub, @s, @p, "<%0>"))
---
P(pcall(string.match, "hello world from Lua", @p))
P(pcall(string.gsub, "hello world from Lua", @p, "%1"))
P(pcall(string.gsub, "THE (quick) fox", @p, {THE = 1, quick = @b, x = false}))
P(pcall(string.gsub, "abc abc abc", @p, function(...) return select("#", ...) end, @k))
---
local n = 0
for a, b in string.gmatch("k1=v1, k2=v2", "(%w+)=(%w+)") do P(a, b) end
pcall(function() for m in string.gmatch(@s, @p) do n = n + 1 if n > 20 then break end P(m) end end)
for p in string.gmatch("abc", "()") do P(p) end
for w in ("one two"):gmatch("%a+", @d) do P(w) end
---
P(string.find("a.b.c", ".", 1, true), string.find("abc", "b", -1), string.find("", ""), string.find("abc", "", 10))
P(string.find(@s, @s, @d, true))
---
P(string.gsub("hello", "", "-"), string.gsub("abc", "%w", "%0%0"), string.gsub("abc", "b*", "x"))
P(pcall(string.gsub, "abc", "(a)", "%2"), pcall(string.gsub, "abc", "a", "%"), pcall(string.gsub, "abc", "a", "%a"))
P(string.gsub("$name is $age", "%$(%w+)", {name = "Lua", age = @k}))
P(string.gsub("a b c", "%w", function(c) if c == "b" then return nil end return c:upper() end))
P(pcall(string.gsub, "x", "x", function() return {} end))
---
P(string.match("2024-05-06", "(%d+)-(%d+)-(%d+)"), string.match("  trim  ", "^%s*(.-)%s*$"))
P(string.match("f(a(b)c)d", "%b()"), string.match("THE END", "%f[%a]%a+$"), string.match("key", "(k)(e)(y)()"))
P(string.match("aaa", "a-"), string.match("aaab", "a-b"), string.match("[[x]]", "%[%[(.-)%]%]"), string.match("abcabc", "(abc)%1"))
---
P(string.byte("ABC"), string.byte("ABC", @d), string.byte("ABC", 1, -1), string.byte("", 1))
P(string.char(), string.char(72, 105, @k), pcall(string.char, 256), pcall(string.char, -1))
---
P(string.sub("abcdef", @d, @d), string.sub("abc", 2), string.sub("abc", -2, -1), string.sub(@s, @d))
P(string.len(@s), string.reverse(@s), string.upper(@s), string.lower(@s))
P(string.rep("ab", @k, ","), string.rep(cut(@s), 3), string.rep("", 1000000), string.rep("x", -5))
---
P(pcall(string.pack, @z, @i))
P(pcall(string.pack, @z, @k))
P(pcall(string.packsize, @z))
local ok, packed = pcall(string.pack, @z, @k)
if ok then P(pcall(string.unpack, @z, packed)) end
---
local fmt = "<i4 >I2 =b s1 z d"
local packed = string.pack(fmt, -@k, @k, @k - 5, "short", "zero", N(@n))
P(#packed, string.unpack(fmt, packed))
P(string.pack("s4", "abc"), string.pack("z", @k .. "x"), pcall(string.pack, "z", "a\0b"), string.pack("c5", "ab"))
P(string.packsize("<i4i8"), string.packsize("!8 i1 i8"), pcall(string.packsize, "s"), pcall(string.packsize, "z"))
---
P(pcall(string.unpack, "<i4", "abc"), string.unpack("<I3", "\1\2\3"), string.unpack("B", "abc", @k % 3 + 1))
P(pcall(string.unpack, "i16", ("\255"):rep(16)), pcall(string.unpack, "<i16", ("\1"):rep(16)))
P(pcall(string.unpack, "B", "abc", 10), pcall(string.unpack, "s1", "\5ab"), pcall(string.unpack, "!3 i4", "abcd"))
P(string.unpack("<f", string.pack("<f", 0.5)), string.unpack("<n j", string.pack("<n j", 1.25, @i)))
---
P(utf8.char(72, 228, 8364, 0x10FFFF), utf8.charpattern, utf8.char(), pcall(utf8.char, -1))
P(utf8.len("häß€"), utf8.len("\xff"), utf8.len(@s), utf8.len("abc", @k), utf8.len("äöü", -2))
for p, c in utf8.codes("aä€") do P(p, c) end
P(pcall(function() for p, c in utf8.codes("a\xffb") do P(p, c) end end))
---
P(utf8.codepoint("häß", 1, -1), pcall(utf8.codepoint, "abc", 4), pcall(utf8.codepoint, "\xe4"))
P(utf8.offset("häß€", @d), utf8.offset("aäb", @k, 1), pcall(utf8.offset, "ä", 1, 2), utf8.offset("abc", -1))
P(utf8.len("\u{7FFFFFFF}", 1, -1, true), utf8.len("\u{7FFFFFFF}"), utf8.len("\u{D800}", 1, -1, true), pcall(utf8.len, "abc", 9))
---
P(@s .. @s, #(@s .. @i), @s == @s, @s < @s, @s <= @s, "a" < "b", "Z" < "a", "" < "a", "a\0b" < "a\0c")
---
P(tostring(nil), tostring(@b), tostring(@i), S(@n), tostring(-0.0), tostring(1e15), tostring(1e16), tostring(2^53), tostring(0.1))
P(tostring(1e100), tostring(-1e-100), tostring(123456.789), tostring(3.0), tostring(1/3), tostring(100000000000000))
---
P(tonumber(@s), tonumber(@s, 16), tonumber("0x1p4"), tonumber("  10  "), tonumber("10abc"), tonumber("1e"), tonumber("0x"))
P(tonumber("zz", 36), tonumber("-ff", 16), tonumber("8", 8), tonumber("1.5e3"), tonumber(".5"), tonumber("5."), tonumber("inf"), tonumber("nan"))
P(tonumber("0x.8"), tonumber("1 2"), tonumber(""), tonumber("9223372036854775808"), tonumber("0x8000000000000000"), tonumber("1e309"))
---
local parts = {}
for word in ("the quick brown fox"):gmatch("%a+") do parts[#parts + 1] = word:sub(1, 1):upper() .. word:sub(2) end
P(table.concat(parts, " "), ("x"):rep(3, "-"), ("%5.2f"):format(3.14159), ("abc"):find("b", 1, true))
---
P(("a,b,,c"):gsub(",", ";", @k), ("abc"):gsub(".", {a = "1", b = true and "2"}), ("hello"):gsub("l+", string.upper))
---
local csv = "1,2,3\n4,5,6"
for line in csv:gmatch("[^\n]+") do local sum = 0 for v in line:gmatch("%d+") do sum = sum + v end P(sum, math.type(sum)) end
