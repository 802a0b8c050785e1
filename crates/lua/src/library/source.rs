//! Where `dofile` and `loadfile` read from: the host decides.

use super::state;
use lua_vm::{Throw, Vm};

/// Reads sources by name for a program.
pub trait SourceLoader {
    /// The bytes of the source with that name; without a name, standard input.
    ///
    /// # Errors
    /// Why it cannot be read, in words for the program: `cannot open x.lua`.
    fn read(&mut self, name: Option<&[u8]>) -> Result<Vec<u8>, String>;
}

/// The host's loader; without one every access is refused.
#[derive(Default)]
pub(crate) struct Sources(Option<Box<dyn SourceLoader>>);

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Sources(host)" } else { "Sources(none)" })
    }
}

/// Reads files of the operating system, and standard input.
///
/// ```
/// use lua::Libraries;
/// let mut vm = lua::Vm::new();
/// vm.set_source_loader(Box::new(lua::FileSources));
/// ```
#[derive(Debug)]
pub struct FileSources;

impl SourceLoader for FileSources {
    fn read(&mut self, name: Option<&[u8]>) -> Result<Vec<u8>, String> {
        let Some(name) = name else {
            let mut text = Vec::new();
            return match std::io::Read::read_to_end(&mut std::io::stdin(), &mut text) {
                Ok(_) => Ok(text),
                Err(error) => Err(format!("cannot read stdin: {}", reason(&error))),
            };
        };
        let name = String::from_utf8_lossy(name);
        std::fs::read(&*name).map_err(|error| format!("cannot open {name}: {}", reason(&error)))
    }
}

/// An error's text without the number that Rust adds.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

impl Sources {
    /// Takes another loader.
    pub fn set(&mut self, loader: Box<dyn SourceLoader>) {
        self.0 = Some(loader);
    }

    /// The same, unless the host has set a loader already.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    pub fn set_default(&mut self, loader: Box<dyn SourceLoader>) {
        self.0.get_or_insert(loader);
    }

    /// Whether the host's loader has a source of that name.
    pub fn exists(&mut self, name: &[u8]) -> bool {
        self.0.as_mut().is_some_and(|loader| loader.read(Some(name)).is_ok())
    }

    fn read(&mut self, name: Option<&[u8]>) -> Result<Vec<u8>, String> {
        match &mut self.0 {
            Some(loader) => loader.read(name),
            None => {
                let name = String::from_utf8_lossy(name.unwrap_or(b"stdin"));
                Err(format!("cannot open {name}: files are not available to this program"))
            }
        }
    }
}

/// Reads a source through the host's loader.
pub(crate) fn read(vm: &mut Vm, name: Option<&[u8]>) -> Result<Vec<u8>, Throw> {
    match state(vm).sources.read(name) {
        Ok(text) => {
            vm.charge(text.len() / 16)?;
            Ok(text)
        }
        Err(message) => vm.throw_plain(message),
    }
}
