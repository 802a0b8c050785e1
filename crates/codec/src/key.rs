//! Keys: tuples of Lua values whose bytes sort as the values do.
//!
//! The manner is that of FoundationDB's tuple layer. `docs/keys.md` gives the bytes.

use crate::error::{Error, Result};
use crate::limits::KEY_BYTES_MAX;
use std::cmp::Ordering;

const NIL: u8 = 0x02;
const FALSE: u8 = 0x03;
const TRUE: u8 = 0x04;
/// A float below every integer, as eight ordered bytes.
const BELOW_INTEGERS: u8 = 0x0f;
/// The integer zero; with n from 1 to 8, `ZERO + n` is a positive integer of n bytes and
/// `ZERO - n` a negative one.
const ZERO: u8 = 0x18;
/// A float above every integer, as eight ordered bytes.
const ABOVE_INTEGERS: u8 = 0x21;
const STRING: u8 = 0x30;
const OBJECT: u8 = 0x38;
/// Follows an integer: a float between it and the next one, as eight ordered bytes. It is above
/// every tag, so that `(1, ...)` sorts before `(1.5)`, and below the escape of strings.
const FRACTION: u8 = 0xfe;
/// Follows a zero byte that belongs to a string; a zero byte without it ends the string.
const ESCAPE: u8 = 0xff;

/// The first float above every integer: 2^63.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;

/// One element of a key tuple.
///
/// Lua's keys: a float with an integer value is the same key as the integer, so encoding
/// normalises it; NaN is no key. Nil is allowed because an index holds it for a missing field.
///
/// ```
/// use codec::{Key, encode_tuple};
/// let bytes = |key: Key| encode_tuple(&[key]).unwrap();
/// assert_eq!(bytes(Key::Integer(1)), bytes(Key::Float(1.0)));
/// assert!(bytes(Key::Integer(1)) < bytes(Key::Float(1.5)));
/// assert!(bytes(Key::Float(1.5)) < bytes(Key::Integer(2)));
/// assert!(bytes(Key::Float(f64::INFINITY)) < bytes(Key::String(b"".to_vec())));
/// assert!(encode_tuple(&[Key::Float(f64::NAN)]).unwrap_err().is_not_a_key());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// Nil: before everything else.
    Nil,
    /// False, then true.
    Boolean(bool),
    /// An integer, ordered with the floats by exact numeric value.
    Integer(i64),
    /// A float, ordered with the integers by exact numeric value.
    Float(f64),
    /// A string of any bytes, ordered by them.
    String(Vec<u8>),
    /// An object by its identity in the store: after every string.
    Object(u64),
}

impl Key {
    /// Appends the key to `out`.
    ///
    /// # Errors
    /// `is_not_a_key` when the key is NaN; nothing is written then.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// codec::Key::Integer(-1).encode(&mut out).unwrap();
    /// assert_eq!(out, [0x17, 0xfe]);
    /// ```
    pub fn encode(&self, out: &mut Vec<u8>) -> std::result::Result<(), Error> {
        match self {
            Self::Nil => out.push(NIL),
            Self::Boolean(false) => out.push(FALSE),
            Self::Boolean(true) => out.push(TRUE),
            Self::Integer(value) => put_integer(out, *value),
            Self::Float(value) => put_float(out, *value)?,
            Self::String(bytes) => put_string(out, bytes),
            Self::Object(id) => {
                out.push(OBJECT);
                out.extend_from_slice(&id.to_be_bytes());
            }
        }
        Ok(())
    }

