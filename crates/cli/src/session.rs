//! An engine and its store: every run that succeeds is committed, every other one undone.

use std::sync::OnceLock;
use std::time::Instant;

use moonkeep::lua::{Limits, Value, Vm};
use moonkeep::{Engine, Options};

use crate::arguments::State;
use crate::store_file::StoreFile;

pub struct Session {
    pub engine: Engine,
    store: Option<StoreFile>,
    /// What the store holds, or would hold.
    committed: Vec<u8>,
}

impl Session {
    /// Opens the engine and restores what the store has.
    pub fn open(state: &State) -> Result<Session, String> {
        let limits = Limits {
            fuel: state.fuel,
            heap_bytes: state.memory,
            milliseconds: state.timeout,
            ..Limits::default()
        };
        let options = Options { limits, seed: seed(), sandboxed: false };
        let mut engine = Engine::new(&options).map_err(|error| error.to_string())?;
        engine.vm().set_clock(milliseconds);
        let store = state.store.as_deref().map(StoreFile::open).transpose()?;
        if let Some(store) = &store
            && let Some(image) = store.read()?
        {
            let restored = engine.restore(&image);
            restored.map_err(|error| format!("{}: {error}", path_of(state)))?;
        }
        let committed = engine.save().map_err(|error| error.to_string())?;
        Ok(Session { engine, store, committed })
    }

    /// Runs a function; commits `_home` if it succeeds and the state can be stored, else puts
    /// `_home` back to what it was.
    pub fn run(&mut self, function: Value, args: &[Value]) -> Result<Vec<Value>, String> {
        let outcome = match self.engine.vm().call(function, args) {
            Ok(values) => self.commit().map(|()| values),
            Err(throw) => Err(describe(&self.engine.error(throw))),
        };
        if outcome.is_err() {
            self.engine.restore(&self.committed).map_err(|error| error.to_string())?;
        }
        outcome
    }

    fn commit(&mut self) -> Result<(), String> {
        let image = self.engine.save().map_err(|error| error.to_string())?;
        if image == self.committed {
            return Ok(());
        }
        if let Some(store) = &self.store {
            store.commit(&image)?;
        }
        self.committed = image;
        Ok(())
    }

    pub fn vm(&mut self) -> &mut Vm {
        self.engine.vm()
    }
}

fn path_of(state: &State) -> String {
    state.store.as_ref().map_or_else(String::new, |path| path.display().to_string())
}

/// An error as standard error shows it.
pub fn describe(error: &moonkeep::Error) -> String {
    match error.traceback() {
        Some(traceback) => format!("{error}\n{}", String::from_utf8_lossy(traceback)),
        None => error.to_string(),
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
