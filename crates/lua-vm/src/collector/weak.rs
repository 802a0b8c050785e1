//! Weak tables: what becomes of their entries when marking ends.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Gray;
use crate::heap::Heap;
use crate::value::{TableId, Value, tag};

/// Ends a chain of waiting entries.
const END: u32 = u32::MAX;

/// An entry of an ephemeron table whose key was not reached yet.
#[derive(Clone, Copy, Debug)]
struct Entry {
    value: Value,
    table: TableId,
    node: u32,
    /// The next entry with the same key.
    next: u32,
}

/// The entries of ephemeron tables that wait for their keys, by key. Every unresolved entry is
/// looked at once and every object once more when it is reached, however long a chain of ephemerons
/// is.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    entries: Vec<Entry>,
    first: HashMap<u64, u32, FixedState>,
    /// Ephemeron tables that were looked at for moved entries.
    tables: usize,
}

/// Tells collectable keys apart.
fn identity(key: Value) -> u64 {
    key.tag << 32 | key.payload as u32 as u64
}

fn identity_of(gray: Gray) -> Option<u64> {
    Some(match gray {
        Gray::Table(id, _) => tag::TABLE << 32 | id.index() as u64,
        Gray::Closure(id) => tag::CLOSURE << 32 | id.index() as u64,
        Gray::Native(id) => tag::NATIVE_CLOSURE << 32 | id.index() as u64,
        Gray::Thread(id) => tag::THREAD << 32 | id.index() as u64,
        Gray::Userdata(id) => tag::USERDATA << 32 | id.index() as u64,
        Gray::Proto(_) | Gray::Kept(_) => return None,
    })
}

impl Heap {
    /// Marks the values of all ephemerons whose keys are reached, and what these refer to, until
    /// no key brings in another. Returns the slots looked at.
    pub(super) fn converge(&mut self, waiting: &mut Waiting) -> usize {
        let mut slots = 0;
        loop {
            while let Some(&table) = self.gc.ephemerons.get(waiting.tables) {
                waiting.tables += 1;
                slots += self.note_moved_ephemerons(table);
            }
            while let Some((table, node)) = self.gc.unresolved.pop() {
                slots += 1;
                self.take_ephemeron(table, node, waiting);
            }
            let Some(gray) = self.gc.gray.pop() else { return slots };
            slots += self.visit(gray) / 16;
            if waiting.first.is_empty() {
                continue;
            }
            let mut next = identity_of(gray).and_then(|key| waiting.first.remove(&key));
            while let Some(entry) = next.and_then(|n| waiting.entries.get(n as usize)) {
                self.mark_value(entry.value);
                next = Some(entry.next);
            }
        }
    }

    /// A rehash since a table was visited has moved its entries: then all of them are unresolved,
    /// in no more time than the rehash took. Returns the slots looked at.
    fn note_moved_ephemerons(&mut self, table: TableId) -> usize {
        let object = &mut self.tables.items[table.index()];
        if !std::mem::replace(&mut object.moved, false) {
            return 1;
        }
        let count = object.nodes.len();
        self.gc.unresolved.extend((0..count).map(|node| (table, node as u32)));
        count
    }

    /// Marks the value of an entry whose key was reached, or lets it wait.
    fn take_ephemeron(&mut self, table: TableId, index: u32, waiting: &mut Waiting) {
        let nodes = &self.tables.items[table.index()].nodes;
        let Some(node) = nodes.get(index as usize).copied() else { return };
        if node.value.is_nil() {
            self.forget_key(table, index as usize);
        } else if self.is_dead_reference(node.key()) {
            let place = waiting.entries.len() as u32;
            let next = waiting.first.insert(identity(node.key()), place).unwrap_or(END);
            waiting.entries.push(Entry { value: node.value, table, node: index, next });
        } else {
            self.mark_value(node.value);
        }
    }

    /// Clears the ephemerons whose keys were not reached, and entries of all-weak tables. Returns
    /// the slots looked at.
    pub(super) fn clear_weak_keys(&mut self, waiting: &Waiting) -> usize {
        for entry in &waiting.entries {
            let (table, index) = (entry.table, entry.node as usize);
            let key = self.tables.items[table.index()].nodes[index].key();
            if self.is_unmarked(key) {
                self.tables.items[table.index()].nodes[index].value = Value::NIL;
                self.forget_key(table, index);
            }
        }
        let mut slots = waiting.entries.len();
        for number in 0..self.gc.all_weak.len() {
            slots += self.clear_nodes(self.gc.all_weak[number], true);
        }
        slots
    }

    /// Clears entries with dead values of the weak tables that were found since the first so many.
    /// Returns the slots looked at.
    pub(super) fn clear_weak_values(&mut self, done: (usize, usize)) -> usize {
        let mut slots = 0;
        for number in done.0..self.gc.weak_values.len() {
            slots += self.clear_values(self.gc.weak_values[number]);
        }
        for number in done.1..self.gc.all_weak.len() {
            slots += self.clear_values(self.gc.all_weak[number]);
        }
        slots
    }

    fn clear_values(&mut self, table: TableId) -> usize {
        let array_len = self.tables.items[table.index()].array.len();
        for slot in 0..array_len {
            let value = self.tables.items[table.index()].array[slot];
            if self.is_dead_reference(value) {
                self.tables.items[table.index()].array[slot] = Value::NIL;
            }
        }
        array_len + self.clear_nodes(table, false)
    }

    /// Removes entries with a dead key or value.
    fn clear_nodes(&mut self, table: TableId, by_key: bool) -> usize {
        let count = self.tables.items[table.index()].nodes.len();
        for index in 0..count {
            let node = self.tables.items[table.index()].nodes[index];
            let reference = if by_key { node.key() } else { node.value };
            if !node.value.is_nil() && self.is_dead_reference(reference) {
                self.tables.items[table.index()].nodes[index].value = Value::NIL;
            }
            if self.tables.items[table.index()].nodes[index].value.is_nil() {
                self.forget_key(table, index);
            }
        }
        count
    }
}
