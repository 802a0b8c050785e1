//! The medium that a host offers a wasm module: files or pages, behind imports of `moonkeep`.
//!
//! `docs/abi.md` is the manual of the imports. A module that uses this crate exports an input
//! buffer, into which the host writes the words of a fault before it returns; what empties that
//! buffer is handed over when a medium is made.
//!
//! Outside WebAssembly there is only [`fault`].
#![deny(unsafe_code)]

mod fault;
#[cfg(target_arch = "wasm32")]
mod files;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod imports;
#[cfg(target_arch = "wasm32")]
mod pages;

pub use fault::fault;
#[cfg(target_arch = "wasm32")]
pub use files::HostFiles;
#[cfg(target_arch = "wasm32")]
pub use pages::HostPages;
