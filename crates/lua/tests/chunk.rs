//! Binary chunks against PUC-Rio Lua 5.4: both read what the other writes, byte for byte, all
//! that PUC-Rio emits verifies, and no damage to it makes us panic.

use lua::chunk::{UnverifiedChunk, dump, undump, verify};
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
        "x = y ".repeat(1000),
        "goto a ::a:: ::b:: do goto b end".to_owned(),
        format!("return {}", "function() return ".repeat(90) + &"end ".repeat(90)),
        format!("local {} = 1", (0..199).map(|i| format!("v{i}")).collect::<Vec<_>>().join(",")),
    ]
}

#[test]
fn what_puc_writes_verifies_and_is_written_back_byte_for_byte() {
    let lua = Lua::new();
    for source in corpus() {
        let full = puc_dump(&lua, &source, false);
        let stripped = puc_dump(&lua, &source, true);
        let function = verify(undump(&full).unwrap()).unwrap().into_function();
        assert!(dump(&function, false) == full);
        assert!(dump(&function, true) == stripped);
        let function = verify(undump(&stripped).unwrap()).unwrap().into_function();
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

/// A small generator of pseudo-random numbers (splitmix64), so that failures repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % limit as u64) as usize
    }
}

#[test]
fn mutated_bytes_never_panic() {
    let mut random = Random(1);
    let (mut refused, mut verified) = (0, 0);
    for strip in [false, true] {
        let bytes = puc_dump(&Lua::new(), CONSTRUCTS, strip);
        for _ in 0..3000 {
            let mut mutated = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(mutated.len());
                match random.below(4) {
                    0 => mutated[at] = random.below(256) as u8,
                    1 => mutated[at] ^= 1 << random.below(8),
                    2 => drop(mutated.remove(at)),
                    _ => mutated.insert(at, random.below(256) as u8),
                }
            }
            match undump(&mutated).and_then(verify) {
                Ok(chunk) => {
                    let again = dump(chunk.function(), false);
                    assert!(undump(&again).and_then(verify).is_ok());
                    verified += 1;
                }
                Err(error) => {
                    assert!(error.to_string().starts_with("bad binary format ("));
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 1000 && verified > 100, "{refused} refused, {verified} verified");
}

#[test]
fn mutated_instructions_never_panic() {
    let mut random = Random(2);
    let main = undump(&puc_dump(&Lua::new(), CONSTRUCTS, false)).unwrap().function().clone();
    let (mut refused, mut verified) = (0, 0);
    for _ in 0..6000 {
        let mut mutated = main.clone();
        let which = random.below(mutated.functions.len() + 1);
        let function = match which.checked_sub(1) {
            Some(index) => &mut mutated.functions[index],
            None => &mut mutated,
        };
        let (at, from) = (random.below(function.code.len()), random.below(function.code.len()));
        match random.below(3) {
            0 => function.code[at] ^= 1 << random.below(32),
            1 => function.code[at] = function.code[from],
            _ => function.code[at] = (random.below(1 << 32)) as u32,
        }
        match verify(UnverifiedChunk::new(mutated)) {
            Ok(_) => verified += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 1000 && verified > 100, "{refused} refused, {verified} verified");
}
