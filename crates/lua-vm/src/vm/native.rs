//! Native functions: registration by name, and what they see of a call.

use std::rc::Rc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{Throw, Vm};
use crate::value::{NativeId, TableId, Value};

/// A native function: reads its arguments from the call, pushes its results and returns how many.
pub type NativeFunction = fn(&mut Call<'_>) -> Result<usize, Throw>;

/// A native function that owns host state.
pub type HostFunction = Rc<dyn Fn(&mut Call<'_>) -> Result<usize, Throw>>;

/// Library functions that steer the interpreter itself.
#[derive(Clone, Copy, Debug)]
pub enum Control {
    /// `pcall`
    ProtectedCall,
    /// `xpcall`
    ProtectedCallWithHandler,
    /// `coroutine.resume`
    Resume,
    /// What `coroutine.wrap` returns.
    Wrapped,
    /// `coroutine.yield`
    Yield,
    /// Calls its first argument with the others and passes the results on.
    PassThrough,
    /// A host function whose answer arrives later.
    Await,
    /// `pairs`
    Pairs,
    /// Calls the function that this one gives, without arguments, and passes the results on:
    /// `dofile`, for one.
    Prepared(fn(&mut Call<'_>) -> Result<Value, Throw>),
}

#[derive(Clone)]
pub(crate) enum Body {
    Function(NativeFunction),
    Host(HostFunction),
    Control(Control),
}

pub(crate) struct Native {
    pub name: Rc<str>,
    pub body: Body,
}

/// All native functions of a VM; a function's name is what persists.
#[derive(Default)]
pub(crate) struct Registry {
    pub items: Vec<Native>,
    by_name: HashMap<Rc<str>, NativeId, FixedState>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.items.iter().map(|native| &native.name)).finish()
    }
}

impl Registry {
    fn register(&mut self, name: &str, body: Body) -> NativeId {
        if let Some(&id) = self.by_name.get(name) {
            self.items[id.index()].body = body;
            return id;
        }
        let id = NativeId(self.items.len() as u32);
        let name: Rc<str> = name.into();
        self.by_name.insert(name.clone(), id);
        self.items.push(Native { name, body });
        id
    }

    pub fn find(&self, name: &str) -> Option<NativeId> {
        self.by_name.get(name).copied()
    }
}

impl Vm {
    /// Registers a native function under a name; the same name again replaces the function.
    pub fn register(&mut self, name: &str, function: NativeFunction) -> NativeId {
        self.natives.register(name, Body::Function(function))
    }

    /// Registers a native function that owns host state.
    pub fn register_host(&mut self, name: &str, function: HostFunction) -> NativeId {
        self.natives.register(name, Body::Host(function))
    }

    /// Registers a function that steers the interpreter.
    pub fn register_control(&mut self, name: &str, control: Control) -> NativeId {
        self.natives.register(name, Body::Control(control))
    }

    /// The native function registered under a name.
    pub fn find_native(&self, name: &str) -> Option<NativeId> {
        self.natives.find(name)
    }

    /// Names the library function `next` and the one that `ipairs` returns: `for` loops take their
    /// steps over plain tables without a call.
    pub fn set_iterators(&mut self, next: NativeId, ipairs_step: NativeId) {
        self.next_function = Value::native(next);
        self.ipairs_step = Value::native(ipairs_step);
    }

    /// What `ipairs` returns first, see [`Vm::set_iterators`]; nil before that.
    pub fn ipairs_step(&self) -> Value {
        self.ipairs_step
    }

    /// The name of a native function.
    pub fn native_name(&self, id: NativeId) -> &str {
        &self.natives.items[id.index()].name
    }
}

/// A call of a native function. Arguments are numbered from 0; error messages count from 1.
///
/// Results are pushed and their number is returned. No collection happens while a native function
/// runs, unless it calls Lua code or makes a string for which there is no room otherwise: what must
/// outlive that has to be pushed.
#[derive(Debug)]
pub struct Call<'a> {
    /// The VM that makes the call.
    pub vm: &'a mut Vm,
    pub(crate) base: usize,
    pub(crate) count: usize,
}

impl Call<'_> {
    /// Number of arguments.
    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    /// An argument; nil if there are fewer.
    #[inline]
    pub fn arg(&self, index: usize) -> Value {
        if index < self.count { self.vm.execution.stack[self.base + index] } else { Value::NIL }
    }

    /// The function that is called.
    pub fn function(&self) -> Value {
        self.vm.execution.stack[self.base - 1]
    }

    /// Whether an argument was given, be it nil.
    #[inline]
    pub fn has(&self, index: usize) -> bool {
        index < self.count
    }

    /// Overwrites an argument's place, which keeps the value from being collected.
    pub fn set_arg(&mut self, index: usize, value: Value) {
        if index < self.count {
            self.vm.execution.stack[self.base + index] = value;
        }
    }

    /// One of the values that a native closure was made with; nil if there is none.
    pub fn upvalue(&self, index: usize) -> Value {
        match self.vm.execution.stack[self.base - 1].kind() {
            crate::Kind::NativeClosure(id) => {
                let values = &self.vm.heap.natives.items[id.index()].values;
                values.get(index).copied().unwrap_or(Value::NIL)
            }
            _ => Value::NIL,
        }
    }

    /// Overwrites one of the values that a native closure was made with.
    pub fn set_upvalue(&mut self, index: usize, value: Value) {
        if let crate::Kind::NativeClosure(id) = self.vm.execution.stack[self.base - 1].kind() {
            self.vm.heap.set_native_value(id, index, value);
        }
    }

    /// Pushes a value.
    #[inline]
    pub fn push(&mut self, value: impl Into<Value>) -> Result<(), Throw> {
        self.vm.push(value.into())
    }

    /// Pushes one value as the only result.
    #[inline]
    pub fn ret(&mut self, value: impl Into<Value>) -> Result<usize, Throw> {
        self.vm.push(value.into())?;
        Ok(1)
    }

    /// Throws a message with the position of the caller in front, like `luaL_error`.
    pub fn error<T>(&mut self, message: impl AsRef<[u8]>) -> Result<T, Throw> {
        self.vm.throw_at_level(1, message.as_ref())
    }

    /// `bad argument #n to 'function' (message)`
    pub fn argument_error<T>(&mut self, index: usize, message: &str) -> Result<T, Throw> {
        self.vm.bad_argument(index, message)
    }

    /// `bad argument #n to 'function' (EXPECTED expected, got TYPE)`
    pub fn type_error<T>(&mut self, index: usize, expected: &str) -> Result<T, Throw> {
        let mut message = format!("{expected} expected, got ").into_bytes();
        if self.has(index) {
            message.extend_from_slice(&self.vm.type_name(self.arg(index)));
        } else {
            message.extend_from_slice(b"no value");
        }
        self.vm.bad_argument_bytes(index, &message)
    }

    /// An argument that must be there, be it nil.
    pub fn any(&mut self, index: usize) -> Result<Value, Throw> {
        if self.has(index) {
            Ok(self.arg(index))
        } else {
            self.argument_error(index, "value expected")
        }
    }

    /// The argument as a table.
    pub fn table(&mut self, index: usize) -> Result<TableId, Throw> {
        match self.arg(index).as_table() {
            Some(table) => Ok(table),
            None => self.type_error(index, "table"),
        }
    }

    /// The argument as an integer; floats and strings that convert exactly will do.
    pub fn integer(&mut self, index: usize) -> Result<i64, Throw> {
        let value = self.arg(index);
        if let Some(i) = value.as_integer() {
            return Ok(i);
        }
        match self.vm.to_integer(value) {
            Some(i) => Ok(i),
            None if self.vm.to_number(value).is_some() => {
                self.argument_error(index, "number has no integer representation")
            }
            None => self.type_error(index, "number"),
        }
    }

    /// The argument as an integer, or `default` if it is nil or absent.
    pub fn optional_integer(&mut self, index: usize, default: i64) -> Result<i64, Throw> {
        if self.arg(index).is_nil() { Ok(default) } else { self.integer(index) }
    }

    /// The argument as a number: an integer or a float value; strings are converted.
    pub fn number(&mut self, index: usize) -> Result<Value, Throw> {
        match self.vm.to_number(self.arg(index)) {
            Some(number) => Ok(number),
            None => self.type_error(index, "number"),
        }
    }

    /// The argument as a float.
    pub fn float(&mut self, index: usize) -> Result<f64, Throw> {
        let number = self.number(index)?;
        Ok(number.as_number().unwrap_or(f64::NAN))
    }

    /// The argument as a string's bytes, shared; numbers are converted, in place.
    pub fn string(&mut self, index: usize) -> Result<Rc<[u8]>, Throw> {
        let value = self.arg(index);
        if let Some(id) = value.as_string() {
            return Ok(self.vm.heap.bytes_of(id).clone());
        }
        if value.is_number()
            && let Some(text) = self.vm.to_text(value)?
            && let Some(id) = text.as_string()
        {
            self.set_arg(index, text);
            return Ok(self.vm.heap.bytes_of(id).clone());
        }
        self.type_error(index, "string")
    }

    /// The argument as a string's bytes, or `None` if it is nil or absent.
    pub fn optional_string(&mut self, index: usize) -> Result<Option<Rc<[u8]>>, Throw> {
        if self.arg(index).is_nil() { Ok(None) } else { self.string(index).map(Some) }
    }

    /// The argument as a boolean: everything but nil and false is true.
    pub fn boolean(&self, index: usize) -> bool {
        !self.arg(index).is_falsy()
    }

    /// The argument as one of several names; returns its place among them.
    pub fn option(
        &mut self,
        index: usize,
        default: Option<&str>,
        names: &[&str],
    ) -> Result<usize, Throw> {
        let given = match default {
            Some(default) if self.arg(index).is_nil() => Rc::from(default.as_bytes()),
            _ => self.string(index)?,
        };
        match names.iter().position(|name| name.as_bytes() == &*given) {
            Some(place) => Ok(place),
            None => {
                let mut message = b"invalid option '".to_vec();
                message.extend_from_slice(crate::chunk_id::until_nul(&given));
                message.push(b'\'');
                self.vm.bad_argument_bytes(index, &message)
            }
        }
    }

    /// Pays for work; see [`Vm::charge`].
    pub fn charge(&mut self, units: usize) -> Result<(), Throw> {
        self.vm.charge(units)
    }

    /// Makes sure that so many values can be pushed, or says what there are too many of.
    ///
    /// # Errors
    /// `stack overflow (what)`, or a heap without room.
    #[inline]
    pub fn room_for_values(&mut self, count: usize, what: &str) -> Result<(), Throw> {
        let top = self.vm.execution.top;
        if count > self.vm.limits.stack_slots_max.saturating_sub(top) {
            return self.error(format!("stack overflow ({what})"));
        }
        self.vm.ensure_stack(top, count)
    }

    /// Calls a function that was pushed at stack slot `slot` with the values pushed after it;
    /// returns its first result, and the stack is as it was before.
    ///
    /// # Errors
    /// What the function throws.
    pub fn call_pushed(&mut self, slot: usize) -> Result<Value, Throw> {
        let count = self.vm.call_nested(slot)?;
        let value = if count > 0 { self.vm.execution.stack[slot] } else { Value::NIL };
        self.vm.execution.top = slot;
        Ok(value)
    }

    /// Makes a table of the arguments in their order, a nil having its place like the others.
    ///
    /// # Errors
    /// A heap without room.
    pub fn argument_list(&mut self) -> Result<TableId, Throw> {
        let table = self.vm.heap.table_with_capacity(self.count, 1)?;
        for index in 0..self.count {
            let value = self.arg(index);
            self.vm.heap.table_barrier(table, Value::NIL, value);
            self.vm.heap.tables.items[table.index()].array.push(value);
        }
        Ok(table)
    }

    /// Makes sure that there is room for an allocation; see [`Vm::reserve`].
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Throw> {
        self.vm.reserve(bytes)
    }
}

