//! Sources made by rule: sizes that single instructions cannot hold, and long regular shapes.

use super::oracle::{compare, puc_compile};
use lua::compiler::compile;
use mlua::Lua;
use std::fmt::Write as _;

fn check(lua: &Lua, source: &str) {
    assert!(puc_compile(lua, source.as_bytes(), "=big").is_ok());
    if let Err(difference) = compare(lua, source.as_bytes(), "=big") {
        panic!("{}...\n{difference}", &source[..source.len().min(200)]);
    }
}

/// As many constants as it takes to leave one-byte operands, and then LOADK.
#[test]
fn many_constants() {
    let lua = Lua::new();
    for count in [250, 254, 255, 256, 257, 300, 132_000] {
        let mut source = String::from("local t, x = {}, 1\nt = {");
        (0..count).for_each(|i| write!(source, "{i}.25,").unwrap());
        source.push_str("}\nt.a = t.b; t.c = 'str'; t:method(); x = x + 9.75; x = x == 9.75\n");
        source.push_str("x = x & 7000; x = 'new' == x; t['k'] = nil; t[x] = true; global = 'v'\n");
        source.push_str("global.field = global.other; x = x == 'z'; x = x < 1e5; x = -7.25 - x\n");
        source.push_str("local function f() global2 = t.a + x end x = 123456789; x = 'w' .. x");
        check(&lua, &source);
    }
}

/// List and record sizes around what NEWTABLE and SETLIST can hold.
#[test]
fn big_constructors() {
    let lua = Lua::new();
    for count in [49, 50, 51, 99, 100, 255, 256, 257, 300, 511, 512, 513, 12_800, 70_000] {
        let list = "a,".repeat(count);
        check(&lua, &format!("local a; return {{{list}}}"));
        check(&lua, &format!("local a; return {{{list} ...}}"));
        check(&lua, &format!("local a; return {{{list} f()}}"));
        check(&lua, &format!("local a; return {{{list} x = 1, a, y = 2, f()}}"));
        let records: String = (0..count).map(|i| format!("r{i} = a,")).collect();
        check(&lua, &format!("local a; return {{{records}}}"));
    }
}

/// Lines far apart and many instructions in a line, so that absolute lines occur.
#[test]
fn lines() {
    let lua = Lua::new();
    for gap in [1, 126, 127, 128, 129, 300, 70_000] {
        let newlines = "\n".repeat(gap);
        let mut source = String::from("local x, t = 1, {}\n");
        for part in [
            "x = x + y",
            "f(x,",
            "x)",
            "x = {",
            "x,",
            "1}",
            "x = x .. y",
            ".. z",
            "t.x = -",
            "x",
            "local function f(",
            ") return",
            "x end",
            "for i = x,",
            "y do",
            "f() end",
            "if x",
            "then",
            "f() else",
            "g() end",
            "x = a",
            "and b",
            "or c",
            "x = #",
            "t:m",
            "()",
            "for k in",
            "f",
            "(x",
            ")",
            "do",
            "g",
            "(k)",
            "end",
            "repeat",
            "until",
            "x == 1",
        ] {
            source.push_str(part);
            source.push_str(&newlines);
        }
        check(&lua, &source);
    }
    for count in [60, 62, 63, 64, 65, 66, 127, 128, 129, 130, 1000] {
        check(&lua, &format!("local x = 0 {} return x", "x = x + y ".repeat(count)));
        let spaced = "x = x + y\n".repeat(count) + &"\n".repeat(200) + "x = -x y()";
        check(&lua, &format!("local x = 0\n{spaced}"));
        check(&lua, &format!("local x = 0 {}\n x = x .. 1 .. x x()", "x = -x ".repeat(count)));
        check(&lua, &format!("{} function f() end f()", "x = y ".repeat(count)));
    }
}

