//! External tables: an embedder keeps their entries and answers for those that are not resident.
//!
//! A table that is marked external looks like any other to a program. Of its entries only some
//! are in the heap, the *resident* ones; which, is the embedder's choice. Reading a resident entry
//! costs what it costs in any table; whatever is absent and every write go to the embedder.
//!
//! The mark lies where only misses and slow writes look: in place of its metatable the table has
//! a *gate*, an empty table that has the metatable in turn, and a bit of its mark sends writes to
//! the slow path. Tables without the mark pay nothing.

use std::rc::Rc;

use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color;
use crate::value::{StringId, TableId, Value, float_to_integer};
use crate::vm::{Throw, Vm, names};

/// What stands behind external tables: a store, a remote object, a large file.
///
/// The methods answer at once. They may use the VM as a native function does: make values, throw
/// by [`Vm::throw`] or [`Vm::throw_message`], call Lua functions; such a function cannot yield.
/// They must not read the absent entry that they are asked for through the VM, which would ask
/// them again. Keys are never nil or NaN, and a float with an integer's value comes as that
/// integer.
pub trait External {
    /// The value at a key that is not resident; nil if there is none. [`Vm::set_resident`] lets
    /// later reads find it without asking.
    ///
    /// # Errors
    /// What the program is to see as an error.
    fn get(&self, vm: &mut Vm, table: TableId, key: Value) -> Result<Value, Throw>;

    /// A write, before it is seen; nil removes the entry. What was there before is not told. If
    /// the key is resident its value is replaced when this returns, otherwise it stays absent
    /// unless [`Vm::set_resident`] is called here.
    ///
    /// # Errors
    /// What the program is to see as an error; the table is not changed then.
    fn set(&self, vm: &mut Vm, table: TableId, key: Value, value: Value) -> Result<(), Throw>;

    /// The entry after `key` in the embedder's order, resident or not; nil starts, `None` ends.
    /// The entry of `key` may have been removed since it was returned.
    ///
    /// # Errors
    /// What the program is to see as an error, such as a key that never was in the table.
    fn next(
        &self,
        vm: &mut Vm,
        table: TableId,
        key: Value,
    ) -> Result<Option<(Value, Value)>, Throw>;

    /// A border of the table: an n of which `t[n]` is not nil (or n is 0) and `t[n + 1]` is nil.
    /// By default it is found by reading, in a number of reads that is the logarithm of n.
    ///
    /// # Errors
    /// What the program is to see as an error.
    fn length(&self, vm: &mut Vm, table: TableId) -> Result<i64, Throw> {
        let mut present = |n: i64| -> Result<bool, Throw> {
            Ok(!vm.raw_fetch(table, Value::integer(n))?.is_nil())
        };
        let (mut low, mut high) = (0, 1);
        while present(high)? {
            if high == i64::MAX {
                return Ok(high);
            }
            (low, high) = (high, high.saturating_mul(2));
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if present(middle)? { low = middle } else { high = middle }
        }
        Ok(low)
    }
}

/// Who answers for external tables.
#[derive(Clone, Default)]
pub(crate) struct Embedder(Option<Rc<dyn External>>);

impl std::fmt::Debug for Embedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Embedder(host)" } else { "Embedder(none)" })
    }
}

impl Heap {
    /// Whether a table is marked external.
    #[inline]
    pub(crate) fn is_external(&self, table: TableId) -> bool {
        self.tables.items[table.index()].is_external()
    }

    /// A table's metatable as programs see it: behind the gate of an external one.
    #[inline]
    pub(crate) fn metatable_of(&self, table: TableId) -> Option<TableId> {
        let object = &self.tables.items[table.index()];
        match object.meta.get() {
            Some(gate) if object.is_external() => self.tables.items[gate.index()].meta.get(),
            meta => meta,
        }
    }

    fn set_flag(&mut self, table: TableId, flag: u8, on: bool) {
        let object = &mut self.tables.items[table.index()];
        let mark = object.mark() & !flag;
        object.set_mark(if on { mark | flag } else { mark });
    }
}

/// Whether a key is one that the VM looks for in metatables.
fn is_event(key: Value) -> bool {
    key.as_short().is_some_and(|id| id.index() < names::ALL.len())
}

