//! From the machine to an image: a walk over everything that `_home` reaches.

use std::collections::{HashMap, VecDeque};

use codec::{
    Closure, Coroutine, CoroutineStatus, Frame, Image, ImageBuilder, NativeFunction, Object,
    ObjectId, OpenCell, Table, Value as Stored,
};
use lua::introspect::Cell;
use lua::{Kind, ProtoId, TableId, ThreadId, Type, UpvalueId, Value, Vm};

use crate::error::Error;
use crate::names::Names;

/// What an object of the image stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Table(TableId),
    Closure(lua::ClosureId),
    Cell(UpvalueId),
    Native(lua::NativeId),
    NativeClosure(lua::NativeClosureId),
    Coroutine(ThreadId),
}

/// One step on the way from `_home` to an object, for error messages.
enum Step {
    Root,
    Key(Value),
    Metatable,
    Upvalue,
    Slot,
}

struct Visit {
    source: Source,
    id: ObjectId,
    parent: usize,
    step: Step,
}

pub(crate) struct Saver<'a> {
    vm: &'a Vm,
    names: &'a Names,
    builder: ImageBuilder,
    ids: HashMap<Source, ObjectId>,
    /// All visits; a visit's number leads an error back to the root.
    visits: Vec<Visit>,
    queue: VecDeque<usize>,
    prototypes: HashMap<ProtoId, u32>,
}

