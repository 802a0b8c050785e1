//! The atomic end of marking: stacks again, weak tables, finalizers, then the whites change roles.

use super::{Gray, Phase};
use crate::heap::Heap;
use crate::heap::color;
use crate::heap::thread::Execution;
use crate::value::{TableId, Value};
use crate::vm::Vm;

impl Vm {
    /// Marks everything that is reachable by itself.
    pub(super) fn mark_roots(&mut self) {
        let heap = &mut self.heap;
        for index in 0..crate::vm::names::ALL.len() as u32 {
            heap.mark_value(Value::short_string(crate::value::StringId(index)));
        }
        heap.mark_table(self.globals);
        heap.mark_table(self.registry);
        for meta in self.type_metatables.into_iter().flatten() {
            heap.mark_table(meta);
        }
        heap.mark_value(self.thrown);
        heap.mark_value(Value::thread(crate::value::ThreadId(0)));
        heap.mark_value(Value::thread(self.current));
        heap.mark_execution(&self.execution);
        for index in 0..heap.gc.pending.len() {
            heap.mark_value(heap.gc.pending[index]);
        }
    }

    /// Finishes marking and begins to sweep.
    pub(super) fn finish_marking(&mut self) {
        self.mark_roots();
        let heap = &mut self.heap;
        heap.propagate_all();
        for thread in std::mem::take(&mut heap.gc.threads) {
            heap.visit(Gray::Thread(thread));
        }
        heap.propagate_all();
        heap.mark_open_cells_of_dead_threads();
        heap.converge_ephemerons();
        heap.clear_weak_values();
        heap.separate_finalizable();
        heap.propagate_all();
        heap.converge_ephemerons();
        heap.clear_weak_keys();
        heap.clear_weak_values();
        heap.tidy_execution(&mut self.execution);
        heap.tidy_threads();
        heap.gc.reset_lists();
        heap.white ^= 1;
        heap.gc.cursor = 0;
        heap.gc.phase = Phase::Sweep(0);
    }
}

impl Heap {
    /// Visits until nothing is gray.
    pub(super) fn propagate_all(&mut self) {
        loop {
            while let Some(gray) = self.gc.gray.pop() {
                self.visit(gray);
            }
            match self.gc.again.pop() {
                Some(table) => self.gc.gray.push(Gray::Table(table, 0)),
                None => return,
            }
        }
    }

    /// A closure that lives may share a variable with a thread that does not.
    fn mark_open_cells_of_dead_threads(&mut self) {
        for index in 0..self.threads.items.len() {
            let thread = &self.threads.items[index];
            if thread.mark & color::MASK > color::WHITE1 || thread.execution.open.is_empty() {
                continue;
            }
            for n in 0..self.threads.items[index].execution.open.len() {
                let execution = &self.threads.items[index].execution;
                let open = execution.open[n];
                let value = execution.stack[open.slot as usize];
                if !Self::is_white(self.upvalues.items[open.cell.index()].mark) {
                    self.mark_value(value);
                }
            }
        }
        self.propagate_all();
    }

    /// Marks values of ephemeron tables until no key brings in another.
    fn converge_ephemerons(&mut self) {
        loop {
            let mut changed = false;
            for index in 0..self.gc.ephemerons.len() {
                let table = self.gc.ephemerons[index];
                if self.visit_ephemeron(table) {
                    self.propagate_all();
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn clear_weak_values(&mut self) {
        let tables: Vec<TableId> =
            self.gc.weak_values.iter().chain(&self.gc.all_weak).copied().collect();
        for table in tables {
            for slot in 0..self.tables.items[table.index()].array.len() {
                let value = self.tables.items[table.index()].array[slot];
                if self.is_dead_reference(value) {
                    self.tables.items[table.index()].array[slot] = Value::NIL;
                }
            }
            self.clear_nodes(table, false, false);
        }
    }

    fn clear_weak_keys(&mut self) {
        for table in self.gc.ephemerons.clone() {
            self.clear_nodes(table, true, true);
        }
        for table in self.gc.all_weak.clone() {
            self.clear_nodes(table, true, false);
        }
    }

    /// Removes entries with a dead key or value; what stays keeps its value if asked to.
    fn clear_nodes(&mut self, table: TableId, by_key: bool, keeps_values: bool) {
        for index in 0..self.tables.items[table.index()].nodes.len() {
            let node = self.tables.items[table.index()].nodes[index];
            if !node.value.is_nil() {
                let reference = if by_key { node.key() } else { node.value };
                if self.is_dead_reference(reference) {
                    self.tables.items[table.index()].nodes[index].value = Value::NIL;
                }
            }
            let node = self.tables.items[table.index()].nodes[index];
            if node.value.is_nil() {
                self.forget_key(table, index);
            } else if keeps_values {
                self.mark_value(node.value);
            }
        }
    }

    /// Clears what a stack holds above its top, which may refer to what is freed now, and forgets
    /// open cells that no closure has any more.
    fn tidy_execution(&mut self, execution: &mut Execution) {
        let extent = self.extent_of(execution);
        execution.stack[extent..].fill(Value::NIL);
        let cells = &self.upvalues.items;
        execution.open.retain(|open| !Self::is_white(cells[open.cell.index()].mark));
    }

    fn tidy_threads(&mut self) {
        for index in 0..self.threads.items.len() {
            if !Self::is_white(self.threads.items[index].mark)
                && !self.threads.items[index].execution.stack.is_empty()
            {
                let mut execution = std::mem::take(&mut self.threads.items[index].execution);
                self.tidy_execution(&mut execution);
                self.threads.items[index].execution = execution;
            }
        }
    }
}
