//! Binary floats to decimal digits and back, exactly and rounded once.
//!
//! What fits 128 bits, which is nearly everything that programs print and read, takes no big
//! numbers. There are no tables of powers: they would be a tenth of the code of a whole VM.

use super::natural::Natural;
use super::scale;
use std::cmp::Ordering;

/// Decimal digits of a positive float.
pub(super) struct Decimal {
    /// `0` to `9`; the first one is not zero, unless the value is.
    pub(super) digits: Vec<u8>,
    /// The power of ten that the first digit counts.
    pub(super) exponent: i32,
}

/// The first `count` digits, of which there is at least one, rounded to nearest, ties to even.
pub(super) fn significant(value: f64, count: usize) -> Decimal {
    if value == 0.0 {
        return Decimal { digits: vec![b'0'; count], exponent: 0 };
    }
    let (mantissa, power) = parts(value);
    // 2^bits <= value < 2^(bits + 1); the fraction is so near to log10(2) that this is exactly the
    // exponent of 2^bits, and so the value's or one less.
    let bits = 63 - mantissa.leading_zeros() as i32 + power;
    let exponent_min = (bits * 78913) >> 18;
    let places = (count as i32 - 1 - exponent_min).max(0) as u32;
    let Scaled { mut digits, mut half, mut remainder } = scaled(mantissa, power, places);
    let exponent = digits.len() as i32 - 1 - places as i32;
    if digits.len() > count {
        let (first, below) = (digits[count], &digits[count + 1..]);
        remainder |= below.iter().any(|digit| *digit != b'0');
        half = first.cmp(&b'5').then(if remainder { Ordering::Greater } else { Ordering::Equal });
        digits.truncate(count);
    }
    if round(&mut digits, half) {
        digits.truncate(count);
        return Decimal { digits, exponent: exponent + 1 };
    }
    Decimal { digits, exponent }
}

/// The digits of `value * 10^places`, rounded to nearest, ties to even; none if that is zero.
pub(super) fn fixed(value: f64, places: u32) -> Vec<u8> {
    let (mantissa, power) = parts(value);
    let Scaled { mut digits, half, .. } = scaled(mantissa, power, places);
    round(&mut digits, half);
    digits
}

/// The float nearest to a decimal numeral, ties to even: digits before and behind the point, `0` to
/// `9`, and the power of ten that they are multiplied with.
pub(super) fn nearest(whole: &[u8], fraction: &[u8], exponent: i64) -> f64 {
    // Behind so many digits no more can decide: half-way points have fewer.
    const DIGITS_MAX: usize = 800;
    let digits = whole.iter().chain(fraction).skip_while(|digit| **digit == b'0');
    let count = digits.clone().count();
    // The value is 0.ddd... * 10^above.
    let above = exponent.saturating_sub(fraction.len() as i64).saturating_add(count as i64);
    if count == 0 || above < -330 {
        return 0.0;
    }
    if above > 310 {
        return f64::INFINITY;
    }
    let above = above as i32;
    if count <= 19 {
        let number = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        let exponent = above - count as i32;
        return small(number, exponent).unwrap_or_else(|| large(Natural::new(number), exponent));
    }
    let mut number = Natural::new(0);
    for digit in digits.clone().take(DIGITS_MAX) {
        number.multiply_add(10, u32::from(digit - b'0'));
    }
    // One more digit stands for all the others.
    let is_cut = digits.skip(DIGITS_MAX).any(|digit| *digit != b'0');
    number.multiply_add(10, u32::from(is_cut));
    large(number, above - count.min(DIGITS_MAX) as i32 - 1)
}

/// `value` as `mantissa * 2^power`.
fn parts(value: f64) -> (u64, i32) {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = value.to_bits();
    let biased = (bits >> FRACTION_BITS & 0x7ff) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    match biased {
        0 => (fraction, -1074),
        _ => (fraction | 1 << FRACTION_BITS, biased - 1075),
    }
}

