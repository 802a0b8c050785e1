//! Moonkeep's own VM.

use crate::Vm;
use anyhow::{Result, anyhow};
use lua::{Libraries, Throw};

/// One VM with the standard library.
pub struct Moonkeep {
    vm: lua::Vm,
    source: String,
}

impl Moonkeep {
    pub fn new(source: String) -> Result<Moonkeep> {
        let mut vm = lua::Vm::new();
        vm.open_libraries().map_err(|throw| anyhow!("no library: {throw:?}"))?;
        Ok(Moonkeep { vm, source })
    }

    /// What was thrown, in words.
    fn error(&self, throw: Throw) -> anyhow::Error {
        let message = self.vm.bytes(self.vm.thrown()).unwrap_or_default();
        anyhow!("{throw:?}: {}", String::from_utf8_lossy(message))
    }
}

impl Vm for Moonkeep {
    fn run(&mut self) -> Result<String> {
        let results = self.vm.eval(self.source.as_bytes(), "=program");
        let value =
            *results.map_err(|throw| self.error(throw))?.first().unwrap_or(&lua::Value::NIL);
        match (value.as_integer(), self.vm.bytes(value)) {
            (Some(integer), _) => Ok(integer.to_string()),
            (_, Some(bytes)) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            _ => Err(anyhow!("the program returned neither an integer nor a string")),
        }
    }

    fn collect(&mut self) -> Result<()> {
        self.vm.collect_garbage();
        Ok(())
    }

    fn version(&self) -> String {
        format!("Moonkeep {}", env!("CARGO_PKG_VERSION"))
    }
}
