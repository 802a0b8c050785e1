//! The functions of the `io` table.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use super::stream::Stream;
use super::{
    INPUT, LINES_ARGUMENTS_MAX, LuaFile, OUTPUT, close, failure, file_argument, is_open, methods,
    new_file, outcome, path, read_arguments, reason, with_stream, write_arguments,
};
use crate::value::{UserdataId, Value};
use lua_vm::{Call, NativeFunction, Throw};

pub const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("close", close_function),
    ("flush", flush),
    ("input", input),
    ("lines", lines),
    ("open", open),
    ("output", output),
    ("popen", popen),
    ("read", read),
    ("tmpfile", tmpfile),
    ("type", type_function),
    ("write", write),
];

fn open_file(name: &[u8], mode: &[u8]) -> std::io::Result<Stream> {
    let mut options = OpenOptions::new();
    let both = mode.contains(&b'+');
    match mode.first() {
        Some(b'w') => options.write(true).create(true).truncate(true).read(both),
        Some(b'a') => options.append(true).create(true).read(both),
        _ => options.read(true).write(both),
    };
    let writes = both || mode.first() != Some(&b'r');
    options.open(path(name)).map(|file| Stream::file(file, writes))
}

fn is_mode(mode: &[u8]) -> bool {
    let Some((b'r' | b'w' | b'a', rest)) = mode.split_first() else { return false };
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    rest.iter().all(|&byte| byte == b'b')
}

fn open(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let mode = call.optional_string(1)?;
    let mode = mode.as_deref().unwrap_or(b"r");
    if !is_mode(mode) {
        return call.argument_error(1, "invalid mode");
    }
    match open_file(&name, mode) {
        Ok(stream) => {
            let file = new_file(call.vm, stream)?;
            call.ret(file)
        }
        Err(error) => failure(call, Some(&name), &error),
    }
}

/// Opens a file or throws.
fn open_or_throw(call: &mut Call<'_>, name: &[u8], mode: &[u8]) -> Result<Value, Throw> {
    match open_file(name, mode) {
        Ok(stream) => new_file(call.vm, stream),
        Err(error) => {
            let mut text = [b"cannot open file '", name, b"' ("].concat();
            text.extend_from_slice(reason(&error).as_bytes());
            text.push(b')');
            call.error(text)
        }
    }
}

fn default_file(call: &mut Call<'_>, role: &str) -> Result<UserdataId, Throw> {
    let file = call.vm.field(call.vm.registry(), role).as_userdata();
    match file.filter(|&file| is_open(call.vm, file)) {
        Some(file) => Ok(file),
        None => {
            let what = role.trim_start_matches("_IO_");
            call.error(format!("default {what} file is closed"))
        }
    }
}

fn choose(call: &mut Call<'_>, role: &str, mode: &[u8]) -> Result<usize, Throw> {
    let argument = call.arg(0);
    if !argument.is_nil() {
        let file = if argument.is_string() || argument.is_number() {
            let name = call.string(0)?;
            open_or_throw(call, &name, mode)?
        } else {
            Value::userdata(file_argument(call, 0)?)
        };
        call.vm.set_field(call.vm.registry(), role, file)?;
    }
    let file = call.vm.field(call.vm.registry(), role);
    call.ret(file)
}

fn input(call: &mut Call<'_>) -> Result<usize, Throw> {
    choose(call, INPUT, b"r")
}

fn output(call: &mut Call<'_>) -> Result<usize, Throw> {
    choose(call, OUTPUT, b"w")
}

fn close_function(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = match call.has(0) {
        true => super::open_argument(call)?,
        false => default_file(call, OUTPUT)?,
    };
    close(call, file)
}

fn flush(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = default_file(call, OUTPUT)?;
    let flushed = with_stream(call, file, Stream::flush)?;
    outcome(call, None, flushed)
}

fn read(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = default_file(call, INPUT)?;
    read_arguments(call, file, 0)
}

fn write(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = default_file(call, OUTPUT)?;
    match write_arguments(call, file, 0)? {
        Ok(()) => call.ret(Value::userdata(file)),
        Err(error) => failure(call, None, &error),
    }
}

fn lines(call: &mut Call<'_>) -> Result<usize, Throw> {
    if call.arg(0).is_nil() {
        let file = default_file(call, INPUT)?;
        return methods::line_iterator(call, Value::userdata(file), false);
    }
    if call.count() > LINES_ARGUMENTS_MAX + 1 {
        return call.argument_error(LINES_ARGUMENTS_MAX + 1, "too many arguments");
    }
    let name = call.string(0)?;
    let file = open_or_throw(call, &name, b"r")?;
    call.push(file)?;
    methods::line_iterator(call, file, true)?;
    call.push(Value::NIL)?;
    call.push(Value::NIL)?;
    call.push(file)?;
    Ok(4)
}

fn popen(call: &mut Call<'_>) -> Result<usize, Throw> {
    let command = call.string(0)?;
    let mode = call.optional_string(1)?;
    let reads = match mode.as_deref().unwrap_or(b"r") {
        b"r" => true,
        b"w" => false,
        _ => return call.argument_error(1, "invalid mode"),
    };
    super::flush_all(call.vm);
    let mut shell = shell_command(&command);
    if reads {
        shell.stdout(Stdio::piped())
    } else {
        shell.stdin(Stdio::piped())
    };
    match shell.spawn() {
        Ok(child) => {
            let file = new_file(call.vm, Stream::process(child))?;
            call.ret(file)
        }
        Err(error) => failure(call, Some(&command), &error),
    }
}

fn tmpfile(call: &mut Call<'_>) -> Result<usize, Throw> {
    let created = crate::library::os_native::temporary_file().and_then(|(file, path)| {
        // The name is not needed: the file lives as long as it is open.
        std::fs::remove_file(path)?;
        Ok(file)
    });
    match created {
        Ok(file) => {
            let file = new_file(call.vm, Stream::file(file, true))?;
            call.ret(file)
        }
        Err(error) => failure(call, None, &error),
    }
}

fn type_function(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    let file = value.as_userdata().filter(|&file| call.vm.userdata::<LuaFile>(file).is_some());
    match file {
        None => call.ret(Value::NIL),
        Some(file) if is_open(call.vm, file) => call.ret_string(b"file"),
        Some(_) => call.ret_string(b"closed file"),
    }
}

/// The host's command interpreter, given a command.
pub(in crate::library) fn shell_command(command: &[u8]) -> Command {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "/bin/sh" });
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(path(command));
    shell
}
