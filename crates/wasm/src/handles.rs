//! Handles: numbers by which the host holds on to functions and coroutines of the machine.

use lua::{TableId, Throw, Value, Vm};

const VALUES: &str = "moonkeep.handle_values";
const NUMBERS: &str = "moonkeep.handle_numbers";
const LAST: &str = "moonkeep.handle_last";

/// The handle of a value: always the same one while the host holds it.
pub fn hold(vm: &mut Vm, value: Value) -> Result<u32, Throw> {
    let numbers = table(vm, NUMBERS)?;
    if let Some(number) = vm.raw_get(numbers, value).as_integer() {
        return Ok(number as u32);
    }
    let values = table(vm, VALUES)?;
    let registry = vm.registry();
    let last = vm.field(registry, LAST).as_integer().unwrap_or(0);
    let number = last % i64::from(u32::MAX) + 1;
    vm.set_field(registry, LAST, Value::integer(number))?;
    vm.raw_set(numbers, value, Value::integer(number))?;
    vm.raw_set(values, Value::integer(number), value)?;
    Ok(number as u32)
}

/// The value behind a handle, if the host holds it.
pub fn held(vm: &Vm, handle: u32) -> Option<Value> {
    let values = vm.field(vm.registry(), VALUES).as_table()?;
    let value = vm.raw_get(values, Value::integer(handle.into()));
    (!value.is_nil()).then_some(value)
}

/// Lets go of a handle; an unknown one is ignored.
pub fn release(vm: &mut Vm, handle: u32) -> Result<(), Throw> {
    let Some(value) = held(vm, handle) else { return Ok(()) };
    let (values, numbers) = (table(vm, VALUES)?, table(vm, NUMBERS)?);
    vm.raw_set(numbers, value, Value::NIL)?;
    vm.raw_set(values, Value::integer(handle.into()), Value::NIL)
}

/// A table of the registry, made when it is needed first.
pub fn table(vm: &mut Vm, name: &str) -> Result<TableId, Throw> {
    let registry = vm.registry();
    if let Some(table) = vm.field(registry, name).as_table() {
        return Ok(table);
    }
    let table = vm.table()?;
    vm.set_field(registry, name, Value::table(table))?;
    Ok(table)
}