impl<'a> Saver<'a> {
    pub fn new(vm: &'a Vm, names: &'a Names) -> Saver<'a> {
        Saver {
            vm,
            names,
            builder: ImageBuilder::default(),
            ids: HashMap::new(),
            visits: Vec::new(),
            queue: VecDeque::new(),
            prototypes: HashMap::new(),
        }
    }

    /// Makes the image of everything that a table reaches.
    pub fn save(mut self, root: TableId) -> Result<Image, Error> {
        let root = self.object(Source::Table(root), 0, Step::Root)?;
        while let Some(visit) = self.queue.pop_front() {
            let (source, id) = (self.visits[visit].source, self.visits[visit].id);
            let object = self.convert(visit, source)?;
            self.builder.fill(id, object);
        }
        Ok(self.builder.finish(Stored::Object(root))?)
    }

    fn object(&mut self, source: Source, parent: usize, step: Step) -> Result<ObjectId, Error> {
        if let Some(&id) = self.ids.get(&source) {
            return Ok(id);
        }
        let id = self.builder.reserve()?;
        self.ids.insert(source, id);
        self.queue.push_back(self.visits.len());
        self.visits.push(Visit { source, id, parent, step });
        Ok(id)
    }

    fn value(&mut self, value: Value, parent: usize, step: Step) -> Result<Stored, Error> {
        let source = match value.kind() {
            Kind::Nil => return Ok(Stored::Nil),
            Kind::Boolean(b) => return Ok(Stored::Boolean(b)),
            Kind::Integer(i) => return Ok(Stored::Integer(i)),
            Kind::Float(f) => return Ok(Stored::Float(f)),
            Kind::String(id) => return Ok(Stored::String(self.vm.heap().bytes_of(id).to_vec())),
            Kind::Table(id) => Source::Table(id),
            Kind::Closure(id) => Source::Closure(id),
            Kind::Native(id) => Source::Native(id),
            Kind::NativeClosure(id) => Source::NativeClosure(id),
            Kind::Thread(id) => Source::Coroutine(id),
            Kind::Userdata(_) | Kind::Light(_) => {
                let path = self.path(parent, &step);
                return Err(Error::unstorable(path, "a host object"));
            }
        };
        Ok(Stored::Object(self.object(source, parent, step)?))
    }

    fn convert(&mut self, visit: usize, source: Source) -> Result<Object, Error> {
        match source {
            Source::Table(table) => self.table(visit, table),
            Source::Closure(closure) => self.closure(visit, closure),
            Source::Cell(cell) => Ok(Object::Cell(match self.vm.cell(cell) {
                Cell::Closed(value) => self.value(value, visit, Step::Upvalue)?,
                Cell::Open { thread, .. } => self.open_cell(visit, cell, thread)?,
            })),
            Source::Native(id) => self.native(visit, Value::native(id)),
            Source::NativeClosure(id) => self.native(visit, Value::native_closure(id)),
            Source::Coroutine(thread) => self.coroutine(visit, thread),
        }
    }

    /// A cell that is open in a stored coroutine gets its value there; one that is open in a
    /// running function is stored with the value that it has now.
    fn open_cell(
        &mut self,
        visit: usize,
        cell: UpvalueId,
        thread: ThreadId,
    ) -> Result<Stored, Error> {
        if self.vm.snapshot_coroutine(thread).is_some() {
            self.object(Source::Coroutine(thread), visit, Step::Upvalue)?;
            return Ok(Stored::Nil);
        }
        self.value(self.vm.cell_value(cell), visit, Step::Upvalue)
    }

    fn table(&mut self, visit: usize, table: TableId) -> Result<Object, Error> {
        if let Some(name) = self.names.name(Value::table(table)) {
            return Ok(Object::Named(name.to_vec()));
        }
        let mut stored = Table::default();
        let array_len = self.vm.array_len(table) as i64;
        for index in 1..=array_len {
            let key = Value::integer(index);
            let value = self.vm.raw_get(table, key);
            stored.array.push(self.value(value, visit, Step::Key(key))?);
        }
        while stored.array.last() == Some(&Stored::Nil) {
            stored.array.pop();
        }
        let mut key = match array_len {
            0 => Value::NIL,
            last => Value::integer(last),
        };
        while let Some((next, value)) = self.vm.table_next(table, key) {
            let value = self.value(value, visit, Step::Key(next))?;
            let stored_key = self.value(next, visit, Step::Key(next))?;
            stored.entries.push((stored_key, value));
            key = next;
        }
        if let Some(meta) = self.vm.metatable(Value::table(table)) {
            stored.metatable = Some(self.object(Source::Table(meta), visit, Step::Metatable)?);
        }
        Ok(Object::Table(stored))
    }

    fn closure(&mut self, visit: usize, closure: lua::ClosureId) -> Result<Object, Error> {
        let (proto, cells) = self.vm.closure_parts(closure);
        let mut upvalues = Vec::with_capacity(cells.len());
        for &cell in cells {
            upvalues.push(self.object(Source::Cell(cell), visit, Step::Upvalue)?);
        }
        let prototype = match self.prototypes.get(&proto) {
            Some(&index) => index,
            None => {
                let chunk = lua::chunk::dump(&self.vm.prototype(proto), false);
                let index = self.builder.prototype(chunk);
                self.prototypes.insert(proto, index);
                index
            }
        };
        Ok(Object::Closure(Closure { prototype, upvalues }))
    }

    fn native(&mut self, visit: usize, function: Value) -> Result<Object, Error> {
        let Some((id, values)) = self.vm.native_parts(function) else {
            return Err(Error::corrupt("a native function without a registration"));
        };
        let name = self.vm.native_name(id).as_bytes().to_vec();
        let values = values.to_vec();
        let mut captures = Vec::with_capacity(values.len());
        for value in values {
            captures.push(self.value(value, visit, Step::Upvalue)?);
        }
        Ok(Object::Native(NativeFunction { name, captures }))
    }

    fn coroutine(&mut self, visit: usize, thread: ThreadId) -> Result<Object, Error> {
        let Some(snapshot) = self.vm.snapshot_coroutine(thread) else {
            let (parent, path) = (self.visits[visit].parent, &self.visits[visit].step);
            let path = self.path(parent, path);
            return Err(Error::unstorable(path, "a running coroutine"));
        };
        let mut coroutine = Coroutine {
            status: match (snapshot.dead, snapshot.frames.is_empty()) {
                (true, _) => CoroutineStatus::Dead,
                (false, true) => CoroutineStatus::Created,
                (false, false) => CoroutineStatus::Suspended,
            },
            stack: Vec::with_capacity(snapshot.stack.len()),
            frames: Vec::with_capacity(snapshot.frames.len()),
            open_cells: Vec::with_capacity(snapshot.open_cells.len()),
            to_close: snapshot.to_close,
            pending: Vec::new(),
        };
        for value in snapshot.stack {
            coroutine.stack.push(self.value(value, visit, Step::Slot)?);
        }
        for frame in snapshot.frames {
            coroutine.frames.push(Frame {
                kind: frame.kind,
                flags: frame.flags as u32,
                function: self.value(frame.function, visit, Step::Slot)?,
                pc: frame.pc,
                base: frame.base,
                numbers: vec![frame.wanted as i64, frame.extra as i64],
                values: Vec::new(),
            });
        }
        for (slot, cell) in snapshot.open_cells {
            let cell = self.object(Source::Cell(cell), visit, Step::Slot)?;
            coroutine.open_cells.push(OpenCell { slot, cell });
        }
        if let Some(failure) = snapshot.failure {
            coroutine.pending.push(self.value(failure, visit, Step::Slot)?);
        }
        Ok(Object::Coroutine(Box::new(coroutine)))
    }

    /// The way from `_home` to what cannot be stored.
    fn path(&self, parent: usize, step: &Step) -> String {
        let mut steps = vec![self.describe(step)];
        let mut at = parent;
        while let Some(visit) = self.visits.get(at) {
            steps.push(self.describe(&visit.step));
            if matches!(visit.step, Step::Root) {
                break;
            }
            at = visit.parent;
        }
        steps.reverse();
        steps.concat()
    }

    fn describe(&self, step: &Step) -> String {
        match step {
            Step::Root => "_home".into(),
            Step::Metatable => " (metatable)".into(),
            Step::Upvalue => " (upvalue)".into(),
            Step::Slot => " (coroutine)".into(),
            Step::Key(key) => match self.vm.bytes(*key) {
                Some(name) if is_identifier(name) => format!(".{}", String::from_utf8_lossy(name)),
                Some(name) => format!("[{:?}]", String::from_utf8_lossy(name)),
                None => match key.kind() {
                    Kind::Integer(i) => format!("[{i}]"),
                    Kind::Float(f) => format!("[{f}]"),
                    Kind::Boolean(b) => format!("[{b}]"),
                    _ => format!("[a {}]", Type::name(key.type_of())),
                },
            },
        }
    }
}

fn is_identifier(name: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.first().is_some_and(letter)
        && name.iter().all(|byte| letter(byte) || byte.is_ascii_digit())
}
