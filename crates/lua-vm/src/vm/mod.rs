//! The virtual machine: state, embedding interface and the driver around the dispatch loop.

mod access;
pub(crate) mod arith;
pub(crate) mod buffer;
mod call;
mod close;
mod coroutine;
mod embed;
pub(crate) mod error;
mod execute;
pub(crate) mod hook;
mod instructions;
mod limits;
mod modules;
pub mod names;
mod native;
mod ops;
mod run;
mod sort;
mod state;
mod strings;
pub(crate) mod text;
mod unwind;
mod warn;
mod window;

use crate::chunk::Chunk;
use crate::heap::Heap;
use crate::heap::OutOfMemory;
use crate::heap::thread::{Execution, Status};
use crate::value::{StringId, TableId, ThreadId, Type, Value};
pub use embed::{Output, Writer};
pub use limits::{Interruption, Limits};
pub use native::{Call, Control, HostFunction, NativeFunction};
pub use run::Step;

use native::Registry;

/// Something was thrown. The thrown value waits in the VM; see [`Vm::thrown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throw {
    /// A Lua error.
    Error,
    /// The heap limit was reached; `pcall` sees `not enough memory`.
    Memory,
    /// A budget is spent. `pcall` does not catch this.
    Interrupted,
}

impl From<OutOfMemory> for Throw {
    fn from(_: OutOfMemory) -> Throw {
        Throw::Memory
    }
}

/// Why control leaves the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Throw(Throw),
    /// The function that a boundary frame called has returned.
    Returned,
    /// A host function will answer later.
    Waiting,
    /// The slice is used up.
    Reenter,
}

impl From<Throw> for Signal {
    fn from(throw: Throw) -> Signal {
        Signal::Throw(throw)
    }
}

impl From<OutOfMemory> for Signal {
    fn from(_: OutOfMemory) -> Signal {
        Signal::Throw(Throw::Memory)
    }
}

/// A Lua virtual machine.
///
/// ```
/// use lua::Libraries;
/// let mut vm = lua::Vm::new();
/// vm.open_libraries().unwrap();
/// let results = vm.eval(b"return 1 + 1", "=example").unwrap();
/// assert_eq!(results[0].as_integer(), Some(2));
/// ```
#[derive(Debug)]
pub struct Vm {
    pub(crate) heap: Heap,
    /// The running thread's execution state.
    pub(crate) execution: Execution,
    pub(crate) current: ThreadId,
    /// Budget units left before the dispatch loop is left.
    pub(crate) slice: i32,
    pub(crate) limits: limits::State,
    /// What [`Throw::Error`] refers to.
    pub(crate) thrown: Value,
    /// A message handler has seen the thrown value already.
    handled: bool,
    /// Rust calls between here and the driver that run Lua code.
    rust_depth: u32,
    /// Coroutines that wait for another one they resumed.
    resume_depth: u32,
    pub(crate) globals: TableId,
    pub(crate) registry: TableId,
    pub(crate) type_metatables: [Option<TableId>; Type::COUNT],
    pub(crate) natives: Registry,
    /// The library function `next`, which `for` loops call inline.
    pub(crate) next_function: Value,
    /// What `ipairs` returns first.
    pub(crate) ipairs_step: Value,
    pub(crate) hook: hook::Active,
    pub(crate) collector: crate::collector::Collector,
    /// A buffer that is used again and again.
    scratch: Vec<u8>,
    states: state::States,
    warnings: warn::Warnings,
    pub(crate) output: embed::Output,
    pub(crate) embedder: crate::introspect::Embedder,
}

impl Default for Vm {
    fn default() -> Vm {
        Vm::new()
    }
}

impl Vm {
    /// A VM with empty globals; hash seeds are fixed, so that runs are reproducible.
    pub fn new() -> Vm {
        Vm::with_seed(0)
    }

