//! The io library, for programs that may use the files of their host.

mod functions;
mod methods;
mod read;
pub mod stream;

use crate::number::Number;
use crate::value::{TableId, UserdataId, Value};
pub(super) use functions::shell_command;
use lua_vm::{Call, Throw, Vm};
use read::{Format, Item};
use stream::Stream;

/// The name of a file's type, in messages and in the registry.
const TYPE_NAME: &str = "FILE*";
/// Registry fields of the default files.
const INPUT: &str = "_IO_input";
const OUTPUT: &str = "_IO_output";
/// The function that `lines` returns.
const LINES_STEP: &str = "io.lines.step";
/// Bytes that a file is counted with.
const WEIGHT: usize = 256;
/// Formats that `lines` takes.
const LINES_ARGUMENTS_MAX: usize = 250;

/// A file as Lua sees it; closed ones have no stream.
#[derive(Debug)]
struct LuaFile(Option<Stream>);

/// Makes the library table and the metatable of files.
pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let library = vm.new_library("io", functions::FUNCTIONS)?;
    vm.register(LINES_STEP, methods::next_line);
    let meta = vm.table()?;
    vm.set_field(vm.registry(), TYPE_NAME, Value::table(meta))?;
    let name = vm.string(TYPE_NAME)?;
    vm.set_field(meta, "__name", name)?;
    vm.register_all(meta, "file", methods::METAMETHODS)?;
    let methods = vm.table()?;
    vm.register_all(methods, "file", methods::METHODS)?;
    vm.set_field(meta, "__index", Value::table(methods))?;
    let output = vm.output().clone();
    let standard = [
        ("stdin", Some(INPUT), Stream::input()),
        ("stdout", Some(OUTPUT), Stream::output(output)),
        ("stderr", None, Stream::error()),
    ];
    for (name, role, stream) in standard {
        let file = new_file(vm, stream)?;
        vm.set_field(library, name, file)?;
        if let Some(role) = role {
            vm.set_field(vm.registry(), role, file)?;
        }
    }
    Ok(())
}

/// Hands all written bytes to the system, as the end of a program does.
pub(super) fn flush_all(vm: &mut Vm) {
    for stream in vm.each_userdata::<LuaFile>().filter_map(|file| file.0.as_mut()) {
        // The program is at its end: nobody is left to be told.
        let _ = stream.flush();
    }
}

fn meta(vm: &Vm) -> Option<TableId> {
    vm.field(vm.registry(), TYPE_NAME).as_table()
}

fn new_file(vm: &mut Vm, stream: Stream) -> Result<Value, Throw> {
    let value = vm.make_userdata(LuaFile(Some(stream)), WEIGHT)?;
    let meta = meta(vm);
    vm.set_metatable(value, meta)?;
    Ok(value)
}

/// An argument that must be a file, closed or not.
fn file_argument(call: &mut Call<'_>, index: usize) -> Result<UserdataId, Throw> {
    let file = call.arg(index).as_userdata();
    match file.filter(|&file| call.vm.userdata::<LuaFile>(file).is_some()) {
        Some(file) => Ok(file),
        None => call.type_error(index, TYPE_NAME),
    }
}

/// The first argument as an open file.
fn open_argument(call: &mut Call<'_>) -> Result<UserdataId, Throw> {
    let file = file_argument(call, 0)?;
    match is_open(call.vm, file) {
        true => Ok(file),
        false => call.error("attempt to use a closed file"),
    }
}

fn is_open(vm: &Vm, file: UserdataId) -> bool {
    vm.userdata::<LuaFile>(file).is_some_and(|file| file.0.is_some())
}

fn stream_of(vm: &mut Vm, file: UserdataId) -> Option<&mut Stream> {
    vm.userdata_mut::<LuaFile>(file)?.0.as_mut()
}

/// Runs an operation on an open file.
fn with_stream<T>(
    call: &mut Call<'_>,
    file: UserdataId,
    operation: impl FnOnce(&mut Stream) -> std::io::Result<T>,
) -> Result<std::io::Result<T>, Throw> {
    match stream_of(call.vm, file) {
        Some(stream) => Ok(operation(stream)),
        None => call.error("attempt to use a closed file"),
    }
}

/// A system error's text, without the number that Rust adds.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.find(" (os error").map(|end| text[..end].to_owned()).unwrap_or(text)
}

/// What failing functions return: nil, a message that begins with the file's name, a number.
pub(super) fn failure(
    call: &mut Call<'_>,
    name: Option<&[u8]>,
    error: &std::io::Error,
) -> Result<usize, Throw> {
    let mut text = name.map_or(Vec::new(), |name| [name, b": "].concat());
    text.extend_from_slice(reason(error).as_bytes());
    let text = call.vm.string(text)?;
    call.push(Value::NIL)?;
    call.push(text)?;
    call.push(Value::integer(error.raw_os_error().unwrap_or(0).into()))?;
    Ok(3)
}

