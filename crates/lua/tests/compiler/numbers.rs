//! Numerals as `tonumber` reads them.

use super::oracle::compare;
use lua::number::{Number, parse_number};
use mlua::{Lua, Value};

fn check(lua: &Lua, tonumber: &mlua::Function, text: &str) {
    let theirs: Value = tonumber.call(lua.create_string(text).unwrap()).unwrap();
    let agree = match (&theirs, parse_number(text.as_bytes())) {
        (Value::Nil, None) => true,
        (Value::Integer(theirs), Some(Number::Integer(ours))) => *theirs == ours,
        (Value::Number(theirs), Some(Number::Float(ours))) => theirs.to_bits() == ours.to_bits(),
        _ => false,
    };
    assert!(agree, "{text:?}: {theirs:?}, ours {:?}", parse_number(text.as_bytes()));
}

#[test]
fn edges() {
    let lua = Lua::new();
    let tonumber: mlua::Function = lua.globals().get("tonumber").unwrap();
    let texts = "0 1 -1 +1 007 1. .1 . -. 1e1 1E+1 1e-1 e1 .e1 1e 1e+ 0x 0x. 0x1 0X1 0x.1 0x1. \
        0x1p4 0x1P-4 0x1p 0x1p+ 0xp1 0x.p1 0xA.8p0 0xffffffffffffffff 0x10000000000000000 \
        -0x1 -0xf.f \
        9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 \
        99999999999999999999 1e308 1e309 -1e309 1e-323 1e-324 2.4703282292062328e-324 4.9e-324 \
        2.2250738585072014e-308 2.2250738585072011e-308 1.7976931348623159e308 inf nan INF NAN \
        infinity 1inf 0xinf 0x1n 1n - + -- +- -+1 1x 1_0 1,0 1f 1d 1l 0b1 0o7 '1' \
        1e400000000000000 0x1p400000000000 0x0p400000000000 0x1p-1074 0x1p-1075 \
        0x1.8p-1075 0x1.000001p-1075 \
        0x.00000000000000000000000000000000000000000000001 0x1.fffffffffffff7fp0 \
        0x1.fffffffffffff8p0 0x123456789abcdef01234.8 0x1.00000000000008 0x1.00000000000018 \
        0x1.000000000000080000000000000000001 0x10000000000000000000000000000000p-128 \
        9007199254740993 9007199254740993.0 0.1e1 1e0001 00000000000000000000000000000000000001";
    for text in texts.split_ascii_whitespace() {
        check(&lua, &tonumber, text);
        check(&lua, &tonumber, &format!(" \t\n\x0b\x0c\r{text} \n"));
        compare(&lua, format!("return {text}").as_bytes(), "=n").unwrap();
    }
    for text in ["", " ", "1 1", "- 1", "0x 1", "1\0", "\u{a0}1", "1e 1", "0 x1"] {
        check(&lua, &tonumber, text);
    }
}

#[test]
fn random_texts() {
    let lua = Lua::new();
    let tonumber: mlua::Function = lua.globals().get("tonumber").unwrap();
    let mut random = fastrand::Rng::with_seed(54);
    let mut read = 0;
    for _ in 0..20_000 {
        let (digits, exponent) = match random.u8(0..3) {
            0 => ("0123456789", "e"),
            1 => ("0123456789abcdefABCDEF", "p"),
            _ => ("01.", "e"),
        };
        let digit = |random: &mut fastrand::Rng| char::from(random.choice(digits.bytes()).unwrap());
        let mut text = String::from(["", "-", "+"][random.usize(0..3)]);
        text += if exponent == "p" { "0x" } else { "" };
        (0..random.usize(0..24)).for_each(|_| text.push(digit(&mut random)));
        if random.bool() {
            text.push('.');
            (0..random.usize(0..24)).for_each(|_| text.push(digit(&mut random)));
        }
        if random.bool() {
            text += &format!("{exponent}{}", random.i32(-1200..1200) / random.i32(1..12));
        }
        read += usize::from(parse_number(text.as_bytes()).is_some());
        check(&lua, &tonumber, &text);
    }
    assert!(read > 10_000, "{read} texts were numbers");
}