/// A key as tables hold it.
fn normal(key: Value) -> Value {
    match key.as_float().and_then(float_to_integer) {
        Some(n) => Value::integer(n),
        None => key,
    }
}

impl Vm {
    /// Sets who answers for external tables.
    pub fn set_external(&mut self, embedder: Rc<dyn External>) {
        self.embedder = Embedder(Some(embedder));
    }

    /// Marks a table external; the entries that it has are resident. A table that serves as a
    /// metatable already must have all its entries at this moment.
    ///
    /// # Errors
    /// A heap without room.
    ///
    /// ```
    /// use lua::introspect::External;
    /// use lua::{Libraries, TableId, Throw, Value, Vm};
    ///
    /// /// The table of squares, which no memory could hold.
    /// struct Squares;
    ///
    /// impl External for Squares {
    ///     fn get(&self, _: &mut Vm, _: TableId, key: Value) -> Result<Value, Throw> {
    ///         Ok(key.as_integer().map_or(Value::NIL, |n| Value::integer(n.wrapping_mul(n))))
    ///     }
    ///     fn set(&self, vm: &mut Vm, _: TableId, _: Value, _: Value) -> Result<(), Throw> {
    ///         vm.throw_message("squares do not change")
    ///     }
    ///     fn next(
    ///         &self,
    ///         vm: &mut Vm,
    ///         _: TableId,
    ///         _: Value,
    ///     ) -> Result<Option<(Value, Value)>, Throw> {
    ///         vm.throw_message("there are too many squares")
    ///     }
    /// }
    ///
    /// let mut vm = Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.set_external(std::rc::Rc::new(Squares));
    /// let squares = vm.table().unwrap();
    /// vm.make_external(squares).unwrap();
    /// vm.set_field(vm.globals(), "squares", Value::table(squares)).unwrap();
    /// let results = vm.eval(b"return squares[12], pcall(rawset, squares, 2, 5)", "=example");
    /// let results = results.unwrap();
    /// assert_eq!(results[0].as_integer(), Some(144));
    /// assert_eq!(vm.bytes(results[2]), Some(&b"squares do not change"[..]));
    /// ```
    pub fn make_external(&mut self, table: TableId) -> Result<(), Throw> {
        if self.heap.is_external(table) {
            return Ok(());
        }
        let gate = self.heap.table()?;
        let meta = self.heap.metatable_of(table);
        self.heap.set_metatable(gate, meta);
        self.heap.set_metatable(table, Some(gate));
        self.heap.set_flag(table, color::EXTERNAL, true);
        Ok(())
    }

    /// Takes the mark back: the table has the entries that are resident, and no others.
    pub fn make_internal(&mut self, table: TableId) {
        if !self.heap.is_external(table) {
            return;
        }
        let meta = self.heap.metatable_of(table);
        self.heap.set_flag(table, color::EXTERNAL | color::EVENTS, false);
        self.heap.set_metatable(table, meta);
    }

    /// Whether a table is marked external.
    pub fn is_external(&self, table: TableId) -> bool {
        self.heap.is_external(table)
    }

