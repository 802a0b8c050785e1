//! What every access path does with a table whose entries are not resident.

use std::rc::Rc;

use super::model::{Model, Stored};
use lua::introspect::External;
use lua::{Libraries, TableId, Throw, Value, Vm};

/// Runs a program and returns what it returns, as text.
fn text(vm: &mut Vm, source: &str) -> String {
    match vm.eval(source.as_bytes(), "=external") {
        Ok(values) => {
            let show = |value: &Value| {
                let text = vm.display(*value).expect("memory suffices");
                String::from_utf8_lossy(vm.bytes(text).expect("it is text")).into_owned()
            };
            values.iter().map(show).collect::<Vec<_>>().join(" ")
        }
        Err(throw) => String::from_utf8_lossy(&vm.thrown_message(throw)).into_owned(),
    }
}

/// Every row is run with all entries resident, then with none.
#[track_caller]
fn same(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        let model = Rc::new(Model::default());
        let mut vm = model.vm();
        vm.eval(b"function make(t) return external(t) end", "=make").expect("it runs");
        assert_eq!(text(&mut vm, source), *expected, "resident: {source}");
        vm.eval(b"function make(t) external(t) evict(t) return t end", "=make").expect("it runs");
        assert_eq!(text(&mut vm, source), *expected, "absent: {source}");
    }
}

#[test]
fn reads_find_what_is_not_resident() {
    same(&[
        ("local t = make{x = 1} return t.x, t.y", "1 nil"),
        ("local t, k = make{x = 1}, 'x' return t[k]", "1"),
        ("local t = make{10, 20} return t[1], t[2], t[3]", "10 20 nil"),
        ("local t, i = make{10, 20}, 2 return t[i], t[2.0], t[1.5]", "20 20 nil"),
        ("local t = make{f = function(s, n) return n end} return t:f(7)", "7"),
        ("local _ENV = make{x = 5} return x, y", "5 nil"),
        ("local t = make{x = 1} return (function() return t.x end)()", "1"),
        ("local t = make{x = 1} return rawget(t, 'x'), rawget(t, 'y')", "1 nil"),
        ("local t = make{} return t[nil], t[0/0]", "nil nil"),
        ("local t = make{[string.rep('x', 99)] = 1} return t[string.rep('x', 99)]", "1"),
        ("local t = make{x = 1} local n = 0 for _ = 1, 9 do n = n + t.x end return n", "9"),
    ]);
}

#[test]
fn writes_go_through_and_are_read_back() {
    same(&[
        ("local t = make{x = 1} t.x = 2 evict(t) return t.x", "2"),
        ("local t = make{x = 1} t.x = nil return t.x, next(t)", "nil nil"),
        ("local t = make{1, 2} t[2] = 5 t[3] = 6 evict(t) return t[2], t[3], #t", "5 6 3"),
        ("local t, i = make{1, 2}, 3 t[i] = 7 t[2.0] = 8 evict(t) return t[3], t[2]", "7 8"),
        ("local t = make{} rawset(t, 'a', 1) evict(t) return t.a", "1"),
        ("local _ENV = make{evict = evict} x = 3 evict(_ENV) return x", "3"),
        ("return pcall(function() make{}[nil] = 1 end)", "false external:1: table index is nil"),
        ("return pcall(function() make{}[0/0] = 1 end)", "false external:1: table index is NaN"),
    ]);
}

#[test]
fn lengths_and_traversals_cover_what_is_absent() {
    same(&[
        ("local t = make{1, 2, 3} return #t, rawlen(t)", "3 3"),
        ("return #make{}, next(make{})", "0 nil"),
        ("local n = 0 for k, v in pairs(make{1, 2, x = 3, y = 4}) do n = n + v end return n", "10"),
        ("local n = 0 for k, v in next, make{1, 2, x = 3} do n = n + v end return n", "6"),
        ("local n = 0 for i, v in ipairs(make{4, 5, 6}) do n = n + i * v end return n", "32"),
        ("local t = make{1, 2, a = 3} for k in pairs(t) do t[k] = nil end return next(t)", "nil"),
        ("local t = make{a = 1} local k, v = next(t) return k, v, next(t, k)", "a 1 nil"),
        ("return pcall(next, make{}, 1.0)", "false invalid key to 'next'"),
    ]);
}

