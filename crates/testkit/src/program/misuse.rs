//! Wrong operations on purpose, so that messages with variable names are compared.

use super::expression::{Generator, Kind};

/// Values that most operations refuse.
const VALUES: &[&str] = &[
    "nil",
    "true",
    "false",
    "{}",
    "print",
    "'abc'",
    "1.5",
    "2^53",
    "'0x10'",
    "function() end",
    "coroutine.create(print)",
    "setmetatable({}, {__name = 'Thing'})",
    "0",
    "-1",
    "1e100",
    "''",
];

/// Ways to hold the value `@v`: what is done first, and how the value is named then.
const HOLDERS: &[(&str, &str)] = &[
    ("local v = @v", "v"),
    ("local up = @v; local function f() return up end", "up"),
    ("gv = @v", "gv"),
    ("local t = {f = @v}", "t.f"),
    ("local t = {[1] = @v}", "t[1]"),
    ("local t = {['a b'] = @v}", "t['a b']"),
    ("local t, k = {x = @v}, 'x'", "t[k]"),
    ("local t = {a = {b = @v}}", "t.a.b"),
    ("local t = {a = @v}", "t.a.b"),
    ("local v = @v; local t = setmetatable({}, {__index = function() return v end})", "t.x"),
    ("local function g() return @v end", "g()"),
    ("gt = {f = @v}", "gt.f"),
    ("local c <const> = @v", "c"),
    ("", "undefined"),
    ("", "string.undefined"),
    ("", "(@v)"),
    ("", "(...)"),
];

/// What is done to it: `$` is the name, `@i` and the like are expressions.
const ABUSES: &[&str] = &[
    "return $()",
    "return $(1, 2)",
    "$('x')",
    "return $.field",
    "return $.field.deeper",
    "return $[@i]",
    "return $:method()",
    "return $:method(1).x",
    "$.field = 1",
    "$[nil] = 1",
    "$[0/0] = 1",
    "return $ + 1",
    "return @i - $",
    "return $ * 2.5",
    "return 2 / $",
    "return $ % 3",
    "return $ // 0",
    "return 7 // $",
    "return 7 % $",
    "return $ ^ 2",
    "return -$",
    "return #$",
    "return ~$",
    "return $ & 1",
    "return 1 | $",
    "return $ ~ 2.5",
    "return $ << 1",
    "return 1 >> $",
    "return $ .. 'x'",
    "return 'x' .. $",
    "return 1 .. $ .. 2",
    "return $ < 1",
    "return $ <= 'a'",
    "return {} < $",
    "return $ > $",
    "return 1 >= $",
    "for i = $, 2 do P(i) break end",
    "for i = 1, $ do if i > 3 then break end P(i) end",
    "for i = 1, 2, $ do P(i) break end",
    "for i = 1, 2, 0 do P($) end",
    "for k in $ do P(k) break end",
    "for k in pairs($) do P(k) break end",
    "for k, x in ipairs($) do P(k, x) break end",
    "local x <close> = $",
    "return math.floor($)",
    "return math.sqrt($)",
    "return math.abs($)",
    "return math.max(1, $)",
    "return math.random($)",
    "return math.tointeger($)",
    "return string.rep($, 2)",
    "return ('x'):rep(3, $)",
    "return string.sub($, 1, 2)",
    "return ('abc'):sub($)",
    "return string.char($)",
    "return string.byte($, 1)",
    "return string.format('%d', $)",
    "return string.format('%s', nil, $)",
    "return string.format('%c', $)",
    "return string.format('%5.1f', $)",
    "return string.upper($)",
    "return string.find('abc', $)",
    "return ('abc'):gsub('b', $)",
    "return string.pack('i2', $)",
    "return string.unpack('i4', $)",
    "return table.concat($)",
    "return table.concat({1, $, 3}, ',')",
    "return table.insert($, 1)",
    "return table.insert({}, $, 1)",
    "return table.insert({}, 1, 2, $)",
    "return table.remove($)",
    "return table.remove({1, 2}, $)",
    "return table.unpack($)",
    "return table.unpack({}, 1, $)",
    "return table.sort($)",
    "return table.sort({$, $}, nil)",
    "return table.sort({1, 2}, $)",
    "return table.move($, 1, 2, 3)",
    "return setmetatable($, {})",
    "return setmetatable({}, $)",
    "return getmetatable($) == getmetatable('')",
    "return rawset($, 1, 2)",
    "return rawget($, 1)",
    "return rawlen($)",
    "return rawequal($)",
    "return next($)",
    "return next({}, $)",
    "return select($, 1, 2)",
    "return tonumber($)",
    "return tonumber($, 10)",
    "return tonumber('10', $)",
    "return type()",
    "return tostring()",
    "return ipairs()",
    "return load($)",
    "return pcall()",
    "return pcall($)",
    "return xpcall($, function(m) return 'handled ' .. type(m) end)",
    "return select('#', error($, 2))",
    "return coroutine.resume($)",
    "return coroutine.wrap($)",
    "return coroutine.status($)",
    "return coroutine.close($)",
    "return utf8.char($)",
    "return utf8.len($)",
    "return utf8.codepoint($, 1)",
    "return utf8.offset($, 1)",
    "return os.time({year = $})",
    "return os.time({year = 2020, month = $, day = 1})",
    "return os.date('!%Y', $)",
    "return os.date($, 0)",
    "return assert(false, $)",
    "return assert($)",
    "return assert()",
    "return collectgarbage($)",
    "error($)",
    "error($, 0)",
];

