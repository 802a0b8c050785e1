//! `string.format`: random formats and values compared with PUC-Rio.

mod oracle_text;

use fastrand::Rng;
use lua::text::TextError;
use lua::text::format::{
    Conversion, Directive, Directives, Spec, quote_float, quote_integer, quote_string,
};
use mlua::Value;
use oracle_text::{Oracle, Plain, message};

/// Writes `value` as a binding would, for values whose type the conversion takes.
fn write(
    spec: &Spec<'_>,
    argument: usize,
    value: &Plain,
    out: &mut Vec<u8>,
) -> Result<(), TextError> {
    match (spec.conversion(), value) {
        (Conversion::Character, Plain::Integer(value)) => spec.write_character(*value, out),
        (Conversion::Integer(_), Plain::Integer(value)) => spec.write_integer(*value, out),
        (Conversion::Float(_) | Conversion::HexadecimalFloat, Plain::Float(bits)) => {
            spec.write_float(f64::from_bits(*bits), out)
        }
        (Conversion::String, Plain::Bytes(bytes)) => spec.write_string(argument, bytes, out),
        (Conversion::Pointer, _) => spec.write_pointer(None, out),
        (Conversion::Quoted, value) => {
            spec.check_quoted()?;
            match value {
                Plain::Integer(value) => quote_integer(*value, out),
                Plain::Float(bits) => quote_float(f64::from_bits(*bits), out),
                Plain::Bytes(bytes) => quote_string(bytes, out),
                other => panic!("not a value to quote: {other:?}"),
            }
            Ok(())
        }
        other => panic!("not a value to write: {other:?}"),
    }
}

fn format(format: &[u8], values: &[Plain]) -> Result<Vec<Plain>, TextError> {
    let (mut out, mut values) = (Vec::new(), (2..).zip(values));
    for directive in Directives::new(format) {
        match directive {
            Directive::Literal(bytes) => out.extend_from_slice(bytes),
            Directive::Percent => out.push(b'%'),
            Directive::Spec(raw) => {
                let (argument, value) = values.next().expect("a value for each specification");
                write(&raw.parse()?, argument, value, &mut out)?;
            }
        }
    }
    Ok(vec![Plain::Bytes(out)])
}

fn random_value(rng: &mut Rng, letter: u8) -> Plain {
    match letter {
        b's' => Plain::Bytes(match rng.u8(..8) {
            0 => vec![b'x'; rng.usize(95..105)],
            1 => (0..rng.usize(..6)).map(|_| rng.u8(..)).collect(),
            _ => (0..rng.usize(..6)).map(|_| rng.u8(1..)).collect(),
        }),
        b'a' | b'A' | b'e' | b'E' | b'f' | b'g' | b'G' => match rng.u8(..6) {
            0 => Plain::float(f64::from_bits(rng.u64(..)).abs()),
            1 => Plain::float(f64::INFINITY),
            2 => Plain::float(-0.0),
            _ => Plain::float((rng.f64() - 0.5) * 10f64.powi(rng.i32(-12..25))),
        },
        b'q' => match rng.u8(..6) {
            0 => Plain::Integer(i64::MIN),
            1 => Plain::Integer(rng.i64(..)),
            2 => Plain::float(f64::from_bits(rng.u64(..))),
            3 => Plain::float(f64::NEG_INFINITY),
            _ => Plain::Bytes(
                (0..rng.usize(..9)).map(|_| b"\0\r\n09\"\\a\x7f\x80"[rng.usize(..10)]).collect(),
            ),
        },
        _ => Plain::Integer(rng.i64(..) >> rng.u8(..64)),
    }
}

fn random_spec(rng: &mut Rng, format: &mut Vec<u8>) -> u8 {
    format.push(b'%');
    for _ in 0..rng.usize(..3) * rng.usize(..2) {
        format.push(b"-+ #0"[rng.usize(..5)]);
    }
    if rng.bool() {
        format.extend(rng.u8(0..24).to_string().bytes());
    }
    if rng.bool() {
        format.push(b'.');
        format.extend(rng.u8(0..24).to_string().bytes());
    }
    match rng.u8(..60) {
        0 => format.extend(b"0".repeat(rng.usize(10..24))),
        1 => format.extend(b"123"),
        2 => format.push(b"#.- +"[rng.usize(..5)]),
        _ => {}
    }
    let letter = match rng.u8(..40) {
        0 => rng.u8(..),
        _ => b"cdiuoxXaAeEfgGsqp"[rng.usize(..17)],
    };
    format.push(letter);
    letter
}

fn lua_value(oracle: &Oracle, value: &Plain) -> Value {
    match value {
        Plain::Integer(value) => Value::Integer(*value),
        Plain::Float(bits) => Value::Number(f64::from_bits(*bits)),
        Plain::Bytes(bytes) => oracle.string(bytes),
        _ => Value::Nil,
    }
}

