//! Names, lines and local variables as PUC-Rio's messages and `debug.getinfo` show them.

use lua::bytecode::{AbsoluteLine, Function};
use lua::chunk::undump;
use lua::debug_info::{
    CodeView, Name, NameKind, active_lines, call_name, line, local_name, register_name,
    upvalue_name,
};
use lua::opcode::{self, a, b, op};
use mlua::Lua;

/// A `Lua` with the debug library, which counts as unsafe.
fn puc() -> Lua {
    // SAFETY: the tests load sources of their own only.
    unsafe { Lua::unsafe_new() }
}

fn compile(source: &str, strip: bool) -> Function {
    let bytes = Lua::new().load(source).set_name("=test").into_function().unwrap().dump(strip);
    undump(&bytes).unwrap().function().clone()
}

/// PUC-Rio's message when `source` runs, without place and traceback.
fn puc_message(source: &str) -> String {
    let lua = Lua::new();
    let run = lua.load("return select(2, pcall(load(..., '=test')))").into_function().unwrap();
    let message: String = run.call(source).unwrap();
    message.split_once(": ").unwrap().1.to_owned()
}

/// The last instruction of the given kind in the innermost function of `source`.
fn last(source: &str, kind: u32) -> (Function, u32) {
    let mut function = compile(source, false);
    while let Some(nested) = function.functions.pop() {
        function = nested;
    }
    let pc = function.code.iter().rposition(|&i| opcode::opcode(i) == kind).unwrap();
    (function, pc as u32)
}

fn text(name: Option<Name>) -> String {
    let mut bytes = Vec::new();
    if let Some(name) = name {
        name.write(&mut bytes);
    }
    String::from_utf8(bytes).unwrap()
}

/// Checks that the register that `operand` takes from the last `kind` of instruction is named as
/// PUC-Rio names it in its message.
#[track_caller]
fn blames(source: &str, kind: u32, operand: fn(u32) -> usize) {
    let message = puc_message(source);
    let (function, pc) = last(source, kind);
    let ours = text(register_name(&function, pc, operand(function.code[pc as usize])));
    let start = message.find(" (").unwrap_or(message.len());
    let theirs = message[start..].split(" has no").next().unwrap();
    let theirs = if message.starts_with("number (") || message.starts_with("attempt") {
        theirs
    } else {
        panic!("not a message about a variable: {message}")
    };
    assert_eq!(ours, theirs, "{message}");
}

#[test]
fn indexed_values_are_named() {
    for (source, kind) in [
        ("local x; return x.y", op::GETFIELD),
        ("local t = {}; return t.x.y", op::GETFIELD),
        ("return x.y", op::GETFIELD),
        ("local t = {}; return t.x[1]", op::GETI),
        ("local t, k = {}, 'k'; return t[k].y", op::GETFIELD),
        ("local t <const>, k = {}, 'k'; return t[k][k]", op::GETTABLE),
        ("local t = {}; return t[1].y", op::GETFIELD),
        ("local t = {}; return t[true].y", op::GETFIELD),
        ("return ('x').y.z", op::GETFIELD),
        ("return (1).y", op::GETFIELD),
        ("local _ENV = {}; return x.y", op::GETFIELD),
        ("local t = {_ENV = {}}; return t._ENV.x.y", op::GETFIELD),
        ("return (x or y).z", op::GETFIELD),
        ("local a, b; return (a and b).z", op::GETFIELD),
        ("local a; do local b = 1 end; return (a).z", op::GETFIELD),
        ("local t = {}; local function f() return t.x.y end; return f()", op::GETFIELD),
        ("local t; local function f() local a = t; return a.y end; return f()", op::GETFIELD),
        ("return string.x.y", op::GETFIELD),
        ("local function f(...) local a = ...; return a.x end; return f()", op::GETFIELD),
        ("local t = {['a\\0b'] = 1}; return t['a\\0c'].x", op::GETFIELD),
    ] {
        blames(source, kind, b);
    }
    for (source, kind) in [
        ("local x; x.y = 1", op::SETFIELD),
        ("local t = {}; t.x.y = 1", op::SETFIELD),
        ("x.y = 1", op::SETFIELD),
        ("local t = {}; t.x[1] = 1", op::SETI),
        ("local t = {}; t.x[t] = 1", op::SETTABLE),
    ] {
        blames(source, kind, a);
    }
}

