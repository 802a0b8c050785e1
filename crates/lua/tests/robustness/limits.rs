//! Budgets that run out inside long library functions, and runs that are cut in slices.

use crate::snippets;
use crate::support::{assert_sound, machine};
use lua::{Interruption, Libraries, Limits, Step, Throw, Vm};
use std::cell::RefCell;
use std::rc::Rc;

const FUEL: u64 = 300_000;
/// Units that may be used beyond the budget: what is paid for in one piece.
const BEYOND: u64 = 150_000;
/// Programs that are stopped before they do what they would have to pay for.
const PAID_AT_ONCE: &[&str] =
    &["local s = ('x'):rep(100000000)", "local s = ('x'):rep(1000, ('y'):rep(100000))"];

/// Programs that take far more than the budget, most of them in one call of a library function
/// and many in a way that tries to survive.
const LONG: &[&str] = &[
    "while true do end",
    "repeat local x = {} until false",
    "for i = 1, math.huge do end",
    "::top:: goto top",
    "local function f() return f() end f()",
    "(('a'):rep(30000)):find(('a*'):rep(20) .. 'b')",
    "(('a'):rep(30000)):match('(.-)(.-)(.-)(.-)b')",
    "(('a'):rep(3000000)):gsub('a', 'bb')",
    "(('a'):rep(3000000)):gsub('', 'b')",
    "for _ in (('a'):rep(3000000)):gmatch('.-b') do end",
    "(('('):rep(100000)):find('%b()%b()')",
    "(('a'):rep(300000)):find('%f[b].*')",
    "local s = ('x'):rep(100000000)",
    "local s = ('x'):rep(1000, ('y'):rep(100000))",
    "local t = {} for i = 1, 200000 do t[i] = i % 7 end table.sort(t, function() return true end)",
    "local t = {} for i = 1, 100000 do t[i] = -i end while true do table.sort(t) end",
    "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1 << 50)",
    "table.move({}, 1, 1 << 60, 2)",
    "table.move({}, 1, 1 << 60, 1, setmetatable({}, {__newindex = function() end}))",
    "while true do table.unpack({}, 1, 100000) end",
    "while true do (('x'):rep(100000)):byte(1, -1) end",
    "while true do local s = ('x'):rep(100000) s:upper() s:reverse() s:lower() end",
    "while true do local s = ('%99.99f'):rep(90):format(table.unpack(setmetatable({}, {__index = \
     function() return 1e300 end}), 1, 90)) end",
    "while true do load(('x = 1 '):rep(50000)) end",
    "load(function() return 'x = 1 ' end)",
    "load(function() return ' ' end)",
    "while true do string.dump(load(('x = 1 '):rep(20000))) end",
    "while true do os.date(('%c'):rep(10000), 0) end",
    "while true do utf8.len(('x'):rep(1000000)) end",
    "while true do utf8.codepoint(('x'):rep(100000), 1, -1) end",
    "while true do for _ in utf8.codes(('x'):rep(1000000)) do end end",
    "while true do pcall(utf8.offset, ('\\x80'):rep(1000000), 500000) end",
    "while true do string.pack('z', ('x'):rep(1000000)) end",
    "while true do string.unpack(('b'):rep(100), ('x'):rep(100)) end",
    "while true do tostring(1e300) tonumber(('1'):rep(100000)) end",
    "while true do math.max(table.unpack({}, 1, 1)) end",
    "local t = {} for i = 1, 1 << 40 do table.insert(t, 1, i) end",
    "local t = {} for i = 1, 100000 do t[i] = i end while true do table.remove(t, 1) end",
    "local t = setmetatable({}, {__len = function() return 1 << 60 end}) table.insert(t, 1, 2)",
    "local t = {} while true do next(t) rawlen(t) select('#', 1) end",
    "local t = {} for i = 1, 100000 do t[i .. ''] = i end for k in pairs(t) do t[k] = nil end \
     while true do next(t) end",
    "local a = coroutine.wrap(function() while true do coroutine.yield() end end) \
     while true do a() end",
    "local t = setmetatable({}, {__index = function(t, k) return k end}) \
     while true do local x = t.x end",
    "while true do pcall(error) end",
    "while true do pcall(function() while true do end end) end",
    "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "xpcall(error, function() while true do end end)",
    "while true do coroutine.wrap(function() while true do end end)() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "local m = {__close = function() while true do end end} \
     do local x <close> = setmetatable({}, m) end",
    "local m = {__close = function() while true do end end} \
     pcall(function() local x <close> = setmetatable({}, m) while true do end end) while true do
  end",
    "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() \
     while true do end",
    "while true do setmetatable({}, {__gc = function() for i = 1, 1000 do end end}) end",
    "while true do collectgarbage() end",
    "while true do collectgarbage('step') end",
    "debug.sethook(function() while true do end end, 'c') print()",
    "debug.sethook(function() end, '', 1) while true do end",
    "table.sort({3, 2, 1}, function() while true do end end)",
    "('x'):gsub('x', function() while true do end end)",
    "load(function() while true do end end)",
    "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "local function f() pcall(f) while true do end end f()",
    "local co = coroutine.wrap(function() pcall(pcall, function() while true do end end) end) \
     pcall(co) while true do end",
    "while true do debug.traceback() debug.getinfo(1) end",
    "while true do print('x') end",
    "local s = ('x'):rep(1000) while true do local y = s .. s .. s .. s end",
    "local a, b = ('x'):rep(1000000), ('x'):rep(999999) .. 'y' while true do local c = a < b end",
    "local a, b = ('x'):rep(1000000), ('x'):rep(999999) .. 'x' while true do local c = a == b end",
    "local t = {[('x'):rep(1000000)] = 1} while true do local c = t[('x'):rep(999999) .. 'x'] end",
    "while true do string.format('%s', ('x'):rep(100000)) end",
    "while true do string.format('%q', ('\\0'):rep(100000)) end",
];

