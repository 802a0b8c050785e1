//! Metamethods of strings: arithmetic on the numbers that they read as.

use crate::value::{StringId, Value};
use lua_vm::{Call, NativeFunction, Throw, names};
use lua_vm::{Operator, apply};

pub(super) const METAMETHODS: &[(&str, NativeFunction)] = &[
    ("__add", |call| arithmetic(call, names::ADD, "add")),
    ("__sub", |call| arithmetic(call, names::SUB, "sub")),
    ("__mul", |call| arithmetic(call, names::MUL, "mul")),
    ("__mod", |call| arithmetic(call, names::MOD, "mod")),
    ("__pow", |call| arithmetic(call, names::POW, "pow")),
    ("__div", |call| arithmetic(call, names::DIV, "div")),
    ("__idiv", |call| arithmetic(call, names::IDIV, "idiv")),
    ("__unm", |call| arithmetic(call, names::UNM, "unm")),
];

fn arithmetic(call: &mut Call<'_>, event: StringId, name: &str) -> Result<usize, Throw> {
    let x = call.arg(0);
    // PUC-Rio takes a lone operand for both.
    let y = if call.has(1) { call.arg(1) } else { x };
    let (Some(x), Some(y)) = (call.vm.to_number(x), call.vm.to_number(y)) else {
        return by_second_operand(call, event, name);
    };
    match apply(Operator(event.index() as u8), x, y) {
        Ok(result) => call.ret(result.unwrap_or(Value::NIL)),
        Err(message) => call.vm.throw_plain(message),
    }
}

/// A string that is no number: the other operand may know what to do.
fn by_second_operand(call: &mut Call<'_>, event: StringId, name: &str) -> Result<usize, Throw> {
    let (x, y) = (call.arg(0), call.arg(1));
    let handler = if y.is_string() { Value::NIL } else { call.vm.metamethod(y, event) };
    if handler.is_nil() {
        let (x, y) = (x.type_of().name(), y.type_of().name());
        return call.error(format!("attempt to {name} a '{x}' with a '{y}'"));
    }
    let result = call.vm.call_value(handler, &[x, y])?;
    call.ret(result)
}