#[test]
fn library_functions_take_external_tables() {
    same(&[
        (
            "local t = make{1, 2} table.insert(t, 3) table.insert(t, 1, 0) \
          evict(t) return table.concat(t, ',')",
            "0,1,2,3",
        ),
        (
            "local t = make{1, 2, 3} local x = table.remove(t, 1) evict(t) \
          return x, table.concat(t, ',')",
            "1 2,3",
        ),
        ("local t = make{3, 1, 2} table.sort(t) evict(t) return table.concat(t, ',')", "1,2,3"),
        (
            "local t = make{'b', 'c', 'a'} table.sort(t, function(x, y) return x > y end) evict(t) \
          return table.concat(t)",
            "cba",
        ),
        ("return table.unpack(make{1, 2, 3})", "1 2 3"),
        (
            "local t = table.move(make{1, 2, 3}, 1, 3, 2, make{9}) evict(t) \
          return table.concat(t, ',')",
            "9,1,2,3",
        ),
        ("return (('$x $y'):gsub('%$(%w+)', make{x = 'one'}))", "one $y"),
        ("return load('x = 1 return x', '', 't', make{})()", "1"),
    ]);
}

#[test]
fn metamethods_come_after_the_embedder() {
    same(&[
        (
            "local t = setmetatable(make{x = 1}, {__index = function() return 2 end}) \
          return t.x, t.y",
            "1 2",
        ),
        ("local t = setmetatable({}, {__index = make{x = 1}}) return t.x, t.y", "1 nil"),
        (
            "local log = {} local t = setmetatable(make{x = 1}, {__newindex = function(_, k) \
          log[#log + 1] = k end}) t.x = 5 t.y = 6 return t.x, t.y, log[1], #log",
            "5 nil y 1",
        ),
        (
            "local t = setmetatable({}, {__newindex = make{}}) t.x = 1 \
          return rawget(t, 'x'), getmetatable(t).__newindex.x",
            "nil 1",
        ),
        (
            "local t = setmetatable(make{}, {__len = function() return 7 end}) return #t, rawlen(t)",
            "7 0",
        ),
        ("local t = setmetatable(make{}, {__call = function(_, x) return x end}) return t(3)", "3"),
        (
            "local t = setmetatable(make{1}, {__pairs = function() return next, {5} end}) \
          for k, v in pairs(t) do return v end",
            "5",
        ),
        (
            "local m = {} local t = setmetatable(make{}, m) return getmetatable(t) == m, \
          getmetatable(setmetatable(t, nil))",
            "true nil",
        ),
        (
            "local x, y = make{}, make{} local m = {__eq = function() return true end} \
          setmetatable(x, m) setmetatable(y, m) return x == y",
            "true",
        ),
    ]);
}

#[test]
fn an_external_table_can_be_a_metatable() {
    same(&[
        (
            "local m = make{__index = function(_, k) return k .. '!' end} \
          local t = setmetatable({}, m) evict(m) return t.x",
            "x!",
        ),
        (
            "local m = make{} local t = setmetatable({}, m) m.__add = function() return 'sum' end \
          evict(m) return t + t",
            "sum",
        ),
        (
            "local class = make{f = function(self) return self.n end} class.__index = class \
          local o = setmetatable({n = 4}, class) local n = 0 \
          for _ = 1, 3 do evict(class) n = n + o:f() end return n",
            "12",
        ),
        (
            "local m = make{__name = 'thing', __metatable = 'hidden'} local t = setmetatable({}, m) \
          evict(m) return getmetatable(t)",
            "hidden",
        ),
        (
            "local t = make{__gc = 1} evict(t, '__gc') setmetatable({}, t) \
          return evict(t, '__gc'), t.__gc",
            "false 1",
        ),
    ]);
}

#[test]
fn errors_of_the_embedder_are_lua_errors() {
    let model = Rc::new(Model::default());
    let mut vm = model.vm();
    vm.eval(b"t = external{x = 1} evict(t) s = external{1}", "=setup").expect("it runs");
    model.fails.set(true);
    for source in [
        "return t.x",
        "t.x = 2",
        "rawset(t, 'x', 2)",
        "return rawget(t, 'x')",
        "for _ in pairs(t) do end",
        "return #t",
        "s[1] = nil",
        "setmetatable({}, t)",
        "return t:x()",
    ] {
        let protected = format!("return pcall(function() {source} end)");
        let outcome = text(&mut vm, &protected);
        assert!(outcome.starts_with("false"), "{source}: {outcome}");
        assert!(outcome.ends_with("the store is away"), "{source}: {outcome}");
    }
    assert_eq!(text(&mut vm, "return s[1]"), "1", "a failed write leaves what is resident");
    model.fails.set(false);
    assert_eq!(text(&mut vm, "return t.x"), "1");
}