    /// Makes an entry of an external table resident, or sets its resident value; nil makes it
    /// absent. The embedder is not told.
    ///
    /// # Errors
    /// A key that is nil or NaN, and a heap without room.
    pub fn set_resident(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Throw> {
        self.check_key(key)?;
        Ok(self.heap.raw_set(table, key, value)?)
    }

    /// Drops a resident entry of an external table; the next read asks the embedder. False if it
    /// is not resident, or has to stay: entries that a metatable is asked for do.
    pub fn evict(&mut self, table: TableId, key: Value) -> bool {
        if !self.heap.is_external(table) || self.must_stay(table, key) {
            return false;
        }
        let object = &mut self.heap.tables.items[table.index()];
        let present = !object.get(&self.heap.strings, key).is_nil();
        present && object.replace(&self.heap.strings, key, Value::NIL)
    }

    /// Drops all resident entries of an external table but those that [`Vm::evict`] keeps, and
    /// gives their memory back.
    pub fn evict_all(&mut self, table: TableId) {
        if !self.heap.is_external(table) {
            return;
        }
        let mut kept = [(Value::NIL, Value::NIL); names::ALL.len()];
        for (id, slot) in kept.iter_mut().enumerate() {
            let key = Value::short_string(StringId(id as u32));
            if self.must_stay(table, key) {
                *slot = (key, self.heap.raw_get(table, key));
            }
        }
        let heap = &mut self.heap;
        let object = &mut heap.tables.items[table.index()];
        let stay = kept.iter().filter(|(_, value)| !value.is_nil());
        object.keep_only(&mut heap.account, &heap.strings, stay);
    }

    /// The VM asks metatables without asking their embedder.
    fn must_stay(&self, table: TableId, key: Value) -> bool {
        is_event(key) && self.heap.tables.items[table.index()].color() & color::EVENTS != 0
    }

    /// Reads `table[key]` without metamethods, of an external table, too.
    ///
    /// # Errors
    /// What the embedder throws.
    #[inline]
    pub fn raw_fetch(&mut self, table: TableId, key: Value) -> Result<Value, Throw> {
        let value = self.heap.raw_get(table, key);
        if value.is_nil() && self.heap.is_external(table) {
            return self.external_get(table, key);
        }
        Ok(value)
    }

    /// The entry after `key` in traversal order, of an external table, too; nil starts, `None`
    /// ends.
    ///
    /// # Errors
    /// A key that is not in the table, and what the embedder throws.
    pub fn raw_next(
        &mut self,
        table: TableId,
        key: Value,
    ) -> Result<Option<(Value, Value)>, Throw> {
        if self.heap.is_external(table) {
            let embedder = self.embedder()?;
            return embedder.next(self, table, key);
        }
        let heap = &self.heap;
        match heap.tables.items[table.index()].next(&heap.strings, key) {
            Ok(entry) => Ok(entry),
            Err(_) => self.throw_message("invalid key to 'next'"),
        }
    }

    /// A border of a table as the raw length operator gives it, of an external table, too.
    ///
    /// # Errors
    /// What the embedder throws.
    #[inline]
    pub fn raw_length(&mut self, table: TableId) -> Result<i64, Throw> {
        if self.heap.is_external(table) {
            let embedder = self.embedder()?;
            return embedder.length(self, table);
        }
        Ok(self.heap.tables.items[table.index()].border(&self.heap.strings))
    }

    /// Asks the embedder for an entry that is not resident.
    #[cold]
    #[inline(never)]
    pub(crate) fn external_get(&mut self, table: TableId, key: Value) -> Result<Value, Throw> {
        if key.is_nil() || key.as_float().is_some_and(f64::is_nan) {
            return Ok(Value::NIL);
        }
        let embedder = self.embedder()?;
        embedder.get(self, table, normal(key))
    }

    /// Hands a write to the embedder; the key is neither nil nor NaN.
    #[cold]
    #[inline(never)]
    pub(crate) fn external_set(
        &mut self,
        table: TableId,
        key: Value,
        value: Value,
    ) -> Result<(), Throw> {
        let embedder = self.embedder()?;
        embedder.set(self, table, normal(key), value)?;
        let resident = !self.heap.raw_get(table, key).is_nil();
        if resident || is_event(key) && !value.is_nil() {
            self.heap.raw_set(table, key, value)?;
        }
        Ok(())
    }

    fn embedder(&mut self) -> Result<Rc<dyn External>, Throw> {
        match &self.embedder.0 {
            Some(embedder) => Ok(embedder.clone()),
            None => self.throw_message("an external table without its embedder"),
        }
    }

    /// Before a table becomes a metatable: what the VM will look for in it has to be resident.
    pub(crate) fn load_events(&mut self, meta: TableId) -> Result<(), Throw> {
        let mark = self.heap.tables.items[meta.index()].color();
        if mark & (color::EXTERNAL | color::EVENTS) != color::EXTERNAL {
            return Ok(());
        }
        for id in 0..names::ALL.len() as u32 {
            let key = Value::short_string(StringId(id));
            let value = self.raw_fetch(meta, key)?;
            if !value.is_nil() {
                self.heap.raw_set(meta, key, value)?;
            }
        }
        self.heap.set_flag(meta, color::EVENTS, true);
        Ok(())
    }
}
