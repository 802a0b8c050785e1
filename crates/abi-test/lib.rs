//! A host of the wasm module in a page of Rust, as `docs/abi.md` describes it.

mod pages;

use anyhow::{Result, ensure};
use codec::{Message, WireTable, WireValue};
use wasmtime::{Caller, Engine, Extern, Instance, Linker, Memory, Module, Store};
use wasmtime::{WasmParams, WasmResults};

pub use pages::{FULL, Pages};

/// Status: finished.
pub const DONE: u32 = 0;
/// Status: the budget of the step is spent.
pub const PAUSED: u32 = 1;
/// Status: a host function owes its answer.
pub const WAITING: u32 = 2;
/// Status: failed.
pub const FAILED: u32 = 3;

/// What the host keeps beside the instance.
#[derive(Default)]
pub struct State {
    /// All that was printed.
    pub printed: Vec<u8>,
    /// The calls of host functions.
    pub calls: Vec<Message>,
    /// What the store is kept in.
    pub pages: Pages,
}

/// An instance of the module.
pub struct Host {
    /// The engine's store, with the state of the host.
    pub store: Store<State>,
    instance: Instance,
    memory: Memory,
}

impl Host {
    /// Loads a module. Its host function `twice` answers at once, `later` later, others throw.
    pub fn new(module: &[u8]) -> Result<Host> {
        let engine = Engine::default();
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("moonkeep", "now", || 1_700_000_000_000.0)?;
        let print = |mut caller: Caller<'_, State>, address: u32, length: u32| -> Result<()> {
            let bytes = read(&mut caller, address, length)?;
            caller.data_mut().printed.extend(bytes);
            Ok(())
        };
        linker.func_wrap("moonkeep", "print", print)?;
        linker.func_wrap("moonkeep", "call", call)?;
        pages::link(&mut linker)?;
        let mut store = Store::new(&engine, State::default());
        let instance = linker.instantiate(&mut store, &module)?;
        let memory = instance.get_memory(&mut store, "memory").expect("the module has a memory");
        Ok(Host { store, instance, memory })
    }

    /// Calls an export.
    pub fn export<P: WasmParams, R: WasmResults>(&mut self, name: &str, args: P) -> Result<R> {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name)?;
        function.call(&mut self.store, args)
    }

    /// Writes the input.
    pub fn input(&mut self, bytes: &[u8]) -> Result<()> {
        let address: u32 = self.export("mk_input", bytes.len() as u32)?;
        self.memory.write(&mut self.store, address as usize, bytes)?;
        Ok(())
    }

    /// Copies the output.
    pub fn output(&mut self) -> Result<Vec<u8>> {
        let address: u32 = self.export("mk_output", ())?;
        let length: u32 = self.export("mk_output_length", ())?;
        let mut bytes = vec![0; length as usize];
        self.memory.read(&self.store, address as usize, &mut bytes)?;
        Ok(bytes)
    }

    /// Calls an export that takes values and returns a status.
    pub fn send(&mut self, name: &str, values: Vec<WireValue>) -> Result<(u32, Message)> {
        self.input(&Message { values, tables: vec![] }.encode()?)?;
        let status = self.export(name, ())?;
        let bytes = self.output()?;
        let is_empty = status == PAUSED || bytes.is_empty();
        let message = if is_empty { Message::default() } else { Message::decode(&bytes)? };
        Ok((status, message))
    }

    /// Opens the machine with options.
    pub fn open(&mut self, options: &[(&str, WireValue)]) -> Result<(u32, Message)> {
        let entry = |(name, value): &(&str, WireValue)| (text(name), value.clone());
        let entries = options.iter().map(entry).collect();
        let tables = vec![WireTable { array: vec![], entries }];
        let message = Message { values: vec![WireValue::Table(0)], tables };
        self.input(&message.encode()?)?;
        let status = self.export("mk_open", ())?;
        let bytes = self.output()?;
        let message = if bytes.is_empty() { Message::default() } else { Message::decode(&bytes)? };
        Ok((status, message))
    }

    /// Runs source text to its end and returns its results.
    pub fn eval(&mut self, source: &str) -> Result<Vec<WireValue>> {
        let (status, message) = self.send("mk_call", vec![text(source), text("=test")])?;
        ensure!(status == DONE, "{message:?}");
        Ok(message.values)
    }
}

/// A string.
pub fn text(text: &str) -> WireValue {
    WireValue::String(text.as_bytes().to_vec())
}

fn memory(caller: &mut Caller<'_, State>) -> Memory {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.expect("the module has a memory")
}

fn read(caller: &mut Caller<'_, State>, address: u32, length: u32) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    memory(caller).read(caller, address as usize, &mut bytes)?;
    Ok(bytes)
}

/// The import `call`.
fn call(mut caller: Caller<'_, State>, address: u32, length: u32) -> Result<u32> {
    let request = Message::decode(&read(&mut caller, address, length)?)?;
    caller.data_mut().calls.push(request.clone());
    let (kind, value) = match &request.values[..] {
        [WireValue::String(name), ..] if name == b"later" => return Ok(2),
        [WireValue::String(name), WireValue::Integer(n)] if name == b"twice" => {
            (0, WireValue::Integer(n * 2))
        }
        _ => (1, text("no such luck")),
    };
    let answer = Message { values: vec![value], tables: vec![] }.encode()?;
    input(&mut caller, &answer)?;
    Ok(kind)
}

/// Writes the input while an import runs.
fn input(caller: &mut Caller<'_, State>, bytes: &[u8]) -> Result<()> {
    let function = caller.get_export("mk_input").and_then(Extern::into_func);
    let function = function.expect("the module takes input").typed::<u32, u32>(&mut *caller)?;
    let address = function.call(&mut *caller, bytes.len() as u32)?;
    memory(caller).write(caller, address as usize, bytes)?;
    Ok(())
}
