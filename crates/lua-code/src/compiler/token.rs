//! The tokens of Lua and the interned texts that they carry.

use std::collections::HashMap;
use std::rc::Rc;

/// An interned name or string; equal texts have equal numbers within one compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Text(u32);

/// All texts of one compilation.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<Rc<[u8]>, u32>,
    texts: Vec<Rc<[u8]>>,
    /// About the bytes that all texts take.
    pub held: usize,
}

/// About what a text takes beside its bytes: its count of references and its place in both lists.
const TEXT_BYTES: usize = 96;

impl Texts {
    pub fn intern(&mut self, bytes: &[u8]) -> Text {
        if let Some(&number) = self.numbers.get(bytes) {
            return Text(number);
        }
        let number = self.texts.len() as u32;
        let text: Rc<[u8]> = bytes.into();
        self.held += bytes.len() + TEXT_BYTES;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        Text(number)
    }

    pub fn bytes(&self, text: Text) -> &Rc<[u8]> {
        &self.texts[text.0 as usize]
    }
}

macro_rules! fixed_tokens {
    ($($word:ident = $word_spelling:literal,)*;
     $($symbol:ident = $symbol_spelling:literal,)*) => {
        /// One token. One-byte tokens that Lua does not know are tokens too, and refused later.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(super) enum Token {
            Name(Text),
            String(Text),
            Integer(i64),
            Float(f64),
            Byte(u8),
            End,
            $($word,)*
            $($symbol,)*
        }

        impl Token {
            /// The reserved word that is spelled so.
            pub fn reserved(name: &[u8]) -> Option<Token> {
                match name {
                    $($word_spelling => Some(Token::$word),)*
                    _ => None,
                }
            }

            /// How messages name the token when its text does not matter.
            pub fn describe(self) -> String {
                match self {
                    Token::Name(_) => "<name>".into(),
                    Token::String(_) => "<string>".into(),
                    Token::Integer(_) => "<integer>".into(),
                    Token::Float(_) => "<number>".into(),
                    Token::End => "<eof>".into(),
                    Token::Byte(byte @ 0x20..0x7f) => format!("'{}'", byte as char),
                    Token::Byte(byte) => format!("'<\\{byte}>'"),
                    $(Token::$word => quote($word_spelling),)*
                    $(Token::$symbol => quote($symbol_spelling),)*
                }
            }
        }
    };
}

fixed_tokens! {
    And = b"and", Break = b"break", Do = b"do", Else = b"else", ElseIf = b"elseif",
    EndBlock = b"end", False = b"false", For = b"for", Function = b"function", Goto = b"goto",
    If = b"if", In = b"in", Local = b"local", Nil = b"nil", Not = b"not", Or = b"or",
    Repeat = b"repeat", Return = b"return", Then = b"then", True = b"true", Until = b"until",
    While = b"while",;
    FloorDivide = b"//", Concat = b"..", Dots = b"...", Equal = b"==", GreaterEqual = b">=",
    LessEqual = b"<=", NotEqual = b"~=", ShiftLeft = b"<<", ShiftRight = b">>",
    DoubleColon = b"::",
}

fn quote(spelling: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(spelling))
}
