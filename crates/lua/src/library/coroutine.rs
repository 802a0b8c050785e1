//! The coroutine library.

use crate::value::{ThreadId, Value};
use lua_vm::{Call, Control, NativeFunction, Status, Throw, Vm};

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("close", close),
    ("create", create),
    ("isyieldable", isyieldable),
    ("running", running),
    ("status", status),
    ("wrap", wrap),
];

/// What `wrap` returns, under a name that persists but is no field.
const WRAPPED: &str = "coroutine.wrapped";

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let table = vm.new_library("coroutine", FUNCTIONS)?;
    vm.register_control(WRAPPED, Control::Wrapped);
    for (name, control) in [("resume", Control::Resume), ("yield", Control::Yield)] {
        let id = vm.register_control(&format!("coroutine.{name}"), control);
        vm.set_field(table, name, Value::native(id))?;
    }
    Ok(())
}

/// The argument as a coroutine.
fn thread(call: &mut Call<'_>) -> Result<ThreadId, Throw> {
    match call.arg(0).as_thread() {
        Some(thread) => Ok(thread),
        None => call.type_error(0, "thread"),
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Suspended => "suspended",
        Status::Running => "running",
        Status::Normal => "normal",
        Status::Dead => "dead",
    }
}

fn create(call: &mut Call<'_>) -> Result<usize, Throw> {
    if !call.arg(0).is_function() {
        return call.type_error(0, "function");
    }
    let thread = call.vm.create_coroutine(call.arg(0))?;
    call.ret(Value::thread(thread))
}

fn wrap(call: &mut Call<'_>) -> Result<usize, Throw> {
    create(call)?;
    let thread = call.vm.pop();
    let Some(function) = call.vm.find_native(WRAPPED) else {
        return call.error("the coroutine library is not open");
    };
    let wrapped = call.vm.make_native(function, &[thread])?;
    call.ret(wrapped)
}

fn status(call: &mut Call<'_>) -> Result<usize, Throw> {
    let thread = thread(call)?;
    let name = status_name(call.vm.coroutine_status(thread));
    call.ret_string(name.as_bytes())
}

fn isyieldable(call: &mut Call<'_>) -> Result<usize, Throw> {
    let yieldable = match call.arg(0).as_thread() {
        Some(thread) if thread != call.vm.running().0 => call.vm.is_thread_yieldable(thread),
        _ => call.vm.is_yieldable(),
    };
    call.ret(yieldable)
}

fn running(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (thread, is_main) = call.vm.running();
    call.push(Value::thread(thread))?;
    call.push(is_main)?;
    Ok(2)
}

fn close(call: &mut Call<'_>) -> Result<usize, Throw> {
    let thread = thread(call)?;
    let status = call.vm.coroutine_status(thread);
    if !matches!(status, Status::Suspended | Status::Dead) {
        return call.error(format!("cannot close a {} coroutine", status_name(status)));
    }
    match call.vm.close_coroutine(thread)? {
        None => call.ret(true),
        Some(error) => {
            call.push(false)?;
            call.push(error)?;
            Ok(2)
        }
    }
}
