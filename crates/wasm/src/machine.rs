//! One machine: an engine with its options, its globals and its host.

use codec::{Message, WireValue};
use lua::{Limits, Value, Vm};
use moonkeep::Engine;
use moonkeep::store::Durability;

use crate::convert;
use crate::failure::{Code, Failure};
use crate::host::{self, Host, Medium, Reply};
use crate::run::{self, Status};

/// Bytes of heap if the host does not say: what a page may take without asking.
const HEAP_BYTES: usize = 256 << 20;

/// A Lua machine behind the border.
pub struct Machine {
    engine: Engine,
    /// A run was begun and has not ended.
    is_running: bool,
}

impl Machine {
    /// Opens a machine with the options that a message holds (see `docs/abi.md`).
    ///
    /// # Errors
    /// Options that make no sense, and limits too tight for the library.
    pub fn open(options: &[u8], host: Host) -> Result<Machine, Failure> {
        let (options, medium) = read_options(options)?;
        let mut engine = match medium {
            None => Engine::new(&options)?,
            Some(medium) => {
                let storage = (host.open_medium)(medium).map_err(moonkeep::Error::from)?;
                Engine::open(&options, storage)?
            }
        };
        host::connect(engine.vm(), host)?;
        run::prepare(engine.vm());
        Ok(Machine { engine, is_running: false })
    }

    /// The VM.
    pub fn vm(&mut self) -> &mut Vm {
        self.engine.vm()
    }

    /// The VM, unless a run is in progress: another one would end it.
    fn idle_vm(&mut self) -> Result<&mut Vm, Failure> {
        match self.is_running {
            true => Err(Failure::new(Code::Busy, "a run is in progress")),
            false => Ok(self.engine.vm()),
        }
    }

    /// Runs a program to its end, and commits.
    ///
    /// # Errors
    /// What the program throws, a limit, what cannot be stored, or a run that is in progress.
    /// `_home` is what it was before then.
    pub fn call(&mut self, program: &[u8]) -> Result<Vec<u8>, Failure> {
        let outcome = run::call(self.idle_vm()?, program);
        self.engine.conclude(outcome)
    }

    /// Begins a run that [`Machine::step`] carries out.
    ///
    /// # Errors
    /// A program that does not compile, and a run that is in progress.
    pub fn start(&mut self, program: &[u8]) -> Result<(), Failure> {
        run::start(self.idle_vm()?, program)?;
        self.is_running = true;
        Ok(())
    }

    /// Carries on the run, for about `budget` instructions; commits when it ends.
    ///
    /// # Errors
    /// What the program throws, a limit, what cannot be stored, or no run to carry on. `_home` is
    /// what it was before the run then.
    pub fn step(&mut self, budget: u32) -> Result<(Status, Vec<u8>), Failure> {
        if !self.is_running {
            return Err(Failure::new(Code::Input, "no run was begun"));
        }
        let outcome = run::step(self.engine.vm(), budget);
        self.is_running = matches!(outcome, Ok((Status::Paused | Status::Waiting, _)));
        match self.is_running {
            true => outcome,
            // The results are messages by now: they are what the host gets if the commit succeeds.
            false => self.engine.conclude(outcome),
        }
    }

    /// Answers for the host function that the run waits for.
    ///
    /// # Errors
    /// No run that waits, or an error of the host function that the program does not catch.
    pub fn answer(&mut self, reply: Reply) -> Result<(), Failure> {
        if !self.is_running {
            return Err(Failure::new(Code::Input, "no run was begun"));
        }
        let outcome = run::answer(self.engine.vm(), reply);
        if outcome.is_err() {
            self.cancel();
        }
        outcome
    }

    /// Ends the run that is in progress, if there is one, and puts `_home` back.
    pub fn cancel(&mut self) {
        if std::mem::take(&mut self.is_running) {
            run::cancel(self.engine.vm());
            self.engine.rollback();
        }
    }

    /// Registers the host function that a message names.
    ///
    /// # Errors
    /// No name, or a path through what is no table.
    pub fn register(&mut self, name: &[u8]) -> Result<Vec<u8>, Failure> {
        register(self.vm(), name)
    }

    /// Reads the global that a path leads to.
    ///
    /// # Errors
    /// A value that cannot cross the border.
    pub fn get(&mut self, path: &[u8]) -> Result<Vec<u8>, Failure> {
        get(self.vm(), path)
    }

    /// Writes the global that a path leads to, and commits, unless a run is in progress: then it
    /// belongs to that.
    ///
    /// # Errors
    /// A path through what is no table, and what cannot be stored.
    pub fn set(&mut self, path: &[u8]) -> Result<Vec<u8>, Failure> {
        let outcome = run::with_room(self.vm(), |vm| set(vm, path));
        match self.is_running {
            true => outcome,
            false => self.engine.conclude(outcome),
        }
    }

