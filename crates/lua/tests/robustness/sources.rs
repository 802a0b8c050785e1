//! Sources of ten megabytes, under a limit on the heap and without one.

use crate::support::{assert_sound, machine, message};
use lua::{Limits, Throw};

const BYTES: usize = 10_000_000;

/// What `load` makes of a source, or its message.
fn outcome(source: &[u8], heap_bytes: Option<usize>) -> Result<(), String> {
    let mut vm = machine();
    vm.set_limits(&Limits { heap_bytes, ..Limits::default() });
    let loaded = vm.load(source, "=big");
    let outcome = loaded.map(|_| ()).map_err(|throw| match throw {
        Throw::Memory => "not enough memory".to_owned(),
        _ => message(&mut vm, throw),
    });
    assert_sound(&mut vm, "after a big source");
    outcome
}

#[test]
fn a_limit_on_the_heap_stops_the_compiler_as_well() {
    let tables = ["return {", &"{},".repeat(BYTES / 3), "}"].concat();
    let numbers: String = (0..BYTES / 10).map(|n| format!("x={n}.5 ")).collect();
    let names: String = (0..BYTES / 12).map(|n| format!("n{n}=nil ")).collect();
    let functions = "f=function()end ".repeat(BYTES / 16);
    for source in [tables, numbers, names, functions] {
        let limited = outcome(source.as_bytes(), Some(16 << 20));
        assert_eq!(limited, Err("not enough memory".into()), "{}", &source[..20]);
    }
}

#[test]
fn what_is_long_is_not_wrong_for_that() {
    assert_eq!(outcome("x = 1 + y ".repeat(BYTES / 10).as_bytes(), None), Ok(()));
    let comment = ["--[[", &"x".repeat(BYTES), "]] return 1"].concat();
    assert_eq!(outcome(comment.as_bytes(), Some(16 << 20)), Ok(()));
    let unfinished = outcome(["x = '", &"a".repeat(BYTES)].concat().as_bytes(), None);
    assert_eq!(unfinished, Err("big:1: unfinished string near <eof>".into()));
    let nested = outcome(["x = ", &"(".repeat(BYTES)].concat().as_bytes(), None);
    assert_eq!(nested, Err("C stack overflow".into()));
}
