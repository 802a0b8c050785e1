//! Coroutines: switching swaps execution states and copies values; nothing recurses.

use super::{Signal, Throw, Vm};
use crate::heap::thread::{Execution, Frame, FrameKind, RETURN_SLOW, Status};
use crate::value::{ThreadId, Value};

/// Coroutines that may wait for each other in a row; PUC-Rio's limit on C calls.
const RESUME_DEPTH_MAX: u32 = 195;

/// In the `pc` of a coroutine's bottom frame: its native function is still to be called.
pub(super) const UNSTARTED: u32 = 1;

impl Vm {
    /// Makes a suspended coroutine that will run `function`.
    ///
    /// # Errors
    /// A heap without room.
    pub fn create_coroutine(&mut self, function: Value) -> Result<ThreadId, Throw> {
        let thread = self.heap.thread()?;
        let mut execution = Execution::default();
        if let Err(error) = execution.ensure(&mut self.heap.account, 2, 0) {
            self.heap.threads.items[thread.index()].status = Status::Dead;
            return Err(error.into());
        }
        execution.stack[1] = function;
        execution.top = 2;
        self.heap.threads.items[thread.index()].execution = execution;
        Ok(thread)
    }

    /// A coroutine's status as `coroutine.status` names it.
    pub fn coroutine_status(&self, thread: ThreadId) -> Status {
        self.heap.threads.items[thread.index()].status
    }

    /// The running coroutine, and whether it is the main thread.
    pub fn running(&self) -> (ThreadId, bool) {
        (self.current, self.current.index() == 0)
    }

    /// Whether the running function could yield.
    pub fn is_yieldable(&self) -> bool {
        self.current.index() != 0 && self.execution.boundaries == 0
    }

    /// Whether a coroutine that does not run could yield if it did.
    pub fn is_thread_yieldable(&self, thread: ThreadId) -> bool {
        let execution = &self.heap.threads.items[thread.index()].execution;
        thread.index() != 0 && execution.boundaries == 0
    }

    pub(crate) fn resume(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        let Some(thread) = self.execution.stack[base].as_thread().filter(|_| count > 0) else {
            let got = if count == 0 {
                "no value".into()
            } else {
                self.type_name(self.execution.stack[base])
            };
            let message = format!("thread expected, got {}", String::from_utf8_lossy(&got));
            return Err(self.bad_argument::<()>(0, &message).unwrap_err().into());
        };
        self.set_kind(FrameKind::Resume);
        match self.switch_into(thread, base + 1, count - 1) {
            Ok(()) => Ok(()),
            Err(throw) if throw == Throw::Interrupted => Err(throw.into()),
            Err(throw) => {
                let message = self.thrown_value(throw);
                self.deliver(false, &[message])
            }
        }
    }

    pub(crate) fn resume_wrapped(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        let function = self.execution.stack[base - 1];
        let crate::Kind::NativeClosure(id) = function.kind() else {
            return Err(self.throw_message::<()>("not a wrapped coroutine").unwrap_err().into());
        };
        let value = self.heap.natives.items[id.index()].values.first().copied();
        let Some(thread) = value.and_then(|value| value.as_thread()) else {
            return Err(self.throw_message::<()>("not a wrapped coroutine").unwrap_err().into());
        };
        self.set_kind(FrameKind::Wrap);
        match self.switch_into(thread, base, count) {
            Ok(()) => Ok(()),
            Err(throw) => {
                let error = self.thrown_value(throw);
                self.thrown = self.with_position(error)?;
                Err(throw.into())
            }
        }
    }

    /// Makes `thread` the running one and gives it values from the stack of the one that was.
    fn switch_into(&mut self, thread: ThreadId, first: usize, count: usize) -> Result<(), Throw> {
        match self.heap.threads.items[thread.index()].status {
            Status::Suspended => {}
            Status::Dead => return self.throw_plain("cannot resume dead coroutine"),
            _ => return self.throw_plain("cannot resume non-suspended coroutine"),
        }
        if self.resume_depth >= RESUME_DEPTH_MAX {
            return self.throw_plain("C stack overflow");
        }
        let target = &mut self.heap.threads.items[thread.index()].execution;
        let top = target.top;
        target.ensure(&mut self.heap.account, top, count + 1)?;
        let values = &self.execution.stack[first..first + count];
        target.stack[top..top + count].copy_from_slice(values);
        target.top = top + count;
        self.heap.threads.items[self.current.index()].status = Status::Normal;
        self.heap.threads.items[thread.index()].resumer = Some(self.current);
        self.heap.threads.items[thread.index()].status = Status::Running;
        self.resume_depth += 1;
        self.make_current(thread);
        match self.execution.frames.last_mut() {
            // Its `yield` returns the values.
            Some(frame) => {
                frame.extra = top as u32;
                Ok(())
            }
            None => self.begin_coroutine(),
        }
    }

    fn begin_coroutine(&mut self) -> Result<(), Throw> {
        let bottom = Frame::native(FrameKind::Bottom, 1, RETURN_SLOW);
        let begun = match self.push_frame(bottom) {
            Ok(()) if self.execution.stack[1].as_closure().is_some() => {
                self.call_at(1, RETURN_SLOW)
            }
            Ok(()) => {
                // A native function may run Lua code at once: an error of that is the driver's.
                if let Some(bottom) = self.execution.frames.last_mut() {
                    bottom.pc = UNSTARTED;
                }
                Ok(())
            }
            Err(throw) => Err(throw.into()),
        };
        match begun {
            // Whatever else it is, the driver sees it in the new thread's frames.
            Ok(()) | Err(Signal::Returned | Signal::Waiting | Signal::Reenter) => Ok(()),
            Err(Signal::Throw(throw)) => {
                let error = self.thrown_value(throw);
                let thread = self.current;
                self.leave_for_resumer();
                self.kill(thread, Some(error));
                self.thrown = error;
                Err(if throw == Throw::Memory { Throw::Error } else { throw })
            }
        }
    }

