//! Introspection: everything a program's state consists of can be read and built again.
//!
//! Handles that these functions return are kept alive only by what refers to them: see
//! [`Vm::is_alive`] and [`Vm::keep`]. An embedder that builds a graph piece by piece calls
//! [`Vm::pause_collector`] first.

mod alive;
mod coroutine;
mod describe;
mod external;
mod kept;
mod stack;

pub use coroutine::{CoroutineSnapshot, FrameSnapshot, InvalidSnapshot};
pub use describe::FunctionDescription;
pub(crate) use external::Embedder;
pub use external::External;
pub(crate) use kept::Kept;
pub use stack::{Level, Local};

use crate::bytecode::{Constant, Function};
use crate::chunk::Chunk;
use crate::heap::color;
use crate::value::{
    ClosureId, Kind, NativeId, ProtoId, TableId, ThreadId, UpvalueId, UserdataId, Value,
};
use crate::vm::{Throw, Vm};

/// What an upvalue cell holds.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    /// A value of its own.
    Closed(Value),
    /// A variable that still lives in a stack slot of a coroutine.
    Open {
        /// The coroutine.
        thread: ThreadId,
        /// The slot, counted from the bottom of its stack.
        slot: u32,
    },
}

impl Vm {
    /// Stops automatic collections until [`Vm::resume_collector`] is called.
    pub fn pause_collector(&mut self) -> bool {
        std::mem::replace(&mut self.collector.settings.running, false)
    }

    /// Sets whether collections are automatic, as [`Vm::pause_collector`] returned it.
    pub fn resume_collector(&mut self, running: bool) {
        self.collector.settings.running = running;
    }

    // ---- functions ----

    /// The prototype and the upvalue cells of a Lua function.
    pub fn closure_parts(&self, closure: ClosureId) -> (ProtoId, &[UpvalueId]) {
        let object = &self.heap.closures.items[closure.index()];
        (object.proto, &object.upvalues)
    }

    /// Builds a Lua function of a prototype and cells; two functions that are given the same cell
    /// share the variable.
    ///
    /// # Errors
    /// A number of cells that the prototype does not have, handles of collected objects, and a
    /// heap without room.
    pub fn make_closure(&mut self, proto: ProtoId, cells: &[UpvalueId]) -> Result<Value, Throw> {
        let alive = self.heap.has_proto(proto) && cells.iter().all(|&c| self.heap.has_cell(c));
        self.require(alive)?;
        let wanted = self.heap.protos.items[proto.index()].function.upvalues.len();
        if wanted != cells.len() {
            return self.throw_plain("wrong number of upvalues");
        }
        Ok(self.heap.closure(proto, cells.into())?)
    }

    /// What a cell holds.
    pub fn cell(&self, cell: UpvalueId) -> Cell {
        let object = &self.heap.upvalues.items[cell.index()];
        match object.thread {
            None => Cell::Closed(object.value),
            Some(thread) => Cell::Open { thread, slot: object.slot },
        }
    }

    /// The value of a cell, wherever it lives.
    pub fn cell_value(&self, cell: UpvalueId) -> Value {
        self.open_value(cell)
    }

    /// Builds a closed cell.
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_cell(&mut self, value: Value) -> Result<UpvalueId, Throw> {
        self.check_alive(&[value])?;
        Ok(self.heap.cell(value)?)
    }

    /// Sets the value of a cell, wherever it lives; nothing if one of the two was collected.
    pub fn set_cell(&mut self, cell: UpvalueId, value: Value) {
        if !self.heap.has_cell(cell) || !self.is_alive(value) {
            return;
        }
        // Only limits and errors could make this fail, and setting a cell meets neither.
        let _ = self.set_upvalue(cell, value);
    }

