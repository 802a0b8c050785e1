//! A run that fails leaves `_home` as it was: the same objects with the contents of before.

mod support;

use moonkeep::{Engine, Options};
use support::{run, text};

fn engine() -> Engine {
    Engine::new(&Options::default()).expect("an engine")
}

/// Runs what prepares a state, then what fails, then what looks.
#[track_caller]
fn check(prepare: &str, fail: &str, look: &str, expected: &str) {
    let mut engine = engine();
    run(&mut engine, prepare);
    // Collections in between must not matter.
    for collect in ["", " collectgarbage()"] {
        let source = format!("{fail}{collect} error('on purpose')");
        let error = engine.run(source.as_bytes(), "=fail").expect_err("a failure");
        assert!(error.to_string().contains("on purpose"), "{error}");
        assert_eq!(run(&mut engine, look), expected);
    }
}

#[test]
fn aliases_stay_the_same_table_and_lose_what_the_run_wrote() {
    check(
        "_home.t = {1, 2, 3, kept = true} alias = _home.t",
        "local t = _home.t t.x = 1 t[2] = nil t[4] = 4 t.kept = nil setmetatable(t, {})
         _home.t = nil _home.new = {}",
        "return alias == _home.t, alias.x, #alias, alias[2], alias.kept, getmetatable(alias),
                _home.new, Memory == _home",
        "true nil 3 2 true nil nil true",
    );
}

#[test]
fn ordinary_variables_are_not_touched() {
    check(
        "_home.n = 1 counter = 0",
        "_home.n = 2 counter = counter + 1",
        "return _home.n, counter > 0",
        "1 true",
    );
}

#[test]
fn functions_keep_their_identity_and_their_shared_variables() {
    check(
        "local n = 1
         function _home.inc() n = n + 1 return n end
         function get() return n end
         inc = _home.inc",
        "_home.inc() inc() _home.inc = nil",
        "return inc == _home.inc, get()",
        "true 1",
    );
}

#[test]
fn joined_variables_part_again() {
    check(
        "local a, b = 1, 2
         _home.f, _home.g = function() return a end, function() return b end
         f, g = _home.f, _home.g",
        "debug.upvaluejoin(f, 1, g, 1) debug.setupvalue(g, 1, 9)",
        "return f(), g(), f == _home.f",
        "1 2 true",
    );
}

#[test]
fn coroutines_go_back_to_where_they_were() {
    check(
        "_home.co = coroutine.create(function(a)
           local n <const> = a
           local m = 0
           function _home.m() return m end
           while true do m = m + coroutine.yield(n + m) end
         end)
         coroutine.resume(_home.co, 10)
         co, m = _home.co, _home.m",
        "coroutine.resume(co, 5) coroutine.resume(co, 6) coroutine.close(co)",
        "return co == _home.co, coroutine.status(co), m(), m == _home.m",
        "true suspended 0 true",
    );
}

#[test]
fn a_coroutine_runs_on_after_it_was_put_back() {
    let mut engine = engine();
    run(
        &mut engine,
        "_home.next = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end end)
         _home.next()",
    );
    assert_eq!(run(&mut engine, "return _home.next()"), "2");
    engine.run(b"_home.next() _home.next() error()", "=fail").expect_err("a failure");
    assert_eq!(run(&mut engine, "return _home.next()"), "3");
}

#[test]
fn iterators_of_the_library_go_back_too() {
    check(
        "_home.words = ('a b c'):gmatch('%a') _home.words() words = _home.words",
        "words() words()",
        "return words == _home.words, select('#', words)",
        "true 1",
    );
    let mut engine = engine();
    run(&mut engine, "_home.words = ('a b c'):gmatch('%a') _home.words()");
    engine.run(b"_home.words() error()", "=fail").expect_err("a failure");
    assert_eq!(run(&mut engine, "return _home.words()"), "b");
}

