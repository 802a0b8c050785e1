//! Random programs over an external table do the same as over a plain one.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use super::model::Model;

/// What the programs use: a table `t` of any keys, a sequence `s`, and a log of what they see.
const PRELUDE: &str = "
local log = {}
local function see(...)
  for i = 1, select('#', ...) do
    local x = select(i, ...)
    log[#log + 1] = type(x) == 'table' and 'table' or tostring(x)
  end
end
local function entries(t)
  local list = {}
  for k, v in pairs(t) do
    list[#list + 1] = tostring(k) .. '=' .. (type(v) == 'table' and 'table' or tostring(v))
  end
  table.sort(list)
  see(table.concat(list, ' '))
end
local function mustfail(f, ...)
  local ok, message = pcall(f, ...)
  see(ok, message)
end
local inner = make {1, 2, x = 3}
local t, s = make {a = 1, b = 'two', [1] = 'one', [2.5] = true}, make {5, 3, 9}
local class = make {}
class.__index = class
function class:method(n) return self.a, n end
";

fn key(random: &mut fastrand::Rng) -> String {
    match random.u32(0..8) {
        0 => format!("{}", random.i32(-2..6)),
        1 => format!("{}.0", random.i32(0..4)),
        2 => format!("{}.5", random.i32(0..3)),
        3 => ["true", "false", "inner"][random.usize(0..3)].into(),
        4 => format!("('k'):rep({})", random.u32(38..43)),
        _ => format!("'{}'", ["a", "b", "c", "x", "__index", "__len"][random.usize(0..6)]),
    }
}

fn value(random: &mut fastrand::Rng) -> String {
    match random.u32(0..8) {
        0 | 1 => "nil".into(),
        2 => "inner".into(),
        3 => format!("{}.25", random.i32(-9..9)),
        4 => format!("'{}'", random.lowercase()),
        5 => "('long'):rep(20)".into(),
        _ => format!("{}", random.i32(-99..99)),
    }
}

/// A statement that sees or changes one of the tables.
fn statement(random: &mut fastrand::Rng) -> String {
    let (k, v) = (key(random), value(random));
    let n = random.i32(-9..99);
    match random.u32(0..30) {
        0..=3 => format!("t[{k}] = {v}"),
        4..=6 => format!("see(t[{k}])"),
        7 => format!("t.a = {v} see(t.a, t.b)"),
        8 => format!("rawset(t, {k}, {v}) see(rawget(t, {k}))"),
        9 => "entries(t)".into(),
        10 => format!("s[#s + 1] = {n}"),
        11 => format!("table.insert(s, {}, {n})", random.i32(1..3)),
        12 => "see(table.remove(s))".into(),
        13 => "if #s > 1 then see(table.remove(s, 1)) end".into(),
        14 => "table.sort(s)".into(),
        15 => "table.sort(s, function(a, b) return a > b end)".into(),
        16 => "see(table.concat(s, ','), #s, rawlen(s))".into(),
        17 => "see(table.unpack(s, 1, 3))".into(),
        18 => "for i, x in ipairs(s) do see(i, x) end".into(),
        19 => format!("for k in pairs(t) do if k ~= {k} then t[k] = nil end end entries(t)"),
        20 => format!("setmetatable(t, {{__index = function(_, k) return {n} end}})"),
        21 => "setmetatable(t, {__newindex = function(t, k, v) rawset(t, k, v) see(k) end})".into(),
        22 => "setmetatable(t, {__index = inner, __newindex = inner})".into(),
        23 => "setmetatable(t, class) see(t:method(1))".into(),
        24 => format!("setmetatable(t, nil) class.extra = {v}"),
        25 => "see(inner[1], inner.x) entries(inner)".into(),
        26 => format!("mustfail(function() return t.missing.x end) t[{k}] = {v}"),
        27 => format!("inner[{}] = {n}", random.i32(1..3)),
        28 => "table.move(s, 1, #s, 2) see(#s)".into(),
        _ => "evict(t) evict(s) evict(inner) evict(class)".into(),
    }
}

fn program(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::from(PRELUDE);
    for _ in 0..random.u32(5..60) {
        let _ = writeln!(text, "{}", statement(&mut random));
        if random.u32(0..8) == 0 {
            text.push_str("collectgarbage('step')\n");
        }
    }
    text.push_str("entries(t) entries(s) entries(inner) return table.concat(log, '\\n')\n");
    text
}

fn run(source: &str, make: &str, resident_every: u64) -> String {
    let model = Rc::new(Model::default());
    model.resident_every.set(resident_every);
    let mut vm = model.vm();
    let printed = Rc::new(RefCell::new(Vec::new()));
    let sink = printed.clone();
    vm.set_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    vm.eval(make.as_bytes(), "=make").expect("it runs");
    match vm.eval(source.as_bytes(), "=program") {
        Ok(results) => String::from_utf8_lossy(vm.bytes(results[0]).expect("a log")).into_owned(),
        Err(throw) => String::from_utf8_lossy(&vm.thrown_message(throw)).into_owned(),
    }
}

#[test]
fn programs_do_not_see_that_a_table_is_external() {
    let plain = "function make(t) return t end function evict() end";
    let all = "function make(t) return external(t) end";
    let none = "function make(t) external(t) evict(t) return t end";
    let mut errors = 0;
    for seed in 0..500 {
        let source = program(seed);
        let expected = run(&source, plain, 0);
        errors += u32::from(expected.starts_with("program:"));
        for (make, every) in [(all, 0), (none, 0), (none, 1), (none, 3)] {
            let found = run(&source, make, every);
            assert_eq!(found, expected, "seed {seed}, resident every {every}, {make}\n{source}");
        }
    }
    assert!(errors < 250, "{errors} programs end in an error: too many to say much");
}
