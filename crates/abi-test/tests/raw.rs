//! The raw interface, driven from Rust: both builds, every kind of status and answer.

use abi::*;
use codec::{Message, WireValue};
use moonkeep_abi_test as abi;

fn each_build(test: impl Fn(&mut Host)) {
    for name in ["baseline", "modern"] {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../js/dist");
        let path = format!("{root}/moonkeep-{name}.wasm");
        let module = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{path}: {error}; run `cargo xtask wasm` first"));
        let mut host = Host::new(&module).unwrap();
        assert_eq!(host.export::<(), u32>("mk_version", ()).unwrap(), 2);
        assert_eq!(host.send("mk_open", vec![]).unwrap().0, DONE);
        test(&mut host);
        assert_eq!(host.export::<(), u32>("mk_close", ()).unwrap(), DONE);
    }
}

/// The code in an error.
fn code(message: &Message) -> String {
    let field = |(key, value): &(WireValue, WireValue)| match value {
        WireValue::String(code) if *key == text("code") => {
            Some(String::from_utf8_lossy(code).into_owned())
        }
        _ => None,
    };
    message.tables.iter().flat_map(|table| &table.entries).find_map(field).unwrap_or_default()
}

#[test]
fn a_program_runs_to_its_end() {
    each_build(|host| {
        let results = host.eval("print('hi') return 1, 2.5, 'x', nil, math.mininteger").unwrap();
        let expected = [
            WireValue::Integer(1),
            WireValue::Float(2.5),
            text("x"),
            WireValue::Nil,
            WireValue::Integer(i64::MIN),
        ];
        assert_eq!(results, expected);
        assert_eq!(host.store.data().printed, b"hi\n");
    });
}

#[test]
fn a_run_pauses_waits_and_ends() {
    each_build(|host| {
        for name in ["twice", "later", "fail"] {
            assert_eq!(host.send("mk_register", vec![text(name)]).unwrap().0, DONE);
        }
        let program = "for i = 1, 1e6 do end
            local ok, message = pcall(function() fail() end)
            return later('question') + twice(4), ok, message";
        let (status, _) = host.send("mk_start", vec![text(program), text("=run")]).unwrap();
        assert_eq!(status, PAUSED);
        let (status, busy) = host.send("mk_call", vec![text(""), text("")]).unwrap();
        assert_eq!((status, code(&busy).as_str()), (FAILED, "BUSY"));
        let mut pauses = 0;
        let status = loop {
            match host.export::<u32, u32>("mk_step", 50_000).unwrap() {
                PAUSED => pauses += 1,
                status => break status,
            }
        };
        assert!(pauses > 2);
        assert_eq!(status, WAITING);
        assert_eq!(host.store.data().calls[1].values, [text("later"), text("question")]);
        let answer = Message { values: vec![WireValue::Integer(34)], tables: vec![] };
        host.input(&answer.encode().unwrap()).unwrap();
        assert_eq!(host.export::<u32, u32>("mk_answer", 0).unwrap(), PAUSED);
        assert_eq!(host.export::<u32, u32>("mk_step", 50_000).unwrap(), DONE);
        let results = Message::decode(&host.output().unwrap()).unwrap().values;
        let failed = [WireValue::Boolean(false), text("run:2: no such luck")];
        assert_eq!(results[0], WireValue::Integer(42));
        assert_eq!(results[1..], failed);
    });
}

#[test]
fn errors_have_codes_and_leave_the_machine_usable() {
    each_build(|host| {
        for (program, expected) in [
            ("error('x')", "LUA_EXECUTION_ERROR"),
            ("x = = 1", "LUA_SYNTAX_ERROR"),
            ("return ('x'):rep(1 << 30)", "MEMORY_LIMIT"),
        ] {
            let (status, error) = host.send("mk_call", vec![text(program), text("=e")]).unwrap();
            assert_eq!((status, code(&error).as_str()), (FAILED, expected), "{program}");
            assert_eq!(host.eval("return 7").unwrap(), [WireValue::Integer(7)]);
        }
        for bytes in [&[0xff_u8; 9][..], &[], &[1, 0x11, 77, 0], &[1, 0x02, 0]] {
            host.input(bytes).unwrap();
            assert_eq!(host.export::<(), u32>("mk_call", ()).unwrap(), FAILED, "{bytes:?}");
        }
    });
}

