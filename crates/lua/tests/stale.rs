//! Handles whose objects were collected: refused at the border, never followed.

use lua::introspect::Cell;
use lua::{Libraries, Throw, Value, Vm};

const COLLECTED: &[u8] = b"attempt to use an object that was collected";

/// A machine, and one dead value of each kind that lives in the heap.
fn with_dead(source: &str) -> (Vm, Vec<Value>) {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    let values = vm.eval(source.as_bytes(), "=test").unwrap();
    vm.eval(b"", "=test").unwrap(); // its results take the place of those
    vm.collect_garbage();
    assert!(values.iter().all(|&value| !vm.is_alive(value)));
    (vm, values)
}

const EACH_KIND: &str = "local n = 1
    return function() n = n + 1 return n end, {}, 'some' .. 'thing', ('x'):rep(100),
        coroutine.create(print), string.gmatch('a', 'a')";

fn refused<T: std::fmt::Debug>(vm: &mut Vm, outcome: Result<T, Throw>) {
    let throw = outcome.expect_err("it has to be refused");
    assert_eq!(vm.thrown_message(throw), COLLECTED);
}

type Use = fn(&mut Vm, Value) -> Result<(), Throw>;

const USES: [Use; 5] = [
    |vm, dead| vm.call(dead, &[]).map(drop),
    |vm, dead| vm.start(vm.field(vm.globals(), "print"), &[dead]),
    |vm, dead| vm.raw_set(vm.globals(), Value::integer(1), dead),
    |vm, dead| vm.raw_set(vm.globals(), dead, Value::integer(1)),
    |vm, dead| vm.make_cell(dead).map(drop),
];

#[test]
fn calls_and_writes_refuse_each_kind_of_dead_value() {
    // A machine for each: the message of an error takes the slot of a dead string.
    for kind in 0..6 {
        for each in USES {
            let (mut vm, dead) = with_dead(EACH_KIND);
            let outcome = each(&mut vm, dead[kind]);
            refused(&mut vm, outcome);
            assert!(vm.eval(b"return 1", "=test").is_ok());
        }
    }
    let (mut vm, dead) = with_dead(EACH_KIND);
    vm.keep(dead, vec![]);
    assert!(vm.kept().0.is_empty());
}

#[test]
fn dead_tables_cells_and_prototypes_read_as_empty_and_take_no_writes() {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    let values = vm.eval(EACH_KIND.as_bytes(), "=test").unwrap();
    let (closure, table) = (values[0].as_closure().unwrap(), values[1].as_table().unwrap());
    let (proto, cells) = vm.closure_parts(closure);
    let cells = cells.to_vec();
    vm.eval(b"", "=test").unwrap();
    vm.collect_garbage();

    let one = Value::integer(1);
    let outcome = vm.raw_set(table, one, one);
    refused(&mut vm, outcome);
    let outcome = vm.set_metatable(Value::table(table), None);
    refused(&mut vm, outcome);
    let outcome = vm.make_closure(proto, &cells);
    refused(&mut vm, outcome);
    vm.set_cell(cells[0], one);
    vm.attach_cell(cells[0]);
    vm.attach_table(table);
    vm.clear_table(table);
    assert!(!vm.set_closure_cells(closure, &cells));
    assert!(vm.raw_get(table, one).is_nil());
    assert!(matches!(vm.cell(cells[0]), Cell::Closed(value) if value.is_nil()));
    assert!(vm.closure_parts(closure).1.is_empty());
    assert!(vm.prototype(proto).code.is_empty());

    // The empty slots are taken by new objects, each by one.
    let source = b"local all = {} for i = 1, 100 do
            local t = {i} all[i] = function() return t[1] end
        end
        collectgarbage()
        for i = 1, 100 do assert(all[i]() == i) end
        return true";
    assert!(!vm.eval(source, "=test").unwrap()[0].is_falsy());
}

#[test]
fn a_closure_whose_slot_another_function_took_is_not_called_with_its_cells() {
    let (mut vm, dead) =
        with_dead("local a, b, c = 1, 2, 3 return function() return a + b + c end");
    let source = b"kept = {} for i = 1, 50 do kept[i] = function() return i end end";
    vm.eval(source, "=test").unwrap();
    let outcome = vm.call(dead[0], &[]);
    refused(&mut vm, outcome);
}
