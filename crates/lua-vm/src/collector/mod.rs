//! The garbage collector: incremental mark and sweep over handles.
//!
//! Tri-colour marking with two whites (Dijkstra et al., 1978; PUC-Rio's manual, section 2.5.1):
//! an object is white until it is reached, gray until its references are visited, black after. A
//! write to a black cell marks the value.
//!
//! Marking has two parts. In the first a write to a black table turns it gray again, so that
//! further writes to it are free. Once nothing is gray the second begins, *closing*: the tables
//! that were written to and the stacks are visited again, and now a write to a black table marks
//! what is written and new objects are born black. So what is white only dwindles, and the end of
//! marking, one atomic step, finds little to visit. Its own work is that on weak tables, on
//! finalizers and on stacks; of an ephemeron table only the entries whose keys were still white
//! when closing visited it, since what is written to it afterwards is marked, key and value.

mod atomic;
mod finalize;
mod mark;
mod step;
mod weak;

use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color;
use crate::value::{ClosureId, NativeClosureId, ProtoId, TableId, ThreadId, UserdataId};
use crate::value::{UpvalueId, Value, float_to_integer};

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
    /// Marking is in its second part.
    closing: bool,
    /// Bytes that were visited in this part.
    closing_bytes: usize,
    /// Tables written to after they were visited, in the first part.
    again: Vec<TableId>,
    /// Threads that have run after they were visited.
    threads: Vec<ThreadId>,
    weak_values: Vec<TableId>,
    ephemerons: Vec<TableId>,
    /// Entries of ephemeron tables whose keys were not reached when closing came by, with the
    /// number of their node: all that the atomic step has to look at.
    unresolved: Vec<(TableId, u32)>,
    all_weak: Vec<TableId>,
    /// Objects with a finalizer, in the order in which they got it.
    finalizable: Vec<Value>,
    /// Objects whose finalizer is to be called.
    pending: Vec<Value>,
    cursor: usize,
    /// Code pool entries of freed prototypes.
    pub(crate) dead_code: usize,
    /// Bytes that objects used at the end of marking, less those freed since: what was allocated
    /// meanwhile is not counted.
    live: usize,
}

impl Default for State {
    fn default() -> State {
        State {
            phase: Phase::Pause,
            gray: vec![],
            closing: false,
            closing_bytes: 0,
            again: vec![],
            threads: vec![],
            weak_values: vec![],
            ephemerons: vec![],
            unresolved: vec![],
            all_weak: vec![],
            finalizable: vec![],
            pending: vec![],
            cursor: 0,
            dead_code: 0,
            live: 0,
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
    /// Cycles that have ended.
    cycles: u64,
}

impl Heap {
    /// Whether an object with this mark was not reached.
    #[inline(always)]
    fn is_white(mark: u8) -> bool {
        mark & color::MASK <= color::WHITE1
    }

    /// Before a write to a table.
    #[inline(always)]
    pub(crate) fn table_barrier(&mut self, table: TableId, key: Value, value: Value) {
        let mark = self.tables.items[table.index()].mark();
        if color::needs_barrier(mark) {
            self.table_barrier_slow(table, mark, key, value);
        }
    }

    /// Before the values of a table's array part are put into another order.
    pub(crate) fn reorder_barrier(&mut self, table: TableId) {
        self.table_barrier(table, Value::NIL, Value::NIL);
        if self.gc.closing {
            for index in 0..self.tables.items[table.index()].array.len() {
                self.mark_value(self.tables.items[table.index()].array[index]);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn table_barrier_slow(&mut self, table: TableId, mark: u8, key: Value, value: Value) {
        let mut mark = mark;
        if mark & color::ATTACHED != 0 {
            mark &= !color::ATTACHED;
            self.written_tables.push(table);
        }
        if mark & color::MASK == color::BLACK {
            if self.gc.closing {
                self.closing_barrier(table, key, value);
            } else if self.gc.phase == Phase::Mark {
                mark = mark & !color::MASK | color::GRAY;
                self.gc.again.push(table);
            } else {
                mark = mark & !color::MASK | self.white;
            }
        }
        self.tables.items[table.index()].set_mark(mark);
    }

    /// A visit of a large table may be under way: what moves to a part of it that was visited
    /// already is marked, too.
    fn closing_barrier(&mut self, table: TableId, key: Value, value: Value) {
        self.mark_value(key);
        self.mark_value(value);
        let key = key.as_float().and_then(float_to_integer).map_or(key, Value::integer);
        if let Some((key, value)) = self.tables.items[table.index()].occupant(&self.strings, key) {
            self.mark_value(key);
            self.mark_value(value);
        }
    }

    /// After a thread has run or was filled: its stack changes without barriers.
    pub(crate) fn thread_barrier(&mut self, thread: ThreadId) {
        let object = &mut self.threads.items[thread.index()];
        if self.gc.phase == Phase::Mark && object.mark & color::MASK == color::BLACK {
            object.mark = object.mark & !color::MASK | color::GRAY;
            self.gc.threads.push(thread);
        }
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
        let holder = match object.meta.get() {
            Some(gate) if object.is_external() => gate,
            _ => table,
        };
        self.table_barrier(holder, Value::NIL, meta.map_or(Value::NIL, Value::table));
        self.tables.items[holder.index()].meta = meta.into();
        // It may be weak no longer: what it holds is to be visited.
        let object = &mut self.tables.items[table.index()];
        if self.gc.closing && object.mark() & color::MASK == color::BLACK {
            object.set_mark(object.mark() & !color::MASK | color::GRAY);
            self.gc.gray.push(Gray::Table(table, 0));
        }
    }
}
