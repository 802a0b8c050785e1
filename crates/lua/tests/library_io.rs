//! The io library on real files, and what programs without access to their host get instead.

use lua::{Libraries, LibraryOptions, Vm};

/// Runs a program whose argument is a file of its own; returns its string.
#[track_caller]
fn run(name: &str, program: &str) -> String {
    let file = std::env::temp_dir().join(format!("moonkeep-{}-{name}", std::process::id()));
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    let function = vm.load(program.as_bytes(), "=program").unwrap();
    let argument = vm.string(file.to_str().unwrap()).unwrap();
    let outcome = vm.call(function, &[argument]);
    let value = outcome.as_ref().map_or(vm.thrown(), |results| results[0]);
    let text = String::from_utf8_lossy(vm.bytes(value).unwrap_or(b"no string")).into_owned();
    let _ = std::fs::remove_file(&file);
    assert!(outcome.is_ok(), "{text}");
    text
}

#[test]
fn files_are_written_and_read_in_every_format() {
    let text = run(
        "formats",
        "local name = ...
         local file = assert(io.open(name, 'w'))
         assert(file:write('one\\n', 2, ' 0x10 -3.5e1 nope\\nlast') == file)
         assert(io.type(file) == 'file' and file:close() and io.type(file) == 'closed file')
         file = assert(io.open(name))
         local out = {file:read('L', 'n', 'n', 'n', 'n')}
         assert(out[5] == nil and #out == 4)
         out[#out + 1] = file:read(3)
         out[#out + 1] = file:seek('end')
         out[#out + 1] = tostring(file:read(1))
         out[#out + 1] = #file:read('a') + file:seek('set', 4)
         for line in io.lines(name) do out[#out + 1] = line end
         file:close()
         return table.concat(out, '|')",
    );
    assert_eq!(text, "one\n|2|16|-35.0|nop|27|nil|4|one|2 0x10 -3.5e1 nope|last");
}

#[test]
fn reading_and_writing_share_a_position() {
    let text = run(
        "position",
        "local name = ...
         local file = assert(io.open(name, 'w+'))
         file:write('abcdef')
         file:seek('set', 1)
         local read = file:read(2)
         file:write('XY')
         file:seek('set')
         local all = file:read('a')
         file:close()
         local more = assert(io.open(name, 'a'))
         more:write('!')
         more:close()
         return read .. ' ' .. all .. ' ' .. io.lines(name)()",
    );
    assert_eq!(text, "bc abcXYf abcXYf!");
}

#[test]
fn failures_are_told_with_name_and_number() {
    let text = run(
        "failures",
        "local name = ...
         local file, message, code = io.open(name .. '/none')
         assert(file == nil and message:sub(1, #name) == name and code == 2, message)
         local made = io.open(name, 'w')
         made:close()
         local reader = io.open(name)
         local done, reason, number = reader:write('x')
         reader:close()
         local ok, closed = pcall(reader.read, reader)
         local bad, mode = pcall(io.open, name, 'rw')
         return tostring(done) .. number .. ' ' .. closed .. ' ' .. mode",
    );
    assert!(text.starts_with("nil9 attempt to use a closed file"), "{text}");
    assert!(text.ends_with("bad argument #2 to 'io.open' (invalid mode)"), "{text}");
}

#[test]
fn programs_without_access_are_refused_by_name() {
    let mut vm = Vm::new();
    vm.open_selected(&LibraryOptions::sandboxed()).unwrap();
    for name in ["io.open", "io.popen", "os.remove", "os.execute", "os.exit", "os.getenv"] {
        let program = format!("local ok, message = pcall({name}, 'x') return message");
        let results = vm.eval(program.as_bytes(), "=program").unwrap();
        let message = String::from_utf8_lossy(vm.bytes(results[0]).unwrap());
        assert_eq!(message, format!("'{name}' is not available to this program"));
    }
    let results = vm.eval(b"return debug.getregistry, package.loaded.io == io", "=p").unwrap();
    assert!(results[0].is_nil() && !results[1].is_falsy());
}
