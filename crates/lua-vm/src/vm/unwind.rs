//! Errors: from where they are thrown to the frame that catches them.

use super::{Throw, Vm, names};
use crate::heap::thread::{FrameKind, flag};
use crate::value::Value;

/// Frames and slots that a message handler has beyond the limits.
const HANDLER_FRAMES: usize = 64;
const HANDLER_SLOTS: usize = 4096;

impl Vm {
    /// Takes the value that a throw carries: the throw ends here, and a next one is another one.
    pub fn thrown_value(&mut self, throw: Throw) -> Value {
        self.handled = false;
        match throw {
            Throw::Error => self.thrown,
            Throw::Memory => Value::short_string(names::NOT_ENOUGH_MEMORY),
            Throw::Interrupted => {
                let message = self.limits.interruption.map_or("interrupted", |i| i.message());
                self.heap
                    .string(message.as_bytes())
                    .unwrap_or(Value::short_string(names::NOT_ENOUGH_MEMORY))
            }
        }
    }

    /// Hands a thrown value to the innermost frame that catches it. `Err` means that no frame
    /// above the innermost boundary does; everything above the boundary is gone then.
    pub(crate) fn unwind(&mut self, throw: Throw) -> Result<(), Throw> {
        if throw == Throw::Interrupted {
            self.drop_to_boundary();
            return Err(throw);
        }
        let mut throw = throw;
        if throw == Throw::Memory {
            self.thrown = Value::short_string(names::NOT_ENOUGH_MEMORY);
        } else if !self.handled {
            throw = self.call_handler()?;
        }
        self.handled = true;
        loop {
            let Some(index) = self.innermost_catcher() else {
                // Nothing catches it in this thread and no boundary is there: a bare driver.
                return Err(throw);
            };
            match self.execution.frames[index].kind {
                FrameKind::Boundary => {
                    self.drop_boundary(index);
                    return Err(throw);
                }
                FrameKind::Bottom => {
                    let thread = self.current;
                    let error = self.thrown;
                    self.leave_for_resumer();
                    self.handled = false;
                    if self.coroutine_failed(thread, error)? {
                        return Ok(());
                    }
                    throw = self.call_handler()?;
                    self.handled = true;
                }
                _ => {
                    self.catch(index);
                    if throw == Throw::Memory {
                        // Now what the failed call held is garbage.
                        self.collect_all();
                    }
                    return Ok(());
                }
            }
        }
    }

    /// The innermost frame of the running thread at which an error stops.
    fn innermost_catcher(&self) -> Option<usize> {
        let stops = |kind: FrameKind| {
            matches!(
                kind,
                FrameKind::Boundary
                    | FrameKind::Bottom
                    | FrameKind::ProtectedCall
                    | FrameKind::ProtectedCallWithHandler
                    | FrameKind::ProtectedClose
            )
        };
        self.execution.frames.iter().rposition(|frame| stops(frame.kind))
    }

    /// Lets a `pcall` frame return false and the thrown value, once all variables are closed.
    fn catch(&mut self, index: usize) {
        self.handled = false;
        self.execution.frames.truncate(index + 1);
        self.give_back_reserve();
        self.execution.protected = self.execution.frames[index].pc;
        self.set_kind(FrameKind::ProtectedClose);
        let base = self.execution.frames[index].base as usize;
        self.execution.stack[base - 1] = self.thrown;
        self.execution.top = base;
    }

    /// Lets the message handler see an error that a native function throws and catches itself.
    pub fn show_to_handler(&mut self, throw: Throw) -> Throw {
        if throw != Throw::Error || self.handled {
            return throw;
        }
        self.call_handler().unwrap_or_else(|throw| throw)
    }

    /// Calls the handler of the innermost `xpcall` of this thread, where the error was thrown.
    fn call_handler(&mut self) -> Result<Throw, Throw> {
        let catches = |kind: FrameKind| {
            matches!(
                kind,
                FrameKind::ProtectedCall
                    | FrameKind::ProtectedCallWithHandler
                    | FrameKind::ProtectedClose
            )
        };
        let Some(frame) = self.execution.frames.iter().rfind(|frame| catches(frame.kind)) else {
            return Ok(Throw::Error);
        };
        if frame.flags & flag::HANDLER == 0 {
            return Ok(Throw::Error);
        }
        let handler = self.execution.stack[frame.base as usize];
        // A handler that fails is called for its own error, until the limit on nested calls. It
        // needs some room even if the stack overflowed.
        let was_overflowed = self.limits.overflowed;
        self.limits.overflowed |= self.is_stack_full();
        let frames_max = self.limits.call_depth_max;
        self.limits.call_depth_max = frames_max.max(self.execution.frames.len()) + HANDLER_FRAMES;
        self.limits.stack_slots_max += HANDLER_SLOTS;
        let native_depth_max = self.limits.native_depth_max;
        self.limits.native_depth_max = super::run::HANDLER_DEPTH_MAX;
        let outcome = self.call_value(handler, &[self.thrown]);
        self.limits.call_depth_max = frames_max;
        self.limits.stack_slots_max -= HANDLER_SLOTS;
        self.limits.native_depth_max = native_depth_max;
        self.limits.overflowed = was_overflowed;
        match outcome {
            Ok(value) => self.thrown = value,
            Err(Throw::Interrupted) => {
                self.drop_to_boundary();
                return Err(Throw::Interrupted);
            }
            Err(Throw::Memory) => self.thrown = Value::short_string(names::NOT_ENOUGH_MEMORY),
            Err(Throw::Error) => {}
        }
        Ok(Throw::Error)
    }

    /// Frames that a handler had beyond the limit: calls check the limit only where they would
    /// have to make room.
    fn give_back_reserve(&mut self) {
        let (old, most) = (self.execution.frames.capacity(), self.limits.call_depth_max);
        if old > most {
            self.execution.frames.shrink_to(most);
            let freed = old - self.execution.frames.capacity();
            self.heap.account.release(freed * size_of::<crate::heap::thread::Frame>());
        }
    }

    fn is_stack_full(&self) -> bool {
        self.execution.frames.len() + HANDLER_FRAMES > self.limits.call_depth_max
            || self.extent() + HANDLER_SLOTS > self.limits.stack_slots_max
    }

    /// The stack is full. While the handler of such an error runs, nothing more is handled.
    #[cold]
    pub(crate) fn stack_overflow<T>(&mut self) -> Result<T, Throw> {
        if self.limits.overflowed {
            self.handled = true;
            return self.throw(Value::short_string(names::ERROR_IN_HANDLING));
        }
        self.throw_message("stack overflow")
    }

    /// Drops a boundary frame and all above it.
    fn drop_boundary(&mut self, index: usize) {
        self.execution.protected = self.execution.frames[index].pc;
        self.execution.frames.truncate(index);
        self.execution.boundaries -= 1;
    }

    /// Drops all frames above the innermost boundary without running any Lua code; coroutines on
    /// the way die.
    fn drop_to_boundary(&mut self) {
        loop {
            let stops = |kind| matches!(kind, FrameKind::Boundary | FrameKind::Bottom);
            match self.execution.frames.iter().rposition(|frame| stops(frame.kind)) {
                Some(index) if self.execution.frames[index].kind == FrameKind::Bottom => {
                    let thread = self.current;
                    self.close_upvalues(0);
                    self.leave_for_resumer();
                    self.kill(thread, None);
                }
                Some(index) => {
                    self.drop_boundary(index);
                    return;
                }
                None => return,
            }
        }
    }
}
