//! The machine behind the border, with a host that is a few functions of this file.

use codec::{Message, WireTable, WireValue};
use lua::Vm;
use moonkeep::store::{self, Fault, FaultKind, MemoryStorage, Storage};
use moonkeep_wasm::{Code, Failure, Host, Machine, Medium, Reply, Status};
use std::cell::RefCell;

const HOST: Host = Host { now: || 0.0, call: answer, print: |_| (), open_medium: medium };

thread_local! {
    /// What the store is to be kept in.
    static STORAGE: RefCell<Option<MemoryStorage>> = const { RefCell::new(None) };
}

fn medium(medium: Medium) -> Result<Box<dyn Storage>, store::Error> {
    let missing = || Fault::with_detail(FaultKind::Missing, format!("{medium:?}"));
    let storage = STORAGE.take().ok_or_else(missing)?;
    Ok(Box::new(storage))
}

/// The host: `echo` returns its arguments, `later` waits, others throw a table.
fn answer(_: &mut Vm, request: &[u8]) -> Reply {
    let mut message = Message::decode(request).unwrap();
    match message.values.remove(0) {
        WireValue::String(name) if name == b"echo" => Reply::Results(message.encode().unwrap()),
        WireValue::String(name) if name == b"later" => Reply::Later,
        WireValue::String(name) if name == b"garbage" => Reply::Results(vec![9, 9, 9]),
        _ => Reply::Error(one(WireValue::String(b"refused".to_vec()))),
    }
}

fn one(value: WireValue) -> Vec<u8> {
    Message { values: vec![value], tables: vec![] }.encode().unwrap()
}

fn text(text: &str) -> WireValue {
    WireValue::String(text.as_bytes().to_vec())
}

fn options(entries: &[(&str, i64)]) -> Vec<u8> {
    let entry = |&(name, number): &(&str, i64)| (text(name), WireValue::Integer(number));
    let table = WireTable { array: vec![], entries: entries.iter().map(entry).collect() };
    let message = Message { values: vec![WireValue::Table(0)], tables: vec![table] };
    message.encode().unwrap()
}

fn open(entries: &[(&str, i64)]) -> Machine {
    let mut machine = Machine::open(&options(entries), HOST).unwrap();
    for name in ["echo", "later", "garbage", "refuse"] {
        machine.register(&one(text(name))).unwrap();
    }
    machine
}

fn program(source: &str) -> Vec<u8> {
    let values = vec![text(source), text("=test")];
    Message { values, tables: vec![] }.encode().unwrap()
}

/// Runs to the end, however many steps that takes; answers 1 where a host function waits.
fn run(machine: &mut Machine, source: &str) -> Result<Vec<WireValue>, Failure> {
    machine.start(&program(source))?;
    loop {
        match machine.step(10_000)? {
            (Status::Done, output) => return Ok(Message::decode(&output).unwrap().values),
            (Status::Waiting, _) => machine.answer(Reply::Results(one(WireValue::Integer(1))))?,
            _ => {}
        }
    }
}

#[test]
fn host_functions_answer_at_once_later_and_with_errors() {
    let mut machine = open(&[]);
    let source = "
        local a, b = echo(1, 'x')
        local waited = later()
        local ok, message = pcall(function() refuse() end)
        local bad = not pcall(garbage)
        return a, b, waited, ok, message, bad";
    let expected = [
        WireValue::Integer(1),
        text("x"),
        WireValue::Integer(1),
        WireValue::Boolean(false),
        text("test:4: refused"),
        WireValue::Boolean(true),
    ];
    assert_eq!(run(&mut machine, source).unwrap(), expected);
}

#[test]
fn a_run_excludes_another_until_it_ends() {
    let mut machine = open(&[]);
    machine.start(&program("later() return 1")).unwrap();
    assert_eq!(machine.step(1_000).unwrap().0, Status::Waiting);
    let busy = |failure: Failure| assert_eq!(failure.code, Code::Busy);
    busy(machine.start(&program("return 2")).unwrap_err());
    busy(machine.import(&[]).unwrap_err());
    machine.cancel();
    assert_eq!(machine.step(1_000).unwrap_err().code, Code::Input);
    assert_eq!(machine.answer(Reply::Later).unwrap_err().code, Code::Input);
    assert_eq!(run(&mut machine, "return 3").unwrap(), [WireValue::Integer(3)]);
}

