//! The basic functions.

mod collect;
pub mod load;
pub mod warn;

use crate::value::{Kind, Value};
use lua_vm::{Call, Control, NativeFunction, Throw, Vm, names};

/// Bytes that `print` gathers before it writes them.
const LINE_BYTES_MAX: usize = 64 * 1024;

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("assert", assert),
    ("collectgarbage", collect::collectgarbage),
    ("error", error),
    ("getmetatable", getmetatable),
    ("ipairs", ipairs),
    ("load", load::load),
    ("loadfile", load::loadfile),
    ("next", next),
    ("print", print),
    ("rawequal", rawequal),
    ("rawget", rawget),
    ("rawlen", rawlen),
    ("rawset", rawset),
    ("select", select),
    ("setmetatable", setmetatable),
    ("tonumber", tonumber),
    ("tostring", tostring),
    ("type", type_name),
    ("warn", warn::warn),
];

const CONTROLS: &[(&str, Control)] = &[
    ("dofile", Control::Prepared(load::load_named_file)),
    ("pairs", Control::Pairs),
    ("pcall", Control::ProtectedCall),
    ("xpcall", Control::ProtectedCallWithHandler),
];

/// The iterator of `ipairs`, under a name that persists but is no global.
const IPAIRS_STEP: &str = "ipairs.step";

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let globals = vm.globals();
    vm.set_field(globals, "_G", Value::table(globals))?;
    let loaded = vm.loaded_modules()?;
    vm.set_field(loaded, "_G", Value::table(globals))?;
    let version = vm.string("Lua 5.4")?;
    vm.set_field(globals, "_VERSION", version)?;
    vm.register_all(globals, "", FUNCTIONS)?;
    let ipairs_step = vm.register(IPAIRS_STEP, ipairs_step);
    let next = vm.register("next", next);
    vm.set_iterators(next, ipairs_step);
    for (name, control) in CONTROLS {
        let id = vm.register_control(name, *control);
        vm.set_field(globals, name, Value::native(id))?;
    }
    Ok(())
}

fn assert(call: &mut Call<'_>) -> Result<usize, Throw> {
    if call.boolean(0) {
        // The arguments are the results where they stand.
        return Ok(call.count());
    }
    call.any(0)?;
    if !call.has(1) {
        return call.error("assertion failed!");
    }
    throw_at(call, call.arg(1), 1)
}

fn error(call: &mut Call<'_>) -> Result<usize, Throw> {
    let level = call.optional_integer(1, 1)?;
    throw_at(call, call.arg(0), level)
}

/// Throws a value; a string gets the position of a level in front.
fn throw_at(call: &mut Call<'_>, value: Value, level: i64) -> Result<usize, Throw> {
    if let Kind::String(id) = value.kind()
        && level > 0
    {
        let text = call.vm.heap().bytes_of(id).clone();
        return call.vm.throw_at_level(usize::try_from(level).unwrap_or(usize::MAX), &text);
    }
    call.vm.throw(value)
}

fn getmetatable(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    let Some(meta) = call.vm.metatable(value) else { return call.ret(Value::NIL) };
    let hidden = call.vm.metamethod(value, names::METATABLE);
    call.ret(if hidden.is_nil() { Value::table(meta) } else { hidden })
}

fn setmetatable(call: &mut Call<'_>) -> Result<usize, Throw> {
    call.table(0)?;
    let meta = call.arg(1).as_table();
    if meta.is_none() && !(call.has(1) && call.arg(1).is_nil()) {
        return call.type_error(1, "nil or table");
    }
    let value = call.arg(0);
    if !call.vm.metamethod(value, names::METATABLE).is_nil() {
        return call.error("cannot change a protected metatable");
    }
    call.vm.set_metatable(value, meta)?;
    call.ret(value)
}

fn ipairs(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    call.push(call.vm.ipairs_step())?;
    call.push(value)?;
    call.push(Value::integer(0))?;
    Ok(3)
}

fn ipairs_step(call: &mut Call<'_>) -> Result<usize, Throw> {
    let index = Value::integer(call.integer(1)?.wrapping_add(1));
    let object = call.arg(0);
    let value = call.vm.get(object, index)?;
    if value.is_nil() {
        return call.ret(Value::NIL);
    }
    call.push(index)?;
    call.push(value)?;
    Ok(2)
}

