//! The wasm module: Lua values in and out as messages, runs in steps. `docs/abi.md` is its manual.
//!
//! Everything but the module `border` is safe code that also runs natively, where tests play the
//! host.
#![deny(unsafe_code)]
// Only the border uses some of it, and the border is only built for WebAssembly.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod allocator;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod border;
mod clock;
mod convert;
mod failure;
mod handles;
mod host;
mod machine;
mod run;

pub use failure::{Code, Failure};
pub use host::{Host, Medium, Reply};
pub use machine::Machine;
pub use run::Status;
