//! What survives an image: values, identity, shared upvalues, coroutines, metatables.

mod support;

use moonkeep::{Engine, Options};
use support::run;

fn engine() -> Engine {
    Engine::new(&Options::default()).expect("an engine")
}

/// Runs one program, carries its `_home` over to a new engine and runs another one there.
fn carry(first: &str, second: &str) -> String {
    let mut engine = self::engine();
    run(&mut engine, first);
    let image = engine.save().expect("a state that can be stored");
    let mut later = self::engine();
    later.restore(&image).expect("an image that can be restored");
    run(&mut later, second)
}

#[test]
fn plain_values_keep_all_their_bits() {
    let first = "_home.t = {1, 2.5, -0.0, 'a\\0b', true, false, math.mininteger, 1e308, 2^53}";
    let second = "local t = _home.t return t[1], t[2], 1/t[3], #t[4], t[5], t[6], t[7], t[8]";
    let expected = "1 Float(2.5) Float(-inf) 3 true false \
                    -9223372036854775808 Float(1e308)";
    assert_eq!(carry(first, second), expected);
}

#[test]
fn shared_and_cyclic_tables_stay_so() {
    let first = "local t = {} t.self = t; _home.a = t; _home.b = t; _home[t] = 'key'";
    let second = "local a = _home.a a.x = 5
                  return a == _home.b, a.self == a, _home.b.x, _home[a]";
    assert_eq!(carry(first, second), "true true 5 key");
}

#[test]
fn closures_share_their_upvalues() {
    let first = "local n = 10
                 function _home.inc() n = n + 1 return n end
                 function _home.get() return n end
                 _home.inc()";
    let second = "_home.inc() return _home.get()";
    assert_eq!(carry(first, second), "12");
}

#[test]
fn functions_see_globals_and_themselves() {
    let first = "local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end
                 _home.fib = fib
                 function _home.make(k) return function(x) return x * k end end
                 _home.double = _home.make(2)";
    let second = "return _home.fib(15), _home.double(21), _home.make(3)(5), type(_home.fib)";
    assert_eq!(carry(first, second), "610 42 15 function");
}

#[test]
fn coroutines_go_on_where_they_were() {
    let first = "_home.co = coroutine.create(function(a)
                   local sum = a
                   while true do sum = sum + coroutine.yield(sum) end
                 end)
                 coroutine.resume(_home.co, 1)
                 coroutine.resume(_home.co, 10)";
    let second = "local ok, v = coroutine.resume(_home.co, 100)
                  return ok, v, coroutine.status(_home.co)";
    assert_eq!(carry(first, second), "true 111 suspended");
}

#[test]
fn coroutines_survive_inside_pcall_with_open_upvalues_and_varargs() {
    let first = "_home.co = coroutine.wrap(function(...)
                   local n, args = 0, select('#', ...)
                   _home.peek = function() return n end
                   local ok, err = pcall(function(...)
                     n = 7
                     local got = coroutine.yield(select('#', ...))
                     n = n + got
                     error('out ' .. n, 0)
                   end, 1, nil, 3)
                   return ok, err, args, (...)
                 end)
                 _home.co('x', 'y')";
    let second = "local before = _home.peek()
                  local ok, err, args, first = _home.co(5)
                  return before, ok, err, args, first, _home.peek()";
    let expected = "7 false out 12 2 x 12";
    assert_eq!(carry(first, second), expected);
}

#[test]
fn objects_keep_their_class() {
    let first = "local Point = {} Point.__index = Point
                 function Point.new(x, y) return setmetatable({x = x, y = y}, Point) end
                 function Point:sum() return self.x + self.y end
                 Point.__add = function(a, b) return Point.new(a.x + b.x, a.y + b.y) end
                 _home.p, _home.q = Point.new(1, 2), Point.new(10, 20)";
    let second = "return (_home.p + _home.q):sum(), getmetatable(_home.p) == getmetatable(_home.q)";
    assert_eq!(carry(first, second), "33 true");
}

#[test]
fn library_functions_and_the_globals_are_named() {
    let first = "_home.f = string.upper; _home.g = _G; _home.s = string";
    let second = "return _home.f('x'), _home.g == _G, _home.s == string";
    assert_eq!(carry(first, second), "X true true");
}

#[test]
fn what_cannot_be_stored_is_named_by_its_path() {
    let mut engine = engine();
    let source = b"_home.ui = { list = { [3] = { co = coroutine.running() } } }";
    engine.vm().eval(source, "=test").expect("a program that runs");
    let error = engine.save().expect_err("a running coroutine");
    let expected = "_home.ui.list[3].co: a running coroutine cannot be stored";
    assert_eq!(error.to_string(), expected);
    assert!(error.is_unstorable());
}

#[test]
fn paths_name_keys_of_all_kinds() {
    let keys = [
        ("'two words'", "[\"two words\"]"),
        ("'a\"b\\\\c\\n'", "[\"a\\\"b\\\\c\\n\"]"),
        ("'größe'", "[\"größe\"]"),
        ("7", "[7]"),
        ("1.5", "[1.5]"),
        ("1e300", "[1e+300]"),
        ("true", "[true]"),
    ];
    for (key, path) in keys {
        let mut engine = self::engine();
        let source = format!("_home[{key}] = coroutine.running()");
        engine.vm().eval(source.as_bytes(), "=test").expect("a program that runs");
        let error = engine.save().expect_err("a running coroutine").to_string();
        assert_eq!(error, format!("_home{path}: a running coroutine cannot be stored"));
    }
}

#[test]
fn damaged_images_are_errors_and_change_nothing() {
    let mut engine = engine();
    run(&mut engine, "_home.x = 1 _home.f = function() return 1 end");
    let image = engine.save().expect("a state that can be stored");
    let mut later = self::engine();
    run(&mut later, "_home.kept = true");
    for index in 0..image.len() {
        let mut damaged = image.clone();
        damaged[index] ^= 0x40;
        let error = later.restore(&damaged).expect_err("a damaged image");
        assert!(error.is_image(), "byte {index}: {error}");
    }
    assert_eq!(run(&mut later, "return _home.kept"), "true");
}
