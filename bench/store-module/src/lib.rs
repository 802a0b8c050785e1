//! The store alone as a wasm module: what benchmarks measure, and what the hosts of the product
//! are checked with before a VM is in the way.
//!
//! The imports are those of `docs/abi.md` for a store. The exports are plain calls:
//!
//! - `store_buffer(length)` gives the address of a buffer for keys and values. A call that takes a
//!   key, or a key and a value, finds them there, one after the other; so it is with the two
//!   bounds of a range.
//! - Bytes come back at `store_result()`, `store_result_length()` of them, until the next call.
//! - A negative answer is -1 for an error, whose code and words, with a NUL between them, are in
//!   the result, or -2 for a key that is not there.
//! - `mk_input` is the buffer for the words of a fault.
#![deny(unsafe_code)]
// Only the border uses some of it, and the border is only built for WebAssembly.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod border;
#[cfg(target_arch = "wasm32")]
mod medium;
mod session;

pub use session::{Answer, NOTHING, Session, Way};
