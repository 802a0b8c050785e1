//! Concatenation and conversions between strings and numbers.

use super::{Signal, Throw, Vm, names};
use crate::number::{Number, format, parse};
use crate::value::Value;

/// Longest string that may be made, so that 32-bit sizes cannot overflow.
pub(super) const STRING_BYTES_MAX: usize = 0x7fff_0000;

/// Appends a number; false for other values. Kept apart, so that joining strings alone stays small.
#[inline(never)]
fn append_number(value: Value, out: &mut Vec<u8>) -> bool {
    if let Some(i) = value.as_integer() {
        format::write_integer(out, i);
    } else if let Some(f) = value.as_float() {
        format::write_float(out, f);
    } else {
        return false;
    }
    true
}

impl Vm {
    /// A number, or a string that reads as one.
    #[inline]
    pub fn to_number(&self, value: Value) -> Option<Value> {
        if value.is_number() {
            return Some(value);
        }
        let text = self.bytes(value)?;
        Some(match parse::parse_number(text)? {
            Number::Integer(i) => Value::integer(i),
            Number::Float(f) => Value::float(f),
        })
    }

    /// An integer, or what converts to one exactly: a float or a string.
    #[inline]
    pub fn to_integer(&self, value: Value) -> Option<i64> {
        match value.as_integer() {
            Some(i) => Some(i),
            None => super::arith::exact_integer(self.to_number(value)?),
        }
    }

    /// Appends what a string or number reads as; false for other values.
    #[inline]
    pub fn append_text(&self, value: Value, out: &mut Vec<u8>) -> bool {
        if let Some(id) = value.as_string() {
            out.extend_from_slice(self.heap.bytes_of(id));
            return true;
        }
        append_number(value, out)
    }

    /// The string for a string or number.
    ///
    /// # Errors
    /// A heap without room.
    pub fn to_text(&mut self, value: Value) -> Result<Option<Value>, Throw> {
        if value.is_string() {
            return Ok(Some(value));
        }
        let mut text = Vec::new();
        if !self.append_text(value, &mut text) {
            return Ok(None);
        }
        Ok(Some(self.heap.string(&text)?))
    }

    /// Joins the `count` values from `first` and stores the result at `target`, which is `first`
    /// as long as no metamethod shortens the list.
    #[inline(never)]
    pub(crate) fn concat(
        &mut self,
        first: usize,
        count: usize,
        target: usize,
    ) -> Result<(), Signal> {
        let mut count = count;
        while count > 1 {
            let last = first + count - 1;
            let (x, y) = (self.execution.stack[last - 1], self.execution.stack[last]);
            let joinable = |value: Value| value.is_string() || value.is_number();
            if !joinable(x) || !joinable(y) {
                return self.concat_event(x, y, last - 1);
            }
            let run = (first..=last)
                .rev()
                .take_while(|&slot| joinable(self.execution.stack[slot]))
                .count();
            let start = last + 1 - run;
            let joined = self.join(start, run)?;
            self.execution.stack[start] = joined;
            count -= run - 1;
        }
        self.execution.stack[target] = self.execution.stack[first];
        self.safepoint_below(target + 1);
        Ok(())
    }

    /// Joins strings and numbers.
    fn join(&mut self, start: usize, count: usize) -> Result<Value, Throw> {
        let mut bytes = 0usize;
        for slot in start..start + count {
            bytes += match self.execution.stack[slot].as_string() {
                Some(id) => self.heap.bytes_of(id).len(),
                None => 24,
            };
        }
        if bytes > STRING_BYTES_MAX {
            return self.throw_message("string length overflow");
        }
        self.charge(bytes / 16)?;
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        if bytes > self.heap.account.limit() {
            return Err(Throw::Memory);
        }
        for slot in start..start + count {
            self.append_text(self.execution.stack[slot], &mut text);
        }
        let mut made = self.heap.string(&text);
        if made.is_err() {
            self.collect_all();
            made = self.heap.string(&text);
        }
        if text.capacity() <= 4096 {
            self.scratch = text;
        }
        Ok(made?)
    }

    #[inline(never)]
    fn concat_event(&mut self, x: Value, y: Value, slot: usize) -> Result<(), Signal> {
        let mut handler = self.metamethod(x, names::CONCAT);
        if handler.is_nil() {
            handler = self.metamethod(y, names::CONCAT);
        }
        if handler.is_nil() {
            let is_second = x.is_string() || x.is_number();
            return Err(self.concat_error(slot + usize::from(is_second)).into());
        }
        self.call_event_with(handler, &[x, y], slot)
    }
}