#[test]
fn a_budget_stops_every_long_call_and_nothing_survives_it() {
    let mut failures = vec![];
    for source in LONG {
        let mut vm = machine();
        let limits = Limits { fuel: Some(FUEL), heap_bytes: Some(512 << 20), ..Limits::default() };
        vm.set_limits(&limits);
        let program = format!("local ok = pcall(function() {source} end) return ok");
        let outcome = vm.eval(program.as_bytes(), "=long");
        let stopped = outcome.err() == Some(Throw::Interrupted)
            && vm.interruption() == Some(Interruption::Fuel);
        let used = vm.fuel_used();
        let beyond = if PAID_AT_ONCE.contains(source) { used } else { BEYOND };
        if !stopped || used < FUEL / 2 || used > FUEL + beyond {
            failures.push(format!("{used} units, stopped {stopped}: {source}"));
        }
        vm.set_limits(&Limits { fuel: Some(10_000_000), ..Limits::default() });
        if source.contains("debug.sethook(") {
            continue; // The hook stays, as it would in PUC-Rio's.
        }
        assert_sound(&mut vm, source);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a program prints, run whole or in steps of `budget` units.
fn printed(source: &str, budget: Option<u64>) -> (Vec<u8>, Result<u32, Throw>) {
    let text = Rc::new(RefCell::new(Vec::new()));
    let sink = text.clone();
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.set_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    let outcome = steps(&mut vm, source, budget);
    let text = text.borrow().clone();
    (text, outcome)
}

fn steps(vm: &mut Vm, source: &str, budget: Option<u64>) -> Result<u32, Throw> {
    let function = vm.load(source.as_bytes(), "=sliced")?;
    vm.start(function, &[])?;
    for count in 1.. {
        match vm.step(budget)? {
            Step::Done => return Ok(count),
            Step::Paused => {}
            Step::Waiting => return Err(Throw::Error),
        }
    }
    Ok(0)
}

/// A program that is long enough for many slices and shows whatever goes wrong between them.
const SLICED: &str = r#"
local log = {}
local function note(...) log[#log + 1] = table.concat({...}, " ") if #log > 50 then
  print(table.concat(log, ";")) log = {} end end
local co = coroutine.wrap(function() for i = 1, 1e9 do coroutine.yield(i) end end)
local m = setmetatable({}, {__index = function(_, k) return k * 2 end, __add = function(a, b)
  return b + 1 end})
for i = 1, 4000 do
  local ok, e = pcall(function(n) if n % 3 == 0 then error("e" .. n, 0) end return m[n] + (m + n)
  end, i)
  note(i, tostring(e), co())
  local t = {} for j = 1, 20 do t[j] = (i * j) % 17 end
  table.sort(t, function(a, b) return a > b end)
  note(t[1], t[20], ("a" .. i):gsub("%d", function(d) return d + 1 end))
end
print(table.concat(log, ";"))
"#;

#[test]
fn slices_give_the_same_output_as_a_whole_run() {
    let (whole, outcome) = printed(SLICED, None);
    assert_eq!(outcome, Ok(1));
    assert!(whole.len() > 10_000);
    for budget in [1, 30_000, 77_777] {
        let (sliced, outcome) = printed(SLICED, Some(budget));
        assert!(outcome.is_ok_and(|count| count > 5), "{budget}: {outcome:?}");
        assert!(sliced == whole, "slices of {budget} print something else");
    }
    for (name, source) in snippets::all() {
        let outcome = printed(&source, Some(1)).1;
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

#[test]
fn a_clock_stops_a_run() {
    // Each reading is a millisecond later.
    fn clock() -> f64 {
        thread_local!(static READINGS: std::cell::Cell<f64> = const { std::cell::Cell::new(0.0) });
        READINGS.with(|readings| {
            readings.set(readings.get() + 1.0);
            readings.get()
        })
    }
    let mut vm = machine();
    vm.set_clock(clock);
    vm.set_limits(&Limits { milliseconds: Some(20), ..Limits::default() });
    for source in ["while true do end", "pcall(string.rep, 'x', 1 << 40) while true do end"] {
        assert_eq!(vm.eval(source.as_bytes(), "=long").err(), Some(Throw::Interrupted));
        assert_eq!(vm.interruption(), Some(Interruption::Time));
    }
    assert_sound(&mut vm, "after its time was over");
}

#[test]
fn a_budget_may_end_at_any_instruction() {
    for (name, source) in snippets::all() {
        let mut vm = machine();
        for fuel in (1..1500).step_by(91) {
            vm.set_limits(&Limits { fuel: Some(fuel), ..Limits::default() });
            match vm.eval(source.as_bytes(), "=snippet") {
                Ok(_) => break,
                Err(throw) => assert_eq!(throw, Throw::Interrupted, "{name}, fuel {fuel}"),
            }
            vm.set_limits(&Limits::default());
            vm.eval(b"debug.sethook()", "=hook").expect("hooks are removed");
            assert_sound(&mut vm, &format!("{name}, fuel {fuel}"));
        }
    }
}

/// How often the clock of the test below can be read before the time is over.
const READINGS: [u32; 3] = [1, 2, 5];
/// Units that may be used between two looks at the clock: a few milliseconds of the slowest ones.
const UNITS_PER_LOOK: u64 = 200_000;

#[test]
fn the_clock_is_looked_at_in_every_long_call() {
    thread_local!(static LEFT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    /// Stands still until it has been read often enough, and then the time is over.
    fn clock() -> f64 {
        LEFT.with(|left| {
            let now = left.get();
            left.set(now.saturating_sub(1));
            if now == 0 { 1e9 } else { 0.0 }
        })
    }
    let mut failures = vec![];
    for source in LONG.iter().filter(|source| !PAID_AT_ONCE.contains(source)) {
        let (mut before, mut reading) = (0, 0);
        for readings in READINGS {
            let mut vm = machine();
            vm.set_clock(clock);
            LEFT.set(readings);
            let (fuel, heap_bytes) = (Some(5_000_000), Some(512 << 20));
            vm.set_limits(&Limits {
                fuel,
                heap_bytes,
                milliseconds: Some(50),
                ..Limits::default()
            });
            let program = format!("local ok = pcall(function() {source} end) return ok");
            let outcome = vm.eval(program.as_bytes(), "=long");
            // A few end by themselves before the clock has been looked at so often.
            let stopped = match outcome {
                Ok(_) => LEFT.get() > 0,
                Err(throw) => {
                    throw == Throw::Interrupted && vm.interruption() == Some(Interruption::Time)
                }
            };
            let used = vm.fuel_used();
            let most = before + u64::from(readings - reading) * UNITS_PER_LOOK;
            if !stopped || used > most {
                failures.push(format!("{readings} looks: {used} units, {stopped}: {source}"));
            }
            (before, reading) = (used, readings);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