#[test]
fn called_values_are_named() {
    for source in [
        "f()",
        "local f; f()",
        "local t = {}; t.f()",
        "local t = {}; t:f()",
        "local t = {}; t.x = t; t.x:f(1, 2)",
        "local t = {}; t[1]()",
        "local f; local function g() f() end; g()",
        "local f; local function g() local h = f; h() end; g()",
        "local t, k = {}, 'k'; t[k]()",
        "('x')()",
        "('x'):nothing()",
        "string.nothing()",
        "local t <const> = {}; (t.x or t.y)()",
        "type(1)(2)",
    ] {
        blames(source, op::CALL, a);
        let (function, pc) = last(source, op::CALL);
        let register = register_name(&function, pc, a(function.code[pc as usize]));
        assert_eq!(call_name(&function, pc), register);
    }
    blames("return f()", op::TAILCALL, a);
    let long = "x".repeat(60);
    let keys = (0..300).map(|i| format!("local _ = 'k{i}' ")).take(150).collect::<String>();
    let many = (0..300).map(|i| format!("t.x = 'k{i}'; ")).collect::<String>();
    blames(&format!("local t = {{}}; {keys} t:{long}()"), op::CALL, a);
    blames(&format!("local t = {{}}; {many} t:{long}()"), op::CALL, a);
    blames(&format!("local t = {{}}; {many} t.{long}()"), op::CALL, a);
}

#[test]
fn operands_are_named() {
    blames("local a; return a + 1", op::MMBINI, a);
    blames("local a; return a + 1000", op::MMBINK, a);
    blames("local a, b = 1; return a + b", op::MMBIN, b);
    blames("local t = {}; return t.x - 1", op::MMBINI, a);
    blames("return x * 2", op::MMBINK, a);
    blames("local s = 'x'; return s .. {}", op::CONCAT, |i| a(i) + 1);
    blames("local t = {}; return 'x' .. t.y", op::CONCAT, |i| a(i) + 1);
    blames("local t = {}; return t.y .. 'x'", op::CONCAT, a);
    blames("return -x", op::UNM, b);
    blames("local a; return #a", op::LEN, b);
    blames("local a = 1.5; return a & 1", op::MMBINK, a);
    blames("local t = {x = 1.5}; return 1 << t.x", op::MMBINI, a);
    blames("local a = {}; return ~a.b", op::BNOT, b);
    let (function, pc) = last("local a = 1; local b = 'text'; return b", op::LOADK);
    let constant = register_name(&function, pc + 1, 2);
    assert_eq!(constant, None, "a register that nothing has set");
}

/// How PUC-Rio says the function `probe` was called when `source` runs.
fn puc_call(source: &str) -> String {
    let lua = puc();
    lua.load(
        "function probe() local i = debug.getinfo(2, 'n'); seen = i.name and \
         (' (' .. i.namewhat .. \" '\" .. i.name .. \"')\") or '' end \
         function called(...) probe() end",
    )
    .exec()
    .unwrap();
    lua.load(source).exec().unwrap();
    lua.globals().get("seen").unwrap()
}

#[test]
fn calls_are_named() {
    let with = |event: &str, rest: &str| {
        format!("local x = setmetatable({{}}, {{ __{event} = called }}) local y {rest}")
    };
    for (source, kind) in [
        ("called()".to_owned(), op::CALL),
        ("local f = called f()".to_owned(), op::CALL),
        ("local t = { f = called } t.f()".to_owned(), op::CALL),
        ("local t = { f = called } t:f()".to_owned(), op::CALL),
        ("local t = { called } t[1]()".to_owned(), op::CALL),
        ("(called or x)()".to_owned(), op::CALL),
        ("for i in called do end".to_owned(), op::TFORCALL),
        (with("index", "y = x.y"), op::GETFIELD),
        (with("index", "y = x[1]"), op::GETI),
        (with("index", "y = x[y]"), op::GETTABLE),
        (with("index", "pcall(function() x:y() end)"), op::SELF),
        (with("index", "local _ENV = x y = z"), op::GETFIELD),
        (with("newindex", "x.y = 1"), op::SETFIELD),
        (with("newindex", "x[1] = 1"), op::SETI),
        (with("newindex", "x[x] = 1"), op::SETTABLE),
        (with("add", "y = x + x"), op::MMBIN),
        (with("sub", "y = x - 1"), op::MMBINI),
        (with("mul", "y = x * 2"), op::MMBINK),
        (with("mod", "y = x % 2"), op::MMBINK),
        (with("pow", "y = x ^ 2"), op::MMBINK),
        (with("div", "y = x / 2"), op::MMBINK),
        (with("idiv", "y = x // 2"), op::MMBINK),
        (with("band", "y = x & 2"), op::MMBINK),
        (with("bor", "y = x | 2"), op::MMBINK),
        (with("bxor", "y = x ~ 2"), op::MMBINK),
        (with("shl", "y = x << 2"), op::MMBINI),
        (with("shl", "y = 2 << x"), op::MMBINI),
        (with("shr", "y = x >> 2"), op::MMBINI),
        (with("shr", "y = x >> x"), op::MMBIN),
        (with("unm", "y = -x"), op::UNM),
        (with("bnot", "y = ~x"), op::BNOT),
        (with("len", "y = #x"), op::LEN),
        (with("concat", "y = x .. 1"), op::CONCAT),
        (with("eq", "y = x == {}"), op::EQ),
        (with("lt", "y = x < x"), op::LT),
        (with("lt", "y = x < 1"), op::LTI),
        (with("lt", "y = x > 1"), op::GTI),
        (with("le", "y = x <= x"), op::LE),
        (with("le", "y = x <= 1"), op::LEI),
        (with("le", "y = x >= 1"), op::GEI),
        (with("close", "do local z <close> = x end"), op::CLOSE),
        (with("close", "local z <close> = x"), op::RETURN),
    ] {
        let (function, pc) = last(&source, kind);
        assert_eq!(text(call_name(&function, pc)), puc_call(&source), "{source}");
    }
    let (function, pc) = last("local a = 1", op::LOADI);
    assert_eq!(call_name(&function, pc), None);
}

