//! The debug library beside PUC-Rio's: the same programs, the same texts.

use lua::Libraries;
use mlua::{Lua, StdLib};

/// Runs a program that returns one string here and in PUC-Rio Lua; what a traceback shows beyond
/// the main chunk is the host's and not compared.
#[track_caller]
fn same(program: &str) -> String {
    let mut vm = lua::Vm::new();
    vm.open_libraries().unwrap();
    let ours = match vm.eval(program.as_bytes(), "=program") {
        Ok(values) => values[0],
        Err(_) => vm.thrown(),
    };
    let ours = String::from_utf8_lossy(vm.bytes(ours).unwrap_or(b"no string")).into_owned();
    let theirs = match oracle().load(program).set_name("=program").eval::<String>() {
        Ok(text) => text,
        Err(error) => panic!("PUC-Rio: {error}\n{program}"),
    };
    let (ours, theirs) = (until_main(&ours), until_main(&theirs));
    assert_eq!(ours, theirs, "\n{program}");
    ours.to_owned()
}

fn until_main(text: &str) -> &str {
    match text.find("in main chunk") {
        Some(end) => &text[..end],
        None => text,
    }
}

/// PUC-Rio Lua with the debug library, which counts as unsafe.
fn oracle() -> Lua {
    // SAFETY: the programs are this file's own and load no binary chunks or C libraries.
    unsafe { Lua::unsafe_new_with(StdLib::ALL, mlua::LuaOptions::default()) }
}

