//! `debug.getinfo`.

use super::thread_argument;
use crate::introspect::Level;
use crate::value::{TableId, Value};
use lua_vm::{Call, Throw, Vm};

const ALL_OPTIONS: &[u8] = b"flnSrtu";
const KNOWN_OPTIONS: &[u8] = b"SlnrutLf";

/// What information is asked about.
#[derive(Clone, Copy)]
struct Subject {
    function: Value,
    /// Absent if the function is asked about as a value.
    level: Option<Level>,
}

pub(super) fn getinfo(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (_, shift) = thread_argument(call);
    let options = options(call, shift + 1, KNOWN_OPTIONS)?;
    answer(call, &options)
}

/// The same for programs that are not trusted: functions are not handed out.
pub(super) fn restricted_getinfo(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (_, shift) = thread_argument(call);
    let mut options = options(call, shift + 1, KNOWN_OPTIONS)?;
    options.retain(|&option| option != b'f');
    answer(call, &options)
}

fn options(call: &mut Call<'_>, index: usize, known: &[u8]) -> Result<Vec<u8>, Throw> {
    let given = call.optional_string(index)?;
    let options = given.as_deref().unwrap_or(ALL_OPTIONS);
    if options.first() == Some(&b'>') {
        return call.argument_error(index, "invalid option '>'");
    }
    if options.iter().any(|option| !known.contains(option)) {
        // Whether the level exists is looked at first.
        return Ok(b"?".to_vec());
    }
    Ok(options.to_vec())
}

fn answer(call: &mut Call<'_>, options: &[u8]) -> Result<usize, Throw> {
    let (thread, shift) = thread_argument(call);
    let subject = call.arg(shift);
    let subject = if subject.is_function() {
        Subject { function: subject, level: None }
    } else {
        let number = call.integer(shift)?;
        let level = usize::try_from(number).ok().and_then(|n| call.vm.level(thread, n));
        let Some(level) = level else { return call.ret(Value::NIL) };
        Subject { function: call.vm.function_at(level), level: Some(level) }
    };
    if options.contains(&b'?') {
        return call.argument_error(shift + 1, "invalid option");
    }
    let table = call.vm.table()?;
    call.push(Value::table(table))?;
    fill(call.vm, table, subject, options)?;
    call.charge(64)?;
    Ok(1)
}

fn fill(vm: &mut Vm, table: TableId, subject: Subject, options: &[u8]) -> Result<(), Throw> {
    let has = |option: u8| options.contains(&option);
    let Subject { function, level } = subject;
    let description = vm.describe_function(function);
    let line = |line: Option<u32>| Value::integer(line.map_or(-1, i64::from));
    if has(b'S') {
        set_string(vm, table, "source", &description.source)?;
        set_string(vm, table, "short_src", &description.short_source)?;
        vm.set_field(table, "linedefined", line(description.line_defined))?;
        vm.set_field(table, "lastlinedefined", line(description.last_line_defined))?;
        set_string(vm, table, "what", description.what.as_bytes())?;
    }
    if has(b'l') {
        let current = level.and_then(|level| vm.line_at_level(level));
        vm.set_field(table, "currentline", line(current))?;
    }
    if has(b'u') {
        let upvalues = Value::integer(description.upvalue_count as i64);
        vm.set_field(table, "nups", upvalues)?;
        vm.set_field(table, "nparams", Value::integer(description.parameter_count.into()))?;
        vm.set_field(table, "isvararg", Value::boolean(description.is_vararg))?;
    }
    if has(b'n') {
        set_name(vm, table, level)?;
    }
    if has(b'r') {
        let (first, count) = level.map_or((0, 0), |level| vm.transferred(level));
        vm.set_field(table, "ftransfer", Value::integer(first as i64))?;
        vm.set_field(table, "ntransfer", Value::integer(count as i64))?;
    }
    if has(b't') {
        let is_tail = level.is_some_and(|level| vm.is_tail_call(level));
        vm.set_field(table, "istailcall", Value::boolean(is_tail))?;
    }
    if has(b'L') {
        set_active_lines(vm, table, function)?;
    }
    if has(b'f') {
        vm.set_field(table, "func", function)?;
    }
    Ok(())
}

fn set_string(vm: &mut Vm, table: TableId, name: &str, bytes: &[u8]) -> Result<(), Throw> {
    let value = vm.string(bytes)?;
    vm.set_field(table, name, value)
}

fn set_name(vm: &mut Vm, table: TableId, level: Option<Level>) -> Result<(), Throw> {
    match level.and_then(|level| vm.call_name(level)) {
        Some(name) => {
            set_string(vm, table, "name", &name.name)?;
            set_string(vm, table, "namewhat", name.kind.text().as_bytes())
        }
        None => set_string(vm, table, "namewhat", b""),
    }
}

fn set_active_lines(vm: &mut Vm, table: TableId, function: Value) -> Result<(), Throw> {
    let Some(lines) = vm.active_lines(function) else { return Ok(()) };
    let set = vm.table()?;
    vm.set_field(table, "activelines", Value::table(set))?;
    for line in lines {
        vm.raw_set(set, Value::integer(line.into()), Value::TRUE)?;
    }
    Ok(())
}