#[test]
fn a_global_needs_its_environment() {
    let (function, pc) = last("local t = {} return t.x.y", op::GETFIELD);
    let name = register_name(&function, pc, b(function.code[pc as usize])).unwrap();
    assert_eq!((name.kind, &name.name[..]), (NameKind::Field, &b"x"[..]));
    let stripped = compile("return x.y", true);
    let pc = stripped.code.iter().position(|&i| opcode::opcode(i) == op::GETFIELD).unwrap();
    let name = text(register_name(&stripped, pc as u32, 0));
    assert_eq!(name, " (field 'x')", "without debug information nothing is known to be global");
    assert_eq!(text(Some(upvalue_name(&stripped, 0))), " (upvalue '?')");
}

#[test]
fn lines_are_those_of_puc() {
    let source = include_str!("chunks/constructs.lua");
    let distant = (0..300).map(|i| format!("x = {i};{}", "\n".repeat(i))).collect::<String>();
    let one_line = format!("\n\n\n{}", "x = y ".repeat(1000));
    for source in [source, &distant, &one_line, "", "return ..."] {
        let main = compile(source, false);
        let lua = puc();
        let valid_lines: mlua::Function = lua
            .load("return debug.getinfo(load(..., '=test'), 'L').activelines")
            .into_function()
            .unwrap();
        let theirs: mlua::Table = valid_lines.call(source).unwrap();
        let mut theirs: Vec<u32> =
            theirs.pairs().map(|p| p.unwrap()).map(|(k, _): (u32, bool)| k).collect();
        theirs.sort_unstable();
        let mut ours: Vec<u32> = active_lines(&main).collect();
        ours.sort_unstable();
        ours.dedup();
        assert_eq!(ours, theirs);

        let each: Vec<u32> = (0..main.code.len() as u32).filter_map(|pc| line(&main, pc)).collect();
        let active: Vec<u32> = active_lines(&main).collect();
        assert_eq!(each[usize::from(main.is_vararg)..], active, "both ways to a line agree");
    }
    assert!(compile(&distant, false).absolute_lines.len() > 100);
    assert!(compile(&one_line, false).absolute_lines.len() > 10);
}

#[test]
fn stripped_code_has_no_lines() {
    let stripped = compile("x = 1", true);
    assert_eq!(line(&stripped, 0), None);
    assert_eq!(active_lines(&stripped).count(), 0);
    let absurd = Function {
        line_info: vec![-1],
        absolute_lines: vec![AbsoluteLine { pc: 9, line: 1 }],
        ..Function::default()
    };
    assert_eq!(line(&absurd, 0), None);
    assert_eq!(line(&absurd, 1), None);
}

#[test]
fn local_variables_are_counted_while_active() {
    let main =
        compile("local a, b = 1, 2; do local c = 3; a = c end; local d = 4; return d", false);
    let names = |pc: usize| {
        (1..).map_while(|n| local_name(&main, n, pc as u32)).collect::<Vec<_>>().concat()
    };
    let at = |value: i32| {
        main.code
            .iter()
            .position(|&i| opcode::opcode(i) == op::LOADI && opcode::sbx(i) == value)
            .unwrap()
    };
    assert_eq!(names(0), b"");
    assert_eq!(names(at(3)), b"ab");
    assert_eq!(names(at(3) + 1), b"abc");
    assert_eq!(names(at(4)), b"ab");
    assert_eq!(names(at(4) + 1), b"abd");
    assert_eq!(local_name(&main, 0, 0), None);
    assert_eq!(CodeView::function(&main).local_variables.len(), 4);
}
