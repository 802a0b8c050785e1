//! Runs one file of the official Lua test suite, whose folder is the current one:
//! `cargo run --release --example official -- FILE`.

use lua::{Call, Libraries, Throw, Value, Vm};

/// Sets the switches of the suite, then runs the file that is the first argument.
const DRIVER: &[u8] = b"
local file = ...
_port, _soft, _nomsg = true, false, true
arg = {[0] = file, [-1] = 'moonkeep'}
ARG = arg
function Message () end
local run = assert(loadfile(file))
debug = nil
if file == 'big.lua' then
  local half = coroutine.wrap(run)
  assert(half() == 'b')
  assert(half() == 'a')
else
  run(file)
end
";

fn handler(call: &mut Call<'_>) -> Result<usize, Throw> {
    let message = match call.vm.bytes(call.arg(0)) {
        Some(text) => text.to_vec(),
        None => format!("(error object is a {} value)", call.arg(0).type_of().name()).into_bytes(),
    };
    let (thread, _) = call.vm.running();
    let text = call.vm.traceback(thread, Some(&message), 1);
    call.ret_string(&text)
}

fn run(vm: &mut Vm, file: &str) -> Result<bool, Throw> {
    vm.open_libraries()?;
    vm.set_source_loader(Box::new(lua::FileSources));
    let handler = vm.register("official.handler", handler);
    let driver = vm.load(DRIVER, "=driver")?;
    let file = vm.string(file)?;
    let xpcall = vm.field(vm.globals(), "xpcall");
    let results = vm.call(xpcall, &[driver, Value::native(handler), file])?;
    if results[0].is_falsy() {
        let text = vm.bytes(results[1]).unwrap_or(b"no message").to_vec();
        eprintln!("{}", String::from_utf8_lossy(&text));
    }
    Ok(!results[0].is_falsy())
}

fn main() -> std::process::ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: official FILE");
        return std::process::ExitCode::from(2);
    };
    let mut vm = Vm::new();
    match run(&mut vm, &file) {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(throw) => {
            eprintln!("{throw:?}");
            std::process::ExitCode::FAILURE
        }
    }
}
