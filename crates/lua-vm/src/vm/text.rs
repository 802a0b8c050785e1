//! What native functions do with text: errors, matches and strings as Lua values, budgets.

use super::{Call, Throw, Vm};
use crate::text::pattern::{Capture, Match};
use crate::text::{Interrupted, Meter, TextError};
use crate::value::Value;

/// Charges long work on text to the budget of the running program.
#[derive(Debug)]
pub struct VmMeter<'a>(pub &'a mut Vm);

impl Meter for VmMeter<'_> {
    fn charge(&mut self, steps: u32) -> Result<(), Interrupted> {
        self.0.charge(steps as usize).map_err(|_| Interrupted)
    }
}

impl Call<'_> {
    /// The value of text work.
    ///
    /// # Errors
    /// The error of text work, thrown as the running function's.
    #[inline]
    pub fn text<T>(&mut self, result: Result<T, TextError>) -> Result<T, Throw> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.text_error(error)),
        }
    }

    #[cold]
    #[inline(never)]
    fn text_error(&mut self, error: TextError) -> Throw {
        let thrown: Result<(), Throw> = match error {
            TextError::Interrupted => return Throw::Interrupted,
            TextError::OutOfMemory => return Throw::Memory,
            TextError::Message(message) => self.error(&message),
            TextError::Argument { index, message } => {
                self.vm.bad_argument_bytes(index - 1, &message)
            }
        };
        thrown.err().unwrap_or(Throw::Error)
    }

    /// Pushes the first `count` captures of a match; returns their number.
    ///
    /// # Errors
    /// Those of [`Call::capture`], and a stack without room.
    pub fn push_captures(&mut self, found: &Match<'_>, count: usize) -> Result<usize, Throw> {
        for index in 0..count {
            let value = self.capture(found, index)?;
            self.push(value)?;
        }
        Ok(count)
    }

    /// A capture of a match as a value.
    ///
    /// # Errors
    /// A capture that the pattern does not have or did not finish, a spent budget, a heap without
    /// room.
    pub fn capture(&mut self, found: &Match<'_>, index: usize) -> Result<Value, Throw> {
        match self.text(found.capture(index))? {
            Capture::Position(position) => Ok(Value::integer(position as i64)),
            Capture::Bytes(bytes) => {
                self.charge_bytes(bytes.len())?;
                self.make_string(bytes)
            }
        }
    }

    /// Makes a string; where there is no room, all garbage is collected first.
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_string(&mut self, bytes: &[u8]) -> Result<Value, Throw> {
        match self.vm.heap.string(bytes) {
            Ok(value) => Ok(value),
            Err(_) => {
                self.vm.collect_all();
                Ok(self.vm.heap.string(bytes)?)
            }
        }
    }

    /// Pushes a string.
    ///
    /// # Errors
    /// A heap or a stack without room.
    pub fn push_string(&mut self, bytes: &[u8]) -> Result<(), Throw> {
        let value = self.make_string(bytes)?;
        self.push(value)
    }

    /// Pushes a string as the only result.
    ///
    /// # Errors
    /// A heap or a stack without room.
    pub fn ret_string(&mut self, bytes: &[u8]) -> Result<usize, Throw> {
        let value = self.make_string(bytes)?;
        self.ret(value)
    }
}
