//! Lua's UTF-8: sequences of up to six bytes for values below 2^31, and the library over them.

use super::TextError;

/// The pattern that matches one sequence in a valid subject: `utf8.charpattern`.
pub const CHAR_PATTERN: &[u8] = b"[\0-\x7F\xC2-\xFD][\x80-\xBF]*";

/// The largest value that a sequence can encode.
pub const CODE_MAX: u32 = 0x7FFF_FFFF;

/// Longest sequence, in bytes.
pub const SEQUENCE_BYTES_MAX: usize = 6;

const INVALID: &str = "invalid UTF-8 code";

/// Which values decoding accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Unicode: up to 0x10FFFF, no surrogates.
    Strict,
    /// Everything below 2^31.
    Lax,
}

/// One encoded value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    bytes: [u8; SEQUENCE_BYTES_MAX],
    size: u8,
}

impl Sequence {
    /// The encoded bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }
}

/// Encodes `code`; `None` outside of 0 to [`CODE_MAX`] (`utf8.char` says `value out of range`).
///
/// ```
/// use lua::text::utf8::encode;
/// assert_eq!(encode(0x20AC).unwrap().as_bytes(), "€".as_bytes());
/// assert_eq!(encode(-1), None);
/// ```
pub fn encode(code: i64) -> Option<Sequence> {
    let code = u32::try_from(code).ok().filter(|code| *code <= CODE_MAX)?;
    let mut bytes = [0; SEQUENCE_BYTES_MAX];
    let size = match code {
        0..0x80 => {
            bytes[0] = code as u8;
            return Some(Sequence { bytes, size: 1 });
        }
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        0x1_0000..0x20_0000 => 4,
        0x20_0000..0x400_0000 => 5,
        _ => 6,
    };
    let mut rest = code;
    for byte in bytes[1..size].iter_mut().rev() {
        *byte = 0x80 | (rest & 0x3F) as u8;
        rest >>= 6;
    }
    // As many leading ones as the sequence has bytes.
    bytes[0] = !(0xFF >> size) | rest as u8;
    Some(Sequence { bytes, size: size as u8 })
}

/// Decodes the sequence at the beginning of `bytes`: its value and its size in bytes. `None` when
/// there is no valid, shortest sequence.
///
/// ```
/// use lua::text::utf8::{Validity, decode};
/// assert_eq!(decode("é!".as_bytes(), Validity::Strict), Some((0xE9, 2)));
/// assert_eq!(decode(b"\xED\xA0\x80", Validity::Strict), None);
/// assert_eq!(decode(b"\xED\xA0\x80", Validity::Lax), Some((0xD800, 3)));
/// ```
pub fn decode(bytes: &[u8], validity: Validity) -> Option<(u32, usize)> {
    let lead = *bytes.first()?;
    let size = lead.leading_ones() as usize;
    let lowest = match size {
        0 => return Some((u32::from(lead), 1)),
        2 => 0x80,
        3 => 0x800,
        4 => 0x1_0000,
        5 => 0x20_0000,
        6 => 0x400_0000,
        _ => return None,
    };
    let mut code = u32::from(lead & (0x7F >> size));
    for byte in bytes.get(1..size)? {
        if !is_continuation(*byte) {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3F);
    }
    let is_unicode = code <= 0x10_FFFF && !(0xD800..0xE000).contains(&code);
    (code >= lowest && (is_unicode || validity == Validity::Lax)).then_some((code, size))
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

fn is_continuation_at(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| is_continuation(*byte))
}

/// Position from 1 that `position` means; negative ones count from the end, 0 is before the start.
fn absolute(position: i64, size_bytes: usize) -> i64 {
    let size = size_bytes as i64;
    match position {
        0.. => position,
        _ if position < -size => 0,
        _ => size + position + 1,
    }
}

/// What `utf8.len` finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Number of sequences.
    Count(usize),
    /// Position, from 1, of the first byte that begins no valid sequence.
    Invalid(usize),
}

/// `utf8.len(bytes, first, last, lax)`: how many sequences begin from position `first` to
/// position `last` (1 and -1 when the caller gives none).
///
/// # Errors
/// About argument 2 or 3 when a position is out of bounds.
pub fn len(bytes: &[u8], first: i64, last: i64, validity: Validity) -> Result<Length, TextError> {
    let size = bytes.len() as i64;
    let (first, last) = (absolute(first, bytes.len()), absolute(last, bytes.len()));
    if first < 1 || first > size + 1 {
        return Err(TextError::argument(2, "initial position out of bounds"));
    }
    if last > size {
        return Err(TextError::argument(3, "final position out of bounds"));
    }
    let (mut at, end) = (first as usize - 1, last as usize);
    let mut count = 0;
    while at < end {
        match decode(&bytes[at..], validity) {
            Some((_, size)) => at += size,
            None => return Ok(Length::Invalid(at + 1)),
        }
        count += 1;
    }
    Ok(Length::Count(count))
}

