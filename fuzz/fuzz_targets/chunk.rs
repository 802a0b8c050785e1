//! Any bytes as a binary chunk: refused, or run within its limits without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lua::chunk::{undump, verify};
use lua::{Libraries, Limits, Value, Vm};

fuzz_target!(|bytes: &[u8]| {
    let Some(chunk) = undump(bytes).ok().and_then(|chunk| verify(chunk).ok()) else { return };
    let mut vm = Vm::new();
    vm.open_libraries().expect("an unlimited heap has room for the library");
    vm.set_limits(&Limits { fuel: Some(100_000), heap_bytes: Some(32 << 20), ..Limits::default() });
    let environment = Value::table(vm.globals());
    if let Ok(function) = vm.load_chunk(chunk, environment) {
        let _ = vm.call(function, &[]);
    }
    vm.collect_garbage();
});
