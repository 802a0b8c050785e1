//! The binary formats of `string.pack`, `string.packsize` and `string.unpack`.
//!
//! Native sizes are those of a 64-bit C implementation on every host, so that packed data mean
//! the same everywhere: `h` 2, `i` 4, `l`, `j`, `T` and the count of `s` 8 bytes; `!` aligns to 8;
//! native order is little endian.

use super::TextError;

const ALIGN_NATIVE: usize = 8;
const INTEGER_BYTES_MAX: usize = 16;
/// Numbers in a format stop growing here; the digit that follows is read as an option.
const NUMBER_STOP: usize = (i32::MAX as usize - 9) / 10;

/// What a directive takes from the arguments or puts into the results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packed<'a> {
    /// An integer; unsigned ones as the same 64 bits.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A string.
    Bytes(&'a [u8]),
}

/// The kinds of [`Directive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// A float of 4 or 8 bytes.
    Float,
    /// `c`: a string padded to the given size.
    Fixed,
    /// `s`: a string behind its size.
    Counted,
    /// `z`: a string that a zero byte ends.
    Terminated,
    /// `x`, `X`, orders, alignments, spaces: takes no value.
    Silent,
}

/// One option of a format, with its size and alignment worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    kind: Kind,
    size: usize,
    padding: usize,
    is_little: bool,
}

/// Reads the options of a format string one by one.
#[derive(Clone, Debug)]
pub struct Options<'f> {
    format: &'f [u8],
    is_little: bool,
    align_max: usize,
}

/// An option before alignment; `align` is what `X` would take from it.
struct Raw {
    kind: Kind,
    size: usize,
    align: usize,
}

impl Raw {
    fn sized(kind: Kind, size: usize) -> Raw {
        Raw { kind, size, align: size }
    }
}

impl<'f> Options<'f> {
    /// The options of `format`, which ends at its first zero byte.
    pub fn new(format: &'f [u8]) -> Options<'f> {
        let end = memchr::memchr(0, format).unwrap_or(format.len());
        Options { format: &format[..end], is_little: true, align_max: 1 }
    }

    /// The next option, given that `offset_bytes` of data come before it; `None` at the end.
    ///
    /// # Errors
    /// `invalid format option`, sizes out of limits, and alignments that are no power of two.
    pub fn next(&mut self, offset_bytes: usize) -> Result<Option<Directive>, TextError> {
        let Some(option) = self.take() else { return Ok(None) };
        let raw = match option {
            b'X' => self.alignment()?,
            _ => self.raw(option)?,
        };
        let padding = if raw.align <= 1 || raw.kind == Kind::Fixed {
            0
        } else {
            let align = raw.align.min(self.align_max);
            if !align.is_power_of_two() {
                let message = "format asks for alignment not power of 2";
                return Err(TextError::argument(1, message));
            }
            offset_bytes.wrapping_neg() & (align - 1)
        };
        let is_little = self.is_little;
        Ok(Some(Directive { kind: raw.kind, size: raw.size, padding, is_little }))
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.format.split_first()?;
        self.format = rest;
        Some(*first)
    }

    /// `X`: aligns as the option behind it would, and swallows that option.
    fn alignment(&mut self) -> Result<Raw, TextError> {
        let model = match self.take() {
            Some(b'X') | None => None,
            Some(option) => Some(self.raw(option)?),
        };
        match model {
            Some(raw) if raw.kind != Kind::Fixed && raw.align > 0 => {
                Ok(Raw { kind: Kind::Silent, size: 0, align: raw.align })
            }
            _ => Err(TextError::argument(1, "invalid next option for option 'X'")),
        }
    }

    fn raw(&mut self, option: u8) -> Result<Raw, TextError> {
        match option {
            b'<' | b'=' => self.is_little = true,
            b'>' => self.is_little = false,
            b'!' => self.align_max = self.limited(ALIGN_NATIVE)?,
            b' ' => {}
            _ => return self.valued(option),
        }
        Ok(Raw::sized(Kind::Silent, 0))
    }

    fn valued(&mut self, option: u8) -> Result<Raw, TextError> {
        Ok(match option {
            b'b' => Raw::sized(Kind::Signed, 1),
            b'B' => Raw::sized(Kind::Unsigned, 1),
            b'h' => Raw::sized(Kind::Signed, 2),
            b'H' => Raw::sized(Kind::Unsigned, 2),
            b'i' => Raw::sized(Kind::Signed, self.limited(4)?),
            b'I' => Raw::sized(Kind::Unsigned, self.limited(4)?),
            b'l' | b'j' => Raw::sized(Kind::Signed, 8),
            b'L' | b'J' | b'T' => Raw::sized(Kind::Unsigned, 8),
            b'f' => Raw::sized(Kind::Float, 4),
            b'd' | b'n' => Raw::sized(Kind::Float, 8),
            b's' => Raw::sized(Kind::Counted, self.limited(8)?),
            b'c' => match self.number() {
                Some(size) => Raw::sized(Kind::Fixed, size),
                None => return Err(TextError::text("missing size for format option 'c'")),
            },
            b'z' => Raw::sized(Kind::Terminated, 0),
            b'x' => Raw::sized(Kind::Silent, 1),
            _ => {
                let message = [b"invalid format option '", &[option][..], b"'"].concat();
                return Err(TextError::owned(message));
            }
        })
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.format.first()
            && number.is_none_or(|number| number <= NUMBER_STOP)
        {
            number = Some(number.unwrap_or(0) * 10 + usize::from(digit - b'0'));
            self.take();
        }
        number
    }

    fn limited(&mut self, default: usize) -> Result<usize, TextError> {
        let number = self.number().unwrap_or(default);
        if (1..=INTEGER_BYTES_MAX).contains(&number) {
            return Ok(number);
        }
        let message = format!("integral size ({number}) out of limits [1,{INTEGER_BYTES_MAX}]");
        Err(TextError::owned(message))
    }
}

impl Directive {
    /// What the directive packs or unpacks.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes that the directive certainly takes: its padding and its fixed part.
    pub fn bytes_min(&self) -> usize {
        self.padding + self.size
    }