/// `utf8.codepoint(bytes, first, last, lax)`: the values of the sequences that begin from
/// position `first` (default 1) to position `last` (default `first`).
///
/// # Errors
/// About argument 2 or 3 when a position is out of bounds; each item of the iterator can be the
/// error `invalid UTF-8 code`, after which it ends.
pub fn codepoints(
    bytes: &[u8],
    first: i64,
    last: Option<i64>,
    validity: Validity,
) -> Result<Codepoints<'_>, TextError> {
    let first = absolute(first, bytes.len());
    let last = last.map_or(first, |last| absolute(last, bytes.len()));
    if first < 1 {
        return Err(TextError::argument(2, "out of bounds"));
    }
    if last > bytes.len() as i64 {
        return Err(TextError::argument(3, "out of bounds"));
    }
    if last - first >= i64::from(i32::MAX) {
        return Err(TextError::text("string slice too long"));
    }
    let at = usize::try_from(first - 1).unwrap_or(usize::MAX);
    Ok(Codepoints { bytes, at, end: last as usize, validity })
}

/// The values of the sequences in a range; made by [`codepoints`].
#[derive(Clone, Debug)]
pub struct Codepoints<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    validity: Validity,
}

impl Codepoints<'_> {
    /// Size of the range; there is at most one sequence for each of its bytes.
    pub fn size_bytes(&self) -> usize {
        self.end.saturating_sub(self.at)
    }
}

impl Iterator for Codepoints<'_> {
    type Item = Result<u32, TextError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        match self.bytes.get(self.at..).and_then(|rest| decode(rest, self.validity)) {
            Some((code, size)) => {
                self.at += size;
                Some(Ok(code))
            }
            None => {
                self.at = self.end;
                Some(Err(TextError::text(INVALID)))
            }
        }
    }
}

/// `utf8.offset(bytes, n, position)`: the position, from 1, where the `n`-th sequence counted
/// from `position` begins; `None` when there is none. An `n` of 0 finds the sequence that the
/// position is in. Without a position, counting starts behind the end for a negative `n` and at
/// the beginning otherwise.
///
/// # Errors
/// About argument 3 when the position is out of bounds; `initial position is a continuation byte`
/// when `n` is not 0.
pub fn offset(bytes: &[u8], n: i64, position: Option<i64>) -> Result<Option<usize>, TextError> {
    let size = bytes.len();
    let default = if n >= 0 { 1 } else { size as i64 + 1 };
    let position = absolute(position.unwrap_or(default), size);
    if position < 1 || position > size as i64 + 1 {
        return Err(TextError::argument(3, "position out of bounds"));
    }
    let mut at = position as usize - 1;
    if n != 0 && is_continuation_at(bytes, at) {
        return Err(TextError::text("initial position is a continuation byte"));
    }
    let mut left = n;
    if n == 0 {
        while at > 0 && is_continuation_at(bytes, at) {
            at -= 1;
        }
    }
    while left < 0 && at > 0 {
        at -= 1;
        while at > 0 && is_continuation_at(bytes, at) {
            at -= 1;
        }
        left += 1;
    }
    while left > 1 && at < size {
        at += 1;
        while is_continuation_at(bytes, at) {
            at += 1;
        }
        left -= 1;
    }
    let arrived = if n > 0 { left == 1 } else { left == 0 };
    Ok(arrived.then_some(at + 1))
}

/// What `utf8.codes(bytes)` checks before it returns its iterator.
///
/// # Errors
/// About argument 1 when the first byte is a continuation byte.
pub fn check_codes(bytes: &[u8]) -> Result<(), TextError> {
    if is_continuation_at(bytes, 0) { Err(TextError::argument(1, INVALID)) } else { Ok(()) }
}

/// One step of the iterator of `utf8.codes`: from the previous position (0 at first) to the next
/// position, from 1, and its value; `None` at the end.
///
/// # Errors
/// `invalid UTF-8 code`.
pub fn next_code(
    bytes: &[u8],
    previous: i64,
    validity: Validity,
) -> Result<Option<(usize, u32)>, TextError> {
    // A negative control value is beyond every string, as in PUC-Rio.
    let mut at = usize::try_from(previous).unwrap_or(usize::MAX);
    while is_continuation_at(bytes, at) {
        at += 1;
    }
    let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
    match decode(rest, validity) {
        Some((code, size)) if !is_continuation_at(rest, size) => Ok(Some((at + 1, code))),
        _ => Err(TextError::text(INVALID)),
    }
}
