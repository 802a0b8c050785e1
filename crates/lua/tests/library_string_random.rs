//! Random calls of the string and utf8 libraries, here and in PUC-Rio.

mod support;

use support::{run_ours, run_puc};

/// Calls in one program, each in a protected call of its own.
const CALLS: usize = 60;

const SUBJECTS: &[&str] = &[
    "''",
    "'a'",
    "'abc'",
    "'hello world'",
    "'a,b,,c'",
    "'  x  '",
    "'key = value; k2=v2'",
    "'[[x]]'",
    "'\\0a\\0'",
    "'\\xff\\x80'",
    "'häß€'",
    "('ab'):rep(20)",
    "'12.50'",
    "'0x1F'",
    "'%d%'",
    "42",
    "-7.5",
    "'((a)(b))'",
    "'AbC123'",
];
const PATTERNS: &[&str] = &[
    "''",
    "'a'",
    "'.'",
    "'%a+'",
    "'(%w+)%s*=%s*(%w+)'",
    "'()'",
    "'^%s*(.-)%s*$'",
    "'[^,]*'",
    "'%b()'",
    "'%f[%w]%w+'",
    "'[a-c]-b'",
    "'(a)(.)%2'",
    "'%'",
    "'[a'",
    "'(a'",
    "'a)'",
    "'.-$'",
    "'%d+%.?%d*'",
    "'[%]%[]'",
    "'[^%s]+'",
    "'\\0'",
    "'%z'",
    "'^a'",
    "'a?b?c?'",
    "'(()a())'",
    "'%g'",
    "'%1'",
    "'[%a-z]'",
    "'x*'",
];
const REPLACEMENTS: &[&str] = &[
    "'<%0>'",
    "'%1'",
    "''",
    "'%2%1'",
    "'%%'",
    "'%'",
    "'x'",
    "7",
    "{a = 'A', b = false, [1] = 'one'}",
    "string.upper",
    "function(...) return select('#', ...) end",
    "function() end",
    "true",
    "function() return {} end",
    "nil",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "-2",
    "3.0",
    "100",
    "-100",
    "'2'",
    "1.5",
    "nil",
    "math.maxinteger",
    "math.mininteger",
    "2^53",
    "'x'",
    "1e100",
    "255",
    "65",
    "0/0",
    "-0.0",
    "3.14159",
    "1e15",
    "{}",
];
/// Counts for `string.rep`, none of them large.
const COUNTS: &[&str] = &["0", "3", "-1", "'2'", "1.5", "nil", "17"];
const FORMATS: &[&str] = &[
    "d", "5d", "-5d", "05d", "+d", ".3d", "x", "#x", "X", "o", "c", "s", "5s", "-5s", ".2s", "q",
    "e", ".3f", "10.2f", "g", "G", "a", "i", "u", "%", "5.1f", "y", ".20s", "099d", "+.3e", "#o",
    "- d",
];
const PACKS: &[&str] = &[
    "b", "B", "h", "H", "i3", "I5", "l", "j", "T", "f", "d", "n", "s", "s1", "z", "x", "c4", "!4",
    ">", "<", "=", "Xi4", " ", "i16", "I17", "!", "c", "X",
];

struct Draw(fastrand::Rng);

impl Draw {
    fn of(&mut self, items: &[&'static str]) -> &'static str {
        items[self.0.usize(..items.len())]
    }

    fn value(&mut self) -> &'static str {
        if self.0.bool() { self.of(SUBJECTS) } else { self.of(NUMBERS) }
    }

    fn joined(
        &mut self,
        items: &[&'static str],
        mark: &str,
        separators: &[&'static str],
    ) -> String {
        let mut text = String::new();
        for _ in 0..self.0.usize(1..4) {
            text = text + mark + self.of(items) + self.of(separators);
        }
        text
    }

    fn call(&mut self) -> String {
        let (subject, pattern) = (self.of(SUBJECTS), self.of(PATTERNS));
        let (m, n) = (self.of(NUMBERS), self.of(NUMBERS));
        let (x, y, z) = (self.value(), self.value(), self.value());
        match self.0.u32(..20) {
            0 => format!("string.find, {subject}, {pattern}, {n}"),
            1 => format!("string.match, {subject}, {pattern}, {n}"),
            2 | 3 => {
                let replacement = self.of(REPLACEMENTS);
                format!("string.gsub, {subject}, {pattern}, {replacement}, {n}")
            }
            4 => format!("string.gsub, {subject}, {pattern}, {}", self.of(REPLACEMENTS)),
            5 => format!("all, {subject}, {pattern}, {n}"),
            6 => format!("string.sub, {subject}, {m}, {n}"),
            7 => format!("string.byte, {subject}, {m}, {n}"),
            8 => format!("string.rep, {subject}, {}, {y}", self.of(COUNTS)),
            9 => format!("string.char, {m}, {n}"),
            10..=12 => {
                let format = self.joined(FORMATS, "%", &["", " ", "|", "%%"]);
                format!("string.format, '{format}', {x}, {y}, {z}")
            }
            13 => format!("string.pack, '{}', {x}, {y}, {z}", self.joined(PACKS, "", &[""])),
            14 => {
                let format = self.joined(PACKS, "", &[""]);
                format!("string.unpack, '{format}', ('{}'):rep(9), {n}", "\\1\\2\\xfe\\0")
            }
            15 => format!("string.packsize, '{}'", self.joined(PACKS, "", &[""])),
            16 => format!("utf8.len, {subject}, {m}, {n}"),
            17 => format!("utf8.codepoint, {subject}, {m}, {n}"),
            18 => format!("utf8.offset, {subject}, {m}, {n}"),
            _ => {
                let operator = self.of(&["+", "-", "*", "/", "//", "%", "^", "..", "|"]);
                format!("function() return {x} {operator} {y} end")
            }
        }
    }
}

fn program(seed: u64) -> String {
    let mut draw = Draw(fastrand::Rng::with_seed(seed));
    let mut source = String::from(
        "local function all(...)\n  local out = {}\n  for a, b in string.gmatch(...) do\n    \
         out[#out + 1] = tostring(a) .. '/' .. tostring(b)\n  end\n  \
         return table.concat(out, ',')\nend\n",
    );
    for _ in 0..CALLS {
        source += &format!("print(pcall({}))\n", draw.call());
    }
    source
}

#[test]
fn random_calls_agree() {
    for seed in 0..200 {
        let source = program(seed);
        let (expected, got) = (run_puc(source.as_bytes()), run_ours(source.as_bytes()));
        let first = expected.lines().zip(got.lines()).position(|(x, y)| x != y);
        if let Some(line) = first {
            let of = |text: &str| text.lines().nth(line).unwrap_or_default().to_owned();
            panic!(
                "seed {seed}, output line {line}\n  PUC-Rio: {}\n  ours:    {}\n{source}",
                of(&expected),
                of(&got)
            );
        }
        assert_eq!(expected, got, "seed {seed}");
        assert!(expected.lines().count() > CALLS, "seed {seed} runs all its calls:\n{expected}");
    }
}
