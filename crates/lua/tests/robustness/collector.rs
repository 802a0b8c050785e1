//! What the collector keeps alive while errors are on their way, and that it gives all bytes back.

use crate::snippets;
use crate::support::{assert_sound, machine};
use lua::Vm;

#[test]
fn an_error_value_survives_the_variables_that_it_closes() {
    let source = b"local m = {__close = function(_, e) collectgarbage() \
        local t = {} for i = 1, 50 do t[i] = {i} end \
        if e then assert(e.text == 'kept', e.text) end collectgarbage() end} \
        local function fail() local a <close> = setmetatable({}, m) \
        local b <close> = setmetatable({}, m) local c <close> = setmetatable({}, m) \
        coroutine.yield() error({text = 'kept'}) end \
        local co = coroutine.create(fail) coroutine.resume(co) \
        local ok, e = coroutine.resume(co) \
        local closed, again = coroutine.close(co) \
        local f = coroutine.wrap(fail) f() \
        local ok2, e2 = pcall(f) \
        local ok3, e3 = pcall(coroutine.wrap(function() pcall(fail) error({text = 'kept'}) end)) \
        return e.text, again.text, e2.text";
    let mut vm = machine();
    let values = vm.eval(source, "=close").expect("it runs");
    for value in values {
        assert_eq!(vm.bytes(value), Some(&b"kept"[..]));
    }
    assert_sound(&mut vm, "after closing");
}

#[test]
fn all_bytes_come_back_when_everything_is_dropped() {
    let mut vm = machine();
    for (_, source) in snippets::all() {
        // Lets arenas and stacks grow as far as they will.
        assert!(vm.eval(source.as_bytes(), "=snippet").is_ok());
    }
    assert_sound(&mut vm, "after all snippets");
    forget(&mut vm);
    let before = vm.measure();
    for (name, source) in snippets::all() {
        assert!(vm.eval(source.as_bytes(), "=snippet").is_ok(), "{name}");
        forget(&mut vm);
        let after = vm.measure();
        assert_eq!(after.objects, before.objects, "{name}");
        assert_eq!(after.live_bytes, before.live_bytes, "{name}");
        assert_eq!(vm.heap().bytes(), after.bytes, "{name}");
    }
}

/// Collects everything, also the value that was thrown last.
fn forget(vm: &mut Vm) {
    assert!(vm.eval(b"pcall(error)", "=forget").is_ok());
    vm.collect_garbage();
    vm.collect_garbage();
}
