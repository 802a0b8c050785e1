//! Counts the heap's bytes anew, so that tests can compare them with what the account says.

use super::arena::{Arena, Object};
use super::color;
use super::function::{CONSTANT_WINDOW, Instruction};
use crate::value::Value;
use crate::vm::Vm;

/// What a count of everything that the heap owns came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Bytes that must be charged: what [`crate::Heap::bytes`] should return.
    pub bytes: usize,
    /// Bytes that live objects own, the running thread's stack not counted: independent of how
    /// far arenas have grown, so that runs with different histories can be compared.
    pub live_bytes: usize,
    /// Objects that are not freed.
    pub objects: usize,
}

impl Measure {
    fn add<T: Object>(&mut self, arena: &Arena<T>) {
        self.bytes += arena.items.capacity() * size_of::<T>();
        for object in arena.items.iter().filter(|object| object.mark() != color::FREE) {
            self.bytes += object.owned_bytes();
            self.live_bytes += object.owned_bytes();
            self.objects += 1;
        }
    }
}

impl Vm {
    /// Counts everything that the heap owns, object by object: slow, for tests of the accounting.
    #[doc(hidden)]
    pub fn measure(&self) -> Measure {
        let heap = &self.heap;
        let mut measure = Measure { bytes: 0, live_bytes: 0, objects: 0 };
        measure.add(&heap.strings.arena);
        measure.add(&heap.tables);
        measure.add(&heap.closures);
        measure.add(&heap.upvalues);
        measure.add(&heap.natives);
        measure.add(&heap.threads);
        measure.add(&heap.userdata);
        measure.add(&heap.protos);
        measure.bytes += heap.strings.table_bytes();
        // The padding that an empty pool has is not charged.
        measure.bytes += heap.pool.code.capacity() * size_of::<Instruction>()
            + heap.pool.constants.capacity().saturating_sub(CONSTANT_WINDOW) * size_of::<Value>();
        measure.bytes += self.execution.owned_bytes();
        measure
    }
}
