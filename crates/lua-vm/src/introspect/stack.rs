//! The call stack of a coroutine: what runs at each level, where, and its local variables.

use crate::debug_info::{self, Name, NameKind};
use crate::heap::thread::{Execution, Frame, FrameKind, flag};
use crate::value::{ThreadId, Value};
use crate::vm::Vm;
use crate::vm::error::ProtoView;

/// One level of a call stack; valid until the coroutine runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    thread: ThreadId,
    frame: usize,
}

/// A value on a call stack and how the debug library calls it.
#[derive(Clone, Debug)]
pub struct Local {
    /// The variable's name, or one in parentheses for what has none.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Value,
}

impl Vm {
    fn execution_of(&self, thread: ThreadId) -> &Execution {
        if thread == self.current {
            &self.execution
        } else {
            &self.heap.threads.items[thread.index()].execution
        }
    }

    /// A level of a coroutine's call stack; 0 is the innermost. `None` beyond the outermost one.
    ///
    /// A native function that runs sees itself as level 0 of the running coroutine.
    pub fn level(&self, thread: ThreadId, number: usize) -> Option<Level> {
        let frames = &self.execution_of(thread).frames;
        let mut visible = (0..frames.len()).rev().filter(|&index| frames[index].is_visible());
        visible.nth(number).map(|frame| Level { thread, frame })
    }

    /// The number of levels of a coroutine's call stack.
    pub fn level_count(&self, thread: ThreadId) -> usize {
        self.execution_of(thread).frames.iter().filter(|frame| frame.is_visible()).count()
    }

    fn frame_at(&self, level: Level) -> Option<Frame> {
        self.execution_of(level.thread).frames.get(level.frame).copied()
    }

    /// The function that runs at a level.
    pub fn function_at(&self, level: Level) -> Value {
        let Some(frame) = self.frame_at(level) else { return Value::NIL };
        match frame.kind {
            FrameKind::Lua => Value::closure(frame.closure, frame.proto),
            // The function's slot holds the error by then.
            FrameKind::ProtectedClose => {
                self.find_native("pcall").map_or(Value::NIL, Value::native)
            }
            _ => self.execution_of(level.thread).stack[frame.base as usize - 1],
        }
    }

    /// The line that runs at a level; `None` for native functions and stripped code.
    pub fn line_at_level(&self, level: Level) -> Option<u32> {
        let frame = self.frame_at(level).filter(|frame| frame.kind == FrameKind::Lua)?;
        self.line_at(frame.proto, frame.pc.saturating_sub(1))
    }

    /// Whether the function at a level was called by a tail call, so that its caller is gone.
    pub fn is_tail_call(&self, level: Level) -> bool {
        self.frame_at(level).is_some_and(|frame| frame.flags & flag::TAIL != 0)
    }

    /// A name for the function at a level, as far as the code that called it tells.
    pub fn call_name(&self, level: Level) -> Option<Name> {
        if self.is_tail_call(level) {
            return None;
        }
        let frames = &self.execution_of(level.thread).frames;
        let caller = frames[..level.frame].iter().rfind(|frame| frame.is_caller())?;
        if caller.flags & flag::HOOK != 0 {
            return Some(Name { kind: NameKind::Hook, name: b"?".to_vec() });
        }
        if caller.flags & flag::FINALIZER != 0 {
            return Some(Name { kind: NameKind::Metamethod, name: b"__gc".to_vec() });
        }
        if caller.kind != FrameKind::Lua {
            return None;
        }
        let view = ProtoView { vm: self, proto: caller.proto };
        debug_info::call_name(&view, caller.pc.checked_sub(1)?)
    }

    /// The values that a debug hook may look at: the number of the first one among the level's
    /// locals, and how many there are. Both 0 outside of call and return hooks.
    pub fn transferred(&self, level: Level) -> (usize, usize) {
        match self.frame_at(level) {
            Some(frame) if frame.flags & flag::HOOK != 0 => self.hook.transferred(),
            _ => (0, 0),
        }
    }

    // ---- local variables ----

    /// A local variable of a level: variables and other values from 1, variable arguments from -1.
    pub fn local(&self, level: Level, number: i64) -> Option<Local> {
        let (name, slot) = self.find_local(level, number)?;
        Some(Local { name, value: self.execution_of(level.thread).stack[slot] })
    }

    /// Sets a local variable of a level; returns its name, or `None` if there is no such variable.
    pub fn set_local(&mut self, level: Level, number: i64, value: Value) -> Option<Vec<u8>> {
        let (name, slot) = self.find_local(level, number)?;
        if level.thread == self.current {
            self.execution.stack[slot] = value;
        } else {
            self.heap.threads.items[level.thread.index()].execution.stack[slot] = value;
            self.heap.mark_if_marking(value);
        }
        Some(name)
    }

    fn find_local(&self, level: Level, number: i64) -> Option<(Vec<u8>, usize)> {
        let frame = self.frame_at(level)?;
        let base = frame.base as usize;
        let is_lua = frame.kind == FrameKind::Lua;
        if number < 0 {
            let wanted = usize::try_from(number.checked_neg()?).ok()?;
            let given = if is_lua { self.variable_arguments(level) } else { 0 };
            let slot = (wanted <= given).then(|| base - 1 - given + wanted - 1)?;
            return Some((b"(vararg)".to_vec(), slot));
        }
        let number = usize::try_from(number).ok().filter(|&number| number > 0)?;
        let slot = base.checked_add(number - 1)?;
        if is_lua {
            let function = &self.heap.protos.items[frame.proto.index()].function;
            let pc = frame.pc.saturating_sub(1);
            if let Some(name) = debug_info::local_name(function, number, pc) {
                return Some((name.to_vec(), slot));
            }
        }
        let execution = self.execution_of(level.thread);
        let end = match execution.frames.get(level.frame + 1) {
            Some(next) => next.base as usize - 1,
            None => execution.top,
        };
        let name: &[u8] = if is_lua { b"(temporary)" } else { b"(C temporary)" };
        (slot < end).then(|| (name.to_vec(), slot))
    }

    /// Number of variable arguments that the Lua function at a level was given.
    fn variable_arguments(&self, level: Level) -> usize {
        let Some(frame) = self.frame_at(level) else { return 0 };
        if !self.heap.heads[frame.proto.index()].is_vararg || frame.pc == 0 {
            return 0;
        }
        let slot = frame.base as usize - 1;
        self.execution_of(level.thread).stack[slot].as_integer().unwrap_or(0) as usize
    }
}

impl Frame {
    /// Whether the frame can be said to call what is above it.
    fn is_caller(&self) -> bool {
        let is_meta = self.kind == FrameKind::PassThrough && self.flags & flag::META != 0;
        !is_meta && self.kind != FrameKind::Boundary
    }
}