    /// A VM whose hash seeds come from `seed`: with an unpredictable one nobody can craft keys
    /// that collide.
    pub fn with_seed(seed: u64) -> Vm {
        let mut heap = Heap::new(seed);
        // Nothing limits the heap yet, so that these few allocations succeed.
        const UNLIMITED: &str = "an unlimited heap has room for its first objects";
        for (number, name) in names::ALL.iter().enumerate() {
            let value = heap.string(name.as_bytes()).expect(UNLIMITED);
            debug_assert_eq!(value.as_string().map(StringId::index), Some(number));
        }
        let main = heap.thread().expect(UNLIMITED);
        heap.threads.items[main.index()].status = Status::Running;
        let globals = heap.table().expect(UNLIMITED);
        let registry = heap.table().expect(UNLIMITED);
        let mut execution = Execution::default();
        execution.ensure(&mut heap.account, 1, 0).expect(UNLIMITED);
        execution.top = 1;
        Vm {
            heap,
            execution,
            current: main,
            slice: 0,
            limits: limits::State::default(),
            thrown: Value::NIL,
            handled: false,
            rust_depth: 0,
            resume_depth: 0,
            globals,
            registry,
            type_metatables: [None; Type::COUNT],
            natives: Registry::default(),
            next_function: Value::NIL,
            ipairs_step: Value::NIL,
            hook: hook::Active::default(),
            collector: Default::default(),
            scratch: Vec::new(),
            states: Default::default(),
            warnings: Default::default(),
            output: Default::default(),
            embedder: Default::default(),
        }
    }

    /// The table of global variables.
    pub fn globals(&self) -> TableId {
        self.globals
    }

    /// A table for the host that Lua code cannot reach.
    pub fn registry(&self) -> TableId {
        self.registry
    }

    /// The value that was thrown last.
    pub fn thrown(&self) -> Value {
        self.thrown
    }

    /// The heap, for reading.
    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    /// Makes (or finds) a string.
    pub fn string(&mut self, bytes: impl AsRef<[u8]>) -> Result<Value, Throw> {
        Ok(self.heap.string(bytes.as_ref())?)
    }

    /// A string value's bytes; `None` for anything else.
    pub fn bytes(&self, value: Value) -> Option<&[u8]> {
        value.as_string().map(|id| &**self.heap.bytes_of(id))
    }

    /// Makes an empty table.
    pub fn table(&mut self) -> Result<TableId, Throw> {
        Ok(self.heap.table()?)
    }

    /// Reads `table[key]` without metamethods; of an external table what is resident, see
    /// [`Vm::raw_fetch`].
    pub fn raw_get(&self, table: TableId, key: Value) -> Value {
        self.heap.raw_get(table, key)
    }

