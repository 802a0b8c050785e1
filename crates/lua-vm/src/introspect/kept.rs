//! Putting a state back: objects that the embedder keeps alive, and how they are emptied.

use crate::collector::{Gray, Phase};
use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::table::Table;
use crate::heap::thread::Status;
use crate::value::{ClosureId, TableId, ThreadId, UpvalueId, Value};
use crate::vm::Vm;

/// Kept objects that the collector marks in one piece of work.
const CHUNK: usize = 1024;

/// What an embedder keeps alive.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    values: Vec<Value>,
    cells: Vec<UpvalueId>,
}

impl Vm {
    /// Keeps values and cells alive, whatever becomes of the references to them, in place of
    /// those kept so far. What was collected before is left out; see [`Vm::is_alive`].
    ///
    /// ```
    /// let mut vm = lua::Vm::new();
    /// let table = lua::Value::table(vm.table()?);
    /// vm.keep(vec![table], vec![]);
    /// vm.collect_garbage();
    /// assert_eq!(vm.kept().0[0].as_table(), table.as_table());
    /// # Ok::<(), lua::Throw>(())
    /// ```
    pub fn keep(&mut self, mut values: Vec<Value>, mut cells: Vec<UpvalueId>) {
        values.retain(|&value| self.is_alive(value));
        cells.retain(|&cell| self.heap.has_cell(cell));
        self.heap.kept = Kept { values, cells };
        // A cycle under way may be past the place where it marks them.
        if self.heap.gc.phase == Phase::Mark {
            self.heap.gc.gray.push(Gray::Kept(0));
        }
    }

    /// What [`Vm::keep`] was given.
    pub fn kept(&self) -> (&[Value], &[UpvalueId]) {
        (&self.heap.kept.values, &self.heap.kept.cells)
    }

    /// Takes all entries and the metatable out of a table; an external one is that no more.
    pub fn clear_table(&mut self, table: TableId) {
        if !self.heap.has_table(table) {
            return;
        }
        self.make_internal(table);
        self.heap.table_barrier(table, Value::NIL, Value::NIL);
        let object = &mut self.heap.tables.items[table.index()];
        let owned = object.owned_bytes();
        *object = Table::new(object.mark());
        self.heap.account.release_early(owned);
    }

    /// Makes a coroutine as [`Vm::make_coroutine`] does of one that does not run: its variables
    /// stay with the functions that share them, and nothing of it is run any more. False if it
    /// runs or waits for another one, or was collected.
    pub fn reset_coroutine(&mut self, thread: ThreadId) -> bool {
        let status = self.heap.threads.items[thread.index()].status;
        let idle = matches!(status, Status::Suspended | Status::Dead);
        if !idle || !self.is_alive(Value::thread(thread)) {
            return false;
        }
        self.kill(thread, None);
        true
    }

    /// Gives a Lua function other cells; false if it has another number of them, or one of them was
    /// collected.
    pub fn set_closure_cells(&mut self, closure: ClosureId, cells: &[UpvalueId]) -> bool {
        let alive = self.heap.has_closure(closure, self.closure_parts(closure).0)
            && cells.iter().all(|&cell| self.heap.has_cell(cell));
        if !alive {
            return false;
        }
        let own = &mut self.heap.closures.items[closure.index()].upvalues;
        if own.len() != cells.len() {
            return false;
        }
        own.copy_from_slice(cells);
        for &cell in cells {
            self.heap.mark_cell_if_marking(cell);
        }
        true
    }
}

impl Heap {
    /// Marks some of what is kept; returns the bytes looked at.
    pub(crate) fn visit_kept(&mut self, from: usize) -> usize {
        let Kept { values, cells } = std::mem::take(&mut self.kept);
        let end = from + CHUNK;
        let part = |len: usize| from.min(len)..end.min(len);
        for &value in &values[part(values.len())] {
            self.mark_value(value);
        }
        for &cell in &cells[part(cells.len())] {
            self.mark_cell(cell);
        }
        if end < values.len().max(cells.len()) {
            self.gc.gray.push(Gray::Kept(end as u32));
        }
        self.kept = Kept { values, cells };
        CHUNK * 16
    }

    /// A function is about to let go of a cell: for reports of writes that counts as one.
    pub(crate) fn report_cell(&mut self, cell: UpvalueId) {
        let mark = &mut self.upvalues.items[cell.index()].mark;
        if *mark & crate::heap::color::ATTACHED != 0 {
            *mark &= !crate::heap::color::ATTACHED;
            self.written_cells.push(cell);
        }
    }
}
