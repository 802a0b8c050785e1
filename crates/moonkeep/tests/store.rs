//! `_home` in a store: it is there when the storage is opened again, and faults lose nothing.

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use moonkeep::store::{self, Durability, Fault, FaultKind, Length, MemoryStorage, PageId, Storage};
use moonkeep::store::{Store, Ticket, View};
use moonkeep::{Engine, Options};
use support::run;

/// A storage in memory that outlives the engines on it, counts, and fails on demand.
#[derive(Clone)]
struct Shared(Rc<RefCell<State>>);

struct State {
    storage: MemoryStorage,
    staged: usize,
    commits: usize,
    fault: Option<FaultKind>,
}

impl Shared {
    fn new() -> Shared {
        let storage = MemoryStorage::new(4096);
        Shared(Rc::new(RefCell::new(State { storage, staged: 0, commits: 0, fault: None })))
    }

    fn open(&self) -> Result<Engine, moonkeep::Error> {
        Engine::open(&Options::default(), Box::new(self.clone()))
    }

    fn engine(&self) -> Engine {
        self.open().expect("a store that opens")
    }

    fn fail(&self, fault: Option<FaultKind>) {
        self.0.borrow_mut().fault = fault;
    }

    fn commits(&self) -> usize {
        self.0.borrow().commits
    }
}

