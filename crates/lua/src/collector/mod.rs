//! The garbage collector: incremental mark and sweep over handles.
//!
//! Tri-colour marking with two whites (Dijkstra et al., 1978; PUC-Rio's manual, section 2.5.1):
//! an object is white until it is reached, gray until its references are visited, black after. A
//! write to a black table turns it gray again; a write to a black cell marks the value. The end of
//! marking is one atomic step, in which stacks are visited again and weak tables are cleared.

mod atomic;
mod finalize;
mod mark;
mod step;

use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color;
use crate::value::{ClosureId, NativeClosureId, ProtoId, TableId, ThreadId, UserdataId};
use crate::value::{UpvalueId, Value};

/// What the collector is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing: waiting for the heap to grow.
    #[default]
    Pause,
    /// Visiting gray objects.
    Mark,
    /// Freeing what stayed white; the number says in which arena.
    Sweep(u8),
}

/// An object to visit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gray {
    /// A table, from a slot on.
    Table(TableId, u32),
    Closure(ClosureId),
    Native(NativeClosureId),
    Thread(ThreadId),
    Userdata(UserdataId),
    Proto(ProtoId),
    /// What the embedder keeps, from a place on.
    Kept(u32),
}

/// The collector's own state.
#[derive(Debug)]
pub(crate) struct State {
    pub phase: Phase,
    pub gray: Vec<Gray>,
    /// Tables written to after they were visited.
    again: Vec<TableId>,
    /// Threads that were visited: their stacks change without barriers.
    threads: Vec<ThreadId>,
    weak_values: Vec<TableId>,
    ephemerons: Vec<TableId>,
    all_weak: Vec<TableId>,
    /// Objects with a finalizer, in the order in which they got it.
    finalizable: Vec<Value>,
    /// Objects whose finalizer is to be called.
    pending: Vec<Value>,
    cursor: usize,
    /// Code pool entries of freed prototypes.
    pub(crate) dead_code: usize,
}

impl Default for State {
    fn default() -> State {
        State {
            phase: Phase::Pause,
            gray: vec![],
            again: vec![],
            threads: vec![],
            weak_values: vec![],
            ephemerons: vec![],
            all_weak: vec![],
            finalizable: vec![],
            pending: vec![],
            cursor: 0,
            dead_code: 0,
        }
    }
}

/// How the collector is set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Percentage of the live bytes at which a new cycle begins.
    pub pause: u32,
    /// Percentage of work done per byte allocated.
    pub step_multiplier: u32,
    /// Logarithm of the bytes between two steps.
    pub step_size: u32,
    /// What `collectgarbage` says the mode is; both run the same collector.
    pub generational: bool,
    /// Whether it runs by itself.
    pub running: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            pause: 200,
            step_multiplier: 100,
            step_size: 13,
            generational: false,
            running: true,
        }
    }
}

/// The part of the collector that belongs to the VM rather than to the heap.
#[derive(Debug, Default)]
pub struct Collector {
    /// How it is set.
    pub settings: Settings,
    /// A finalizer is running, or a full collection.
    busy: bool,
}

impl Heap {
    /// Whether an object with this mark was not reached.
    #[inline(always)]
    fn is_white(mark: u8) -> bool {
        mark & color::MASK <= color::WHITE1
    }

    /// Before a write to a table.
    #[inline(always)]
    pub(crate) fn table_barrier(&mut self, table: TableId) {
        let mark = self.tables.items[table.index()].mark();
        if color::needs_barrier(mark) {
            self.table_barrier_slow(table, mark);
        }
    }

    #[cold]
    #[inline(never)]
    fn table_barrier_slow(&mut self, table: TableId, mark: u8) {
        let mut mark = mark;
        if mark & color::ATTACHED != 0 {
            mark &= !color::ATTACHED;
            self.written_tables.push(table);
        }
        if mark & color::MASK == color::BLACK {
            if self.gc.phase == Phase::Mark {
                mark = mark & !color::MASK | color::GRAY;
                self.gc.again.push(table);
            } else {
                mark = mark & !color::MASK | self.white;
            }
        }
        self.tables.items[table.index()].set_mark(mark);
    }

    /// After a write to a cell that needs a barrier.
    #[cold]
    #[inline(never)]
    pub(crate) fn cell_barrier(&mut self, cell: UpvalueId, value: Value) {
        let mark = self.upvalues.items[cell.index()].mark;
        if mark & color::ATTACHED != 0 {
            self.upvalues.items[cell.index()].mark &= !color::ATTACHED;
            self.written_cells.push(cell);
        }
        if self.gc.phase == Phase::Mark && mark & color::MASK == color::BLACK {
            self.mark_value(value);
        }
    }

    /// Closes an open cell over a value.
    pub(crate) fn close_cell(&mut self, cell: UpvalueId, value: Value) {
        let object = &mut self.upvalues.items[cell.index()];
        object.value = value;
        object.thread = None;
        if color::needs_barrier(object.mark) {
            self.cell_barrier(cell, value);
        }
    }

    /// Overwrites a value of a native closure.
    pub(crate) fn set_native_value(&mut self, id: NativeClosureId, index: usize, value: Value) {
        if let Some(slot) = self.natives.items[id.index()].values.get_mut(index) {
            *slot = value;
            if self.gc.phase == Phase::Mark {
                self.mark_value(value);
            }
        }
    }

    /// Sets a table's metatable.
    pub(crate) fn set_metatable(&mut self, table: TableId, meta: Option<TableId>) {
        let object = &self.tables.items[table.index()];
        let table = match object.meta {
            Some(gate) if object.is_external() => gate,
            _ => table,
        };
        self.table_barrier(table);
        self.tables.items[table.index()].meta = meta;
    }
}
