//! PUC-Rio Lua 5.4 as the reference that other machines are compared with.

use mlua::{Lua, LuaOptions, MultiValue, StdLib, Value};
use std::collections::BTreeMap;

/// What a run of a program showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Everything that it printed; each call of `print` ends a line.
    pub printed: Vec<u8>,
    /// The message of the error that ended it: a syntax error or one at run time. An error value
    /// that is no string is given as its type in parentheses.
    pub error: Option<Vec<u8>>,
    /// Whether the error is one of syntax, so that nothing ran.
    pub is_syntax_error: bool,
    /// The digest that the program returned.
    pub returned: Option<Vec<u8>>,
}

impl Outcome {
    /// Where `found` differs from this, the expected outcome: the first line that does, or the
    /// error, or the result.
    ///
    /// ```
    /// use testkit::program::run_reference;
    /// let (a, b) = (run_reference("print(1) print(2)"), run_reference("print(1) print(3)"));
    /// assert_eq!(a.difference(&a), None);
    /// assert!(a.difference(&b).unwrap().starts_with("line 2"));
    /// ```
    pub fn difference(&self, found: &Outcome) -> Option<String> {
        if self == found {
            return None;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let show = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(text);
        if self.error != found.error {
            let (expected, found) = (show(&self.error), show(&found.error));
            return Some(format!("error\n  expected {expected:?}\n  found    {found:?}"));
        }
        let mut expected_lines = self.printed.split(|&byte| byte == b'\n');
        let mut found_lines = found.printed.split(|&byte| byte == b'\n');
        for number in 1.. {
            match (expected_lines.next(), found_lines.next()) {
                (None, None) => break,
                (expected, found) if expected == found => {}
                (expected, found) => {
                    let (expected, found) = (expected.map(text), found.map(text));
                    return Some(format!(
                        "line {number}\n  expected {}\n  found    {}",
                        expected.as_deref().unwrap_or("nothing more"),
                        found.as_deref().unwrap_or("nothing more"),
                    ));
                }
            }
        }
        let (expected, found) = (show(&self.returned), show(&found.returned));
        Some(format!("result\n  expected {expected:?}\n  found    {found:?}"))
    }
}

/// Runs a program under a machine's own `load` and `pcall`; takes the source and returns whether
/// it was compiled, whether it succeeded, its result or error, and the lines that it printed.
/// `print` is replaced before; nothing but the basic functions is needed. Every machine under
/// test has to be run by this text, so that levels and tracebacks agree.
pub const HARNESS: &str = r##"
local source = ...
local printed, recent = "", ""
local select, tostring, type = select, tostring, type
function print(...)
  for index = 1, select("#", ...) do
    recent = recent .. (index > 1 and "\t" or "") .. tostring((select(index, ...)))
  end
  recent = recent .. "\n"
  if #recent > 4000 then printed, recent = printed .. recent, "" end
end
local chunk, problem = load(source, "=program")
if not chunk then return false, false, problem, "" end
local ok, result = pcall(chunk)
if type(result) ~= "string" then result = "(" .. type(result) .. ")" end
return true, ok, result, printed .. recent
"##;

/// The syntax error of PUC-Rio Lua for `source`, or `None` when it compiles; nothing runs.
///
/// ```
/// let message = testkit::program::check_reference("x =").unwrap();
/// assert_eq!(message, b"program:1: unexpected symbol near <eof>");
/// ```
pub fn check_reference(source: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let lua = machine();
    let load = "local _, problem = load(..., '=program') return problem";
    let checked = lua
        .create_string(source.as_ref())
        .and_then(|source| lua.load(load).call::<Option<mlua::String>>(source));
    match checked {
        Ok(message) => message.map(|message| message.as_bytes().to_vec()),
        Err(problem) => Some(problem.to_string().into_bytes()),
    }
}

/// The binary chunk that PUC-Rio Lua makes of `source`, if it compiles.
///
/// ```
/// assert!(testkit::program::dump_reference("return 1").unwrap().starts_with(b"\x1bLua"));
/// assert_eq!(testkit::program::dump_reference("x ="), None);
/// ```
pub fn dump_reference(source: &str) -> Option<Vec<u8>> {
    let lua = machine();
    let function = lua.load(source).set_name("=program").into_function().ok()?;
    Some(function.dump(false))
}

/// Runs `source`, text or a binary chunk, in a fresh PUC-Rio Lua 5.4.
///
/// ```
/// let yielding = "return coroutine.wrap(function() pcall(coroutine.yield, 'across') end)()";
/// assert_eq!(testkit::program::run_reference(yielding).returned.unwrap(), b"across");
/// let outcome = testkit::program::run_reference("print(1, 2.0) error('no', 0)");
/// assert_eq!(outcome.printed, b"1\t2.0\n");
/// assert_eq!(outcome.error.unwrap(), b"no");
/// assert!(testkit::program::run_reference("x =").is_syntax_error);
/// ```
pub fn run_reference(source: impl AsRef<[u8]>) -> Outcome {
    let lua = machine();
    let ran = lua
        .create_string(source)
        .and_then(|source| lua.load(HARNESS).set_name("=harness").call::<MultiValue>(source));
    match ran {
        Ok(values) => outcome(&values),
        Err(problem) => Outcome {
            printed: Vec::new(),
            error: Some(problem.to_string().into_bytes()),
            is_syntax_error: false,
            returned: None,
        },
    }
}

/// A machine with every library, `debug` included, and with Lua's own `pcall` and `xpcall`.
#[allow(unsafe_code)]
fn machine() -> Lua {
    // Otherwise `pcall` and `xpcall` are replaced by ones that no coroutine can yield across.
    let options = LuaOptions::new().catch_rust_panics(true);
    // Functions of Lua 5.3 that the library has only when it is built to be compatible.
    const COMPATIBILITY: &str = "for _, name in ipairs {'cosh', 'sinh', 'tanh', 'pow', 'frexp', \
        'ldexp', 'log10', 'atan2'} do math[name] = nil end";
    // SAFETY: generated programs use of `debug` only what reads, and upvalues by valid indexes;
    // binary chunks in them come from `string.dump` of the same machine.
    let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, options) };
    // Removing fields of a plain table cannot fail.
    let _ = lua.load(COMPATIBILITY).exec();
    lua
}

