//! The driver: runs Lua code from Rust, whole or in steps.

use super::{Signal, Throw, Vm, names};
use crate::heap::thread::{FrameKind, RETURN_SLOW, flag};
use crate::value::{ThreadId, Value};

/// Nested calls from native code into Lua code; PUC-Rio's limit on C calls.
pub(super) const NATIVE_DEPTH_MAX: u32 = 200;
/// The same while a message handler runs, which may have to handle that this limit was reached.
pub(super) const HANDLER_DEPTH_MAX: u32 = 225;

/// Why a driver stopped.
enum Outcome {
    Returned,
    Waiting,
    Paused,
}

/// What a step of a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The step's budget is spent; call [`Vm::step`] again.
    Paused,
    /// A host function waits for its answer; see [`Vm::answer`].
    Waiting,
    /// The run is finished; its results are in [`Vm::results`].
    Done,
}

impl Vm {
    /// Calls a function with the limits set, runs it to its end and returns all results.
    ///
    /// The results are safe from the collector until the next call into the VM; what is needed
    /// for longer is given to [`Vm::keep`].
    ///
    /// # Errors
    /// What the function throws, a limit, or handles of collected objects ([`Vm::is_alive`]).
    pub fn call(&mut self, function: Value, args: &[Value]) -> Result<Vec<Value>, Throw> {
        if self.limits.drivers > 0 {
            self.check_alive(&[function])?;
            self.check_alive(args)?;
            let slot = self.extent();
            self.place_call(slot, function, args)?;
            let count = self.call_nested(slot)?;
            self.execution.top = slot;
            return Ok(self.execution.stack[slot..slot + count].to_vec());
        }
        self.start(function, args)?;
        match self.step(None)? {
            Step::Done => Ok(self.results().to_vec()),
            Step::Paused | Step::Waiting => {
                self.abandon();
                self.throw_message("attempt to wait for a host function in a synchronous call")
            }
        }
    }

    /// Begins a run that [`Vm::step`] carries out.
    ///
    /// # Errors
    /// No room for the arguments, and handles of collected objects ([`Vm::is_alive`]).
    pub fn start(&mut self, function: Value, args: &[Value]) -> Result<(), Throw> {
        if self.limits.drivers > 0 {
            return self.throw_message("attempt to start a run while one is running");
        }
        self.check_alive(&[function])?;
        self.check_alive(args)?;
        self.abandon();
        self.start_limits();
        let slot = 1;
        self.push_boundary(slot)?;
        self.place_call(slot, function, args)?;
        match self.call_at(slot, RETURN_SLOW) {
            Ok(()) | Err(Signal::Returned | Signal::Waiting | Signal::Reenter) => Ok(()),
            Err(Signal::Throw(throw)) => self.recover(throw),
        }
    }

    /// An error before the driver was entered: let the run end with it.
    fn recover(&mut self, throw: Throw) -> Result<(), Throw> {
        match self.unwind(throw) {
            Ok(()) => Ok(()),
            Err(throw) => {
                self.abandon();
                Err(throw)
            }
        }
    }

    /// Carries on the run that [`Vm::start`] began, for `budget` units or to its end.
    ///
    /// # Errors
    /// What the run throws, or a limit; the run is over then.
    pub fn step(&mut self, budget: Option<u64>) -> Result<Step, Throw> {
        self.limits.step_left = budget;
        let outcome = self.drive();
        match outcome {
            Ok(Outcome::Returned) => {
                self.pop_boundary();
                Ok(Step::Done)
            }
            Ok(Outcome::Waiting) => Ok(Step::Waiting),
            Ok(Outcome::Paused) => Ok(Step::Paused),
            Err(throw) => {
                let error = self.thrown_value(throw);
                let error = match throw {
                    Throw::Interrupted => error,
                    _ => self.close_all(1, Some(error)).unwrap_or(error),
                };
                self.thrown = error;
                self.abandon();
                if throw == Throw::Memory {
                    // The next run finds room, even if it begins with an allocation.
                    self.collect_all();
                }
                Err(throw)
            }
        }
    }

    /// The results of the run that ended last; valid until the next one starts.
    pub fn results(&self) -> &[Value] {
        let first = (self.execution.top - self.limits.result_count).max(1);
        &self.execution.stack[first..self.execution.top]
    }

    /// Drops everything of a run that did not end: the VM is idle and usable again.
    pub(crate) fn abandon(&mut self) {
        while self.current != ThreadId(0) {
            let thread = self.current;
            self.close_upvalues(0);
            self.leave_for_resumer();
            self.kill(thread, None);
        }
        self.close_upvalues(0);
        self.execution.frames.clear();
        self.execution.to_close.clear();
        self.execution.boundaries = 0;
        self.execution.protected = 0;
        self.execution.top = 1;
        self.resume_depth = 0;
        self.handled = false;
    }

    /// Runs until a boundary returns, a host function waits or the step is over.
    fn drive(&mut self) -> Result<Outcome, Throw> {
        self.limits.drivers += 1;
        let outcome = self.drive_on();
        self.limits.drivers -= 1;
        outcome
    }

