//! What operators do, for native functions: metamethods included, nested in the native call.
//!
//! A metamethod is Lua code and may collect garbage: what a native function still needs after
//! one of these calls has to be reachable, as an argument or pushed.

use super::{Throw, Vm, names};
use crate::value::{StringId, Value};

/// Longest chain of `__index` or `__newindex` tables.
const META_CHAIN_MAX: usize = 2000;

impl Vm {
    /// `object[key]`
    ///
    /// # Errors
    /// What a metamethod throws; an object that cannot be indexed.
    #[inline]
    pub fn get(&mut self, object: Value, key: Value) -> Result<Value, Throw> {
        if let Some(table) = object.as_table() {
            let value = self.heap.raw_get(table, key);
            if !value.is_nil() || self.heap.tables.items[table.index()].meta.is_none() {
                return Ok(value);
            }
        }
        self.get_by_event(object, key)
    }

    #[inline(never)]
    fn get_by_event(&mut self, mut object: Value, key: Value) -> Result<Value, Throw> {
        for _ in 0..META_CHAIN_MAX {
            let handler = self.metamethod(object, names::INDEX);
            if let Some(table) = object.as_table() {
                let value = self.raw_fetch(table, key)?;
                if !value.is_nil() || handler.is_nil() {
                    return Ok(value);
                }
            } else if handler.is_nil() {
                return Err(self.index_error(object, key));
            }
            if handler.is_function() {
                return self.call_value(handler, &[object, key]);
            }
            object = handler;
        }
        self.throw_message("'__index' chain too long; possible loop")
    }

    /// `object[key] = value`
    ///
    /// # Errors
    /// What a metamethod throws; an object that cannot be indexed; a key that is nil or NaN; a
    /// heap without room.
    #[inline]
    pub fn set(&mut self, object: Value, key: Value, value: Value) -> Result<(), Throw> {
        match object.as_table() {
            Some(table) if self.heap.tables.items[table.index()].meta.is_none() => {
                self.raw_set(table, key, value)
            }
            _ => self.set_by_event(object, key, value),
        }
    }

    #[inline(never)]
    fn set_by_event(&mut self, mut object: Value, key: Value, value: Value) -> Result<(), Throw> {
        for _ in 0..META_CHAIN_MAX {
            let handler = self.metamethod(object, names::NEWINDEX);
            if let Some(table) = object.as_table() {
                if handler.is_nil() || !self.raw_fetch(table, key)?.is_nil() {
                    return self.raw_set(table, key, value);
                }
            } else if handler.is_nil() {
                return Err(self.index_error(object, key));
            }
            if handler.is_function() {
                self.call_value(handler, &[object, key, value])?;
                return Ok(());
            }
            object = handler;
        }
        self.throw_message("'__newindex' chain too long; possible loop")
    }

    /// `#object`, which a metamethod may make any value.
    ///
    /// # Errors
    /// What a metamethod throws; an object without a length.
    pub fn length_of(&mut self, object: Value) -> Result<Value, Throw> {
        if let Some(bytes) = self.bytes(object) {
            return Ok(Value::integer(bytes.len() as i64));
        }
        let handler = self.metamethod(object, names::LEN);
        if !handler.is_nil() {
            return self.call_value(handler, &[object, object]);
        }
        match object.as_table() {
            Some(table) => Ok(Value::integer(self.raw_length(table)?)),
            None => Err(self.operand_error(object, "get length of")),
        }
    }

    /// `#object` as an integer.
    ///
    /// # Errors
    /// As [`Vm::length_of`]; a length that is no integer.
    pub fn integer_length_of(&mut self, object: Value) -> Result<i64, Throw> {
        let length = self.length_of(object)?;
        match self.to_integer(length) {
            Some(length) => Ok(length),
            None => self.throw_at_level(1, b"object length is not an integer"),
        }
    }

