//! The command from outside: programs, arguments, limits, errors.

mod support;

use support::{Folder, Prompt, moonkeep, run, stderr, stdout};

#[test]
fn home_is_there_in_the_next_process() {
    let folder = Folder::new("home");
    let store = folder.0.join("state.moon");
    let program = "_home.n = (_home.n or 0) + 1
                   local f = _home.f or function() return 'first' end
                   _home.f = function() return 'kept' end
                   print(_home.n, f())";
    let file = folder.write("count.lua", program);
    let options = ["--store", store.to_str().expect("a path")];
    assert_eq!(stdout(&run(&file, &options)), "1\tfirst\n");
    assert_eq!(stdout(&run(&file, &options)), "2\tkept\n");
    assert_eq!(stdout(&run(&file, &[])), "1\tfirst\n");
}

#[test]
fn a_failed_run_stores_nothing_and_says_why() {
    let folder = Folder::new("failed");
    let store = folder.0.join("state.moon");
    let options = ["--store", store.to_str().expect("a path")];
    let good = folder.write("good.lua", "_home.x = (_home.x or 0) + 1 print(_home.x)");
    let bad = folder.write("bad.lua", "_home.x = 100\nerror('no')");
    assert_eq!(stdout(&run(&good, &options)), "1\n");
    let failed = run(&bad, &options);
    assert_eq!(failed.status.code(), Some(1));
    assert!(stderr(&failed).contains("bad.lua:2: no"), "{}", stderr(&failed));
    let unstorable = folder.write("co.lua", "_home.ui = { co = coroutine.running() }");
    let failed = run(&unstorable, &options);
    assert_eq!(failed.status.code(), Some(1));
    let expected = "_home.ui.co: a running coroutine cannot be stored";
    assert!(stderr(&failed).contains(expected), "{}", stderr(&failed));
    assert_eq!(stdout(&run(&good, &options)), "2\n");
}

#[test]
fn limits_stop_programs() {
    let folder = Folder::new("limits");
    let endless = folder.write("endless.lua", "while true do pcall(function() end) end");
    let fuel = run(&endless, &["--fuel", "100000"]);
    assert_eq!(fuel.status.code(), Some(1));
    assert!(stderr(&fuel).contains("instruction budget"), "{}", stderr(&fuel));
    let time = run(&endless, &["--timeout", "50"]);
    assert!(stderr(&time).contains("time limit"), "{}", stderr(&time));
    let greedy = folder.write("greedy.lua", "local t = {} while true do t[#t + 1] = {} end");
    let memory = run(&greedy, &["--memory", "4000000"]);
    assert!(stderr(&memory).contains("not enough memory"), "{}", stderr(&memory));
}

#[test]
fn arguments_reach_the_program_and_mistakes_are_named() {
    let folder = Folder::new("arguments");
    let file = folder.write("args.lua", "#!/usr/bin/env moonkeep\nprint(..., arg[2], #arg)");
    let output = moonkeep().arg("run").arg(&file).args(["a", "-b"]).output().expect("the command");
    assert_eq!(stdout(&output), "a\t-b\t2\n");
    let missing = run(&folder.0.join("none.lua"), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("none.lua"), "{}", stderr(&missing));
    let wrong = moonkeep().args(["run", "--fuel", "many", "x.lua"]).output().expect("the command");
    assert_eq!(wrong.status.code(), Some(2));
    let syntax = folder.write("syntax.lua", "x = = 1");
    let message = stderr(&run(&syntax, &[]));
    assert!(message.contains("syntax.lua:1: unexpected symbol near '='"), "{message}");
}

#[test]
fn a_second_process_is_told_who_has_the_store() {
    let folder = Folder::new("lock");
    let store = folder.0.join("state.moon");
    let mut first = Prompt::start(&store);
    assert_eq!(first.ask("_home.x = 5 return _home.x"), "5");
    let file = folder.write("read.lua", "print(_home.x)");
    let refused = run(&file, &["--store", store.to_str().expect("a path")]);
    let expected = format!("is held by process {} (moonkeep)", first.child.id());
    assert!(stderr(&refused).contains(&expected), "{}", stderr(&refused));
}

