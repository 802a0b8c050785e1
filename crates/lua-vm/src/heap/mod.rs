//! The heap: every Lua object, in one arena per kind, with exact accounting.

pub(crate) mod account;
pub(crate) mod arena;
pub(crate) mod color;
pub(crate) mod faults;
pub(crate) mod function;
pub(crate) mod measure;
pub(crate) mod string;
pub(crate) mod table;
pub(crate) mod thread;
pub(crate) mod userdata;

use std::rc::Rc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

pub use account::OutOfMemory;
use account::{Account, reserve};
use arena::Arena;
use function::{Closure, CodePool, NativeClosure, Proto, ProtoHead, Upvalue};
use string::Strings;
use table::Table;
use thread::{Execution, Status, Thread};
use userdata::Userdata;

use crate::bytecode::{Constant, Function};
use crate::value::{
    ClosureId, NativeClosureId, NativeId, ProtoId, StringId, TableId, ThreadId, UpvalueId,
    UserdataId, Value,
};

/// Every object of one VM.
#[derive(Debug)]
pub struct Heap {
    pub(crate) account: Account,
    pub(crate) strings: Strings,
    pub(crate) tables: Arena<Table>,
    pub(crate) closures: Arena<Closure>,
    pub(crate) upvalues: Arena<Upvalue>,
    pub(crate) natives: Arena<NativeClosure>,
    pub(crate) threads: Arena<Thread>,
    pub(crate) userdata: Arena<Userdata>,
    pub(crate) protos: Arena<Proto>,
    /// Beside `protos`, index for index.
    pub(crate) heads: Vec<ProtoHead>,
    pub(crate) pool: CodePool,
    pub(crate) white: u8,
    /// The color of new objects: white, or black while a collection closes in on its end.
    pub(crate) birth: u8,
    pub(crate) gc: crate::collector::State,
    /// Attached tables that were written to since they were attached.
    pub(crate) written_tables: Vec<TableId>,
    /// The same for cells.
    pub(crate) written_cells: Vec<UpvalueId>,
    pub(crate) kept: crate::introspect::Kept,
}

/// Long string constants by where their bytes are: the functions of a chunk share them.
type LongConstants = HashMap<*const u8, Value, FixedState>;

type Fallible<T> = Result<T, OutOfMemory>;

impl Heap {
    pub(crate) fn new(seed: u64) -> Heap {
        Heap {
            account: Account::new(),
            strings: Strings::new(seed),
            tables: Arena::new(),
            closures: Arena::new(),
            upvalues: Arena::new(),
            natives: Arena::new(),
            threads: Arena::new(),
            userdata: Arena::new(),
            protos: Arena::new(),
            heads: Vec::new(),
            pool: CodePool::new(),
            white: color::WHITE0,
            birth: color::WHITE0,
            gc: Default::default(),
            written_tables: Vec::new(),
            written_cells: Vec::new(),
            kept: Default::default(),
        }
    }

    /// Bytes in use by everything that the heap owns.
    pub fn bytes(&self) -> usize {
        self.account.bytes()
    }

    /// Bytes that may still be allocated before the limit is reached.
    pub fn room(&self) -> usize {
        self.account.limit().saturating_sub(self.account.bytes())
    }

    /// Bytes in use by objects: [`Heap::bytes`] without the room that is kept for more of them.
    pub fn object_bytes(&self) -> usize {
        self.account.used()
    }

    /// Makes (or finds) a string.
    #[inline]
    pub fn string(&mut self, bytes: &[u8]) -> Fallible<Value> {
        self.strings.create(&mut self.account, self.birth, bytes)
    }

    /// Makes a string of bytes that are shared already.
    #[inline]
    pub fn shared_string(&mut self, bytes: &Rc<[u8]>) -> Fallible<Value> {
        self.strings.adopt(&mut self.account, self.birth, bytes)
    }

    /// A string's bytes.
    #[inline]
    pub fn bytes_of(&self, id: StringId) -> &Rc<[u8]> {
        self.strings.bytes(id)
    }

    /// Makes an empty table.
    #[inline]
    pub fn table(&mut self) -> Fallible<TableId> {
        let table = Table::new(self.birth);
        self.tables.add(&mut self.account, table).map(TableId)
    }

    /// Makes a table with room for that many array elements and hash entries.
    pub fn table_with_capacity(&mut self, array: usize, hash: usize) -> Fallible<TableId> {
        let mut table = Table::new(self.birth);
        if hash > 0 {
            table.resize(&mut self.account, &self.strings, 0, hash)?;
        }
        if let Err(error) = reserve(&mut self.account, &mut table.array, array) {
            self.account.release(arena::Object::owned_bytes(&table));
            return Err(error);
        }
        let owned = arena::Object::owned_bytes(&table);
        match self.tables.add(&mut self.account, table) {
            Ok(id) => Ok(TableId(id)),
            Err(error) => {
                self.account.release(owned);
                Err(error)
            }
        }
    }

    /// Reads a table's entry without metamethods.
    #[inline]
    pub fn raw_get(&self, table: TableId, key: Value) -> Value {
        self.tables.items[table.index()].get(&self.strings, key)
    }

