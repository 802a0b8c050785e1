//! A pattern, a zero byte, a subject: found, not found or an error, within the budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lua::{Libraries, Limits, Vm};

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (pattern, subject) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let mut vm = Vm::new();
    vm.open_libraries().expect("an unlimited heap has room for the library");
    let globals = vm.globals();
    for (name, text) in [("pattern", pattern), ("subject", subject)] {
        let value = vm.string(text).expect("an unlimited heap has room for a string");
        vm.set_field(globals, name, value).expect("an unlimited heap has room for a global");
    }
    vm.set_limits(&Limits { fuel: Some(1_000_000), ..Limits::default() });
    for call in ["find(subject, pattern)", "gsub(subject, pattern, '<%0>')"] {
        let _ = vm.eval(format!("return string.{call}").as_bytes(), "=fuzz");
    }
});