    /// A prototype as plain data, nested functions included; what `string.dump` writes. One that
    /// was collected has no code.
    pub fn prototype(&self, proto: ProtoId) -> Function {
        if !self.heap.has_proto(proto) {
            return Function::default();
        }
        let object = &self.heap.protos.items[proto.index()];
        let head = self.heap.heads[proto.index()];
        let code = head.code_start as usize..(head.code_start + head.code_count) as usize;
        let first = head.constants_start as usize;
        let constants = &self.heap.pool.constants[first..first + object.constant_count as usize];
        Function {
            code: self.heap.pool.code[code].iter().map(|i| i.word).collect(),
            constants: constants.iter().map(|&value| self.constant(value)).collect(),
            functions: object.children.iter().map(|&child| self.nested(child, object)).collect(),
            ..object.function.clone()
        }
    }

    /// A nested function does not repeat the source of the function around it.
    fn nested(&self, child: ProtoId, parent: &crate::heap::function::Proto) -> Function {
        let mut function = self.prototype(child);
        if function.source == parent.function.source {
            function.source = None;
        }
        function
    }

    fn constant(&self, value: Value) -> Constant {
        match value.kind() {
            Kind::Boolean(b) => Constant::Boolean(b),
            Kind::Integer(i) => Constant::Integer(i),
            Kind::Float(f) => Constant::Float(f),
            Kind::String(id) => Constant::String(self.heap.bytes_of(id).clone()),
            _ => Constant::Nil,
        }
    }

    /// Takes a verified chunk into the heap.
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_prototype(&mut self, chunk: Chunk) -> Result<ProtoId, Throw> {
        Ok(self.heap.proto(chunk.into_function())?)
    }

    /// The registered function and the captured values of a native function value.
    pub fn native_parts(&self, value: Value) -> Option<(NativeId, &[Value])> {
        match value.kind() {
            Kind::Native(id) => Some((id, &[])),
            Kind::NativeClosure(id) => {
                let object = &self.heap.natives.items[id.index()];
                Some((object.function, &object.values))
            }
            _ => None,
        }
    }

    /// Builds a native function with captured values.
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_native(&mut self, function: NativeId, values: &[Value]) -> Result<Value, Throw> {
        self.check_alive(values)?;
        if values.is_empty() {
            return Ok(Value::native(function));
        }
        Ok(self.heap.native_closure(function, values)?)
    }

    /// Overwrites one of the captured values of a native function; nothing if one of the two was
    /// collected.
    pub fn set_native_capture(&mut self, function: Value, index: usize, value: Value) {
        if !self.is_alive(function) || !self.is_alive(value) {
            return;
        }
        if let Kind::NativeClosure(id) = function.kind() {
            self.heap.set_native_value(id, index, value);
        }
    }

    // ---- tables ----

    /// The entry after `key` in traversal order; nil starts. `None` ends, and also answers a key
    /// that is not in the table. Of an external table these are the resident entries.
    pub fn table_next(&self, table: TableId, key: Value) -> Option<(Value, Value)> {
        let heap = &self.heap;
        heap.tables.items[table.index()].next(&heap.strings, key).ok().flatten()
    }

    /// The length of a table's array part: its keys 1 to n are next to each other in memory.
    pub fn array_len(&self, table: TableId) -> usize {
        self.heap.tables.items[table.index()].array.len()
    }

    /// Sets or removes the metatable of a table, a userdata, or of all values of another type.
    ///
    /// # Errors
    /// What the embedder throws when it is asked for the metamethods of an external metatable,
    /// and handles of collected objects.
    pub fn set_metatable(&mut self, value: Value, meta: Option<TableId>) -> Result<(), Throw> {
        self.check_alive(&[value, meta.map_or(Value::NIL, Value::table)])?;
        if let Some(meta) = meta {
            self.load_events(meta)?;
        }
        match value.kind() {
            Kind::Table(table) => self.heap.set_metatable(table, meta),
            Kind::Userdata(userdata) => {
                self.heap.userdata.items[userdata.index()].meta = meta;
                if let Some(meta) = meta {
                    self.heap.mark_if_marking(Value::table(meta));
                }
            }
            _ => self.type_metatables[value.type_of() as usize] = meta,
        }
        let finalizer = meta.map_or(Value::NIL, |m| self.heap.event(m, crate::vm::names::GC));
        if !finalizer.is_nil() {
            self.heap.make_finalizable(value);
        }
        Ok(())
    }

