//! Debug hooks: calls of a Lua function on calls, returns, lines and instruction counts.

use super::{Signal, Vm};
use crate::heap::thread::{FrameKind, flag};
use crate::opcode::{self as oc, op};
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
    /// Instructions until the next count event.
    countdown: u32,
    /// The instruction that ran last, to tell new lines.
    last_pc: u32,
}

impl Default for Hook {
    fn default() -> Hook {
        Hook { function: Value::NIL, mask: HookMask::default(), countdown: 0, last_pc: 0 }
    }
}

/// The state of the running thread's hook.
#[derive(Debug, Default)]
pub(crate) struct Active {
    on: bool,
    /// A hook is running: it is not hooked itself.
    inside: bool,
    hook: Hook,
    /// The values that the event is about: the number of the first one and their count.
    transfer: (usize, usize),
}

/// What a hook is called for.
#[derive(Clone, Copy)]
struct Event {
    name: &'static str,
    line: Value,
    transfer: (usize, usize),
    /// Instructions that the hook sees as executed already.
    ahead: u32,
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

    pub fn transferred(&self) -> (usize, usize) {
        self.transfer
    }
}

impl Vm {
    /// Sets the hook of a thread; an empty mask removes it.
    pub fn set_hook(&mut self, thread: crate::ThreadId, function: Value, mask: HookMask) {
        self.store_hook();
        let last_pc = self.heap.threads.items[thread.index()].hook.last_pc;
        let hook = match mask.is_empty() {
            true => Hook::default(),
            false => Hook { function, mask, countdown: mask.count, last_pc },
        };
        self.heap.threads.items[thread.index()].hook = hook;
        self.heap.mark_if_marking(hook.function);
        if thread == self.current {
            self.refresh_hook();
        }
    }

    /// The hook of a thread.
    pub fn hook(&self, thread: crate::ThreadId) -> (Value, HookMask) {
        let hook = self.heap.threads.items[thread.index()].hook;
        (hook.function, hook.mask)
    }

    /// Before the running thread changes: keeps how far its hook has come.
    pub(crate) fn store_hook(&mut self) {
        if self.hook.on {
            self.heap.threads.items[self.current.index()].hook = self.hook.hook;
        }
    }

    /// After the running thread or its hook has changed.
    pub(crate) fn refresh_hook(&mut self) {
        let hook = self.heap.threads.items[self.current.index()].hook;
        self.hook.on = !hook.mask.is_empty();
        self.hook.hook = hook;
    }

    #[inline(always)]
    pub(crate) fn hook_active(&self) -> bool {
        self.hook.active()
    }

    /// Before an instruction: count and line events. The program counter is saved.
    pub(crate) fn run_hook(&mut self) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        if frame.pc == 0 && self.heap.heads[frame.proto.index()].is_vararg {
            return Ok(()); // The function begins after its arguments were arranged.
        }
        if oc::opcode(self.word(frame.proto, frame.pc as usize)) == op::TFORLOOP {
            return Ok(()); // The second half of the instruction before.
        }
        let mask = self.hook.hook.mask;
        if mask.count > 0 {
            self.hook.hook.countdown = self.hook.hook.countdown.saturating_sub(1);
            if self.hook.hook.countdown == 0 {
                self.hook.hook.countdown = mask.count;
                self.call_hook(Event::new("count", Value::NIL))?;
            }
        }
        if mask.line && self.hook.active() {
            let last_pc = std::mem::replace(&mut self.hook.hook.last_pc, frame.pc);
            let line = self.line_at(frame.proto, frame.pc);
            // A backward jump is a new line even if it is the same one.
            if frame.pc <= last_pc || line != self.line_at(frame.proto, last_pc) {
                let line = line.map_or(Value::NIL, |line| Value::integer(line.into()));
                self.call_hook(Event::new("line", line))?;
            }
        }
        Ok(())
    }

    /// After a frame was pushed.
    pub(crate) fn hook_call(&mut self) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let is_lua = frame.kind == FrameKind::Lua;
        let mut count = self.execution.top.saturating_sub(frame.base as usize);
        if is_lua {
            let head = self.heap.heads[frame.proto.index()];
            if head.is_vararg && frame.pc == 0 {
                return Ok(()); // Called again when the arguments are arranged.
            }
            count = head.parameter_count as usize;
            self.hook.hook.last_pc = 0;
        }
        if self.hook.hook.mask.call {
            let is_tail = frame.flags & flag::TAIL != 0;
            let event = Event::new(if is_tail { "tail call" } else { "call" }, Value::NIL);
            self.call_hook(Event { transfer: (1, count), ahead: is_lua.into(), ..event })?;
        }
        if is_lua {
            self.hook.hook.last_pc = frame.pc; // The next instruction is on a new line.
        }
        Ok(())
    }

    /// Before a frame is popped that returns `count` values from the slot `first` on.
    pub(crate) fn hook_return(&mut self, first: usize, count: usize) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        if self.hook.hook.mask.ret {
            let number = (first + 1).saturating_sub(frame.base as usize);
            let event = Event::new("return", Value::NIL);
            self.call_hook(Event { transfer: (number, count), ahead: 0, ..event })?;
        }
        let frames = &self.execution.frames;
        if let Some(below) = frames.len().checked_sub(2).map(|index| frames[index])
            && below.kind == FrameKind::Lua
        {
            self.hook.hook.last_pc = below.pc.saturating_sub(1);
        }
        Ok(())
    }

    fn call_hook(&mut self, event: Event) -> Result<(), Signal> {
        let name = self.heap.string(event.name.as_bytes())?;
        let (function, top) = (self.hook.hook.function, self.execution.top);
        let slot = self.extent();
        self.place_call(slot, function, &[name, event.line])?;
        let depth = self.execution.frames.len();
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.flags |= flag::HOOK;
            frame.pc += event.ahead;
        }
        let transfer = if event.transfer.1 == 0 { (0, 0) } else { event.transfer };
        let outer = std::mem::replace(&mut self.hook.transfer, transfer);
        self.hook.inside = true;
        let outcome = self.call_nested(slot);
        self.hook.inside = false;
        self.hook.transfer = outer;
        if let Some(frame) = self.execution.frames.get_mut(depth - 1) {
            frame.flags &= !flag::HOOK;
        }
        outcome?;
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.pc -= event.ahead;
        }
        self.execution.top = top;
        Ok(())
    }
}

impl Event {
    fn new(name: &'static str, line: Value) -> Event {
        Event { name, line, transfer: (0, 0), ahead: 1 }
    }
}
