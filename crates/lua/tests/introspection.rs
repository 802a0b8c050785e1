//! Programs whose state is read in one VM and built again in another, and states that are refused.

use std::collections::HashMap;

use lua::introspect::{Cell, CoroutineSnapshot, FrameSnapshot};
use lua::{Kind, Libraries, ProtoId, TableId, ThreadId, UpvalueId, Value, Vm};

/// Copies what a value refers to from one VM to another; library functions go by name.
struct Copier<'a> {
    from: &'a Vm,
    to: &'a mut Vm,
    tables: HashMap<TableId, TableId>,
    closures: HashMap<lua::ClosureId, Value>,
    cells: HashMap<UpvalueId, UpvalueId>,
    prototypes: HashMap<ProtoId, ProtoId>,
    threads: HashMap<ThreadId, ThreadId>,
}

impl Copier<'_> {
    fn value(&mut self, value: Value) -> Value {
        match value.kind() {
            Kind::String(_) => {
                let bytes = self.from.bytes(value).unwrap();
                self.to.string(bytes).unwrap()
            }
            Kind::Table(id) => Value::table(self.table(id)),
            Kind::Closure(id) => self.closure(id),
            Kind::Native(_) | Kind::NativeClosure(_) => {
                let (id, captures) = self.from.native_parts(value).unwrap();
                let id = self.to.find_native(self.from.native_name(id)).unwrap();
                let captures: Vec<Value> = captures.iter().map(|&v| self.value(v)).collect();
                self.to.make_native(id, &captures).unwrap()
            }
            Kind::Thread(id) => Value::thread(self.thread(id)),
            _ => value,
        }
    }

    fn table(&mut self, id: TableId) -> TableId {
        if id == self.from.globals() {
            return self.to.globals();
        }
        if let Some(&known) = self.tables.get(&id) {
            return known;
        }
        let copy = self.to.table().unwrap();
        self.tables.insert(id, copy);
        let mut key = Value::NIL;
        while let Some((next, value)) = self.from.table_next(id, key) {
            let (k, v) = (self.value(next), self.value(value));
            self.to.raw_set(copy, k, v).unwrap();
            key = next;
        }
        if let Some(meta) = self.from.metatable(Value::table(id)) {
            let meta = self.table(meta);
            self.to.set_metatable(Value::table(copy), Some(meta)).unwrap();
        }
        copy
    }

    fn closure(&mut self, id: lua::ClosureId) -> Value {
        if let Some(&known) = self.closures.get(&id) {
            return known;
        }
        let (proto, cells) = self.from.closure_parts(id);
        let proto = self.prototype(proto);
        let copies: Vec<UpvalueId> = cells.iter().map(|&cell| self.cell_copy(cell)).collect();
        let closure = self.to.make_closure(proto, &copies).unwrap();
        self.closures.insert(id, closure);
        // Only now, for a closure may be in its own cells.
        for &cell in cells {
            if let Cell::Closed(value) = self.from.cell(cell) {
                let value = self.value(value);
                self.to.set_cell(self.cells[&cell], value);
            }
        }
        closure
    }

    fn cell_copy(&mut self, cell: UpvalueId) -> UpvalueId {
        let to = &mut self.to;
        *self.cells.entry(cell).or_insert_with(|| to.make_cell(Value::NIL).unwrap())
    }

    /// By its binary chunk, as a store would keep it.
    fn prototype(&mut self, proto: ProtoId) -> ProtoId {
        if let Some(&known) = self.prototypes.get(&proto) {
            return known;
        }
        let bytes = lua::chunk::dump(&self.from.prototype(proto), false);
        let chunk = lua::chunk::undump(&bytes).and_then(lua::chunk::verify).unwrap();
        let copy = self.to.make_prototype(chunk).unwrap();
        self.prototypes.insert(proto, copy);
        copy
    }

    fn thread(&mut self, id: ThreadId) -> ThreadId {
        if let Some(&known) = self.threads.get(&id) {
            return known;
        }
        let copy = self.to.make_coroutine().unwrap();
        self.threads.insert(id, copy);
        let mut snapshot = self.from.snapshot_coroutine(id).expect("it does not run");
        snapshot.stack = snapshot.stack.iter().map(|&v| self.value(v)).collect();
        for frame in &mut snapshot.frames {
            frame.function = self.value(frame.function);
        }
        for (_, cell) in &mut snapshot.open_cells {
            *cell = self.cell_copy(*cell);
        }
        snapshot.failure = snapshot.failure.map(|failure| self.value(failure));
        self.to.restore_coroutine(copy, &snapshot).unwrap();
        copy
    }
}

