//! `load`, `loadfile` and `dofile`: from source text or binary chunks to functions.

use crate::chunk::{self, Chunk};
use crate::chunk_id::until_nul;
use crate::compiler::compile_within;
use crate::library::source;
use crate::value::Value;
use lua_vm::{Call, Throw, Vm};

/// Size of a text that a reader function gave at which it is first looked at.
const FIRST_CHECK_BYTES: usize = 64 * 1024;

pub(super) fn load(call: &mut Call<'_>) -> Result<usize, Throw> {
    let given = call.arg(0);
    let text = if given.is_string() || given.is_number() { Some(call.string(0)?) } else { None };
    let mode = call.optional_string(2)?.unwrap_or_else(|| b"bt"[..].into());
    let outcome = match &text {
        Some(text) => {
            let name = call.optional_string(1)?.unwrap_or_else(|| text.clone());
            make_function(call, text, &name, &mode, 3)
        }
        None => {
            let name = call.optional_string(1)?.unwrap_or_else(|| b"=(load)"[..].into());
            if !given.is_function() {
                return call.type_error(0, "function");
            }
            match read_pieces(call) {
                Ok(text) => make_function(call, &text, &name, &mode, 3),
                Err(throw) => Err(throw),
            }
        }
    };
    give(call, outcome)
}

pub(super) fn loadfile(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.optional_string(0)?;
    let mode = call.optional_string(1)?.unwrap_or_else(|| b"bt"[..].into());
    let outcome = load_source(call, name.as_deref(), &mode, 2);
    give(call, outcome)
}

/// The function of the file that the first argument names.
pub(super) fn load_named_file(call: &mut Call<'_>) -> Result<Value, Throw> {
    let name = call.optional_string(0)?;
    load_source(call, name.as_deref(), b"bt", usize::MAX)
}

/// Returns a function, or nil and the message about why there is none.
fn give(call: &mut Call<'_>, outcome: Result<Value, Throw>) -> Result<usize, Throw> {
    match outcome {
        Ok(function) => call.ret(function),
        Err(Throw::Interrupted) => Err(Throw::Interrupted),
        Err(throw) => {
            if throw == Throw::Memory {
                // What was made of the function is garbage now; the program goes on and finds room.
                call.vm.collect_all();
            }
            let message = call.vm.thrown_value(throw);
            call.push(Value::NIL)?;
            call.push(message)?;
            Ok(2)
        }
    }
}

/// Calls the reader function until it gives nil or an empty string, or until what it gave is wrong
/// whatever may follow: a reader need not have an end.
fn read_pieces(call: &mut Call<'_>) -> Result<Vec<u8>, Throw> {
    let reader = call.arg(0);
    let mut text = Vec::new();
    let mut next_check = FIRST_CHECK_BYTES;
    loop {
        if text.len() >= next_check {
            next_check = 2 * text.len();
            call.charge(text.len())?;
            let room = call.vm.heap().room();
            if is_hopeless(call, &text, room)? {
                return Ok(text);
            }
        }
        let piece = call.vm.call_value(reader, &[])?;
        if piece.is_nil() {
            return Ok(text);
        }
        let Some(piece) = call.vm.to_text(piece)?.and_then(|piece| piece.as_string()) else {
            let thrown = call.error("reader function must return a string");
            return thrown.map_err(|throw| call.vm.show_to_handler(throw));
        };
        let piece = call.vm.heap().bytes_of(piece).clone();
        if piece.is_empty() {
            return Ok(text);
        }
        call.charge(8 + piece.len() / 16)?;
        call.reserve(text.len() + piece.len())?;
        text.extend_from_slice(&piece);
    }
}

