//! Arithmetic on plain numbers, as the reference manual, sections 3.4.1 to 3.4.3, defines it.

use crate::value::{Value, float_to_integer};

/// `x % y` rounded towards minus infinity; `y` is not 0.
#[inline(always)]
pub fn integer_modulo(x: i64, y: i64) -> i64 {
    let r = x.wrapping_rem(y);
    if r != 0 && (r ^ y) < 0 { r + y } else { r }
}

/// `x // y` rounded towards minus infinity; `y` is not 0.
#[inline(always)]
pub fn integer_divide(x: i64, y: i64) -> i64 {
    let q = x.wrapping_div(y);
    if (x ^ y) < 0 && q.wrapping_mul(y) != x { q - 1 } else { q }
}

/// `x % y` with the sign of `y`.
#[inline(always)]
pub fn float_modulo(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r }
}

/// `x ^ y`
#[inline(always)]
pub fn power(x: f64, y: f64) -> f64 {
    if y == 2.0 { x * x } else { x.powf(y) }
}

/// `x << y`; negative distances shift right, large ones give 0.
#[inline(always)]
pub fn shift_left(x: i64, y: i64) -> i64 {
    if (0..64).contains(&y) {
        ((x as u64) << y) as i64
    } else if (-63..0).contains(&y) {
        ((x as u64) >> -y) as i64
    } else {
        0
    }
}

/// `x >> y`
#[inline(always)]
pub fn shift_right(x: i64, y: i64) -> i64 {
    shift_left(x, y.wrapping_neg())
}

/// The integer that a number stands for exactly.
#[inline]
pub fn exact_integer(value: Value) -> Option<i64> {
    value.as_integer().or_else(|| value.as_float().and_then(float_to_integer))
}

/// How often an integer loop runs beyond its first time; it runs at least once, `step` is not 0.
#[inline(always)]
pub fn loop_count(start: i64, limit: i64, step: i64) -> u64 {
    if step > 0 {
        (limit as u64).wrapping_sub(start as u64) / step as u64
    } else {
        (start as u64).wrapping_sub(limit as u64) / ((-(step + 1)) as u64 + 1)
    }
}

/// Compares an integer and a float by value; `None` for NaN.
pub fn compare_integer_float(i: i64, f: f64) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    if f.is_nan() {
        return None;
    }
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if f >= LIMIT {
        return Some(Ordering::Less);
    }
    if f < -LIMIT {
        return Some(Ordering::Greater);
    }
    let floor = f.floor();
    Some(match i.cmp(&(floor as i64)) {
        Ordering::Equal if f > floor => Ordering::Less,
        other => other,
    })
}

/// One of the arithmetic and bitwise operators, by its event number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator(pub u8);

impl Operator {
    /// Whether the operator works on integers only: `& | ~ << >>` and unary `~`.
    pub fn is_bitwise(self) -> bool {
        matches!(self.0, 13..=17 | 19)
    }
}

/// Applies an operator to two numbers; for a unary one both are the operand.
///
/// `Err` holds the message; `Ok(None)` means that an operand has no integer representation.
pub fn apply(operator: Operator, x: Value, y: Value) -> Result<Option<Value>, &'static str> {
    if operator.is_bitwise() {
        let (Some(x), Some(y)) = (exact_integer(x), exact_integer(y)) else { return Ok(None) };
        return Ok(Some(Value::integer(match operator.0 {
            13 => x & y,
            14 => x | y,
            15 => x ^ y,
            16 => shift_left(x, y),
            17 => shift_right(x, y),
            _ => !x,
        })));
    }
    if let (Some(x), Some(y)) = (x.as_integer(), y.as_integer())
        && let Some(result) = apply_integers(operator, x, y)?
    {
        return Ok(Some(Value::integer(result)));
    }
    let (Some(x), Some(y)) = (x.as_number(), y.as_number()) else { return Ok(None) };
    Ok(Some(Value::float(match operator.0 {
        6 => x + y,
        7 => x - y,
        8 => x * y,
        9 => float_modulo(x, y),
        10 => power(x, y),
        11 => x / y,
        12 => (x / y).floor(),
        _ => -x,
    })))
}

/// Operators that keep integers; `Ok(None)` for `/` and `^`.
fn apply_integers(operator: Operator, x: i64, y: i64) -> Result<Option<i64>, &'static str> {
    Ok(Some(match operator.0 {
        6 => x.wrapping_add(y),
        7 => x.wrapping_sub(y),
        8 => x.wrapping_mul(y),
        9 if y == 0 => return Err("attempt to perform 'n%0'"),
        9 => integer_modulo(x, y),
        12 if y == 0 => return Err("attempt to divide by zero"),
        12 => integer_divide(x, y),
        18 => x.wrapping_neg(),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_towards_minus_infinity() {
        assert_eq!(integer_divide(-7, 2), -4);
        assert_eq!(integer_modulo(-7, 2), 1);
        assert_eq!(integer_modulo(7, -2), -1);
        assert_eq!(integer_divide(i64::MIN, -1), i64::MIN);
        assert_eq!(integer_modulo(i64::MIN, -1), 0);
    }

    #[test]
    fn shifts_accept_any_distance() {
        assert_eq!(shift_left(1, 63), i64::MIN);
        assert_eq!(shift_left(-1, 64), 0);
        assert_eq!(shift_left(-1, -63), 1);
        assert_eq!(shift_right(-1, i64::MIN), 0);
    }

    #[test]
    fn integers_compare_with_floats_exactly() {
        use std::cmp::Ordering::*;
        let big = (1i64 << 53) + 1;
        assert_eq!(compare_integer_float(big, big as f64), Some(Greater));
        assert_eq!(compare_integer_float(i64::MAX, 9.223_372_036_854_776e18), Some(Less));
        assert_eq!(compare_integer_float(i64::MIN, -9.223_372_036_854_776e18), Some(Equal));
        assert_eq!(compare_integer_float(-1, -0.5), Some(Less));
        assert_eq!(compare_integer_float(0, f64::NAN), None);
    }

    #[test]
    fn loop_counts_do_not_overflow() {
        assert_eq!(loop_count(i64::MIN, i64::MAX, 1), u64::MAX);
        assert_eq!(loop_count(i64::MAX, i64::MIN, i64::MIN), 1);
        assert_eq!(loop_count(1, 10, 3), 3);
    }
}
