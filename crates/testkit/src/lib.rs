//! What the tests of several crates share: storages that fail, crash and lie, models to compare
//! with, and generators of random numbers and Lua programs. Never published.
#![deny(unsafe_code)]

pub mod crash;
pub mod faults;
pub mod mutation;
pub mod program;
pub mod random;
pub mod store_conformance;
pub mod store_crash;
pub mod store_damage;
pub mod store_flips;
pub mod store_model;
