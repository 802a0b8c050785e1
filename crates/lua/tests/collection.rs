//! What programs can see of the collector and of full stacks.

use lua::{Libraries, Limits, Vm};

/// Runs a program that returns true, within a budget.
#[track_caller]
fn holds(program: &str) {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    vm.set_limits(&Limits { fuel: Some(200_000_000), ..Limits::default() });
    match vm.eval(program.as_bytes(), "=program") {
        Ok(results) => assert!(!results[0].is_falsy(), "{program}"),
        Err(throw) => {
            let thrown = vm.thrown();
            panic!("{throw:?} {:?}", vm.bytes(thrown).map(String::from_utf8_lossy));
        }
    }
}

#[test]
fn allocation_alone_brings_collections() {
    for allocation in ["{}", "function() return i end", "i .. 'x'"] {
        holds(&format!(
            "local done, i = false, 0
             local object = setmetatable({{}}, {{__gc = function() done = true end}})
             repeat i = i + 1; object = {allocation} until done
             return true"
        ));
    }
}

#[test]
fn memory_stays_bounded_while_garbage_is_made() {
    holds(
        "local most = 0
         for i = 1, 300000 do
           local t = {i}
           if i % 1000 == 0 then most = math.max(most, collectgarbage('count')) end
         end
         return most < 2000",
    );
}

#[test]
fn all_weak_tables_lose_entries_with_dead_values() {
    holds(
        "local weak = setmetatable({}, {__mode = 'kv'})
         weak[0], weak.x, weak[{}] = {}, {}, 1
         weak.kept = weak
         collectgarbage()
         local count = 0
         for k in pairs(weak) do count = count + 1 end
         return count == 1 and weak.kept == weak",
    );
}

#[test]
fn overflows_of_the_stack_are_handled_again_and_again() {
    holds(
        "local function loop() return 1 + loop() end
         for i = 1, 3 do
           local inner
           local ok, message = xpcall(loop, function(message)
             assert(message:find('stack overflow', 1, true))
             inner = select(2, pcall(loop))
             return 'handled'
           end)
           assert(not ok and message == 'handled')
           assert(inner == 'error in error handling')
         end
         return true",
    );
}
