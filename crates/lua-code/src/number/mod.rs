//! Numbers and their text.

mod decimal;
pub mod format;
mod natural;
pub mod parse;

pub use parse::parse_number;

/// A Lua number of either subtype.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A 64-bit integer.
    Integer(i64),
    /// A double-precision float.
    Float(f64),
}

/// The integer that a float equals exactly, if there is one.
///
/// ```
/// assert_eq!(lua_code::number::exact_integer(3.0), Some(3));
/// assert_eq!(lua_code::number::exact_integer(3.5), None);
/// assert_eq!(lua_code::number::exact_integer(1e300), None);
/// ```
pub fn exact_integer(float: f64) -> Option<i64> {
    // -2^63 is a float; 2^63 is the first float above the range. NaN fails the comparison.
    const LOWEST: f64 = i64::MIN as f64;
    if (LOWEST..-LOWEST).contains(&float) && float == float.trunc() {
        Some(float as i64)
    } else {
        None
    }
}

/// `mantissa * 2^exponent`, rounded once, to nearest even; subnormals included.
fn scale(mantissa: u64, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let zeros = i64::from(mantissa.leading_zeros());
    let normalized = mantissa << zeros;
    // The value is normalized * 2^(exponent - zeros), its leading bit worth 2^leading.
    let leading = exponent.saturating_sub(zeros).saturating_add(63);
    if leading > 1023 {
        return f64::INFINITY;
    }
    if leading < -1075 {
        return 0.0;
    }
    let kept_bits = if leading >= -1022 { 53 } else { 53 - (-1022 - leading) };
    let dropped = (64 - kept_bits) as u32;
    // 11 bits at least are dropped; all 64 when half of the smallest subnormal is the result.
    let kept = normalized.checked_shr(dropped).unwrap_or(0);
    let rest = normalized << (64 - dropped);
    let half = 1u64 << 63;
    let up = rest > half || (rest == half && kept & 1 == 1);
    let kept = kept + u64::from(up);
    // Adding the kept bits to the biased exponent carries into it when rounding overflows.
    let biased = if leading >= -1022 { (leading + 1022) as u64 } else { 0 };
    f64::from_bits((biased << 52) + kept)
}
