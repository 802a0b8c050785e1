//! The engine: a Lua machine with a `_home`, and what of it was committed.

use codec::{Image, Object};
use lua::{Kind, Libraries, LibraryOptions, Limits, TableId, Throw, Value, Vm};
use store::{CACHE_BYTES_DEFAULT, Durability, Stats, Storage};

use crate::error::Error;
use crate::load::{Loader, Shell};
use crate::names::Names;
use crate::pieces::Pieces;
use crate::save::Saver;

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limits on every run.
    pub limits: Limits,
    /// Seed of all hashes and of `math.random`; an unpredictable one keeps scripts from crafting
    /// keys that collide.
    pub seed: u64,
    /// Programs get only what cannot leave the machine: no files, no processes, no environment,
    /// and no `debug` functions that reach into the host's own Lua code.
    pub sandboxed: bool,
    /// When a commit counts as durable.
    pub durability: Durability,
    /// Bytes of the store's page cache.
    pub cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            limits: Limits::default(),
            seed: 0,
            sandboxed: false,
            durability: Durability::Strict,
            cache_bytes: CACHE_BYTES_DEFAULT,
        }
    }
}

/// Figures about the store of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFigures {
    /// Shape and cache.
    pub stats: Stats,
    /// The newest commit that the storage took over.
    pub handed_over: store::Ticket,
    /// The newest commit that is durable.
    pub durable: store::Ticket,
}

/// A Lua machine whose table `_home` (also `Memory`) is committed after each run that succeeds
/// and put back after each one that fails.
///
/// What was under `_home` at the last commit is put back in place: it is the same objects then,
/// with the contents that they had. Nothing else is touched.
pub struct Engine {
    vm: Vm,
    names: Names,
    home: TableId,
    limits: Limits,
    store: Option<Pieces>,
    /// The image of what was committed last; empty before anything was.
    committed: Vec<u8>,
    /// The store holds that image.
    stored: bool,
    /// `_home` may differ from what was committed.
    touched: bool,
    /// What was committed holds what changes without reports of writes.
    changes_unseen: bool,
    /// Why `_home` could not be put back: nothing may be committed any more.
    lost: Option<Error>,
}

impl Engine {
    /// A new engine with an empty `_home` that lasts as long as the engine.
    ///
    /// # Errors
    /// A heap limit that has no room for the standard library.
    pub fn new(options: &Options) -> Result<Engine, Error> {
        let mut engine = Engine::empty(options)?;
        engine.adopt_saved()?;
        Ok(engine)
    }

    /// An engine whose `_home` is what the storage holds; a new storage holds an empty one.
    ///
    /// # Errors
    /// `is_store`: whatever [`store::Store::open`] reports. `is_image`: a damaged image, or one of
    /// a later version. A heap limit that has no room for the library and for what is stored.
    pub fn open(options: &Options, storage: Box<dyn Storage>) -> Result<Engine, Error> {
        let cache = store::Options { cache_bytes: options.cache_bytes, read_only: false };
        let mut store = Pieces::open(storage, cache, options.durability)?;
        let image = store.read()?;
        let mut engine = Engine::empty(options)?;
        engine.store = Some(store);
        match image {
            None => engine.adopt_saved()?,
            Some(image) => {
                let shells = engine.load(&image)?;
                engine.adopt(&shells, shells.len());
                engine.committed = image;
                engine.stored = true;
            }
        }
        Ok(engine)
    }

    fn empty(options: &Options) -> Result<Engine, Error> {
        let mut vm = Vm::with_seed(options.seed);
        vm.set_limits(&options.limits);
        let home = prepare(&mut vm, options).map_err(|throw| thrown(&mut vm, throw))?;
        Ok(Engine {
            names: Names::of(&vm),
            vm,
            home,
            limits: options.limits.clone(),
            store: None,
            committed: Vec::new(),
            stored: false,
            touched: false,
            changes_unseen: false,
            lost: None,
        })
    }