#[test]
fn limits_end_runs_and_leave_the_machine_usable() {
    let mut machine = open(&[("fuel", 200_000), ("memory", 2 << 20)]);
    for (source, code) in [
        ("while true do end", Code::Fuel),
        ("while true do pcall(error) end", Code::Fuel),
        ("local t = {} while true do t = {t, t} end", Code::Memory),
        ("error({})", Code::Execution),
        ("return +", Code::Syntax),
    ] {
        assert_eq!(run(&mut machine, source).unwrap_err().code, code, "{source}");
        assert_eq!(run(&mut machine, "return 1").unwrap(), [WireValue::Integer(1)], "{source}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |bytes: &[u8]| Machine::open(bytes, HOST).err().map(|failure| failure.code);
    assert_eq!(refused(&options(&[("fule", 1)])), Some(Code::Input));
    assert_eq!(refused(&options(&[("fuel", -1)])), Some(Code::Input));
    assert_eq!(refused(&options(&[("memory", 1000)])), Some(Code::Memory));
    assert_eq!(refused(&[1, 2, 3]), Some(Code::Conversion));
    assert_eq!(refused(&options(&[])), None);
    let mut machine = open(&[]);
    for name in ["print.line", "a..b", ""] {
        assert_eq!(machine.register(&one(text(name))).unwrap_err().code, Code::Input, "{name}");
    }
    machine.register(&one(text("made.up.echo"))).unwrap();
    assert_eq!(run(&mut machine, "return type(made.up.echo)").unwrap(), [text("function")]);
}

/// Options of which one is a text.
fn text_option(name: &str, value: &str) -> Vec<u8> {
    let table = WireTable { array: vec![], entries: vec![(text(name), text(value))] };
    Message { values: vec![WireValue::Table(0)], tables: vec![table] }.encode().unwrap()
}

#[test]
fn runs_are_committed_or_undone_and_the_store_tells() {
    STORAGE.set(Some(MemoryStorage::new(4096)));
    let mut machine = Machine::open(&text_option("store", "pages"), HOST).unwrap();
    machine.register(&one(text("later"))).unwrap();
    let figure =
        |machine: &mut Machine, index: usize| match Message::decode(&machine.store().unwrap())
            .unwrap()
            .values[index]
        {
            WireValue::Integer(figure) => figure,
            _ => panic!("a number is expected"),
        };
    assert_eq!(figure(&mut machine, 0), 0);
    run(&mut machine, "_home.t = {} t = _home.t").unwrap();
    machine.call(&program("_home.t.n = 1")).unwrap();
    let set =
        Message { values: vec![text("t"), text("set"), WireValue::Integer(7)], tables: vec![] };
    machine.set(&set.encode().unwrap()).unwrap();
    assert_eq!((figure(&mut machine, 0), figure(&mut machine, 1)), (3, 3));
    run(&mut machine, "return t.n").unwrap();
    assert_eq!(figure(&mut machine, 0), 3, "nothing has changed");
    for bad in ["t.n = 2 error('x')", "t.n = 2 t.co = coroutine.running()"] {
        run(&mut machine, bad).unwrap_err();
        machine.call(&program(bad)).unwrap_err();
    }
    machine.start(&program("t.n = 3 later()")).unwrap();
    assert_eq!(machine.step(1_000).unwrap().0, Status::Waiting);
    machine.set(&set.encode().unwrap()).unwrap();
    machine.cancel();
    let values = run(&mut machine, "return t == _home.t, t.n, t.co, t.set").unwrap();
    let expected =
        [WireValue::Boolean(true), WireValue::Integer(1), WireValue::Nil, WireValue::Integer(7)];
    assert_eq!(values, expected);
    assert_eq!(figure(&mut machine, 0), 3);
    machine.flush().unwrap();
    machine.close().unwrap();
}

#[test]
fn a_medium_that_is_missing_is_an_error_with_its_code() {
    for (name, value, code) in [
        ("store", "pages", Code::StoreMissing),
        ("store", "files", Code::StoreMissing),
        ("store", "tape", Code::Input),
        ("durability", "none", Code::Input),
    ] {
        let failure = Machine::open(&text_option(name, value), HOST).err().unwrap();
        assert_eq!(failure.code, code, "{name} = {value}");
    }
    assert!(Machine::open(&text_option("durability", "relaxed"), HOST).is_ok());
    let mut machine = open(&[("cacheBytes", 8192)]);
    assert_eq!(Message::decode(&machine.store().unwrap()).unwrap().values, []);
    machine.flush().unwrap();
}

#[test]
fn no_message_of_random_bytes_does_harm() {
    let mut machine = open(&[("fuel", 100_000), ("memory", 4 << 20)]);
    let mut state = 1_u64;
    let mut random = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let valid = program("return {1, {2}, x = echo('y')}, print");
    for _ in 0..20_000 {
        let mut bytes = valid.clone();
        for _ in 0..1 + random() % 4 {
            let place = random() as usize % bytes.len();
            bytes[place] = random() as u8;
        }
        if machine.start(&bytes).is_ok() {
            while let Ok((Status::Paused, _)) = machine.step(1_000_000) {}
            machine.cancel();
        }
        let _ = machine.set(&bytes);
        let _ = machine.get(&bytes);
    }
    assert_eq!(run(&mut machine, "return 1").unwrap(), [WireValue::Integer(1)]);
}
