//! The standard library, written against the VM's public interface.

pub mod base;
pub mod coroutine;
mod debug;
#[cfg_attr(all(feature = "io", not(target_family = "wasm")), path = "host_native.rs")]
#[cfg_attr(not(all(feature = "io", not(target_family = "wasm"))), path = "host_none.rs")]
mod host;
#[cfg(all(feature = "io", not(target_family = "wasm")))]
mod io;
pub mod math;
mod os;
#[cfg(all(feature = "io", not(target_family = "wasm")))]
mod os_native;
mod package;
pub mod random;
mod restricted;
pub mod sort;
pub mod source;
mod string;
pub mod table;
mod text;
pub mod time;
mod utf8;

use crate::value::{NativeId, TableId, Value};
use crate::vm::{NativeFunction, Throw, Vm};

/// Field of the registry with all loaded modules: what Lua knows as `package.loaded`.
const LOADED: &str = "_LOADED";

/// State of the library that is no Lua value.
#[derive(Debug, Default)]
pub struct State {
    /// A buffer that is used again and again.
    pub(crate) scratch: Vec<u8>,
    /// What `warn` does.
    pub(crate) warnings: base::warn::Warnings,
    /// The generator behind `math.random`.
    pub(crate) random: random::Random,
    /// Where `dofile` and `loadfile` read from.
    pub(crate) sources: source::Sources,
    /// What pattern matching keeps between calls.
    pub(crate) strings: string::State,
    /// The iterators of `utf8.codes`, strict and lax.
    pub(crate) utf8_steps: Option<[NativeId; 2]>,
    /// The clock of the os library.
    pub(crate) wall_clock: time::Current,
}

/// Which parts of the standard library a program gets.
///
/// ```
/// let mut vm = lua::Vm::new();
/// vm.open_selected(&lua::LibraryOptions::sandboxed()).unwrap();
/// let found = vm.eval(b"return debug.sethook, pcall(io.open, 'secret')", "=example").unwrap();
/// assert!(found[0].is_nil() && found[1].is_falsy());
/// assert_eq!(vm.bytes(found[2]), Some(&b"'io.open' is not available to this program"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct LibraryOptions {
    /// Files, processes and the environment, where the host has them. Without this `io` can only
    /// write, and sources come from the host's loader alone.
    pub host_access: bool,
    /// All of `debug`, whose functions reach into other functions' variables and metatables.
    pub full_debug: bool,
}

impl LibraryOptions {
    /// Everything, for programs that may do what their host may.
    pub fn trusted() -> LibraryOptions {
        LibraryOptions { host_access: true, full_debug: true }
    }

    /// What cannot leave the VM nor break the encapsulation of the host's own Lua code.
    pub fn sandboxed() -> LibraryOptions {
        LibraryOptions { host_access: false, full_debug: false }
    }
}

impl Vm {
    /// Opens the whole standard library.
    ///
    /// # Errors
    /// A heap without room.
    pub fn open_libraries(&mut self) -> Result<(), Throw> {
        self.open_selected(&LibraryOptions::trusted())
    }

    /// Opens the parts of the standard library that the options name.
    ///
    /// # Errors
    /// A heap without room.
    pub fn open_selected(&mut self, options: &LibraryOptions) -> Result<(), Throw> {
        let globals = Value::table(self.globals);
        self.add_library("_G", globals)?;
        base::open(self)?;
        coroutine::open(self)?;
        math::open(self)?;
        table::open(self)?;
        string::open(self)?;
        utf8::open(self)?;
        package::open(self)?;
        let os = os::open(self)?;
        host::open_os(self, os, options)?;
        host::open_io(self, options)?;
        let debug =
            if options.full_debug { debug::open(self)? } else { debug::open_restricted(self)? };
        self.add_library("debug", debug)
    }

    /// Makes a library known as a global variable and as a loaded module.
    ///
    /// # Errors
    /// A heap without room.
    pub fn add_library(&mut self, name: &str, library: Value) -> Result<(), Throw> {
        let loaded = self.loaded_modules()?;
        self.set_field(loaded, name, library)?;
        self.set_field(self.globals, name, library)
    }

    /// The table of loaded modules, `package.loaded`; made when it is first asked for.
    ///
    /// # Errors
    /// A heap without room.
    pub fn loaded_modules(&mut self) -> Result<TableId, Throw> {
        let registry = self.registry();
        if let Some(loaded) = self.field(registry, LOADED).as_table() {
            return Ok(loaded);
        }
        let loaded = self.table()?;
        self.set_field(registry, LOADED, Value::table(loaded))?;
        Ok(loaded)
    }

    /// Makes a library's table: a global and a loaded module of that name.
    ///
    /// # Errors
    /// A heap without room.
    pub fn new_library(
        &mut self,
        name: &str,
        functions: &[(&str, NativeFunction)],
    ) -> Result<TableId, Throw> {
        let table = self.table()?;
        self.add_library(name, Value::table(table))?;
        self.register_all(table, name, functions)?;
        Ok(table)
    }

    /// Registers functions as fields of a table, under `prefix.name` (or `name` alone).
    ///
    /// # Errors
    /// A heap without room.
    pub fn register_all(
        &mut self,
        table: TableId,
        prefix: &str,
        functions: &[(&str, NativeFunction)],
    ) -> Result<(), Throw> {
        for (name, function) in functions {
            let full =
                if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            let id = self.register(&full, *function);
            self.set_field(table, name, Value::native(id))?;
        }
        Ok(())
    }
}
