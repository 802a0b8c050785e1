//! The string library: its functions on plain bytes; patterns, formats and packing are beside.

mod arithmetic;
mod format;
mod matching;
mod pack;

use super::state;
use crate::text::pattern::{Matcher, PatternCache};
use crate::text::{end_offset, start_offset};
use crate::value::{NativeId, Value};
use lua_vm::Buffer;
use lua_vm::{Call, NativeFunction, Throw, Vm};

/// The largest size that functions compute with, as PUC-Rio's `int` has it.
const SIZE_MAX: usize = i32::MAX as usize;

/// What pattern matching keeps between calls.
#[derive(Debug, Default)]
pub(crate) struct State {
    patterns: PatternCache,
    /// Where there is none, a call further out uses it.
    matcher: Option<Box<Matcher>>,
    /// What `gmatch` returns, without its captured values.
    gmatch_step: Option<NativeId>,
}

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("byte", byte),
    ("char", char),
    ("dump", dump),
    ("find", matching::find),
    ("format", format::format),
    ("gmatch", matching::gmatch),
    ("gsub", matching::gsub),
    ("len", len),
    ("lower", lower),
    ("match", matching::first_match),
    ("pack", pack::pack),
    ("packsize", pack::packsize),
    ("rep", rep),
    ("reverse", reverse),
    ("sub", sub),
    ("unpack", pack::unpack),
    ("upper", upper),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let library = vm.new_library("string", FUNCTIONS)?;
    let step = vm.register("string.gmatch.step", matching::gmatch_step);
    state(vm).strings.gmatch_step = Some(step);
    let metatable = vm.table()?;
    vm.set_field(metatable, "__index", Value::table(library))?;
    vm.register_all(metatable, "string", arithmetic::METAMETHODS)?;
    let any_string = vm.string("")?;
    vm.set_metatable(any_string, Some(metatable))
}

fn len(call: &mut Call<'_>) -> Result<usize, Throw> {
    if let Some(id) = call.arg(0).as_string() {
        let bytes = call.vm.heap().bytes_of(id).len();
        return call.ret(Value::integer(bytes as i64));
    }
    let text = call.string(0)?;
    call.ret(Value::integer(text.len() as i64))
}

fn sub(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let first = start_offset(call.integer(1)?, text.len());
    let last = end_offset(call.optional_integer(2, -1)?, text.len());
    if first == 0 && last == text.len() {
        return call.ret(call.arg(0));
    }
    let part = text.get(first..last).unwrap_or_default();
    call.charge_bytes(part.len())?;
    call.ret_string(part)
}

fn byte(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let position = call.optional_integer(1, 1)?;
    let first = start_offset(position, text.len());
    let last = end_offset(call.optional_integer(2, position)?, text.len());
    let part = text.get(first..last).unwrap_or_default();
    if let [byte] = part {
        return call.ret(Value::integer(i64::from(*byte)));
    }
    if part.len() >= SIZE_MAX {
        return call.error("string slice too long");
    }
    call.room_for_values(part.len(), "string slice too long")?;
    call.charge(part.len())?;
    for &byte in part {
        call.push(Value::integer(i64::from(byte)))?;
    }
    Ok(part.len())
}

fn char(call: &mut Call<'_>) -> Result<usize, Throw> {
    if call.count() == 1 {
        let byte = byte_argument(call, 0)?;
        return call.ret_string(&[byte]);
    }
    call.charge(call.count())?;
    call.with_buffer(|call, buffer| {
        buffer.room(call, call.count())?;
        for index in 0..call.count() {
            let byte = byte_argument(call, index)?;
            buffer.bytes.push(byte);
        }
        call.ret_string(&buffer.bytes)
    })
}

fn byte_argument(call: &mut Call<'_>, index: usize) -> Result<u8, Throw> {
    match u8::try_from(call.integer(index)?) {
        Ok(byte) => Ok(byte),
        Err(_) => call.argument_error(index, "value out of range"),
    }
}

fn lower(call: &mut Call<'_>) -> Result<usize, Throw> {
    mapped(call, |text, out| out.extend(text.iter().map(u8::to_ascii_lowercase)))
}

fn upper(call: &mut Call<'_>) -> Result<usize, Throw> {
    mapped(call, |text, out| out.extend(text.iter().map(u8::to_ascii_uppercase)))
}

fn reverse(call: &mut Call<'_>) -> Result<usize, Throw> {
    mapped(call, |text, out| out.extend(text.iter().rev()))
}

/// Returns what `map` makes of the first argument, which is as long as that.
fn mapped(call: &mut Call<'_>, map: fn(&[u8], &mut Vec<u8>)) -> Result<usize, Throw> {
    let text = call.string(0)?;
    call.charge_bytes(text.len())?;
    call.with_buffer(|call, buffer| {
        buffer.room(call, text.len())?;
        map(&text, &mut buffer.bytes);
        call.ret_string(&buffer.bytes)
    })
}

fn rep(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let count = call.integer(1)?;
    let separator = call.optional_string(2)?.unwrap_or_default();
    if count <= 0 {
        return call.ret_string(b"");
    }
    let unit = text.len() + separator.len();
    if unit == 0 {
        return call.ret_string(b"");
    }
    let fits = |total: &usize| *total <= SIZE_MAX;
    let total = usize::try_from(count).ok().and_then(|count| unit.checked_mul(count)).filter(fits);
    let Some(total) = total else { return call.error("resulting string too large") };
    if count == 1 {
        return call.ret(call.arg(0));
    }
    let total = total - separator.len();
    call.charge_bytes(total)?;
    call.with_buffer(|call, buffer| {
        buffer.room(call, total)?;
        repeat(&text, &separator, total, buffer);
        call.ret_string(&buffer.bytes)
    })
}

/// Fills the buffer up to `total` bytes; what is there is copied, so that each round doubles it.
fn repeat(text: &[u8], separator: &[u8], total: usize, buffer: &mut Buffer) {
    let out = &mut buffer.bytes;
    if let ([byte], []) = (text, separator) {
        out.resize(total, *byte);
        return;
    }
    out.extend_from_slice(text);
    if total > text.len() {
        out.extend_from_slice(separator);
    }
    while out.len() < total {
        out.extend_from_within(..out.len().min(total - out.len()));
    }
}

fn dump(call: &mut Call<'_>) -> Result<usize, Throw> {
    let function = call.arg(0);
    if !function.is_function() {
        return call.type_error(0, "function");
    }
    let strip = !call.arg(1).is_falsy();
    let Some((_, proto)) = function.as_closure_proto() else {
        return call.error("unable to dump given function");
    };
    let bytes = crate::chunk::dump(&call.vm.prototype(proto), strip);
    call.charge_bytes(bytes.len())?;
    call.ret_string(&bytes)
}
