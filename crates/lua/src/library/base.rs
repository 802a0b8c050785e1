//! The basic functions.

use crate::value::{Kind, Value};
use crate::vm::{Call, Control, Throw, Vm};

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let globals = vm.globals();
    vm.set_field(globals, "_G", Value::table(globals))?;
    let version = vm.string("Lua 5.4")?;
    vm.set_field(globals, "_VERSION", version)?;
    vm.register_all(globals, "", &[("print", print), ("next", next), ("error", error)])?;
    let next = vm.field(globals, "next");
    vm.next_function = next;
    for (name, control) in
        [("pcall", Control::ProtectedCall), ("xpcall", Control::ProtectedCallWithHandler)]
    {
        let id = vm.register_control(name, control);
        vm.set_field(globals, name, Value::native(id))?;
    }
    Ok(())
}

fn print(call: &mut Call<'_>) -> Result<usize, Throw> {
    let mut line = Vec::new();
    for n in 0..call.count() {
        if n > 0 {
            line.push(b'\t');
        }
        let value = call.arg(n);
        if !call.vm.append_text(value, &mut line) {
            line.extend_from_slice(format!("{:?}", value.kind()).as_bytes());
        }
    }
    println!("{}", String::from_utf8_lossy(&line));
    Ok(0)
}

fn next(call: &mut Call<'_>) -> Result<usize, Throw> {
    let table = call.table(0)?;
    let key = call.arg(1);
    let heap = &call.vm.heap;
    match heap.tables.items[table.index()].next(&heap.strings.arena, key) {
        Ok(Some((key, value))) => {
            call.push(key)?;
            call.push(value)?;
            Ok(2)
        }
        Ok(None) => call.ret(Value::NIL),
        Err(_) => call.error("invalid key to 'next'"),
    }
}

fn error(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.arg(0);
    let level = call.arg(1).as_integer().unwrap_or(1);
    if let Kind::String(_) = value.kind()
        && level > 0
    {
        let text = call.vm.bytes(value).unwrap_or_default().to_vec();
        return call.vm.throw_at_level(level as usize, &text);
    }
    call.vm.throw(value)
}
