//! What programs get of `io` and `os` that may not use their host: output, and clear refusals.

use crate::value::{TableId, Value};
use lua_vm::{Call, Throw, Vm};

/// Makes an `io` that can only write.
pub(super) fn open_io(vm: &mut Vm) -> Result<(), Throw> {
    let library = vm.new_library("io", &[("write", write)])?;
    let refused =
        ["close", "flush", "input", "lines", "open", "output", "popen", "read", "tmpfile", "type"];
    refuse(vm, library, "io", &refused)
}

/// Puts functions that refuse into the `os` table.
pub(super) fn open_os(vm: &mut Vm, library: TableId) -> Result<(), Throw> {
    refuse(vm, library, "os", &["execute", "exit", "getenv", "remove", "rename", "tmpname"])
}

fn refuse(vm: &mut Vm, library: TableId, prefix: &str, names: &[&str]) -> Result<(), Throw> {
    for name in names {
        let full = format!("{prefix}.{name}");
        let id = vm.register(&full, refused);
        // Each name is a function of its own, so that the message can tell which it is.
        vm.set_field(library, name, Value::native(id))?;
    }
    Ok(())
}

fn refused(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (thread, _) = call.vm.running();
    let function = call.vm.level(thread, 0).map_or(Value::NIL, |level| call.vm.function_at(level));
    let name = match function.kind() {
        lua_vm::Kind::Native(id) => call.vm.native_name(id).to_owned(),
        _ => "this function".to_owned(),
    };
    call.error(format!("'{name}' is not available to this program"))
}

fn write(call: &mut Call<'_>) -> Result<usize, Throw> {
    for index in 0..call.count() {
        let text = call.string(index)?;
        call.charge(text.len() / 16)?;
        call.vm.write_output(&text);
    }
    Ok(0)
}
