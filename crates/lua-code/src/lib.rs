//! Lua 5.4 code without a machine to run it: source to instructions, instructions to bytes and
//! back, the check that bytes have to pass, and numbers as text.
#![forbid(unsafe_code)]

pub mod bytecode;
pub mod chunk;
pub mod chunk_id;
pub mod compiler;
pub mod debug_info;
pub mod number;
pub mod opcode;