#[test]
fn metatables_and_classes_go_back() {
    check(
        "local Point = {} Point.__index = Point function Point:sum() return self.x + self.y end
         _home.p = setmetatable({x = 1, y = 2}, Point) p, class = _home.p, Point",
        "class.sum = nil class.__index = nil setmetatable(p, nil) p.x = 100",
        "return p:sum(), getmetatable(p) == class, p == _home.p",
        "3 true true",
    );
}

#[test]
fn cycles_and_tables_as_keys_go_back() {
    check(
        "local a, b = {}, {} a.b, b.a = b, a _home[a] = b x, y = a, b",
        "x.b = nil y.a = nil _home[x] = nil _home[y] = x",
        "return x.b == y, y.a == x, _home[x] == y, _home[y]",
        "true true true nil",
    );
}

#[test]
fn what_only_weak_references_reach_may_be_collected() {
    let mut engine = engine();
    run(
        &mut engine,
        "_home.cache = setmetatable({}, {__mode = 'v'}) _home.cache.x = {} _home.strong = {}
         _home.cache.y = _home.strong",
    );
    run(&mut engine, "collectgarbage() _home.n = 1");
    assert_eq!(run(&mut engine, "return _home.cache.x, _home.cache.y == _home.strong"), "nil true");
}

#[test]
fn a_run_out_of_memory_is_undone_within_the_limit() {
    let limits = moonkeep::lua::Limits { heap_bytes: Some(2 << 20), ..Default::default() };
    let options = Options { limits, ..Options::default() };
    let mut engine = Engine::new(&options).expect("an engine");
    run(
        &mut engine,
        "_home.list = {} for i = 1, 5000 do _home.list[i] = {i} end list = _home.list",
    );
    let greedy = b"for i, t in ipairs(_home.list) do t[1] = 0 end
                   local t = {} while true do t[#t + 1] = {} end";
    let error = engine.run(greedy, "=fail").expect_err("no memory");
    assert!(error.to_string().contains("not enough memory"), "{error}");
    assert_eq!(
        run(&mut engine, "return list == _home.list, #list, list[4999][1]"),
        "true 5000 4999"
    );
}

#[test]
fn what_cannot_be_stored_is_named_and_put_back() {
    let mut engine = engine();
    run(&mut engine, "_home.ui = {} ui = _home.ui");
    let error = engine.run(b"_home.ui.co = coroutine.running() _home.x = 1", "=fail");
    let error = error.expect_err("it cannot be stored");
    assert_eq!(error.to_string(), "_home.ui.co: a running coroutine cannot be stored");
    assert!(error.is_unstorable());
    assert_eq!(run(&mut engine, "return ui == _home.ui, ui.co, _home.x"), "true nil nil");
}

#[test]
fn changes_are_noticed_wherever_they_are_made() {
    let mut engine = engine();
    run(
        &mut engine,
        "local n = 0
         _home.list, _home.object = {3, 1, 2}, setmetatable({}, {__index = table})
         function _home.inc() n = n + 1 end",
    );
    assert!(!engine.commit().expect("a commit"), "nothing has changed");
    let sources = [
        "_home.inc()",
        "table.sort(_home.list)",
        "table.insert(_home.list, 4)",
        "rawset(_home.object, 'x', 1)",
        "setmetatable(_home.object, nil)",
        "debug.setupvalue(_home.inc, 1, 'text')",
        "table.remove(_home.list)",
        "_home.list[1] = nil",
        "local a; debug.upvaluejoin(_home.inc, 1, function() return a end, 1)",
    ];
    for source in sources {
        engine.vm().eval(source.as_bytes(), "=test").expect("a program that runs");
        assert!(engine.commit().expect("a commit"), "{source}");
        assert!(!engine.commit().expect("a commit"), "{source}, again");
    }
    let values = engine.run(b"local x = _home.list[2] return #_home.object", "=test");
    assert_eq!(text(&mut engine, &values.expect("a program that runs")), "0");
}