    /// Makes durable everything that was committed, where that needs no waiting.
    ///
    /// # Errors
    /// The store's fault.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.engine.flush()?)
    }

    /// Figures about the store, as a message of numbers (see `docs/abi.md`); empty without one.
    ///
    /// # Errors
    /// The fault that keeps a commit from becoming durable.
    pub fn store(&mut self) -> Result<Vec<u8>, Failure> {
        let mut values = Vec::new();
        if let Some(figures) = self.engine.store_figures()? {
            let stats = figures.stats;
            values = vec![
                figures.handed_over,
                figures.durable,
                stats.transaction,
                stats.entries,
                stats.depth.into(),
                stats.pages.into(),
                stats.free_pages.into(),
                stats.page_bytes.into(),
                stats.frames as u64,
                stats.cache_hits,
                stats.cache_misses,
            ];
        }
        let values = values.into_iter().map(|value| WireValue::Integer(value as i64)).collect();
        Ok(Message { values, tables: vec![] }.encode()?)
    }

    /// Closes the store; what a run in progress did is gone.
    ///
    /// # Errors
    /// The store's fault; it is closed all the same.
    pub fn close(self) -> Result<(), Failure> {
        Ok(self.engine.close()?)
    }

    /// Everything that `_home` reaches, as one image.
    ///
    /// # Errors
    /// What cannot be stored, with the path to it.
    pub fn export(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.engine.save()?)
    }

    /// Replaces `_home` by what an image holds, and commits.
    ///
    /// # Errors
    /// An image that cannot be read, and the store's faults; `_home` stays as it was.
    pub fn import(&mut self, image: &[u8]) -> Result<(), Failure> {
        // What is replaced and what failed runs left must not stand in the way.
        self.idle_vm()?.collect_garbage();
        Ok(self.engine.restore(image)?)
    }
}

fn read_options(bytes: &[u8]) -> Result<(moonkeep::Options, Option<Medium>), Failure> {
    let message = Message::decode(bytes)?;
    let depth_max = Limits::default().call_depth;
    let limits = Limits { heap_bytes: Some(HEAP_BYTES), ..Limits::default() };
    let mut options = moonkeep::Options { limits, sandboxed: true, ..Default::default() };
    let mut medium = None;
    for (key, value) in message.tables.iter().flat_map(|table| &table.entries) {
        let WireValue::String(name) = key else { continue };
        let limits = &mut options.limits;
        match (&name[..], value, number(value)) {
            (b"sandboxed", WireValue::Boolean(sandboxed), _) => options.sandboxed = *sandboxed,
            (b"store", WireValue::String(kind), _) if kind == b"files" => {
                medium = Some(Medium::Files);
            }
            (b"store", WireValue::String(kind), _) if kind == b"pages" => {
                medium = Some(Medium::Pages);
            }
            (b"durability", WireValue::String(kind), _) if kind == b"strict" => {
                options.durability = Durability::Strict;
            }
            (b"durability", WireValue::String(kind), _) if kind == b"relaxed" => {
                options.durability = Durability::Relaxed;
            }
            (b"cacheBytes", _, Some(number)) => options.cache_bytes = saturated(number),
            (b"fuel", _, Some(number)) => limits.fuel = Some(number),
            (b"memory", _, Some(number)) => limits.heap_bytes = Some(saturated(number)),
            (b"timeout", _, Some(number)) => limits.milliseconds = Some(number),
            (b"callDepth", _, Some(number)) => {
                limits.call_depth = depth_max.min(saturated(number));
            }
            (b"seed", _, Some(number)) => options.seed = number,
            _ => {
                let text = [b"there is no such option, or it cannot be that: ", &name[..]];
                return Err(Failure::new(Code::Input, text.concat()));
            }
        }
    }
    Ok((options, medium))
}

fn saturated(number: u64) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

fn number(value: &WireValue) -> Option<u64> {
    match *value {
        WireValue::Integer(number) => number.try_into().ok(),
        WireValue::Float(number) if number >= 0.0 => Some(number as u64),
        _ => None,
    }
}

/// Reads a global by its path: keys that lead from table to table, without metamethods.
pub fn get(vm: &mut Vm, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let path = convert::decode(vm, bytes)?;
    let mut value = Value::table(vm.globals());
    for key in path {
        value = match value.as_table() {
            Some(table) => vm.raw_get(table, key),
            None => Value::NIL,
        };
    }
    convert::encode(vm, &[value])
}

/// Writes a global by its path; the last value of the message is the value.
pub fn set(vm: &mut Vm, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let path = convert::decode(vm, bytes)?;
    let invalid = |text: &str| Failure::new(Code::Input, text);
    let [path @ .., key, value] = &path[..] else {
        return Err(invalid("a path and a value are expected"));
    };
    let mut table = vm.globals();
    for &part in path {
        let inner = vm.raw_get(table, part).as_table();
        table = inner.ok_or_else(|| invalid("the path leads through a value that is no table"))?;
    }
    if key.is_nil() || key.as_float().is_some_and(f64::is_nan) {
        return Err(invalid("a key can be neither nil nor NaN"));
    }
    vm.raw_set(table, *key, *value)?;
    Ok(Message::default().encode()?)
}

/// Registers the host function that a message names.
pub fn register(vm: &mut Vm, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let message = Message::decode(bytes)?;
    let name = match &message.values[..] {
        [WireValue::String(name)] => std::str::from_utf8(name).ok(),
        _ => None,
    };
    match name {
        Some(name) => host::register(vm, name)?,
        None => return Err(Failure::new(Code::Input, "a name is expected")),
    }
    Ok(Message::default().encode()?)
}

/// What the machine uses: heap bytes, fuel of the last run; then the host objects let go of.
pub fn stats(vm: &mut Vm) -> Result<Vec<u8>, Failure> {
    let mut values = vec![vm.heap().bytes() as i64, vm.fuel_used() as i64];
    values.extend(host::take_released().into_iter().map(i64::from));
    let values = values.into_iter().map(WireValue::Integer).collect();
    Ok(Message { values, tables: vec![] }.encode()?)
}
