//! The mathematical library.

use super::random::Random;
use super::{Libraries, state};
use crate::value::{Value, float_to_integer};
use lua_vm::{Call, NativeFunction, Throw, Vm};

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("abs", abs),
    ("acos", |call| apply(call, f64::acos)),
    ("asin", |call| apply(call, f64::asin)),
    ("atan", atan),
    ("ceil", |call| round(call, f64::ceil)),
    ("cos", |call| apply(call, f64::cos)),
    ("deg", |call| apply(call, |x| x * (180.0 / std::f64::consts::PI))),
    ("exp", |call| apply(call, f64::exp)),
    ("floor", |call| round(call, f64::floor)),
    ("fmod", fmod),
    ("log", log),
    ("max", |call| extreme(call, |vm, x, best| vm.less_than(best, x))),
    ("min", |call| extreme(call, |vm, x, best| vm.less_than(x, best))),
    ("modf", modf),
    ("rad", |call| apply(call, |x| x * (std::f64::consts::PI / 180.0))),
    ("random", random),
    ("randomseed", randomseed),
    ("sin", |call| apply(call, f64::sin)),
    ("sqrt", |call| apply(call, f64::sqrt)),
    ("tan", |call| apply(call, f64::tan)),
    ("tointeger", tointeger),
    ("type", number_type),
    ("ult", ult),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let table = vm.new_library("math", FUNCTIONS)?;
    vm.set_field(table, "pi", Value::float(std::f64::consts::PI))?;
    vm.set_field(table, "huge", Value::float(f64::INFINITY))?;
    vm.set_field(table, "maxinteger", Value::integer(i64::MAX))?;
    vm.set_field(table, "mininteger", Value::integer(i64::MIN))
}

fn apply(call: &mut Call<'_>, function: fn(f64) -> f64) -> Result<usize, Throw> {
    let x = call.float(0)?;
    call.ret(function(x))
}

fn abs(call: &mut Call<'_>) -> Result<usize, Throw> {
    match call.arg(0).as_integer() {
        Some(i) => call.ret(i.wrapping_abs()),
        None => apply(call, f64::abs),
    }
}

fn atan(call: &mut Call<'_>) -> Result<usize, Throw> {
    let y = call.float(0)?;
    let x = if call.arg(1).is_nil() { 1.0 } else { call.float(1)? };
    call.ret(y.atan2(x))
}

/// A float that an integer holds becomes one.
fn float_or_integer(f: f64) -> Value {
    float_to_integer(f).map_or(Value::float(f), Value::integer)
}

fn round(call: &mut Call<'_>, function: fn(f64) -> f64) -> Result<usize, Throw> {
    let number = call.number(0)?;
    match number.as_float() {
        Some(f) => call.ret(float_or_integer(function(f))),
        None => call.ret(number),
    }
}

fn fmod(call: &mut Call<'_>) -> Result<usize, Throw> {
    if let (Some(x), Some(y)) = (call.arg(0).as_integer(), call.arg(1).as_integer()) {
        if y == 0 {
            return call.argument_error(1, "zero");
        }
        return call.ret(x.wrapping_rem(y));
    }
    // The second argument is checked first, as PUC-Rio does.
    let y = call.float(1)?;
    let x = call.float(0)?;
    call.ret(x % y)
}

fn modf(call: &mut Call<'_>) -> Result<usize, Throw> {
    let number = call.number(0)?;
    let Some(x) = number.as_float() else {
        call.push(number)?;
        call.push(0.0)?;
        return Ok(2);
    };
    let whole = x.trunc();
    call.push(float_or_integer(whole))?;
    call.push(if x == whole { 0.0 } else { x - whole })?;
    Ok(2)
}

fn log(call: &mut Call<'_>) -> Result<usize, Throw> {
    let x = call.float(0)?;
    if call.arg(1).is_nil() {
        return call.ret(x.ln());
    }
    let base = call.float(1)?;
    let result = if base == 2.0 {
        x.log2()
    } else if base == 10.0 {
        x.log10()
    } else {
        x.ln() / base.ln()
    };
    call.ret(result)
}

/// The first argument that no other one is better than; whatever can be compared will do.
fn extreme(
    call: &mut Call<'_>,
    better: fn(&mut Vm, Value, Value) -> Result<bool, Throw>,
) -> Result<usize, Throw> {
    let mut best = call.any(0)?;
    for index in 1..call.count() {
        let x = call.arg(index);
        if better(call.vm, x, best)? {
            best = x;
        }
    }
    call.charge(call.count() / 4)?;
    call.ret(best)
}

fn tointeger(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    let integer = call.vm.to_integer(value);
    call.ret(integer.map_or(Value::NIL, Value::integer))
}

fn number_type(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.any(0)?;
    if value.as_integer().is_some() {
        call.ret_string(b"integer")
    } else if value.as_float().is_some() {
        call.ret_string(b"float")
    } else {
        call.ret(Value::NIL)
    }
}

fn ult(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (x, y) = (call.integer(0)?, call.integer(1)?);
    call.ret((x as u64) < y as u64)
}

// ---- random numbers ----

fn random(call: &mut Call<'_>) -> Result<usize, Throw> {
    // Also a call that fails draws, as in PUC-Rio.
    let drawn = state(call.vm).random.next();
    let (low, high) = match call.count() {
        0 => return call.ret(Random::to_float(drawn)),
        1 => match call.integer(0)? {
            0 => return call.ret(drawn as i64),
            high => (1, high),
        },
        2 => (call.integer(0)?, call.integer(1)?),
        _ => return call.error("wrong number of arguments"),
    };
    if low > high {
        return call.argument_error(0, "interval is empty");
    }
    let limit = (high as u64).wrapping_sub(low as u64);
    let offset = state(call.vm).random.up_to(limit, drawn);
    call.ret((low as u64).wrapping_add(offset) as i64)
}

/// Returns both parts of the seed, so that a run can be repeated.
fn randomseed(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (first, second) = if call.count() == 0 {
        fresh_seed(call.vm)
    } else {
        (call.integer(0)?, call.optional_integer(1, 0)?)
    };
    call.vm.seed_random(first, second);
    call.push(first)?;
    call.push(second)?;
    Ok(2)
}

/// A seed that nobody foresees, as far as the platform offers such a thing: the standard
/// library's hash keys, and what was drawn before.
fn fresh_seed(vm: &mut Vm) -> (i64, i64) {
    use std::hash::{BuildHasher, RandomState};
    let keys = RandomState::new();
    let drawn = state(vm).random.next();
    (keys.hash_one(drawn) as i64, keys.hash_one(!drawn) as i64)
}
