//! Packing and unpacking: random formats, values and data compared with PUC-Rio.

mod oracle_text;

use fastrand::Rng;
use lua::text::TextError;
use lua::text::pack::{Kind, Options, Packed, packsize, unpack};
use mlua::{IntoLua, MultiValue, Value};
use oracle_text::{Oracle, Plain, message};

/// `string.pack(format, values...)`; values have the types that the format asks for.
fn pack(format: &[u8], values: &[Plain]) -> Result<Vec<Plain>, TextError> {
    let (mut options, mut out, mut argument) = (Options::new(format), Vec::new(), 1);
    while let Some(directive) = options.next(out.len())? {
        directive.pad(&mut out)?;
        if directive.kind() == Kind::Silent {
            continue;
        }
        argument += 1;
        match &values[argument - 2] {
            Plain::Integer(value) => directive.put_integer(argument, *value, &mut out)?,
            Plain::Float(bits) => directive.put_float(f64::from_bits(*bits), &mut out)?,
            Plain::Bytes(bytes) => directive.put_bytes(argument, bytes, &mut out)?,
            other => panic!("not a value to pack: {other:?}"),
        }
    }
    Ok(vec![Plain::Bytes(out)])
}

fn unpack_all(format: &[u8], data: &[u8], from: usize) -> Result<Vec<Plain>, TextError> {
    let mut all = Vec::new();
    let end = unpack(format, data, from, |value| {
        all.push(match value {
            Packed::Integer(value) => Plain::Integer(value),
            Packed::Float(value) => Plain::float(value),
            Packed::Bytes(bytes) => Plain::bytes(bytes),
        });
        Ok::<(), TextError>(())
    })?;
    all.push(Plain::Integer(end as i64 + 1));
    Ok(all)
}

fn check(
    ours: Result<Vec<Plain>, TextError>,
    theirs: Result<Vec<Plain>, Vec<u8>>,
    function: &str,
    case: &str,
) {
    let ours = ours
        .map_err(|error| message(&error, &format!("string.{function}")).escape_ascii().to_string());
    let theirs = theirs.map_err(|message| message.escape_ascii().to_string());
    assert_eq!(ours, theirs, "{function}: {case}");
}

fn random_format(rng: &mut Rng) -> Vec<u8> {
    let mut format = Vec::new();
    for _ in 0..rng.usize(..8) {
        format.push(b"<>=!bBhHlLjJTiIfdnsczxX iIsjX"[rng.usize(..29)]);
        let wants_size = matches!(format.last(), Some(b'c'));
        if wants_size
            || rng.u8(..3) == 0 && matches!(format.last(), Some(b'i' | b'I' | b's' | b'!'))
        {
            format.extend(rng.u8(..20).to_string().bytes());
        }
    }
    if rng.u8(..12) == 0 && !format.is_empty() {
        let at = rng.usize(..format.len());
        format[at] = rng.u8(..);
    }
    format
}

fn random_integer(rng: &mut Rng) -> i64 {
    let bits = rng.u8(..64);
    let value = rng.i64(..) >> bits;
    if rng.bool() { value } else { (1i64 << bits).wrapping_sub(rng.i64(-1..=1)) }
}

/// Values of the types that `format` asks for, as far as it is valid.
fn random_values(rng: &mut Rng, format: &[u8]) -> Vec<Plain> {
    let (mut options, mut values) = (Options::new(format), Vec::new());
    while let Ok(Some(directive)) = options.next(0) {
        match directive.kind() {
            Kind::Silent => {}
            Kind::Signed | Kind::Unsigned => values.push(Plain::Integer(random_integer(rng))),
            Kind::Float => values.push(Plain::float(match rng.u8(..6) {
                0 => f64::INFINITY,
                1 => f64::from_bits(rng.u64(..)),
                _ => rng.f64() * 1e3,
            })),
            Kind::Fixed | Kind::Counted | Kind::Terminated => {
                let size = if rng.u8(..20) == 0 { 300 } else { rng.usize(..6) };
                values.push(Plain::Bytes((0..size).map(|_| rng.u8(b'\0'..b'~')).collect()));
            }
        }
    }
    // A NaN's payload is the platform's business.
    values
        .into_iter()
        .map(|value| match value {
            Plain::Float(bits) if f64::from_bits(bits).is_nan() => Plain::float(0.5),
            other => other,
        })
        .collect()
}

