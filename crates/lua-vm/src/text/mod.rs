//! What is fast of the text libraries: patterns, formats, and what all work on bytes shares.
//! Independent of the machine.
//!
//! Everything here works on byte slices and plain Rust values. What a Lua call would raise comes
//! back as [`TextError`], worded as PUC-Rio words it; positions and argument indexes are left to
//! the caller to present. Work that can be long is charged to a [`Meter`].

pub mod format;
pub mod pattern;

use std::borrow::Cow;
use std::fmt;

/// What the budget of the running program says when it is spent; carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Receives the cost of long work while it runs and can stop it.
///
/// One step is about the cost of one virtual machine instruction. Charges arrive in lumps of some
/// hundred steps, so an implementation need not be fast.
pub trait Meter {
    /// Takes `steps` from the budget.
    ///
    /// # Errors
    /// [`Interrupted`] when the budget is spent; the work then stops without a result.
    fn charge(&mut self, steps: u32) -> Result<(), Interrupted>;
}

/// A [`Meter`] that never stops anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmetered;

impl Meter for Unmetered {
    fn charge(&mut self, _steps: u32) -> Result<(), Interrupted> {
        Ok(())
    }
}

/// Why an operation on text failed, in the terms of a Lua library function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// The [`Meter`] stopped the work.
    Interrupted,
    /// The host has no memory for the result.
    OutOfMemory,
    /// An error that names no argument; raised with the position of the calling Lua code.
    Message(Cow<'static, [u8]>),
    /// An error about one argument: `bad argument #index to 'function' (message)`.
    Argument {
        /// Number of the argument in the Lua call, from 1.
        index: usize,
        /// The text inside the parentheses.
        message: Cow<'static, [u8]>,
    },
}

impl TextError {
    /// An error with a fixed text.
    pub const fn text(message: &'static str) -> TextError {
        TextError::Message(Cow::Borrowed(message.as_bytes()))
    }

    /// An error with a composed text.
    pub fn owned(message: impl Into<Vec<u8>>) -> TextError {
        TextError::Message(Cow::Owned(message.into()))
    }

    /// An error about argument `index` with a fixed text.
    pub const fn argument(index: usize, message: &'static str) -> TextError {
        TextError::Argument { index, message: Cow::Borrowed(message.as_bytes()) }
    }
}

impl From<Interrupted> for TextError {
    fn from(_: Interrupted) -> TextError {
        TextError::Interrupted
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextError::Interrupted => f.write_str("interrupted"),
            TextError::OutOfMemory => f.write_str("not enough memory"),
            TextError::Message(message) => f.write_str(&String::from_utf8_lossy(message)),
            TextError::Argument { index, message } => {
                write!(f, "bad argument #{index} ({})", String::from_utf8_lossy(message))
            }
        }
    }
}

impl std::error::Error for TextError {}

/// Turns a start position as Lua programs write it into an offset from 0.
///
/// Positions count from 1; negative ones count from the end; 0 and everything before the first
/// byte mean the first byte. The result may lie beyond `size_bytes`.
///
/// ```
/// use lua::text::start_offset;
/// assert_eq!(start_offset(2, 5), 1);
/// assert_eq!(start_offset(-2, 5), 3);
/// assert_eq!(start_offset(-9, 5), 0);
/// assert_eq!(start_offset(9, 5), 8);
/// ```
pub fn start_offset(position: i64, size_bytes: usize) -> usize {
    let size = size_bytes as i64;
    let offset = match position {
        1.. => position - 1,
        0 => 0,
        _ if position < -size => 0,
        _ => size + position,
    };
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Turns an end position as Lua programs write it into the offset just behind it.
///
/// Positions count from 1; negative ones count from the end. The result is at most `size_bytes`;
/// a position before the first byte gives 0.
///
/// ```
/// use lua::text::end_offset;
/// assert_eq!(end_offset(2, 5), 2);
/// assert_eq!(end_offset(-1, 5), 5);
/// assert_eq!(end_offset(-9, 5), 0);
/// assert_eq!(end_offset(9, 5), 5);
/// ```
pub fn end_offset(position: i64, size_bytes: usize) -> usize {
    let size = size_bytes as i64;
    let offset = match position {
        0.. => position.min(size),
        _ if position < -size => 0,
        _ => size + position + 1,
    };
    offset as usize
}