    /// Appends the directive's padding, and all of it when it takes no value. Comes before the
    /// directive's value.
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`].
    pub fn pad(&self, out: &mut Vec<u8>) -> Result<(), TextError> {
        let size = self.padding + if self.kind == Kind::Silent { self.size } else { 0 };
        reserve(out, size)?;
        out.resize(out.len() + size, 0);
        Ok(())
    }

    /// Appends an integer, which was argument `argument`.
    ///
    /// # Errors
    /// `integer overflow` or `unsigned overflow` when it does not fit.
    pub fn put_integer(
        &self,
        argument: usize,
        value: i64,
        out: &mut Vec<u8>,
    ) -> Result<(), TextError> {
        let bits = self.size * 8;
        let is_signed = self.kind == Kind::Signed;
        if is_signed && bits < 64 && (value >> (bits - 1)) != (value >> 63) {
            return Err(TextError::argument(argument, "integer overflow"));
        }
        if !is_signed && bits < 64 && (value as u64) >> bits != 0 {
            return Err(TextError::argument(argument, "unsigned overflow"));
        }
        let fill = if is_signed && value < 0 { 0xFF } else { 0 };
        self.put_ordered(&value.to_le_bytes(), fill, out)
    }

    /// Appends a float.
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`].
    pub fn put_float(&self, value: f64, out: &mut Vec<u8>) -> Result<(), TextError> {
        if self.size == 4 {
            self.put_ordered(&(value as f32).to_le_bytes(), 0, out)
        } else {
            self.put_ordered(&value.to_le_bytes(), 0, out)
        }
    }

    /// Appends a string, which was argument `argument`.
    ///
    /// # Errors
    /// When it is longer than the directive allows or holds a zero byte before its end.
    pub fn put_bytes(
        &self,
        argument: usize,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), TextError> {
        match self.kind {
            Kind::Fixed => {
                let Some(rest) = self.size.checked_sub(bytes.len()) else {
                    let message = "string longer than given size";
                    return Err(TextError::argument(argument, message));
                };
                reserve(out, self.size)?;
                out.extend_from_slice(bytes);
                out.resize(out.len() + rest, 0);
            }
            Kind::Counted => {
                let count = bytes.len() as u64;
                if self.size < 8 && count >> (self.size * 8) != 0 {
                    let message = "string length does not fit in given size";
                    return Err(TextError::argument(argument, message));
                }
                reserve(out, self.size + bytes.len())?;
                self.put_ordered(&count.to_le_bytes(), 0, out)?;
                out.extend_from_slice(bytes);
            }
            _ => {
                if memchr::memchr(0, bytes).is_some() {
                    return Err(TextError::argument(argument, "string contains zeros"));
                }
                reserve(out, bytes.len() + 1)?;
                out.extend_from_slice(bytes);
                out.push(0);
            }
        }
        Ok(())
    }

