//! PUC-Rio 5.4 beside our compiler: the same source to both, bytes or messages compared.

use lua::bytecode::Function;
use lua::chunk::{UnverifiedChunk, dump, undump, verify};
use lua::compiler::compile;
use mlua::{Lua, Value};

/// PUC-Rio's answer to a source: the function, or the message about it.
pub fn puc_compile(lua: &Lua, source: &[u8], name: &str) -> Result<mlua::Function, Vec<u8>> {
    let load: mlua::Function = lua.globals().get("load").unwrap();
    let source = lua.create_string(source).unwrap();
    let (function, message): (Value, Value) = load.call((source, name, "t")).unwrap();
    match (function, message) {
        (Value::Function(function), _) => Ok(function),
        (_, Value::String(message)) => {
            // Errors that come without a position get a traceback from mlua.
            let message = message.as_bytes().to_vec();
            let traceback = b"\nstack traceback:";
            let end = message.windows(traceback.len()).position(|part| part == traceback);
            Err(message[..end.unwrap_or(message.len())].to_vec())
        }
        other => panic!("load returned {other:?}"),
    }
}

/// Compares both compilers' answers to a source; a difference is described.
pub fn compare(lua: &Lua, source: &[u8], name: &str) -> Result<(), String> {
    match (puc_compile(lua, source, name), compile(source, name.as_bytes())) {
        (Ok(theirs), Ok(ours)) => {
            if let Err(error) = verify(UnverifiedChunk::new(ours.clone())) {
                return Err(format!("what we made does not verify: {error}"));
            }
            for strip in [false, true] {
                let expected = theirs.dump(strip);
                if expected != dump(&ours, strip) {
                    let unverified = undump(&expected).unwrap();
                    let difference = describe(unverified.function(), &ours, "main");
                    return Err(difference.unwrap_or_else(|| "only bytes differ".into()));
                }
            }
            Ok(())
        }
        (Err(theirs), Err(ours)) if theirs == ours.message() => Ok(()),
        (theirs, ours) => Err(format!(
            "PUC-Rio: {}\nours:    {}",
            theirs.map_or_else(
                |bytes| String::from_utf8_lossy(&bytes).into_owned(),
                |_| "ok".to_string()
            ),
            ours.map_or_else(|error| error.to_string(), |_| "ok".to_string()),
        )),
    }
}

/// The first difference between two functions, in words.
fn describe(theirs: &Function, ours: &Function, path: &str) -> Option<String> {
    let listing = |function: &Function| {
        let names = lua::opcode::NAMES;
        let line = |(pc, i): (usize, &u32)| {
            use lua::opcode::{a, b, c, k, opcode};
            let name = names.get(opcode(*i) as usize).unwrap_or(&"?");
            format!("{pc} {name} {} {} {} {}", a(*i), b(*i), c(*i), k(*i))
        };
        function.code.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let parts = [
        ("code", format!("{:#?}", listing(theirs)), format!("{:#?}", listing(ours))),
        ("constants", format!("{:#?}", theirs.constants), format!("{:#?}", ours.constants)),
        ("upvalues", format!("{:#?}", theirs.upvalues), format!("{:#?}", ours.upvalues)),
        ("lines", format!("{:#?}", theirs.line_info), format!("{:#?}", ours.line_info)),
        ("absolute", format!("{:?}", theirs.absolute_lines), format!("{:?}", ours.absolute_lines)),
        (
            "locals",
            format!("{:#?}", theirs.local_variables),
            format!("{:#?}", ours.local_variables),
        ),
        ("heads", head(theirs), head(ours)),
    ];
    for (what, theirs, ours) in parts {
        if let Some(at) = theirs.lines().zip(ours.lines()).position(|(a, b)| a != b) {
            let around = |text: &str| {
                text.lines().skip(at.saturating_sub(4)).take(8).collect::<Vec<_>>().join("\n")
            };
            let (theirs, ours) = (around(&theirs), around(&ours));
            return Some(format!("{path}: {what}\nPUC-Rio:\n{theirs}\nours:\n{ours}"));
        }
        if theirs != ours {
            return Some(format!("{path}: {what}: one ends before the other\n{theirs}\n{ours}"));
        }
    }
    let pairs = theirs.functions.iter().zip(&ours.functions).enumerate();
    pairs.into_iter().find_map(|(index, (a, b))| describe(a, b, &format!("{path}/{index}")))
}

fn head(function: &Function) -> String {
    format!(
        "lines {} {} parameters {} {} registers {} functions {}",
        function.line_defined,
        function.last_line_defined,
        function.parameter_count,
        function.is_vararg,
        function.register_count,
        function.functions.len()
    )
}
