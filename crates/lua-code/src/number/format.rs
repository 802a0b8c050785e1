//! Numbers as text: `tostring`, and the numeric conversions of C's `printf`, to the last digit.

use super::decimal::{self, Decimal};

/// Flags, width and precision of a conversion, as `printf` defines them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatSpec {
    /// `-`: pad on the right.
    pub left: bool,
    /// `+`: show the sign of positive numbers too.
    pub plus: bool,
    /// A space where the sign of a positive number would be.
    pub space: bool,
    /// `#`: the alternative form (a radix prefix; a decimal point and zeros otherwise left out).
    pub alternate: bool,
    /// `0`: pad with zeros behind the sign.
    pub zero: bool,
    /// Fewest bytes to write.
    pub width: usize,
    /// Digits: of an integer the fewest, of `%g` the significant ones, else behind the point.
    pub precision: Option<usize>,
    /// `E`, `G`, `A`, `X`: digits above nine, exponents, `inf` and `nan` in capitals.
    pub upper_case: bool,
}

/// How a float is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatConversion {
    /// `%e`: one digit before the point, and a decimal exponent.
    Exponent,
    /// `%f`: without an exponent.
    Fixed,
    /// `%g`: the shorter of the two, without trailing zeros.
    General,
    /// `%a`: hexadecimal digits and a binary exponent.
    Hexadecimal,
}

/// How an integer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegerConversion {
    /// `%d`
    Decimal,
    /// `%o`, of the two's complement.
    Octal,
    /// `%x`, of the two's complement.
    Hexadecimal,
}

/// Appends an integer as `tostring` writes it.
///
/// ```
/// let mut text = Vec::new();
/// lua_code::number::format::write_integer(&mut text, i64::MIN);
/// assert_eq!(text, b"-9223372036854775808");
/// ```
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    let mut buffer = [0; 20];
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(decimal_digits(&mut buffer, value.unsigned_abs()));
}

/// Appends a float as `tostring` writes it: `%.14g`, with `.0` where it would look like an
/// integer.
///
/// ```
/// let mut text = Vec::new();
/// lua_code::number::format::write_float(&mut text, 1e15);
/// text.push(b' ');
/// lua_code::number::format::write_float(&mut text, -3.0);
/// assert_eq!(text, b"1e+15 -3.0");
/// ```
pub fn write_float(out: &mut Vec<u8>, value: f64) {
    const DIGITS: usize = 14;
    if value.fract() == 0.0 && value.abs() < 1e14 {
        if value.is_sign_negative() {
            out.push(b'-');
        }
        write_integer(out, value.abs() as i64);
        out.extend_from_slice(b".0");
    } else if value.is_finite() {
        if value.is_sign_negative() {
            out.push(b'-');
        }
        let shape = General { digits: DIGITS, keep_zeros: false, upper_case: false };
        let start = out.len();
        shape.write(out, &decimal::significant(value.abs(), DIGITS));
        if out[start..].iter().all(u8::is_ascii_digit) {
            out.extend_from_slice(b".0");
        }
    } else {
        if value.is_sign_negative() {
            out.push(b'-');
        }
        out.extend_from_slice(if value.is_nan() { b"nan" } else { b"inf" });
    }
}

/// Appends an integer as `printf` writes it with `%d`, `%o` or `%x`.
///
/// ```
/// use lua_code::number::format::{FormatSpec, IntegerConversion, format_integer};
/// let mut text = Vec::new();
/// let spec = FormatSpec { alternate: true, zero: true, width: 8, ..FormatSpec::default() };
/// format_integer(&mut text, 255, IntegerConversion::Hexadecimal, &spec);
/// assert_eq!(text, b"0x0000ff");
/// ```
pub fn format_integer(
    out: &mut Vec<u8>,
    value: i64,
    conversion: IntegerConversion,
    spec: &FormatSpec,
) {
    let mut buffer = [0; 22];
    let bits = value as u64;
    let (mut prefix, digits): (&[u8], &[u8]) = match conversion {
        IntegerConversion::Decimal => {
            (sign(value < 0, spec), decimal_digits(&mut buffer, value.unsigned_abs()))
        }
        IntegerConversion::Octal => (b"", power_digits(&mut buffer, bits, 3, false)),
        IntegerConversion::Hexadecimal => {
            (b"", power_digits(&mut buffer, bits, 4, spec.upper_case))
        }
    };
    let digits = if value == 0 && spec.precision == Some(0) { b"" } else { digits };
    let mut zeros = spec.precision.unwrap_or(1).saturating_sub(digits.len());
    if spec.alternate {
        match conversion {
            IntegerConversion::Octal if zeros == 0 && digits != b"0" => zeros = 1,
            IntegerConversion::Hexadecimal if value != 0 => {
                prefix = if spec.upper_case { b"0X" } else { b"0x" };
            }
            _ => (),
        }
    }
    let fill_zeros = spec.zero && spec.precision.is_none();
    pad(out, prefix, zeros + digits.len(), spec, fill_zeros, |out| {
        out.extend(std::iter::repeat_n(b'0', zeros));
        out.extend_from_slice(digits);
    });
}