/// Whether no continuation makes a text correct. Says no in doubt.
fn is_hopeless(call: &mut Call<'_>, text: &[u8], room: usize) -> Result<bool, Throw> {
    if is_binary(text) {
        return Ok(undump_fails_early(text));
    }
    // The last token may be cut, and at the end of the text jumps without a label are errors: end
    // it at a space, with a parenthesis that waits for more.
    let Some(end) = text.iter().rposition(|byte| *byte == b' ' || *byte == b'\n') else {
        return Ok(false);
    };
    let mut paid = Ok(());
    let mut goes_on = |bytes| {
        paid = call.charge(bytes);
        paid.is_ok()
    };
    let start = [&text[..end], b" ("].concat();
    let outcome = compile_within(&start, b"=", 0, room, &mut goes_on);
    paid?;
    Ok(match outcome {
        Ok(_) => false,
        Err(error) => {
            let of_label = [&b"label"[..], b"break outside"]
                .iter()
                .any(|part| error.message().windows(part.len()).any(|window| window == *part));
            !error.is_incomplete() && !of_label
        }
    })
}

fn undump_fails_early(bytes: &[u8]) -> bool {
    !chunk::undump(bytes).is_err_and(|error| error.is_truncated())
}

/// The function of a module's file; its environment is the globals.
pub fn load_file(call: &mut Call<'_>, name: &[u8]) -> Result<Value, Throw> {
    load_source(call, Some(name), b"bt", usize::MAX)
}

/// Reads a source from the host and makes its function; without a name it is standard input.
fn load_source(
    call: &mut Call<'_>,
    name: Option<&[u8]>,
    mode: &[u8],
    environment: usize,
) -> Result<Value, Throw> {
    let source = source::read(call.vm, name)?;
    let chunk_name = match name {
        Some(name) => [b"@", name].concat(),
        None => b"=stdin".to_vec(),
    };
    make_function(call, without_first_comment(&source), &chunk_name, mode, environment)
}

/// Files may begin with a byte order mark and with a line for the shell, whose end stays so that
/// lines count right.
fn without_first_comment(source: &[u8]) -> &[u8] {
    let text = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if text.first() != Some(&b'#') {
        return text;
    }
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    let rest = &text[end..];
    if rest.get(1..).is_some_and(is_binary) { &rest[1..] } else { rest }
}

fn is_binary(text: &[u8]) -> bool {
    text.first() == Some(&chunk::SIGNATURE[0])
}

/// Makes a function of text or of a binary chunk; the environment is the argument at that index
/// if it is there, the globals otherwise.
fn make_function(
    call: &mut Call<'_>,
    text: &[u8],
    name: &[u8],
    mode: &[u8],
    environment: usize,
) -> Result<Value, Throw> {
    let (kind, letter) = if is_binary(text) { ("binary", b'b') } else { ("text", b't') };
    if !mode.contains(&letter) {
        let mode = String::from_utf8_lossy(until_nul(mode));
        let message = format!("attempt to load a {kind} chunk (mode is '{mode}')");
        return call.vm.throw_plain(message);
    }
    // Text is paid for as the compiler goes, but for its start and for tokens that have no end.
    let at_once = if letter == b't' { text.len().min(4096) + text.len() / 16 } else { text.len() };
    call.charge(at_once)?;
    call.reserve(text.len())?;
    let environment = match call.has(environment) {
        true => call.arg(environment),
        false => Value::table(call.vm.globals()),
    };
    if letter == b't' {
        let depth = call.vm.native_depth();
        return call.vm.load_text(text, name, depth, environment, Vm::charge);
    }
    let chunk = read_binary(call.vm, text, name)?;
    call.vm.load_chunk(chunk, environment)
}

fn read_binary(vm: &mut Vm, bytes: &[u8], name: &[u8]) -> Result<Chunk, Throw> {
    match chunk::undump(bytes).and_then(chunk::verify) {
        Ok(chunk) => Ok(chunk),
        Err(error) => {
            let mut message = match name {
                [b'@' | b'=', name @ ..] => name,
                name if is_binary(name) => b"binary string",
                name => name,
            }
            .to_vec();
            message.extend_from_slice(format!(": {error}").as_bytes());
            vm.throw_plain(message)
        }
    }
}
