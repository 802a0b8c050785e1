//! The border itself: the one module with unsafe code. `docs/abi.md` describes every name.
//!
//! The host writes into a buffer that [`mk_input`] returns and reads from the one that
//! [`mk_output`] returns; both belong to the module. While a host function is called, the VM that
//! calls it is lent out, so that the host may call back into the module.

use std::cell::{Cell, RefCell};
use std::ptr;

use lua::Vm;
use moonkeep::store::{self, LogOptions, LogStorage, Storage};
use wasm_host::{HostFiles, HostPages};

use crate::failure::{Code, Failure};
use crate::handles;
use crate::host::{Host, Medium, Reply};
use crate::machine::{self, Machine};
use crate::run::{self, Status};

/// The version of this interface.
const VERSION: u32 = 2;

#[link(wasm_import_module = "moonkeep")]
unsafe extern "C" {
    fn now() -> f64;
    fn call(pointer: *const u8, length: usize) -> u32;
    fn print(pointer: *const u8, length: usize);
}

thread_local! {
    static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) };
    /// The VM whose host function is being called; null otherwise.
    static LENT: Cell<*mut Vm> = const { Cell::new(ptr::null_mut()) };
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const HOST: Host =
    Host { now: host_now, call: host_call, print: host_print, open_medium: host_medium };

/// The medium that the host offers. The words of its faults come through the input buffer.
fn host_medium(medium: Medium) -> Result<Box<dyn Storage>, store::Error> {
    let take_words = || INPUT.take();
    Ok(match medium {
        Medium::Files => {
            let log = LogStorage::open(HostFiles::new(take_words), LogOptions::default())?;
            Box::new(log)
        }
        Medium::Pages => Box::new(HostPages::new(take_words)),
    })
}

fn host_now() -> f64 {
    // SAFETY: the import takes nothing and touches no memory of the module.
    unsafe { now() }
}

fn host_print(bytes: &[u8]) {
    // SAFETY: the host only reads, and only what lies between the pointer and the length.
    unsafe { print(bytes.as_ptr(), bytes.len()) }
}

fn host_call(vm: &mut Vm, request: &[u8]) -> Reply {
    let before = LENT.replace(vm);
    // SAFETY: the host only reads the request. The reference `vm` is not used while the pointer
    // made of it is lent out.
    let status = unsafe { call(request.as_ptr(), request.len()) };
    LENT.set(before);
    match status {
        0 => Reply::Results(INPUT.take()),
        1 => Reply::Error(INPUT.take()),
        2 => Reply::Later,
        _ => Reply::ExactError(INPUT.take()),
    }
}

/// Runs a closure with the VM: the one that waits for a host function, or the machine's.
fn with_vm<T>(body: impl FnOnce(&mut Vm) -> Result<T, Failure>) -> Result<T, Failure> {
    match LENT.get().is_null() {
        true => with_machine(|machine| body(machine.vm())),
        false => with_lent(body),
    }
}

/// Runs a closure with the VM that waits for a host function.
fn with_lent<T>(body: impl FnOnce(&mut Vm) -> Result<T, Failure>) -> Result<T, Failure> {
    let lent = LENT.replace(ptr::null_mut());
    assert!(!lent.is_null(), "no VM is lent out");
    // SAFETY: `host_call` put the pointer here, which was made of an exclusive reference that it
    // does not use before the import returns; this call happens before. Taking the pointer out
    // keeps a nested call from making a second reference.
    let outcome = body(unsafe { &mut *lent });
    LENT.set(lent);
    outcome
}