    /// `x == y`
    ///
    /// # Errors
    /// What a metamethod throws.
    pub fn equals(&mut self, x: Value, y: Value) -> Result<bool, Throw> {
        if self.heap.raw_equal(x, y) {
            return Ok(true);
        }
        let tables = x.as_table().is_some() && y.as_table().is_some();
        let userdata = x.as_userdata().is_some() && y.as_userdata().is_some();
        if !tables && !userdata {
            return Ok(false);
        }
        let handler = self.either_metamethod(x, y, names::EQ);
        if handler.is_nil() {
            return Ok(false);
        }
        Ok(!self.call_value(handler, &[x, y])?.is_falsy())
    }

    /// `x < y`
    ///
    /// # Errors
    /// What a metamethod throws; values that cannot be compared.
    #[inline]
    pub fn less_than(&mut self, x: Value, y: Value) -> Result<bool, Throw> {
        if let Some(less) = self.compare_plain(names::LT, x, y) {
            return Ok(less);
        }
        let handler = self.either_metamethod(x, y, names::LT);
        if handler.is_nil() {
            return Err(self.order_error(x, y));
        }
        Ok(!self.call_value(handler, &[x, y])?.is_falsy())
    }

    fn either_metamethod(&self, x: Value, y: Value, event: StringId) -> Value {
        let handler = self.metamethod(x, event);
        if handler.is_nil() { self.metamethod(y, event) } else { handler }
    }

    /// The text that `tostring` gives for a value, as a string value.
    ///
    /// # Errors
    /// What a metamethod throws; a `__tostring` that returns no string; a heap without room.
    pub fn display(&mut self, value: Value) -> Result<Value, Throw> {
        let handler = self.metamethod(value, names::TOSTRING);
        if !handler.is_nil() {
            let text = self.call_value(handler, &[value])?;
            return match self.to_text(text)? {
                Some(text) => Ok(text),
                None => self.throw_at_level(1, b"'__tostring' must return a string"),
            };
        }
        if let Some(text) = self.to_text(value)? {
            return Ok(text);
        }
        let mut text = match value.kind() {
            crate::Kind::Nil => b"nil".to_vec(),
            crate::Kind::Boolean(true) => b"true".to_vec(),
            crate::Kind::Boolean(false) => b"false".to_vec(),
            _ => self.plain_type_name(value),
        };
        if let Some(address) = value.address() {
            text.extend_from_slice(format!(": 0x{address:012x}").as_bytes());
        }
        Ok(self.heap.string(&text)?)
    }

    /// `__name` of any metatable, or the type that `type` names.
    fn plain_type_name(&self, value: Value) -> Vec<u8> {
        let name = self.metamethod(value, names::NAME);
        match self.bytes(name) {
            Some(name) => name.to_vec(),
            None => value.type_of().name().into(),
        }
    }

    /// Makes sure that native code may allocate that many bytes, before it does.
    ///
    /// Collects all garbage where that may help: only what is an argument or was pushed is safe.
    ///
    /// # Errors
    /// [`Throw::Memory`] if the heap's limit leaves no room.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Throw> {
        let fits = |vm: &Vm| {
            let account = &vm.heap.account;
            bytes <= account.limit().saturating_sub(account.bytes())
        };
        if !fits(self) {
            self.collect_all();
        }
        if fits(self) { Ok(()) } else { Err(Throw::Memory) }
    }
}

impl Value {
    /// A number that tells objects of the same VM apart for as long as they live, as addresses
    /// do: what `tostring` and `%p` show. `None` for what is no object.
    pub fn address(&self) -> Option<u64> {
        use crate::Kind;
        let (kind, index) = match self.kind() {
            Kind::String(id) => (1, id.index()),
            Kind::Table(id) => (2, id.index()),
            Kind::Closure(id) => (3, id.index()),
            Kind::Native(id) => (4, id.index()),
            Kind::NativeClosure(id) => (5, id.index()),
            Kind::Thread(id) => (6, id.index()),
            Kind::Userdata(id) => (7, id.index()),
            Kind::Light(number) => return Some(number),
            Kind::Nil | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) => return None,
        };
        Some(kind << 40 | (index as u64 + 1) << 4)
    }
}
