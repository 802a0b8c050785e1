//! What the tests of several crates share: storages that fail, crash and lie, models to compare
//! with, and generators of random numbers and Lua programs. Never published.
#![deny(unsafe_code)]

pub mod crash;
pub mod faults;
#[cfg(not(target_arch = "wasm32"))]
pub mod mutation;
#[cfg(not(target_arch = "wasm32"))]
pub mod program;
pub mod random;
pub mod store_conformance;
pub mod store_crash;
pub mod store_damage;
pub mod store_flips;
#[cfg(not(target_arch = "wasm32"))]
pub mod store_model;
