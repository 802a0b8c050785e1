//! A complete Lua 5.4 virtual machine in safe Rust whose state is plain data.
#![forbid(unsafe_code)]

pub mod bytecode;
pub mod chunk;
pub mod chunk_id;
pub mod compiler;
pub mod debug_info;
pub mod number;
pub mod opcode;
pub mod text;