/// Appends a float as `printf` writes it with `%e`, `%f`, `%g` or `%a`, correctly rounded (ties to
/// even) whatever the precision. Digits beyond the 1,100th, which are zeros, are not written.
///
/// ```
/// use lua_code::number::format::{FloatConversion, FormatSpec, format_float};
/// let mut text = Vec::new();
/// let spec = FormatSpec { precision: Some(20), ..FormatSpec::default() };
/// format_float(&mut text, 0.1, FloatConversion::Fixed, &spec);
/// assert_eq!(text, b"0.10000000000000000555");
/// ```
pub fn format_float(out: &mut Vec<u8>, value: f64, conversion: FloatConversion, spec: &FormatSpec) {
    let precision = spec.precision.map(|precision| precision.min(PRECISION_MAX));
    let spec = &FormatSpec { precision, ..*spec };
    let sign = sign(value.is_sign_negative(), spec);
    let mut body = Vec::new();
    if !value.is_finite() {
        body.extend_from_slice(match (value.is_nan(), spec.upper_case) {
            (true, false) => b"nan",
            (true, true) => b"NAN",
            (false, false) => b"inf",
            (false, true) => b"INF",
        });
        pad(out, sign, body.len(), spec, false, |out| out.extend_from_slice(&body));
        return;
    }
    let magnitude = value.abs();
    let mut prefix = sign.to_vec();
    match conversion {
        FloatConversion::Exponent => write_exponent(&mut body, magnitude, spec),
        FloatConversion::Fixed => write_fixed(&mut body, magnitude, spec),
        FloatConversion::General => write_general(&mut body, magnitude, spec),
        FloatConversion::Hexadecimal => {
            prefix.extend_from_slice(if spec.upper_case { b"0X" } else { b"0x" });
            write_hexadecimal(&mut body, magnitude, spec);
        }
    }
    pad(out, &prefix, body.len(), spec, spec.zero, |out| out.extend_from_slice(&body));
}

const PRECISION_DEFAULT: usize = 6;
/// No double has more digits than this that are not zero.
const PRECISION_MAX: usize = 1100;

fn sign(negative: bool, spec: &FormatSpec) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => b"-",
        (false, true, _) => b"+",
        (false, false, true) => b" ",
        (false, false, false) => b"",
    }
}

/// Writes sign or prefix and a body of `size` bytes in the field that `spec` describes.
fn pad(
    out: &mut Vec<u8>,
    prefix: &[u8],
    size: usize,
    spec: &FormatSpec,
    fill_zeros: bool,
    body: impl FnOnce(&mut Vec<u8>),
) {
    let fill = spec.width.saturating_sub(prefix.len() + size);
    let (before, zeros, after) = match (spec.left, fill_zeros) {
        (true, _) => (0, 0, fill),
        (false, true) => (0, fill, 0),
        (false, false) => (fill, 0, 0),
    };
    out.extend(std::iter::repeat_n(b' ', before));
    out.extend_from_slice(prefix);
    out.extend(std::iter::repeat_n(b'0', zeros));
    body(out);
    out.extend(std::iter::repeat_n(b' ', after));
}

/// The digits, of which there is at least one, at the end of the buffer.
pub(super) fn decimal_digits(buffer: &mut [u8], mut value: u64) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return &buffer[start..];
        }
    }
}

/// Digits in base 2 to the power of `shift`.
fn power_digits(buffer: &mut [u8], mut value: u64, shift: u32, upper_case: bool) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = hexadecimal_digit(value & ((1 << shift) - 1), upper_case);
        value >>= shift;
        if value == 0 {
            return &buffer[start..];
        }
    }
}

fn hexadecimal_digit(value: u64, upper_case: bool) -> u8 {
    let digits = if upper_case { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    digits[(value & 15) as usize]
}

fn push_exponent(out: &mut Vec<u8>, letter: u8, exponent: i32, digits_min: usize) {
    out.push(letter);
    out.push(if exponent < 0 { b'-' } else { b'+' });
    let mut buffer = [0; 20];
    let digits = decimal_digits(&mut buffer, u64::from(exponent.unsigned_abs()));
    out.extend(std::iter::repeat_n(b'0', digits_min.saturating_sub(digits.len())));
    out.extend_from_slice(digits);
}

/// `d.ddde+dd` from digits.
fn push_scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32, point: bool, upper: bool) {
    out.push(digits[0]);
    if digits.len() > 1 || point {
        out.push(b'.');
    }
    out.extend_from_slice(&digits[1..]);
    push_exponent(out, if upper { b'E' } else { b'e' }, exponent, 2);
}

