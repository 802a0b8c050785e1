//! Numbers as text against PUC-Rio's `string.format` and `tostring`.

use lua::number::format::{
    FloatConversion, FormatSpec, IntegerConversion, format_float, format_integer, write_float,
    write_integer,
};
use mlua::{Function, Lua};

/// A small generator of pseudo-random numbers (splitmix64), so that failures repeat.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    /// Floats of all kinds: any bits, decimals, halves (ties), small integers, edges.
    fn float(&mut self) -> f64 {
        let edges = [
            0.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::from_bits(1),
            f64::from_bits(0x000f_ffff_ffff_ffff),
            f64::INFINITY,
            f64::NAN,
            9007199254740993.0,
            1e14,
            1e15,
            99999999999999.5,
            999999.5,
            0.15,
            999999999999995.0,
            1.5e-310,
            0.0001,
            0.00001,
        ];
        let value = match self.below(6) {
            0 => f64::from_bits(self.bits()),
            1 => self.below(1_000_000) as f64 / 1000.0,
            2 => self.below(1 << 20) as f64 / (1u64 << self.below(30)) as f64,
            3 => 10f64.powi(self.below(40) as i32 - 20) * self.below(100) as f64,
            4 => edges[self.below(edges.len() as u64) as usize],
            _ => self.below(1000) as f64 + 0.5,
        };
        if self.below(2) == 0 { -value } else { value }
    }

    fn spec(&mut self, alternate: bool, sign: bool) -> FormatSpec {
        let mut chance = |n| self.below(n) == 0;
        FormatSpec {
            left: chance(4),
            plus: sign && chance(4),
            space: sign && chance(4),
            alternate: alternate && chance(3),
            zero: chance(4),
            upper_case: false,
            width: if chance(2) { 0 } else { self.below(100) as usize },
            precision: match self.below(4) {
                0 => None,
                1 => Some(self.below(100) as usize),
                _ => Some(self.below(18) as usize),
            },
        }
    }
}

/// The specification as it stands in a format, without the conversion letter.
fn text_of(spec: &FormatSpec) -> String {
    let flags = [
        (spec.left, '-'),
        (spec.plus, '+'),
        (spec.space, ' '),
        (spec.alternate, '#'),
        (spec.zero, '0'),
    ];
    let mut text: String = flags.iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect();
    text.insert(0, '%');
    if spec.width > 0 {
        text += &spec.width.to_string();
    }
    if let Some(precision) = spec.precision {
        text += &format!(".{precision}");
    }
    text
}

fn string_format(lua: &Lua) -> Function {
    lua.load("return string.format").eval().unwrap()
}

#[track_caller]
fn same(ours: Vec<u8>, theirs: mlua::String, what: &str) {
    let ours = String::from_utf8(ours).unwrap();
    assert_eq!(ours, theirs.to_string_lossy(), "{what}");
}

const FLOATS: [(FloatConversion, char, char); 4] = [
    (FloatConversion::Exponent, 'e', 'E'),
    (FloatConversion::Fixed, 'f', 'f'),
    (FloatConversion::General, 'g', 'G'),
    (FloatConversion::Hexadecimal, 'a', 'A'),
];

fn check_float(format: &Function, value: f64, spec: &FormatSpec, which: usize) {
    let (conversion, lower, upper) = FLOATS[which];
    let letter = if spec.upper_case { upper } else { lower };
    let spec = FormatSpec { upper_case: letter.is_ascii_uppercase(), ..*spec };
    let text = format!("{}{letter}", text_of(&spec));
    let mut ours = Vec::new();
    format_float(&mut ours, value, conversion, &spec);
    same(ours, format.call((text.as_str(), value)).unwrap(), &format!("{text} of {value:e}"));
}

#[test]
fn floats_are_formatted_as_printf_does() {
    let lua = Lua::new();
    let format = string_format(&lua);
    let mut random = Random(3);
    for round in 0..60_000 {
        let value = random.float();
        // Where rounding carries into the exponent form, glibc's `%#g` loses the zeros that C
        // promises: `%#g` is compared at chosen values only.
        let general = FLOATS[round % 4].0 == FloatConversion::General;
        let mut spec = random.spec(!general, true);
        spec.upper_case = round % 3 == 0;
        check_float(&format, value, &spec, round % 4);
    }
}

#[test]
fn every_precision_is_exact() {
    let lua = Lua::new();
    let format = string_format(&lua);
    let values = [0.1, 2.5, 0.125, 1e300, 5e-324, f64::MAX, 1.0 / 3.0, 9.5, 9.9999, 0.0, -0.0];
    for precision in 0..=99 {
        for value in values {
            for which in 0..FLOATS.len() {
                for alternate in [false, true] {
                    let precision = Some(precision);
                    let spec = FormatSpec { alternate, precision, ..FormatSpec::default() };
                    check_float(&format, value, &spec, which);
                }
            }
        }
    }
}

#[test]
fn the_alternative_general_form_keeps_zeros_when_rounding_carries() {
    let spec = FormatSpec { alternate: true, ..FormatSpec::default() };
    let mut text = Vec::new();
    format_float(&mut text, 999_999.5, FloatConversion::General, &spec);
    assert_eq!(text, b"1.00000e+06");
}

#[test]
fn integers_are_formatted_as_printf_does() {
    let lua = Lua::new();
    let format = string_format(&lua);
    let mut random = Random(4);
    for round in 0..30_000 {
        let value = match random.below(4) {
            0 => random.bits() as i64,
            1 => [0, 1, -1, i64::MIN, i64::MAX][random.below(5) as usize],
            _ => random.below(2000) as i64 - 1000,
        };
        let (conversion, letter) = [
            (IntegerConversion::Decimal, 'd'),
            (IntegerConversion::Octal, 'o'),
            (IntegerConversion::Hexadecimal, 'x'),
            (IntegerConversion::Hexadecimal, 'X'),
        ][round % 4];
        let decimal = letter == 'd';
        let mut spec = random.spec(!decimal, decimal);
        spec.upper_case = letter == 'X';
        let text = format!("{}{letter}", text_of(&spec));
        let mut ours = Vec::new();
        format_integer(&mut ours, value, conversion, &spec);
        same(ours, format.call((text.as_str(), value)).unwrap(), &format!("{text} of {value}"));
    }
}

#[test]
fn tostring_is_the_same() {
    let lua = Lua::new();
    let tostring: Function = lua.globals().get("tostring").unwrap();
    let mut random = Random(5);
    for _ in 0..60_000 {
        let value = random.float();
        let mut ours = Vec::new();
        write_float(&mut ours, value);
        let theirs = tostring.call(mlua::Value::Number(value)).unwrap();
        same(ours, theirs, &format!("{value:e}"));
    }
    for value in [0, 7, -7, 10, 99, 100, i64::MIN, i64::MAX] {
        let mut ours = Vec::new();
        write_integer(&mut ours, value);
        same(ours, tostring.call(value).unwrap(), &value.to_string());
    }
}
