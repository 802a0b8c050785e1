//! Local variables and upvalues.

use super::thread_argument;
use crate::introspect::Level;
use crate::value::{Kind, Value};
use lua_vm::{Call, Throw};

/// Upvalue identities of native functions lie above those of cells.
const NATIVE_IDENTITY: u64 = 1 << 40;

fn level_argument(call: &mut Call<'_>, shift: usize) -> Result<Level, Throw> {
    let (thread, _) = thread_argument(call);
    let number = call.integer(shift)?;
    match usize::try_from(number).ok().and_then(|number| call.vm.level(thread, number)) {
        Some(level) => Ok(level),
        None => call.argument_error(shift, "level out of range"),
    }
}

fn push_named(call: &mut Call<'_>, name: &[u8], value: Value) -> Result<usize, Throw> {
    let name = call.vm.string(name)?;
    call.push(name)?;
    call.push(value)?;
    Ok(2)
}

pub(super) fn getlocal(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (_, shift) = thread_argument(call);
    let number = call.integer(shift + 1)?;
    let subject = call.arg(shift);
    if subject.is_function() {
        let number = usize::try_from(number).unwrap_or(0);
        let name = call.vm.parameter_name(subject, number).map(<[u8]>::to_vec);
        return match name {
            Some(name) => call.ret_string(&name),
            None => call.ret(Value::NIL),
        };
    }
    let level = level_argument(call, shift)?;
    match call.vm.local(level, number) {
        Some(local) => push_named(call, &local.name, local.value),
        None => call.ret(Value::NIL),
    }
}

pub(super) fn setlocal(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (_, shift) = thread_argument(call);
    let level = level_argument(call, shift)?;
    let number = call.integer(shift + 1)?;
    let value = call.any(shift + 2)?;
    match call.vm.set_local(level, number, value) {
        Some(name) => call.ret_string(&name),
        None => call.ret(Value::NIL),
    }
}

fn function_argument(call: &mut Call<'_>, index: usize) -> Result<Value, Throw> {
    let function = call.arg(index);
    if function.is_function() { Ok(function) } else { call.type_error(index, "function") }
}

/// A number that can be no upvalue's is 0.
fn upvalue_number(call: &mut Call<'_>, index: usize) -> Result<usize, Throw> {
    Ok(usize::try_from(call.integer(index)?).unwrap_or(0))
}

pub(super) fn getupvalue(call: &mut Call<'_>) -> Result<usize, Throw> {
    let number = upvalue_number(call, 1)?;
    let function = function_argument(call, 0)?;
    let name = call.vm.upvalue_name(function, number).map(<[u8]>::to_vec);
    match (name, call.vm.upvalue(function, number)) {
        (Some(name), Some(value)) => push_named(call, &name, value),
        _ => Ok(0),
    }
}

pub(super) fn setupvalue(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(2)?;
    let number = upvalue_number(call, 1)?;
    let function = function_argument(call, 0)?;
    let name = call.vm.upvalue_name(function, number).map(<[u8]>::to_vec);
    match name {
        Some(name) if call.vm.set_upvalue_of(function, number, value) => call.ret_string(&name),
        _ => Ok(0),
    }
}

/// What tells upvalues apart; `None` if there is no such one.
fn identity(call: &mut Call<'_>, index: usize) -> Result<Option<u64>, Throw> {
    let number = upvalue_number(call, index + 1)?;
    let function = function_argument(call, index)?;
    let Some(place) = number.checked_sub(1) else { return Ok(None) };
    Ok(match function.kind() {
        Kind::Closure(closure) => {
            call.vm.closure_parts(closure).1.get(place).map(|cell| cell.index() as u64)
        }
        Kind::NativeClosure(id) if call.vm.upvalue(function, number).is_some() => {
            Some(NATIVE_IDENTITY + ((id.index() as u64) << 8) + number as u64)
        }
        _ => None,
    })
}

pub(super) fn upvalueid(call: &mut Call<'_>) -> Result<usize, Throw> {
    match identity(call, 0)? {
        Some(identity) => call.ret(Value::light(identity)),
        None => call.ret(Value::NIL),
    }
}

pub(super) fn upvaluejoin(call: &mut Call<'_>) -> Result<usize, Throw> {
    for index in [0, 2] {
        if identity(call, index)?.is_none() {
            return call.argument_error(index + 1, "invalid upvalue index");
        }
    }
    for index in [0, 2] {
        if call.arg(index).as_closure().is_none() {
            return call.argument_error(index, "Lua function expected");
        }
    }
    let target = (call.arg(0), upvalue_number(call, 1)?);
    let source = (call.arg(2), upvalue_number(call, 3)?);
    call.vm.join_upvalues(target, source);
    Ok(0)
}
