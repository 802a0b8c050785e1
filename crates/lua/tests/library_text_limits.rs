//! The string and utf8 libraries under limits: budgets stop them, full heaps are errors, and the
//! VM goes on after either.

use lua::{Interruption, Libraries, Limits, Throw, Vm};

/// A program runs under limits; `prepare` runs before they are set.
fn run(limits: &Limits, prepare: &str, source: &str) -> (Vm, Result<String, Throw>) {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.eval(prepare.as_bytes(), "=prepare").expect("the preparation runs");
    vm.set_limits(limits);
    let result = vm.eval(source.as_bytes(), "=test").map(|values| {
        let text = values.first().and_then(|value| vm.bytes(*value));
        String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
    });
    (vm, result)
}

fn still_works(vm: &mut Vm) {
    vm.set_limits(&Limits::default());
    let source = b"local s = ('x'):rep(1000):gsub('x', '%0y'); return #s .. s:sub(1, 4)";
    let value = vm.eval(source, "=after").expect("the VM is usable")[0];
    assert_eq!(vm.bytes(value), Some(&b"2000xyxy"[..]));
}

#[test]
fn budgets_stop_long_work() {
    let prepare = "big = ('a'):rep(1 << 20); small = ('a'):rep(200)";
    let programs = [
        "return big:find(('a*'):rep(20) .. 'b')",
        "return small:match('(.-)(.-)(.-)(.-)(.-)b')",
        "return small:gsub(('a?'):rep(30) .. ('a'):rep(170) .. 'b', 'x')",
        "for w in small:gmatch('(.-)(.-)(.-)(.-)(.-)b') do end",
        "return ('x'):rep(1 << 30)",
        "return ('x'):rep(1 << 26, 'yy')",
        "for i = 1, 1e9 do big:rep(10) end",
        "for i = 1, 1e9 do big:upper() end",
        "for i = 1, 1e9 do big:reverse() end",
        "for i = 1, 1e9 do big:sub(2) end",
        "for i = 1, 1e9 do big:gsub('b', 'x') end",
        "for i = 1, 1e9 do big:find('b', 1, true) end",
        "for i = 1, 1e9 do string.format('%s%s%q', big, big, big) end",
        "for i = 1, 1e9 do string.pack('s', big) end",
        "for i = 1, 1e9 do big:byte(1, 1000) end",
        "for i = 1, 1e9 do utf8.len(big) end",
        "for i = 1, 1e9 do utf8.offset(big, 1000000) end",
        "for i = 1, 1e9 do utf8.codepoint(big, 1, 1000) end",
        "string.gsub(big, 'a', function() while true do end end)",
    ];
    for program in programs {
        let limits = Limits { fuel: Some(1_000_000), ..Limits::default() };
        let (mut vm, result) = run(&limits, prepare, &format!("pcall(function() {program} end)"));
        assert_eq!(result, Err(Throw::Interrupted), "{program}");
        assert_eq!(vm.interruption(), Some(Interruption::Fuel), "{program}");
        assert!(vm.fuel_used() < 120_000_000, "{program}: {} units", vm.fuel_used());
        still_works(&mut vm);
    }
}

#[test]
fn full_heaps_are_errors_that_programs_catch() {
    let prepare = "big = ('a'):rep(1 << 20); list = {}";
    let programs = [
        "return ('x'):rep(1 << 28)",
        "return ('xy'):rep(1 << 27, ', ')",
        "return big:rep(8)",
        "return (big:gsub('a', 'aaaaaaaa'))",
        "return (big:gsub('a', '%0%0%0%0%0%0%0%0'))",
        "return (big:gsub('a', {a = 'aaaaaaaaa'}))",
        "return (big:gsub('a', function(a) return 'aaaaaaaaa' end))",
        "return string.format('%s%s%s%s%s%s', big, big, big, big, big, big)",
        "return string.format('%q%q%q%q%q%q', big, big, big, big, big, big)",
        "return string.pack('c100000000', 'x')",
        "return string.pack('!16 b c100000000', 1, 'x')",
        "return string.pack('ssssss', big, big, big, big, big, big)",
        "return string.pack('zzzzzz', big, big, big, big, big, big)",
        "for i = 1, 100 do list[i] = big:upper() .. i end",
        "for i = 1, 100 do list[i] = big:lower() end",
        "for i = 1, 100 do list[i] = big:reverse() end",
        "for i = 1, 100 do list[i] = big:sub(i + 1) end",
        "for i = 1, 1000000 do list[i] = big:match('()' .. '.*', i) .. '' end \
         for i = 1, 100 do list[i] = big:match('.*', i + 1) end",
        "for w in big:gmatch('.+') do list[1] = w; for i = 1, 100 do list[i] = big:find('(.+)', i) \
         list[i] = select(3, big:find('(.+)', i + 1)) end end",
        "for i = 1, 100 do list[i] = string.unpack('c1000000', big, i) end",
        "for i = 1, 1000000 do list[i] = utf8.char(i) .. 'abcdefgh' .. i end",
        "return big:find(big .. '[x]')",
        "return utf8.char(table.unpack({}, 1, 900000))",
    ];
    for program in programs {
        let limits = Limits { heap_bytes: Some(5 << 20), ..Limits::default() };
        let source = format!(
            "local ok, message = pcall(function() {program} end) list = nil return tostring(message)"
        );
        let (mut vm, result) = run(&limits, prepare, &source);
        let message = result.expect("the error is caught");
        assert_eq!(message, "not enough memory", "{program}");
        still_works(&mut vm);
    }
}

#[test]
fn work_that_fits_is_done_near_the_limit() {
    let prepare = "big = ('a'):rep(1 << 20)";
    // Garbage of many megabytes passes through a heap of four.
    let source = "
        local total = 0
        for i = 1, 40 do
            total = total + #big:upper() + #big:rep(1) + #(big:gsub('a', 'b', 10)) + #big:sub(2)
            total = total + #string.format('%s', big) + #string.pack('z', big)
        end
        return tostring(total)";
    let limits = Limits { heap_bytes: Some(4 << 20), ..Limits::default() };
    let (mut vm, result) = run(&limits, prepare, source);
    assert_eq!(result.as_deref(), Ok((40 * (6 << 20)).to_string().as_str()));
    still_works(&mut vm);
}
