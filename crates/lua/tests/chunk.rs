//! Binary chunks against PUC-Rio Lua 5.4: both read what the other writes, byte for byte.

use lua::chunk::{dump, undump};
use mlua::{ChunkMode, Lua};
use std::fmt::Write as _;

const CONSTRUCTS: &str = include_str!("chunks/constructs.lua");

/// What PUC-Rio makes of a source.
fn puc_dump(lua: &Lua, source: &str, strip: bool) -> Vec<u8> {
    lua.load(source).set_name("=corpus").into_function().unwrap().dump(strip)
}

/// PUC-Rio's message about a chunk that it refuses, without the chunk's name.
fn puc_error(lua: &Lua, bytes: &[u8]) -> String {
    let load: mlua::Function = lua.globals().get("load").unwrap();
    let bytes = lua.create_string(bytes).unwrap();
    let (function, message): (mlua::Value, String) = load.call((bytes, "=c", "b")).unwrap();
    assert!(function.is_nil());
    message.trim_start_matches("c: ").to_owned()
}

/// A source with more constants than an instruction's operands can name.
fn many_constants() -> String {
    let mut source = String::from("local t = {}\nreturn {");
    for i in 0..70_000 {
        write!(source, "{i}.25,").unwrap();
    }
    source.push_str("}, t.x, t:method(), t.x + 70001.25, t.x == 70002.25, t.x & 70003");
    source
}

/// A source whose functions lie on lines far apart, so that absolute lines occur.
fn distant_lines() -> String {
    let mut source = String::new();
    for i in 0..40 {
        source.push_str(&"\n".repeat(i * 13));
        write!(source, "local function f{i}(a, b) local c = a {}return c end", "\n".repeat(i * 9))
            .unwrap();
    }
    source.push_str("\nlocal x = 0");
    for _ in 0..500 {
        source.push_str(" x = x + 1");
    }
    source
}

fn corpus() -> Vec<String> {
    vec![
        String::new(),
        CONSTRUCTS.to_owned(),
        many_constants(),
        distant_lines(),
        "return ...".to_owned(),
        "goto a ::a:: ::b:: do goto b end".to_owned(),
        format!("return {}", "function() return ".repeat(90) + &"end ".repeat(90)),
        format!("local {} = 1", (0..199).map(|i| format!("v{i}")).collect::<Vec<_>>().join(",")),
    ]
}

#[test]
fn what_puc_writes_is_read_and_written_back_byte_for_byte() {
    let lua = Lua::new();
    for source in corpus() {
        let full = puc_dump(&lua, &source, false);
        let stripped = puc_dump(&lua, &source, true);
        let function = undump(&full).unwrap().function().clone();
        assert!(dump(&function, false) == full);
        assert!(dump(&function, true) == stripped);
        let function = undump(&stripped).unwrap().function().clone();
        let again = dump(&function, false);
        let reloaded =
            lua.load(&again[..]).set_mode(ChunkMode::Binary).into_function().unwrap().dump(false);
        assert!(reloaded == again, "a stripped chunk that is dumped with debug information");
    }
}

#[test]
fn every_prefix_of_a_chunk_is_truncated() {
    let full = puc_dump(&Lua::new(), CONSTRUCTS, false);
    for size in 0..full.len() {
        let error = undump(&full[..size]).unwrap_err();
        assert!(error.is_truncated());
        assert_eq!(error.to_string(), "bad binary format (truncated chunk)");
    }
}

#[test]
fn a_damaged_header_is_reported_in_puc_words() {
    let lua = Lua::new();
    let full = puc_dump(&lua, "return 1", false);
    for index in 1..31 {
        let mut damaged = full.clone();
        damaged[index] ^= 0x20;
        assert_eq!(undump(&damaged).unwrap_err().to_string(), puc_error(&lua, &damaged));
    }
}

/// The header, an upvalue count and the start of a function up to the given fields.
fn crafted(fields: &[u8]) -> Vec<u8> {
    let mut bytes = dump(&lua::bytecode::Function::default(), true)[..32].to_vec();
    bytes.extend_from_slice(fields);
    bytes
}

#[test]
fn declared_counts_beyond_the_bytes_allocate_nothing() {
    let huge = [0x07, 0x7f, 0x7f, 0xfe];
    let head = [0x80, 0x80, 0x80, 0, 0, 2];
    // Code, constants, upvalues, nested functions, line differences: one after the other.
    for zeros in 0..5 {
        let mut fields = head.to_vec();
        fields.extend(std::iter::repeat_n(0x80, zeros));
        fields.extend(huge);
        assert!(undump(&crafted(&fields)).unwrap_err().is_truncated());
    }
    let mut fields = head.to_vec();
    fields.extend([0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0xff]);
    let error = undump(&crafted(&fields)).unwrap_err();
    assert_eq!(error.to_string(), "bad binary format (integer overflow)");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        let mut function = lua::bytecode::Function::default();
        for _ in 1..depth {
            let parent =
                lua::bytecode::Function { functions: vec![function], ..Default::default() };
            function = parent;
        }
        undump(&dump(&function, false))
    };
    assert!(nested(200).is_ok());
    let error = nested(201).unwrap_err();
    assert_eq!(error.to_string(), "bad binary format (functions nested too deeply)");
}
