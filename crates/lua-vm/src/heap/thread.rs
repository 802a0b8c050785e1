//! A thread (coroutine): its stack, its frames, its open upvalues, all plain data.

use super::account::{Account, OutOfMemory, reserve};
use super::arena::Object;
use crate::value::{ClosureId, ProtoId, ThreadId, UpvalueId, Value};

/// Registers that a frame can address, with slack for operands that name the ones after.
pub(crate) const REGISTER_WINDOW: usize = 264;

/// What kind of function a frame runs, and for native ones how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// A Lua function.
    Lua,
    /// A native function that runs to its end.
    Native,
    /// A call from Rust: returning to it leaves the interpreter.
    Boundary,
    /// The bottom of a coroutine.
    Bottom,
    /// `pcall`, waiting for its function.
    ProtectedCall,
    /// `xpcall`, waiting for its function; the handler is in its first slot.
    ProtectedCallWithHandler,
    /// `pcall` or `xpcall` closing variables after an error, which waits in the function's slot.
    ProtectedClose,
    /// `coroutine.resume`, waiting for the coroutine.
    Resume,
    /// A function made by `coroutine.wrap`, waiting for the coroutine.
    Wrap,
    /// `coroutine.yield`, waiting to be resumed.
    Yield,
    /// A host function whose answer is awaited.
    Pending,
    /// `pairs`, waiting for a `__pairs` metamethod.
    Pairs,
    /// `dofile` and other calls in tail position: passes all results on.
    PassThrough,
}

/// One activation.
#[repr(align(16))]
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The Lua function; meaningless for other kinds.
    pub(crate) closure: ClosureId,
    pub(crate) proto: ProtoId,
    /// Next instruction to execute.
    pub(crate) pc: u32,
    /// First register, or first argument of a native function.
    pub(crate) base: u32,
    /// Wanted results plus one, 0 for all; see also [`RETURN_SLOW`].
    pub(crate) wanted: u16,
    pub(crate) kind: FrameKind,
    pub(crate) flags: u8,
    /// A slot that an interrupted instruction goes on from.
    pub(crate) extra: u32,
}

const _: () = assert!(size_of::<Frame>() == 32);

/// Set in [`Frame::wanted`] where returning needs more than copying results to a Lua frame.
pub(crate) const RETURN_SLOW: u16 = 0x8000;

/// Bits of [`Frame::flags`].
pub(crate) mod flag {
    /// The function was called by a tail call.
    pub const TAIL: u8 = 1;
    /// The result goes to an instruction of the caller that was interrupted by a metamethod.
    pub const META: u8 = 2;
    /// The function is a finalizer.
    pub const FINALIZER: u8 = 4;
    /// The function is a debug hook.
    pub const HOOK: u8 = 8;
    /// The protected call has a message handler, also for errors while it closes variables.
    pub const HANDLER: u8 = 16;
}

/// A coroutine's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not started, or yielded.
    Suspended,
    /// Now running.
    Running,
    /// Has resumed another coroutine.
    Normal,
    /// Finished, failed or closed.
    Dead,
}

/// An upvalue whose variable still lives on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenUpvalue {
    pub slot: u32,
    pub cell: UpvalueId,
}

/// The execution state of one thread.
#[derive(Debug, Default)]
pub(crate) struct Execution {
    pub stack: Vec<Value>,
    pub frames: Vec<Frame>,
    /// Ascending in `slot`.
    pub open: Vec<OpenUpvalue>,
    /// Slots of variables to be closed, ascending.
    pub to_close: Vec<u32>,
    /// End of an open list of values, and of a native function's arguments and results.
    pub top: usize,
    /// Number of boundary frames: while there are any, the thread cannot yield.
    pub boundaries: u32,
    /// Protected calls that are under way; each of their frames has its number in `pc`.
    pub protected: u32,
}

impl Execution {
    /// Makes room for `needed` slots from `from` plus a window.
    pub fn ensure(
        &mut self,
        account: &mut Account,
        from: usize,
        needed: usize,
    ) -> Result<(), OutOfMemory> {
        let wanted = from + needed + REGISTER_WINDOW;
        if wanted > self.stack.len() {
            let additional = (wanted - self.stack.len()).max(self.stack.len() / 2);
            reserve(account, &mut self.stack, additional)?;
            self.stack.resize(self.stack.capacity(), Value::NIL);
        }
        Ok(())
    }

    pub fn owned_bytes(&self) -> usize {
        self.stack.capacity() * size_of::<Value>()
            + self.frames.capacity() * size_of::<Frame>()
            + self.open.capacity() * size_of::<OpenUpvalue>()
            + self.to_close.capacity() * size_of::<u32>()
    }

    /// The end of what the last frame uses.
    pub fn extent(&self, register_count: impl Fn(ProtoId) -> usize) -> usize {
        match self.frames.last() {
            Some(f) if f.kind == FrameKind::Lua => {
                (f.base as usize + register_count(f.proto)).max(self.top)
            }
            _ => self.top,
        }
    }
}

/// A thread of the heap. While it runs, its execution state is held by the VM itself.
#[derive(Debug)]
pub struct Thread {
    pub(crate) execution: Execution,
    pub(crate) status: Status,
    /// The error that killed the coroutine, for `coroutine.close`.
    pub(crate) failure: Option<Value>,
    /// Who gets the results when this thread yields or ends.
    pub(crate) resumer: Option<ThreadId>,
    pub(crate) hook: crate::vm::hook::Hook,
    pub(crate) mark: u8,
}

impl Object for Thread {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.execution.owned_bytes()
    }
    fn clear(&mut self) {
        self.execution = Execution::default();
        self.failure = None;
    }
}