    /// Appends the low bytes of a number, filled up to the size, in the directive's order.
    fn put_ordered(&self, little: &[u8], fill: u8, out: &mut Vec<u8>) -> Result<(), TextError> {
        reserve(out, self.size)?;
        let start = out.len();
        out.extend_from_slice(&little[..little.len().min(self.size)]);
        out.resize(start + self.size, fill);
        if !self.is_little {
            out[start..].reverse();
        }
        Ok(())
    }

    /// The number in `field`, whose size is the directive's, as 16 bytes in little-endian order.
    fn ordered(&self, field: &[u8]) -> [u8; INTEGER_BYTES_MAX] {
        let mut little = [0; INTEGER_BYTES_MAX];
        for (index, byte) in field.iter().enumerate() {
            let place = if self.is_little { index } else { field.len() - 1 - index };
            little[place] = *byte;
        }
        little
    }

    fn integer(&self, field: &[u8]) -> Result<i64, TextError> {
        let little = self.ordered(field);
        let (low, high) = little.split_at(8);
        let value = i64::from_le_bytes(low.try_into().unwrap_or_default());
        let is_signed = self.kind == Kind::Signed;
        if self.size < 8 {
            let unused = 64 - self.size as u32 * 8;
            return Ok(if is_signed { value << unused >> unused } else { value });
        }
        let fill = if is_signed && value < 0 { 0xFF } else { 0 };
        if high[..self.size - 8].iter().any(|byte| *byte != fill) {
            let message = format!("{}-byte integer does not fit into Lua Integer", self.size);
            return Err(TextError::owned(message));
        }
        Ok(value)
    }

    fn float(&self, field: &[u8]) -> f64 {
        let bits = u64::from_le_bytes(self.ordered(field)[..8].try_into().unwrap_or_default());
        if self.size == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) }
    }
}

fn reserve(out: &mut Vec<u8>, size: usize) -> Result<(), TextError> {
    out.try_reserve(size).map_err(|_| TextError::OutOfMemory)
}

/// `string.packsize(format)`: bytes that packing with `format` gives.
///
/// ```
/// assert_eq!(lua::text::pack::packsize(b"!8 b i8"), Ok(16));
/// ```
///
/// # Errors
/// Those of the format; `variable-length format`; `format result too large`.
pub fn packsize(format: &[u8]) -> Result<i64, TextError> {
    let mut options = Options::new(format);
    let mut total = 0usize;
    while let Some(directive) = options.next(total)? {
        if matches!(directive.kind, Kind::Counted | Kind::Terminated) {
            return Err(TextError::argument(1, "variable-length format"));
        }
        total = total
            .checked_add(directive.bytes_min())
            .filter(|total| *total <= PACKED_BYTES_MAX)
            .ok_or(const { TextError::argument(1, "format result too large") })?;
    }
    Ok(total as i64)
}

/// The most bytes that a format may describe.
const PACKED_BYTES_MAX: usize = i32::MAX as usize;

/// `string.unpack(format, data, from)`: hands every value to `emit` and returns the offset, from
/// 0, behind the last one. `from` is an offset from 0 ([`super::start_offset`]).
///
/// # Errors
/// Those of the format, of data that are too short or do not fit, and of `emit`.
pub fn unpack<'d, E: From<TextError>>(
    format: &[u8],
    data: &'d [u8],
    from: usize,
    mut emit: impl FnMut(Packed<'d>) -> Result<(), E>,
) -> Result<usize, E> {
    if from > data.len() {
        return Err(TextError::argument(3, "initial position out of string").into());
    }
    let mut options = Options::new(format);
    let mut at = from;
    while let Some(directive) = options.next(at)? {
        let Some(field) = data[at..].get(directive.padding..directive.bytes_min()) else {
            return Err(too_short().into());
        };
        at += directive.bytes_min();
        let rest = &data[at..];
        let value = match directive.kind {
            Kind::Silent => continue,
            Kind::Signed | Kind::Unsigned => Packed::Integer(directive.integer(field)?),
            Kind::Float => Packed::Float(directive.float(field)),
            Kind::Fixed => Packed::Bytes(field),
            Kind::Counted => {
                let size = usize::try_from(directive.integer(field)?).map_err(|_| too_short())?;
                let bytes = rest.get(..size).ok_or_else(too_short)?;
                at += size;
                Packed::Bytes(bytes)
            }
            Kind::Terminated => {
                let Some(size) = memchr::memchr(0, rest) else {
                    let message = "unfinished string for format 'z'";
                    return Err(TextError::argument(2, message).into());
                };
                at += size + 1;
                Packed::Bytes(&rest[..size])
            }
        };
        emit(value)?;
    }
    Ok(at)
}

fn too_short() -> TextError {
    TextError::argument(2, "data string too short")
}