    /// Makes a closure over cells.
    pub(crate) fn closure(
        &mut self,
        proto: ProtoId,
        upvalues: Box<[UpvalueId]>,
    ) -> Fallible<Value> {
        let owned = upvalues.len() * size_of::<UpvalueId>();
        self.account.charge(owned)?;
        if self.birth == color::BLACK {
            self.mark_proto(proto);
            upvalues.iter().for_each(|&cell| self.mark_cell(cell));
        }
        let closure = Closure { proto, upvalues, mark: self.birth };
        match self.closures.add(&mut self.account, closure) {
            Ok(id) => Ok(Value::closure(ClosureId(id), proto)),
            Err(error) => {
                self.account.release(owned);
                Err(error)
            }
        }
    }

    /// Makes a native function with values of its own.
    pub fn native_closure(&mut self, function: NativeId, values: &[Value]) -> Fallible<Value> {
        self.account.charge(size_of_val(values))?;
        if self.birth == color::BLACK {
            values.iter().for_each(|&value| self.mark_value(value));
        }
        let closure = NativeClosure { function, values: values.into(), mark: self.birth };
        match self.natives.add(&mut self.account, closure) {
            Ok(id) => Ok(Value::native_closure(NativeClosureId(id))),
            Err(error) => {
                self.account.release(size_of_val(values));
                Err(error)
            }
        }
    }

    /// Makes a closed upvalue cell.
    pub(crate) fn cell(&mut self, value: Value) -> Fallible<UpvalueId> {
        if self.birth == color::BLACK {
            self.mark_value(value);
        }
        let cell = Upvalue { value, thread: None, slot: 0, mark: self.birth };
        self.upvalues.add(&mut self.account, cell).map(UpvalueId)
    }

    /// Makes an upvalue cell for a variable that lives in a stack slot.
    pub(crate) fn open_cell(&mut self, thread: ThreadId, slot: u32) -> Fallible<UpvalueId> {
        let cell = Upvalue { value: Value::NIL, thread: Some(thread), slot, mark: self.birth };
        self.upvalues.add(&mut self.account, cell).map(UpvalueId)
    }

    /// Makes a thread that has nothing to run yet.
    pub(crate) fn thread(&mut self) -> Fallible<ThreadId> {
        let thread = Thread {
            execution: Execution::default(),
            status: Status::Suspended,
            failure: None,
            resumer: None,
            hook: Default::default(),
            mark: self.white,
        };
        let id = self.threads.add(&mut self.account, thread).map(ThreadId)?;
        if self.birth == color::BLACK {
            // Visited like any other: its stack changes without barriers.
            self.mark_value(Value::thread(id));
        }
        Ok(id)
    }

    /// Makes a userdata; `weight` is the number of bytes to account for.
    pub fn userdata(&mut self, data: Box<dyn std::any::Any>, weight: usize) -> Fallible<Value> {
        self.account.charge(weight)?;
        let userdata = Userdata {
            data: Some(data),
            meta: None,
            user_values: vec![],
            weight,
            mark: self.birth,
        };
        match self.userdata.add(&mut self.account, userdata) {
            Ok(id) => Ok(Value::userdata(UserdataId(id))),
            Err(error) => {
                self.account.release(weight);
                Err(error)
            }
        }
    }

    /// Takes a verified function and all functions nested in it into the heap.
    pub(crate) fn proto(&mut self, function: Function) -> Fallible<ProtoId> {
        self.nested_proto(function, &mut LongConstants::default())
    }

    fn nested_proto(
        &mut self,
        mut function: Function,
        long: &mut LongConstants,
    ) -> Fallible<ProtoId> {
        let nested = std::mem::take(&mut function.functions);
        let mut children = Vec::with_capacity(nested.len());
        for mut child in nested {
            child.source = child.source.or_else(|| function.source.clone());
            children.push(self.nested_proto(child, long)?);
        }
        let mut constants = Vec::with_capacity(function.constants.len());
        for constant in std::mem::take(&mut function.constants) {
            constants.push(match constant {
                Constant::Nil => Value::NIL,
                Constant::Boolean(b) => Value::boolean(b),
                Constant::Integer(i) => Value::integer(i),
                Constant::Float(f) => Value::float(f),
                Constant::String(s) => match long.get(&s.as_ptr()) {
                    Some(known) => *known,
                    None => {
                        let value = self.shared_string(&s)?;
                        if s.len() > string::SHORT_BYTES_MAX {
                            long.insert(s.as_ptr(), value);
                        }
                        value
                    }
                },
            });
        }
        let code = std::mem::take(&mut function.code);
        self.add_proto(function, children.into(), &code, &constants)
    }

    fn add_proto(
        &mut self,
        function: Function,
        children: Box<[ProtoId]>,
        code: &[u32],
        constants: &[Value],
    ) -> Fallible<ProtoId> {
        let (code_start, constants_start) = self.pool.add(&mut self.account, code, constants)?;
        let head = ProtoHead {
            code_start,
            constants_start,
            code_count: code.len() as u32,
            parameter_count: function.parameter_count,
            register_count: function.register_count,
            is_vararg: function.is_vararg,
        };
        let proto = Proto::new(function, children, constants.len() as u32, self.birth);
        let Ok(id) = self.place_proto(proto) else {
            // Nothing refers to the code: the collector closes the gap.
            self.gc.dead_code += code.len();
            return Err(OutOfMemory);
        };
        if id as usize == self.heads.len() {
            self.heads.push(head);
        } else {
            self.heads[id as usize] = head;
        }
        Ok(ProtoId(id))
    }

    fn place_proto(&mut self, proto: Proto) -> Fallible<u32> {
        let owned = arena::Object::owned_bytes(&proto);
        self.account.charge(owned)?;
        let placed = self.protos.add(&mut self.account, proto);
        if placed.is_err() {
            self.account.release(owned);
        }
        placed
    }
}