    /// Takes the first key off `bytes` and moves it forward; the rest of the tuple stays.
    ///
    /// # Errors
    /// `is_truncated` or `is_malformed`. Only what [`Key::encode`] writes is accepted: every key
    /// has one encoding. Positions count from the start of `bytes`.
    ///
    /// ```
    /// use codec::{Key, encode_tuple};
    /// let tuple = encode_tuple(&[Key::Integer(7), Key::Nil]).unwrap();
    /// let mut rest = &tuple[..];
    /// assert_eq!(Key::decode(&mut rest).unwrap(), Key::Integer(7));
    /// assert_eq!(Key::decode(&mut rest).unwrap(), Key::Nil);
    /// assert!(Key::decode(&mut rest).unwrap_err().is_truncated());
    /// ```
    pub fn decode(bytes: &mut &[u8]) -> std::result::Result<Key, Error> {
        let Some((&tag, mut rest)) = bytes.split_first() else { return Err(Error::truncated(0)) };
        let total = bytes.len();
        let key = match tag {
            NIL => Self::Nil,
            FALSE => Self::Boolean(false),
            TRUE => Self::Boolean(true),
            BELOW_INTEGERS | ABOVE_INTEGERS => {
                let value = take_ordered_float(&mut rest, total)?;
                let outside = match tag {
                    BELOW_INTEGERS => value < -INTEGER_END,
                    _ => value >= INTEGER_END,
                };
                if !outside {
                    return Err(Error::malformed("a float under the wrong tag", 0));
                }
                Self::Float(value)
            }
            0x10..=0x20 => take_number(tag, &mut rest, total)?,
            STRING => Self::String(take_string(&mut rest, total)?),
            OBJECT => Self::Object(u64::from_be_bytes(take(&mut rest, total)?)),
            _ => return Err(Error::malformed("an unknown key tag", 0)),
        };
        *bytes = rest;
        Ok(key)
    }

    /// Compares as the encoded bytes do: nil, false, true, numbers by exact value, strings by
    /// bytes, objects by identity. NaN, which has no encoding, is taken as the greatest number.
    ///
    /// ```
    /// use codec::Key;
    /// let big = Key::Integer((1 << 53) + 1);
    /// assert!(big.compare(&Key::Float(9_007_199_254_740_992.0)).is_gt());
    /// assert!(Key::Integer(1).compare(&Key::Float(1.0)).is_eq());
    /// ```
    pub fn compare(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => {
                a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            }
            (Self::Integer(a), Self::Float(b)) => compare_integer_float(*a, *b),
            (Self::Float(a), Self::Integer(b)) => compare_integer_float(*b, *a).reverse(),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::Boolean(_) => 1,
            Self::Integer(_) | Self::Float(_) => 2,
            Self::String(_) => 3,
            Self::Object(_) => 4,
        }
    }
}

/// Encodes a tuple. A tuple sorts before every longer one that begins with it.
///
/// # Errors
/// `is_not_a_key` for NaN; `is_limit` beyond [`crate::limits::KEY_BYTES_MAX`] bytes.
///
/// ```
/// use codec::{Key, decode_tuple, encode_tuple};
/// let tuple = [Key::String(b"city\0".to_vec()), Key::Float(0.5)];
/// assert_eq!(decode_tuple(&encode_tuple(&tuple).unwrap()).unwrap(), tuple);
/// ```
pub fn encode_tuple(keys: &[Key]) -> std::result::Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for key in keys {
        key.encode(&mut out)?;
        if out.len() > KEY_BYTES_MAX {
            return Err(Error::limit("a key, in bytes", KEY_BYTES_MAX));
        }
    }
    Ok(out)
}

/// Decodes a whole tuple.
///
/// # Errors
/// Those of [`Key::decode`]; positions count from the start of `bytes`.
///
/// ```
/// assert!(codec::decode_tuple(&[]).unwrap().is_empty());
/// assert_eq!(codec::decode_tuple(&[0x02, 0x77]).unwrap_err().position(), Some(1));
/// ```
pub fn decode_tuple(bytes: &[u8]) -> std::result::Result<Vec<Key>, Error> {
    let mut rest = bytes;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        keys.push(Key::decode(&mut rest).map_err(|error| error.moved(offset))?);
    }
    Ok(keys)
}

/// Turns an encoded tuple into the exclusive end of the range of all tuples that begin with it.
///
/// ```
/// use codec::{Key, encode_tuple, push_tuple_end};
/// let start = encode_tuple(&[Key::Integer(1)]).unwrap();
/// let mut end = start.clone();
/// push_tuple_end(&mut end);
/// let inside = encode_tuple(&[Key::Integer(1), Key::String(b"\xff".to_vec())]).unwrap();
/// let outside = encode_tuple(&[Key::Float(1.5)]).unwrap();
/// assert!(start < inside && inside < end && end < outside);
/// ```
pub fn push_tuple_end(tuple: &mut Vec<u8>) {
    tuple.push(FRACTION);
}

