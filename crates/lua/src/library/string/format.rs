//! `string.format`

use crate::text::format::{Conversion, Directive, Directives, Spec};
use crate::text::format::{quote_float, quote_integer, quote_string};
use crate::value::{Kind, Value};
use lua_vm::{Buffer, Call, Throw};

/// Room for any number: at most 309 digits, a point, 99 decimals and a width of 99.
const NUMBER_BYTES_MAX: usize = 512;

/// Room for the spaces of a width.
const WIDTH_BYTES_MAX: usize = 99;

pub(super) fn format(call: &mut Call<'_>) -> Result<usize, Throw> {
    let format = call.string(0)?;
    call.with_buffer(|call, buffer| {
        let mut argument = 0;
        for directive in Directives::new(&format) {
            match directive {
                Directive::Literal(bytes) => buffer.append(call, bytes)?,
                Directive::Percent => buffer.append(call, b"%")?,
                Directive::Spec(raw) => {
                    argument += 1;
                    if !call.has(argument) {
                        return call.argument_error(argument, "no value");
                    }
                    call.charge(2)?;
                    let spec = call.text(raw.parse())?;
                    convert(call, &spec, argument, buffer)?;
                }
            }
        }
        call.ret_string(&buffer.bytes)
    })
}

#[inline(never)]
fn convert(
    call: &mut Call<'_>,
    spec: &Spec<'_>,
    argument: usize,
    buffer: &mut Buffer,
) -> Result<(), Throw> {
    let written = match spec.conversion() {
        Conversion::Integer(_) => {
            let value = call.integer(argument)?;
            buffer.room(call, NUMBER_BYTES_MAX)?;
            spec.write_integer(value, &mut buffer.bytes)
        }
        Conversion::Float(_) => {
            let value = call.float(argument)?;
            buffer.room(call, NUMBER_BYTES_MAX)?;
            spec.write_float(value, &mut buffer.bytes)
        }
        Conversion::Character | Conversion::HexadecimalFloat => {
            call.text(spec.layout().map(drop))?;
            buffer.room(call, NUMBER_BYTES_MAX)?;
            if spec.conversion() == Conversion::Character {
                let value = call.integer(argument)?;
                spec.write_character(value, &mut buffer.bytes)
            } else {
                let value = call.float(argument)?;
                spec.write_float(value, &mut buffer.bytes)
            }
        }
        Conversion::Pointer => {
            buffer.room(call, WIDTH_BYTES_MAX)?;
            spec.write_pointer(call.arg(argument).address(), &mut buffer.bytes)
        }
        Conversion::Quoted => {
            call.text(spec.check_quoted())?;
            return quote(call, argument, buffer);
        }
        Conversion::String => return write_text(call, spec, argument, buffer),
    };
    call.text(written)
}

/// `%s`
#[inline(never)]
fn write_text(
    call: &mut Call<'_>,
    spec: &Spec<'_>,
    argument: usize,
    buffer: &mut Buffer,
) -> Result<(), Throw> {
    let value = call.arg(argument);
    let written = if value.is_number() && call.vm.metatable(value).is_none() {
        let mut text = Vec::new();
        call.vm.append_text(value, &mut text);
        buffer.room(call, text.len() + WIDTH_BYTES_MAX)?;
        spec.write_string(argument + 1, &text, &mut buffer.bytes)
    } else {
        let text = call.vm.display(value)?;
        let Some(id) = text.as_string() else { return Ok(()) };
        let text = call.vm.heap().bytes_of(id).clone();
        call.charge_bytes(text.len())?;
        buffer.room(call, text.len() + WIDTH_BYTES_MAX)?;
        spec.write_string(argument + 1, &text, &mut buffer.bytes)
    };
    call.text(written)
}

/// `%q`
#[inline(never)]
fn quote(call: &mut Call<'_>, argument: usize, buffer: &mut Buffer) -> Result<(), Throw> {
    let value: Value = call.arg(argument);
    match value.kind() {
        Kind::Integer(value) => {
            buffer.room(call, NUMBER_BYTES_MAX)?;
            quote_integer(value, &mut buffer.bytes);
        }
        Kind::Float(value) => {
            buffer.room(call, NUMBER_BYTES_MAX)?;
            quote_float(value, &mut buffer.bytes);
        }
        Kind::String(id) => {
            let text = call.vm.heap().bytes_of(id).clone();
            call.charge_bytes(text.len())?;
            buffer.room(call, quoted_bytes_max(&text))?;
            quote_string(&text, &mut buffer.bytes);
        }
        Kind::Nil | Kind::Boolean(_) => {
            let text = call.vm.display(value)?;
            let text = call.vm.bytes(text).unwrap_or_default().to_vec();
            buffer.append(call, &text)?;
        }
        _ => return call.argument_error(argument, "value has no literal form"),
    }
    Ok(())
}

/// Control characters take up to four bytes, quotes and backslashes two.
fn quoted_bytes_max(text: &[u8]) -> usize {
    let extra = |byte: &u8| match byte {
        b'"' | b'\\' => 1,
        byte if byte.is_ascii_control() => 3,
        _ => 0,
    };
    text.len() + 2 + text.iter().map(extra).sum::<usize>()
}
