//! What the compiler reports about a program that it refuses.

use std::fmt;

/// Why a source text is not a Lua program, in the words that Lua users know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    message: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Syntax,
    OutOfMemory,
    Stopped,
}

impl SyntaxError {
    pub(super) fn new(message: Vec<u8>) -> Self {
        Self { message, kind: Kind::Syntax }
    }

    /// The room for what the compiler holds is used up.
    #[cold]
    pub(super) fn out_of_memory() -> Self {
        Self { message: b"not enough memory".to_vec(), kind: Kind::OutOfMemory }
    }

    /// The caller wants no more of it.
    #[cold]
    pub(super) fn stopped() -> Self {
        Self { message: b"the compiler was stopped".to_vec(), kind: Kind::Stopped }
    }

    /// Whether the room that the compiler was given did not suffice.
    pub fn is_out_of_memory(&self) -> bool {
        self.kind == Kind::OutOfMemory
    }

    /// Whether the caller said that the compiler shall not go on.
    pub fn is_stopped(&self) -> bool {
        self.kind == Kind::Stopped
    }

    /// The message: `chunk:line: reason near 'token'`; bytes, because it may quote the source.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The message's bytes, by value.
    pub fn into_message(self) -> Vec<u8> {
        self.message
    }

    /// Whether the source ended too early, so that more text could make it correct.
    ///
    /// ```
    /// let error = lua_code::compiler::compile(b"while true do", b"=stdin").unwrap_err();
    /// assert!(error.is_incomplete());
    /// ```
    pub fn is_incomplete(&self) -> bool {
        self.message.ends_with(b"near <eof>")
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.message))
    }
}

impl std::error::Error for SyntaxError {}
