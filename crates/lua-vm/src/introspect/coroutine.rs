//! Suspended coroutines as plain data, and back; what comes back is checked frame by frame.

use std::fmt;

use crate::heap::thread::{Execution, Frame, FrameKind, OpenUpvalue, RETURN_SLOW, Status, flag};
use crate::opcode::{self as oc, op};
use crate::value::{ClosureId, ProtoId, ThreadId, UpvalueId, Value};
use crate::vm::{Throw, Vm};

/// One activation of a suspended coroutine.
#[derive(Clone, Debug)]
pub struct FrameSnapshot {
    /// What runs: 0 a Lua function; other numbers are internal.
    pub kind: u8,
    /// Internal flags.
    pub flags: u8,
    /// The Lua function, if this is one; else nil.
    pub function: Value,
    /// The next instruction.
    pub pc: u32,
    /// The first register or argument.
    pub base: u32,
    /// How many results the caller wants, encoded.
    pub wanted: u16,
    /// A slot that an interrupted instruction goes on from.
    pub extra: u32,
}

/// A coroutine that does not run. Values in transit end its stack.
#[derive(Clone, Debug, Default)]
pub struct CoroutineSnapshot {
    /// Whether it has ended.
    pub dead: bool,
    /// The values on its stack, from the bottom.
    pub stack: Vec<Value>,
    /// Its activations, the outermost first; none if it was not started.
    pub frames: Vec<FrameSnapshot>,
    /// Slots that closures share, ascending, each with its cell.
    pub open_cells: Vec<(u32, UpvalueId)>,
    /// Slots of variables to be closed, ascending.
    pub to_close: Vec<u32>,
    /// The error that it died of.
    pub failure: Option<Value>,
}

/// A snapshot that no coroutine could have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSnapshot(String);

impl fmt::Display for InvalidSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid coroutine: {}", self.0)
    }
}

impl std::error::Error for InvalidSnapshot {}

fn invalid<T>(what: impl Into<String>) -> Result<T, InvalidSnapshot> {
    Err(InvalidSnapshot(what.into()))
}

const KINDS: [FrameKind; 8] = [
    FrameKind::Lua,
    FrameKind::Bottom,
    FrameKind::ProtectedCall,
    FrameKind::ProtectedCallWithHandler,
    FrameKind::ProtectedClose,
    FrameKind::Yield,
    FrameKind::PassThrough,
    FrameKind::Pairs,
];

/// Numbers the protected calls from the outermost on, as running frames are, and returns how many
/// there are. The bottom frame's function was called.
fn number_protected(frames: &mut [Frame]) -> u32 {
    let mut count = 0;
    for frame in frames {
        match frame.kind {
            FrameKind::Bottom => frame.pc = 0,
            FrameKind::ProtectedCall
            | FrameKind::ProtectedCallWithHandler
            | FrameKind::ProtectedClose => {
                count += 1;
                frame.pc = count;
            }
            _ => {}
        }
    }
    count
}

impl Vm {
    /// Makes an empty coroutine, to be filled by [`Vm::restore_coroutine`].
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_coroutine(&mut self) -> Result<ThreadId, Throw> {
        let thread = self.heap.thread()?;
        self.heap.threads.items[thread.index()].status = Status::Dead;
        Ok(thread)
    }

    /// A coroutine as plain data; `None` while it runs or waits for another one.
    pub fn snapshot_coroutine(&self, thread: ThreadId) -> Option<CoroutineSnapshot> {
        let object = &self.heap.threads.items[thread.index()];
        if !matches!(object.status, Status::Suspended | Status::Dead) {
            return None;
        }
        let execution = &object.execution;
        let dead = object.status == Status::Dead;
        // The frames of a dead coroutine are of no use; its variables may still be closed.
        let live = if dead { &[] } else { &execution.frames[..] };
        let mut frames = Vec::with_capacity(live.len());
        for frame in live {
            frames.push(FrameSnapshot {
                kind: KINDS.iter().position(|&kind| kind == frame.kind)? as u8,
                flags: frame.flags,
                function: match frame.kind {
                    FrameKind::Lua => Value::closure(frame.closure, frame.proto),
                    _ => Value::NIL,
                },
                pc: frame.pc,
                base: frame.base,
                wanted: frame.wanted,
                extra: frame.extra,
            });
        }
        let extent = self.heap.extent_of(execution);
        Some(CoroutineSnapshot {
            dead,
            stack: execution.stack[..extent].to_vec(),
            frames,
            open_cells: execution.open.iter().map(|open| (open.slot, open.cell)).collect(),
            to_close: execution.to_close.clone(),
            failure: object.failure,
        })
    }

