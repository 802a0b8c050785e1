//! What the string, utf8 and os libraries share: errors of text work, buffers, budgets.

use crate::text::{Interrupted, Meter, TextError};
use crate::value::Value;
use crate::vm::{Call, STRING_BYTES_MAX, Throw, Vm};

/// A buffer of at most this many bytes is kept for the next call.
const SCRATCH_BYTES_MAX: usize = 4096;

/// Bytes that cost one unit of the budget.
const BYTES_PER_UNIT: usize = 16;

/// Charges long work on text to the budget of the running program.
pub(crate) struct VmMeter<'a>(pub &'a mut Vm);

impl Meter for VmMeter<'_> {
    fn charge(&mut self, steps: u32) -> Result<(), Interrupted> {
        self.0.charge(steps as usize).map_err(|_| Interrupted)
    }
}

/// Bytes under construction. What it grows by is charged to the heap until the call is over.
pub(crate) struct Buffer {
    pub bytes: Vec<u8>,
    charged: usize,
}

impl Buffer {
    /// Makes room for more bytes, so that appending them cannot fail.
    #[inline]
    pub fn room(&mut self, call: &mut Call<'_>, additional: usize) -> Result<(), Throw> {
        if additional <= self.bytes.capacity() - self.bytes.len() {
            return Ok(());
        }
        self.grow(call, additional)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, call: &mut Call<'_>, additional: usize) -> Result<(), Throw> {
        let old = self.bytes.capacity();
        let needed = self.bytes.len().saturating_add(additional);
        if needed > STRING_BYTES_MAX {
            return call.error("buffer too large");
        }
        // Old and new bytes exist side by side while they are copied.
        call.vm.reserve(needed)?;
        let account = &mut call.vm.heap.account;
        let spare = account.limit() - account.bytes() - needed;
        // Twice what is there, but near the limit no more than half of what is left.
        let ahead = (self.bytes.len() * 2).max(256).saturating_sub(needed).min(spare / 2);
        let wanted = (needed + ahead).min(STRING_BYTES_MAX);
        account.charge(wanted - old)?;
        self.charged += wanted - old;
        let missing = wanted - self.bytes.len();
        self.bytes.try_reserve_exact(missing).map_err(|_| Throw::Memory)
    }

    /// Appends bytes and pays for them.
    #[inline]
    pub fn append(&mut self, call: &mut Call<'_>, bytes: &[u8]) -> Result<(), Throw> {
        if bytes.len() >= BYTES_PER_UNIT {
            call.charge_bytes(bytes.len())?;
        }
        self.room(call, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Call<'_> {
    /// Pays for copying or visiting that many bytes.
    #[inline]
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Throw> {
        self.charge(bytes / BYTES_PER_UNIT)
    }

    /// Throws an error of text work as the library's.
    #[cold]
    #[inline(never)]
    pub(crate) fn text_error<T>(&mut self, error: TextError) -> Result<T, Throw> {
        match error {
            TextError::Interrupted => Err(Throw::Interrupted),
            TextError::OutOfMemory => Err(Throw::Memory),
            TextError::Message(message) => self.error(&message),
            TextError::Argument { index, message } => {
                self.vm.bad_argument_bytes(index - 1, &message)
            }
        }
    }

    /// The value of text work, its error thrown.
    #[inline]
    pub(crate) fn text<T>(&mut self, result: Result<T, TextError>) -> Result<T, Throw> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => self.text_error(error),
        }
    }

    /// Makes a string; where there is no room, all garbage is collected first.
    #[inline]
    pub(crate) fn make_string(&mut self, bytes: &[u8]) -> Result<Value, Throw> {
        match self.vm.heap.string(bytes) {
            Ok(value) => Ok(value),
            Err(_) => {
                self.vm.collect_all();
                Ok(self.vm.heap.string(bytes)?)
            }
        }
    }

    /// Pushes a string.
    #[inline]
    pub(crate) fn push_string(&mut self, bytes: &[u8]) -> Result<(), Throw> {
        let value = self.make_string(bytes)?;
        self.push(value)
    }

    /// Pushes a string as the only result.
    #[inline]
    pub(crate) fn return_string(&mut self, bytes: &[u8]) -> Result<usize, Throw> {
        let value = self.make_string(bytes)?;
        self.ret(value)
    }

    /// Makes sure that so many values can be pushed, or says what there are too many of.
    #[inline]
    pub(crate) fn room_for_values(&mut self, count: usize, what: &str) -> Result<(), Throw> {
        let top = self.vm.execution.top;
        if count > self.vm.limits.stack_slots_max.saturating_sub(top) {
            return self.error(format!("stack overflow ({what})"));
        }
        self.vm.ensure_stack(top, count)
    }

    /// Calls a function that was pushed at stack slot `slot` with the values pushed after it;
    /// returns its first result, and the stack is as it was before.
    pub(crate) fn call_pushed(&mut self, slot: usize) -> Result<Value, Throw> {
        let count = self.vm.call_nested(slot)?;
        let value = if count > 0 { self.vm.execution.stack[slot] } else { Value::NIL };
        self.vm.execution.top = slot;
        Ok(value)
    }

    /// Lends a buffer to `work`.
    #[inline]
    pub(crate) fn with_buffer<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut Buffer) -> Result<T, Throw>,
    ) -> Result<T, Throw> {
        let mut bytes = std::mem::take(&mut self.vm.library.scratch);
        bytes.clear();
        let mut buffer = Buffer { bytes, charged: 0 };
        let result = work(self, &mut buffer);
        if buffer.charged > 0 {
            self.vm.heap.account.release(buffer.charged);
        }
        if buffer.bytes.capacity() <= SCRATCH_BYTES_MAX {
            self.vm.library.scratch = buffer.bytes;
        }
        result
    }
}
