//! An engine and its store: every run that succeeds is committed, every other one undone.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use moonkeep::lua::{Limits, Throw, Value, Vm};
use moonkeep::store::{self, FileOptions};
use moonkeep::{Engine, Options};

use crate::arguments::State;

/// How a file begins in which an earlier version kept `_home`: as an image.
const IMAGE_MAGIC: &[u8] = b"\x89MOON\r\n\0";

pub struct Session {
    pub engine: Engine,
}

impl Session {
    /// Opens the engine on the store, if there is to be one.
    pub fn open(state: &State) -> Result<Session, String> {
        let limits = Limits {
            fuel: state.fuel,
            heap_bytes: state.memory,
            milliseconds: state.timeout,
            ..Limits::default()
        };
        let options = Options { limits, seed: seed(), ..Options::default() };
        let engine = match &state.store {
            Some(path) => open(path, &options),
            None => Engine::new(&options),
        };
        let mut engine = engine.map_err(|error| match &state.store {
            Some(path) => format!("cannot open store '{}': {}", path.display(), coded(&error)),
            None => error.to_string(),
        })?;
        engine.vm().set_clock(milliseconds);
        Ok(Session { engine })
    }

    /// Runs a function; commits `_home` if it succeeds and the state can be stored, else puts
    /// `_home` back to what it was.
    pub fn run(&mut self, function: Value, args: &[Value]) -> Result<Vec<Value>, String> {
        let outcome = self.engine.vm().call(function, args);
        let outcome = outcome.map_err(|throw| self.engine.error(throw));
        self.engine.conclude(outcome).map_err(|error| describe(&error))
    }

    /// The error that a throw outside of a run stands for.
    pub fn thrown(&mut self, throw: Throw) -> String {
        describe(&self.engine.error(throw))
    }

    /// Closes the store.
    pub fn close(self) -> Result<(), String> {
        self.engine.close().map_err(|error| describe(&error))
    }

    pub fn vm(&mut self) -> &mut Vm {
        self.engine.vm()
    }
}

/// Opens the store in a file, which takes the place of the image that may lie there.
fn open(path: &Path, options: &Options) -> Result<Engine, moonkeep::Error> {
    let file = FileOptions { replaces: Some(IMAGE_MAGIC), ..FileOptions::default() };
    let storage = store::open_file(path, file).map_err(store::Error::from)?;
    let mut engine = Engine::open(options, Box::new(storage))?;
    if engine.is_new() {
        let image = store::replaced_file(path, IMAGE_MAGIC).map_err(store::Error::from)?;
        image.map_or(Ok(()), |image| engine.restore(&image))?;
    }
    Ok(engine)
}

/// An error with its code, if it is one of the store.
fn coded(error: &moonkeep::Error) -> String {
    match error.store() {
        Some(store) => format!("{error} ({})", store.code()),
        None => error.to_string(),
    }
}

/// An error as standard error shows it.
pub fn describe(error: &moonkeep::Error) -> String {
    match error.traceback() {
        Some(traceback) => format!("{error}\n{}", String::from_utf8_lossy(traceback)),
        None => coded(error),
    }
}

/// Milliseconds since the first call.
fn milliseconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}

/// A seed that programs cannot know.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
