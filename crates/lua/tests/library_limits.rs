//! Budgets and heap limits hold inside library functions, and the VM is usable afterwards.

use lua::{Interruption, Libraries, Limits, Throw, Vm};

const HEAP_BYTES: usize = 8 << 20;

fn limited_vm(fuel: u64) -> Vm {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    let limits = Limits { fuel: Some(fuel), heap_bytes: Some(HEAP_BYTES), ..Limits::default() };
    vm.set_limits(&limits);
    vm
}

fn assert_usable(vm: &mut Vm) {
    let results = vm.eval(b"return 6 * 7", "=after").expect("the VM is usable");
    assert_eq!(results[0].as_integer(), Some(42));
}

#[test]
fn long_work_is_interrupted() {
    let programs = [
        "table.move({}, 1, 1 << 60, 2)",
        "table.move({}, 1, 1 << 60, 1 << 61, {})",
        "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1 << 60)",
        "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 'x')",
        "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
        "table.sort(setmetatable({}, {__len = function() return 1 << 30 end,
           __index = function(_, i) return -i end, __newindex = function() end}))",
        "local t = {} for i = 1, 5000 do t[i] = i end
         while true do table.sort(t, function(a, b) return a < b end) end",
        "while true do table.unpack({}, 1, 9000) end",
        "while true do pcall(error) end",
        "for _ in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) do
         end",
        "load(function() return ' ' end)",
        "while true do pcall(load, 'x = = 1') end",
        "while true do coroutine.wrap(function() end)() end",
        "while true do tonumber('zzzzzzzz', 36) end",
        "while true do select(-1, 1, 2, 3) end",
        "while true do math.max(1, 2, 3) end",
    ];
    for program in programs {
        let mut vm = limited_vm(1_000_000);
        let outcome = vm.eval(program.as_bytes(), "=test");
        assert_eq!(outcome.err(), Some(Throw::Interrupted), "{program}");
        assert_eq!(vm.interruption(), Some(Interruption::Fuel), "{program}");
        assert!(vm.heap().bytes() <= HEAP_BYTES, "{program}");
        assert_usable(&mut vm);
    }
}

#[test]
fn large_allocations_are_refused() {
    let programs = [
        "local s = 'x' for i = 1, 20 do s = s .. s end
         local t = {} for i = 1, 20 do t[i] = s end
         return table.concat(t)",
        "local s = 'x' for i = 1, 20 do s = s .. s end
         return table.concat({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'}, s)",
        "local s = ' ' for i = 1, 16 do s = s .. s end
         local _, message = load(function() return s end)
         error(message, 0)",
        "return table.unpack({}, 1, 900000)",
        "return table.pack(table.unpack({}, 1, 500000))",
        "local t = {} for i = 1, 1 << 30 do t[i] = i end",
    ];
    for program in programs {
        let mut vm = limited_vm(100_000_000);
        let source = format!("return pcall(function() {program} end)");
        let results = vm.eval(source.as_bytes(), "=test").expect("an error that pcall catches");
        assert_eq!(results[0].kind(), lua::Kind::Boolean(false), "{program}");
        let message = vm.bytes(results[1]).map(<[u8]>::to_vec);
        assert_eq!(message.as_deref(), Some(&b"not enough memory"[..]), "{program}");
        assert!(vm.heap().bytes() <= HEAP_BYTES, "{program}");
        assert_usable(&mut vm);
    }
}

#[test]
fn sorting_takes_few_comparisons_whatever_the_input() {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    // An adversary decides the order while it is asked (McIlroy, 1999).
    let program = b"
        local n, solid, candidate, compared = 5000, 0, 0, 0
        local gas = n + 1
        local value, t = {}, {}
        for i = 1, n do t[i] = i value[i] = gas end
        table.sort(t, function(a, b)
          compared = compared + 1
          if value[a] == gas and value[b] == gas then
            solid = solid + 1
            value[a == candidate and a or b] = solid
          end
          if value[a] == gas then candidate = a elseif value[b] == gas then candidate = b end
          return value[a] < value[b]
        end)
        for i = 2, n do assert(value[t[i - 1]] <= value[t[i]]) end
        return compared";
    let compared = vm.eval(program, "=test").expect("it is sorted")[0].as_integer();
    assert!(compared.is_some_and(|count| count < 5000 * 13 * 5), "{compared:?}");
}
