//! PUC-Rio Lua 5.4, compiled from its C source.

use crate::Vm;
use anyhow::{Result, anyhow};
use mlua::{Lua, Value};

/// One state with the standard library.
pub struct Puc {
    lua: Lua,
    source: String,
}

impl Puc {
    pub fn new(source: String) -> Puc {
        Puc { lua: Lua::new(), source }
    }
}

impl Vm for Puc {
    fn run(&mut self) -> Result<String> {
        let value = self.lua.load(&self.source).eval::<Value>();
        value.and_then(|value| value.to_string()).map_err(|error| anyhow!("{error}"))
    }

    fn collect(&mut self) -> Result<()> {
        self.lua.gc_collect().map_err(|error| anyhow!("{error}"))
    }

    fn version(&self) -> String {
        let release = self.lua.globals().get::<String>("_VERSION").unwrap_or_default();
        format!("PUC-Rio {release}")
    }
}