    /// Writes `table[key]` without metamethods.
    ///
    /// # Errors
    /// A key that is nil or NaN, handles of collected objects, a heap without room, and what the
    /// embedder of an external table throws.
    pub fn raw_set(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Throw> {
        self.check_alive(&[Value::table(table), key, value])?;
        self.check_key(key)?;
        if self.heap.is_external(table) {
            return self.external_set(table, key, value);
        }
        self.heap.raw_set(table, key, value)?;
        Ok(())
    }

    /// Reads a field by name without metamethods.
    pub fn field(&self, table: TableId, name: &str) -> Value {
        match self.heap.strings.find(name.as_bytes()) {
            Some(id) if name.len() <= crate::heap::string::SHORT_BYTES_MAX => {
                self.heap.tables.items[table.index()].get_short(id)
            }
            _ => Value::NIL,
        }
    }

    /// Writes a field by name without metamethods.
    ///
    /// # Errors
    /// A heap without room.
    pub fn set_field(&mut self, table: TableId, name: &str, value: Value) -> Result<(), Throw> {
        let key = self.heap.string(name.as_bytes())?;
        self.raw_set(table, key, value)
    }

    /// The metatable that all values of a type share, where they have none of their own.
    pub fn type_metatable(&self, kind: Type) -> Option<TableId> {
        self.type_metatables[kind as usize]
    }

    /// What was thrown, as a text for people.
    pub fn thrown_message(&mut self, throw: Throw) -> Vec<u8> {
        let value = self.thrown_value(throw);
        let mut text = Vec::new();
        if !self.append_text(value, &mut text) {
            text = b"(error object is a ".to_vec();
            text.extend_from_slice(&self.type_name(value));
            text.extend_from_slice(b" value)");
        }
        text
    }

    /// A value's metatable.
    #[inline]
    pub fn metatable(&self, value: Value) -> Option<TableId> {
        if let Some(table) = value.as_table() {
            return self.heap.metatable_of(table);
        }
        if let Some(userdata) = value.as_userdata() {
            return self.heap.userdata.items[userdata.index()].meta;
        }
        self.type_metatables[value.type_of() as usize]
    }

    /// A value's metamethod for an event (see [`names`]), or nil.
    #[inline]
    pub fn metamethod(&self, value: Value, event: StringId) -> Value {
        match self.metatable(value) {
            Some(meta) => self.heap.event(meta, event),
            None => Value::NIL,
        }
    }

    /// Makes a function of a verified chunk; its first upvalue, if it has one, is `environment`.
    ///
    /// # Errors
    /// A heap without room.
    pub fn load_chunk(&mut self, chunk: Chunk, environment: Value) -> Result<Value, Throw> {
        let function = chunk.into_function();
        let upvalue_count = function.upvalues.len();
        let proto = self.heap.proto(function)?;
        let mut cells = Vec::with_capacity(upvalue_count);
        for index in 0..upvalue_count {
            let value = if index == 0 { environment } else { Value::NIL };
            cells.push(self.heap.cell(value)?);
        }
        Ok(self.heap.closure(proto, cells.into())?)
    }

    /// Compiles source text into a function with the globals as its environment.
    ///
    /// # Errors
    /// A syntax error; the thrown value is its message.
    pub fn load(&mut self, source: &[u8], chunk_name: &str) -> Result<Value, Throw> {
        let environment = Value::table(self.globals);
        self.load_text(source, chunk_name.as_bytes(), 0, environment, |_, _| Ok(()))
    }

    /// The same with any environment, `depth` levels deep in native calls. What the compiler
    /// holds counts towards the limit on the heap until the function is in it, and `pay` is told of
    /// the bytes that it has read: a program that loads another one pays as it goes.
    ///
    /// # Errors
    /// A syntax error; the thrown value is its message. A heap without room, and what `pay` throws.
    pub fn load_text(
        &mut self,
        source: &[u8],
        chunk_name: &[u8],
        depth: u32,
        environment: Value,
        pay: fn(&mut Vm, usize) -> Result<(), Throw>,
    ) -> Result<Value, Throw> {
        let mut paid = Ok(());
        let room = self.heap.room();
        let mut goes_on = |bytes| {
            paid = pay(self, bytes);
            paid.is_ok()
        };
        match Chunk::compile(source, chunk_name, depth, room, &mut goes_on) {
            Ok((chunk, held)) => {
                self.heap.account.charge(held)?;
                let made = self.load_chunk(chunk, environment);
                self.heap.account.release(held);
                made
            }
            Err(error) if error.is_out_of_memory() => Err(Throw::Memory),
            Err(error) if error.is_stopped() => Err(paid.err().unwrap_or(Throw::Interrupted)),
            Err(error) => {
                self.thrown = self.heap.string(error.message())?;
                Err(Throw::Error)
            }
        }
    }

    /// Compiles and runs source text; returns all results.
    ///
    /// # Errors
    /// A syntax or run-time error, or a limit; see [`Vm::thrown`].
    pub fn eval(&mut self, source: &[u8], chunk_name: &str) -> Result<Vec<Value>, Throw> {
        let function = self.load(source, chunk_name)?;
        self.call(function, &[])
    }

    /// The register count of a function, for [`Execution::extent`].
    pub(crate) fn extent(&self) -> usize {
        let heads = &self.heap.heads;
        self.execution.extent(|proto| heads[proto.index()].register_count as usize)
    }
}
