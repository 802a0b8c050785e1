//! The formats of `io.read`.

use std::io;

use super::stream::Stream;
use crate::number::{Number, parse_number};

/// Longest text that is read as a number.
const NUMBER_BYTES_MAX: usize = 200;

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A number.
    Number,
    /// A line, with or without its end.
    Line {
        /// Whether the end of line is part of the result.
        keep_end: bool,
    },
    /// Everything up to the end.
    All,
    /// Up to so many bytes.
    Bytes(usize),
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number.
    Number(Number),
    /// The end of the file, or no number.
    Nothing,
}

/// Reads one item.
pub fn read(stream: &mut Stream, format: Format) -> io::Result<Item> {
    let mut bytes = Vec::new();
    match format {
        Format::Number => return read_number(stream),
        Format::Line { keep_end } => {
            let found = stream.read_line(&mut bytes, keep_end)?;
            return Ok(if found { Item::Bytes(bytes) } else { Item::Nothing });
        }
        Format::All => stream.read_bytes(&mut bytes, usize::MAX)?,
        // Reading nothing tells whether there is more.
        Format::Bytes(0) if stream.peek()?.is_none() => return Ok(Item::Nothing),
        Format::Bytes(0) => {}
        Format::Bytes(count) => {
            stream.read_bytes(&mut bytes, count)?;
            if bytes.is_empty() {
                return Ok(Item::Nothing);
            }
        }
    }
    Ok(Item::Bytes(bytes))
}

/// The longest text that may be the start of a numeral.
struct Numeral<'a> {
    stream: &'a mut Stream,
    text: Vec<u8>,
}

impl Numeral<'_> {
    /// Takes the next byte if it is one of those wanted and there is room.
    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> io::Result<bool> {
        match self.stream.peek()? {
            Some(byte) if wanted(byte) => {
                if self.text.len() >= NUMBER_BYTES_MAX {
                    self.text.clear(); // No numeral is that long.
                    return Ok(false);
                }
                self.text.push(byte);
                self.stream.skip();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn digits(&mut self, is_hex: bool) -> io::Result<usize> {
        let mut count = 0;
        while self.take(|b| if is_hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() })? {
            count += 1;
        }
        Ok(count)
    }
}

fn read_number(stream: &mut Stream) -> io::Result<Item> {
    while stream.peek()?.is_some_and(crate::number::parse::is_space) {
        stream.skip();
    }
    let mut numeral = Numeral { stream, text: Vec::new() };
    numeral.take(|byte| byte == b'-' || byte == b'+')?;
    let mut count = 0;
    let mut is_hex = false;
    if numeral.take(|byte| byte == b'0')? {
        is_hex = numeral.take(|byte| byte == b'x' || byte == b'X')?;
        count = usize::from(!is_hex);
    }
    count += numeral.digits(is_hex)?;
    if numeral.take(|byte| byte == b'.')? {
        count += numeral.digits(is_hex)?;
    }
    let exponent = if is_hex { b'p' } else { b'e' };
    if count > 0 && numeral.take(|byte| byte.to_ascii_lowercase() == exponent)? {
        numeral.take(|byte| byte == b'-' || byte == b'+')?;
        numeral.digits(false)?;
    }
    Ok(parse_number(&numeral.text).map_or(Item::Nothing, Item::Number))
}