/// Fragments that do not compile, each for its own reason.
const BROKEN: &[&str] = &[
    "x =",
    "local",
    "if x then",
    "for i = 1 do end",
    "x = = 2",
    "return return",
    "goto nowhere",
    "break",
    "local x <const> = 1; x = 2",
    "local x <bad> = 1",
    "::a:: ::a::",
    "x = 'open",
    "x = [[open",
    "x = '\\q'",
    "x = '\\300'",
    "x = '\\xZZ'",
    "x = '\\u{110000000}'",
    "x = 0x",
    "x = 1e",
    "x = 3..4",
    "x = 12abc",
    "f(",
    "a.b:c = 1",
    "x = }",
    "(a) = 1 b",
    "a, b += 1",
    "for a.b in c do end",
    "function f(a,) end",
    "function f(..., a) end",
    "x = ...; function g() \
    return ... end",
    "do goto l; local a; ::l:: a() end",
    "repeat goto c; local z; ::c:: until z",
    "local a <close>, b <close> = 1, 2",
    "x = a b",
    "and",
    "x = #",
    "--[[ open",
    "x = '\\u{41'",
    "1 = 2",
    "f() = 1",
    "x = @",
    "x = $",
    "x = a.1",
    "return 1,",
    "local function a.b() end",
    "x = 'a\\\nb' y",
    "x = '\n'",
    "if a then else elseif b then end",
    "x = ~",
    "until x",
];

impl Generator {
    /// Some wrong operations, each protected.
    pub fn misuses(&mut self) {
        for _ in 0..self.rng.u32(2..6) {
            match self.rng.u32(..8) {
                0 => self.broken(),
                _ => self.misuse(),
            }
        }
    }

    fn misuse(&mut self) {
        let (first, name) = HOLDERS[self.rng.usize(..HOLDERS.len())];
        let value = match self.chance(80) {
            true => self.pick(VALUES).to_owned(),
            false => self.any(1),
        };
        let abuse = self.pick(ABUSES);
        let abuse = match abuse.contains("@i") {
            true => abuse.replace("@i", &self.expression(Kind::Integer, 1)),
            false => abuse.to_owned(),
        };
        let open = match self.rng.u32(..6) {
            0 => "P(xpcall(function(...)",
            1 => "P(coroutine.resume(coroutine.create(function(...)",
            _ => "P(pcall(function(...)",
        };
        let close = match open.as_bytes()[2] {
            b'x' => "end, function(m) return m end, 5))",
            b'c' => "end), nil))",
            _ => "end, {}))",
        };
        self.line(open);
        if !first.is_empty() {
            self.line(&format!("  {}", first.replace("@v", &value)));
        }
        let upvalue = name == "up" && self.chance(70);
        let body = abuse.replace('$', &name.replace("@v", &value));
        match upvalue {
            true => self.line(&format!("  return (function() {body} end)()")),
            false => self.line(&format!("  {body}")),
        }
        self.line(close);
    }

    /// A text that is refused, or, cut from a valid one, perhaps is.
    fn broken(&mut self) {
        let text = match self.rng.bool() {
            true => self.pick(BROKEN).to_owned(),
            false => {
                let whole = format!("return {}", self.any(3));
                let mut end = self.rng.usize(..whole.len());
                while !whole.is_char_boundary(end) {
                    end -= 1;
                }
                whole[..end].to_owned()
            }
        };
        // A level of long brackets that no text in this module closes.
        let name = self.pick(&["=broken", "@broken.lua", "return broken"]);
        self.line(&format!("P(load([=====[{text}]=====], '{name}'))"));
    }
}