fn lua_value(oracle: &Oracle, value: &Plain) -> Value {
    match value {
        Plain::Integer(value) => Value::Integer(*value),
        Plain::Float(bits) => Value::Number(f64::from_bits(*bits)),
        Plain::Bytes(bytes) => oracle.string(bytes),
        other => panic!("not a value to pack: {other:?}"),
    }
}

#[test]
fn random_formats_pack_and_unpack_as_in_puc_rio() {
    let oracle = Oracle::new();
    let their_pack = oracle.function("string.pack");
    let their_unpack = oracle.function("string.unpack");
    let their_packsize = oracle.function("string.packsize");
    let mut rng = Rng::with_seed(0x5eed_0201);
    for _ in 0..8_000 {
        let format = random_format(&mut rng);
        let case = format.escape_ascii().to_string();
        let theirs = oracle.call(&their_packsize, oracle.string(&format));
        let ours = packsize(&format).map(|size| vec![Plain::Integer(size)]);
        check(ours, theirs, "packsize", &case);

        let values = random_values(&mut rng, &format);
        let mut args: MultiValue = values.iter().map(|value| lua_value(&oracle, value)).collect();
        args.push_front(oracle.string(&format));
        let ours = pack(&format, &values);
        check(ours.clone(), oracle.call(&their_pack, args), "pack", &format!("{case} {values:?}"));

        let mut data = match ours.as_deref() {
            Ok([Plain::Bytes(data)]) => data.clone(),
            _ => (0..rng.usize(..40)).map(|_| rng.u8(..)).collect(),
        };
        if rng.bool() && !data.is_empty() {
            let at = rng.usize(..data.len());
            data[at] = *[0, 0xFF, 1, rng.u8(..)].get(rng.usize(..4)).unwrap_or(&0);
            data.truncate(rng.usize(..=data.len() + 20));
        }
        let from = rng.usize(..data.len() + 2) * rng.usize(..2);
        let from_lua = (from as i64 + 1).into_lua(&oracle.lua).expect("converts");
        let theirs =
            oracle.call(&their_unpack, (oracle.string(&format), oracle.string(&data), from_lua));
        let case = format!("{case} {} {from}", data.escape_ascii());
        check(unpack_all(&format, &data, from), theirs, "unpack", &case);
    }
}

#[test]
fn sizes_stay_within_limits_without_overflow() {
    let oracle = Oracle::new();
    let their_packsize = oracle.function("string.packsize");
    let big = b"c214748363".repeat(11);
    let cases: &[&[u8]] = &[
        b"c2147483647",
        b"c214748364",
        b"c214748363",
        b"c2147483639",
        b"c2147483640",
        &big,
        &big[..100],
        &[&big[..100], b"c17"].concat(),
        &[&big[..100], b"c18"].concat(),
        &[&big[..90], b"c214748363c16 x"].concat(),
        b"!16 c2147483630 x i16",
        b"c99999999999",
        b"i99999999999",
        b"!0",
        b"!16",
        b"!17",
        b"i0",
        b"s17",
        b"c",
        b"c0",
        b"Xc",
        b"X!4",
        b"XX",
        b"XXi4",
        b"X",
        b"i3!4i3",
        b"!4i3",
        b"x\0y",
        b"X\0",
        b"!9",
        b"!8 Xi16 Xi3",
    ];
    for format in cases {
        let ours = packsize(format).map(|size| vec![Plain::Integer(size)]);
        let theirs = oracle.call(&their_packsize, oracle.string(format));
        check(ours, theirs, "packsize", &format.escape_ascii().to_string());
    }
}

#[test]
fn a_count_beyond_the_data_is_too_short() {
    for count in [u64::MAX, 1 << 63, (1 << 63) - 1, 5] {
        let data = [&count.to_le_bytes()[..], b"abcd"].concat();
        let error = TextError::Argument { index: 2, message: b"data string too short"[..].into() };
        assert_eq!(unpack_all(b"s8", &data, 0), Err(error));
    }
    assert_eq!(
        unpack_all(b"s1", b"\x04abcd", 0),
        Ok(vec![Plain::bytes(b"abcd"), Plain::Integer(6)])
    );
}
