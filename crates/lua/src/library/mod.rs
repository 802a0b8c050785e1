//! The standard library, written against the VM's public interface.

pub mod base;

use crate::value::{TableId, Value};
use crate::vm::{NativeFunction, Throw, Vm};

/// State of the library that is no Lua value.
#[derive(Debug, Default)]
pub struct State {
    /// A buffer that is used again and again.
    pub(crate) scratch: Vec<u8>,
    /// Whether `warn` writes.
    pub(crate) warnings_on: bool,
}

impl Vm {
    /// Opens the whole standard library.
    ///
    /// # Errors
    /// A heap without room.
    pub fn open_libraries(&mut self) -> Result<(), Throw> {
        base::open(self)
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

    /// The name of a function among the loaded libraries, like `string.find`.
    pub(crate) fn library_name(&self, function: Value) -> Option<Vec<u8>> {
        match function.kind() {
            crate::Kind::Native(id) => Some(self.native_name(id).as_bytes().to_vec()),
            _ => None,
        }
    }

    /// Emits a warning, as `warn` does.
    pub(crate) fn warn(&mut self, message: &[u8]) {
        if self.library.warnings_on {
            eprintln!("Lua warning: {}", String::from_utf8_lossy(message));
        }
    }
}