fn compare(oracle: &Oracle, text: &[u8], values: &[Plain]) {
    let theirs = oracle.function("string.format");
    let mut args: mlua::MultiValue = values.iter().map(|value| lua_value(oracle, value)).collect();
    args.push_front(oracle.string(text));
    let theirs = oracle.call(&theirs, args);
    let ours = format(text, values).map_err(|error| message(&error, "string.format"));
    let case = format!("{} {values:?}", text.escape_ascii());
    assert_eq!(
        ours.map_err(|message| message.escape_ascii().to_string()),
        theirs.map_err(|message| message.escape_ascii().to_string()),
        "{case}"
    );
}

#[test]
fn random_formats_give_the_bytes_and_errors_of_puc_rio() {
    let oracle = Oracle::new();
    let mut rng = Rng::with_seed(0x5eed_0301);
    for _ in 0..10_000 {
        let (mut text, mut values) = (Vec::new(), Vec::new());
        for _ in 0..rng.usize(1..4) {
            match rng.u8(..5) {
                0 => text.extend_from_slice(b"%%"),
                1 => text.extend((0..3).map(|_| rng.u8(..)).filter(|byte| *byte != b'%')),
                _ => {
                    let letter = random_spec(&mut rng, &mut text);
                    if letter != b'%' {
                        values.push(random_value(&mut rng, letter));
                    }
                }
            }
        }
        // A mutated `%5%` takes an argument too; surplus arguments do no harm.
        values.push(Plain::Integer(7));
        let specs = Directives::new(&text).filter(|one| matches!(one, Directive::Spec(_))).count();
        if specs > values.len() || has_mismatch(&text, &values) {
            continue;
        }
        compare(&oracle, &text, &values);
    }
}

/// Does some valid specification get a value of another type than it takes?
fn has_mismatch(text: &[u8], values: &[Plain]) -> bool {
    let specs = Directives::new(text).filter_map(|one| match one {
        Directive::Spec(raw) => Some(raw.parse().map(|spec| spec.conversion())),
        _ => None,
    });
    specs.zip(values).any(|(conversion, value)| match conversion {
        Ok(Conversion::Character | Conversion::Integer(_)) => !matches!(value, Plain::Integer(_)),
        Ok(Conversion::Float(_) | Conversion::HexadecimalFloat) => {
            !matches!(value, Plain::Float(_))
        }
        Ok(Conversion::String) => !matches!(value, Plain::Bytes(_)),
        // Strings have addresses, which differ.
        Ok(Conversion::Pointer) => !matches!(value, Plain::Integer(_) | Plain::Float(_)),
        Ok(Conversion::Quoted) | Err(_) => false,
    })
}

#[test]
fn every_flag_is_allowed_where_puc_rio_allows_it() {
    let oracle = Oracle::new();
    let modifiers = [
        "",
        "-",
        "+",
        " ",
        "#",
        "0",
        "05",
        "5",
        "55",
        "555",
        "-5",
        ".",
        ".5",
        ".55",
        ".555",
        "5.5",
        "-5.5",
        "05.5",
        "#5.5",
        "+05",
        "5-",
        "5.5.5",
        "--5",
        "-0",
        "0-",
        "#.0",
        "5.",
        "-.",
        "00",
        "12345678901234567890",
        "000000000000000000000",
        "00000000000000000000",
    ];
    for letter in 0..=255u8 {
        for modifier in modifiers {
            let text = [b"<%", modifier.as_bytes(), &[letter], b">"].concat();
            let value = match letter {
                b'a' | b'A' | b'e' | b'E' | b'f' | b'g' | b'G' => Plain::float(1.5),
                b's' => Plain::bytes(b"text"),
                _ => Plain::Integer(42),
            };
            if !b"-+# 0123456789.%".contains(&letter) {
                compare(&oracle, &text, &[value]);
            }
        }
    }
}

#[test]
fn what_is_quoted_reads_back() {
    let oracle = Oracle::new();
    let mut rng = Rng::with_seed(0x5eed_0302);
    for _ in 0..500 {
        let value = random_value(&mut rng, b'q');
        let quoted = format(b"%q", std::slice::from_ref(&value)).expect("all of these have a form");
        let [Plain::Bytes(literal)] = &quoted[..] else { panic!("one string") };
        let back: Value =
            oracle.lua.load([b"return ", &literal[..]].concat()).eval().expect("valid");
        let is_same = match (&value, &back) {
            (Plain::Integer(value), Value::Integer(back)) => value == back,
            (Plain::Float(bits), Value::Number(back)) => Plain::Float(*bits) == Plain::float(*back),
            (Plain::Bytes(bytes), Value::String(back)) => *bytes == *back.as_bytes(),
            _ => false,
        };
        assert!(is_same, "{value:?} became {}", literal.escape_ascii());
    }
}
