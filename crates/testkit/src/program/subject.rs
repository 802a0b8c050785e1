//! Our machine and our compiler under the same harness as the reference.

use super::reference::{HARNESS, Outcome, dump_reference, run_reference};
use lua::{Libraries, Limits, Throw, Value, Vm};

/// Instructions after which a run counts as endless; programs need far less.
const FUEL: u64 = 2_000_000_000;

/// Runs `source`, text or a binary chunk, in a fresh VM of `crates/lua`.
///
/// ```
/// let outcome = testkit::program::run_moonkeep("error('no', 0)");
/// assert_eq!(outcome.error.unwrap(), b"no");
/// ```
pub fn run_moonkeep(source: impl AsRef<[u8]>) -> Outcome {
    let mut vm = Vm::new();
    vm.set_limits(&Limits { fuel: Some(FUEL), ..Limits::default() });
    match harness(&mut vm, source.as_ref()) {
        Ok(values) => outcome(&vm, &values),
        Err(throw) => Outcome {
            printed: Vec::new(),
            error: Some(vm.thrown_message(throw)),
            is_syntax_error: false,
            returned: None,
        },
    }
}

/// Compiles `source` in PUC-Rio Lua and runs the binary chunk in a fresh VM of `crates/lua`; a
/// text that does not compile is run as it is.
///
/// ```
/// let outcome = testkit::program::run_foreign("local t = {} return tostring(t.x)");
/// assert_eq!(outcome.returned.unwrap(), b"nil");
/// ```
pub fn run_foreign(source: &str) -> Outcome {
    match dump_reference(source) {
        Some(chunk) => run_moonkeep(chunk),
        None => run_moonkeep(source),
    }
}

/// Compiles `source` with our compiler and runs the binary chunk in PUC-Rio Lua.
///
/// ```
/// let outcome = testkit::program::run_compiled("local t = {} return tostring(t.x)");
/// assert_eq!(outcome.returned.unwrap(), b"nil");
/// ```
pub fn run_compiled(source: &str) -> Outcome {
    match lua::compiler::compile(source.as_bytes(), b"=program") {
        Ok(function) => run_reference(lua::chunk::dump(&function, false)),
        Err(problem) => Outcome {
            printed: Vec::new(),
            error: Some(problem.into_message()),
            is_syntax_error: true,
            returned: None,
        },
    }
}

/// The syntax error of our compiler for `source`, or `None` when it compiles.
///
/// ```
/// let message = testkit::program::check_compiler("x =").unwrap();
/// assert_eq!(message, b"program:1: unexpected symbol near <eof>");
/// ```
pub fn check_compiler(source: &str) -> Option<Vec<u8>> {
    lua::compiler::compile(source.as_bytes(), b"=program").err().map(|error| error.into_message())
}

fn harness(vm: &mut Vm, source: &[u8]) -> Result<Vec<Value>, Throw> {
    vm.open_libraries()?;
    let harness = vm.load(HARNESS.as_bytes(), "=harness")?;
    let source = vm.string(source)?;
    vm.call(harness, &[source])
}

fn outcome(vm: &Vm, values: &[Value]) -> Outcome {
    let flag = |index: usize| values.get(index).is_some_and(|value| !value.is_falsy());
    let bytes = |index: usize| {
        values.get(index).and_then(|value| vm.bytes(*value)).map(<[u8]>::to_vec).unwrap_or_default()
    };
    let (compiled, succeeded) = (flag(0), flag(1));
    Outcome {
        printed: bytes(3),
        error: (!succeeded).then(|| bytes(2)),
        is_syntax_error: !compiled,
        returned: succeeded.then(|| bytes(2)),
    }
}
