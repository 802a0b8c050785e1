//! Objects that an embedder keeps alive and puts back.

use lua::introspect::Cell;
use lua::{Libraries, Value, Vm};

fn machine(source: &str) -> (Vm, Vec<Value>) {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    let values = vm.eval(source.as_bytes(), "=test").unwrap();
    (vm, values)
}

#[test]
fn what_is_kept_outlives_its_references_also_when_a_cycle_is_under_way() {
    let (mut vm, values) = machine(
        "many = {} for i = 1, 3000 do many[i] = {i} end
         local n = 7
         return many, function() return n end, coroutine.create(print)",
    );
    let many = values[0].as_table().unwrap();
    let mut kept: Vec<Value> = (1..=3000).map(|i| vm.raw_get(many, Value::integer(i))).collect();
    kept.push(values[2]);
    let cell = vm.closure_parts(values[1].as_closure().unwrap()).1[0];
    // Into the middle of marking: nothing else refers to them when it ends.
    vm.collect_some(1);
    vm.keep(kept.clone(), vec![cell]);
    vm.eval(b"many = nil", "=test").unwrap();
    vm.collect_garbage();
    vm.collect_garbage();
    for (value, i) in kept.iter().zip(1..=3000) {
        let table = value.as_table().unwrap();
        assert_eq!(vm.raw_get(table, Value::integer(1)).as_integer(), Some(i));
    }
    assert!(matches!(vm.cell(cell), Cell::Closed(value) if value.as_integer() == Some(7)));
    let before = vm.heap().bytes();
    vm.keep(vec![], vec![]);
    vm.collect_garbage();
    assert!(vm.heap().bytes() < before, "what is kept no more is garbage");
}

#[test]
fn a_cleared_table_is_empty_and_takes_entries_again() {
    let (mut vm, values) =
        machine("t = setmetatable({1, 2, 3, x = 1, [2.5] = 2}, {__index = {y = 5}}) return t, t.y");
    let table = values[0].as_table().unwrap();
    vm.attach_table(table);
    vm.clear_table(table);
    assert_eq!(vm.take_written_tables(), [table]);
    let check = b"assert(next(t) == nil and #t == 0 and t.y == nil and not getmetatable(t))
                  t[1], t.x = 8, 9 return t[1] + t.x + #t";
    let results = vm.eval(check, "=test").unwrap();
    assert_eq!(results[0].as_integer(), Some(18));
}

#[test]
fn a_reset_coroutine_runs_nothing_and_leaves_its_variables_to_functions() {
    let (mut vm, values) = machine(
        "closed = false
         co = coroutine.create(function()
           local x <close> = setmetatable({}, {__close = function() closed = true end})
           local n = 5
           get = function() return n end
           coroutine.yield()
         end)
         coroutine.resume(co)
         return co, coroutine.running()",
    );
    let thread = |value: Value| match value.kind() {
        lua::Kind::Thread(id) => id,
        _ => panic!("no coroutine"),
    };
    assert!(vm.reset_coroutine(thread(values[0])));
    assert!(!vm.reset_coroutine(thread(values[1])), "the main one runs");
    let check = b"return get(), closed, coroutine.status(co)";
    let results = vm.eval(check, "=test").unwrap();
    assert_eq!(results[0].as_integer(), Some(5));
    assert!(results[1].is_falsy());
    assert_eq!(vm.bytes(results[2]), Some(&b"dead"[..]));
}

#[test]
fn functions_take_other_cells_of_the_same_number_and_joining_reports_a_write() {
    let (mut vm, values) = machine(
        "local a, b = 1, 2
         f, g = function() return a end, function() return b end
         return f, g, function() return a + b end",
    );
    let closures: Vec<_> = values.iter().map(|value| value.as_closure().unwrap()).collect();
    let cell = vm.closure_parts(closures[1]).1[0];
    let own = vm.closure_parts(closures[0]).1[0];
    assert!(vm.set_closure_cells(closures[0], &[cell]));
    assert!(!vm.set_closure_cells(closures[2], &[cell]));
    assert_eq!(vm.eval(b"return f()", "=test").unwrap()[0].as_integer(), Some(2));
    assert!(vm.set_closure_cells(closures[0], &[own]));
    vm.attach_cell(own);
    vm.eval(b"debug.upvaluejoin(f, 1, g, 1)", "=test").unwrap();
    assert_eq!(vm.take_written_cells(), [own]);
}
