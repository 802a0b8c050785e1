//! The engine: a Lua machine with a `_home`.

use lua::{LibraryOptions, Limits, TableId, Throw, Value, Vm};

use crate::error::Error;
use crate::load::Loader;
use crate::names::Names;
use crate::save::Saver;

/// How an engine is set up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Limits on every run.
    pub limits: Limits,
    /// Seed of all hashes and of `math.random`; an unpredictable one keeps scripts from crafting
    /// keys that collide.
    pub seed: u64,
    /// Programs get only what cannot leave the machine: no files, no processes, no environment,
    /// and no `debug` functions that reach into the host's own Lua code.
    pub sandboxed: bool,
}

/// A Lua machine whose table `_home` (also `Memory`) can be saved and restored.
pub struct Engine {
    vm: Vm,
    names: Names,
    home: TableId,
}

impl Engine {
    /// A new engine with an empty `_home`.
    ///
    /// # Errors
    /// A heap limit that has no room for the standard library.
    pub fn new(options: &Options) -> Result<Engine, Error> {
        let mut vm = Vm::with_seed(options.seed);
        vm.set_limits(&options.limits);
        match prepare(&mut vm, options) {
            Ok(home) => {
                let names = Names::of(&vm);
                Ok(Engine { vm, names, home })
            }
            Err(throw) => Err(thrown(&mut vm, throw)),
        }
    }

    /// The machine itself.
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }

    /// The table that is saved.
    pub fn home(&self) -> TableId {
        self.home
    }

    /// Compiles and runs source text; returns all results.
    ///
    /// # Errors
    /// What the program throws, and limits.
    pub fn eval(&mut self, source: &[u8], chunk_name: &str) -> Result<Vec<Value>, Error> {
        self.vm.eval(source, chunk_name).map_err(|throw| thrown(&mut self.vm, throw))
    }

    /// Everything that `_home` reaches, as bytes.
    ///
    /// # Errors
    /// Something that cannot be stored, with the path to it; nothing is lost then.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        Ok(Saver::new(&self.vm, &self.names).save(self.home)?.encode()?)
    }

    /// Replaces `_home` by what [`Engine::save`] wrote.
    ///
    /// # Errors
    /// An image that is damaged, foreign or too new; `_home` stays as it was then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), Error> {
        let image = codec::Image::decode(image)?;
        let home = Loader::new(&mut self.vm, &self.names, &image).load()?;
        self.home = home;
        publish(&mut self.vm, home).map_err(|throw| thrown(&mut self.vm, throw))
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