    /// Fills a coroutine that [`Vm::make_coroutine`] made. The open cells become open in it.
    ///
    /// # Errors
    /// A snapshot that no coroutine could have made, a coroutine that is in use, and a heap without
    /// room.
    pub fn restore_coroutine(
        &mut self,
        thread: ThreadId,
        snapshot: &CoroutineSnapshot,
    ) -> Result<(), InvalidSnapshot> {
        let values = snapshot.stack.iter().chain(&snapshot.failure);
        let functions = snapshot.frames.iter().map(|frame| &frame.function);
        let alive = values.chain(functions).all(|&value| self.is_alive(value))
            && snapshot.open_cells.iter().all(|&(_, cell)| self.heap.has_cell(cell))
            && self.is_alive(Value::thread(thread));
        if !alive {
            return invalid("an object was collected");
        }
        let object = &self.heap.threads.items[thread.index()];
        if object.status != Status::Dead || !object.execution.stack.is_empty() {
            return invalid("it is in use already");
        }
        let mut frames = self.checked_frames(snapshot)?;
        self.check_slots(snapshot, &frames)?;
        let protected = number_protected(&mut frames);
        let mut execution = Execution::default();
        let account = &mut self.heap.account;
        let reserved = execution
            .ensure(account, 1, snapshot.stack.len())
            .and_then(|()| {
                crate::heap::account::reserve(account, &mut execution.frames, frames.len() + 1)
            })
            .and_then(|()| {
                let count = snapshot.open_cells.len();
                crate::heap::account::reserve(account, &mut execution.open, count)
            })
            .and_then(|()| {
                let count = snapshot.to_close.len();
                crate::heap::account::reserve(account, &mut execution.to_close, count)
            });
        if reserved.is_err() {
            account.release(execution.owned_bytes());
            return invalid("not enough memory");
        }
        execution.stack[..snapshot.stack.len()].copy_from_slice(&snapshot.stack);
        execution.frames.extend(frames);
        execution.to_close.extend(&snapshot.to_close);
        execution.top = snapshot.stack.len();
        execution.protected = protected;
        for &(slot, cell) in &snapshot.open_cells {
            execution.open.push(OpenUpvalue { slot, cell });
            let object = &mut self.heap.upvalues.items[cell.index()];
            object.thread = Some(thread);
            object.slot = slot;
        }
        let object = &mut self.heap.threads.items[thread.index()];
        object.status = if snapshot.dead { Status::Dead } else { Status::Suspended };
        object.failure = snapshot.failure;
        object.execution = execution;
        self.heap.thread_barrier(thread);
        Ok(())
    }

    fn check_slots(
        &self,
        snapshot: &CoroutineSnapshot,
        frames: &[Frame],
    ) -> Result<(), InvalidSnapshot> {
        let len = snapshot.stack.len();
        if len > self.limits.stack_slots_max {
            return invalid("the stack is too large");
        }
        if frames.is_empty() && !snapshot.dead && len < 2 {
            return invalid("it has nothing to run");
        }
        let mut last = 0;
        for &(slot, cell) in &snapshot.open_cells {
            let free = self.heap.upvalues.items[cell.index()].thread.is_none();
            if slot <= last || slot as usize >= len || !free {
                return invalid("an open variable is out of place");
            }
            last = slot;
        }
        let mut cells: Vec<_> = snapshot.open_cells.iter().map(|(_, cell)| cell.index()).collect();
        cells.sort_unstable();
        if cells.windows(2).any(|pair| pair[0] == pair[1]) {
            return invalid("a variable is open at two slots");
        }
        let mut last = 0;
        for &slot in &snapshot.to_close {
            if slot <= last || slot as usize >= len {
                return invalid("a variable to be closed is out of place");
            }
            last = slot;
        }
        Ok(())
    }