/// A product that was cut to an integer.
struct Scaled {
    /// None if it is zero.
    digits: Vec<u8>,
    /// What was cut off, compared with a half.
    half: Ordering,
    /// Whether something was cut off.
    remainder: bool,
}

/// `mantissa * 2^power * 10^places`, cut to an integer.
fn scaled(mantissa: u64, power: i32, places: u32) -> Scaled {
    // A mantissa has 53 bits, 5^27 has 63.
    if places <= 27 && (-127..0).contains(&(power + places as i32)) {
        let product = u128::from(mantissa) * u128::from(5u64.pow(places));
        let dropped = (power + places as i32).unsigned_abs();
        let rest = product & ((1 << dropped) - 1);
        if let Ok(number) = u64::try_from(product >> dropped) {
            let digits = match number {
                0 => Vec::new(),
                _ => super::format::decimal_digits(&mut [0; 20], number).to_vec(),
            };
            return Scaled { digits, half: rest.cmp(&(1 << (dropped - 1))), remainder: rest != 0 };
        }
    }
    let mut number = Natural::new(mantissa);
    number.multiply_by_fives(places);
    let power = power + places as i32;
    let (half, remainder) = if power < 0 {
        number.shift_right(power.unsigned_abs())
    } else {
        number.shift_left(power.unsigned_abs());
        (Ordering::Less, false)
    };
    Scaled { digits: number.into_digits(), half, remainder }
}

