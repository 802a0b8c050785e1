//! Numbers and their text.

pub mod format;
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
/// assert_eq!(lua::number::exact_integer(3.0), Some(3));
/// assert_eq!(lua::number::exact_integer(3.5), None);
/// assert_eq!(lua::number::exact_integer(1e300), None);
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
