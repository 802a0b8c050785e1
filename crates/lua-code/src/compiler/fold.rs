//! Constant folding: operations on numerals that are done by the compiler.

use super::operand::Place;
use super::operators::{Binary, Unary};
use crate::number::{Number, exact_integer};

/// The numeral that an operation on two numerals gives; `None` leaves it to run time, where it
/// may fail, or where the sign of a zero or the bits of a NaN matter.
pub(super) fn fold(operator: Binary, left: Place, right: Place) -> Option<Place> {
    let (left, right) = (numeral(left)?, numeral(right)?);
    let result = match operator {
        Binary::BitAnd
        | Binary::BitOr
        | Binary::BitXor
        | Binary::ShiftLeft
        | Binary::ShiftRight => {
            Number::Integer(bitwise(operator, as_integer(left)?, as_integer(right)?))
        }
        Binary::Divide | Binary::FloorDivide | Binary::Modulo if as_float(right) == 0.0 => {
            return None;
        }
        Binary::Divide | Binary::Power => {
            Number::Float(on_floats(operator, as_float(left), as_float(right)))
        }
        _ => match (left, right) {
            (Number::Integer(left), Number::Integer(right)) => {
                Number::Integer(on_integers(operator, left, right))
            }
            _ => Number::Float(on_floats(operator, as_float(left), as_float(right))),
        },
    };
    place(result)
}

/// The numeral that an operation on one numeral gives.
pub(super) fn fold_unary(operator: Unary, operand: Place) -> Option<Place> {
    let operand = numeral(operand)?;
    place(match (operator, operand) {
        (Unary::Minus, Number::Integer(value)) => Number::Integer(value.wrapping_neg()),
        (Unary::Minus, Number::Float(value)) => Number::Float(-value),
        (Unary::BitNot, _) => Number::Integer(!as_integer(operand)?),
        _ => return None,
    })
}

fn numeral(place: Place) -> Option<Number> {
    match place {
        Place::Integer(value) => Some(Number::Integer(value)),
        Place::Float(value) => Some(Number::Float(value)),
        _ => None,
    }
}

fn place(number: Number) -> Option<Place> {
    match number {
        Number::Integer(value) => Some(Place::Integer(value)),
        Number::Float(value) if value.is_nan() || value == 0.0 => None,
        Number::Float(value) => Some(Place::Float(value)),
    }
}

fn as_float(number: Number) -> f64 {
    match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    }
}

fn as_integer(number: Number) -> Option<i64> {
    match number {
        Number::Integer(value) => Some(value),
        Number::Float(value) => exact_integer(value),
    }
}

fn bitwise(operator: Binary, left: i64, right: i64) -> i64 {
    match operator {
        Binary::BitAnd => left & right,
        Binary::BitOr => left | right,
        Binary::BitXor => left ^ right,
        Binary::ShiftLeft => shift_left(left, right),
        _ => shift_left(left, right.wrapping_neg()),
    }
}

/// Logical shift; negative counts shift to the right, counts from 64 on leave nothing.
fn shift_left(value: i64, count: i64) -> i64 {
    let bits = value as u64;
    let distance = u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX);
    let shifted = if count >= 0 { bits.checked_shl(distance) } else { bits.checked_shr(distance) };
    shifted.unwrap_or(0) as i64
}

/// The divisor is not zero.
fn on_integers(operator: Binary, left: i64, right: i64) -> i64 {
    match operator {
        Binary::Add => left.wrapping_add(right),
        Binary::Subtract => left.wrapping_sub(right),
        Binary::Multiply => left.wrapping_mul(right),
        Binary::FloorDivide => {
            let quotient = left.wrapping_div(right);
            let inexact = left.wrapping_rem(right) != 0;
            quotient - i64::from(inexact && (left < 0) != (right < 0))
        }
        _ => {
            let rest = left.wrapping_rem(right);
            if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }
        }
    }
}

fn on_floats(operator: Binary, left: f64, right: f64) -> f64 {
    match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        Binary::FloorDivide => (left / right).floor(),
        // Squares are exact products, also where the platform's power function is not.
        Binary::Power if right == 2.0 => left * left,
        Binary::Power => left.powf(right),
        _ => {
            let rest = left % right;
            if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest }
        }
    }
}