fn next(call: &mut Call<'_>) -> Result<usize, Throw> {
    let table = call.table(0)?;
    let key = call.arg(1);
    // No key of a table is a float with the value of an integer.
    if key.as_float().and_then(crate::value::float_to_integer).is_some() {
        return call.vm.throw_message("invalid key to 'next'");
    }
    match call.vm.raw_next(table, key)? {
        Some((key, value)) => {
            call.push(key)?;
            call.push(value)?;
            Ok(2)
        }
        None => call.ret(Value::NIL),
    }
}

fn print(call: &mut Call<'_>) -> Result<usize, Throw> {
    let mut line = Vec::new();
    for index in 0..call.count() {
        if index > 0 {
            line.push(b'\t');
        }
        let text = match call.vm.display(call.arg(index)) {
            Ok(text) => text,
            Err(throw) => {
                // What comes before the value that fails is printed all the same.
                call.vm.write_output(&line);
                return Err(throw);
            }
        };
        let bytes = call.vm.bytes(text).unwrap_or_default();
        let cost = bytes.len() / 16;
        if line.len() + bytes.len() > LINE_BYTES_MAX {
            call.vm.write_output(&line);
            line.clear();
            call.vm.write_output(bytes);
        } else {
            line.extend_from_slice(bytes);
        }
        call.charge(cost)?;
    }
    line.push(b'\n');
    call.vm.write_output(&line);
    Ok(0)
}

fn rawequal(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (x, y) = (call.any(0)?, call.any(1)?);
    let equal = call.vm.heap().raw_equal(x, y);
    call.ret(equal)
}

fn rawget(call: &mut Call<'_>) -> Result<usize, Throw> {
    let table = call.table(0)?;
    let key = call.any(1)?;
    let value = call.vm.raw_fetch(table, key)?;
    call.ret(value)
}

fn rawlen(call: &mut Call<'_>) -> Result<usize, Throw> {
    let length = match call.arg(0).kind() {
        Kind::Table(table) => call.vm.raw_length(table)?,
        Kind::String(id) => call.vm.heap().bytes_of(id).len() as i64,
        _ => return call.type_error(0, "table or string"),
    };
    call.ret(length)
}

fn rawset(call: &mut Call<'_>) -> Result<usize, Throw> {
    let table = call.table(0)?;
    let (key, value) = (call.any(1)?, call.any(2)?);
    call.vm.raw_set(table, key, value)?;
    call.ret(table)
}

fn select(call: &mut Call<'_>) -> Result<usize, Throw> {
    let count = call.count() as i64;
    if call.vm.bytes(call.arg(0)) == Some(b"#") {
        return call.ret(count - 1);
    }
    let n = call.integer(0)?;
    let first = if n < 0 { n.saturating_add(count) } else { n.min(count) };
    if first < 1 {
        return call.argument_error(0, "index out of range");
    }
    // The last arguments are the results where they stand.
    Ok((count - first) as usize)
}

fn tonumber(call: &mut Call<'_>) -> Result<usize, Throw> {
    if call.arg(1).is_nil() {
        let value = call.any(0)?;
        let number = call.vm.to_number(value);
        return call.ret(number.unwrap_or(Value::NIL));
    }
    let base = call.integer(1)?;
    let Some(digits) = call.arg(0).as_string() else {
        return call.type_error(0, "string");
    };
    if !(2..=36).contains(&base) {
        return call.argument_error(1, "base out of range");
    }
    let digits = call.vm.heap().bytes_of(digits).clone();
    call.charge(digits.len() / 4)?;
    call.ret(integer_in_base(&digits, base).map_or(Value::NIL, Value::integer))
}

/// Reads an integer in a base of at most 36; it wraps around.
fn integer_in_base(text: &[u8], base: i64) -> Option<i64> {
    let is_space = |byte: &u8| crate::number::parse::is_space(*byte);
    let start = text.iter().position(|byte| !is_space(byte))?;
    let end = text.iter().rposition(|byte| !is_space(byte))? + 1;
    let (negative, digits) = match &text[start..end] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0i64;
    for &digit in digits {
        let digit = (digit as char).to_digit(base as u32)?;
        number = number.wrapping_mul(base).wrapping_add(digit as i64);
    }
    Some(if negative { number.wrapping_neg() } else { number })
}

fn tostring(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    let text = call.vm.display(value)?;
    call.ret(text)
}

fn type_name(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.any(0)?.type_of().name();
    call.ret_string(name.as_bytes())
}