    /// Makes a table with room for that many array elements and other entries.
    ///
    /// # Errors
    /// A heap without room.
    pub fn table_with_capacity(&mut self, array: usize, hash: usize) -> Result<TableId, Throw> {
        Ok(self.heap.table_with_capacity(array, hash)?)
    }

    // ---- reports of writes ----

    /// Lets the next write to a table be reported by [`Vm::take_written_tables`].
    pub fn attach_table(&mut self, table: TableId) {
        if !self.heap.has_table(table) {
            return;
        }
        use crate::heap::arena::Object;
        let object = &mut self.heap.tables.items[table.index()];
        object.set_mark(object.mark() | color::ATTACHED);
    }

    /// Lets the next write to a closed cell be reported by [`Vm::take_written_cells`].
    pub fn attach_cell(&mut self, cell: UpvalueId) {
        if !self.heap.has_cell(cell) {
            return;
        }
        self.heap.upvalues.items[cell.index()].mark |= color::ATTACHED;
    }

    /// The attached tables that were written to; each has to be attached again.
    pub fn take_written_tables(&mut self) -> Vec<TableId> {
        std::mem::take(&mut self.heap.written_tables)
    }

    /// The attached cells that were written to; each has to be attached again.
    pub fn take_written_cells(&mut self) -> Vec<UpvalueId> {
        std::mem::take(&mut self.heap.written_cells)
    }

    // ---- userdata ----

    /// The host object of a userdata.
    pub fn userdata<T: 'static>(&self, userdata: UserdataId) -> Option<&T> {
        self.heap.userdata.items[userdata.index()].data.as_ref()?.downcast_ref()
    }

    /// The host object of a userdata, to change it.
    pub fn userdata_mut<T: 'static>(&mut self, userdata: UserdataId) -> Option<&mut T> {
        self.heap.userdata.items[userdata.index()].data.as_mut()?.downcast_mut()
    }

    /// A user value of a userdata, counted from 1; `None` if it was made with fewer.
    pub fn user_value(&self, userdata: UserdataId, number: i64) -> Option<Value> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.heap.userdata.items[userdata.index()].user_values.get(index).copied()
    }

    /// Sets a user value, counted from 1; false if the userdata was made with fewer, or one of the
    /// two was collected.
    pub fn set_user_value(&mut self, userdata: UserdataId, number: i64, value: Value) -> bool {
        if !self.is_alive(Value::userdata(userdata)) || !self.is_alive(value) {
            return false;
        }
        let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let values = &mut self.heap.userdata.items[userdata.index()].user_values;
        let Some(place) = index.and_then(|index| values.get_mut(index)) else { return false };
        *place = value;
        self.heap.mark_if_marking(value);
        true
    }

    /// Makes a userdata of a host object that weighs `weight` bytes.
    ///
    /// # Errors
    /// A heap without room.
    pub fn make_userdata<T: 'static>(&mut self, data: T, weight: usize) -> Result<Value, Throw> {
        Ok(self.heap.userdata(Box::new(data), weight)?)
    }

    /// The data of all userdata that hold a `T`.
    pub fn each_userdata<T: 'static>(&mut self) -> impl Iterator<Item = &mut T> {
        let data = self.heap.userdata.items.iter_mut().filter_map(|item| item.data.as_mut());
        data.filter_map(|data| data.downcast_mut::<T>())
    }

    /// How the collector works, to be read and changed.
    pub fn collector_settings(&mut self) -> &mut crate::CollectorSettings {
        &mut self.collector.settings
    }

    /// Whether the running function was called by the collector, as a finalizer.
    pub fn is_collecting(&self) -> bool {
        self.collector.is_busy()
    }
}
