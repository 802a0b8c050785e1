//! A complete Lua 5.4 virtual machine in safe Rust whose state is plain data.
//!
//! This crate is the standard library and the door to the rest: `lua_vm` is the machine, `lua_code`
//! the compiler and the binary chunks, and what programs need of both is passed on here.
#![forbid(unsafe_code)]

mod library;
pub mod text;

pub use lua_code::{bytecode, chunk, chunk_id, compiler, debug_info, number, opcode};
pub use lua_vm::{introspect, value};

pub use library::source::{FileSources, SourceLoader};
pub use library::time::WallClock;
pub use library::{Libraries, LibraryOptions};
pub use lua_vm::{Call, Control, Interruption, Limits, NativeFunction, Step, Throw, Vm, Writer};
pub use lua_vm::{ClosureId, Heap, ProtoId, UpvalueId, UserdataId, Value};
pub use lua_vm::{Kind, NativeClosureId, NativeId, StringId, TableId, ThreadId, Type};