fn outcome(values: &MultiValue) -> Outcome {
    let flag = |index: usize| matches!(values.get(index), Some(Value::Boolean(true)));
    let bytes = |index: usize| match values.get(index) {
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        _ => Vec::new(),
    };
    let (compiled, succeeded) = (flag(0), flag(1));
    Outcome {
        printed: bytes(3),
        error: (!succeeded).then(|| bytes(2)),
        is_syntax_error: !compiled,
        returned: succeeded.then(|| bytes(2)),
    }
}

/// Replaces every library function by one that counts its calls.
const COUNTING: &str = r#"
calls = {}
local function count(library, prefix)
  for name, f in next, library do
    if type(f) == "function" then
      local full = prefix .. name
      calls[full] = 0
      library[name] = function(...)
        calls[full] = calls[full] + 1
        return f(...)
      end
    end
  end
end
local names = {"coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"}
for _, name in ipairs(names) do count(_G[name], name .. ".") end
count(_G, "")
"#;

/// How often a program calls each function of the library, by name, such as `string.format`.
/// Calls are counted by replacing the functions, so messages differ from those of a plain run.
///
/// ```
/// let calls = testkit::program::used_functions("('x'):rep(3); ('y'):rep(2)");
/// assert_eq!(calls["string.rep"], 2);
/// assert_eq!(calls["string.byte"], 0);
/// ```
pub fn used_functions(source: &str) -> BTreeMap<String, i64> {
    let lua = machine();
    let counted = lua.load(COUNTING).exec().and_then(|()| {
        let calls: mlua::Table = lua.globals().get("calls")?;
        let counted = calls.pairs::<String, i64>().collect::<mlua::Result<Vec<_>>>()?;
        lua.load(HARNESS).set_name("=harness").call::<MultiValue>(lua.create_string(source)?)?;
        counted.into_iter().map(|(name, _)| Ok((name.clone(), calls.get(name)?))).collect()
    });
    counted.unwrap_or_default()
}
