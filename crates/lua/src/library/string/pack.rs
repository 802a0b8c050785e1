//! `string.pack`, `string.packsize` and `string.unpack`

use crate::text::pack::{Directive, Kind, Options, Packed};
use crate::text::{TextError, start_offset};
use crate::value::Value;
use lua_vm::{Buffer, Call, Throw};

pub(super) fn pack(call: &mut Call<'_>) -> Result<usize, Throw> {
    let format = call.string(0)?;
    call.with_buffer(|call, buffer| {
        let mut options = Options::new(&format);
        let mut argument = 0;
        loop {
            call.charge(1)?;
            let next = options.next(buffer.bytes.len());
            let Some(directive) = call.text(next)? else { break };
            if directive.kind() == Kind::Silent {
                make_room(call, &directive, 0, buffer)?;
                let padded = directive.pad(&mut buffer.bytes);
                call.text(padded)?;
            } else {
                argument += 1;
                pack_value(call, &directive, argument, buffer)?;
            }
        }
        call.ret_string(&buffer.bytes)
    })
}

fn make_room(
    call: &mut Call<'_>,
    directive: &Directive,
    additional: usize,
    buffer: &mut Buffer,
) -> Result<(), Throw> {
    let bytes = directive.bytes_min().saturating_add(additional);
    call.charge_bytes(bytes)?;
    buffer.room(call, bytes)
}

fn pack_value(
    call: &mut Call<'_>,
    directive: &Directive,
    argument: usize,
    buffer: &mut Buffer,
) -> Result<(), Throw> {
    let mut put = |call: &mut Call<'_>, packed: Packed<'_>, additional: usize| {
        if let (Kind::Fixed, Packed::Bytes(bytes)) = (directive.kind(), packed)
            && bytes.len() > directive.bytes_min()
        {
            // Says what is wrong before room is made for it.
            let result = directive.put_bytes(argument + 1, bytes, &mut Vec::new());
            return call.text(result);
        }
        make_room(call, directive, additional, buffer)?;
        let out = &mut buffer.bytes;
        let result = directive.pad(out).and_then(|()| match packed {
            Packed::Integer(value) => directive.put_integer(argument + 1, value, out),
            Packed::Float(value) => directive.put_float(value, out),
            Packed::Bytes(bytes) => directive.put_bytes(argument + 1, bytes, out),
        });
        call.text(result)
    };
    match directive.kind() {
        Kind::Signed | Kind::Unsigned => {
            let value = present(call, argument, "number", Call::integer)?;
            put(call, Packed::Integer(value), 0)
        }
        Kind::Float => {
            let value = present(call, argument, "number", Call::float)?;
            put(call, Packed::Float(value), 0)
        }
        _ => {
            let text = present(call, argument, "string", Call::string)?;
            put(call, Packed::Bytes(&text), text.len() + 1)
        }
    }
}

/// Reads an argument. PUC-Rio keeps a nil behind the last one, which its messages show.
fn present<'c, T>(
    call: &mut Call<'c>,
    argument: usize,
    expected: &str,
    read: impl FnOnce(&mut Call<'c>, usize) -> Result<T, Throw>,
) -> Result<T, Throw> {
    if call.has(argument) {
        return read(call, argument);
    }
    call.argument_error(argument, &format!("{expected} expected, got nil"))
}

pub(super) fn packsize(call: &mut Call<'_>) -> Result<usize, Throw> {
    let format = call.string(0)?;
    call.charge(format.len())?;
    let size = call.text(crate::text::pack::packsize(&format))?;
    call.ret(Value::integer(size))
}

/// Why unpacking stopped.
enum Failure {
    Text(TextError),
    Throw(Throw),
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Failure {
        Failure::Text(error)
    }
}

impl From<Throw> for Failure {
    fn from(throw: Throw) -> Failure {
        Failure::Throw(throw)
    }
}

pub(super) fn unpack(call: &mut Call<'_>) -> Result<usize, Throw> {
    let format = call.string(0)?;
    let data = call.string(1)?;
    let from = start_offset(call.optional_integer(2, 1)?, data.len());
    call.charge(format.len())?;
    let mut count = 0;
    let end = crate::text::pack::unpack(&format, &data, from, |packed| {
        call.room_for_values(2, "too many results")?;
        match packed {
            Packed::Integer(value) => call.push(Value::integer(value))?,
            Packed::Float(value) => call.push(Value::float(value))?,
            Packed::Bytes(bytes) => {
                call.charge_bytes(bytes.len())?;
                call.push_string(bytes)?;
            }
        }
        count += 1;
        Ok::<(), Failure>(())
    });
    match end {
        Ok(end) => {
            call.push(Value::integer(end as i64 + 1))?;
            Ok(count + 1)
        }
        Err(Failure::Text(error)) => call.text(Err(error)),
        Err(Failure::Throw(throw)) => Err(throw),
    }
}
