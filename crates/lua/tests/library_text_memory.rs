//! What string functions allocate while they work stays within the heap's limit, too.

use lua::{Libraries, Limits, Vm};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const LIMIT_BYTES: usize = 6 << 20;

/// What a VM needs beside its heap, and what its tables of handles grow ahead.
const SLACK_BYTES: usize = 1 << 20;

/// Every one of these asks for much more than the limit.
const PROGRAMS: &[&str] = &[
    "return ('x'):rep(1 << 28)",
    "return ('xy'):rep(1 << 26, ', ')",
    "return (big:gsub('a', ('b'):rep(100)))",
    "return (big:gsub('a', ('%0'):rep(100)))",
    "return (big:gsub('a', {a = ('b'):rep(100)}))",
    "return (big:gsub('a', function() return big end))",
    "local function deep() return (big:gsub('a', deep)) end return deep()",
    "return big:gsub('a+', function(all) return (all .. all):gsub('a', 'bbbbbbbb') end)",
    "return string.format(('%s'):rep(100), table.unpack(copies))",
    "return string.format(('%q'):rep(100), table.unpack(copies))",
    "return string.pack('c1000000000', 'x')",
    "return string.pack(('z'):rep(100), table.unpack(copies))",
    "return string.pack(('s'):rep(100), table.unpack(copies))",
    "return big:find(big .. '[x]')",
    "local t = {} for i = 1, 1000 do t[i] = big:upper() end return #t",
    "local t = {} for i = 1, 1000 do t[i] = big:match('.*', i) end return #t",
    "local t = {} for i = 1, 1000 do t[i] = string.unpack('c1000000', big, i) end return #t",
];

#[test]
fn work_stays_within_the_limit() {
    for program in PROGRAMS {
        let before = ALLOCATOR.current_usage();
        let mut vm = Vm::new();
        vm.open_libraries().expect("the libraries open");
        let limits = Limits { heap_bytes: Some(LIMIT_BYTES), ..Limits::default() };
        vm.set_limits(&limits);
        let prepare =
            b"big = ('a'):rep(1 << 20); copies = {}; for i = 1, 100 do copies[i] = big end";
        vm.eval(prepare, "=prepare").expect("the preparation fits");
        ALLOCATOR.reset_peak_usage();
        let source = format!("return (select(2, pcall(function() {program} end)))");
        let message = vm.eval(source.as_bytes(), "=test").expect("the error is caught")[0];
        let peak = ALLOCATOR.peak_usage() - before;
        let text = String::from_utf8_lossy(vm.bytes(message).unwrap_or_default());
        assert!(
            text == "not enough memory" || text.ends_with("C stack overflow"),
            "{program}: {text}"
        );
        assert!(peak < LIMIT_BYTES + SLACK_BYTES, "{program}: {peak} bytes at the peak");
    }
}
