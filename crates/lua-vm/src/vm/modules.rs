//! Libraries of native functions: tables that are global variables and loaded modules.

use super::{NativeFunction, Throw, Vm};
use crate::value::{TableId, Value};

/// Field of the registry with all loaded modules: what Lua knows as `package.loaded`.
const LOADED: &str = "_LOADED";

impl Vm {
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
