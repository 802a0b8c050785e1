//! The string library against PUC-Rio's: results and errors.

mod support;

use support::{compare, compare_all};

#[test]
fn functions_on_plain_bytes() {
    compare_all(&[
        "string.len('abc'), #'', ('x'):len(), string.len(12), string.len()",
        "string.sub('hello', 2, -2), ('hello'):sub(-3), ('hello'):sub(0), ('hello'):sub(9)",
        "('hello'):sub(2, 1), ('hello'):sub(math.mininteger, math.maxinteger), ('x'):sub()",
        "('hello'):sub('2', 3.0), ('hello'):sub(1.5)",
        "string.byte('abc'), string.byte('abc', 2), string.byte('abc', 1, -1)",
        "string.byte('abc', 0), string.byte('abc', 10), string.byte('', 1, -1)",
        "string.byte(string.rep('x', 1 << 21), 1, -1)",
        "string.char(), string.char(65), string.char(0, 127, 255)",
        "string.char(256)",
        "string.char(65, -1)",
        "string.char(65, 'x')",
        "string.upper('aZ1\\xe9'), string.lower('aZ1\\xc9'), string.reverse('abc'), \
         ('').reverse('')",
        "string.upper(12.5), string.lower(true)",
        "string.rep('ab', 3), string.rep('ab', 3, ','), string.rep('', 5), string.rep('x', 0)",
        "string.rep('x', -1, 'y'), string.rep('x', 1, 'y'), string.rep('', 3, ','), \
         string.rep(12, 2)",
        "string.rep('x', 1 << 31)",
        "string.rep('xy', 1 << 62, 'abc')",
        "string.rep('x')",
        "string.rep('x', 2, {})",
        "string.dump(select)",
        "string.dump()",
        "string.dump(function(a, b) return a + b, 'k', 2.5 end)",
        "string.dump(function(a, b) local c <const> = a; return c, ... end, true)",
        "load(string.dump(function(a) return a * 2, _ENV == nil end, true), 'x', 'b')(21)",
        "('x'):bad()",
        "('x').y, ('x').rep == string.rep",
        "getmetatable('').__index == string, getmetatable('').__name",
    ]);
}

#[test]
fn arguments_are_named_as_puc_rio_names_them() {
    compare_all(&[
        "('x'):rep({})",
        "('x').rep()",
        "string.rep()",
        "local f = string.rep; f()",
        "return pcall(string.rep)",
        "return pcall(string.rep, 'x', 'y')",
        "local s = {}; s.rep = string.rep; return s:rep(1)",
        "return string.format()",
        "return ('%d'):format('x')",
        "return string.find({}, 'x')",
        "return ('x'):find()",
        "return ('x'):gsub('x', true)",
        "return ('x'):gsub('x', nil, {})",
        "return ('x'):gsub('x', 'y', 'z')",
        "return ('x'):gmatch()",
    ]);
}

#[test]
fn arithmetic_on_strings() {
    compare_all(&[
        "'10' + 1, '0x10' * '2', ' 3 ' - 1, '7' // 2, '7' % '4', '2' ^ 3, '7' / 2, -'2', -'2.0'",
        "'9223372036854775807' + 1, '1e1' + 0, 10 + '0x1p4'",
        "'a' + 1",
        "1 + 'a'",
        "-'a'",
        "'10' + {}",
        "{} + '10'",
        "nil + '1'",
        "'1' + nil",
        "'1' // 0",
        "'1' % '0'",
        "'1.0' // 0, '5' % math.huge",
        "local t = setmetatable({}, {__add = function(a, b) return type(a), 2 end}); \
         return 'a' + t, t + 'a', '1' + t",
        "local t = setmetatable({}, {__unm = function(a) return 'u' end}); return -t",
        "getmetatable('').__add(1, 2), getmetatable('').__unm('3'), getmetatable('').__add('3')",
        "getmetatable('').__add()",
        "getmetatable('').__sub('x')",
    ]);
}