/// True, or what failing functions return.
pub(super) fn outcome(
    call: &mut Call<'_>,
    name: Option<&[u8]>,
    result: std::io::Result<()>,
) -> Result<usize, Throw> {
    match result {
        Ok(()) => call.ret(Value::TRUE),
        Err(error) => failure(call, name, &error),
    }
}

/// How a process ended, as `os.execute` and the end of a pipe tell it.
pub(super) fn process_outcome(call: &mut Call<'_>, ending: stream::Ending) -> Result<usize, Throw> {
    let (what, code) = match ending {
        stream::Ending::Exit(code) => ("exit", code),
        stream::Ending::Signal(signal) => ("signal", signal),
    };
    let good = ending == stream::Ending::Exit(0);
    call.push(if good { Value::TRUE } else { Value::NIL })?;
    let what = call.vm.string(what)?;
    call.push(what)?;
    call.push(Value::integer(code.into()))?;
    Ok(3)
}

/// A path of the host from bytes.
#[cfg(unix)]
pub(super) fn path(bytes: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(crate::chunk_id::until_nul(bytes)).into()
}

/// A path of the host from bytes.
#[cfg(not(unix))]
pub(super) fn path(bytes: &[u8]) -> std::path::PathBuf {
    String::from_utf8_lossy(crate::chunk_id::until_nul(bytes)).into_owned().into()
}

/// Values as formats, a line if there is none; `first` is the argument that the first value is.
fn formats(call: &mut Call<'_>, values: &[Value], first: usize) -> Result<Vec<Format>, Throw> {
    let mut formats = Vec::with_capacity(values.len().max(1));
    for (index, &value) in values.iter().enumerate() {
        if value.is_number() {
            let Some(count) = call.vm.to_integer(value) else {
                let message = "number has no integer representation";
                return call.argument_error(first + index, message);
            };
            formats.push(Format::Bytes(usize::try_from(count).unwrap_or(usize::MAX)));
            continue;
        }
        let Some(text) = call.vm.bytes(value) else {
            return call.type_error(first + index, "string");
        };
        let letter = text.strip_prefix(b"*").unwrap_or(text).first();
        formats.push(match letter {
            Some(b'n') => Format::Number,
            Some(b'l') => Format::Line { keep_end: false },
            Some(b'L') => Format::Line { keep_end: true },
            Some(b'a') => Format::All,
            _ => return call.argument_error(first + index, "invalid format"),
        });
    }
    if formats.is_empty() {
        formats.push(Format::Line { keep_end: false });
    }
    Ok(formats)
}

/// What reading came to; the items are pushed.
struct ReadOutcome {
    count: usize,
    first: Value,
    error: Option<std::io::Error>,
}

/// Reads and pushes items up to the first that is missing.
fn read_items(
    call: &mut Call<'_>,
    file: UserdataId,
    formats: &[Format],
) -> Result<ReadOutcome, Throw> {
    let mut outcome = ReadOutcome { count: 0, first: Value::NIL, error: None };
    for &format in formats {
        let value = match with_stream(call, file, |stream| read::read(stream, format))? {
            Ok(Item::Nothing) => Value::NIL,
            Ok(Item::Bytes(bytes)) => {
                call.charge(bytes.len() / 16)?;
                call.vm.string(bytes)?
            }
            Ok(Item::Number(Number::Integer(i))) => Value::integer(i),
            Ok(Item::Number(Number::Float(f))) => Value::float(f),
            Err(error) => {
                outcome.error = Some(error);
                return Ok(outcome);
            }
        };
        call.push(value)?;
        if outcome.count == 0 {
            outcome.first = value;
        }
        outcome.count += 1;
        if value.is_nil() {
            break;
        }
    }
    Ok(outcome)
}

/// Reads with the arguments from `first` on as formats.
fn read_arguments(call: &mut Call<'_>, file: UserdataId, first: usize) -> Result<usize, Throw> {
    let values: Vec<Value> = (first..call.count()).map(|index| call.arg(index)).collect();
    let formats = formats(call, &values, first)?;
    let read = read_items(call, file, &formats)?;
    match read.error {
        Some(error) => failure(call, None, &error),
        None => Ok(read.count),
    }
}

/// Writes the arguments from `first` on.
fn write_arguments(
    call: &mut Call<'_>,
    file: UserdataId,
    first: usize,
) -> Result<std::io::Result<()>, Throw> {
    for index in first..call.count() {
        let text = call.string(index)?;
        call.charge(text.len() / 16)?;
        if let Err(error) = with_stream(call, file, |stream| stream.write(&text))? {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn close(call: &mut Call<'_>, file: UserdataId) -> Result<usize, Throw> {
    if stream_of(call.vm, file).is_some_and(|stream| stream.is_standard()) {
        call.push(Value::NIL)?;
        let text = call.vm.string("cannot close standard file")?;
        call.push(text)?;
        return Ok(2);
    }
    let stream = call.vm.userdata_mut::<LuaFile>(file).and_then(|file| file.0.take());
    match stream.map_or(Ok(None), Stream::close) {
        Ok(None) => call.ret(Value::TRUE),
        Ok(Some(ending)) => process_outcome(call, ending),
        Err(error) => failure(call, None, &error),
    }
}
