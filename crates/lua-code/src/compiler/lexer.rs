//! Source bytes to tokens, one at a time with one token of look-ahead.

use super::error::SyntaxError;
use super::token::{Texts, Token};
use crate::number::{Number, parse_number};

pub(super) type Result<T> = std::result::Result<T, SyntaxError>;

/// Bytes of source after which it is asked whether to go on.
const ASKED_BYTES: usize = 4096;

/// The reader of one source text.
pub(super) struct Lexer<'s> {
    pub(super) source: &'s [u8],
    pub(super) position: usize,
    /// The chunk's name as messages show it.
    display_name: Vec<u8>,
    /// Line reached by reading, after [`Lexer::token`] and a token looked ahead at.
    pub line: u32,
    /// Line where the last consumed token ended.
    pub last_line: u32,
    /// The current token.
    pub token: Token,
    ahead: Option<Token>,
    /// Text of the token read last; what messages quote as `near`.
    pub(super) buffer: Vec<u8>,
    pub texts: Texts,
    /// About the bytes that the compiler holds beside texts.
    pub held: usize,
    /// How many it may hold in all.
    room: usize,
    /// Is told how many bytes were read since it was asked last, and says whether to go on.
    goes_on: &'s mut dyn FnMut(usize) -> bool,
    /// Where it was asked last.
    asked_at: usize,
}

/// What a message quotes after `near`.
#[derive(Clone, Copy)]
pub(super) enum Near {
    /// The text read for the token at hand.
    Buffer,
    Token(Token),
    Nothing,
}

impl<'s> Lexer<'s> {
    pub fn new(
        source: &'s [u8],
        chunk_name: &[u8],
        room: usize,
        goes_on: &'s mut dyn FnMut(usize) -> bool,
    ) -> Self {
        Self {
            source,
            position: 0,
            display_name: crate::chunk_id::chunk_id(chunk_name),
            line: 1,
            last_line: 1,
            token: Token::End,
            ahead: None,
            buffer: Vec::new(),
            texts: Texts::default(),
            held: 0,
            room,
            goes_on,
            asked_at: 0,
        }
    }

