//! The wasm module: Lua values in and out as messages, runs in steps. `docs/abi.md` is its manual.
//!
//! Everything but [`border`](self) is safe code that also runs natively, where tests play the
//! host.
#![deny(unsafe_code)]

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod border;
mod convert;
mod failure;
mod handles;
mod host;
mod machine;
mod run;

pub use failure::{Code, Failure};
pub use host::{Host, Reply};
pub use machine::Machine;
pub use run::Status;
