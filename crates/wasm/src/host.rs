//! The host's functions and objects in the machine.

use codec::WireValue;
use lua::{Call, Libraries, Throw, Value, Vm};
use moonkeep::store::{self, Storage};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::clock::HostClock;
use crate::failure::{Code, Failure};
use crate::{convert, handles};

/// What the host answers to a call.
#[derive(Debug)]
pub enum Reply {
    /// Results, as a message.
    Results(Vec<u8>),
    /// A message of one value that is thrown; a text gets the caller's position in front.
    Error(Vec<u8>),
    /// A message of one value that is thrown as it is.
    ExactError(Vec<u8>),
    /// The answer comes later.
    Later,
}

/// What the machine asks of its host.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Milliseconds since the epoch of Unix.
    pub now: fn() -> f64,
    /// Calls a host function: a message of its name or handle and the arguments. The host may
    /// use the VM until it replies.
    pub call: fn(&mut Vm, &[u8]) -> Reply,
    /// Takes what a program prints.
    pub print: fn(&[u8]),
    /// Opens the host's medium for a store.
    pub open_medium: fn(Medium) -> Result<Box<dyn Storage>, store::Error>,
}

/// What a host may offer a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Files: the store keeps its own log.
    Files,
    /// Pages, whose commits the host makes atomic.
    Pages,
}

thread_local! {
    static HOST: Cell<Option<Host>> = const { Cell::new(None) };
    static RELEASED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that the heap accounts for a host object.
const OBJECT_BYTES: usize = 32;
/// The native function behind all host functions that have a handle instead of a name.
const ANONYMOUS: &str = "host.function";
/// Weak table of the userdata by handle.
const OBJECTS: &str = "moonkeep.host_objects";

/// An object of the host. The lowest bit of its handle says that it is a function.
struct Object(u32);

impl Drop for Object {
    fn drop(&mut self) {
        RELEASED.with_borrow_mut(|released| released.push(self.0));
    }
}

/// Connects a VM with its host.
pub fn connect(vm: &mut Vm, host: Host) -> Result<(), Throw> {
    HOST.set(Some(host));
    vm.set_clock(host.now);
    vm.set_wall_clock(Rc::new(HostClock::new(host.now)));
    vm.set_output(Rc::new(move |bytes| (host.print)(bytes)));
    vm.register(ANONYMOUS, call_anonymous);
    let objects = handles::table(vm, OBJECTS)?;
    let meta = vm.table()?;
    let mode = vm.string("v")?;
    vm.set_field(meta, "__mode", mode)?;
    vm.set_metatable(Value::table(objects), Some(meta))
}

/// The host objects that the machine let go of since the last call.
pub fn take_released() -> Vec<u32> {
    RELEASED.take()
}

/// Registers a host function under a name and as a global; dots lead into tables.
pub fn register(vm: &mut Vm, name: &str) -> Result<(), Failure> {
    let text: Rc<str> = name.into();
    let body = move |call: &mut Call<'_>| {
        let target = WireValue::String(text.as_bytes().to_vec());
        invoke(call, target)
    };
    let function = vm.register_host(name, Rc::new(body));
    let mut table = vm.globals();
    let mut path = name.split('.').peekable();
    while let Some(part) = path.next() {
        if part.is_empty() {
            return Err(Failure::new(Code::Input, format!("'{name}' is no name of a function")));
        }
        if path.peek().is_none() {
            vm.set_field(table, part, Value::native(function))?;
            break;
        }
        let inner = vm.field(table, part);
        table = match inner.as_table() {
            Some(inner) => inner,
            None if inner.is_nil() => {
                let inner = vm.table()?;
                vm.set_field(table, part, Value::table(inner))?;
                inner
            }
            None => {
                let text = format!("'{name}': '{part}' is a global that is no table");
                return Err(Failure::new(Code::Input, text));
            }
        };
    }
    Ok(())
}

/// The Lua value for an object of the host: a function, or a userdata; the same one each time
/// while it lives.
pub fn value(vm: &mut Vm, handle: u32) -> Result<Value, Throw> {
    let objects = handles::table(vm, OBJECTS)?;
    let key = Value::integer(handle.into());
    let known = vm.raw_get(objects, key);
    if !known.is_nil() {
        RELEASED.with_borrow_mut(|released| released.push(handle)); // it counts once
        return Ok(known);
    }
    let mut value = vm.make_userdata(Object(handle), OBJECT_BYTES)?;
    if handle & 1 == 1
        && let Some(native) = vm.find_native(ANONYMOUS)
    {
        value = vm.make_native(native, &[value])?;
    }
    vm.raw_set(objects, key, value)?;
    Ok(value)
}

/// The handle of a host object.
pub fn object_handle(vm: &Vm, value: Value) -> Option<u32> {
    Some(vm.userdata::<Object>(value.as_userdata()?)?.0)
}

/// The handle of a host function that has no name.
pub fn function_handle(vm: &Vm, value: Value) -> Option<u32> {
    let (native, values) = vm.native_parts(value)?;
    if vm.native_name(native) != ANONYMOUS {
        return None;
    }
    object_handle(vm, *values.first()?)
}

fn call_anonymous(call: &mut Call<'_>) -> Result<usize, Throw> {
    match object_handle(call.vm, call.upvalue(0)) {
        Some(handle) => invoke(call, WireValue::Host(handle)),
        None => call.error("not a host function"),
    }
}

fn invoke(call: &mut Call<'_>, target: WireValue) -> Result<usize, Throw> {
    let Some(host) = HOST.get() else { return call.error("there is no host") };
    let args: Vec<Value> = (0..call.count()).map(|index| call.arg(index)).collect();
    let request = convert::to_message(call.vm, &args).and_then(|mut message| {
        message.values.insert(0, target);
        Ok(message.encode()?)
    });
    let request = match request {
        Ok(request) => request,
        Err(failure) => return call.error(&failure.message),
    };
    let reply = (host.call)(call.vm, &request);
    if let Reply::Later = reply {
        return call.wait();
    }
    match outcome(call.vm, reply)? {
        Ok(values) => {
            values.iter().try_for_each(|&value| call.push(value))?;
            Ok(values.len())
        }
        Err(error) => call.vm.throw(error),
    }
}

/// The results in a reply, or the value that it throws.
pub fn outcome(vm: &mut Vm, reply: Reply) -> Result<Result<Vec<Value>, Value>, Throw> {
    let (bytes, is_exact) = match reply {
        Reply::Results(bytes) => match convert::decode(vm, &bytes) {
            Ok(values) => return Ok(Ok(values)),
            Err(failure) => return Ok(Err(vm.string(failure.message)?)),
        },
        Reply::Error(bytes) => (bytes, false),
        Reply::ExactError(bytes) => (bytes, true),
        Reply::Later => return Ok(Ok(Vec::new())),
    };
    let value = match convert::decode(vm, &bytes) {
        Ok(values) => values.first().copied().unwrap_or(Value::NIL),
        Err(failure) => vm.string(failure.message)?,
    };
    let Some(text) = vm.bytes(value).filter(|_| !is_exact) else { return Ok(Err(value)) };
    let mut message = vm.position_at_level(1);
    message.extend_from_slice(text);
    Ok(Err(vm.string(message)?))
}
