//! `debug.sethook` and `debug.gethook`.

use super::thread_argument;
use crate::value::{ThreadId, Value};
use lua_vm::HookMask;
use lua_vm::{Call, Throw};

/// Registry field of a table with the hook of each coroutine that has one, where debuggers look.
const HOOKS: &str = "_HOOKKEY";

fn remember(call: &mut Call<'_>, thread: ThreadId, function: Value) -> Result<(), Throw> {
    let registry = call.vm.registry();
    let hooks = match call.vm.field(registry, HOOKS).as_table() {
        Some(hooks) => hooks,
        None => {
            let hooks = call.vm.table()?;
            call.vm.set_field(registry, HOOKS, Value::table(hooks))?;
            let mode = call.vm.string("k")?;
            call.vm.set_field(hooks, "__mode", mode)?;
            call.vm.set_metatable(Value::table(hooks), Some(hooks))?;
            hooks
        }
    };
    call.vm.raw_set(hooks, Value::thread(thread), function)
}

pub(super) fn sethook(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (thread, shift) = thread_argument(call);
    let function = call.arg(shift);
    if function.is_nil() {
        remember(call, thread, Value::NIL)?;
        call.vm.set_hook(thread, Value::NIL, HookMask::default());
        return Ok(0);
    }
    let letters = call.string(shift + 1)?;
    if !function.is_function() {
        return call.type_error(shift, "function");
    }
    let count = call.optional_integer(shift + 2, 0)?;
    let mask = HookMask {
        call: letters.contains(&b'c'),
        ret: letters.contains(&b'r'),
        line: letters.contains(&b'l'),
        count: count.clamp(0, u32::MAX.into()) as u32,
    };
    remember(call, thread, function)?;
    call.vm.set_hook(thread, function, mask);
    Ok(0)
}

pub(super) fn gethook(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (thread, _) = thread_argument(call);
    let (function, mask) = call.vm.hook(thread);
    if function.is_nil() {
        return call.ret(Value::NIL);
    }
    let letters = [(mask.call, b'c'), (mask.ret, b'r'), (mask.line, b'l')];
    let letters: Vec<u8> =
        letters.iter().filter(|(set, _)| *set).map(|(_, letter)| *letter).collect();
    let letters = call.vm.string(letters)?;
    call.push(function)?;
    call.push(letters)?;
    call.push(Value::integer(mask.count.into()))?;
    Ok(3)
}
