//! Binary chunks: the Lua 5.4 format in both directions, and the verifier between bytes and a VM.
//!
//! Bytes become an [`UnverifiedChunk`] through [`undump()`], that becomes a [`Chunk`] through
//! [`verify()`], and only a [`Chunk`] can be run. [`dump()`] writes what PUC-Rio Lua 5.4 writes,
//! byte for byte.

mod dump;
mod undump;
pub mod verify;

use crate::bytecode::Function;
use std::fmt;

pub use dump::dump;
pub use undump::undump;
pub use verify::{Chunk, verify};

/// First bytes of every binary chunk.
pub const SIGNATURE: &[u8; 4] = b"\x1bLua";
/// Major and minor version, one hexadecimal digit each.
pub const VERSION: u8 = 0x54;
/// The official format.
pub const FORMAT: u8 = 0;
/// Bytes that text conversions and cut high bits would damage.
pub const DATA: &[u8; 6] = b"\x19\x93\r\n\x1a\n";
/// Sample integer of the header.
pub const SAMPLE_INTEGER: i64 = 0x5678;
/// Sample float of the header.
pub const SAMPLE_FLOAT: f64 = 370.5;
/// Functions may be nested this deep in a chunk: as deep as a source can nest them.
pub const NESTING_MAX: usize = 200;
/// Strings up to this length are short: the only ones that field opcodes take as keys.
pub const SHORT_STRING_BYTES_MAX: usize = 40;

/// Tags of constants in a chunk.
mod tag {
    pub const NIL: u8 = 0x00;
    pub const FALSE: u8 = 0x01;
    pub const TRUE: u8 = 0x11;
    pub const INTEGER: u8 = 0x03;
    pub const FLOAT: u8 = 0x13;
    pub const SHORT_STRING: u8 = 0x04;
    pub const LONG_STRING: u8 = 0x14;
}

/// A function that was read from bytes and that nobody has checked yet.
#[derive(Debug, Clone)]
pub struct UnverifiedChunk(Function);

impl UnverifiedChunk {
    /// Wraps a function from any source, to be handed to the verifier.
    pub fn new(function: Function) -> Self {
        Self(function)
    }

    /// The function as it was read; nothing about it is certain.
    pub fn function(&self) -> &Function {
        &self.0
    }
}

/// Why bytes are not a chunk. Its text is PUC-Rio's, without the chunk name in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkError {
    reason: &'static str,
    place: Option<Place>,
}

/// Where the verifier found a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line_defined: u32,
    pc: u32,
}

impl ChunkError {
    fn new(reason: &'static str) -> Self {
        Self { reason, place: None }
    }

    /// Whether the bytes ended before the chunk did.
    pub fn is_truncated(&self) -> bool {
        self.reason == undump::TRUNCATED
    }
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason;
        match self.place {
            None => write!(f, "bad binary format ({reason})"),
            Some(Place { line_defined, pc }) => write!(
                f,
                "bad binary format ({reason} at instruction {pc} of the function at line \
                 {line_defined})"
            ),
        }
    }
}

impl std::error::Error for ChunkError {}
