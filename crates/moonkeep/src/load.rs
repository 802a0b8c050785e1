//! From an image to the machine: first every object as an empty shell, then their contents.

use codec::{Image, Object, ObjectId, Value as Stored};
use lua::introspect::{CoroutineSnapshot, FrameSnapshot};
use lua::{Kind, ProtoId, TableId, ThreadId, Throw, UpvalueId, Value, Vm};

use crate::error::Error;
use crate::names::Names;

/// An object of an image in the machine.
#[derive(Clone, Copy)]
pub(crate) enum Shell {
    Value(Value),
    Cell(UpvalueId),
    /// A closure, which needs its cells first.
    Later,
}

pub(crate) struct Loader<'a> {
    vm: &'a mut Vm,
    names: &'a Names,
    image: &'a Image,
    /// Objects that exist already, as the first ones of the image.
    existing: Vec<Shell>,
    shells: Vec<Shell>,
    prototypes: Vec<Option<ProtoId>>,
}

impl<'a> Loader<'a> {
    /// For a new set of objects.
    pub fn new(vm: &'a mut Vm, names: &'a Names, image: &'a Image) -> Loader<'a> {
        let prototypes = vec![None; image.prototypes.len()];
        Loader { vm, names, image, existing: Vec::new(), shells: Vec::new(), prototypes }
    }

    /// Puts what is kept in the machine back to what it was when it made the image.
    pub fn in_place(vm: &'a mut Vm, names: &'a Names, image: &'a Image) -> Loader<'a> {
        let (values, cells) = vm.kept();
        let (mut values, mut cells) = (values.iter(), cells.iter());
        let existing = image.objects.iter().map_while(|object| match object {
            Object::Cell(_) => cells.next().map(|&cell| Shell::Cell(cell)),
            _ => values.next().map(|&value| Shell::Value(value)),
        });
        let existing = existing.collect();
        Loader { existing, ..Loader::new(vm, names, image) }
    }

    /// Builds everything; returns the root table and all objects. Nothing that existed is
    /// changed, unless it is put back.
    pub fn load(mut self) -> Result<(TableId, Vec<Shell>), Error> {
        let running = self.vm.pause_collector();
        let loaded = self.build();
        self.vm.resume_collector(running);
        Ok((loaded?, self.shells))
    }

    fn build(&mut self) -> Result<TableId, Error> {
        for (index, object) in self.image.objects.iter().enumerate() {
            let shell = match self.existing.get(index) {
                Some(&shell) => self.emptied(shell)?,
                None => self.shell(object)?,
            };
            self.shells.push(shell);
        }
        self.make_closures()?;
        for index in 0..self.image.objects.len() {
            self.fill(index)?;
        }
        match self.value(&self.image.root)?.as_table() {
            Some(root) => Ok(root),
            None => Err(Error::corrupt("its root is not a table")),
        }
    }

    /// An object that exists, ready to be filled again.
    fn emptied(&mut self, shell: Shell) -> Result<Shell, Error> {
        if let Shell::Value(value) = shell {
            match value.kind() {
                Kind::Table(_) if self.names.name(value).is_some() => {}
                Kind::Table(table) => self.vm.clear_table(table),
                Kind::Thread(thread) if !self.vm.reset_coroutine(thread) => {
                    return Err(Error::corrupt("a coroutine is running"));
                }
                _ => {}
            }
        }
        Ok(shell)
    }

    fn prototype(&mut self, index: usize) -> Result<ProtoId, Error> {
        let (Some(stored), Some(place)) =
            (self.image.prototypes.get(index), self.prototypes.get_mut(index))
        else {
            return Err(Error::corrupt("a function without its code"));
        };
        if let Some(made) = *place {
            return Ok(made);
        }
        let chunk = lua::chunk::undump(&stored.chunk)
            .and_then(lua::chunk::verify)
            .map_err(|error| Error::corrupt(format!("a stored function: {error}")))?;
        let made = self.vm.make_prototype(chunk).map_err(out_of_memory)?;
        *place = Some(made);
        Ok(made)
    }

    fn shell(&mut self, object: &Object) -> Result<Shell, Error> {
        let made = match object {
            Object::Table(table) => self
                .vm
                .table_with_capacity(table.array.len(), table.entries.len())
                .map(|id| Shell::Value(Value::table(id))),
            Object::Cell(_) => self.vm.make_cell(Value::NIL).map(Shell::Cell),
            Object::Closure(_) => Ok(Shell::Later),
            Object::Coroutine(_) => {
                self.vm.make_coroutine().map(|id| Shell::Value(Value::thread(id)))
            }
            Object::Native(native) => {
                let name = String::from_utf8_lossy(&native.name);
                let id = match self.vm.find_native(&name) {
                    Some(id) => id,
                    None => self.vm.register(&name, missing),
                };
                let empty = vec![Value::NIL; native.captures.len()];
                self.vm.make_native(id, &empty).map(Shell::Value)
            }
            Object::Named(name) => match self.names.table(name) {
                Some(table) => Ok(Shell::Value(Value::table(table))),
                None => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return Err(Error::corrupt(format!("there is no table named '{name}' here")));
                }
            },
            Object::Host(host) => {
                let handler = String::from_utf8_lossy(&host.handler).into_owned();
                return Err(Error::corrupt(format!("no handler for host objects '{handler}'")));
            }
        };
        made.map_err(out_of_memory)
    }

    fn make_closures(&mut self) -> Result<(), Error> {
        for (index, object) in self.image.objects.iter().enumerate() {
            let Object::Closure(closure) = object else { continue };
            let mut cells = Vec::with_capacity(closure.upvalues.len());
            for &id in &closure.upvalues {
                cells.push(self.cell(id)?);
            }
            if let Shell::Value(existing) = self.shells[index] {
                if let Kind::Closure(existing) = existing.kind() {
                    self.vm.set_closure_cells(existing, &cells);
                }
                continue;
            }
            let proto = self.prototype(closure.prototype as usize)?;
            match self.vm.make_closure(proto, &cells) {
                Ok(value) => self.shells[index] = Shell::Value(value),
                Err(Throw::Memory) => return Err(out_of_memory(Throw::Memory)),
                Err(_) => return Err(Error::corrupt("a function with the wrong upvalues")),
            }
        }
        Ok(())
    }

    fn cell(&self, id: ObjectId) -> Result<UpvalueId, Error> {
        match self.shells.get(id.0 as usize) {
            Some(Shell::Cell(cell)) => Ok(*cell),
            _ => Err(Error::corrupt("an upvalue that is no cell")),
        }
    }

    fn value(&mut self, stored: &Stored) -> Result<Value, Error> {
        Ok(match stored {
            Stored::Nil => Value::NIL,
            Stored::Boolean(b) => Value::boolean(*b),
            Stored::Integer(i) => Value::integer(*i),
            Stored::Float(f) => Value::float(*f),
            Stored::String(bytes) => self.vm.string(bytes).map_err(out_of_memory)?,
            Stored::Object(id) => match self.shells.get(id.0 as usize) {
                Some(Shell::Value(value)) => *value,
                _ => return Err(Error::corrupt("a value that is none")),
            },
        })
    }

    fn fill(&mut self, index: usize) -> Result<(), Error> {
        let image = self.image;
        match (&image.objects[index], self.shells[index]) {
            (Object::Table(table), Shell::Value(value)) => {
                let Kind::Table(id) = value.kind() else { return Ok(()) };
                self.fill_table(id, table)
            }
            (Object::Cell(stored), Shell::Cell(cell)) => {
                let value = self.value(stored)?;
                // A cell that a coroutine opened before holds its value on that stack.
                if let lua::introspect::Cell::Closed(_) = self.vm.cell(cell) {
                    self.vm.set_cell(cell, value);
                }
                Ok(())
            }
            (Object::Native(native), Shell::Value(function)) => {
                for (n, stored) in native.captures.iter().enumerate() {
                    let value = self.value(stored)?;
                    self.vm.set_native_capture(function, n, value);
                }
                Ok(())
            }
            (Object::Coroutine(coroutine), Shell::Value(value)) => {
                let Kind::Thread(id) = value.kind() else { return Ok(()) };
                self.fill_coroutine(id, coroutine)
            }
            _ => Ok(()),
        }
    }

    fn fill_table(&mut self, id: TableId, table: &codec::Table) -> Result<(), Error> {
        for (n, stored) in table.array.iter().enumerate() {
            let value = self.value(stored)?;
            let key = Value::integer(n as i64 + 1);
            self.vm.raw_set(id, key, value).map_err(out_of_memory)?;
        }
        for (key, stored) in &table.entries {
            let (key, value) = (self.value(key)?, self.value(stored)?);
            match self.vm.raw_set(id, key, value) {
                Ok(()) => {}
                Err(Throw::Memory) => return Err(out_of_memory(Throw::Memory)),
                Err(_) => return Err(Error::corrupt("a key that no table can have")),
            }
        }
        if let Some(meta) = table.metatable {
            match self.value(&Stored::Object(meta))?.as_table() {
                Some(meta) => {
                    let set = self.vm.set_metatable(Value::table(id), Some(meta));
                    set.map_err(out_of_memory)?;
                }
                None => return Err(Error::corrupt("a metatable that is no table")),
            }
        }
        Ok(())
    }

    fn fill_coroutine(&mut self, id: ThreadId, stored: &codec::Coroutine) -> Result<(), Error> {
        let mut snapshot = CoroutineSnapshot {
            dead: stored.status == codec::CoroutineStatus::Dead,
            to_close: stored.to_close.clone(),
            ..CoroutineSnapshot::default()
        };
        for value in &stored.stack {
            snapshot.stack.push(self.value(value)?);
        }
        for frame in &stored.frames {
            let numbers = frame.numbers.as_slice();
            let &[wanted, extra] = numbers else {
                return Err(Error::corrupt("a frame of another machine"));
            };
            let (Ok(wanted), Ok(extra)) = (u16::try_from(wanted), u32::try_from(extra)) else {
                return Err(Error::corrupt("a frame of another machine"));
            };
            snapshot.frames.push(FrameSnapshot {
                kind: frame.kind,
                flags: frame.flags as u8,
                function: self.value(&frame.function)?,
                pc: frame.pc,
                base: frame.base,
                wanted,
                extra,
            });
        }
        for open in &stored.open_cells {
            snapshot.open_cells.push((open.slot, self.cell(open.cell)?));
        }
        if let Some(failure) = stored.pending.first() {
            snapshot.failure = Some(self.value(failure)?);
        }
        let restored = self.vm.restore_coroutine(id, &snapshot);
        restored.map_err(|error| Error::corrupt(error.to_string()))
    }
}

fn out_of_memory(_: Throw) -> Error {
    Error::lua(b"not enough memory to restore the image".to_vec(), Vec::new(), false)
}

/// Stands for a function that the image names and the host did not register.
fn missing(call: &mut lua::Call<'_>) -> Result<usize, Throw> {
    let function = call.function();
    let name = match call.vm.native_parts(function) {
        Some((id, _)) => call.vm.native_name(id).to_string(),
        None => "?".to_string(),
    };
    call.error(format!("the function '{name}' is not registered in this program"))
}