impl Vm {
    /// Pushes a value on top of the running thread's stack.
    #[inline]
    pub fn push(&mut self, value: Value) -> Result<(), Throw> {
        let top = self.execution.top;
        if top + crate::heap::thread::REGISTER_WINDOW >= self.execution.stack.len() {
            self.ensure_stack(top, 1)?;
        }
        self.execution.stack[top] = value;
        self.execution.top = top + 1;
        Ok(())
    }

    /// Pops the value on top of the running thread's stack, which the caller pushed.
    pub fn pop(&mut self) -> Value {
        self.execution.top -= 1;
        self.execution.stack[self.execution.top]
    }

    /// The slot that the next value pushed on the running thread's stack takes.
    pub fn stack_top(&self) -> usize {
        self.execution.top
    }

    /// Whether the stack may take that many more values.
    pub fn has_stack_room(&self, count: usize) -> bool {
        self.execution.top + count <= self.limits.stack_slots_max
    }

    /// Makes room for `count` slots from `from`.
    pub(crate) fn ensure_stack(&mut self, from: usize, count: usize) -> Result<(), Throw> {
        if from + count > self.limits.stack_slots_max {
            return self.stack_overflow();
        }
        self.execution.ensure(&mut self.heap.account, from, count)?;
        Ok(())
    }
}
