//! Recursion of every kind on a small Rust stack: errors, never crashes.

use crate::support::{assert_sound, machine, message};

/// Programs that recurse without end, and what stops them.
const ENDLESS: &[(&str, &str)] = &[
    ("local function f() return 1 + f() end f()", "stack overflow"),
    ("local function f() return pcall(f) end local t = {f()} error(#t)", ""),
    ("local function f() return (select(2, pcall(f))) end error(f(), 0)", "overflow"),
    ("local function f() return xpcall(f, f) end error(tostring(f()))", ""),
    ("xpcall(error, function(m) error(m) end) error('done')", "done"),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end \
      return t.x",
        "overflow",
    ),
    ("local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x", "loop"),
    ("local t = setmetatable({}, {}) getmetatable(t).__newindex = t t.x = 1", "loop"),
    ("local t = setmetatable({}, {}) getmetatable(t).__call = t t()", ""),
    (
        "local m = {} m.__add = function(a, b) return a + b end return setmetatable({}, m) + 1",
        "overflow",
    ),
    (
        "local m = {} m.__concat = function(a, b) return a .. b end return setmetatable({}, m) \
      .. 1",
        "overflow",
    ),
    (
        "local m = {} m.__eq = function(a, b) return a == b end \
      return setmetatable({}, m) == setmetatable({}, m)",
        "overflow",
    ),
    (
        "local m = {} m.__lt = function(a, b) return a < b end \
      return setmetatable({}, m) < setmetatable({}, m)",
        "overflow",
    ),
    ("local m = {} m.__len = function(a) return #a end return #setmetatable({}, m)", "overflow"),
    (
        "local m = {} m.__tostring = function(a) return tostring(a) end \
      return tostring(setmetatable({}, m))",
        "overflow",
    ),
    (
        "local m = {} m.__close = function() local x <close> = setmetatable({}, m) end \
      local y <close> = setmetatable({}, m)",
        "overflow",
    ),
    (
        "local m = {} m.__pairs = function(t) return pairs(t) end pairs(setmetatable({}, m))",
        "overflow",
    ),
    ("local function f(a, b) table.sort({3, 2, 1}, f) return a < b end f()", "overflow"),
    ("local function f() return (('x'):gsub('x', f)) end f()", "overflow"),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__index = function() \
      return (('x'):gsub('x', t)) end return t.x",
        "overflow",
    ),
    ("local function f() return coroutine.wrap(f)() end f()", "overflow"),
    (
        "local function f() return coroutine.resume(coroutine.create(f)) end f() error('done')",
        "done",
    ),
    ("local function f() return load(f) end error((select(2, f())))", ""),
    (
        "local function f() error(setmetatable({}, {__tostring = f})) end \
      tostring(setmetatable({}, \
      {__tostring = f})) ",
        "",
    ),
    ("local function f() require(f) end f()", ""),
    (
        "local t = setmetatable({}, {__index = function(t, i) return table.concat(t, ',', 1, 2) \
      end}) \
      table.concat(t, ',', 1, 2)",
        "overflow",
    ),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, i) \
      return table.unpack(t, 1, 2) end table.unpack(t, 1, 2)",
        "overflow",
    ),
    (
        "local t = setmetatable({}, {__len = function(t) return #table.pack(table.remove(t)) end}) \
      table.remove(t)",
        "overflow",
    ),
    (
        "local f f = function() debug.sethook(f, 'c') end debug.sethook(f, 'c') \
      local function g() return 1 + g() end pcall(g) debug.sethook()",
        "",
    ),
    ("local s = string.rep('(', 300) return load('return ' .. s)", ""),
    ("return ('x'):find(('(x'):rep(40))", ""),
    ("return (('a'):rep(300000)):match(('a?'):rep(1000) .. '$')", ""),
    ("return (('a'):rep(300000)):match('(.-)*b')", ""),
    ("return (('('):rep(300000)):find('%b()') or error('none')", "none"),
];

fn recurse() {
    for (source, expected) in ENDLESS {
        let mut vm = machine();
        vm.set_limits(&lua::Limits { fuel: Some(5_000_000), ..lua::Limits::default() });
        match vm.eval(source.as_bytes(), "=endless") {
            Ok(_) => assert_eq!(*expected, "", "{source}"),
            Err(throw) => {
                let text = message(&mut vm, throw);
                let known = text.contains(expected) || throw == lua::Throw::Interrupted;
                assert!(known, "{source}: {text}");
            }
        }
        assert_sound(&mut vm, source);
    }
}

#[test]
fn endless_recursion_is_an_error_on_a_stack_of_a_megabyte() {
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(recurse);
    let outcome = thread.expect("the thread starts").join();
    assert!(outcome.is_ok(), "the recursion panicked");
}

#[test]
fn protected_calls_nest_until_the_limit_and_return() {
    let mut vm = machine();
    let program = b"local depth = 0 \
        local function f() depth = depth + 1 local ok, e = pcall(f) return ok, e end \
        local ok, e = f() return ok, e, depth";
    let values = vm.eval(program, "=nest").expect("the outermost call returns");
    let depth = values[2].as_integer().unwrap_or(0);
    // As many as PUC-Rio lets calls of C functions nest.
    assert!((150..250_000).contains(&depth), "{depth}");
    assert!(!values[0].is_falsy());
    assert_sound(&mut vm, "after nested protected calls");
}

#[test]
fn callbacks_nest_250_deep_or_overflow() {
    let mut vm = machine();
    let program = b"local function f(n) if n == 0 then return 'end' end \
        return (('x'):gsub('x', function() return f(n - 1) end)) end \
        local ok, e = pcall(f, 250) return f(150), ok, e";
    let values = vm.eval(program, "=nest").expect("150 levels work");
    assert_eq!(vm.bytes(values[0]), Some(&b"end"[..]));
    let text = String::from_utf8_lossy(vm.bytes(values[2]).unwrap_or_default()).into_owned();
    assert!(!values[1].is_falsy() || text.contains("stack overflow"), "{text}");
    assert_sound(&mut vm, "after nested callbacks");
}

#[test]
fn deep_data_is_collected_without_recursion() {
    let mut vm = machine();
    let program = b"local t = {} for i = 1, 300000 do t = {t} end \
        local f = print for i = 1, 100000 do local g = f f = function() return g end end \
        local w = setmetatable({}, {__mode = 'k'}) local k = {} \
        for i = 1, 20000 do local n = {} w[k] = n k = n end \
        collectgarbage() return 1";
    assert!(vm.eval(program, "=deep").is_ok());
    assert_sound(&mut vm, "after deep data");
}