#[test]
fn the_store_sees_every_write_and_normal_keys() {
    let model = Rc::new(Model::default());
    let mut vm = model.vm();
    let results = vm.eval(b"local t = external{} t[2.0] = 'x' t.y = 1.5 return t", "=test");
    let table = results.expect("it runs")[0].as_table().expect("a table");
    assert_eq!(model.stored(table, &Stored::Integer(2)), Some(Stored::String(b"x".to_vec())));
    let y = Stored::String(b"y".to_vec());
    assert_eq!(model.stored(table, &y), Some(Stored::Float(1.5f64.to_bits())));
    // Nothing became resident by being written.
    assert!(vm.raw_get(table, Value::integer(2)).is_nil());
    assert_eq!(vm.raw_fetch(table, Value::integer(2)).map(|v| v.is_string()), Ok(true));
}

#[test]
fn evicting_gives_memory_back_and_exactly_so() {
    let model = Rc::new(Model::default());
    let mut vm = model.vm();
    vm.eval(b"t = {} for i = 1, 20000 do t[i] = i t['k' .. i] = i end external(t)", "=fill")
        .expect("it runs");
    vm.collect_garbage();
    let full = vm.heap().bytes();
    assert_eq!(text(&mut vm, "evict(t) collectgarbage() return t[1], t.k20000"), "1 20000");
    assert!(full - vm.heap().bytes() > 1_000_000, "{full} {}", vm.heap().bytes());
    assert_eq!(vm.measure().bytes, vm.heap().bytes());
}

#[test]
fn a_table_made_internal_again_has_what_is_resident() {
    let model = Rc::new(Model::default());
    let mut vm = model.vm();
    let results = vm.eval(
        b"m = {__index = function() return 'none' end}
          t = setmetatable(external{a = 1, b = 2}, m) evict(t, 'a') return t",
        "=test",
    );
    let table = results.expect("it runs")[0].as_table().expect("a table");
    vm.make_internal(table);
    assert!(!vm.is_external(table));
    let after = "t.c = 3 return t.a, t.b, t.c, getmetatable(t) == m";
    assert_eq!(text(&mut vm, after), "none 2 3 true");
}

#[test]
fn without_an_embedder_there_is_an_error() {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    let table = vm.table().expect("memory suffices");
    vm.make_external(table).expect("memory suffices");
    vm.set_field(vm.globals(), "t", Value::table(table)).expect("memory suffices");
    let outcome = text(&mut vm, "return pcall(function() return t.x end)");
    assert!(outcome.ends_with("an external table without its embedder"), "{outcome}");
}

/// Answers by running Lua code, which collects garbage.
struct Calling;

impl External for Calling {
    fn get(&self, vm: &mut Vm, _: TableId, key: Value) -> Result<Value, Throw> {
        let compute = vm.field(vm.globals(), "compute");
        vm.call_value(compute, &[key])
    }
    fn set(&self, vm: &mut Vm, _: TableId, key: Value, value: Value) -> Result<(), Throw> {
        let log = vm.field(vm.globals(), "log");
        vm.call_value(log, &[key, value]).map(|_| ())
    }
    fn next(&self, _: &mut Vm, _: TableId, _: Value) -> Result<Option<(Value, Value)>, Throw> {
        Ok(None)
    }
}

#[test]
fn an_embedder_may_call_lua_functions() {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.set_external(Rc::new(Calling));
    let table = vm.table().expect("memory suffices");
    vm.make_external(table).expect("memory suffices");
    vm.set_field(vm.globals(), "t", Value::table(table)).expect("memory suffices");
    let source = "
        function compute(key) collectgarbage() return key .. '!' end
        function log(key, value) collectgarbage() last = key .. '=' .. value end
        local a, b = {}, 'x' .. 1
        t['k' .. 1] = 'v' .. b
        return t['y' .. 1] .. b, last, select('#', t.a, t.b, t.c)";
    assert_eq!(text(&mut vm, source), "y1!x1 k1=vx1 3");
    let yields = "compute = coroutine.yield
        return coroutine.resume(coroutine.create(function() return t.x end))";
    assert_eq!(text(&mut vm, yields), "false attempt to yield across a C-call boundary");
}
