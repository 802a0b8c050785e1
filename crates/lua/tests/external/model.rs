//! An embedder that keeps external tables in ordered maps of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::rc::Rc;

use lua::introspect::External;
use lua::{Kind, Libraries, TableId, Throw, Value, Vm};

/// A key or value outside of the heap; objects are held in a table of the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stored {
    Boolean(bool),
    Integer(i64),
    /// The bits of a float that has no integer's value.
    Float(u64),
    String(Vec<u8>),
    /// An object's place among those held.
    Object(i64),
}

type Entries = BTreeMap<Stored, Stored>;

/// The store behind all external tables of a VM.
#[derive(Default)]
pub struct Model {
    tables: RefCell<HashMap<TableId, Entries>>,
    /// Makes what is read resident every so many reads; 0 never does.
    pub resident_every: Cell<u64>,
    reads: Cell<u64>,
    /// Removed keys stay findable for traversals: the order is that of keys.
    pub fails: Cell<bool>,
}

const HELD: &str = "model.held";

impl Model {
    /// A VM with libraries, whose program can make a table external, and drop what is resident.
    pub fn vm(self: &Rc<Model>) -> Vm {
        let mut vm = Vm::new();
        vm.open_libraries().expect("the libraries open");
        vm.set_external(self.clone());
        let held = vm.table().expect("memory suffices");
        vm.set_field(vm.registry(), HELD, Value::table(held)).expect("memory suffices");
        let model = self.clone();
        let id = vm.register_host(
            "external",
            Rc::new(move |call| {
                let table = call.table(0)?;
                model.adopt(call.vm, table)?;
                call.ret(table)
            }),
        );
        vm.set_field(vm.globals(), "external", Value::native(id)).expect("memory suffices");
        let id = vm.register("evict", |call| {
            let table = call.table(0)?;
            match call.has(1) {
                true => {
                    let evicted = call.vm.evict(table, call.arg(1));
                    call.ret(evicted)
                }
                false => {
                    call.vm.evict_all(table);
                    Ok(0)
                }
            }
        });
        vm.set_field(vm.globals(), "evict", Value::native(id)).expect("memory suffices");
        vm
    }

    /// Takes over the entries of a table and marks it.
    fn adopt(&self, vm: &mut Vm, table: TableId) -> Result<(), Throw> {
        let mut entries = Entries::new();
        let mut key = Value::NIL;
        while let Some((next, value)) = vm.table_next(table, key) {
            entries.insert(store(vm, next)?, store(vm, value)?);
            key = next;
        }
        self.tables.borrow_mut().insert(table, entries);
        vm.make_external(table)?;
        assert!(vm.is_external(table));
        Ok(())
    }

    /// What the store has at a key.
    pub fn stored(&self, table: TableId, key: &Stored) -> Option<Stored> {
        self.tables.borrow().get(&table)?.get(key).cloned()
    }

    fn check(&self, vm: &mut Vm) -> Result<(), Throw> {
        if self.fails.get() { vm.throw_message("the store is away") } else { Ok(()) }
    }
}

fn held(vm: &Vm) -> TableId {
    vm.field(vm.registry(), HELD).as_table().expect("the table was made with the VM")
}

fn store(vm: &mut Vm, value: Value) -> Result<Stored, Throw> {
    Ok(match value.kind() {
        Kind::Boolean(b) => Stored::Boolean(b),
        Kind::Integer(i) => Stored::Integer(i),
        Kind::Float(f) => Stored::Float(f.to_bits()),
        Kind::String(_) => Stored::String(vm.bytes(value).expect("it is a string").to_vec()),
        Kind::Nil => panic!("nil is not stored"),
        _ => {
            let table = held(vm);
            if let Some(place) = vm.raw_get(table, value).as_integer() {
                return Ok(Stored::Object(place));
            }
            let place = vm.raw_length(table)? + 1;
            vm.raw_set(table, Value::integer(place), value)?;
            vm.raw_set(table, value, Value::integer(place))?;
            Stored::Object(place)
        }
    })
}

fn load(vm: &mut Vm, stored: &Stored) -> Result<Value, Throw> {
    Ok(match stored {
        Stored::Boolean(b) => Value::boolean(*b),
        Stored::Integer(i) => Value::integer(*i),
        Stored::Float(bits) => Value::float(f64::from_bits(*bits)),
        Stored::String(bytes) => vm.string(bytes)?,
        Stored::Object(place) => vm.raw_get(held(vm), Value::integer(*place)),
    })
}

impl External for Model {
    fn get(&self, vm: &mut Vm, table: TableId, key: Value) -> Result<Value, Throw> {
        self.check(vm)?;
        assert!(vm.raw_get(table, key).is_nil(), "asked for what is resident");
        let key_stored = store(vm, key)?;
        let Some(found) = self.stored(table, &key_stored) else { return Ok(Value::NIL) };
        let value = load(vm, &found)?;
        self.reads.set(self.reads.get() + 1);
        let every = self.resident_every.get();
        if every > 0 && self.reads.get().is_multiple_of(every) {
            vm.set_resident(table, key, value)?;
        }
        Ok(value)
    }

    fn set(&self, vm: &mut Vm, table: TableId, key: Value, value: Value) -> Result<(), Throw> {
        self.check(vm)?;
        let key = store(vm, key)?;
        let value = if value.is_nil() { None } else { Some(store(vm, value)?) };
        let mut tables = self.tables.borrow_mut();
        let entries = tables.get_mut(&table).expect("a table that was adopted");
        match value {
            Some(value) => entries.insert(key, value),
            None => entries.remove(&key),
        };
        Ok(())
    }

    fn next(
        &self,
        vm: &mut Vm,
        table: TableId,
        key: Value,
    ) -> Result<Option<(Value, Value)>, Throw> {
        self.check(vm)?;
        let start = if key.is_nil() { Bound::Unbounded } else { Bound::Excluded(store(vm, key)?) };
        let entry = {
            let tables = self.tables.borrow();
            let entries = tables.get(&table).expect("a table that was adopted");
            entries.range((start, Bound::Unbounded)).next().map(|(k, v)| (k.clone(), v.clone()))
        };
        let Some((key, value)) = entry else { return Ok(None) };
        let key = load(vm, &key)?;
        let resident = vm.raw_get(table, key);
        let value = if resident.is_nil() { load(vm, &value)? } else { resident };
        Ok(Some((key, value)))
    }
}
