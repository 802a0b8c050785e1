//! The utf8 library.

use super::state;
use crate::text::utf8::{self, CHAR_PATTERN, Length, SEQUENCE_BYTES_MAX, Validity};
use crate::value::Value;
use lua_vm::Buffer;
use lua_vm::{Call, NativeFunction, Throw, Vm};

const FUNCTIONS: &[(&str, NativeFunction)] =
    &[("char", char), ("codepoint", codepoint), ("codes", codes), ("len", len), ("offset", offset)];

/// The iterators that `codes` returns: they are no fields of the library.
const STEPS: [(&str, NativeFunction); 2] = [
    ("utf8.codes.step", |call| step(call, Validity::Strict)),
    ("utf8.codes.step_lax", |call| step(call, Validity::Lax)),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let library = vm.new_library("utf8", FUNCTIONS)?;
    let pattern = vm.string(CHAR_PATTERN)?;
    vm.set_field(library, "charpattern", pattern)?;
    let steps = STEPS.map(|(name, function)| vm.register(name, function));
    state(vm).utf8_steps = Some(steps);
    Ok(())
}

fn validity(call: &Call<'_>, index: usize) -> Validity {
    if call.arg(index).is_falsy() { Validity::Strict } else { Validity::Lax }
}

fn char(call: &mut Call<'_>) -> Result<usize, Throw> {
    call.charge(call.count())?;
    call.with_buffer(|call, buffer: &mut Buffer| {
        for index in 0..call.count() {
            let code = call.integer(index)?;
            let Some(sequence) = utf8::encode(code) else {
                return call.argument_error(index, "value out of range");
            };
            buffer.room(call, SEQUENCE_BYTES_MAX)?;
            buffer.bytes.extend_from_slice(sequence.as_bytes());
        }
        call.ret_string(&buffer.bytes)
    })
}

fn codepoint(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let first = call.optional_integer(1, 1)?;
    let last = if call.arg(2).is_nil() { None } else { Some(call.integer(2)?) };
    let validity = validity(call, 3);
    let codes = call.text(utf8::codepoints(&text, first, last, validity))?;
    // PUC-Rio asks for a place for each byte.
    call.room_for_values(codes.size_bytes(), "string slice too long")?;
    call.charge_bytes(codes.size_bytes())?;
    let mut count = 0;
    for code in codes {
        let code = call.text(code)?;
        call.push(Value::integer(i64::from(code)))?;
        count += 1;
    }
    Ok(count)
}

fn codes(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    call.text(utf8::check_codes(&text))?;
    let Some([strict, lax]) = state(call.vm).utf8_steps else { return call.ret(Value::NIL) };
    call.push(Value::native(if call.arg(1).is_falsy() { strict } else { lax }))?;
    call.push(call.arg(0))?;
    call.push(Value::integer(0))?;
    Ok(3)
}

fn step(call: &mut Call<'_>, validity: Validity) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let previous = call.vm.to_integer(call.arg(1)).unwrap_or(0);
    match call.text(utf8::next_code(&text, previous, validity))? {
        None => Ok(0),
        Some((position, code)) => {
            call.push(Value::integer(position as i64))?;
            call.push(Value::integer(i64::from(code)))?;
            Ok(2)
        }
    }
}

fn len(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let first = call.optional_integer(1, 1)?;
    let last = call.optional_integer(2, -1)?;
    call.charge_bytes(text.len())?;
    match call.text(utf8::len(&text, first, last, validity(call, 3)))? {
        Length::Count(count) => call.ret(Value::integer(count as i64)),
        Length::Invalid(position) => {
            call.push(Value::NIL)?;
            call.push(Value::integer(position as i64))?;
            Ok(2)
        }
    }
}

fn offset(call: &mut Call<'_>) -> Result<usize, Throw> {
    let text = call.string(0)?;
    let n = call.integer(1)?;
    let position = if call.arg(2).is_nil() { None } else { Some(call.integer(2)?) };
    call.charge_bytes(text.len())?;
    match call.text(utf8::offset(&text, n, position))? {
        Some(position) => call.ret(Value::integer(position as i64)),
        None => call.ret(Value::NIL),
    }
}
