//! Runs the same program in our VM and in PUC-Rio's, and compares what they print.
#![allow(dead_code, reason = "each test file uses its part")]

use lua::Libraries;
use std::cell::RefCell;
use std::rc::Rc;

/// Runs the program in a protected call and prints its results or its error at the end.
const DRIVER: &str = r#"
local function run(source)
  local f, message = load(source, "=test")
  if not f then return print("syntax error", message) end
  print("end", pcall(f))
end
return run
"#;

/// `print` for PUC-Rio, on top of a function that takes one line.
const PRINT: &str = r#"
local write, tostring, select, concat = ...
-- PUC-Rio's is built with names of older versions, which its messages then use.
for _, name in ipairs { 'atan2', 'cosh', 'sinh', 'tanh', 'pow', 'frexp', 'ldexp', 'log10' } do
  math[name] = nil
end
function print(...)
  local line = {}
  for i = 1, select('#', ...) do line[i] = tostring((select(i, ...))) end
  write(concat(line, "\t") .. "\n")
end
"#;

type Sink = Rc<RefCell<Vec<u8>>>;

/// What our VM prints.
pub fn run_ours(source: &[u8]) -> String {
    let text = Sink::default();
    let sink = text.clone();
    let mut vm = lua::Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.set_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    let driver = vm.eval(DRIVER.as_bytes(), "=driver").expect("the driver loads")[0];
    let source = vm.string(source).expect("memory suffices");
    vm.call(driver, &[source]).expect("the driver catches all errors");
    readable(&text.borrow())
}

/// What PUC-Rio prints.
pub fn run_puc(source: &[u8]) -> String {
    let text = Sink::default();
    let sink = text.clone();
    // Otherwise mlua puts functions of its own in place of `pcall` and `xpcall`.
    let options = mlua::LuaOptions::new().catch_rust_panics(true);
    let lua = mlua::Lua::new_with(mlua::StdLib::ALL_SAFE, options).expect("a state");
    let write = lua.create_function(move |_, line: mlua::String| {
        sink.borrow_mut().extend_from_slice(&line.as_bytes());
        Ok(())
    });
    let globals = lua.globals();
    let global = |name: &str| globals.get::<mlua::Value>(name).expect("a global");
    let concat: mlua::Value = lua.load("return table.concat").eval().expect("a function");
    lua.load(PRINT)
        .call::<()>((write.expect("a function"), global("tostring"), global("select"), concat))
        .expect("print is defined");
    let driver: mlua::Function =
        lua.load(DRIVER).set_name("=driver").eval().expect("the driver loads");
    let source = lua.create_string(source).expect("memory suffices");
    driver.call::<()>(source).expect("the driver catches all errors");
    readable(&text.borrow())
}

/// Text with addresses made equal.
fn readable(bytes: &[u8]) -> String {
    let text: String = bytes.escape_ascii().to_string().replace("\\n", "\n");
    let mut parts = text.split(": 0x");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str(": 0x?");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out
}

/// Runs a program in both and fails if they print different things.
pub fn compare(source: &str) {
    compare_bytes(source.as_bytes());
}

/// The same for a source of any bytes.
pub fn compare_bytes(source: &[u8]) {
    let (expected, got) = (run_puc(source), run_ours(source));
    let pairs = expected.lines().zip(got.lines()).enumerate();
    let different: Vec<String> = pairs
        .filter(|(_, (theirs, ours))| theirs != ours)
        .map(|(number, (theirs, ours))| format!("{number}: {theirs}\n   we: {ours}"))
        .take(50)
        .collect();
    assert!(
        expected == got,
        "PUC-Rio prints {} lines, we print {}, on\n{}\nlines that differ:\n{}",
        expected.lines().count(),
        got.lines().count(),
        String::from_utf8_lossy(source),
        different.join("\n")
    );
}

/// Compares many programs and reports all differences at once. Each expression is evaluated in a
/// protected call of its own, so that one error does not hide the others.
pub fn compare_all(expressions: &[&str]) {
    let mut differences = Vec::new();
    for expression in expressions {
        let source = match expression.contains("return") || expression.contains('\n') {
            true => expression.to_string(),
            false => format!("return {expression}"),
        };
        let (expected, got) = (run_puc(source.as_bytes()), run_ours(source.as_bytes()));
        if expected != got {
            let text = format!("{expression}\n  PUC-Rio: {expected}  ours:    {got}");
            differences.push(text);
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