fn put_integer(out: &mut Vec<u8>, value: i64) {
    let magnitude = value.unsigned_abs();
    let size = 8 - magnitude.leading_zeros() as usize / 8;
    let (tag, bits) = match value < 0 {
        // The complement makes greater magnitudes sort first.
        true => (ZERO - size as u8, !magnitude),
        false => (ZERO + size as u8, magnitude),
    };
    out.push(tag);
    out.extend_from_slice(&bits.to_be_bytes()[8 - size..]);
}

fn put_float(out: &mut Vec<u8>, value: f64) -> Result<()> {
    if value.is_nan() {
        return Err(Error::not_a_key("NaN"));
    }
    if value < -INTEGER_END {
        out.push(BELOW_INTEGERS);
    } else if value >= INTEGER_END {
        out.push(ABOVE_INTEGERS);
    } else {
        let floor = value.floor();
        put_integer(out, floor as i64);
        if floor == value {
            return Ok(());
        }
        out.push(FRACTION);
    }
    out.extend_from_slice(&ordered_bits(value).to_be_bytes());
    Ok(())
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(STRING);
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(ESCAPE);
        }
    }
    out.push(0);
}

/// Bits that sort, as an unsigned number, as the floats do.
fn ordered_bits(value: f64) -> u64 {
    let bits = value.to_bits();
    match bits >> 63 {
        0 => bits | 1 << 63,
        _ => !bits,
    }
}

fn take<const N: usize>(rest: &mut &[u8], total: usize) -> Result<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(Error::truncated(total))?;
    *rest = after;
    Ok(*taken)
}

fn take_ordered_float(rest: &mut &[u8], total: usize) -> Result<f64> {
    let ordered = u64::from_be_bytes(take(rest, total)?);
    let value = f64::from_bits(match ordered >> 63 {
        1 => ordered & !(1 << 63),
        _ => !ordered,
    });
    match value.is_nan() {
        true => Err(Error::malformed("NaN in a key", total - rest.len() - 8)),
        false => Ok(value),
    }
}

fn take_number(tag: u8, rest: &mut &[u8], total: usize) -> Result<Key> {
    let size = tag.abs_diff(ZERO) as usize;
    let negative = tag < ZERO;
    if rest.len() < size {
        return Err(Error::truncated(total));
    }
    let (digits, after) = rest.split_at(size);
    *rest = after;
    let fill = if negative { 0xff } else { 0 };
    let mut buffer = [fill; 8];
    buffer[8 - size..].copy_from_slice(digits);
    let bits = u64::from_be_bytes(buffer);
    let magnitude = if negative { !bits } else { bits };
    let limit = i64::MAX as u64 + u64::from(negative);
    if digits.first() == Some(&fill) || magnitude > limit {
        return Err(Error::malformed("an integer not in its shortest form", 0));
    }
    let integer = if negative { (magnitude as i64).wrapping_neg() } else { magnitude as i64 };
    if rest.first() != Some(&FRACTION) {
        return Ok(Key::Integer(integer));
    }
    *rest = &rest[1..];
    let value = take_ordered_float(rest, total)?;
    if value.fract() == 0.0 || value.floor() as i64 != integer {
        return Err(Error::malformed("a fraction that does not belong to its integer", 0));
    }
    Ok(Key::Float(value))
}

fn take_string(rest: &mut &[u8], total: usize) -> Result<Vec<u8>> {
    let mut string = Vec::new();
    loop {
        let end = rest.iter().position(|&byte| byte == 0).ok_or(Error::truncated(total))?;
        string.extend_from_slice(&rest[..end]);
        *rest = &rest[end + 1..];
        if rest.first() != Some(&ESCAPE) {
            return Ok(string);
        }
        string.push(0);
        *rest = &rest[1..];
    }
}

/// Compares exactly: the integer is never rounded to a float.
fn compare_integer_float(integer: i64, float: f64) -> Ordering {
    if float.is_nan() || float >= INTEGER_END {
        return Ordering::Less;
    }
    if float < -INTEGER_END {
        return Ordering::Greater;
    }
    let floor = float.floor();
    match integer.cmp(&(floor as i64)) {
        Ordering::Equal if floor < float => Ordering::Less,
        ordering => ordering,
    }
}