fn vm() -> Vm {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    vm
}

#[track_caller]
fn eval(vm: &mut Vm, source: &str) -> Vec<Value> {
    match vm.eval(source.as_bytes(), "=test") {
        Ok(values) => values,
        Err(throw) => panic!("{}", String::from_utf8_lossy(&vm.thrown_message(throw))),
    }
}

/// Runs `first`, copies the value that it returns into a new VM as `x`, and checks that `second`
/// returns true there.
#[track_caller]
fn lives_on(first: &str, second: &str) {
    let mut old = vm();
    let value = eval(&mut old, first)[0];
    let mut new = vm();
    let running = new.pause_collector();
    let mut copier = Copier {
        from: &old,
        to: &mut new,
        tables: HashMap::new(),
        closures: HashMap::new(),
        cells: HashMap::new(),
        prototypes: HashMap::new(),
        threads: HashMap::new(),
    };
    let copy = copier.value(value);
    let globals = new.globals();
    new.set_field(globals, "x", copy).unwrap();
    new.resume_collector(running);
    new.collect_garbage();
    assert!(!eval(&mut new, second)[0].is_falsy(), "{second}");
    assert_eq!(new.measure().bytes, new.heap().bytes());
}

#[test]
fn closures_share_their_variables_in_the_second_vm() {
    lives_on(
        "local n, list = 10, {}
         local function bump() n = n + 1 return n end
         local function read() return n, list end
         local function fact(k) return k < 2 and 1 or k * fact(k - 1) end
         list.self, list.read = list, read
         return {bump = bump, read = read, fact = fact, name = 'graph'}",
        "x.bump() x.bump()
         local n, list = x.read()
         return n == 12 and list.self == list and list.read == x.read and x.fact(5) == 120
           and x.name == 'graph'",
    );
}

#[test]
fn objects_keep_their_metatables_and_methods() {
    lives_on(
        "local Point = {} Point.__index = Point
         Point.__add = function(a, b) return setmetatable({v = a.v + b.v}, Point) end
         Point.double = function(self) return self + self end
         return setmetatable({v = 4}, Point)",
        "return x:double():double().v == 16 and getmetatable(x).__index == getmetatable(x)",
    );
}

#[test]
fn a_suspended_coroutine_goes_on_in_the_second_vm() {
    lives_on(
        "local total = 0
         local co = coroutine.create(function(a, ...)
           local count = select('#', ...)
           for i = 1, 10 do
             local got = coroutine.yield(i)
             total = total + got + count
           end
           return a, total
         end)
         coroutine.resume(co, 'first', nil, nil)
         coroutine.resume(co, 100)
         return {co = co, total = function() return total end}",
        "if x.total() ~= 102 then return false end
         local ok, i = coroutine.resume(x.co, 5)
         if not (ok and i == 3 and x.total() == 109) then return false end
         for _ = 1, 7 do coroutine.resume(x.co, 0) end
         local ok, a, total = coroutine.resume(x.co, 0)
         return ok and a == 'first' and total == x.total() and coroutine.status(x.co) == 'dead'",
    );
}

