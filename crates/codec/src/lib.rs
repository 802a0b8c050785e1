//! Lua values, keys, messages and the object graph of one image as bytes, and back.
//!
//! The crate is pure: it does no I/O and knows no virtual machine. A machine fills the plain
//! structs of this crate (or reads them) and the crate turns them into bytes (or back):
//!
//! - [`Key`]: a tuple of keys whose bytes sort as the Lua values do (`docs/keys.md`);
//! - [`Image`]: tables, closures with shared cells, prototypes, coroutines and metatables as one
//!   graph, in a versioned container with checksums (`docs/image.md`);
//! - [`Message`]: values handed across the border of the WebAssembly module (`docs/wire.md`).
//!
//! Decoders take bytes from anywhere: they never panic, never recurse, and allocate at most a
//! constant multiple of their input. What they accept, the encoders write again unchanged in
//! meaning.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bytes;
mod check;
mod container;
mod error;
mod graph;
mod hash;
mod image;
mod key;
pub mod limits;
mod message;
mod object;
mod scalar;

pub use error::Error;
pub use hash::ContentHash;
pub use image::{Image, ImageBuilder};
pub use key::{Key, decode_tuple, encode_tuple, push_tuple_end};
pub use message::{Message, WireTable, WireValue};
pub use object::{
    Closure, Coroutine, CoroutineStatus, Frame, HostObject, NativeFunction, Object, ObjectId,
    OpenCell, Prototype, Table, Value,
};
