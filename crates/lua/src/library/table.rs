//! The table library. All access honours metamethods; tables without any are read directly.

use crate::value::Value;
use lua_vm::{Call, NativeFunction, Throw, Vm, names};

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("concat", concat),
    ("insert", insert),
    ("move", move_elements),
    ("pack", pack),
    ("remove", remove),
    ("sort", sort),
    ("unpack", unpack),
];

/// Results of `unpack`; more than fit on a stack would fail later anyway.
const RESULTS_MAX: u64 = 1_000_000 - 1_000;

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    vm.new_library("table", FUNCTIONS)?;
    Ok(())
}

/// What a function does with a table.
#[derive(Clone, Copy, Default)]
struct Access {
    pub read: bool,
    pub write: bool,
    pub length: bool,
}

/// Reading, writing and the length.
const ALL: Access = Access { read: true, write: true, length: true };

/// The argument, which has to be a table or to have the metamethods that stand in for one.
fn table_like(call: &mut Call<'_>, index: usize, access: Access) -> Result<Value, Throw> {
    let value = call.arg(index);
    if value.as_table().is_some() {
        return Ok(value);
    }
    let events =
        [(access.read, names::INDEX), (access.write, names::NEWINDEX), (access.length, names::LEN)];
    let has = |event| !call.vm.metamethod(value, event).is_nil();
    if call.vm.metatable(value).is_some() && events.iter().all(|(used, e)| !used || has(*e)) {
        return Ok(value);
    }
    call.type_error(index, "table").map(|_: ()| value)
}

/// The first argument and its length.
fn measured(call: &mut Call<'_>, access: Access) -> Result<(Value, i64), Throw> {
    let value = table_like(call, 0, access)?;
    let length = call.vm.integer_length_of(value)?;
    Ok((value, length))
}

fn get(call: &mut Call<'_>, object: Value, index: i64) -> Result<Value, Throw> {
    call.vm.get(object, Value::integer(index))
}

fn set(call: &mut Call<'_>, object: Value, index: i64, value: Value) -> Result<(), Throw> {
    call.vm.set(object, Value::integer(index), value)
}

fn copy(call: &mut Call<'_>, from: (Value, i64), to: (Value, i64)) -> Result<(), Throw> {
    call.charge(1)?;
    let value = get(call, from.0, from.1)?;
    set(call, to.0, to.1, value)
}

fn concat(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (object, length) = measured(call, Access { write: false, ..ALL })?;
    let separator = call.optional_string(1)?.unwrap_or_default();
    let first = call.optional_integer(2, 1)?;
    let last = call.optional_integer(3, length)?;
    let mut text = Vec::new();
    let mut index = first;
    while index <= last {
        let value = get(call, object, index)?;
        let bytes = call.vm.bytes(value).map_or(32, <[u8]>::len) + separator.len();
        call.charge(1 + bytes / 16)?;
        if text.capacity() - text.len() < bytes {
            grow(call, &mut text, bytes)?;
        }
        if !call.vm.append_text(value, &mut text) {
            return invalid_element(call, value, index);
        }
        if index == last {
            break;
        }
        text.extend_from_slice(&separator);
        index += 1;
    }
    call.ret_string(&text)
}

/// Makes room for more text, within the limits on strings and on the heap.
#[cold]
fn grow(call: &mut Call<'_>, text: &mut Vec<u8>, bytes: usize) -> Result<(), Throw> {
    let wanted = text.len() + bytes.max(text.len());
    call.reserve(wanted)?;
    if text.len() + bytes > i32::MAX as usize
        || text.try_reserve_exact(wanted - text.len()).is_err()
    {
        return Err(Throw::Memory);
    }
    Ok(())
}

fn invalid_element(call: &mut Call<'_>, value: Value, index: i64) -> Result<usize, Throw> {
    let kind = value.type_of().name();
    call.error(format!("invalid value ({kind}) at index {index} in table for 'concat'"))
}

fn insert(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (object, length) = measured(call, ALL)?;
    let end = length.wrapping_add(1);
    match call.count() {
        2 => set(call, object, end, call.arg(1))?,
        3 => {
            let position = call.integer(1)?;
            if (position as u64).wrapping_sub(1) >= end as u64 {
                return call.argument_error(1, "position out of bounds");
            }
            let mut index = end;
            while index > position {
                copy(call, (object, index - 1), (object, index))?;
                index -= 1;
            }
            set(call, object, position, call.arg(2))?;
        }
        _ => return call.error("wrong number of arguments to 'insert'"),
    }
    Ok(0)
}

fn remove(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (object, length) = measured(call, ALL)?;
    let mut position = call.optional_integer(1, length)?;
    let in_bounds = (length as u64).wrapping_add(1).wrapping_sub(position as u64) <= length as u64;
    if call.count() > 1 && position != length && !in_bounds {
        return call.argument_error(1, "position out of bounds");
    }
    let removed = get(call, object, position)?;
    // Moving the others may run Lua code: the result waits on the stack.
    call.push(removed)?;
    while position < length {
        copy(call, (object, position + 1), (object, position))?;
        position += 1;
    }
    set(call, object, position, Value::NIL)?;
    Ok(1)
}

fn move_elements(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (first, last) = (call.integer(1)?, call.integer(2)?);
    let target = call.integer(3)?;
    let other = if call.arg(4).is_nil() { 0 } else { 4 };
    let source = table_like(call, 0, Access { read: true, ..Access::default() })?;
    let destination = table_like(call, other, Access { write: true, ..Access::default() })?;
    if last >= first {
        if first <= 0 && last >= i64::MAX.wrapping_add(first) {
            return call.argument_error(2, "too many elements to move");
        }
        let steps = last - first;
        if target > i64::MAX - steps {
            return call.argument_error(3, "destination wrap around");
        }
        let apart = target > last || target <= first;
        if apart || (other != 0 && !call.vm.equals(source, destination)?) {
            for n in 0..=steps {
                copy(call, (source, first + n), (destination, target + n))?;
            }
        } else {
            for n in (0..=steps).rev() {
                copy(call, (source, first + n), (destination, target + n))?;
            }
        }
    }
    call.ret(destination)
}

fn pack(call: &mut Call<'_>) -> Result<usize, Throw> {
    let count = call.count();
    call.charge(count / 4)?;
    let table = call.argument_list()?;
    call.vm.set_field(table, "n", Value::integer(count as i64))?;
    call.ret(table)
}

fn unpack(call: &mut Call<'_>) -> Result<usize, Throw> {
    let object = call.arg(0);
    let first = call.optional_integer(1, 1)?;
    let last = match call.arg(2).is_nil() {
        true => call.vm.integer_length_of(object)?,
        false => call.integer(2)?,
    };
    if first > last {
        return Ok(0);
    }
    let steps = (last as u64).wrapping_sub(first as u64);
    if steps >= RESULTS_MAX || !call.vm.has_stack_room(steps as usize + 1) {
        return call.error("too many results to unpack");
    }
    call.charge(steps as usize / 4)?;
    for n in 0..=steps as i64 {
        let value = get(call, object, first + n)?;
        call.push(value)?;
    }
    Ok(steps as usize + 1)
}

fn sort(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (object, length) = measured(call, ALL)?;
    if length < 2 {
        return Ok(0);
    }
    if length >= i32::MAX as i64 {
        return call.argument_error(0, "array too big");
    }
    let order = call.arg(1);
    if !order.is_nil() && !order.is_function() {
        return call.type_error(1, "function");
    }
    call.vm.sort(object, order, length as usize)?;
    Ok(0)
}