#[test]
fn formats() {
    compare_all(&[
        "string.format('%d %5d|%-5d|%05d|%+d|% d|%.3d', 1, 2, 3, 4, 5, 6, 7)",
        "string.format('%x %X %#x %o %i %u', 255, 255, 255, 8, 9, 10)",
        "string.format('%f %.2f %e %g %G %a %10.3f|', 1.5, 2.345, 12345.678, 1e20, 1e-5, 1.0, \
         3.14159)",
        "string.format('%s %10s|%-10s|%.2s', 'x', 'y', 'z', 'abc')",
        "string.format('%s %s %s %s', nil, true, 12, 1.5)",
        "string.format('%q', 'a\\n\"\\\\\\0001\\r'), string.format('%q %q %q', 1, 1.5, \
         math.mininteger)",
        "string.format('%q %q %q %q', 1e300 * 1e300, 0/0, nil, true)",
        "string.format('%c%c', 65, '66'), string.format('%%')",
        "string.format('%5s', 'a\\0b')",
        "string.format('%s', 'a\\0b')",
        "string.format('%d', 1.5)",
        "string.format('%d', '1.0')",
        "string.format('%d', 'x')",
        "string.format('%d', nil)",
        "string.format('%d')",
        "string.format('%s %s', 1)",
        "string.format('%y', 1)",
        "string.format('%', 1)",
        "string.format('%0123d', 1)",
        "string.format('%111111111111111111111111d', 1)",
        "string.format('%10q', 'x')",
        "string.format('%q', {})",
        "string.format('%p %p|%10p|%-10p|', nil, 1, true, 2.5)",
        "string.format('%p', {}) == string.format('%p', {}), \
         string.format('%p', 'abc') == string.format('%p', 'a' .. 'bc')",
        "string.format('%s', setmetatable({}, {__tostring = function() return 'me' end}))",
        "string.format('%s', setmetatable({}, {__tostring = function() return {} end}))",
        "string.format('%s', setmetatable({}, {__name = 'Kind'})):gsub('0x%x+', '')",
        "string.format('%s', setmetatable({}, {__tostring = function() error('no') end}))",
        "#string.format('%99.99f', -1e308), string.format('%.14g', 0.1)",
        "string.format('%-014d', 1)",
        "string.format(12), string.format('%s', string.format)  ~= nil",
    ]);
}

#[test]
fn patterns() {
    compare_all(&[
        "string.find('hello', 'l'), string.find('hello', 'xyz'), string.find('hello', 'l+')",
        "string.find('a.c', '.', 2, true), string.find('abc', '', 4), string.find('abc', '', 5)",
        "string.find('abc', '(b)()'), string.find('abc', 'b', -1), string.find('abc', '^b', 2)",
        "string.match('key=val', '(%w+)=(%w+)'), string.match('x', '()'), string.match('x', 'y')",
        "string.match('2024-01-02', '(%d+)-(%d+)-(%d+)'), string.match('abc', '.-', 2)",
        "string.match('abc', '(b'), 1",
        "string.match('abc', '[b')",
        "string.match('abc', '%')",
        "string.match('abc', '%1')",
        "string.match(('x'):rep(300), ('(x)'):rep(40))",
        "string.gsub('hello world', 'o', '0'), string.gsub('abc', '%w', '%0%0'), \
         string.gsub('abc', '', '-')",
        "string.gsub('hello', 'l', 'L', 1), string.gsub('hello', '^h', 'H'), \
         string.gsub('abc', 'b', '%%')",
        "string.gsub('abc def', '(%w+) (%w+)', '%2 %1'), string.gsub('abc', '()', '%1')",
        "string.gsub('$name is $age', '%$(%w+)', {name = 'Lua', age = 30})",
        "string.gsub('abc', '%w', {a = 1, b = true and 'B', c = false})",
        "string.gsub('abc', '%w', \
         function(c) if c == 'b' then return nil end return c:upper() end)",
        "string.gsub('abc', '(a)(b)', function(...) return select('#', ...) end)",
        "string.gsub('abc', 'b', function() error('stop') end)",
        "string.gsub('abc', 'b', function() error({}) end) ",
        "string.gsub('abc', 'b', function() return {} end)",
        "string.gsub('abc', 'b', {b = print})",
        "string.gsub('abc', 'b', '%2')",
        "string.gsub('abc', 'b', '%x')",
        "string.gsub('abc', 'b', 'x', -1), string.gsub('abc', 'b', 'x', 0)",
        "string.gsub('abc', 'b', 12), string.gsub('abc', '%w', 1.5)",
        "string.gsub('abc', 'b', setmetatable({}, {__index = function(t, k) return k .. k end}))",
        "string.gsub('aaa', '^a', 'x'), string.gsub('aaa', '^a*', 'x')",
        "string.gsub(12, 2, 3)",
        "string.gsub('abc', 'a*$', 'x'), string.gsub('a b  c', '%s*', '_')",
    ]);
}

