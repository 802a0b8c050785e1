//! To-be-closed variables.

use super::{Signal, Throw, Vm, names};
use crate::heap::account::reserve;
use crate::heap::thread::{Frame, FrameKind, RETURN_SLOW};
use crate::value::Value;

impl Vm {
    /// Marks the variable at a slot to be closed; false values are not.
    #[inline(never)]
    pub(crate) fn mark_to_close(&mut self, slot: usize) -> Result<(), Signal> {
        let value = self.execution.stack[slot];
        if value.is_falsy() {
            return Ok(());
        }
        if self.metamethod(value, names::CLOSE).is_nil() {
            let name = self.local_name_at(slot);
            let name = name.as_deref().map_or("?".into(), String::from_utf8_lossy);
            let message = format!("variable '{name}' got a non-closable value");
            return Err(self.throw_message::<()>(&message).unwrap_err().into());
        }
        if self.execution.to_close.len() == self.execution.to_close.capacity() {
            let additional = self.execution.to_close.len().max(4);
            reserve(&mut self.heap.account, &mut self.execution.to_close, additional)?;
        }
        self.execution.to_close.push(slot as u32);
        Ok(())
    }

    /// `CLOSE`: closes one variable at a time; the instruction runs again after each.
    #[inline(never)]
    pub(crate) fn close_block(&mut self, level: usize) -> Result<(), Signal> {
        match self.take_to_close(level) {
            None => {
                self.close_upvalues(level);
                Ok(())
            }
            Some(value) => {
                let handler = self.close_handler(value);
                self.call_event(handler, &[value, Value::NIL])
            }
        }
    }

    /// A `RETURN` out of a function with variables to close: its results wait on the stack, and
    /// the instruction runs again after each variable.
    pub(crate) fn close_before_return(&mut self, base: usize) -> Result<(), Signal> {
        let top = self.execution.top;
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.extra = top as u32;
        }
        let Some(value) = self.take_to_close(base) else { return Ok(()) };
        let handler = self.close_handler(value);
        self.call_event(handler, &[value, Value::NIL])
    }

    /// Takes the last variable to close at or above a level, its upvalues closed.
    fn take_to_close(&mut self, level: usize) -> Option<Value> {
        let slot = *self.execution.to_close.last()? as usize;
        if slot < level {
            return None;
        }
        self.execution.to_close.pop();
        self.close_upvalues(slot);
        Some(self.execution.stack[slot])
    }

    /// The `__close` metamethod; without one the value itself, whose call then fails.
    fn close_handler(&self, value: Value) -> Value {
        let handler = self.metamethod(value, names::CLOSE);
        if handler.is_nil() { value } else { handler }
    }

    /// Goes on closing variables after an error was caught; the error waits below `base`. When
    /// all are closed, `pcall` returns false and the error.
    pub(crate) fn continue_protected_close(&mut self, base: usize) -> Result<(), Signal> {
        let Some(&slot) = self.execution.to_close.last() else {
            return self.finish_protected_close(base);
        };
        let slot = slot as usize;
        match self.take_to_close(base) {
            None => self.finish_protected_close(base),
            Some(value) => {
                let error = self.execution.stack[base - 1];
                let handler = self.close_handler(value);
                self.place_call(slot + 1, handler, &[value, error])?;
                self.call_at(slot + 1, RETURN_SLOW)
            }
        }
    }

    fn finish_protected_close(&mut self, base: usize) -> Result<(), Signal> {
        self.close_upvalues(base);
        self.end_protected();
        // What threw may have allocated without ever returning.
        self.safepoint();
        let error = self.execution.stack[base - 1];
        self.ensure_stack(base, 2)?;
        self.execution.stack[base] = Value::FALSE;
        self.execution.stack[base + 1] = error;
        self.execution.top = base + 2;
        self.finish_return(base, 2)
    }

    /// Closes everything from a level on, each variable in a call from Rust; the last error wins.
    pub(crate) fn close_all(&mut self, level: usize, mut error: Option<Value>) -> Option<Value> {
        while let Some(&slot) = self.execution.to_close.last()
            && slot as usize >= level
        {
            let Some(value) = self.take_to_close(level) else { break };
            let handler = self.close_handler(value);
            let at = slot as usize + 1;
            let argument = error.unwrap_or(Value::NIL);
            let outcome = match self.place_call(at, handler, &[value, argument]) {
                Ok(()) => self.call_nested(at),
                Err(throw) => Err(throw),
            };
            match outcome {
                Ok(_) => {}
                Err(Throw::Interrupted) => break,
                Err(throw) => error = Some(self.thrown_value(throw)),
            }
        }
        self.close_upvalues(level);
        error
    }

    /// Pushes the frame from which Rust code calls Lua code.
    pub(crate) fn push_boundary(&mut self, slot: usize) -> Result<(), Throw> {
        let mut frame = Frame::native(FrameKind::Boundary, slot + 1, RETURN_SLOW);
        frame.pc = self.execution.protected;
        self.push_frame(frame)?;
        self.execution.boundaries += 1;
        Ok(())
    }
}
