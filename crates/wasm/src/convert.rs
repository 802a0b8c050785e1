//! Lua values as messages, and back. Metatables do not cross the border.

use codec::{Message, WireTable, WireValue};
use lua::{Kind, TableId, Value, Vm};
use std::collections::HashMap;

use crate::failure::{Code, Failure};
use crate::{handles, host};

/// A message of some values and all that they reach.
pub fn to_message(vm: &mut Vm, values: &[Value]) -> Result<Message, Failure> {
    let mut writer = Writer::default();
    let mut message = Message::default();
    for &value in values {
        message.values.push(writer.value(vm, value)?);
    }
    while let Some(&table) = writer.order.get(message.tables.len()) {
        let table = writer.table(vm, table)?;
        message.tables.push(table);
    }
    Ok(message)
}

/// The values of a message as bytes.
pub fn encode(vm: &mut Vm, values: &[Value]) -> Result<Vec<u8>, Failure> {
    Ok(to_message(vm, values)?.encode()?)
}

/// Tables by their place in the message.
#[derive(Default)]
struct Writer {
    order: Vec<TableId>,
    places: HashMap<usize, u32>,
}

impl Writer {
    fn value(&mut self, vm: &mut Vm, value: Value) -> Result<WireValue, Failure> {
        Ok(match value.kind() {
            Kind::Nil => WireValue::Nil,
            Kind::Boolean(b) => WireValue::Boolean(b),
            Kind::Integer(i) => WireValue::Integer(i),
            Kind::Float(f) => WireValue::Float(f),
            Kind::String(_) => WireValue::String(vm.bytes(value).unwrap_or_default().to_vec()),
            Kind::Table(table) => {
                let order = &mut self.order;
                let place = self.places.entry(table.index()).or_insert_with(|| {
                    order.push(table);
                    order.len() as u32 - 1
                });
                WireValue::Table(*place)
            }
            Kind::Closure(_) | Kind::Native(_) => WireValue::Function(handles::hold(vm, value)?),
            Kind::NativeClosure(_) => match host::function_handle(vm, value) {
                Some(handle) => WireValue::Host(handle),
                None => WireValue::Function(handles::hold(vm, value)?),
            },
            Kind::Thread(_) => WireValue::Coroutine(handles::hold(vm, value)?),
            Kind::Userdata(_) | Kind::Light(_) => match host::object_handle(vm, value) {
                Some(handle) => WireValue::Host(handle),
                None => return Err(Failure::new(Code::Conversion, "a userdata cannot be passed")),
            },
        })
    }

    fn table(&mut self, vm: &mut Vm, table: TableId) -> Result<WireTable, Failure> {
        let mut out = WireTable::default();
        loop {
            let value = vm.raw_get(table, Value::integer(out.array.len() as i64 + 1));
            if value.is_nil() {
                break;
            }
            out.array.push(self.value(vm, value)?);
        }
        let in_array = 1..=out.array.len() as i64;
        let mut last = Value::NIL;
        while let Some((key, value)) = vm.table_next(table, last) {
            last = key;
            if !key.as_integer().is_some_and(|key| in_array.contains(&key)) {
                let key = self.value(vm, key)?;
                out.entries.push((key, self.value(vm, value)?));
            }
        }
        Ok(out)
    }
}

/// The values that bytes hold.
pub fn decode(vm: &mut Vm, bytes: &[u8]) -> Result<Vec<Value>, Failure> {
    from_message(vm, &Message::decode(bytes)?)
}

/// The values of a message, in a VM's heap. No collection happens meanwhile.
pub fn from_message(vm: &mut Vm, message: &Message) -> Result<Vec<Value>, Failure> {
    let mut tables = Vec::with_capacity(message.tables.len());
    for table in &message.tables {
        tables.push(vm.table_with_capacity(table.array.len(), table.entries.len())?);
    }
    for (table, &id) in message.tables.iter().zip(&tables) {
        for (index, value) in table.array.iter().enumerate() {
            let value = from_wire(vm, &tables, value)?;
            vm.raw_set(id, Value::integer(index as i64 + 1), value)?;
        }
        for (key, value) in &table.entries {
            let key = from_wire(vm, &tables, key)?;
            let value = from_wire(vm, &tables, value)?;
            vm.raw_set(id, key, value)?;
        }
    }
    message.values.iter().map(|value| from_wire(vm, &tables, value)).collect()
}

fn from_wire(vm: &mut Vm, tables: &[TableId], value: &WireValue) -> Result<Value, Failure> {
    Ok(match value {
        WireValue::Nil => Value::NIL,
        WireValue::Boolean(b) => Value::boolean(*b),
        WireValue::Integer(i) => Value::integer(*i),
        WireValue::Float(f) => Value::float(*f),
        WireValue::String(bytes) => vm.string(bytes)?,
        WireValue::Table(index) => match tables.get(*index as usize) {
            Some(&table) => Value::table(table),
            None => return Err(Failure::new(Code::Input, "a table that the message lacks")),
        },
        WireValue::Function(handle) | WireValue::Coroutine(handle) => {
            let text = format!("handle {handle} was released");
            handles::held(vm, *handle).ok_or_else(|| Failure::new(Code::Input, text))?
        }
        WireValue::Host(handle) => host::value(vm, *handle)?,
    })
}
