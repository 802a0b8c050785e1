//! Marking: what an object refers to.

use super::{Gray, State};
use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color::{self, BLACK, GRAY};
use crate::heap::table::DEAD;
use crate::heap::thread::{Execution, FrameKind};
use crate::value::{
    ClosureId, NativeClosureId, ProtoId, TableId, ThreadId, UpvalueId, UserdataId, Value, tag,
};
use crate::vm::names;

/// Slots of a table that are visited at once.
const TABLE_CHUNK: usize = 4096;

/// Which references of a table do not keep their target alive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weakness {
    Strong,
    Values,
    Keys,
    Both,
}

fn recolor(object: &mut impl Object, new: u8) {
    object.set_mark(object.mark() & !color::MASK | new);
}

impl Heap {
    /// Marks a value that an object without a barrier of its own now refers to.
    pub(crate) fn mark_if_marking(&mut self, value: Value) {
        if self.gc.phase == super::Phase::Mark {
            self.mark_value(value);
        }
    }

    /// The same for a cell.
    pub(crate) fn mark_cell_if_marking(&mut self, cell: UpvalueId) {
        if self.gc.phase == super::Phase::Mark {
            self.mark_cell(cell);
        }
    }

    /// Marks a value that is reachable.
    #[inline]
    pub(crate) fn mark_value(&mut self, value: Value) {
        if value.is_collectable() {
            self.mark_object(value);
        }
    }

    fn mark_object(&mut self, value: Value) {
        let index = value.payload as u32 as usize;
        let id = index as u32;
        macro_rules! visit_later {
            ($arena:ident, $gray:expr) => {{
                let object = &mut self.$arena.items[index];
                if Self::is_white(object.mark()) {
                    recolor(object, GRAY);
                    self.gc.gray.push($gray);
                }
            }};
        }
        match value.tag {
            tag::STRING | tag::LONG_STRING => recolor(&mut self.strings.arena.items[index], BLACK),
            tag::TABLE => visit_later!(tables, Gray::Table(TableId(id), 0)),
            tag::CLOSURE => visit_later!(closures, Gray::Closure(ClosureId(id))),
            tag::NATIVE_CLOSURE => visit_later!(natives, Gray::Native(NativeClosureId(id))),
            tag::THREAD => visit_later!(threads, Gray::Thread(ThreadId(id))),
            _ => visit_later!(userdata, Gray::Userdata(UserdataId(id))),
        }
    }

    pub(super) fn mark_table(&mut self, table: TableId) {
        self.mark_object(Value::table(table));
    }

    pub(crate) fn mark_proto(&mut self, proto: ProtoId) {
        let object = &mut self.protos.items[proto.index()];
        if Self::is_white(object.mark()) {
            recolor(object, GRAY);
            self.gc.gray.push(Gray::Proto(proto));
        }
    }

    /// Marks a cell. The value of an open one is marked by its thread.
    pub(crate) fn mark_cell(&mut self, cell: UpvalueId) {
        let object = &mut self.upvalues.items[cell.index()];
        if Self::is_white(object.mark) {
            recolor(object, BLACK);
            if object.thread.is_none() {
                let value = object.value;
                self.mark_value(value);
            }
        }
    }

