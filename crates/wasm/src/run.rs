//! Runs: from a message with a program or a function to a message with its results.

use codec::{Message, WireValue};
use lua::{Call, Control, Interruption, Step, Throw, Value, Vm};
use std::cell::RefCell;

use crate::failure::{Code, Failure};
use crate::host::{self, Reply};
use crate::{convert, handles};

/// How a call across the border ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// It is finished; the output holds its results.
    Done = 0,
    /// The budget of the step is spent; the run goes on with the next step.
    Paused = 1,
    /// A host function owes its answer.
    Waiting = 2,
    /// It failed; the output holds the error.
    Failed = 3,
}

thread_local! {
    /// What the message handler of the run saw.
    static REPORT: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// An error where it was thrown.
struct Report {
    message: Vec<u8>,
    traceback: Vec<u8>,
}

const NO_MEMORY: &[u8] = b"not enough memory";
const NO_TEXT: &[u8] = b"(error object is no string)";
const PROTECTED: &str = "moonkeep.protected";
const HANDLER: &str = "moonkeep.handler";

/// Prepares a VM for [`call`] and [`start`].
pub fn prepare(vm: &mut Vm) {
    vm.register_control(PROTECTED, Control::ProtectedCallWithHandler);
    vm.register(HANDLER, report);
}

/// The message handler of every run: notes the message and the traceback, changes nothing.
fn report(call: &mut Call<'_>) -> Result<usize, Throw> {
    let value = call.arg(0);
    let (thread, _) = call.vm.running();
    let traceback = call.vm.traceback(thread, None, 1);
    let message = text_of(call.vm, value)?;
    REPORT.set(Some(Report { message, traceback }));
    call.ret(value)
}

/// A thrown value as a message, as the standalone interpreter words it.
fn text_of(vm: &mut Vm, error: Value) -> Result<Vec<u8>, Throw> {
    let has_text = match vm.metatable(error) {
        Some(meta) => !vm.field(meta, "__tostring").is_nil(),
        None => false,
    };
    if error.is_string() || error.is_number() || has_text {
        let text = vm.display(error)?;
        return Ok(vm.bytes(text).unwrap_or_default().to_vec());
    }
    let kind = String::from_utf8_lossy(&vm.type_name(error)).into_owned();
    Ok(format!("(error object is a {kind} value)").into_bytes())
}

/// A protected call, ready for the VM: function and arguments.
struct Prepared {
    function: Value,
    args: Vec<Value>,
}

/// Reads what is to run: source text, chunk name, arguments; or a function and its arguments.
fn read(vm: &mut Vm, bytes: &[u8]) -> Result<Prepared, Failure> {
    let mut message = Message::decode(bytes)?;
    let invalid = || Failure::new(Code::Input, "a program or a function is expected");
    let skipped = match message.values.first() {
        Some(WireValue::String(_)) => 2,
        Some(WireValue::Function(_) | WireValue::Host(_)) => 0,
        _ => return Err(invalid()),
    };
    let function = match &message.values[..] {
        [WireValue::String(source), WireValue::String(name), ..] => load(vm, source, name)?,
        [WireValue::Function(handle), ..] => {
            let text = format!("handle {handle} was released");
            handles::held(vm, *handle).ok_or_else(|| Failure::new(Code::Input, text))?
        }
        _ => return Err(invalid()),
    };
    message.values.drain(..skipped);
    let values = convert::from_message(vm, &message)?;
    let handler = vm.find_native(HANDLER).map_or(Value::NIL, Value::native);
    let protected = vm.find_native(PROTECTED).map_or(Value::NIL, Value::native);
    let mut args = vec![function, handler];
    args.extend_from_slice(if skipped == 0 { &values[1..] } else { &values });
    Ok(Prepared { function: protected, args })
}

/// How a binary chunk begins; source text does not.
const BINARY: u8 = 0x1b;

fn load(vm: &mut Vm, source: &[u8], name: &[u8]) -> Result<Value, Failure> {
    if source.first() == Some(&BINARY) {
        let verified = lua::chunk::undump(source).and_then(lua::chunk::verify);
        let chunk = verified.map_err(|error| Failure::new(Code::Syntax, error.to_string()))?;
        let environment = Value::table(vm.globals());
        return Ok(vm.load_chunk(chunk, environment)?);
    }
    vm.load(source, &String::from_utf8_lossy(name)).map_err(|throw| match throw {
        Throw::Error => {
            let message = vm.bytes(vm.thrown()).unwrap_or_default().to_vec();
            Failure::new(Code::Syntax, message)
        }
        Throw::Memory | Throw::Interrupted => throw.into(),
    })
}

/// Tries once more after a collection: what a failed run left may fill the heap.
pub fn with_room<T>(
    vm: &mut Vm,
    mut body: impl FnMut(&mut Vm) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match body(vm) {
        Err(failure) if failure.code == Code::Memory => {
            vm.collect_garbage();
            body(vm)
        }
        outcome => outcome,
    }
}

/// Calls and runs to the end; a host function that answers later is an error.
pub fn call(vm: &mut Vm, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let call = with_room(vm, |vm| read(vm, bytes))?;
    REPORT.set(None);
    match vm.call(call.function, &call.args) {
        Ok(results) => finish(vm, &results),
        Err(throw) => Err(failed(vm, throw)),
    }
}

/// Begins a run that [`step`] carries out.
pub fn start(vm: &mut Vm, bytes: &[u8]) -> Result<(), Failure> {
    let call = with_room(vm, |vm| read(vm, bytes))?;
    REPORT.set(None);
    vm.start(call.function, &call.args).map_err(|throw| failed(vm, throw))
}

/// Carries on a run, for `budget` units.
pub fn step(vm: &mut Vm, budget: u32) -> Result<(Status, Vec<u8>), Failure> {
    match vm.step(Some(budget.into())) {
        Ok(Step::Paused) => Ok((Status::Paused, Vec::new())),
        Ok(Step::Waiting) => Ok((Status::Waiting, Vec::new())),
        Ok(Step::Done) => {
            let results = vm.results().to_vec();
            finish(vm, &results).map(|output| (Status::Done, output))
        }
        Err(throw) => Err(failed(vm, throw)),
    }
}

/// Hands the host function that waits its results, or the error that it threw.
pub fn answer(vm: &mut Vm, reply: Reply) -> Result<(), Failure> {
    let answered = match host::outcome(vm, reply)? {
        Ok(values) => vm.answer(&values),
        Err(error) => vm.answer_error(error),
    };
    answered.map_err(|throw| failed(vm, throw))
}

/// Ends a run at once: nothing of it runs any more.
pub fn cancel(vm: &mut Vm) {
    vm.cancel();
    // A run that waits has to be woken to see it; there is none if this fails.
    let _ = vm.answer(&[]);
    while let Ok(Step::Paused) = vm.step(None) {}
}

/// The results of a protected call: true and the results, or false and the error.
fn finish(vm: &mut Vm, results: &[Value]) -> Result<Vec<u8>, Failure> {
    match results {
        [first, rest @ ..] if !first.is_falsy() => convert::encode(vm, rest),
        [_, error, ..] => Err(uncaught(vm, *error)),
        _ => Err(uncaught(vm, Value::NIL)),
    }
}

fn uncaught(vm: &mut Vm, error: Value) -> Failure {
    // Two errors pass the handler by: no memory, and too many nested calls to call it.
    let mut failure = match (REPORT.take(), vm.bytes(error)) {
        (None, Some(NO_MEMORY)) => return Failure::new(Code::Memory, NO_MEMORY),
        (None, text) => return Failure::new(Code::Execution, text.unwrap_or(NO_TEXT)),
        (Some(report), _) => {
            let mut failure = Failure::new(Code::Execution, report.message);
            failure.traceback = report.traceback;
            failure
        }
    };
    if !error.is_string() {
        failure.value = convert::to_message(vm, &[error]).ok();
    }
    failure
}

/// A run that ended without its handler.
fn failed(vm: &mut Vm, throw: Throw) -> Failure {
    match throw {
        Throw::Memory => throw.into(),
        Throw::Error => {
            let text = vm.bytes(vm.thrown()).unwrap_or(NO_TEXT).to_vec();
            Failure::new(Code::Execution, text)
        }
        Throw::Interrupted => {
            let (code, text) = match vm.interruption() {
                Some(reason @ Interruption::Fuel) => (Code::Fuel, reason.message()),
                Some(reason @ Interruption::Time) => (Code::Time, reason.message()),
                Some(reason @ Interruption::Cancelled) => (Code::Cancelled, reason.message()),
                None => (Code::Internal, "interrupted"),
            };
            Failure::new(code, text)
        }
    }
}
