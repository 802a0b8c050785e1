//! The machine behind the crate `lua`: values, heap, collector, interpreter, and the interface
//! that its standard library is written against. Programs use it through `lua`.
#![forbid(unsafe_code)]

mod collector;
mod heap;
pub mod introspect;
pub mod text;
pub mod value;
mod vm;

pub(crate) use lua_code::{bytecode, chunk, chunk_id, debug_info, number, opcode};

pub use collector::Settings as CollectorSettings;
pub use heap::Heap;
pub use heap::thread::Status;
pub use value::{ClosureId, ProtoId, UpvalueId, UserdataId, Value};
pub use value::{Kind, NativeClosureId, NativeId, StringId, TableId, ThreadId, Type};
pub use vm::arith::{Operator, apply};
pub use vm::buffer::Buffer;
pub use vm::hook::HookMask;
pub use vm::text::VmMeter;
pub use vm::{Call, Control, Interruption, Limits, NativeFunction, Step, Throw, Vm, Writer};
pub use vm::{HostFunction, Output, names};
