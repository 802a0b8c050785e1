//! A complete Lua 5.4 virtual machine in safe Rust whose state is plain data.
#![forbid(unsafe_code)]

mod collector;
mod heap;
pub mod introspect;
mod library;
pub mod text;
pub mod value;
mod vm;

pub use lua_code::{bytecode, chunk, chunk_id, compiler, debug_info, number, opcode};

pub use heap::Heap;
pub use library::LibraryOptions;
pub use library::source::{FileSources, SourceLoader};
pub use library::time::WallClock;
pub use value::{ClosureId, ProtoId, UpvalueId, UserdataId, Value};
pub use value::{Kind, NativeClosureId, NativeId, StringId, TableId, ThreadId, Type};
pub use vm::{Call, Control, Interruption, Limits, NativeFunction, Step, Throw, Vm, Writer};
