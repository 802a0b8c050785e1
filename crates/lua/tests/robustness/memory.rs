//! Memory that runs out: at the n-th allocation, and at a limit.

use crate::snippets;
use crate::support::{assert_sound, machine, message};
use lua::{Libraries, Limits, Throw, Vm};

/// Runs a source with every allocation failing in turn, from the first to `most`, in steps.
fn fail_everywhere(name: &str, source: &[u8], most: u64, step: u64) -> u64 {
    let (objects, live_bytes) = {
        let mut vm = machine();
        vm.eval(source, "=snippet").expect("it succeeds without faults");
        settle(&mut vm, name)
    };
    let mut n = 1;
    loop {
        let mut vm = machine();
        let context = format!("{name}, allocation {n}");
        vm.fail_allocation(n);
        let outcome = vm.eval(source, "=snippet");
        let reached = !vm.awaits_fault();
        vm.fail_allocation(0);
        if let Err(throw) = outcome {
            let text = message(&mut vm, throw);
            let expected = throw == Throw::Memory || text.contains("not enough memory");
            assert!(expected && reached, "{context}: {throw:?} {text}");
        }
        if !reached || n > most {
            return n;
        }
        let left = settle(&mut vm, &context);
        assert!(left.0 <= objects && left.1 <= live_bytes, "{context}: {left:?} stay alive");
        n += step;
    }
}

/// Objects and bytes that are alive after everything was dropped.
fn settle(vm: &mut Vm, context: &str) -> (usize, usize) {
    let reset = b"debug.sethook() io.input(io.stdin) io.output(io.stdout)";
    vm.eval(reset, "=reset").expect("hooks and default files are put back");
    assert_sound(vm, context);
    vm.collect_garbage();
    let measure = vm.measure();
    (measure.objects, measure.live_bytes)
}

/// Every allocation where the environment asks for it, a sample in every other run.
fn is_long() -> bool {
    std::env::var_os("MOONKEEP_CAMPAIGN").is_some()
}

#[test]
fn every_allocation_may_fail() {
    let mut allocations = 0;
    for (index, (name, source)) in snippets::all().into_iter().enumerate() {
        let (most, step) = if is_long() { (u64::MAX, 1) } else { (400, 3 + index as u64 % 3) };
        let reached = fail_everywhere(&name, source.as_bytes(), most, step);
        assert!(reached > 5, "{name} allocates only {reached} times");
        allocations += reached;
    }
    assert!(allocations > 1_000, "{allocations}");
}

#[test]
fn functions_that_found_no_room_give_their_code_back() {
    let source = "x = {} ".repeat(2000);
    for n in 1..10 {
        let mut vm = machine();
        let before = vm.heap().bytes();
        for _ in 0..40 {
            vm.fail_allocation(n);
            let loaded = vm.load(source.as_bytes(), "=source");
            assert!(loaded.is_ok() || !vm.awaits_fault(), "only the fault stops it");
            vm.fail_allocation(0);
        }
        vm.collect_garbage();
        let after = vm.heap().bytes();
        assert!(after < before + 10 * source.len(), "{n}: {before} bytes, then {after}");
    }
}

#[test]
fn opening_the_libraries_may_fail() {
    for n in 1.. {
        let mut vm = Vm::new();
        vm.fail_allocation(n);
        let outcome = vm.open_libraries();
        let reached = !vm.awaits_fault();
        vm.fail_allocation(0);
        assert_eq!(outcome.is_err(), reached, "allocation {n}");
        if !reached {
            return;
        }
        assert_eq!(outcome, Err(Throw::Memory), "allocation {n}");
        vm.open_libraries().expect("the second attempt has memory");
        assert_sound(&mut vm, "after a failed opening");
    }
}