#[test]
fn gmatch_walks_a_string() {
    compare(
        r#"
        for k, v in string.gmatch("a=1, b=2", "(%w+)=(%w+)") do print(k, v) end
        for w in ("one two"):gmatch("%a+") do print(w) end
        for p in ("abc"):gmatch("()") do print(p) end
        for x in ("abc"):gmatch("", 3) do print("[" .. x .. "]") end
        for x in ("^a^a"):gmatch("^a") do print(x) end
        print(pcall(string.gmatch, "x"))
        local it = ("ab"):gmatch(".", -1)
        print(it())
        print(it())
        print(it())
        local bad = ("ab"):gmatch("[")
        print(pcall(bad))
        print(select(2, ("x"):gmatch("y")()))
        print(("x"):gmatch("x", 10)())
    "#,
    );
}

#[test]
fn packing() {
    compare_all(&[
        "string.pack('i4 i8 !4 i2 d', 1, -2, 3, 1.5):byte(1, -1)",
        "string.pack('>I3 s1 z', 0x010203, 'abc', 'def'):byte(1, -1)",
        "string.pack('c5 x b B', 'abc', -1, 255):byte(1, -1)",
        "string.unpack('<i4 z s2', string.pack('<i4 z s2', -7, 'zero', 'count'))",
        "string.unpack('<f d n j', string.pack('<f d n j', 0.5, 1.25, -2, 9))",
        "string.unpack('b', 'abc', -1), string.unpack('b', 'abc', 3)",
        "string.packsize('!8 b i8'), string.packsize('c10 x')",
        "string.pack('i17', 1)",
        "string.pack('i1', 300)",
        "string.pack('I1', -1)",
        "string.pack('i1')",
        "string.pack('i1 i1', 1)",
        "string.pack('z')",
        "string.pack('d', 'x')",
        "string.pack('d', '1.5') == string.pack('d', 1.5)",
        "string.pack('s1', ('x'):rep(300))",
        "string.pack('z', 'a\\0b')",
        "string.pack('c1', 'abc')",
        "string.pack('i', 1.5)",
        "string.pack('q', 1)",
        "string.packsize('s')",
        "string.packsize('c2147483647c2147483647')",
        "string.unpack('z', 'abc')",
        "string.unpack('i4', 'abc')",
        "string.unpack('b', 'abc', 5)",
        "string.unpack('i16', ('\\xff'):rep(15) .. '\\x01')",
        "string.unpack(('b'):rep(1100000), ('x'):rep(1100000))",
    ]);
}

#[test]
fn libraries_list_their_functions() {
    // The cache of one traversal must not mislead the next one.
    compare(
        r#"
        local names = {}
        for _, lib in ipairs {"coroutine", "math", "string", "table", "utf8"} do
            for name in pairs(_G[lib]) do names[#names + 1] = lib .. "." .. name end
        end
        table.sort(names)
        print(#names, table.concat(names, " "))
    "#,
    );
}

#[test]
fn bitwise_operators_take_no_strings() {
    compare_all(&[
        "'3' | 1",
        "local a, b = 1, '2'; return a & b",
        "~'3'",
        "1 << '3'",
        "1.5 | 1",
        "local t = {}; return t ~ 2",
    ]);
}

#[test]
fn numeric_loops_convert_strings() {
    let mut source = String::new();
    for range in [
        "1, '3'",
        "'1', 3",
        "1, 3, '1'",
        "1.5, '3'",
        "1, 'x'",
        "1, '2.5'",
        "'1', 2, 0",
        "1, {}",
        "1.5, 3, '0.5'",
        "'x', 1, 1",
        "1, '1e400'",
        "1, 2, 'x'",
        "3, '1', -1",
        "'1', '3', 'x'",
        "1, '0x7fffffffffffffff'",
        "math.mininteger, '-9e30', -1",
        "1, 'nan'",
        "1, 'x', 0",
    ] {
        source += &format!(
            "print(pcall(function() local n = 0 for i = {range} do n = n + i; \
             if n > 50 or n < -50 then break end end return n end))\n"
        );
    }
    compare(&source);
}