#[test]
fn tracebacks_name_functions() {
    let text = same(
        "local function inner() return (debug.traceback('message')) end
         local object = {method = function(self) return (inner()) end}
         function shared() return (object:method()) end
         local t = {field = function() return (shared()) end}
         local function tail() return (t.field()) end
         local function hidden() return tail() end
         local meta = setmetatable or debug.setmetatable
         local adder = meta({}, {__add = function() return (hidden()) end,
                                 __concat = function(a, b) return (a + b) end,
                                 __index = function(a) return (a .. a) end})
         return (adder[1])",
    );
    for wanted in [
        "in upvalue 'inner'",
        "in method 'method'",
        "in function 'shared'",
        "in field 'field'",
        "(...tail calls...)",
        "in metamethod 'add'",
        "in metamethod 'concat'",
        "in metamethod 'index'",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn long_tracebacks_are_cut() {
    for depth in [5, 18, 19, 20, 21, 22, 23, 24, 40, 1000] {
        let text = same(&format!(
            "local function deep(n)
               if n > 0 then local s = deep(n - 1) return s end
               return (debug.traceback())
             end
             return (deep({depth}))"
        ));
        assert_eq!(text.contains("skipping"), depth > 20, "{depth}: {text}");
    }
}

#[test]
fn tracebacks_take_messages_and_levels() {
    same("local function f() return debug.traceback('a\\nb', 2) end local s = f() return s");
    same("return debug.traceback(12, 100)");
    same("return debug.traceback('no level', -1)");
    same("local t = {} return debug.traceback(t) == t and 'same' or 'other'");
    same("return (debug.traceback('x', 0))");
    same("local _, m = pcall(debug.traceback, 'x', {}) return m");
}

/// Joins what a program adds with `show`.
#[track_caller]
fn shown(program: &str) -> String {
    same(&format!(
        "local out = ''
         local function show(...)
           for _, value in next, {{...}} do out = out .. (value == nil and 'nil' or
             value == true and 'true' or value == false and 'false' or value) .. ' ' end
         end
         {program}
         return out"
    ))
}

#[test]
fn getinfo_describes_functions_and_levels() {
    shown(
        "local function f(a, b, ...)
           local info = debug.getinfo(1)
           show(info.name, info.namewhat, info.nups, info.nparams, info.isvararg, info.what)
           show(info.linedefined, info.lastlinedefined, info.currentline, info.source)
           show(info.short_src, info.istailcall, info.func == f, info.ftransfer, info.ntransfer)
           show(debug.getinfo(0, 'n').name, debug.getinfo(0, 'S').what)
           for line in next, debug.getinfo(1, 'L').activelines do show(line > 0) end
         end
         f()
         local g = f
         g(1, 2, 3)
         local info = debug.getinfo(pcall)
         show(info.what, info.nups, info.isvararg, info.currentline, info.short_src)
         show(info.linedefined, info.activelines == nil, info.name == nil, info.namewhat)",
    );
    shown("show(debug.getinfo(1000) == nil, debug.getinfo(-1) == nil)");
    for bad in ["'X'", "'>'", "'>f'", "'S>'", "{}"] {
        shown(&format!("local _, m = pcall(debug.getinfo, 1, {bad}) show(m)"));
    }
    shown("local _, m = pcall(debug.getinfo, 'x') show(m)");
    shown("local _, m = pcall(debug.getinfo) show(m)");
}

#[test]
fn locals_are_read_and_written() {
    shown(
        "local function f(a, b, ...)
           local c, d = 3, 4
           do local hidden = 1 end
           local n = 1
           while true do
             local name, value = debug.getlocal(1, n)
             if not name then break end
             if name ~= '(temporary)' then show(name, value) end
             n = n + 1
           end
           show(debug.getlocal(1, -1)) show(debug.getlocal(1, -2))
           show(debug.getlocal(1, -3) == nil)
           show(debug.setlocal(1, 1, 'new'), a)
           show(debug.setlocal(1, -1, 'var'), (...))
           show(debug.setlocal(1, 100, 'var') == nil)
         end
         f(1, 2, 'x', 'y')
         show(debug.getlocal(f, 1), debug.getlocal(f, 2), debug.getlocal(f, 3) == nil)
         show(debug.getlocal(pcall, 1) == nil)",
    );
    shown("local _, m = pcall(debug.getlocal, 100, 1) show(m)");
    shown("local _, m = pcall(debug.setlocal, 100, 1, 1) show(m)");
    shown("local _, m = pcall(debug.setlocal, 1, 1) show(m)");
}

#[test]
fn upvalues_are_read_written_and_joined() {
    shown(
        "local a, b = 1, 2
         local function f() return a, b end
         local function g() return b, a end
         show(debug.getupvalue(f, 1)) show(debug.getupvalue(f, 2))
         show(debug.getupvalue(f, 3) == nil, debug.getupvalue(pcall, 1) == nil)
         show(debug.setupvalue(f, 1, 10), a, debug.setupvalue(f, 9, 1) == nil)
         show(debug.upvalueid(f, 1) == debug.upvalueid(g, 2))
         show(debug.upvalueid(f, 1) == debug.upvalueid(g, 1))
         show(debug.upvalueid(f, 3) == nil)
         debug.upvaluejoin(f, 1, g, 1)
         show(f())
         b = 7
         show(f())",
    );
    for call in [
        "upvaluejoin, print, 1, print, 1",
        "upvalueid, 1, 1",
        "getupvalue, 1, 1",
        "upvaluejoin, function() return show end, 2, function() return show end, 1",
        "setupvalue, print, 1",
        "getupvalue, print, 'x'",
    ] {
        shown(&format!("local _, m = pcall(debug.{call}) show(m)"));
    }
}

#[test]
fn hooks_are_called() {
    shown(
        "local function event(e, line)
           local info = debug.getinfo(2, 'nSlr')
           show(e, line, info.what, info.name or '?', info.currentline, info.ftransfer,
             info.ntransfer, debug.getinfo(1, 'n').namewhat, '\\n')
         end
         local function f(a, ...)
           local b = a
           for i = 1, 3 do b = b + i end
           return b, ...
         end
         local function tail(x) return f(x, 2) end
         debug.sethook(event, 'crl')
         local x = tail(1)
         pcall(f, 4)
         next({})
         debug.sethook()
         x = f(1)
         show(debug.gethook() == nil)",
    );
    shown(
        "local count = 0
         debug.sethook(function() count = count + 1 end, '', 1)
         for i = 1, 100 do end
         local f, mask, n = debug.gethook()
         debug.sethook()
         show(count, mask, n)",
    );
    shown(
        "local ok, m = pcall(function()
           debug.sethook(function() debug.sethook() error('from the hook', 0) end, 'l')
           return 1
         end)
         show(ok, m)",
    );
    shown("local _, m = pcall(debug.sethook, 1, 'c') show(m)");
    shown("local _, m = pcall(debug.sethook, print) show(m)");
}

/// Under a count hook every instruction goes its long way: the same results, the same counts.
#[test]
fn instructions_do_the_same_when_counted() {
    let programs = [
        "local n = 0 for i = 1.0, 2.0, 0.25 do n = n + i end r = n",
        "local n = 0 for i = 10, 1, -3 do n = n + i end r = n",
        "local n = 0 repeat n = n + 1 until n >= 5 r = n",
        "local n = 0 ::top:: n = n + 1 if n < 7 then goto top end r = n",
        "local a, b, n = 1, 2.0, 0 if a == b then n = 1 elseif a ~= 1 then n = 2 end r = n",
        "local a, b = 1, 2.5 r = (a < b and 1 or 2) + (a <= b and 10 or 20) + (b > 2 and 5 or 6)",
        "local a, s = 4, 'x' r = (a == 4 and s == 'x' and a >= 4 and a <= 4 and not (a > 4)) and s",
        "local function f(...) local a, b = ... return b, a end r = select(2, f(1, 2)) .. 'z'",
        "local function f(n) if n == 0 then return 0 end return f(n - 1) end r = f(3)",
        "local o = setmetatable({}, {__index = {m = function(_, x) return x end}}) r = o:m(7)",
        "local v = 5 local function g() v = v + 1 return v end r = g() + g() // 2 % 4 ^ 2 / 8",
        "r = (7 & 3 | 8 ~ 1) << 2 >> 1, ~5",
    ];
    for program in programs {
        shown(&format!(
            "local count, program = 0, load([[{program}]])
             debug.sethook(function() count = count + 1 end, '', 1)
             program()
             debug.sethook()
             local hooked = r
             program()
             show(count, hooked, r)"
        ));
    }
    // A generic `for` counts its preparation as an instruction of its own here.
    shown(
        "local n, t, none = 0, {1, 2, x = 3, 4}, function() end
         debug.sethook(none, '', 1)
         for k, v in pairs(t) do n = n + v end
         for _, v in ipairs(t) do n = n + v end
         for a, b, c in next, t do n = n + (c or 100) end
         debug.sethook()
         show(n)",
    );
}

#[test]
fn metatables_and_user_values() {
    shown(
        "local meta = {__index = {x = 'indexed'}}
         show(debug.setmetatable(10, meta) == 10, (5).x, debug.getmetatable(1) == meta)
         debug.setmetatable(10, nil)
         show(debug.getmetatable(1) == nil)
         show(debug.getuservalue(1) == nil)
         show(debug.setcstacklimit(500))",
    );
    for call in [
        "setmetatable, {}",
        "setmetatable, {}, 1",
        "getmetatable",
        "setuservalue, 1, 2",
        "setcstacklimit",
    ] {
        shown(&format!("local _, m = pcall(debug.{call}) show(m)"));
    }
}
