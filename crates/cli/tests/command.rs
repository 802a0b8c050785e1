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
