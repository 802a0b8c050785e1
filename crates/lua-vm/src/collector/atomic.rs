//! The end of marking: the tables and stacks that changed, then one atomic step, in which weak
//! tables are cleared and finalizers found; then the whites change roles.

use super::weak::Waiting;
use super::{Gray, Phase};
use crate::heap::Heap;
use crate::heap::color;
use crate::heap::thread::Execution;
use crate::value::{StringId, ThreadId, Value};
use crate::vm::Vm;

/// Bytes that are visited at once at the end of marking; if there is more, marking goes on.
const LAST_BYTES_MAX: usize = 128 * 1024;

impl Vm {
    /// Marks everything that is reachable by itself; returns the bytes looked at.
    pub(super) fn mark_roots(&mut self) -> usize {
        let heap = &mut self.heap;
        for index in 0..crate::vm::names::ALL.len() as u32 {
            heap.mark_value(Value::short_string(StringId(index)));
        }
        heap.mark_table(self.globals);
        heap.mark_table(self.registry);
        for meta in self.type_metatables.into_iter().flatten() {
            heap.mark_table(meta);
        }
        heap.mark_value(self.thrown);
        heap.mark_value(Value::thread(ThreadId(0)));
        // A thread may have been visited before it got its resumer.
        let mut thread = Some(self.current);
        while let Some(id) = thread {
            heap.mark_value(Value::thread(id));
            thread = heap.threads.items[id.index()].resumer;
        }
        for index in 0..heap.gc.pending.len() {
            heap.mark_value(heap.gc.pending[index]);
        }
        1024 + heap.mark_execution(&self.execution) + heap.gc.pending.len() * 16
    }

    /// Begins the second part of marking.
    #[inline(never)]
    pub(super) fn begin_closing(&mut self) -> usize {
        let gc = &mut self.heap.gc;
        gc.closing = true;
        gc.closing_bytes = 0;
        // Ephemeron tables come last: by then most of their keys have been reached.
        let tables = std::mem::take(&mut gc.ephemerons).into_iter().chain(gc.again.drain(..));
        gc.gray.extend(tables.map(|table| Gray::Table(table, 0)));
        gc.gray.extend(gc.threads.drain(..).map(Gray::Thread));
        self.heap.birth = color::BLACK;
        self.mark_roots()
    }

    /// Visits the stacks once more and ends marking, unless they lead to too much that is white:
    /// then marking goes on, which has less to do each time.
    #[inline(never)]
    pub(super) fn try_to_finish(&mut self) -> usize {
        let mut bytes = self.mark_roots();
        // Coroutines that are switched without end could keep it from ending.
        let used = self.heap.account.used();
        let patient = self.heap.gc.closing_bytes < used + LAST_BYTES_MAX;
        let start = bytes;
        let gc = &mut self.heap.gc;
        gc.gray.extend(gc.threads.drain(..).map(Gray::Thread));
        while let Some(gray) = self.heap.gc.gray.pop() {
            bytes += self.heap.visit(gray);
            if patient && bytes - start > LAST_BYTES_MAX {
                self.heap.gc.closing_bytes += bytes - start;
                return bytes;
            }
        }
        bytes + self.finish_marking() * 16
    }

    /// The atomic step, and begins to sweep; returns the slots looked at.
    #[inline(never)]
    fn finish_marking(&mut self) -> usize {
        let heap = &mut self.heap;
        let mut waiting = Waiting::default();
        let mut slots = heap.mark_open_cells_of_dead_threads();
        heap.gc.tidy_weak();
        slots += heap.converge(&mut waiting);
        slots += heap.clear_weak_values((0, 0));
        let done = (heap.gc.weak_values.len(), heap.gc.all_weak.len());
        slots += heap.separate_finalizable();
        slots += heap.converge(&mut waiting);
        slots += heap.clear_weak_keys(&waiting);
        slots += heap.clear_weak_values(done);
        heap.tidy_execution(&mut self.execution);
        slots += heap.tidy_threads();
        heap.gc.reset_lists();
        heap.white ^= 1;
        heap.birth = heap.white;
        heap.gc.live = heap.account.used();
        heap.gc.cursor = 0;
        heap.gc.phase = Phase::Sweep(0);
        slots
    }
}

impl Heap {
    /// A closure that lives may share a variable with a thread that does not.
    fn mark_open_cells_of_dead_threads(&mut self) -> usize {
        let mut slots = self.threads.items.len();
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
                slots += 1;
            }
        }
        slots
    }

    /// Clears what a stack holds above its top, which may refer to what is freed now, and forgets
    /// open cells that no closure has any more.
    fn tidy_execution(&mut self, execution: &mut Execution) {
        let extent = self.extent_of(execution);
        execution.stack[extent..].fill(Value::NIL);
        let cells = &self.upvalues.items;
        execution.open.retain(|open| !Self::is_white(cells[open.cell.index()].mark));
    }

    /// The same for threads that do not run; above their tops they were cleared when they were
    /// visited.
    fn tidy_threads(&mut self) -> usize {
        let mut slots = self.threads.items.len();
        let cells = &self.upvalues.items;
        for thread in &mut self.threads.items {
            if !Self::is_white(thread.mark) && !thread.execution.open.is_empty() {
                slots += thread.execution.open.len();
                thread.execution.open.retain(|open| !Self::is_white(cells[open.cell.index()].mark));
            }
        }
        slots
    }
}