fn write_exponent(out: &mut Vec<u8>, value: f64, spec: &FormatSpec) {
    let precision = spec.precision.unwrap_or(PRECISION_DEFAULT);
    let Decimal { digits, exponent } = decimal::significant(value, precision + 1);
    push_scientific(out, &digits, exponent, spec.alternate, spec.upper_case);
}

fn write_fixed(out: &mut Vec<u8>, value: f64, spec: &FormatSpec) {
    let precision = spec.precision.unwrap_or(PRECISION_DEFAULT);
    let digits = decimal::fixed(value, precision as u32);
    let mut zeros = (precision + 1).saturating_sub(digits.len());
    let whole = (digits.len() + zeros - precision).saturating_sub(zeros);
    if zeros > 0 {
        out.push(b'0');
        zeros -= 1;
    }
    out.extend_from_slice(&digits[..whole]);
    if precision > 0 || spec.alternate {
        out.push(b'.');
    }
    out.extend(std::iter::repeat_n(b'0', zeros));
    out.extend_from_slice(&digits[whole..]);
}

fn write_general(out: &mut Vec<u8>, value: f64, spec: &FormatSpec) {
    let count = spec.precision.unwrap_or(PRECISION_DEFAULT).max(1);
    let decimal = decimal::significant(value, count);
    let shape = General { digits: count, keep_zeros: spec.alternate, upper_case: spec.upper_case };
    shape.write(out, &decimal);
}

/// The shape of `%g`.
struct General {
    digits: usize,
    keep_zeros: bool,
    upper_case: bool,
}

impl General {
    fn write(&self, out: &mut Vec<u8>, decimal: &Decimal) {
        let Decimal { digits, exponent } = decimal;
        let exponent = *exponent;
        let mut kept = &digits[..];
        while let [first @ .., b'0'] = kept
            && !self.keep_zeros
            && !first.is_empty()
        {
            kept = first;
        }
        if exponent < -4 || exponent >= self.digits as i32 {
            push_scientific(out, kept, exponent, self.keep_zeros, self.upper_case);
        } else if exponent < 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
            out.extend_from_slice(kept);
        } else {
            // Zeros before the point count even where those behind it are left out.
            let whole = exponent as usize + 1;
            out.extend_from_slice(&digits[..whole]);
            if kept.len() > whole || self.keep_zeros {
                out.push(b'.');
            }
            out.extend_from_slice(kept.get(whole..).unwrap_or_default());
        }
    }
}

/// `%a` without sign and `0x`.
fn write_hexadecimal(out: &mut Vec<u8>, value: f64, spec: &FormatSpec) {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    const FRACTION_DIGITS: usize = FRACTION_BITS as usize / 4;
    let bits = value.to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let (leading, exponent) = match (biased, fraction) {
        (0, 0) => (0, 0),
        (0, _) => (0, 1 - 1023),
        _ => (1, biased - 1023),
    };
    let mut mantissa = leading << FRACTION_BITS | fraction;
    let mut count = FRACTION_DIGITS;
    match spec.precision {
        Some(precision) if precision < FRACTION_DIGITS => {
            let dropped = 4 * (FRACTION_DIGITS - precision) as u32;
            mantissa = round_to_even(mantissa, dropped);
            count = precision;
        }
        Some(_) => (),
        None => {
            while count > 0 && mantissa & 15 == 0 {
                mantissa >>= 4;
                count -= 1;
            }
        }
    }
    out.push(hexadecimal_digit(mantissa >> (4 * count), spec.upper_case));
    let digits = spec.precision.unwrap_or(count);
    if digits > 0 || spec.alternate {
        out.push(b'.');
    }
    for index in (0..count).rev() {
        out.push(hexadecimal_digit(mantissa >> (4 * index), spec.upper_case));
    }
    out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(count)));
    push_exponent(out, if spec.upper_case { b'P' } else { b'p' }, exponent, 1);
}

/// Drops the lowest bits of a mantissa, to the nearest, ties to even.
fn round_to_even(mantissa: u64, dropped: u32) -> u64 {
    let (kept, rest) = (mantissa >> dropped, mantissa & ((1 << dropped) - 1));
    let half = 1 << (dropped - 1);
    kept + u64::from(rest > half || rest == half && kept & 1 == 1)
}