/// Runs a closure with the place of the machine.
fn with_place<T>(
    body: impl FnOnce(&mut Option<Machine>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    MACHINE.with(|place| match place.try_borrow_mut() {
        Ok(mut place) => body(&mut place),
        Err(_) => Err(Failure::new(Code::Busy, "the machine is running")),
    })
}

/// Runs a closure with the whole machine, which is not to be had while a program runs.
fn with_machine<T>(body: impl FnOnce(&mut Machine) -> Result<T, Failure>) -> Result<T, Failure> {
    with_place(|place| match place {
        Some(machine) => body(machine),
        None => Err(Failure::new(Code::Closed, "the machine is not open")),
    })
}

fn reply(outcome: Result<(Status, Vec<u8>), Failure>) -> u32 {
    let (status, bytes) = match outcome {
        Ok(reply) => reply,
        Err(failure) => (Status::Failed, failure.encode()),
    };
    OUTPUT.set(bytes);
    status as u32
}

fn done(outcome: Result<Vec<u8>, Failure>) -> u32 {
    reply(outcome.map(|bytes| (Status::Done, bytes)))
}

/// The version of this interface.
// SAFETY (here and below): the names start with `mk_`, which no library of the module uses.
#[unsafe(no_mangle)]
pub extern "C" fn mk_version() -> u32 {
    VERSION
}

/// Makes the input buffer `length` bytes long and returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn mk_input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.clear();
        if input.try_reserve_exact(length).is_err() {
            return ptr::null_mut();
        }
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

/// The address of the output buffer.
#[unsafe(no_mangle)]
pub extern "C" fn mk_output() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

/// The length of the output buffer.
#[unsafe(no_mangle)]
pub extern "C" fn mk_output_length() -> usize {
    OUTPUT.with_borrow(Vec::len)
}

/// Opens the machine, and its store, with the options in the input.
#[unsafe(no_mangle)]
pub extern "C" fn mk_open() -> u32 {
    let input = INPUT.take();
    done(with_place(|place| {
        if let Some(machine) = place.take() {
            machine.close()?;
        }
        *place = Some(Machine::open(&input, HOST)?);
        Ok(Vec::new())
    }))
}

/// Closes the machine and its store.
#[unsafe(no_mangle)]
pub extern "C" fn mk_close() -> u32 {
    done(with_place(|place| {
        if let Some(machine) = place.take() {
            machine.close()?;
        }
        Ok(Vec::new())
    }))
}

/// Runs what the input says to its end.
#[unsafe(no_mangle)]
pub extern "C" fn mk_call() -> u32 {
    let input = INPUT.take();
    done(match LENT.get().is_null() {
        true => with_machine(|machine| machine.call(&input)),
        false => with_lent(|vm| run::call(vm, &input)),
    })
}

/// Begins to run what the input says.
#[unsafe(no_mangle)]
pub extern "C" fn mk_start() -> u32 {
    let input = INPUT.take();
    let outcome = with_machine(|machine| machine.start(&input));
    reply(outcome.map(|()| (Status::Paused, Vec::new())))
}

/// Carries on for about `budget` instructions.
#[unsafe(no_mangle)]
pub extern "C" fn mk_step(budget: u32) -> u32 {
    reply(with_machine(|machine| machine.step(budget)))
}

/// Answers for the host function that waits, with what the import `call` would have returned.
#[unsafe(no_mangle)]
pub extern "C" fn mk_answer(kind: u32) -> u32 {
    let input = INPUT.take();
    let reply_of = |input| match kind {
        0 => Reply::Results(input),
        1 => Reply::Error(input),
        _ => Reply::ExactError(input),
    };
    let outcome = with_machine(|machine| machine.answer(reply_of(input)));
    reply(outcome.map(|()| (Status::Paused, Vec::new())))
}

/// Ends the run that was begun.
#[unsafe(no_mangle)]
pub extern "C" fn mk_cancel() -> u32 {
    done(with_machine(|machine| {
        machine.cancel();
        Ok(Vec::new())
    }))
}

/// Reads a global.
#[unsafe(no_mangle)]
pub extern "C" fn mk_get() -> u32 {
    let input = INPUT.take();
    done(with_vm(|vm| run::with_room(vm, |vm| machine::get(vm, &input))))
}

/// Writes a global.
#[unsafe(no_mangle)]
pub extern "C" fn mk_set() -> u32 {
    let input = INPUT.take();
    done(match LENT.get().is_null() {
        true => with_machine(|machine| machine.set(&input)),
        false => with_lent(|vm| run::with_room(vm, |vm| machine::set(vm, &input))),
    })
}

/// Registers a host function.
#[unsafe(no_mangle)]
pub extern "C" fn mk_register() -> u32 {
    let input = INPUT.take();
    done(with_vm(|vm| run::with_room(vm, |vm| machine::register(vm, &input))))
}

/// Lets go of a handle.
#[unsafe(no_mangle)]
pub extern "C" fn mk_release(handle: u32) -> u32 {
    done(with_vm(|vm| Ok(handles::release(vm, handle).map(|()| Vec::new())?)))
}

/// What the machine uses, and the host objects that it let go of.
#[unsafe(no_mangle)]
pub extern "C" fn mk_stats() -> u32 {
    done(with_vm(machine::stats))
}

/// Makes durable what was committed, where that needs no waiting.
#[unsafe(no_mangle)]
pub extern "C" fn mk_flush() -> u32 {
    done(with_machine(|machine| machine.flush().map(|()| Vec::new())))
}

/// Figures about the store.
#[unsafe(no_mangle)]
pub extern "C" fn mk_store() -> u32 {
    done(with_machine(Machine::store))
}

/// Collects all garbage.
#[unsafe(no_mangle)]
pub extern "C" fn mk_collect() -> u32 {
    done(with_vm(|vm| {
        vm.collect_garbage();
        Ok(Vec::new())
    }))
}

/// Writes everything that `_home` reaches to the output, as one image.
#[unsafe(no_mangle)]
pub extern "C" fn mk_export() -> u32 {
    done(with_machine(|machine| machine.export()))
}

/// Replaces `_home` by the image in the input.
#[unsafe(no_mangle)]
pub extern "C" fn mk_import() -> u32 {
    let input = INPUT.take();
    done(with_machine(|machine| machine.import(&input).map(|()| Vec::new())))
}