    /// Visits one gray object; returns the bytes looked at.
    pub(super) fn visit(&mut self, gray: Gray) -> usize {
        match gray {
            Gray::Table(table, from) => self.visit_table(table, from as usize),
            Gray::Closure(id) => {
                recolor(&mut self.closures.items[id.index()], BLACK);
                self.mark_proto(self.closures.items[id.index()].proto);
                let count = self.closures.items[id.index()].upvalues.len();
                for n in 0..count {
                    self.mark_cell(self.closures.items[id.index()].upvalues[n]);
                }
                32 + count * 32
            }
            Gray::Native(id) => {
                recolor(&mut self.natives.items[id.index()], BLACK);
                let count = self.natives.items[id.index()].values.len();
                for n in 0..count {
                    self.mark_value(self.natives.items[id.index()].values[n]);
                }
                32 + count * 16
            }
            Gray::Thread(id) => self.visit_thread(id),
            Gray::Kept(from) => self.visit_kept(from as usize),
            Gray::Userdata(id) => {
                recolor(&mut self.userdata.items[id.index()], BLACK);
                if let Some(meta) = self.userdata.items[id.index()].meta {
                    self.mark_table(meta);
                }
                let count = self.userdata.items[id.index()].user_values.len();
                for n in 0..count {
                    self.mark_value(self.userdata.items[id.index()].user_values[n]);
                }
                64 + count * 16
            }
            Gray::Proto(id) => {
                recolor(&mut self.protos.items[id.index()], BLACK);
                let first = self.heads[id.index()].constants_start as usize;
                let constants = self.protos.items[id.index()].constant_count as usize;
                for n in first..first + constants {
                    self.mark_value(self.pool.constants[n]);
                }
                let count = self.protos.items[id.index()].children.len();
                for n in 0..count {
                    self.mark_proto(self.protos.items[id.index()].children[n]);
                }
                64 + constants * 16 + count * 8
            }
        }
    }

    // ---- tables ----

    fn weakness(&self, table: TableId) -> Weakness {
        match self.metatable_of(table) {
            Some(meta) => self.weakness_by(meta),
            None => Weakness::Strong,
        }
    }

    #[inline(never)]
    fn weakness_by(&self, meta: TableId) -> Weakness {
        let Some(mode) = self.event(meta, names::MODE).as_string() else { return Weakness::Strong };
        let mode = self.bytes_of(mode);
        match (mode.contains(&b'k'), mode.contains(&b'v')) {
            (false, false) => Weakness::Strong,
            (false, true) => Weakness::Values,
            (true, false) => Weakness::Keys,
            (true, true) => Weakness::Both,
        }
    }

    #[inline(never)]
    pub(super) fn visit_table(&mut self, table: TableId, from: usize) -> usize {
        let object = &mut self.tables.items[table.index()];
        if from > 0 && object.mark() & color::MASK == GRAY {
            // Written to since: it will be visited again from its beginning.
            return 64;
        }
        recolor(object, BLACK);
        if let Some(meta) = object.meta.get() {
            self.mark_table(meta);
        }
        let weakness = self.weakness(table);
        if from == 0 {
            match weakness {
                Weakness::Strong => {}
                Weakness::Values => self.gc.weak_values.push(table),
                Weakness::Keys => self.gc.ephemerons.push(table),
                Weakness::Both => self.gc.all_weak.push(table),
            }
        }
        if weakness == Weakness::Both { 64 } else { self.visit_chunk(table, from, weakness) }
    }

    /// Visits a chunk of a table; the rest is queued. A write to the part that was visited already
    /// meets a black table and so its barrier.
    ///
    /// A rehash may have moved entries from the part to visit to the part that was visited: then
    /// all of it is visited at once, in no more time than the rehash has just taken.
    fn visit_chunk(&mut self, table: TableId, from: usize, weakness: Weakness) -> usize {
        let object = &mut self.tables.items[table.index()];
        let moved = std::mem::replace(&mut object.moved, false);
        let (array_len, node_len) = (object.array.len(), object.nodes.len());
        let (from, end) = match moved && from > 0 {
            true => (0, array_len + node_len),
            false => (from, (from + TABLE_CHUNK).min(array_len + node_len)),
        };
        if weakness != Weakness::Values {
            for slot in from..end.min(array_len) {
                self.mark_value(self.tables.items[table.index()].array[slot]);
            }
        }
        for slot in from.max(array_len)..end {
            self.visit_node(table, slot - array_len, weakness);
        }
        if end < array_len + node_len {
            self.gc.gray.push(Gray::Table(table, end as u32));
        }
        64 + (end.saturating_sub(from)) * 24
    }