#[test]
fn open_variables_stay_shared_with_the_coroutine() {
    lives_on(
        "local read, write
         local co = coroutine.wrap(function()
           local v = 1
           read, write = function() return v end, function(n) v = n end
           while true do v = v + coroutine.yield(v) end
         end)
         co()
         return {co = co, read = read, write = write}",
        "x.write(40)
         return x.co(2) == 42 and x.read() == 42 and (x.write(1) or x.co(1) == 2)",
    );
}

#[test]
fn protected_calls_and_closing_survive() {
    lives_on(
        "log = {}
         local co = coroutine.create(function()
           return xpcall(function()
             local c <close> = setmetatable({}, {__close = function(_, e) log[1] = e end})
             pcall(coroutine.yield, 1)
             error('late')
           end, function(m) return 'handled ' .. m end)
         end)
         coroutine.resume(co)
         return {co = co}",
        "log = {}
         local ok, inner, message = coroutine.resume(x.co)
         return ok and not inner and message:find('^handled .*late$') and log[1] == message",
    );
}

#[test]
fn protected_calls_of_a_restored_coroutine_count_towards_the_limit() {
    let make = "local co = coroutine.create(function() return pcall(function()
           coroutine.yield()
           local function nest() return pcall(nest) end
           return nest()
         end) end)
         coroutine.resume(co)";
    lives_on(
        &format!("{make} return co"),
        &format!(
            "{make}
             local expected, found = {{coroutine.resume(co)}}, {{coroutine.resume(x)}}
             return #found == #expected and #found > 100"
        ),
    );
}

/// A coroutine that is suspended with a variable that two closures share, and its snapshot.
fn suspended(vm: &mut Vm) -> CoroutineSnapshot {
    let source = "local co = coroutine.create(function(...)
          local a, b = 1, 2
          local f, g = function() return a end, function() return b end
          pcall(function(...) coroutine.yield(f, g) return a + b end, ...)
        end)
        coroutine.resume(co, 1, 2) return co";
    let thread = eval(vm, source)[0].as_thread().unwrap();
    vm.snapshot_coroutine(thread).unwrap()
}

/// The snapshot is refused once it is changed; unchanged, with other cells, it is accepted.
#[track_caller]
fn refused(change: impl FnOnce(&mut Vm, &mut CoroutineSnapshot), expected: &str) {
    let mut vm = vm();
    let mut snapshot = suspended(&mut vm);
    for (_, cell) in &mut snapshot.open_cells {
        *cell = vm.make_cell(Value::NIL).unwrap();
    }
    let unchanged = snapshot.clone();
    change(&mut vm, &mut snapshot);
    let thread = vm.make_coroutine().unwrap();
    let error = vm.restore_coroutine(thread, &snapshot).unwrap_err();
    assert_eq!(error.to_string(), format!("invalid coroutine: {expected}"));
    assert_eq!(vm.restore_coroutine(thread, &unchanged), Ok(()));
}

#[test]
fn a_variable_is_open_at_one_slot_only() {
    refused(|_, s| s.open_cells[1].1 = s.open_cells[0].1, "a variable is open at two slots");
    refused(
        |vm, s| {
            let thread = vm.make_coroutine().unwrap();
            let cell = vm.make_cell(Value::NIL).unwrap();
            let other = CoroutineSnapshot {
                stack: vec![Value::NIL; 3],
                open_cells: vec![(2, cell)],
                ..CoroutineSnapshot::default()
            };
            vm.restore_coroutine(thread, &other).unwrap();
            s.open_cells[0].1 = cell;
        },
        "an open variable is out of place",
    );
}

#[test]
fn what_lies_outside_the_stack_is_refused() {
    let far = 1 << 20;
    refused(|_, s| s.open_cells[1].0 = far, "an open variable is out of place");
    refused(|_, s| s.open_cells.reverse(), "an open variable is out of place");
    refused(|_, s| s.to_close.push(far), "a variable to be closed is out of place");
    refused(|_, s| s.to_close.push(0), "a variable to be closed is out of place");
    refused(|_, s| s.frames[1].base = far, "a frame outside the stack");
    refused(|_, s| s.frames[1].extra = far, "a frame outside the stack");
    refused(|_, s| s.frames[1].pc = far, "a program counter outside the function");
    refused(|_, s| s.stack.resize(2_000_000, Value::NIL), "the stack is too large");
}

