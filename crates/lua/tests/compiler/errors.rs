//! Programs that are wrong, each in its own way: both compilers must say the same about them.

use super::oracle::{compare, puc_compile};
use lua::compiler::compile;
use mlua::Lua;

/// Wrong programs, one per line group, separated by lines of `----`.
const WRONG: &[u8] = include_bytes!("sources/wrong.txt");

fn wrong_programs() -> Vec<&'static [u8]> {
    let text = WRONG.strip_suffix(b"\n").unwrap();
    let mut programs = Vec::new();
    let mut start = 0;
    let separator = b"\n----\n";
    for at in 0..text.len() {
        if text[at..].starts_with(separator) {
            programs.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    programs.push(&text[start..]);
    programs
}

fn check_error(lua: &Lua, source: &[u8], name: &str) {
    let shown = String::from_utf8_lossy(&source[..source.len().min(200)]).into_owned();
    assert!(puc_compile(lua, source, name).is_err(), "PUC-Rio accepts {shown:?}");
    if let Err(difference) = compare(lua, source, name) {
        panic!("{shown:?}\n{difference}");
    }
}

#[test]
fn messages() {
    let lua = Lua::new();
    let programs = wrong_programs();
    assert!(programs.len() > 100, "{} programs", programs.len());
    for program in programs {
        check_error(&lua, program, "=wrong");
    }
}

/// Bytes that a text file cannot hold comfortably.
#[test]
fn odd_bytes() {
    let lua = Lua::new();
    let sources: [&[u8]; 22] = [
        b"x = \0",
        b"\0",
        b"x = 1 \0 2",
        b"x\0y = 1",
        b"x = 'a\0b' c",
        b"x = 'a\0b",
        b"x = [[a\0b",
        b"x = '\\\0'",
        b"x = '\\x\0'",
        b"x = 1\0",
        b"\xef\xbb\xbfx = 1",
        b"x = \xff",
        b"\x80 = 1",
        b"x = '\xff' \xfe",
        b"x = '\xff\xfe",
        b"x = 1\x01",
        b"x = 1 \x7f",
        b"goto \xc3\xa9",
        b"x = 'a\\\r\nb\\\n\rc' = 1",
        b"\r\n\n\r\r\n\nx = = 1",
        b"--[[\r\n\r\n]] x = [=[\r\n\r]=] = 1",
        b"x = '\\u{110000000}'",
    ];
    for source in sources {
        check_error(&lua, source, "=odd");
    }
}

#[test]
fn chunk_names() {
    let lua = Lua::new();
    let long = "n".repeat(80);
    let names = [
        "=name".to_string(),
        "@file.lua".to_string(),
        format!("={long}"),
        format!("@{long}/end.lua"),
        "=".into(),
        "@".into(),
        String::new(),
        "return 1".into(),
        "line one\nline two".into(),
        long.clone(),
        format!("{}\n", &long[..40]),
        long[..44].to_string(),
        long[..45].to_string(),
        long[..46].to_string(),
        format!("@{}", &long[..59]),
        format!("@{}", &long[..60]),
        format!("={}", &long[..60]),
    ];
    for name in names {
        check_error(&lua, b"x = = 1", &name);
        compare(&lua, b"return 1", &name).unwrap();
    }
}

/// Sources at the language's limits, just inside (both accept) and just outside.
#[test]
fn limits() {
    let lua = Lua::new();
    let names = |prefix: &str, count: usize| {
        (0..count).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>().join(",")
    };
    let locals = |count| format!("local {}", names("a", count));
    let nested_locals = |count| format!("\n\nlocal function f() {} end", locals(count));
    let upvalues = |count: usize| {
        let outer = |prefix, count| format!("local {} ", names(prefix, count));
        let used = |prefix, count| format!("x({}) ", names(prefix, count));
        format!(
            "{} local function g() {}\nlocal function f() {}{} end end",
            outer("a", 150),
            outer("b", count),
            used("a", 150),
            used("b", count),
        )
    };
    let registers = |count| format!("local x = f({})", vec!["a"; count].join(","));
    let parameters = |count| format!("local function f({}) end", names("p", count));
    let concat = |count| format!("return {}", vec!["a"; count].join(".."));
    let targets = |count| format!("{} = 1", names("g", count));
    let mut accepted = 0;
    let mut refused = 0;
    let mut sources = Vec::new();
    for count in [1, 199, 200, 201, 202, 300] {
        sources.extend([locals(count), nested_locals(count), parameters(count)]);
        sources.extend([concat(count.min(180)), targets(count.min(180)), targets(count + 200)]);
    }
    for count in [100, 103, 104, 105, 106, 110, 150] {
        sources.push(upvalues(count));
    }
    for count in 245..260 {
        sources.push(registers(count));
    }
    for source in sources {
        match compile(source.as_bytes(), b"=limits") {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
        if let Err(difference) = compare(&lua, source.as_bytes(), "=limits") {
            panic!("{}\n{difference}", &source[..source.len().min(300)]);
        }
    }
    assert!(accepted > 10 && refused > 10, "{accepted} accepted, {refused} refused");
}

#[test]
fn incomplete_sources_are_told_apart() {
    let incomplete =
        ["do", "x = ", "x = 'a", "f(", "x = [[a", "--[[", "local function f()", "x = {1,", "if x"];
    for source in incomplete {
        assert!(compile(source.as_bytes(), b"=stdin").unwrap_err().is_incomplete(), "{source}");
    }
    for source in ["x = = ", "end", "x = 'a\n", "x = 1 1", "goto x", "break"] {
        assert!(!compile(source.as_bytes(), b"=stdin").unwrap_err().is_incomplete(), "{source}");
    }
}
