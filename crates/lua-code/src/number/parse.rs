//! Text to number, by the rules of Lua's lexer, `tonumber` and string coercions.

use super::{Number, decimal, scale};

/// Reads a whole text as a Lua number; white space around it is allowed.
///
/// Decimal integers that do not fit 64 bits become floats, hexadecimal integers wrap around,
/// floats are rounded correctly. `inf`, `nan` and anything left over give `None`.
///
/// ```
/// use lua_code::number::{Number, parse_number};
/// assert_eq!(parse_number(b" 0x10 "), Some(Number::Integer(16)));
/// assert_eq!(parse_number(b"1e1"), Some(Number::Float(10.0)));
/// assert_eq!(parse_number(b"1 2"), None);
/// ```
pub fn parse_number(text: &[u8]) -> Option<Number> {
    let text = trim(text);
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if let [b'0', b'x' | b'X', hex @ ..] = digits {
        return parse_hex(hex, negative);
    }
    if let Some(integer) = parse_decimal_integer(digits, negative) {
        return Some(Number::Integer(integer));
    }
    let float = parse_decimal_float(digits)?;
    Some(Number::Float(if negative { -float } else { float }))
}

/// Whether a byte is white space for Lua (the C locale's `isspace`).
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

fn parse_decimal_integer(digits: &[u8], negative: bool) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    let mut magnitude: u64 = 0;
    for &byte in digits {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        magnitude = magnitude.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

#[inline(never)]
fn parse_decimal_float(text: &[u8]) -> Option<f64> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let point = mantissa.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &mantissa[mantissa.len()..]),
    };
    let mut digits = whole.iter().chain(fraction);
    if whole.len() + fraction.len() == 0 || !digits.all(u8::is_ascii_digit) {
        return None;
    }
    Some(decimal::nearest(whole, fraction, exponent))
}

/// An optional sign and at least one decimal digit; saturates far beyond what a float can use.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for &byte in digits {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value = value.saturating_mul(10).saturating_add(i64::from(digit));
    }
    Some(if negative { -value } else { value })
}

#[inline(never)]
fn parse_hex(text: &[u8], negative: bool) -> Option<Number> {
    if !text.is_empty() && text.iter().all(u8::is_ascii_hexdigit) {
        let wrapped =
            text.iter().fold(0u64, |value, &byte| value << 4 | u64::from(hex_digit(byte)));
        let wrapped = if negative { wrapped.wrapping_neg() } else { wrapped };
        return Some(Number::Integer(wrapped as i64));
    }
    let float = parse_hex_float(text)?;
    Some(Number::Float(if negative { -float } else { float }))
}

/// The value of a hexadecimal digit; the caller knows that it is one.
pub(crate) fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => byte.wrapping_sub(b'A').wrapping_add(10),
    }
}

fn parse_hex_float(text: &[u8]) -> Option<f64> {
    let (digits, exponent) = match text.iter().position(|byte| matches!(byte, b'p' | b'P')) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let mut mantissa: u64 = 0;
    let mut shift: i64 = 0;
    let mut lost = false;
    let (mut seen_digit, mut seen_point) = (false, false);
    for &byte in digits {
        if byte == b'.' && !seen_point {
            seen_point = true;
            continue;
        }
        if !byte.is_ascii_hexdigit() {
            return None;
        }
        seen_digit = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(hex_digit(byte));
            shift -= if seen_point { 4 } else { 0 };
        } else {
            lost |= byte != b'0';
            shift += if seen_point { 0 } else { 4 };
        }
    }
    // A bit below all kept ones makes ties behave as if no digit had been lost.
    let mantissa = mantissa | u64::from(lost);
    seen_digit.then(|| scale(mantissa, shift.saturating_add(exponent)))
}

#[cfg(test)]
mod tests {
    use super::{Number, parse_number};

    fn float(text: &str) -> u64 {
        match parse_number(text.as_bytes()) {
            Some(Number::Float(value)) => value.to_bits(),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn integer(text: &str) -> i64 {
        match parse_number(text.as_bytes()) {
            Some(Number::Integer(value)) => value,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn integers() {
        assert_eq!(integer("9223372036854775807"), i64::MAX);
        assert_eq!(integer("-9223372036854775808"), i64::MIN);
        assert_eq!(integer(" \t\n\x0b\x0c\r+7 "), 7);
        assert_eq!(integer("0xffffffffffffffff"), -1);
        assert_eq!(integer("-0x10000000000000001"), -1);
        assert_eq!(integer("00009"), 9);
    }

    #[test]
    fn integers_out_of_range_become_floats() {
        assert_eq!(float("9223372036854775808"), 9223372036854775808f64.to_bits());
        assert_eq!(float("-9223372036854775809"), (-9223372036854775808f64).to_bits());
    }

    #[test]
    fn decimal_floats() {
        assert_eq!(float(".5"), 0.5f64.to_bits());
        assert_eq!(float("5."), 5f64.to_bits());
        assert_eq!(float("-0.0"), (-0.0f64).to_bits());
        assert_eq!(float("1e400"), f64::INFINITY.to_bits());
        assert_eq!(float("1e-99999999999999999999"), 0);
    }

    #[test]
    fn hex_floats_round_once() {
        assert_eq!(float("0x.8"), 0.5f64.to_bits());
        assert_eq!(float("0xA.p1"), 20f64.to_bits());
        assert_eq!(float("0x1p-1074"), 1);
        assert_eq!(float("0x1p-1075"), 0);
        assert_eq!(float("0x1.8p-1075"), 1);
        assert_eq!(float("0x1.fffffffffffffp1023"), f64::MAX.to_bits());
        assert_eq!(float("0x1.fffffffffffff8p1023"), f64::INFINITY.to_bits());
        assert_eq!(float("0x1p99999999999999999999"), f64::INFINITY.to_bits());
        assert_eq!(float("0x0p99999999999999999999"), 0);
        assert_eq!(float("0x1.00000000000008p0"), 1f64.to_bits());
        assert_eq!(float("0x1.000000000000080000000001p0"), 1f64.to_bits() + 1);
        assert_eq!(float("0x1fffffffffffff8p-1"), (2f64.powi(56)).to_bits());
        assert_eq!(float("0x0.fffffffffffff8p-1022"), f64::MIN_POSITIVE.to_bits());
    }

    #[test]
    fn malformed_texts() {
        let bad: [&[u8]; 24] = [
            b"",
            b" ",
            b"-",
            b"+",
            b".",
            b"e1",
            b"1e",
            b"1e+",
            b"0x",
            b"0x.",
            b"0xp1",
            b"0x1p",
            b"inf",
            b"-inf",
            b"nan",
            b"Infinity",
            b"1 1",
            b"- 1",
            b"--1",
            b"1..2",
            b"0x1.1.1",
            b"1\0",
            b"1e1.0",
            b"0x-1",
        ];
        for text in bad {
            assert_eq!(parse_number(text), None, "{:?}", String::from_utf8_lossy(text));
        }
    }
}