    fn checked_frames(&self, snapshot: &CoroutineSnapshot) -> Result<Vec<Frame>, InvalidSnapshot> {
        let mut frames: Vec<Frame> = Vec::with_capacity(snapshot.frames.len());
        if snapshot.frames.len() > self.limits.call_depth_max {
            return invalid("too many frames");
        }
        for (index, image) in snapshot.frames.iter().enumerate() {
            let Some(&kind) = KINDS.get(image.kind as usize) else {
                return invalid("a frame of unknown kind");
            };
            let (closure, proto) = match (kind, image.function.as_closure_proto()) {
                (FrameKind::Lua, Some(parts)) => parts,
                (FrameKind::Lua, None) => return invalid("a Lua frame without its function"),
                _ => (ClosureId(0), ProtoId(0)),
            };
            let &FrameSnapshot { pc, base, wanted, flags, extra, .. } = image;
            let frame = Frame { closure, proto, pc, base, wanted, kind, flags, extra };
            let is_first = index == 0;
            let is_last = index + 1 == snapshot.frames.len();
            if (kind == FrameKind::Bottom) != is_first || (kind == FrameKind::Yield) != is_last {
                return invalid("a frame out of place");
            }
            if let Some(below) = frames.last() {
                self.check_pair(below, &frame)?;
            }
            self.check_frame(snapshot, &frame)?;
            frames.push(frame);
        }
        Ok(frames)
    }

    /// A frame by itself: everything it names lies within the stack.
    fn check_frame(
        &self,
        snapshot: &CoroutineSnapshot,
        frame: &Frame,
    ) -> Result<(), InvalidSnapshot> {
        let (base, len) = (frame.base as usize, snapshot.stack.len());
        if base == 0 || base > len || frame.extra as usize > len {
            return invalid("a frame outside the stack");
        }
        if frame.kind != FrameKind::Lua {
            let reaches = frame.kind != FrameKind::ProtectedCallWithHandler || base + 1 < len;
            return if reaches { Ok(()) } else { invalid("a handler outside the stack") };
        }
        let head = self.heap.heads[frame.proto.index()];
        if frame.pc == 0 || frame.pc >= head.code_count {
            return invalid("a program counter outside the function");
        }
        if head.is_vararg {
            let count = snapshot.stack[base - 1].as_integer().unwrap_or(-1);
            let room = base as i64 - 2 - head.parameter_count as i64;
            if count < 0 || count >= room.max(0) {
                return invalid("variable arguments outside the stack");
            }
        }
        self.check_next_instruction(snapshot, frame)
    }

    /// Where open results are consumed, they must be there.
    fn check_next_instruction(
        &self,
        snapshot: &CoroutineSnapshot,
        frame: &Frame,
    ) -> Result<(), InvalidSnapshot> {
        let i = self.word(frame.proto, frame.pc as usize);
        let consumes = matches!(oc::opcode(i), op::CALL | op::TAILCALL | op::RETURN | op::SETLIST)
            && oc::b(i) == 0;
        let first = frame.base as usize + oc::a(i) + 1;
        if consumes && snapshot.stack.len() < first {
            return invalid("open results outside the stack");
        }
        Ok(())
    }

    /// A frame and the one below it: results have somewhere to go.
    fn check_pair(&self, below: &Frame, frame: &Frame) -> Result<(), InvalidSnapshot> {
        if frame.base <= below.base {
            return invalid("frames overlap");
        }
        let meta = frame.flags & flag::META != 0;
        let slow = frame.wanted & RETURN_SLOW != 0;
        let above_lua = below.kind == FrameKind::Lua;
        if meta && (!above_lua || !slow) || !meta && slow == above_lua {
            return invalid("a frame that cannot return");
        }
        if !above_lua {
            return Ok(());
        }
        let head = self.heap.heads[below.proto.index()];
        let end = (below.base + head.register_count as u32) as usize;
        if !meta {
            let results = (frame.wanted as usize).saturating_sub(1);
            if frame.wanted > 256 || frame.base as usize - 1 + results > end + 8 {
                return invalid("results outside the registers");
            }
            return Ok(());
        }
        let i = self.word(below.proto, below.pc as usize - 1);
        if oc::opcode(i) == op::CONCAT {
            let first = below.base as usize + oc::a(i);
            let slot = frame.pc as usize;
            if frame.kind != FrameKind::PassThrough || slot < first || slot >= first + oc::b(i) {
                return invalid("a concatenation that cannot go on");
            }
        }
        if oc::opcode(i) == op::RETURN && (below.extra as usize) < below.base as usize + oc::a(i) {
            return invalid("results that cannot be returned");
        }
        Ok(())
    }
}
