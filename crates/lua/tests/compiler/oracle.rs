//! PUC-Rio 5.4 beside our compiler: the same source to both, bytes or messages compared.

use lua::bytecode::Function;
use lua::chunk::{UnverifiedChunk, dump, undump, verify};
use lua::compiler::compile;
use mlua::{Lua, Value};
use std::path::{Path, PathBuf};

/// The Lua files of this test, by name, and those of the folders that `LUA_CORPUS` names,
/// separated by colons. A first line that starts with `#` is left out.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compiler/sources");
    let others = std::env::var("LUA_CORPUS").unwrap_or_default();
    let others = others.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut files = Vec::new();
    for folder in std::iter::once(own).chain(others) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "lua") {
                let mut source = std::fs::read(&path).unwrap();
                if source.starts_with(b"#") {
                    let line_end = source.iter().position(|byte| *byte == b'\n');
                    source.drain(..line_end.unwrap_or(source.len()));
                }
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.push((name, source));
            }
        }
    }
    files.sort();
    files
}

/// How many random sources to try: `LUA_MUTATIONS`, else the number given.
pub fn rounds(usual: u64) -> u64 {
    let wanted = std::env::var("LUA_MUTATIONS").ok();
    wanted.map_or(usual, |text| text.parse().unwrap())
}

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
            let traceback = b"\nstack traceback:\n\t[C]";
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