/// Rounds by what was cut off, compared with half of the last digit; ties to even. Whether a
/// digit was added in front.
fn round(digits: &mut Vec<u8>, half: Ordering) -> bool {
    let is_odd = digits.last().is_some_and(|digit| digit & 1 == 1);
    if half == Ordering::Less || half == Ordering::Equal && !is_odd {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
    true
}

/// `number * 10^exponent`, if machine words can tell.
fn small(number: u64, exponent: i32) -> Option<f64> {
    let size = exponent.unsigned_abs();
    // Two floats without an error: the result of one operation is rounded once.
    if size <= 22 && number >> f64::MANTISSA_DIGITS == 0 {
        let power = (0..size).fold(1.0, |power, _| power * 10.0);
        let number = number as f64;
        return Some(if exponent < 0 { number / power } else { number * power });
    }
    // 5^27 has 63 bits.
    if size > 27 {
        return None;
    }
    let fives = u128::from(5u64.pow(size));
    let (mut rest, mut divisor) = (u128::from(number), 1);
    if exponent < 0 {
        divisor = fives
    } else {
        rest *= fives
    }
    let shift = divisor.leading_zeros() as i32 - rest.leading_zeros() as i32;
    if shift > 0 {
        divisor <<= shift
    } else {
        rest <<= -shift
    }
    let mut quotient = 0;
    for _ in 0..64 {
        let fits = rest >= divisor;
        quotient = quotient << 1 | u64::from(fits);
        rest = (rest - if fits { divisor } else { 0 }) << 1;
    }
    Some(scale(quotient | u64::from(rest != 0), i64::from(shift + exponent - 63)))
}

/// `number * 10^exponent` by long division, one bit at a time.
fn large(mut number: Natural, exponent: i32) -> f64 {
    let mut divisor = Natural::new(1);
    let fives = if exponent < 0 { &mut divisor } else { &mut number };
    fives.multiply_by_fives(exponent.unsigned_abs());
    let shift = number.bits() as i32 - divisor.bits() as i32;
    let shorter = if shift > 0 { &mut divisor } else { &mut number };
    shorter.shift_left(shift.unsigned_abs());
    let mut quotient = 0;
    for _ in 0..64 {
        let fits = !number.is_below(&divisor);
        quotient = quotient << 1 | u64::from(fits);
        if fits {
            number.subtract(&divisor);
        }
        number.shift_left(1);
    }
    scale(quotient | u64::from(!number.is_zero()), i64::from(shift + exponent - 63))
}

#[cfg(test)]
mod tests {
    use super::{fixed, nearest, significant};

    /// Floats around all powers of two and of ten, and some in between.
    fn floats() -> impl Iterator<Item = f64> {
        let twos = (0..2047u64).map(|biased| biased << 52);
        let tens = (-323..=308).map(|exponent| format!("1e{exponent}").parse::<f64>().unwrap());
        let edges = twos.chain(tens.map(f64::to_bits)).flat_map(|bits| bits..=bits + 2);
        let mut state = 1u64;
        let random = std::iter::repeat_with(move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            state >> 1 ^ state >> 33
        });
        edges.chain(random.take(5_000)).map(f64::from_bits).filter(|value| value.is_finite())
    }

    fn read(text: &str) -> f64 {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        nearest(whole.as_bytes(), fraction.as_bytes(), exponent.parse().unwrap())
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for (index, value) in floats().enumerate() {
            for count in [1, 14, 15, 17, 1 + index % 40] {
                let decimal = significant(value, count);
                let digits = String::from_utf8(decimal.digits).unwrap();
                let (first, rest) = digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                let ours = format!("{first}{point}{rest}e{}", decimal.exponent);
                assert_eq!(ours, format!("{value:.*e}", count - 1));
            }
        }
    }

    #[test]
    fn places_are_those_of_the_standard_library() {
        for (index, value) in floats().enumerate() {
            let places = index % 30;
            let theirs = format!("{value:.places$}").replace('.', "");
            let ours = String::from_utf8(fixed(value, places as u32)).unwrap();
            assert_eq!(ours, theirs.trim_start_matches('0'), "{value:e} with {places} places");
        }
    }

    #[test]
    fn texts_are_read_as_the_standard_library_does() {
        for (index, value) in floats().enumerate() {
            for count in [3, 16, 17, 20, 30 + index % 800] {
                let text = format!("{value:.count$e}");
                assert_eq!(read(&text), text.parse().unwrap(), "{text}");
            }
            let text = format!("{value:e}");
            assert_eq!(read(&text), value, "{text}");
        }
    }

    #[test]
    fn half_way_points_go_to_even() {
        // 2^53 + 1 lies half-way; so does 2^53 + 3.
        let zeros = "0".repeat(1000);
        assert_eq!(read("9007199254740993"), 9007199254740992.0);
        assert_eq!(read(&format!("9007199254740993.{zeros}1")), 9007199254740994.0);
        assert_eq!(read("9007199254740995"), 9007199254740996.0);
        assert_eq!(read("9007199254740994.99999999999999999999"), 9007199254740994.0);
        // Half-way points, and a little more: not even the 64th bit shows it.
        for text in ["0.02486177129689188213", "6059895270727833419e-20"] {
            assert_eq!(read(text), text.parse().unwrap());
        }
        // Half of the smallest float.
        let smallest = format!("{:.1100}", f64::from_bits(1));
        let digits = smallest.trim_end_matches('0').replace("0.", "");
        let half: String = {
            let mut natural = super::Natural::new(0);
            digits.bytes().for_each(|digit| natural.multiply_add(10, u32::from(digit - b'0')));
            natural.multiply_add(5, 0);
            String::from_utf8(natural.into_digits()).unwrap()
        };
        assert_eq!(read(&format!("{half}e-1075")), 0.0);
        assert_eq!(read(&format!("{half}1e-1076")), f64::from_bits(1));
    }

    #[test]
    fn far_exponents_saturate() {
        assert_eq!(read("1e400"), f64::INFINITY);
        assert_eq!(read("1e-400"), 0.0);
        assert_eq!(nearest(b"1", b"", i64::MAX), f64::INFINITY);
        assert_eq!(nearest(b"", b"1", i64::MIN), 0.0);
        assert_eq!(nearest(b"000", b"000", 5), 0.0);
        let long = format!("0.{}1", "0".repeat(400));
        assert_eq!(read(&format!("{long}e401")), 1.0);
        assert_eq!(read("1.7976931348623158e308"), f64::MAX);
        assert_eq!(read("1.7976931348623159e308"), f64::INFINITY);
    }
}