    /// Swaps execution states.
    fn make_current(&mut self, thread: ThreadId) {
        self.store_hook();
        let state = std::mem::take(&mut self.heap.threads.items[thread.index()].execution);
        let old = std::mem::replace(&mut self.execution, state);
        self.heap.threads.items[self.current.index()].execution = old;
        self.heap.thread_barrier(self.current);
        self.current = thread;
        self.refresh_hook();
    }

    /// Makes the resumer of the running thread the running one.
    pub(crate) fn leave_for_resumer(&mut self) {
        let resumer = self.heap.threads.items[self.current.index()].resumer.take();
        let resumer = resumer.unwrap_or(ThreadId(0));
        self.resume_depth = self.resume_depth.saturating_sub(1);
        self.make_current(resumer);
        self.heap.threads.items[resumer.index()].status = Status::Running;
    }

    pub(crate) fn yield_values(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        if !self.is_yieldable() {
            let message = if self.current.index() == 0 {
                "attempt to yield from outside a coroutine"
            } else {
                "attempt to yield across a C-call boundary"
            };
            return Err(self.throw_message::<()>(message).unwrap_err().into());
        }
        self.set_kind(FrameKind::Yield);
        self.hand_over(base, count, Status::Suspended)
    }

    /// The function at the bottom has returned.
    pub(crate) fn finish_coroutine(&mut self, first: usize) -> Result<(), Signal> {
        let count = self.execution.top - first;
        let thread = self.current;
        self.hand_over(first, count, Status::Dead)?;
        self.kill(thread, None);
        Ok(())
    }

    /// Leaves the running thread with a status and gives values to its resumer.
    fn hand_over(&mut self, first: usize, count: usize, status: Status) -> Result<(), Signal> {
        let thread = self.current;
        if status == Status::Suspended {
            self.execution.top = first;
        }
        self.leave_for_resumer();
        self.heap.threads.items[thread.index()].status = status;
        let top = self.execution.top;
        self.ensure_stack(top, count + 1)?;
        let source = &self.heap.threads.items[thread.index()].execution;
        self.execution.stack[top] = Value::TRUE;
        self.execution.stack[top + 1..top + 1 + count]
            .copy_from_slice(&source.stack[first..first + count]);
        self.execution.top = top + 1 + count;
        self.return_to_resume(top)
    }

    /// Lets the `resume` or wrapped function on top return; true or false stands at `first`.
    fn return_to_resume(&mut self, first: usize) -> Result<(), Signal> {
        let wrapped =
            self.execution.frames.last().is_some_and(|frame| frame.kind == FrameKind::Wrap);
        let first = first + wrapped as usize;
        self.finish_native(first, self.execution.top - first)
    }

    fn deliver(&mut self, success: bool, values: &[Value]) -> Result<(), Signal> {
        let first = self.execution.top;
        self.push(Value::boolean(success))?;
        for &value in values {
            self.push(value)?;
        }
        self.return_to_resume(first)
    }

    /// A coroutine died of an error: `resume` returns it (then true is returned here), a wrapped
    /// function throws it again.
    pub(crate) fn coroutine_failed(
        &mut self,
        thread: ThreadId,
        error: Value,
    ) -> Result<bool, Throw> {
        let state = &mut self.heap.threads.items[thread.index()];
        state.status = Status::Dead;
        state.failure = Some(error);
        self.heap.mark_if_marking(error);
        let resumed =
            self.execution.frames.last().is_some_and(|frame| frame.kind == FrameKind::Resume);
        if resumed {
            return match self.deliver(false, &[error]) {
                Ok(()) => Ok(true),
                Err(Signal::Throw(throw)) => Err(throw),
                Err(_) => Ok(true),
            };
        }
        let error = self.close_coroutine(thread)?.unwrap_or(error);
        self.thrown = self.with_position(error)?;
        Ok(false)
    }

    /// Frees a dead coroutine's stack.
    pub(crate) fn kill(&mut self, thread: ThreadId, failure: Option<Value>) {
        let state = &mut self.heap.threads.items[thread.index()];
        state.status = Status::Dead;
        state.failure = failure;
        let execution = std::mem::take(&mut state.execution);
        for open in &execution.open {
            let value = execution.stack[open.slot as usize];
            self.heap.close_cell(open.cell, value);
        }
        self.heap.account.release_early(execution.owned_bytes());
        self.heap.mark_if_marking(failure.unwrap_or(Value::NIL));
    }

    /// Closes a suspended or dead coroutine; returns the error it died of or that closing threw.
    ///
    /// # Errors
    /// Only limits; errors of `__close` metamethods are the result.
    pub fn close_coroutine(&mut self, thread: ThreadId) -> Result<Option<Value>, Throw> {
        let failure = self.heap.threads.items[thread.index()].failure.take();
        if self.heap.threads.items[thread.index()].execution.to_close.is_empty() {
            self.kill(thread, None);
            return Ok(failure);
        }
        let caller = self.current;
        self.heap.threads.items[thread.index()].resumer = Some(caller);
        self.heap.threads.items[thread.index()].status = Status::Running;
        self.heap.threads.items[caller.index()].status = Status::Normal;
        self.make_current(thread);
        self.execution.frames.clear();
        let error = self.close_all(0, failure);
        self.leave_for_resumer();
        self.resume_depth += 1;
        self.kill(thread, None);
        match self.limits.interruption {
            Some(_) => Err(Throw::Interrupted),
            None => Ok(error),
        }
    }
}
