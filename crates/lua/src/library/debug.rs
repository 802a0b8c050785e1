//! The debug library.

mod hooks;
mod info;
mod variables;

use crate::value::{ThreadId, Value};
use lua_vm::{Call, Throw, Vm};

/// What PUC-Rio 5.4 answers to `setcstacklimit`, which no longer does anything.
const NATIVE_CALLS_MAX: i64 = 200;

/// Makes the library table with all functions.
pub(super) fn open(vm: &mut Vm) -> Result<Value, Throw> {
    let library = vm.table()?;
    vm.register_all(
        library,
        "debug",
        &[
            ("gethook", hooks::gethook),
            ("getinfo", info::getinfo),
            ("getlocal", variables::getlocal),
            ("getmetatable", getmetatable),
            ("getregistry", getregistry),
            ("getupvalue", variables::getupvalue),
            ("getuservalue", getuservalue),
            ("setcstacklimit", setcstacklimit),
            ("sethook", hooks::sethook),
            ("setlocal", variables::setlocal),
            ("setmetatable", setmetatable),
            ("setupvalue", variables::setupvalue),
            ("setuservalue", setuservalue),
            ("traceback", traceback),
            ("upvalueid", variables::upvalueid),
            ("upvaluejoin", variables::upvaluejoin),
        ],
    )?;
    Ok(Value::table(library))
}

/// Makes the library table with what only looks and shows no values: `traceback` and a `getinfo`
/// without functions.
pub(super) fn open_restricted(vm: &mut Vm) -> Result<Value, Throw> {
    let library = vm.table()?;
    vm.register_all(
        library,
        "debug",
        &[("getinfo", info::restricted_getinfo), ("traceback", traceback)],
    )?;
    Ok(Value::table(library))
}

/// The coroutine that a call is about and the index of the argument after it.
fn thread_argument(call: &Call<'_>) -> (ThreadId, usize) {
    match call.arg(0).as_thread() {
        Some(thread) => (thread, 1),
        None => (call.vm.running().0, 0),
    }
}

fn traceback(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (thread, shift) = thread_argument(call);
    let message = call.arg(shift);
    if !message.is_nil() && !message.is_string() && !message.is_number() {
        return call.ret(message);
    }
    let own = thread == call.vm.running().0;
    let level = call.optional_integer(shift + 1, i64::from(own))?;
    let message = call.optional_string(shift)?;
    // A level that does not exist leaves a traceback without lines.
    let level = usize::try_from(level).unwrap_or(usize::MAX);
    let text = call.vm.traceback(thread, message.as_deref(), level);
    call.charge(text.len() / 16)?;
    call.ret_string(&text)
}

fn getmetatable(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    let meta = call.vm.metatable(value).map_or(Value::NIL, Value::table);
    call.ret(meta)
}

fn setmetatable(call: &mut Call<'_>) -> Result<usize, Throw> {
    let meta = call.arg(1);
    if !call.has(1) || !(meta.is_nil() || meta.as_table().is_some()) {
        return call.type_error(1, "nil or table");
    }
    let value = call.arg(0);
    call.vm.set_metatable(value, meta.as_table())?;
    call.ret(value)
}

fn getregistry(call: &mut Call<'_>) -> Result<usize, Throw> {
    let registry = call.vm.registry();
    call.ret(registry)
}

fn getuservalue(call: &mut Call<'_>) -> Result<usize, Throw> {
    let number = call.optional_integer(1, 1)?;
    let Some(userdata) = call.arg(0).as_userdata() else { return call.ret(Value::NIL) };
    match call.vm.user_value(userdata, number) {
        Some(value) => {
            call.push(value)?;
            call.push(Value::TRUE)?;
            Ok(2)
        }
        None => call.ret(Value::NIL),
    }
}

fn setuservalue(call: &mut Call<'_>) -> Result<usize, Throw> {
    let number = call.optional_integer(2, 1)?;
    let object = call.arg(0);
    let Some(userdata) = object.as_userdata() else { return call.type_error(0, "userdata") };
    let value = call.any(1)?;
    let done = call.vm.set_user_value(userdata, number, value);
    call.ret(if done { object } else { Value::NIL })
}

fn setcstacklimit(call: &mut Call<'_>) -> Result<usize, Throw> {
    call.integer(0)?;
    call.ret(NATIVE_CALLS_MAX)
}