    /// The machine itself. What is changed through it is committed by [`Engine::commit`].
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }

    /// The table that is committed.
    pub fn home(&self) -> TableId {
        self.home
    }

    /// Whether nothing was ever committed to the store.
    pub fn is_new(&self) -> bool {
        !self.stored
    }

    /// Compiles and runs source text and commits; returns all results.
    ///
    /// # Errors
    /// What the program throws, limits, and all errors of [`Engine::commit`]: `_home` is put back
    /// to what it was before.
    pub fn run(&mut self, source: &[u8], chunk_name: &str) -> Result<Vec<Value>, Error> {
        let outcome = self.vm.eval(source, chunk_name);
        let results = outcome.map_err(|throw| thrown(&mut self.vm, throw));
        self.conclude(results)
    }

    /// Ends a run: commits `_home` if it succeeded, and puts it back if it, or the commit, failed.
    ///
    /// # Errors
    /// That of the run, or those of [`Engine::commit`].
    pub fn conclude<T, E: From<Error>>(&mut self, outcome: Result<T, E>) -> Result<T, E> {
        match outcome {
            Ok(results) => {
                self.commit()?;
                Ok(results)
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Commits `_home`, if it has changed; whether it had. A store that is durable at once has it
    /// when this returns; otherwise [`Engine::store_figures`] tells.
    ///
    /// # Errors
    /// `is_unstorable`, with the path to what cannot be stored; `is_store`, with the store's code;
    /// `is_lost`. Nothing of the commit is stored then, and `_home` is what it was before.
    pub fn commit(&mut self) -> Result<bool, Error> {
        let outcome = self.try_commit();
        if outcome.is_err() {
            self.rollback();
        }
        outcome
    }

    fn try_commit(&mut self) -> Result<bool, Error> {
        if let Some(why) = &self.lost {
            return Err(Error::lost(why));
        }
        if !self.is_touched() {
            return Ok(false);
        }
        let saved = Saver::new(&self.vm, &self.names).save(self.home)?;
        let image = saved.image.encode().map_err(Error::limit)?;
        let (shells, strong, unseen) = (saved.shells, saved.strong, saved.changes_unseen);
        drop(saved.image);
        let changed = image != self.committed;
        if changed && let Some(store) = &mut self.store {
            let before = if self.stored { &self.committed[..] } else { &[] };
            store.write(before, &image)?;
            self.stored = true;
        }
        self.committed = image;
        self.adopt(&shells, strong);
        self.changes_unseen = unseen;
        Ok(changed)
    }

    /// Puts `_home` back to what was committed last. Objects that belonged to it are the same
    /// ones as before, with their contents of then. If that fails, every later commit tells why.
    pub fn rollback(&mut self) {
        if !self.is_touched() || self.lost.is_some() {
            return;
        }
        // What is put back had room before; what the failed run has left is for the collector.
        self.vm.set_limits(&Limits { heap_bytes: None, ..self.limits.clone() });
        let outcome = self.put_back();
        self.vm.set_limits(&self.limits);
        self.lost = outcome.err();
    }

    fn put_back(&mut self) -> Result<(), Error> {
        let image = Image::decode(&self.committed)?;
        let (home, shells) = Loader::in_place(&mut self.vm, &self.names, &image).load()?;
        self.home = home;
        self.attach(&shells);
        Ok(())
    }

    /// Whether `_home` may differ from what was committed.
    fn is_touched(&mut self) -> bool {
        self.touched |= self.changes_unseen;
        self.touched |= !self.vm.take_written_tables().is_empty();
        self.touched |= !self.vm.take_written_cells().is_empty();
        self.touched
    }

    /// Takes the present state, of which nothing is stored, for the committed one.
    fn adopt_saved(&mut self) -> Result<(), Error> {
        let saved = Saver::new(&self.vm, &self.names).save(self.home)?;
        self.committed = saved.image.encode().map_err(Error::limit)?;
        self.adopt(&saved.shells, saved.strong);
        Ok(())
    }

    /// Keeps the objects of what was committed, `strong` of them alive, and lets writes to them be
    /// reported.
    fn adopt(&mut self, shells: &[Shell], strong: usize) {
        let (mut values, mut cells) = (Vec::new(), Vec::new());
        for shell in &shells[..strong] {
            match *shell {
                Shell::Value(value) => values.push(value),
                Shell::Cell(cell) => cells.push(cell),
                Shell::Later => {}
            }
        }
        self.vm.keep(values, cells);
        self.attach(shells);
    }

    fn attach(&mut self, shells: &[Shell]) {
        for shell in shells {
            match *shell {
                Shell::Cell(cell) => self.vm.attach_cell(cell),
                Shell::Value(value) => match value.kind() {
                    // What has a name is no part of the state.
                    Kind::Table(table) if self.names.name(value).is_none() => {
                        self.vm.attach_table(table);
                    }
                    _ => {}
                },
                Shell::Later => {}
            }
        }
        self.vm.take_written_tables();
        self.vm.take_written_cells();
        self.touched = false;
    }

    /// Everything that `_home` reaches now, as bytes for [`Engine::restore`].
    ///
    /// # Errors
    /// `is_unstorable`, with the path to what cannot be stored.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        Saver::new(&self.vm, &self.names).save(self.home)?.image.encode().map_err(Error::limit)
    }

    /// Replaces `_home` by what [`Engine::save`] wrote, as new objects, and commits it.
    ///
    /// # Errors
    /// `is_image`: an image that is damaged, foreign or too new; and those of [`Engine::commit`].
    /// `_home` stays as it was then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), Error> {
        let before = self.home;
        let mut outcome = self.load(image).map(drop);
        if outcome.is_ok() {
            self.touched = true;
            outcome = self.commit().map(drop);
        }
        if outcome.is_err() {
            self.home = before;
            publish(&mut self.vm, before).map_err(|throw| thrown(&mut self.vm, throw))?;
        }
        outcome
    }

    /// Makes new objects of an image the present state.
    fn load(&mut self, image: &[u8]) -> Result<Vec<Shell>, Error> {
        let image = Image::decode(image)?;
        let (home, shells) = Loader::new(&mut self.vm, &self.names, &image).load()?;
        publish(&mut self.vm, home).map_err(|throw| thrown(&mut self.vm, throw))?;
        self.home = home;
        self.changes_unseen = image.objects.iter().any(|object| match object {
            Object::Coroutine(_) => true,
            Object::Native(native) => !native.captures.is_empty(),
            _ => false,
        });
        Ok(shells)
    }

    /// Asks the store to make durable everything that was committed. Where that takes waiting,
    /// [`Engine::store_figures`] tells how far it has come.
    ///
    /// # Errors
    /// `is_store`: the fault that keeps a commit from becoming durable.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.store.as_mut().map_or(Ok(()), Pieces::flush)
    }

    /// Figures about the store; `None` without one.
    ///
    /// # Errors
    /// `is_store`: the fault that keeps a commit from becoming durable.
    pub fn store_figures(&mut self) -> Result<Option<StoreFigures>, Error> {
        let Some(store) = &mut self.store else { return Ok(None) };
        let (stats, length) = store.stats()?;
        let (handed_over, durable) = (length.handed_over, length.durable);
        Ok(Some(StoreFigures { stats, handed_over, durable }))
    }

    /// Closes the store. What was not committed is gone.
    ///
    /// # Errors
    /// `is_store`: what the storage reports; it is let go of all the same.
    pub fn close(self) -> Result<(), Error> {
        self.store.map_or(Ok(()), Pieces::close)
    }

    /// Turns what a run threw into an error.
    pub fn error(&mut self, throw: Throw) -> Error {
        thrown(&mut self.vm, throw)
    }
}

fn prepare(vm: &mut Vm, options: &Options) -> Result<TableId, Throw> {
    let libraries = match options.sandboxed {
        true => LibraryOptions::sandboxed(),
        false => LibraryOptions::trusted(),
    };
    vm.open_selected(&libraries)?;
    let home = vm.table()?;
    publish(vm, home)?;
    Ok(home)
}

/// Makes a table known under the names that programs use.
fn publish(vm: &mut Vm, home: TableId) -> Result<(), Throw> {
    let globals = vm.globals();
    vm.set_field(globals, "_home", Value::table(home))?;
    vm.set_field(globals, "Memory", Value::table(home))
}

fn thrown(vm: &mut Vm, throw: Throw) -> Error {
    let message = vm.thrown_message(throw);
    Error::lua(message, Vec::new(), throw == Throw::Interrupted)
}