#[test]
fn the_prompt_reads_several_lines_and_prints_values() {
    let folder = Folder::new("prompt");
    let mut prompt = Prompt::start(&folder.0.join("state.moon"));
    assert_eq!(prompt.ask("{1, 'two', x = {y = true}}"), "{1, \"two\", x = {y = true}}");
    assert!(prompt.send("function double(x)"));
    assert!(prompt.send("  return 2 * x"));
    assert!(prompt.send("end"));
    assert_eq!(prompt.ask("double(21), nil, 1.5"), "42\tnil\t1.5");
    assert!(prompt.send("error('not the end')"));
    assert_eq!(prompt.ask("_home"), "{}");
}

#[test]
fn every_command_explains_itself() {
    for command in [&[][..], &["run"], &["repl"], &["verify"], &["inspect"]] {
        let output = moonkeep().args(command).arg("--help").output().expect("the command");
        let text = stdout(&output);
        assert!(output.status.success() && text.contains("Usage: moonkeep"), "{command:?}: {text}");
        assert!(output.stderr.is_empty(), "{command:?}: {}", stderr(&output));
    }
    let run = moonkeep().args(["run", "--help"]).output().expect("the command");
    for option in ["--store", "--fuel", "--memory", "--timeout"] {
        assert!(stdout(&run).contains(option), "{option}");
    }
    for wrong in [&[][..], &["walk"], &["run"], &["repl", "--fuel"], &["verify"]] {
        let output = moonkeep().args(wrong).output().expect("the command");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && stderr(&output).contains("--help"), "{wrong:?}");
    }
}

#[test]
fn a_program_ends_with_the_code_that_it_asks_for_and_commits_nothing_then() {
    let folder = Folder::new("exit");
    let store = folder.0.join("state.moon");
    let options = ["--store", store.to_str().expect("a path")];
    let look = folder.write("look.lua", "print(_home.x)");
    for (argument, code) in [("7", 7), ("true", 0), ("false", 1), ("", 0), ("3, true", 3)] {
        let program = format!("_home.x = 1 io.write('written') os.exit({argument})");
        let file = folder.write("exit.lua", &program);
        let output = run(&file, &options);
        assert_eq!(output.status.code(), Some(code), "{argument}");
        assert_eq!(stdout(&output), "written", "{argument}");
        assert_eq!(stdout(&run(&look, &options)), "nil\n", "{argument}");
    }
}

/// The prompt in a terminal, which `script` is to it: answers lines with what it shows, and is
/// told the next one when it asks, because a terminal that is set up anew drops what was typed.
#[cfg(target_os = "linux")]
fn converse(home: &std::path::Path, lines: &[(&str, &str)]) {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};
    let mut child = Command::new("timeout")
        .args([
            "60",
            "script",
            "-qec",
            concat!(env!("CARGO_BIN_EXE_moonkeep"), " repl"),
            "/dev/null",
        ])
        .env("HOME", home)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a terminal (`timeout` and `script`, which Debian always has)");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    let mut shown = Vec::new();
    for (line, expected) in [("", "> ")].iter().chain(lines) {
        input.write_all(line.as_bytes()).expect("it reads");
        shown.clear();
        let asks = |shown: &[u8]| {
            let text = String::from_utf8_lossy(shown).into_owned();
            text.find(expected).is_some_and(|at| text[at..].contains("> "))
        };
        while !asks(&shown) {
            let mut bytes = [0; 256];
            let count = output.read(&mut bytes).expect("it answers");
            assert!(count > 0, "{line:?}: {}", String::from_utf8_lossy(&shown));
            shown.extend_from_slice(&bytes[..count]);
        }
    }
    input.write_all(b"\x04").expect("it reads");
    assert!(child.wait().expect("it ends").success());
}

/// The second session is asked for what the first one read last, a chunk of several lines.
#[cfg(target_os = "linux")]
#[test]
fn the_prompt_remembers_chunks_of_several_lines_for_the_next_session() {
    let folder = Folder::new("history");
    let first = [
        ("1 + 1\r", "\n2\r\n"),
        ("(function()\r", ">> "),
        ("return 6 * 7\r", ">> "),
        ("end)()\r", "\n42\r\n"),
    ];
    converse(&folder.0, &first);
    let history = std::fs::read_to_string(folder.0.join(".moonkeep_history")).expect("a history");
    assert!(history.contains("1 + 1\n") && history.contains("6 * 7"), "{history}");
    converse(&folder.0, &[("\x1b[A\r", "\n42\r\n")]);
}