/// Programs that take all the memory there is, in every way there is.
const GREEDY: &[&str] = &[
    "return string.rep('x', 1 << 30)",
    "return ('x'):rep(1 << 30, 'abc')",
    "local s = 'x' while true do s = s .. s end",
    "local s = ('x'):rep(1000) local t = {} while true do t[#t + 1] = s .. #t end",
    "local t = {} for i = 1, math.huge do t[i] = i end",
    "local t = {} for i = 1, math.huge do t[i .. 'k'] = i end",
    "local t = {} for i = 1, math.huge do t[-i] = i end",
    "local t = {} for i = 1, math.huge do t[i] = {} end",
    "local t = {} for i = 1, math.huge do t[i] = function() return i end end",
    "local t = {} for i = 1, math.huge do t[i] = coroutine.create(print) end",
    "local function f(...) return f(1, ...) end return f()",
    "local function f(...) return 1 + f(1, ...) end return f()",
    "local t = {} while true do t = setmetatable({}, {__index = t, __mode = 'k'}) end",
    "return table.concat(setmetatable({}, {__index = function() return ('x'):rep(1000) end}), \
     ',', 1, 1 << 40)",
    "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(9000) end return table.concat(t)",
    "return ('x'):rep(100000):gsub('x', ('y'):rep(1000))",
    "return ('x'):rep(100000):gsub('.', function() return ('y'):rep(1000) end)",
    "return ('%99s'):rep(1000):format(table.unpack(setmetatable({}, {__index = \
     function(_, i) return 'x' end}), 1, 1000)):rep(1000)",
    "return string.pack(('s'):rep(200), table.unpack(setmetatable({}, {__index = \
     function(_, i) return ('x'):rep(100000) end}), 1, 200))",
    "return table.unpack({}, 1, 900000)",
    "return table.pack(table.unpack({}, 1, 200000))",
    "return load(function() return ('x = 1 '):rep(1000) end)",
    "return assert(load('return {' .. ('{},'):rep(100000) .. '}'))()",
    "return load('x = \"' .. ('y'):rep(3000000) .. '\"')",
    "return load(('local a = 1 '):rep(100) .. ('x = y + 1 '):rep(300000))",
    "return utf8.char(table.unpack(setmetatable({}, {__index = function() return 8364 end}), 1, \
     100000)):rep(100)",
    "return ('x'):rep(2000000):upper():reverse():lower()",
    "local t = table.move(setmetatable({}, {__index = function(_, i) return i end}), 1, 1 << 40, \
     1, {})",
    "return os.date(('%c'):rep(200000), 0)",
    "local t = {} for w in ('word '):rep(500000):gmatch('%a+()') do t[#t + 1] = {w} end",
    "local t = setmetatable({}, {__mode = 'k'}) local k = {} while true do k = {k} t[k] = k end",
    "local co = coroutine.wrap(function() local t = {} while true do t[#t + 1] = {} end end) co()",
    "return string.dump(load(('x = {} '):rep(200000)))",
    "return debug.traceback(('x'):rep(2000000)) .. ('x'):rep(2000000)",
    "error(setmetatable({}, {__tostring = function() return ('x'):rep(1 << 28) end}))",
];

#[test]
fn a_heap_limit_holds_everywhere() {
    for source in GREEDY {
        let mut vm = machine();
        vm.set_limits(&Limits {
            heap_bytes: Some(2 << 20),
            fuel: Some(60_000_000),
            ..Limits::default()
        });
        let outcome = vm.eval(source.as_bytes(), "=greedy");
        let throw = match outcome {
            Err(throw) => throw,
            // `load` returns its errors.
            Ok(values) if source.contains("return load(") && values[0].is_nil() => continue,
            Ok(_) => panic!("{source}: it fits"),
        };
        let text = message(&mut vm, throw);
        let expected = ["not enough memory", "stack overflow", "too many results", "too large"];
        let known = expected.iter().any(|message| text.contains(message))
            || throw == Throw::Interrupted
            || text.contains("too long")
            || text.contains("error object");
        assert!(known, "{source}: {text}");
        assert!(vm.heap().bytes() <= 2 << 20, "{source}: {} bytes", vm.heap().bytes());
        assert_sound(&mut vm, source);
        assert!(vm.measure().live_bytes < 200_000, "{source}: {:?}", vm.measure());
    }
}

#[test]
fn a_program_can_catch_that_memory_ran_out() {
    for source in GREEDY {
        let mut vm = machine();
        vm.set_limits(&Limits {
            heap_bytes: Some(2 << 20),
            fuel: Some(60_000_000),
            ..Limits::default()
        });
        let program = format!(
            "local ok, e, message = pcall(function() {source} end) \
             local t = {{}} for i = 1, 100 do t[i] = {{i}} end \
             return ok and e == nil and message ~= 'not enough memory', #t"
        );
        match vm.eval(program.as_bytes(), "=greedy") {
            Ok(values) => {
                assert!(values[0].is_falsy(), "{source}");
                assert_eq!(values[1].as_integer(), Some(100), "{source}");
            }
            Err(throw) => assert_eq!(throw, Throw::Interrupted, "{source}"),
        }
    }
}

#[test]
fn a_source_of_ten_megabytes_is_loaded_or_refused() {
    let mut source = b"local t = {}\n".to_vec();
    while source.len() < 10 << 20 {
        source.extend_from_slice(b"t[#t + 1] = 'text' .. #t -- a line of a large program\n");
    }
    source.extend_from_slice(b"return #t\n");
    let mut vm = machine();
    let values = vm.eval(&source, "=large").expect("it runs");
    assert!(values[0].as_integer() > Some(100_000));
    drop(vm);
    let mut vm = machine();
    vm.set_limits(&Limits { heap_bytes: Some(3 << 20), ..Limits::default() });
    assert_eq!(vm.eval(&source, "=large").err(), Some(Throw::Memory));
    assert_sound(&mut vm, "after a source that was too large");
}