    fn drive_on(&mut self) -> Result<Outcome, Throw> {
        loop {
            match self.enter() {
                Ok(()) | Err(Signal::Reenter) => {}
                Err(Signal::Throw(throw)) => self.unwind(throw)?,
                Err(Signal::Returned) => return Ok(Outcome::Returned),
                Err(Signal::Waiting) => return Ok(Outcome::Waiting),
            }
            if self.slice < 0 {
                if let Err(throw) = self.next_slice() {
                    // Drops the frames up to the boundary: a finalizer's caller goes on below.
                    self.unwind(throw)?;
                }
                if self.rust_depth == 0 && self.limits.step_left == Some(0) {
                    return Ok(Outcome::Paused);
                }
            }
        }
    }

    /// Enters the dispatch loop with the frame on top.
    fn enter(&mut self) -> Result<(), Signal> {
        match self.execution.frames.last() {
            None => return Err(Signal::Returned),
            Some(frame) if frame.kind != FrameKind::Lua => self.settle()?,
            Some(_) => {}
        }
        if self.slice < 0 { Ok(()) } else { self.execute() }
    }

    /// Pops the boundary frame that a call returned to.
    fn pop_boundary(&mut self) {
        if let Some(frame) = self.execution.frames.pop() {
            debug_assert_eq!(frame.kind, FrameKind::Boundary);
            self.execution.boundaries -= 1;
            self.limits.result_count = self.execution.top - frame.extra as usize;
        }
    }

    /// Calls from a native function what stands at `slot` with the arguments up to the top. The
    /// results are left there; their number is returned.
    pub(crate) fn call_nested(&mut self, slot: usize) -> Result<usize, Throw> {
        if self.rust_depth >= self.limits.native_depth_max {
            return self.native_overflow();
        }
        // The boundary stands between the caller and the callee; no slot is needed for it.
        self.push_boundary(slot)?;
        self.rust_depth += 1;
        let outcome = match self.call_at(slot, RETURN_SLOW) {
            Ok(()) | Err(Signal::Reenter) => self.drive(),
            Err(Signal::Throw(throw)) => match self.unwind(throw) {
                Ok(()) => self.drive(),
                Err(throw) => Err(throw),
            },
            Err(_) => Ok(Outcome::Returned),
        };
        self.rust_depth -= 1;
        match outcome {
            Ok(Outcome::Returned) => {
                self.pop_boundary();
                Ok(self.execution.top - slot)
            }
            Ok(_) => self.throw_message("attempt to wait for a host function across a native call"),
            Err(throw) => Err(throw),
        }
    }

    /// Too many native calls: an error that can be handled, or where handlers themselves nest too
    /// deeply, the last one.
    pub(super) fn native_overflow<T>(&mut self) -> Result<T, Throw> {
        if self.limits.native_depth_max == HANDLER_DEPTH_MAX && self.rust_depth >= HANDLER_DEPTH_MAX
        {
            return self.throw(Value::short_string(names::ERROR_IN_HANDLING));
        }
        self.throw_message("C stack overflow")
    }

    /// Native calls that the running one is nested in, which count as levels of a source, too.
    pub fn native_depth(&self) -> u32 {
        self.rust_depth
    }

    /// Calls a function from a native function; returns the first result.
    ///
    /// # Errors
    /// What the function throws.
    pub fn call_value(&mut self, function: Value, args: &[Value]) -> Result<Value, Throw> {
        let slot = self.extent();
        self.place_call(slot, function, args)?;
        let count = self.call_nested(slot)?;
        let value = if count > 0 { self.execution.stack[slot] } else { Value::NIL };
        self.execution.top = slot;
        Ok(value)
    }

    /// The same for a finalizer, which tracebacks name as such.
    pub(crate) fn call_value_flagged(
        &mut self,
        function: Value,
        argument: Value,
    ) -> Result<Value, Throw> {
        let slot = self.extent();
        self.place_call(slot, function, &[argument])?;
        let depth = self.execution.frames.len();
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.flags |= flag::FINALIZER;
        }
        let outcome = self.call_nested(slot);
        if let Some(frame) = depth.checked_sub(1).and_then(|n| self.execution.frames.get_mut(n)) {
            frame.flags &= !flag::FINALIZER;
        }
        outcome?;
        self.execution.top = slot;
        Ok(Value::NIL)
    }

    /// Gives the host function that the run waits for its results.
    ///
    /// # Errors
    /// The run does not wait, handles of collected objects, or there is no room for the values.
    pub fn answer(&mut self, values: &[Value]) -> Result<(), Throw> {
        self.check_alive(values)?;
        let waits = |frame: &&mut crate::heap::thread::Frame| frame.kind == FrameKind::Pending;
        let top = self.execution.top;
        let Some(frame) = self.execution.frames.last_mut().filter(waits) else {
            return self.throw_message("no host function is waiting for an answer");
        };
        frame.kind = FrameKind::PassThrough;
        frame.extra = top as u32;
        for &value in values {
            self.push(value)?;
        }
        Ok(())
    }

    /// Lets the host function that the run waits for throw.
    ///
    /// # Errors
    /// The run does not wait; or the error was not caught, and the run is over.
    pub fn answer_error(&mut self, error: Value) -> Result<(), Throw> {
        self.check_alive(&[error])?;
        self.answer(&[])?;
        self.thrown = error;
        self.recover(Throw::Error)
    }

    pub(crate) fn wait_for_host(&mut self) -> Result<(), Signal> {
        if self.rust_depth > 0 {
            let message = "attempt to wait for a host function across a native call";
            return Err(self.throw_message::<()>(message).unwrap_err().into());
        }
        self.set_kind(FrameKind::Pending);
        Ok(())
    }
}
