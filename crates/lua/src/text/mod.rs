//! The byte-level parts of the string, utf8 and os libraries, independent of the machine.

pub mod date;
pub mod pack;
pub mod utf8;

pub use lua_vm::text::{Interrupted, Meter, TextError, Unmetered};
pub use lua_vm::text::{end_offset, format, pattern, start_offset};