    /// Moves on to the next token.
    #[inline(never)]
    pub fn advance(&mut self) -> Result<()> {
        if self.held + self.texts.held > self.room {
            return Err(SyntaxError::out_of_memory());
        }
        if self.position - self.asked_at > ASKED_BYTES {
            let read = self.position - self.asked_at;
            self.asked_at = self.position;
            if !(self.goes_on)(read) {
                return Err(SyntaxError::stopped());
            }
        }
        self.last_line = self.line;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.read_token()?,
        };
        Ok(())
    }

    /// The token after the current one.
    pub fn peek(&mut self) -> Result<Token> {
        let token = self.read_token()?;
        self.ahead = Some(token);
        Ok(token)
    }

    /// An error at the current token.
    #[cold]
    #[inline(never)]
    pub fn error(&self, message: &str) -> SyntaxError {
        self.error_near(message.as_bytes(), Near::Token(self.token))
    }

    /// An error that concerns no single token.
    pub fn error_here(&self, message: &[u8]) -> SyntaxError {
        self.error_near(message, Near::Nothing)
    }

    pub(super) fn error_near(&self, message: &[u8], near: Near) -> SyntaxError {
        let mut bytes = self.display_name.clone();
        bytes.extend_from_slice(format!(":{}: ", self.line).as_bytes());
        bytes.extend_from_slice(message);
        match near {
            // A NUL byte is a token that cannot be shown.
            Near::Nothing | Near::Token(Token::Byte(0)) => {}
            Near::Buffer => self.quote_buffer(&mut bytes),
            Near::Token(
                Token::Name(_) | Token::String(_) | Token::Integer(_) | Token::Float(_),
            ) => self.quote_buffer(&mut bytes),
            Near::Token(token) => {
                bytes.extend_from_slice(b" near ");
                bytes.extend_from_slice(token.describe().as_bytes());
            }
        }
        SyntaxError::new(bytes)
    }

    fn quote_buffer(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(b" near '");
        bytes.extend_from_slice(crate::chunk_id::until_nul(&self.buffer));
        bytes.push(b'\'');
    }

    pub(super) fn current(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    /// Appends the current byte to the buffer and moves on.
    pub(super) fn save(&mut self) {
        if let Some(byte) = self.current() {
            self.buffer.push(byte);
            self.position += 1;
        }
    }

    /// Consumes a byte if it is the current one.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let found = self.current() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// Consumes one line end: `\n`, `\r`, `\r\n` or `\n\r`.
    pub(super) fn skip_line_end(&mut self) {
        let first = self.current();
        self.position += 1;
        if matches!(self.current(), Some(b'\n' | b'\r')) && self.current() != first {
            self.position += 1;
        }
        self.line += 1;
    }

    // What it calls is not inlined: browsers optimise this function alone, while a source is read.
    fn read_token(&mut self) -> Result<Token> {
        self.buffer.clear();
        loop {
            let Some(byte) = self.current() else { return Ok(Token::End) };
            match byte {
                b'\n' | b'\r' => self.skip_line_end(),
                b' ' | b'\t' | b'\x0b' | b'\x0c' => self.position += 1,
                b'-' => {
                    self.position += 1;
                    if !self.accept(b'-') {
                        return Ok(Token::Byte(b'-'));
                    }
                    self.skip_comment()?;
                }
                b'[' => return self.read_bracket(),
                b'"' | b'\'' => return self.read_string(byte),
                b'0'..=b'9' => return self.read_numeral(),
                b'.' => return self.read_dots(),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => return Ok(self.read_name()),
                _ => {
                    self.position += 1;
                    return Ok(self.read_symbol(byte));
                }
            }
        }
    }

    /// The operators that may have a second byte, and all other bytes.
    #[inline(never)]
    fn read_symbol(&mut self, first: u8) -> Token {
        let pairs: &[(u8, Token)] = match first {
            b'=' => &[(b'=', Token::Equal)],
            b'<' => &[(b'=', Token::LessEqual), (b'<', Token::ShiftLeft)],
            b'>' => &[(b'=', Token::GreaterEqual), (b'>', Token::ShiftRight)],
            b'/' => &[(b'/', Token::FloorDivide)],
            b'~' => &[(b'=', Token::NotEqual)],
            b':' => &[(b':', Token::DoubleColon)],
            _ => &[],
        };
        for &(second, token) in pairs {
            if self.accept(second) {
                return token;
            }
        }
        Token::Byte(first)
    }

    #[inline(never)]
    fn read_dots(&mut self) -> Result<Token> {
        let digit_follows = self.source.get(self.position + 1).is_some_and(u8::is_ascii_digit);
        if digit_follows {
            self.save();
            return self.read_numeral();
        }
        self.position += 1;
        if !self.accept(b'.') {
            return Ok(Token::Byte(b'.'));
        }
        Ok(if self.accept(b'.') { Token::Dots } else { Token::Concat })
    }

    #[inline(never)]
    fn read_name(&mut self) -> Token {
        let rest = &self.source[self.position..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let name = &rest[..length];
        self.position += length;
        if let Some(token) = Token::reserved(name) {
            return token;
        }
        self.buffer.extend_from_slice(name);
        Token::Name(self.texts.intern(name))
    }

    /// Reads a numeral from its first digit on; a point before that is in the buffer already.
    #[inline(never)]
    fn read_numeral(&mut self) -> Result<Token> {
        let mut exponent_marks = b"eE";
        let first = self.current();
        self.save();
        if first == Some(b'0') && matches!(self.current(), Some(b'x' | b'X')) {
            self.save();
            exponent_marks = b"pP";
        }
        while let Some(byte) = self.current() {
            if exponent_marks.contains(&byte) {
                self.save();
                if matches!(self.current(), Some(b'+' | b'-')) {
                    self.save();
                }
            } else if byte.is_ascii_hexdigit() || byte == b'.' {
                self.save();
            } else {
                break;
            }
        }
        // A letter that touches a numeral makes it malformed.
        if self.current().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            self.save();
        }
        match parse_number(&self.buffer) {
            Some(Number::Integer(value)) => Ok(Token::Integer(value)),
            Some(Number::Float(value)) => Ok(Token::Float(value)),
            None => Err(self.error_near(b"malformed number", Near::Buffer)),
        }
    }

    /// `[`, or a long string.
    #[inline(never)]
    fn read_bracket(&mut self) -> Result<Token> {
        match self.long_bracket() {
            LongBracket::Complete(level) => {
                let text = self.read_long_text(level, true)?;
                Ok(Token::String(text))
            }
            LongBracket::Single => Ok(Token::Byte(b'[')),
            LongBracket::Broken => {
                Err(self.error_near(b"invalid long string delimiter", Near::Buffer))
            }
        }
    }

    /// Reads `[` or `]` and the `=` after it, into the buffer.
    pub(super) fn long_bracket(&mut self) -> LongBracket {
        let bracket = self.current();
        self.save();
        let mut level = 0;
        while self.current() == Some(b'=') {
            self.save();
            level += 1;
        }
        if self.current() == bracket {
            LongBracket::Complete(level)
        } else if level == 0 {
            LongBracket::Single
        } else {
            LongBracket::Broken
        }
    }

    #[inline(never)]
    fn skip_comment(&mut self) -> Result<()> {
        if self.current() == Some(b'[') {
            let bracket = self.long_bracket();
            self.buffer.clear();
            if let LongBracket::Complete(level) = bracket {
                self.read_long_text(level, false)?;
                self.buffer.clear();
                return Ok(());
            }
        }
        let rest = &self.source[self.position..];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        self.position += length.unwrap_or(rest.len());
        Ok(())
    }
}

/// What follows a `[` or `]`.
pub(super) enum LongBracket {
    /// A second bracket after that many `=`; not consumed yet.
    Complete(usize),
    /// Neither `=` nor a second bracket.
    Single,
    /// `=` without a second bracket.
    Broken,
}