#[test]
fn frames_that_do_not_fit_together_are_refused() {
    let lua = |s: &CoroutineSnapshot| s.frames.iter().position(|frame| frame.kind == 0).unwrap();
    refused(|_, s| s.frames.truncate(s.frames.len() - 1), "a frame out of place");
    refused(|_, s| s.frames.rotate_left(1), "a frame out of place");
    refused(|_, s| s.frames[1].kind = 99, "a frame of unknown kind");
    refused(|_, s| s.frames[2].base = s.frames[1].base, "frames overlap");
    refused(|_, s| s.frames[1].wanted = 2, "a frame that cannot return");
    refused(|_, s| s.frames[2].wanted = 255, "results outside the registers");
    refused(
        move |_, s| {
            let index = lua(s);
            s.frames[index].function = Value::NIL;
        },
        "a Lua frame without its function",
    );
    refused(
        move |_, s| {
            let base = s.frames[lua(s)].base as usize;
            s.stack[base - 1] = Value::integer(1000);
        },
        "variable arguments outside the stack",
    );
    let empty = FrameSnapshot {
        kind: 0,
        flags: 0,
        function: Value::NIL,
        pc: 0,
        base: 1,
        wanted: 0,
        extra: 0,
    };
    refused(move |_, s| s.frames.resize(300_000, empty.clone()), "too many frames");
    refused(
        |_, s| *s = CoroutineSnapshot { stack: vec![Value::NIL], ..Default::default() },
        "it has nothing to run",
    );
}

#[test]
fn only_a_new_coroutine_can_be_filled() {
    let mut vm = vm();
    let mut snapshot = suspended(&mut vm);
    snapshot.open_cells.clear();
    let (main, _) = vm.running();
    let in_use = "invalid coroutine: it is in use already";
    assert_eq!(vm.restore_coroutine(main, &snapshot).unwrap_err().to_string(), in_use);
    let thread = vm.make_coroutine().unwrap();
    vm.restore_coroutine(thread, &snapshot).unwrap();
    assert_eq!(vm.restore_coroutine(thread, &snapshot).unwrap_err().to_string(), in_use);
    vm.collect_garbage();
    assert_eq!(vm.measure().bytes, vm.heap().bytes());
}

#[test]
fn attached_tables_and_cells_report_their_first_write() {
    let mut vm = vm();
    let source = "t = {a = 1, 5} local n = 1 function f() n = n + 1 end
        function g() return n, t.a end";
    eval(&mut vm, source);
    let table = vm.field(vm.globals(), "t").as_table().unwrap();
    let Kind::Closure(f) = vm.field(vm.globals(), "f").kind() else { panic!("a function") };
    let cell = vm.closure_parts(f).1[0];
    vm.attach_table(table);
    vm.attach_cell(cell);
    eval(&mut vm, "g() collectgarbage() return t.a, #t, next(t)");
    assert!(vm.take_written_tables().is_empty() && vm.take_written_cells().is_empty());
    for write in ["t.a = 2", "t[1] = 6", "t[2] = 7", "rawset(t, 1, 1)", "setmetatable(t, {})"] {
        eval(&mut vm, &format!("{write} {write}"));
        assert_eq!(vm.take_written_tables(), [table], "{write}");
        eval(&mut vm, write);
        assert!(vm.take_written_tables().is_empty(), "{write}: not attached any more");
        vm.attach_table(table);
    }
    eval(&mut vm, "f() f()");
    assert_eq!(vm.take_written_cells(), [cell]);
    assert_eq!(vm.cell_value(cell).as_integer(), Some(3));
}
