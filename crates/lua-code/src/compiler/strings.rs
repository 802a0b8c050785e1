//! The lexer's string literals: quoted strings with escapes, long strings and long comments.

use super::lexer::{Lexer, LongBracket, Near, Result};
use super::token::{Text, Token};
use crate::number::parse::{hex_digit, is_space};

/// Largest code point that `\u{...}` takes: the original 31-bit range of UTF-8.
const CODE_POINT_MAX: u32 = 0x7fff_ffff;

impl Lexer<'_> {
    /// Reads the text of a long string or comment whose first bracket and `=` are read.
    pub(super) fn read_long_text(&mut self, level: usize, is_string: bool) -> Result<Text> {
        let first_line = self.line;
        self.save();
        if matches!(self.current(), Some(b'\n' | b'\r')) {
            self.skip_line_end();
        }
        loop {
            match self.current() {
                None => {
                    let what = if is_string { "string" } else { "comment" };
                    let message = format!("unfinished long {what} (starting at line {first_line})");
                    return Err(self.error_near(message.as_bytes(), Near::Token(Token::End)));
                }
                Some(b']') => match self.long_bracket() {
                    LongBracket::Complete(found) if found == level => {
                        self.save();
                        break;
                    }
                    _ => {}
                },
                Some(b'\n' | b'\r') => {
                    if is_string {
                        self.buffer.push(b'\n');
                    }
                    self.skip_line_end();
                }
                Some(_) => self.read_long_run(is_string),
            }
            if !is_string {
                self.buffer.clear();
            }
        }
        let delimiter = level + 2;
        let inner = self.buffer.get(delimiter..self.buffer.len().saturating_sub(delimiter));
        Ok(self.texts.intern(inner.unwrap_or_default()))
    }

    /// Takes the bytes up to the next one that means something in a long text.
    fn read_long_run(&mut self, keep: bool) {
        let rest = &self.source[self.position..];
        let is_special = |byte: &u8| matches!(byte, b']' | b'\n' | b'\r');
        let length = rest.iter().position(is_special).unwrap_or(rest.len());
        if keep {
            self.buffer.extend_from_slice(&rest[..length]);
        }
        self.position += length;
    }

    /// Reads a quoted string; the current byte is its opening quote.
    #[inline(never)]
    pub(super) fn read_string(&mut self, quote: u8) -> Result<Token> {
        self.save();
        loop {
            let Some(byte) = self.current() else {
                return Err(self.error_near(b"unfinished string", Near::Token(Token::End)));
            };
            match byte {
                b'\n' | b'\r' => return Err(self.error_near(b"unfinished string", Near::Buffer)),
                b'\\' => self.read_escape()?,
                _ => {
                    self.save();
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        let inner = &self.buffer[1..self.buffer.len() - 1];
        Ok(Token::String(self.texts.intern(inner)))
    }

    /// Reads an escape; its raw text is in the buffer while it is read, for messages.
    fn read_escape(&mut self) -> Result<()> {
        let start = self.buffer.len();
        self.save();
        let Some(byte) = self.current() else { return Ok(()) };
        let value = match byte {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'"' | b'\'' => byte,
            b'x' => return self.read_hex_escape(start),
            b'u' => return self.read_utf8_escape(start),
            b'\n' | b'\r' => {
                self.skip_line_end();
                self.buffer.truncate(start);
                self.buffer.push(b'\n');
                return Ok(());
            }
            b'z' => {
                self.buffer.truncate(start);
                self.position += 1;
                self.skip_spaces();
                return Ok(());
            }
            b'0'..=b'9' => return self.read_decimal_escape(start),
            _ => return Err(self.escape_error("invalid escape sequence")),
        };
        self.position += 1;
        self.buffer.truncate(start);
        self.buffer.push(value);
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while let Some(byte) = self.current().filter(|byte| is_space(*byte)) {
            if matches!(byte, b'\n' | b'\r') {
                self.skip_line_end();
            } else {
                self.position += 1;
            }
        }
    }

    fn escape_error(&mut self, message: &str) -> super::error::SyntaxError {
        self.save();
        self.error_near(message.as_bytes(), Near::Buffer)
    }

    /// Moves past the byte just saved and reads the hexadecimal digit after it.
    fn next_hex_digit(&mut self) -> Result<u32> {
        self.save();
        match self.current().filter(u8::is_ascii_hexdigit) {
            Some(byte) => Ok(u32::from(hex_digit(byte))),
            None => Err(self.escape_error("hexadecimal digit expected")),
        }
    }

    fn read_hex_escape(&mut self, start: usize) -> Result<()> {
        let high = self.next_hex_digit()?;
        let low = self.next_hex_digit()?;
        self.position += 1;
        self.buffer.truncate(start);
        self.buffer.push((high << 4 | low) as u8);
        Ok(())
    }

    fn read_decimal_escape(&mut self, start: usize) -> Result<()> {
        let mut value: u32 = 0;
        for _ in 0..3 {
            let Some(byte) = self.current().filter(u8::is_ascii_digit) else { break };
            value = value * 10 + u32::from(byte - b'0');
            self.save();
        }
        let Ok(byte) = u8::try_from(value) else {
            return Err(self.escape_error("decimal escape too large"));
        };
        self.buffer.truncate(start);
        self.buffer.push(byte);
        Ok(())
    }

    fn read_utf8_escape(&mut self, start: usize) -> Result<()> {
        self.save();
        if self.current() != Some(b'{') {
            return Err(self.escape_error("missing '{'"));
        }
        let mut value = self.next_hex_digit()?;
        loop {
            self.save();
            let Some(byte) = self.current().filter(u8::is_ascii_hexdigit) else { break };
            if value > CODE_POINT_MAX >> 4 {
                return Err(self.escape_error("UTF-8 value too large"));
            }
            value = value << 4 | u32::from(hex_digit(byte));
        }
        if self.current() != Some(b'}') {
            return Err(self.escape_error("missing '}'"));
        }
        self.position += 1;
        self.buffer.truncate(start);
        push_utf8(&mut self.buffer, value);
        Ok(())
    }
}

/// Appends a code point of up to 31 bits in the original, six-byte form of UTF-8.
fn push_utf8(buffer: &mut Vec<u8>, value: u32) {
    if value < 0x80 {
        buffer.push(value as u8);
        return;
    }
    let continuation_count = match value {
        0..0x800 => 1,
        0x800..0x1_0000 => 2,
        0x1_0000..0x20_0000 => 3,
        0x20_0000..0x400_0000 => 4,
        _ => 5,
    };
    let lead_mark = 0xff_u8 << (7 - continuation_count);
    buffer.push(lead_mark | (value >> (6 * continuation_count)) as u8);
    for index in (0..continuation_count).rev() {
        buffer.push(0x80 | (value >> (6 * index) & 0x3f) as u8);
    }
}