#[test]
fn an_image_carries_home_to_another_machine() {
    each_build(|host| {
        let counter = "local n = 40 function _home.next() n = n + 1 return n end _home.next()";
        host.eval(counter).unwrap();
        assert_eq!(host.export::<(), u32>("mk_export", ()).unwrap(), DONE);
        let image = host.output().unwrap();
        assert_eq!(host.send("mk_open", vec![]).unwrap().0, DONE);
        assert_eq!(host.eval("return next(_home)").unwrap(), [WireValue::Nil]);
        host.input(&image).unwrap();
        assert_eq!(host.export::<(), u32>("mk_import", ()).unwrap(), DONE);
        assert_eq!(host.eval("return _home.next()").unwrap(), [WireValue::Integer(42)]);
        host.input(&image[..image.len() - 1]).unwrap();
        assert_eq!(host.export::<(), u32>("mk_import", ()).unwrap(), FAILED);
        assert_eq!(host.eval("return _home.next()").unwrap(), [WireValue::Integer(43)]);
    });
}

#[test]
fn globals_and_handles_cross() {
    each_build(|host| {
        let set = vec![text("answer"), WireValue::Integer(42)];
        assert_eq!(host.send("mk_set", set).unwrap().0, DONE);
        let (_, got) = host.send("mk_get", vec![text("answer")]).unwrap();
        assert_eq!(got.values, [WireValue::Integer(42)]);
        let results = host.eval("local function f(n) return n + 1 end return f, f").unwrap();
        let [WireValue::Function(first), WireValue::Function(second)] = results[..] else {
            panic!("{results:?}");
        };
        assert_eq!(first, second);
        let call = vec![WireValue::Function(first), WireValue::Integer(1)];
        let (_, called) = host.send("mk_call", call.clone()).unwrap();
        assert_eq!(called.values, [WireValue::Integer(2)]);
        assert_eq!(host.export::<u32, u32>("mk_release", first).unwrap(), DONE);
        let (status, error) = host.send("mk_call", call).unwrap();
        assert_eq!((status, code(&error).as_str()), (FAILED, "INVALID_INPUT"));
    });
}

#[test]
fn a_store_in_pages_of_the_host_keeps_home() {
    each_build(|host| {
        let relaxed = [("store", text("pages")), ("durability", text("relaxed"))];
        assert_eq!(host.open(&[("store", text("pages"))]).unwrap().0, DONE);
        host.eval("_home.n = 1 t = {} _home.t = t").unwrap();
        host.eval("return _home.n").unwrap();
        assert_eq!(host.store.data().pages.tickets, 1, "only a change is committed");
        let committed = host.store.data().pages.committed.clone();
        host.send("mk_call", vec![text("_home.n = 2 t.x = 1 error('no')"), text("=e")]).unwrap();
        host.store.data_mut().pages.fault = FULL;
        let program = vec![text("_home.n = 3 t.x = 2"), text("=e")];
        let (status, error) = host.send("mk_call", program).unwrap();
        assert_eq!((status, code(&error).as_str()), (FAILED, "STORE_FULL"));
        let words = text("the disk or the quota is full: in words");
        let fields = error.tables.iter().flat_map(|table| &table.entries);
        assert!(fields.into_iter().any(|(_, value)| *value == words), "{error:?}");
        host.store.data_mut().pages.fault = 0;
        assert_eq!(host.store.data().pages.committed, committed);
        let same = host.eval("return _home.n, t.x, t == _home.t").unwrap();
        assert_eq!(same, [WireValue::Integer(1), WireValue::Nil, WireValue::Boolean(true)]);
        let (_, figures) = host.send("mk_store", vec![]).unwrap();
        assert_eq!(figures.values[..2], [WireValue::Integer(1), WireValue::Integer(1)]);
        assert_eq!(figures.values.len(), 11);
        assert_eq!(host.export::<(), u32>("mk_flush", ()).unwrap(), DONE);
        assert_eq!(host.export::<(), u32>("mk_close", ()).unwrap(), DONE);
        assert!(host.store.data().pages.closed);
        assert_eq!(host.open(&relaxed).unwrap().0, DONE);
        assert_eq!(host.eval("return _home.n").unwrap(), [WireValue::Integer(1)]);
        let (status, error) = host.open(&[("store", text("files"))]).unwrap();
        assert_eq!((status, code(&error).as_str()), (FAILED, "STORE_MISSING"));
    });
}
