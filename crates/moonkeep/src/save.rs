//! From the machine to an image: a walk over everything that `_home` reaches.

use std::collections::{HashMap, VecDeque};

use codec::{
    Closure, Coroutine, CoroutineStatus, Frame, Image, ImageBuilder, NativeFunction, Object,
    ObjectId, OpenCell, Table, Value as Stored,
};
use lua::introspect::Cell;
use lua::number::format::write_float;
use lua::{Kind, ProtoId, TableId, ThreadId, Type, UpvalueId, Value, Vm};

use crate::error::Error;
use crate::load::Shell;
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
    shell: Shell,
    parent: usize,
    step: Step,
}

/// What a walk found.
pub(crate) struct Saved {
    pub image: Image,
    /// The objects of the image in the machine.
    pub shells: Vec<Shell>,
    /// How many of them, from the first one on, are reached by more than weak references.
    pub strong: usize,
    /// It holds what changes without reports of writes: coroutines and captured values.
    pub changes_unseen: bool,
}

pub(crate) struct Saver<'a> {
    vm: &'a Vm,
    names: &'a Names,
    builder: ImageBuilder,
    ids: HashMap<Source, ObjectId>,
    /// All visits; a visit's number is the object's id, and leads an error back to the root.
    visits: Vec<Visit>,
    queue: VecDeque<usize>,
    /// Weak tables, which are looked into when nothing else is left to visit.
    weak: VecDeque<usize>,
    changes_unseen: bool,
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
            weak: VecDeque::new(),
            changes_unseen: false,
            prototypes: HashMap::new(),
        }
    }

    /// Makes the image of everything that a table reaches.
    pub fn save(mut self, root: TableId) -> Result<Saved, Error> {
        let shell = Shell::Value(Value::table(root));
        let root = self.object(Source::Table(root), shell, 0, Step::Root)?;
        let mut strong = None;
        while let Some(visit) = self.next(&mut strong) {
            let object = self.convert(visit, self.visits[visit].source)?;
            self.builder.fill(ObjectId(visit as u32), object);
        }
        Ok(Saved {
            image: self.builder.finish(Stored::Object(root)).map_err(Error::limit)?,
            strong: strong.unwrap_or(self.visits.len()),
            shells: self.visits.iter().map(|visit| visit.shell).collect(),
            changes_unseen: self.changes_unseen,
        })
    }

    /// The next object to look into. `strong` becomes the number of objects found before the first
    /// weak table was looked into.
    fn next(&mut self, strong: &mut Option<usize>) -> Option<usize> {
        while let Some(visit) = self.queue.pop_front() {
            let is_weak = match self.visits[visit].source {
                Source::Table(table) => self.is_weak(table),
                _ => false,
            };
            if strong.is_some() || !is_weak {
                return Some(visit);
            }
            self.weak.push_back(visit);
        }
        let visit = self.weak.pop_front()?;
        strong.get_or_insert(self.visits.len());
        Some(visit)
    }

    fn is_weak(&self, table: TableId) -> bool {
        let meta = self.vm.metatable(Value::table(table));
        let mode = meta.map_or(Value::NIL, |meta| self.vm.field(meta, "__mode"));
        self.vm.bytes(mode).is_some_and(|mode| mode.contains(&b'k') || mode.contains(&b'v'))
    }

    fn object(
        &mut self,
        source: Source,
        shell: Shell,
        parent: usize,
        step: Step,
    ) -> Result<ObjectId, Error> {
        if let Some(&id) = self.ids.get(&source) {
            return Ok(id);
        }
        let id = self.builder.reserve().map_err(Error::limit)?;
        self.ids.insert(source, id);
        self.queue.push_back(self.visits.len());
        self.visits.push(Visit { source, shell, parent, step });
        Ok(id)
    }

    fn cell(&mut self, cell: UpvalueId, parent: usize, step: Step) -> Result<ObjectId, Error> {
        self.object(Source::Cell(cell), Shell::Cell(cell), parent, step)
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
        Ok(Stored::Object(self.object(source, Shell::Value(value), parent, step)?))
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
            let shell = Shell::Value(Value::thread(thread));
            self.object(Source::Coroutine(thread), shell, visit, Step::Upvalue)?;
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
            let shell = Shell::Value(Value::table(meta));
            let meta = self.object(Source::Table(meta), shell, visit, Step::Metatable)?;
            stored.metatable = Some(meta);
        }
        Ok(Object::Table(stored))
    }

    fn closure(&mut self, visit: usize, closure: lua::ClosureId) -> Result<Object, Error> {
        let (proto, cells) = self.vm.closure_parts(closure);
        let mut upvalues = Vec::with_capacity(cells.len());
        for &cell in cells {
            upvalues.push(self.cell(cell, visit, Step::Upvalue)?);
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
        self.changes_unseen |= !values.is_empty();
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
        self.changes_unseen = true;
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
            let cell = self.cell(cell, visit, Step::Slot)?;
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
                Some(name) => format!("[{}]", quoted(name)),
                None => match key.kind() {
                    Kind::Integer(i) => format!("[{i}]"),
                    Kind::Float(f) => {
                        let mut text = Vec::new();
                        write_float(&mut text, f);
                        format!("[{}]", String::from_utf8_lossy(&text))
                    }
                    Kind::Boolean(b) => format!("[{b}]"),
                    _ => format!("[a {}]", Type::name(key.type_of())),
                },
            },
        }
    }
}

/// In quotes, on one line. Text of other languages stays readable.
fn quoted(name: &[u8]) -> String {
    let mut text = String::from("\"");
    for letter in String::from_utf8_lossy(name).chars() {
        match letter {
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => text.extend(letter.escape_default()),
            _ => text.push(letter),
        }
    }
    text + "\""
}

fn is_identifier(name: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.first().is_some_and(letter)
        && name.iter().all(|byte| letter(byte) || byte.is_ascii_digit())
}