/// Long chains of what is usually short.
#[test]
fn long_chains() {
    let lua = Lua::new();
    let chain = |start: &str, piece: &str, count: usize, end: &str| {
        format!("{start}{}{end}", piece.repeat(count))
    };
    for count in [1, 2, 3, 50, 1000] {
        for piece in [" + x", " - 1", " * x", " and x", " or x", " == x", " < x", ".y", "[1]", "()"]
        {
            check(&lua, &chain("local x; x = x", piece, count, ""));
            check(&lua, &chain("local x; if x", piece, count, " then f() end"));
            check(&lua, &chain("local x; while not (x", piece, count, ") do f() end"));
        }
        check(&lua, &chain("if x then y() ", "elseif x == 1 then y() ", count, "else z() end"));
        check(&lua, &chain("while x do ", "if x then break end ", count, "end"));
        check(&lua, &chain("do ", "if x then goto out end ", count, "end ::out::"));
        check(&lua, &chain("local a, b; ", "a, b = b, a; ", count, ""));
        check(&lua, &chain("local a <const> = 1; ", "x = x + a; ", count, ""));
        check(&lua, &chain("", "local function f() return f end ", count.min(199), ""));
        check(
            &lua,
            &chain("", "function f() local a; return function() x = a end end ", count, ""),
        );
        check(
            &lua,
            &chain(
                "return {",
                "function() return {...} end,".replace("...", "1").as_str(),
                count,
                "}",
            ),
        );
        check(&lua, &chain("return {", "a and b, a == b, x = a or b,", count, "}"));
    }
    for count in [2, 3, 100, 180] {
        check(&lua, &chain("return x", " .. x", count, ""));
        check(&lua, &chain("return x", " .. 1 .. 'a'", count / 2, ""));
        check(&lua, &chain("return x", " ^ x", count, ""));
    }
}

/// A program of ten million bytes is read in one pass; every part of it costs the same.
#[test]
fn ten_megabytes() {
    let statement =
        "function f(a, b) if a then return a + b.x else g(a, 'text') end return a .. b end ";
    let source = format!("do {statement} end ").repeat(10_000_000 / (statement.len() + 8));
    let function = compile(source.as_bytes(), b"=big").unwrap();
    assert_eq!(function.functions.len(), source.len() / (statement.len() + 8));
    let comment = format!("--[[{}]] return 1", "x\n".repeat(5_000_000));
    assert_eq!(compile(comment.as_bytes(), b"=big").unwrap().constants.len(), 0);
    let text = format!("return '{}'", "\\65\\x42c".repeat(1_250_000));
    assert_eq!(compile(text.as_bytes(), b"=big").unwrap().constants.len(), 1);
    let jumps = format!("while x do {} end", "if x then break end ".repeat(100_000));
    assert!(compile(jumps.as_bytes(), b"=big").is_ok());
    let chain = format!("if x then {} end", "elseif y then z() ".repeat(100_000));
    assert!(compile(chain.as_bytes(), b"=big").is_ok());
    let goto_and_label = |i| format!("goto a{i} ::b{i}:: f() ");
    let gotos: String = (0..50_000).map(goto_and_label).collect();
    let labels: String = (0..50_000).map(|i| format!("::a{i}:: f() ")).collect();
    assert!(compile((gotos + &labels).as_bytes(), b"=big").is_ok());
    let logic = format!("return x{}", " and x or y".repeat(100_000));
    assert!(compile(logic.as_bytes(), b"=big").is_ok());
}

/// Limits that only a very long function meets.
#[test]
fn too_many_of_a_kind() {
    let lua = Lua::new();
    for (piece, limit) in [("do local a end ", 32_767), ("f(function() end) ", 131_071)] {
        compare(&lua, piece.repeat(limit).as_bytes(), "=many").unwrap();
        compare(&lua, piece.repeat(limit + 1).as_bytes(), "=many").unwrap();
        assert!(compile(piece.repeat(limit).as_bytes(), b"=many").is_ok());
        assert!(compile(piece.repeat(limit + 1).as_bytes(), b"=many").is_err());
    }
    for count in [40_000, 140_000] {
        let body = "x = y ".repeat(count / 2);
        compare(&lua, format!("for i = 1, 2 do {body} end").as_bytes(), "=many").unwrap();
        compare(&lua, format!("for i in f do {body} end").as_bytes(), "=many").unwrap();
        compare(&lua, format!("while x do {body} end").as_bytes(), "=many").unwrap();
    }
}
