//! Debug hooks: calls of a Lua function on calls, returns, lines and instruction counts.

use super::{Signal, Vm};
use crate::heap::thread::{FrameKind, flag};
use crate::value::Value;

/// What a hook asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookMask {
    /// On calls.
    pub call: bool,
    /// On returns.
    pub ret: bool,
    /// On new lines.
    pub line: bool,
    /// Every so many instructions; 0 is never.
    pub count: u32,
}

impl HookMask {
    fn is_empty(&self) -> bool {
        *self == HookMask::default()
    }
}

/// The hook of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    pub(crate) function: Value,
    pub(crate) mask: HookMask,
}

impl Default for Hook {
    fn default() -> Hook {
        Hook { function: Value::NIL, mask: HookMask::default() }
    }
}

/// The state of the running thread's hook.
#[derive(Debug, Default)]
pub(crate) struct Active {
    on: bool,
    /// A hook is running: it is not hooked itself.
    inside: bool,
    hook: Hook,
    countdown: u32,
    /// Frame depth and instruction seen last, to tell new lines.
    last_depth: usize,
    last_pc: u32,
}

impl Active {
    #[inline(always)]
    pub fn active(&self) -> bool {
        self.on && !self.inside
    }

    /// Whether the hook may want to know of the next instruction.
    #[inline(always)]
    pub fn pending(&self) -> bool {
        self.active() && (self.hook.mask.line || self.hook.mask.count > 0)
    }
}

impl Vm {
    /// Sets the hook of a thread; an empty mask removes it.
    pub fn set_hook(&mut self, thread: crate::ThreadId, function: Value, mask: HookMask) {
        let hook = if mask.is_empty() { Hook::default() } else { Hook { function, mask } };
        self.heap.threads.items[thread.index()].hook = hook;
        if thread == self.current {
            self.refresh_hook();
        }
    }

    /// The hook of a thread.
    pub fn hook(&self, thread: crate::ThreadId) -> (Value, HookMask) {
        let hook = self.heap.threads.items[thread.index()].hook;
        (hook.function, hook.mask)
    }

    pub(crate) fn refresh_hook(&mut self) {
        let hook = self.heap.threads.items[self.current.index()].hook;
        self.hook.on = !hook.mask.is_empty();
        self.hook.hook = hook;
        self.hook.countdown = hook.mask.count;
        self.hook.last_depth = usize::MAX;
    }

    #[inline(always)]
    pub(crate) fn hook_active(&self) -> bool {
        self.hook.active()
    }

    /// Before an instruction: count and line events. The program counter is saved.
    pub(crate) fn run_hook(&mut self) -> Result<(), Signal> {
        let mask = self.hook.hook.mask;
        if mask.count > 0 {
            self.hook.countdown = self.hook.countdown.saturating_sub(1);
            if self.hook.countdown == 0 {
                self.hook.countdown = mask.count;
                self.call_hook("count", Value::NIL)?;
            }
        }
        if mask.line {
            self.line_event()?;
        }
        Ok(())
    }

    fn line_event(&mut self) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let depth = self.execution.frames.len();
        let (last_depth, last_pc) = (self.hook.last_depth, self.hook.last_pc);
        self.hook.last_depth = depth;
        self.hook.last_pc = frame.pc;
        let function = &self.heap.protos.items[frame.proto.index()].function;
        if function.line_info.is_empty() {
            return Ok(());
        }
        let head = self.heap.heads[frame.proto.index()];
        if head.is_vararg && frame.pc == 0 {
            return Ok(());
        }
        let line = self.line_at(frame.proto, frame.pc);
        // A backward jump is a new line even if it is the same one.
        let same =
            last_depth == depth && frame.pc > last_pc && self.line_at(frame.proto, last_pc) == line;
        if !same {
            self.call_hook("line", Value::integer(line.unwrap_or(0) as i64))?;
        }
        Ok(())
    }

    /// After a frame was pushed.
    pub(crate) fn hook_call(&mut self, tail: bool) -> Result<(), Signal> {
        self.hook.last_depth = usize::MAX;
        if self.hook.hook.mask.call {
            self.call_hook(if tail { "tail call" } else { "call" }, Value::NIL)?;
        }
        Ok(())
    }

    /// Before a frame is popped.
    pub(crate) fn hook_return(&mut self) -> Result<(), Signal> {
        self.hook.last_depth = usize::MAX;
        if self.hook.hook.mask.ret {
            self.call_hook("return", Value::NIL)?;
        }
        Ok(())
    }

    fn call_hook(&mut self, event: &str, line: Value) -> Result<(), Signal> {
        let event = self.heap.string(event.as_bytes())?;
        let (function, top) = (self.hook.hook.function, self.execution.top);
        let slot = match self.execution.frames.last() {
            Some(frame) if frame.kind == FrameKind::Lua => self.extent().max(top),
            _ => top,
        };
        self.place_call(slot, function, &[event, line])?;
        self.hook.inside = true;
        let outcome = self.call_nested_flagged(slot, flag::HOOK);
        self.hook.inside = false;
        self.execution.top = top;
        outcome?;
        Ok(())
    }

    fn call_nested_flagged(&mut self, slot: usize, flags: u8) -> Result<usize, super::Throw> {
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.flags |= flags;
        }
        let depth = self.execution.frames.len();
        let outcome = self.call_nested(slot);
        if let Some(frame) = self.execution.frames.get_mut(depth - 1) {
            frame.flags &= !flags;
        }
        outcome
    }
}
