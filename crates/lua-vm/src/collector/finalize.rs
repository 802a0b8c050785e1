//! Finalizers: `__gc` metamethods.

use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color;
use crate::value::{Value, tag};
use crate::vm::{Throw, Vm, names};

/// Set in the mark of an object that is in the list of objects with finalizers.
const FINALIZABLE: u8 = 0x40;

impl Heap {
    fn mark_slot(&mut self, value: Value) -> Option<&mut dyn Object> {
        let index = value.payload as u32 as usize;
        match value.tag {
            tag::TABLE => Some(&mut self.tables.items[index]),
            tag::USERDATA => Some(&mut self.userdata.items[index]),
            _ => None,
        }
    }

    /// Puts an object on the list of those whose `__gc` is called when they die.
    pub(crate) fn make_finalizable(&mut self, value: Value) {
        let Some(object) = self.mark_slot(value) else { return };
        let mark = object.mark();
        if mark & FINALIZABLE == 0 {
            object.set_mark(mark | FINALIZABLE);
            self.gc.finalizable.push(value);
        }
    }

    /// Moves what was not reached from the list of finalizable objects to those pending, and
    /// keeps it alive until its finalizer has run. Returns how many objects it looked at.
    pub(super) fn separate_finalizable(&mut self) -> usize {
        let (dead, alive): (Vec<Value>, Vec<Value>) = std::mem::take(&mut self.gc.finalizable)
            .into_iter()
            .partition(|&value| self.is_unmarked(value));
        self.gc.finalizable = alive;
        for &value in &dead {
            self.mark_value(value);
            if let Some(object) = self.mark_slot(value) {
                object.set_mark(object.mark() & !FINALIZABLE);
            }
        }
        let count = self.gc.finalizable.len() + dead.len() + self.gc.pending.len();
        // The last one marked is finalized first: pending is taken from its end.
        self.gc.pending.splice(0..0, dead);
        count
    }
}

impl Vm {
    /// Calls up to `count` finalizers. Their errors become warnings.
    pub(crate) fn call_finalizers(&mut self, count: usize) {
        if self.collector.is_busy() {
            return;
        }
        for _ in 0..count {
            let Some(value) = self.heap.gc.pending.pop() else { return };
            let handler = self.metamethod(value, names::GC);
            if !handler.is_function() {
                continue;
            }
            self.call_finalizer(handler, value);
        }
    }

    fn call_finalizer(&mut self, handler: Value, value: Value) {
        let (thrown, top) = (self.thrown, self.execution.top);
        self.collector.set_busy(true);
        let outcome = self.call_value_flagged(handler, value);
        self.collector.set_busy(false);
        self.execution.top = top;
        if let Err(throw) = outcome
            && throw != Throw::Interrupted
        {
            let error = self.thrown_value(throw);
            let text = self.bytes(error).unwrap_or(b"error object is not a string").to_vec();
            self.warn(&[b"error in __gc (", &text, b")"]);
        }
        self.thrown = thrown;
    }

    /// Calls the finalizers of all objects that have one, as at the end of a program.
    pub fn close(&mut self) {
        let all = std::mem::take(&mut self.heap.gc.finalizable);
        self.heap.gc.pending.splice(0..0, all);
        self.call_finalizers(usize::MAX);
    }
}

impl super::Collector {
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    pub(crate) fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }
}

const _: () = assert!(FINALIZABLE & (color::MASK | color::ATTACHED) == 0);