    fn visit_node(&mut self, table: TableId, index: usize, weakness: Weakness) {
        let Some(node) = self.tables.items[table.index()].nodes.get(index).copied() else { return };
        if node.value.is_nil() {
            return self.forget_key(table, index);
        }
        match weakness {
            Weakness::Values => self.mark_value(node.key()),
            // The key of an ephemeron may be reached later; then the atomic step sees to it.
            Weakness::Keys if self.is_dead_reference(node.key()) => {
                if self.gc.closing {
                    self.gc.unresolved.push((table, index as u32));
                }
            }
            Weakness::Keys => self.mark_value(node.value),
            _ => {
                self.mark_value(node.key());
                self.mark_value(node.value);
            }
        }
    }

    /// Turns the key of an empty entry into a dead one, so that it may be collected.
    pub(super) fn forget_key(&mut self, table: TableId, index: usize) {
        let node = &mut self.tables.items[table.index()].nodes[index];
        if node.key_tag & DEAD == 0 && node.key().is_collectable() {
            node.key_tag |= DEAD;
        }
    }

    fn mark_of(&self, value: Value) -> u8 {
        let index = value.payload as u32 as usize;
        match value.tag {
            tag::STRING | tag::LONG_STRING => self.strings.arena.items[index].mark(),
            tag::TABLE => self.tables.items[index].mark(),
            tag::CLOSURE => self.closures.items[index].mark(),
            tag::NATIVE_CLOSURE => self.natives.items[index].mark(),
            tag::THREAD => self.threads.items[index].mark(),
            tag::USERDATA => self.userdata.items[index].mark(),
            _ => BLACK,
        }
    }

    pub(super) fn is_unmarked(&self, value: Value) -> bool {
        value.is_collectable() && Self::is_white(self.mark_of(value))
    }

    /// Whether a weak reference is to be cleared. Strings count as values: a weak table keeps them.
    pub(super) fn is_dead_reference(&mut self, value: Value) -> bool {
        if value.is_string() {
            self.mark_value(value);
            return false;
        }
        self.is_unmarked(value)
    }

    // ---- threads ----

    #[inline(never)]
    fn visit_thread(&mut self, id: ThreadId) -> usize {
        let thread = &mut self.threads.items[id.index()];
        recolor(thread, BLACK);
        let hook = thread.hook.function;
        let failure = thread.failure;
        let resumer = thread.resumer;
        let mut execution = std::mem::take(&mut thread.execution);
        self.mark_value(hook);
        if let Some(failure) = failure {
            self.mark_value(failure);
        }
        if let Some(resumer) = resumer {
            self.mark_object(Value::thread(resumer));
        }
        let bytes = 64 + self.mark_execution(&execution);
        let extent = self.extent_of(&execution);
        let above = &mut execution.stack[extent..];
        above.fill(Value::NIL);
        let bytes = bytes + above.len() / 2;
        self.threads.items[id.index()].execution = execution;
        bytes
    }

    /// Marks what a stack and its frames refer to; returns the bytes looked at.
    pub(super) fn mark_execution(&mut self, execution: &Execution) -> usize {
        let extent = self.extent_of(execution);
        for &value in &execution.stack[..extent] {
            self.mark_value(value);
        }
        for frame in &execution.frames {
            if frame.kind == FrameKind::Lua {
                self.mark_proto(frame.proto);
                self.mark_object(Value::closure(frame.closure, frame.proto));
            }
        }
        extent * 16 + execution.frames.len() * 24
    }

    pub(crate) fn extent_of(&self, execution: &Execution) -> usize {
        let count = |proto: ProtoId| self.heads[proto.index()].register_count as usize;
        execution.extent(count).min(execution.stack.len())
    }
}

impl State {
    /// Weak tables that were visited more than once count once.
    pub(super) fn tidy_weak(&mut self) {
        for list in [&mut self.weak_values, &mut self.ephemerons, &mut self.all_weak] {
            list.sort_unstable_by_key(|table| table.index());
            list.dedup();
        }
    }

    /// Forgets everything of a cycle that is over or abandoned.
    pub(super) fn reset_lists(&mut self) {
        self.closing = false;
        self.gray.clear();
        self.again.clear();
        self.threads.clear();
        self.weak_values.clear();
        self.ephemerons.clear();
        self.unresolved = Vec::new();
        self.all_weak.clear();
    }
}
