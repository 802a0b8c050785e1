//! Values that every engine has of itself: an image refers to them by name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use lua::{Kind, TableId, Value, Vm};

/// The name of the metatable that all strings share.
const STRING_METATABLE: &str = "string metatable";

/// Tables by name and names by table.
#[derive(Default)]
pub(crate) struct Names {
    by_name: HashMap<Vec<u8>, TableId>,
    by_table: HashMap<TableId, Vec<u8>>,
}

impl Names {
    /// Collects the names of a machine whose libraries are open.
    pub fn of(vm: &Vm) -> Names {
        let mut names = Names::default();
        names.add("_G", vm.globals());
        if let Some(loaded) = vm.field(vm.registry(), "_LOADED").as_table() {
            let mut key = Value::NIL;
            while let Some((next, value)) = vm.table_next(loaded, key) {
                if let (Some(name), Some(table)) = (vm.bytes(next), value.as_table()) {
                    names.add(&format!("package {}", String::from_utf8_lossy(name)), table);
                }
                key = next;
            }
        }
        if let Some(meta) = vm.type_metatable(lua::Type::String) {
            names.add(STRING_METATABLE, meta);
        }
        names
    }

    /// The first name of a table stays.
    fn add(&mut self, name: &str, table: TableId) {
        if let Entry::Vacant(entry) = self.by_table.entry(table) {
            entry.insert(name.into());
            self.by_name.insert(name.into(), table);
        }
    }

    pub fn name(&self, value: Value) -> Option<&[u8]> {
        match value.kind() {
            Kind::Table(table) => self.by_table.get(&table).map(Vec::as_slice),
            _ => None,
        }
    }

    pub fn table(&self, name: &[u8]) -> Option<TableId> {
        self.by_name.get(name).copied()
    }
}
