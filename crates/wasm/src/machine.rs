//! One machine: an engine with its options, its globals and its host.

use codec::{Message, WireValue};
use lua::{Limits, Value, Vm};
use moonkeep::Engine;

use crate::convert;
use crate::failure::{Code, Failure};
use crate::host::{self, Host, Reply};
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
        let options = read_options(options)?;
        let mut engine =
            Engine::new(&options).map_err(|error| Failure::new(Code::Memory, error.to_string()))?;
        host::connect(engine.vm(), host)?;
        run::prepare(engine.vm());
        Ok(Machine { engine, is_running: false })
    }

    /// The VM.
    pub fn vm(&mut self) -> &mut Vm {
        self.engine.vm()
    }

    /// The VM, unless a run is in progress: another one would end it.
    ///
    /// # Errors
    /// A run is in progress.
    pub fn idle_vm(&mut self) -> Result<&mut Vm, Failure> {
        match self.is_running {
            true => Err(Failure::new(Code::Busy, "a run is in progress")),
            false => Ok(self.engine.vm()),
        }
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

    /// Carries on the run, for about `budget` instructions.
    ///
    /// # Errors
    /// What the program throws, a limit, or no run to carry on.
    pub fn step(&mut self, budget: u32) -> Result<(Status, Vec<u8>), Failure> {
        if !self.is_running {
            return Err(Failure::new(Code::Input, "no run was begun"));
        }
        let outcome = run::step(self.engine.vm(), budget);
        self.is_running = matches!(outcome, Ok((Status::Paused | Status::Waiting, _)));
        outcome
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

    /// Ends the run that is in progress, if there is one.
    pub fn cancel(&mut self) {
        if std::mem::take(&mut self.is_running) {
            run::cancel(self.engine.vm());
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

    /// Writes the global that a path leads to.
    ///
    /// # Errors
    /// A path through what is no table.
    pub fn set(&mut self, path: &[u8]) -> Result<Vec<u8>, Failure> {
        set(self.vm(), path)
    }

    /// Everything that `_home` reaches, as one image.
    ///
    /// # Errors
    /// What cannot be stored, with the path to it.
    pub fn export(&self) -> Result<Vec<u8>, Failure> {
        self.engine.save().map_err(|error| Failure::new(Code::Save, error.to_string()))
    }

    /// Replaces `_home` by what an image holds.
    ///
    /// # Errors
    /// An image that cannot be read; `_home` stays as it was.
    pub fn import(&mut self, image: &[u8]) -> Result<(), Failure> {
        // What is replaced and what failed runs left must not stand in the way.
        self.idle_vm()?.collect_garbage();
        self.engine.restore(image).map_err(|error| Failure::new(Code::Load, error.to_string()))
    }
}

fn read_options(bytes: &[u8]) -> Result<moonkeep::Options, Failure> {
    let message = Message::decode(bytes)?;
    let depth_max = Limits::default().call_depth;
    let limits = Limits { heap_bytes: Some(HEAP_BYTES), ..Limits::default() };
    let mut options = moonkeep::Options { limits, sandboxed: true, ..Default::default() };
    for (key, value) in message.tables.iter().flat_map(|table| &table.entries) {
        let WireValue::String(name) = key else { continue };
        let name = String::from_utf8_lossy(name);
        if let ("sandboxed", WireValue::Boolean(sandboxed)) = (&*name, value) {
            options.sandboxed = *sandboxed;
            continue;
        }
        let number = number(value)
            .ok_or_else(|| Failure::new(Code::Input, format!("option '{name}' cannot be that")))?;
        let limits = &mut options.limits;
        match &*name {
            "fuel" => limits.fuel = Some(number),
            "memory" => limits.heap_bytes = Some(number.try_into().unwrap_or(usize::MAX)),
            "timeout" => limits.milliseconds = Some(number),
            "callDepth" => {
                limits.call_depth = depth_max.min(number.try_into().unwrap_or(depth_max))
            }
            "seed" => options.seed = number,
            _ => {
                let text = format!("there is no option '{name}'");
                return Err(Failure::new(Code::Input, text));
            }
        }
    }
    Ok(options)
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
