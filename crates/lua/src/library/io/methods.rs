//! The methods of files.

use std::io::SeekFrom;

use super::stream::{Buffering, Stream};
use super::{
    LINES_ARGUMENTS_MAX, LINES_STEP, close, failure, file_argument, formats, is_open,
    open_argument, outcome, read_arguments, read_items, with_stream, write_arguments,
};
use crate::value::Value;
use lua_vm::{Call, NativeFunction, Throw};

pub const METHODS: &[(&str, NativeFunction)] = &[
    ("close", close_method),
    ("flush", flush),
    ("lines", lines),
    ("read", read),
    ("seek", seek),
    ("setvbuf", setvbuf),
    ("write", write),
];

pub const METAMETHODS: &[(&str, NativeFunction)] =
    &[("__close", collect), ("__gc", collect), ("__tostring", tostring)];

fn close_method(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    close(call, file)
}

/// Closes a file that nobody closed.
fn collect(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = file_argument(call, 0)?;
    if is_open(call.vm, file) {
        close(call, file)?;
    }
    Ok(0)
}

fn tostring(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = file_argument(call, 0)?;
    let text = match is_open(call.vm, file) {
        true => format!("file (0x{:014x})", Value::userdata(file).address().unwrap_or(0)),
        false => "file (closed)".to_owned(),
    };
    call.ret_string(text.as_bytes())
}

fn flush(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    let flushed = with_stream(call, file, Stream::flush)?;
    outcome(call, None, flushed)
}

fn read(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    read_arguments(call, file, 1)
}

fn write(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    match write_arguments(call, file, 1)? {
        Ok(()) => call.ret(Value::userdata(file)),
        Err(error) => failure(call, None, &error),
    }
}

/// One of several words as an argument.
fn option(call: &mut Call<'_>, default: Option<&str>, words: &[&str]) -> Result<usize, Throw> {
    let given = match default {
        Some(default) => call.optional_string(1)?.unwrap_or_else(|| default.as_bytes().into()),
        None => call.string(1)?,
    };
    match words.iter().position(|word| word.as_bytes() == &*given) {
        Some(index) => Ok(index),
        None => {
            let text = format!("invalid option '{}'", String::from_utf8_lossy(&given));
            call.argument_error(1, &text)
        }
    }
}

fn seek(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    let whence = option(call, Some("cur"), &["set", "cur", "end"])?;
    let offset = call.optional_integer(2, 0)?;
    let to = match whence {
        0 => match u64::try_from(offset) {
            Ok(offset) => SeekFrom::Start(offset),
            Err(_) => {
                let error = std::io::Error::from_raw_os_error(22); // EINVAL
                return failure(call, None, &error);
            }
        },
        1 => SeekFrom::Current(offset),
        _ => SeekFrom::End(offset),
    };
    match with_stream(call, file, |stream| stream.seek(to))? {
        Ok(position) => call.ret(position as i64),
        Err(error) => failure(call, None, &error),
    }
}

fn setvbuf(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    let mode = option(call, None, &["no", "full", "line"])?;
    let size = call.optional_integer(2, Stream::buffer_bytes() as i64)?;
    let buffering = match mode {
        0 => Buffering::None,
        1 => Buffering::Full(usize::try_from(size).unwrap_or(0)),
        _ => Buffering::Line,
    };
    let set = with_stream(call, file, |stream| stream.set_buffering(buffering))?;
    outcome(call, None, set)
}

fn lines(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = open_argument(call)?;
    line_iterator(call, Value::userdata(file), false)
}

/// Pushes a function that reads the formats after the first argument from a file; it closes the
/// file at its end if asked to.
pub(super) fn line_iterator(
    call: &mut Call<'_>,
    file: Value,
    closes: bool,
) -> Result<usize, Throw> {
    if call.count() > LINES_ARGUMENTS_MAX + 1 {
        return call.argument_error(LINES_ARGUMENTS_MAX + 1, "too many arguments");
    }
    let mut values = vec![file, Value::boolean(closes)];
    values.push(Value::integer(call.count().saturating_sub(1) as i64));
    values.extend((1..call.count()).map(|index| call.arg(index)));
    let Some(step) = call.vm.find_native(LINES_STEP) else { return call.ret(Value::NIL) };
    let iterator = call.vm.make_native(step, &values)?;
    call.ret(iterator)
}

/// The function that `lines` returns.
pub(super) fn next_line(call: &mut Call<'_>) -> Result<usize, Throw> {
    let file = call.upvalue(0).as_userdata().filter(|&file| is_open(call.vm, file));
    let Some(file) = file else { return call.error("file is already closed") };
    let closes = !call.upvalue(1).is_falsy();
    let count = call.upvalue(2).as_integer().unwrap_or(0) as usize;
    let wanted: Vec<Value> = (3..3 + count).map(|index| call.upvalue(index)).collect();
    let formats = formats(call, &wanted, 1)?;
    let read = read_items(call, file, &formats)?;
    if let Some(error) = read.error {
        return call.error(super::reason(&error));
    }
    if !read.first.is_nil() {
        return Ok(read.count);
    }
    if closes {
        close(call, file)?;
    }
    Ok(0)
}
