//! Machines for tests, and the check that one is still in order after what it went through.

use lua::{Libraries, Throw, Vm};
use std::rc::Rc;

/// Uses enough of the language and library that a machine with broken state would fail.
const CHECK: &str = r#"
local t = {}
for i = 1, 30 do t[i] = {tostring(i) .. "x", function() return i end} end
table.sort(t, function(a, b) return a[1] < b[1] end)
local s = 0
for _, pair in ipairs(t) do s = s + pair[2]() end
local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) error({b}) end)
local first = co(1)
local ok, thrown = pcall(co, 5)
local text = string.format("%d %s", s, ("abc"):gsub("b", string.upper))
local caught = select(2, pcall(function() local x <close> = setmetatable({}, {__close =
  function() s = -1 end}) error("e", 0) end))
return s == -1 and first == 2 and not ok and thrown[1] == 5 and text == "465 aBc" and caught == "e"
  and select(2, coroutine.running())
"#;

/// A machine with all libraries whose output goes nowhere.
pub fn machine() -> Vm {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.set_output(Rc::new(|_| {}));
    vm
}

/// Asserts that the machine works and that its account is exact.
pub fn assert_sound(vm: &mut Vm, context: &str) {
    match vm.eval(CHECK.as_bytes(), "=check") {
        Ok(values) => {
            assert!(values.first().is_some_and(|value| !value.is_falsy()), "{context}");
        }
        Err(throw) => panic!("{context}: the check fails: {}", message(vm, throw)),
    }
    vm.collect_garbage();
    assert_eq!(vm.heap().bytes(), vm.measure().bytes, "the account is wrong: {context}");
}

/// What was thrown, as text.
pub fn message(vm: &mut Vm, throw: Throw) -> String {
    String::from_utf8_lossy(&vm.thrown_message(throw)).into_owned()
}