impl Storage for Shared {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        self.0.borrow_mut().storage.read(page, view, into)
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        self.0.borrow_mut().staged += 1;
        self.0.borrow_mut().storage.stage(page, bytes)
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        let mut state = self.0.borrow_mut();
        if let Some(kind) = state.fault {
            state.storage.abort();
            return Err(Fault::with_detail(kind, "on purpose"));
        }
        state.commits += 1;
        state.storage.commit(pages, durability)
    }

    fn abort(&mut self) {
        self.0.borrow_mut().storage.abort();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        self.0.borrow_mut().storage.length()
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

#[test]
fn home_is_there_when_the_store_is_opened_again() {
    let storage = Shared::new();
    let mut engine = storage.engine();
    assert!(engine.is_new());
    let program = "local n = 41 function _home.next() n = n + 1 return n end
                   _home.text = ('x'):rep(100000)";
    run(&mut engine, program);
    assert!(!engine.is_new());
    engine.close().expect("it closes");
    let mut later = storage.engine();
    assert_eq!(run(&mut later, "return _home.next(), #_home.text"), "42 100000");
    assert_eq!(run(&mut storage.engine(), "return _home.next()"), "43");
}

#[test]
fn an_unchanged_home_is_not_committed_and_a_changed_one_only_where_it_changed() {
    let storage = Shared::new();
    let mut engine = storage.engine();
    run(&mut engine, "return 1");
    assert_eq!(storage.commits(), 0, "an empty home needs no store");
    run(&mut engine, "_home.list = {} for i = 1, 100 do _home.list[i] = ('x'):rep(16000) end");
    assert_eq!(storage.commits(), 1);
    assert!(storage.0.borrow().staged > 390);
    run(&mut engine, "return #_home.list, _home.list[7]");
    let mut later = storage.engine();
    run(&mut later, "return #_home.list");
    run(&mut later, "_home.list[7] = _home.list[7]");
    assert_eq!(storage.commits(), 1, "reading and writing the same is no change");
    storage.0.borrow_mut().staged = 0;
    run(&mut later, "_home.list[50] = ('y'):rep(16000)");
    assert_eq!(storage.commits(), 2);
    let staged = storage.0.borrow().staged;
    assert!(staged < 60, "{staged} pages for a piece or two");
}

#[test]
fn pieces_beyond_the_end_are_deleted_and_pages_are_well_used() {
    let storage = Shared::new();
    let mut engine = storage.engine();
    run(&mut engine, "_home.text = ('x'):rep(1000000)");
    let shape = store::inspect(&mut storage.clone()).expect("a shape");
    assert_eq!(shape.entries, 1000000 / 16256 + 2);
    assert!(shape.overflow_pages <= 1000000 / 4064 + 4, "{shape}");
    run(&mut engine, "_home.text = nil _home.x = 1");
    assert_eq!(store::inspect(&mut storage.clone()).expect("a shape").entries, 2);
    assert_eq!(run(&mut storage.engine(), "return _home.text, _home.x"), "nil 1");
    assert!(store::verify(&mut storage.clone()).expect("a report").is_sound());
}

#[test]
fn a_refused_commit_is_an_error_with_a_code_and_changes_nothing() {
    let storage = Shared::new();
    let mut engine = storage.engine();
    run(&mut engine, "_home.n = 1 _home.t = {} t = _home.t");
    for (kind, code) in [(FaultKind::Full, "STORE_FULL"), (FaultKind::Missing, "STORE_MISSING")] {
        storage.fail(Some(kind));
        let error = engine.run(b"_home.n = 2 t.x = 1", "=test").expect_err("a full disk");
        assert_eq!(error.store().map(store::Error::code), Some(code), "{error}");
        assert!(error.to_string().contains("on purpose"), "{error}");
        assert_eq!(run(&mut engine, "return _home.n, t.x, t == _home.t"), "1 nil true");
        storage.fail(None);
    }
    assert_eq!(run(&mut storage.engine(), "return _home.n"), "1");
    run(&mut engine, "_home.n = 3");
    assert_eq!(run(&mut storage.engine(), "return _home.n"), "3");
}

#[test]
fn after_an_unknown_outcome_nothing_is_committed_until_the_store_is_opened_again() {
    let storage = Shared::new();
    let mut engine = storage.engine();
    run(&mut engine, "_home.n = 1");
    storage.fail(Some(FaultKind::Unknown));
    engine.run(b"_home.n = 2", "=test").expect_err("an unknown outcome");
    storage.fail(None);
    let error = engine.run(b"_home.n = 3", "=test").expect_err("a poisoned store");
    assert!(error.store().is_some_and(store::Error::is_poisoned), "{error}");
    assert_eq!(run(&mut engine, "return _home.n"), "1");
    assert_eq!(run(&mut storage.engine(), "return _home.n"), "1");
}

#[test]
fn an_image_replaces_home_in_the_store_or_leaves_it() {
    let mut other = Engine::new(&Options::default()).expect("an engine");
    run(&mut other, "_home.from = 'elsewhere'");
    let image = other.save().expect("an image");
    let storage = Shared::new();
    let mut engine = storage.engine();
    run(&mut engine, "_home.n = 1 home = _home");
    storage.fail(Some(FaultKind::Full));
    assert!(engine.restore(&image).is_err_and(|error| error.is_store()));
    assert_eq!(run(&mut engine, "return _home == home, home.n, Memory.from"), "true 1 nil");
    storage.fail(None);
    assert!(engine.restore(b"nonsense").is_err_and(|error| error.is_image()));
    engine.restore(&image).expect("an image that can be restored");
    assert_eq!(run(&mut engine, "return _home.from, home.n"), "elsewhere 1");
    assert_eq!(run(&mut storage.engine(), "return _home.from, _home.n"), "elsewhere nil");
}

/// Every damage to the entries themselves, beneath the checksums of pages.
#[test]
fn lost_and_foreign_entries_are_errors() {
    let change = |change: &dyn Fn(&mut Store<Shared>)| {
        let storage = Shared::new();
        run(&mut storage.engine(), "_home.text = ('x'):rep(40000)");
        let mut store = Store::open(storage.clone(), store::Options::default()).expect("a store");
        store.begin().expect("a transaction");
        change(&mut store);
        store.commit(Durability::Strict).expect("a commit");
        storage.open().err().expect("an error")
    };
    let piece = |number: u8| [b"image\0\0\0".as_slice(), &[number]].concat();
    let error = change(&|store| assert!(store.delete(&piece(1)).expect("a change")));
    assert!(error.is_image(), "{error}");
    let error = change(&|store| assert!(!store.put(&piece(2), b"short").expect("a change")));
    assert!(error.is_image(), "{error}");
    let error = change(&|store| assert!(!store.put(b"image", &[9; 9]).expect("a change")));
    assert!(error.is_image(), "{error}");
    let huge = [&[1][..], &[255; 8]].concat();
    let error = change(&|store| assert!(!store.put(b"image", &huge).expect("a change")));
    assert!(error.is_image(), "{error}");
    let mixed = vec![b'y'; 16256];
    let error = change(&|store| assert!(!store.put(&piece(1), &mixed).expect("a change")));
    assert!(error.to_string().contains("checksum"), "{error}");
}

/// At every allocation of a run and its commit in turn: an error, nothing of it in the store or in
/// `_home`, and the next run is committed as ever.
#[test]
fn an_allocation_that_fails_leaves_nothing_half_written() {
    let change = "local n = 0
        for i = 1, 20 do home.list[i] = {i, text = ('x'):rep(i * 50)} end
        home.n, home.old = 2, nil
        function home.next() n = n + 1 return n end
        home.co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
        home.co()";
    let look = "return _home == home, _home.n, #_home.list, _home.old, _home.co and _home.co()";
    let (before, after) = ("true 1 0 kept nil", "true 2 20 nil 2");
    let mut failed = 0;
    for n in 1.. {
        let storage = Shared::new();
        let mut engine = storage.engine();
        run(&mut engine, "_home.n, _home.list, _home.old = 1, {}, 'kept' home = _home");
        let commits = storage.commits();
        engine.vm().fail_allocation(n);
        let outcome = engine.run(change.as_bytes(), "=test");
        let reached = !engine.vm().awaits_fault();
        engine.vm().fail_allocation(0);
        let succeeded = outcome.is_ok();
        if let Err(error) = outcome {
            assert!(reached && error.to_string().contains("not enough memory"), "{n}: {error}");
            assert_eq!(storage.commits(), commits, "{n}");
            assert_eq!(run(&mut engine, look), before, "{n}");
            failed += 1;
        }
        run(&mut engine, "_home.next_run = true");
        drop(engine);
        let mut later = storage.engine();
        assert_eq!(run(&mut later, "home = _home return home.next_run"), "true", "{n}");
        assert_eq!(run(&mut later, look), if succeeded { after } else { before }, "{n}");
        if !reached {
            break;
        }
    }
    assert!(failed > 15, "{failed}");
}
