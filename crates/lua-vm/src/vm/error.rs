//! Error messages, worded as PUC-Rio words them: position, variable, type.

use super::{Signal, Throw, Vm, names};
use crate::bytecode::Function;
use crate::debug_info::{self, CodeView, Name};
use crate::heap::thread::{Frame, FrameKind, flag};
use crate::opcode::{self as oc, op};
use crate::value::{ProtoId, Value};

/// A prototype's code where it is kept.
pub(crate) struct ProtoView<'a> {
    pub vm: &'a Vm,
    pub proto: ProtoId,
}

impl CodeView for ProtoView<'_> {
    fn function(&self) -> &Function {
        &self.vm.heap.protos.items[self.proto.index()].function
    }

    fn instruction(&self, pc: u32) -> u32 {
        self.vm.word(self.proto, pc as usize)
    }

    fn string_constant(&self, index: usize) -> Option<&[u8]> {
        let head = self.vm.heap.heads[self.proto.index()];
        let constant = self.vm.heap.pool.constants.get(head.constants_start as usize + index)?;
        self.vm.bytes(*constant)
    }
}

impl Vm {
    /// Throws a value.
    pub fn throw<T>(&mut self, value: Value) -> Result<T, Throw> {
        self.thrown = value;
        Err(Throw::Error)
    }

    /// Throws a message; if a Lua function is running, its position goes in front.
    pub fn throw_message<T>(&mut self, message: impl AsRef<[u8]>) -> Result<T, Throw> {
        self.throw_bytes(message.as_ref())
    }

    pub(crate) fn throw_bytes<T>(&mut self, message: &[u8]) -> Result<T, Throw> {
        let lua = self.execution.frames.last().copied().filter(|f| f.kind == FrameKind::Lua);
        let mut text = lua.map_or(Vec::new(), |frame| self.position_of(frame));
        text.extend_from_slice(message);
        self.throw_plain(&text)
    }

    /// Throws a message as it is.
    pub fn throw_plain<T>(&mut self, message: impl AsRef<[u8]>) -> Result<T, Throw> {
        self.thrown = self.heap.string(message.as_ref())?;
        Err(Throw::Error)
    }

    /// Throws a message with the position of a level of the call stack in front; level 1 is the
    /// function that called the running one.
    pub fn throw_at_level<T>(&mut self, level: usize, message: &[u8]) -> Result<T, Throw> {
        let mut text = self.position_at_level(level);
        text.extend_from_slice(message);
        self.throw_plain(&text)
    }

    /// `source:line: ` of a level of the call stack; empty if it has no position.
    pub fn position_at_level(&self, level: usize) -> Vec<u8> {
        let mut frames = self.execution.frames.iter().rev().filter(|frame| frame.is_visible());
        match frames.nth(level) {
            Some(frame) if frame.kind == FrameKind::Lua => self.position_of(*frame),
            _ => Vec::new(),
        }
    }

    fn position_of(&self, frame: Frame) -> Vec<u8> {
        let function = &self.heap.protos.items[frame.proto.index()].function;
        let mut text = self.chunk_name(frame.proto);
        match debug_info::line(function, frame.pc.saturating_sub(1)) {
            Some(line) => text.extend_from_slice(format!(":{line}: ").as_bytes()),
            None => text.extend_from_slice(b":-1: "),
        }
        text
    }

    /// The name of a function's chunk as messages show it.
    pub(crate) fn chunk_name(&self, proto: ProtoId) -> Vec<u8> {
        match &self.heap.protos.items[proto.index()].function.source {
            Some(source) => crate::chunk_id::chunk_id(source),
            None => b"?".to_vec(),
        }
    }

    pub(crate) fn line_at(&self, proto: ProtoId, pc: u32) -> Option<u32> {
        debug_info::line(&self.heap.protos.items[proto.index()].function, pc)
    }

    /// A string error gets the position of the calling function in front.
    pub(crate) fn with_position(&mut self, error: Value) -> Result<Value, Throw> {
        let Some(text) = self.bytes(error) else { return Ok(error) };
        let text = text.to_vec();
        let mut message = self.position_at_level(1);
        message.extend_from_slice(&text);
        Ok(self.heap.string(&message)?)
    }

    /// A value's type for messages: the `__name` of its metatable, or the basic type.
    pub fn type_name(&self, value: Value) -> Vec<u8> {
        if value.as_table().is_some() || value.as_userdata().is_some() {
            let name = self.metamethod(value, names::NAME);
            if let Some(name) = self.bytes(name) {
                return name.to_vec();
            }
        }
        if let crate::Kind::Light(_) = value.kind() {
            return b"light userdata".to_vec();
        }
        value.type_of().name().into()
    }

    // ---- operand errors ----

    fn finish_error(&mut self, message: &[u8]) -> Throw {
        match self.throw_bytes::<()>(message) {
            Ok(()) => Throw::Error,
            Err(throw) => throw,
        }
    }

    /// `attempt to ACTION a TYPE value (variable)`
    pub(crate) fn operand_error(&mut self, culprit: Value, action: &str) -> Throw {
        let name = self.operand_name(culprit);
        self.named_error(culprit, action, name)
    }

    fn named_error(&mut self, culprit: Value, action: &str, name: Option<Name>) -> Throw {
        let mut message = format!("attempt to {action} a ").into_bytes();
        message.extend_from_slice(&self.type_name(culprit));
        message.extend_from_slice(b" value");
        if let Some(name) = name {
            name.write(&mut message);
        }
        self.finish_error(&message)
    }

    /// An index that failed: the variable is the indexed one; without one, the key helps.
    pub(crate) fn index_error(&mut self, object: Value, _key: Value) -> Throw {
        self.operand_error(object, "index")
    }

    /// The value at a slot cannot be concatenated; others like it may stand beside it.
    pub(crate) fn concat_error(&mut self, slot: usize) -> Throw {
        let frame = self.execution.frames.last().filter(|frame| frame.kind == FrameKind::Lua);
        let name = frame.and_then(|frame| {
            let view = ProtoView { vm: self, proto: frame.proto };
            let register = slot.checked_sub(frame.base as usize)?;
            debug_info::register_name(&view, frame.pc.checked_sub(1)?, register)
        });
        self.named_error(self.execution.stack[slot], "concatenate", name)
    }

    /// A number that an integer operation cannot take.
    pub(crate) fn no_integer_error(&mut self, culprit: Value) -> Throw {
        let mut message = b"number".to_vec();
        if let Some(name) = self.operand_name(culprit) {
            name.write(&mut message);
        }
        message.extend_from_slice(b" has no integer representation");
        self.finish_error(&message)
    }

    pub(crate) fn order_error(&mut self, x: Value, y: Value) -> Throw {
        let (x, y) = (self.type_name(x), self.type_name(y));
        let mut message = b"attempt to compare ".to_vec();
        if x == y {
            message.extend_from_slice(b"two ");
            message.extend_from_slice(&x);
            message.extend_from_slice(b" values");
        } else {
            message.extend_from_slice(&x);
            message.extend_from_slice(b" with ");
            message.extend_from_slice(&y);
        }
        self.finish_error(&message)
    }

    /// The value at a slot cannot be called.
    pub(crate) fn call_error<T>(&mut self, slot: usize) -> Result<T, Throw> {
        let callee = self.execution.stack[slot];
        let name = match self.execution.frames.last() {
            Some(&frame) if frame.kind == FrameKind::Lua && frame.pc > 0 => {
                let view = ProtoView { vm: self, proto: frame.proto };
                debug_info::call_name(&view, frame.pc - 1)
            }
            _ => None,
        };
        Err(self.named_error(callee, "call", name))
    }

    /// The variable that holds an operand of the running instruction.
    fn operand_name(&self, culprit: Value) -> Option<Name> {
        let frame = *self.execution.frames.last().filter(|f| f.kind == FrameKind::Lua)?;
        let pc = frame.pc.checked_sub(1)?;
        let i = self.word(frame.proto, pc as usize);
        let view = ProtoView { vm: self, proto: frame.proto };
        match oc::opcode(i) {
            op::GETTABUP => return Some(debug_info::upvalue_name(view.function(), oc::b(i))),
            op::SETTABUP => return Some(debug_info::upvalue_name(view.function(), oc::a(i))),
            op::MMBINK if self.constant_is(frame.proto, oc::b(i), culprit) => {
                return self.constant_name(culprit);
            }
            _ => {}
        }
        let register = operand_registers(i)
            .find(|register| self.execution.stack[frame.base as usize + register].same(&culprit))?;
        debug_info::register_name(&view, pc, register)
    }

    fn constant_is(&self, proto: ProtoId, index: usize, value: Value) -> bool {
        let start = self.heap.heads[proto.index()].constants_start as usize;
        self.heap.pool.constants[start + index].same(&value)
    }

    fn constant_name(&self, value: Value) -> Option<Name> {
        let name = self.bytes(value)?.to_vec();
        Some(Name { kind: debug_info::NameKind::Constant, name })
    }

    /// The name of the local variable at a stack slot of the frame on top.
    pub(crate) fn local_name_at(&self, slot: usize) -> Option<Vec<u8>> {
        let frame = self.execution.frames.last()?;
        let number = slot.checked_sub(frame.base as usize)? + 1;
        let function = &self.heap.protos.items[frame.proto.index()].function;
        debug_info::local_name(function, number, frame.pc).map(<[u8]>::to_vec)
    }

    // ---- argument errors ----

    /// `bad argument #n to 'function' (message)`; `index` counts from 0.
    pub fn bad_argument<T>(&mut self, index: usize, message: &str) -> Result<T, Throw> {
        self.bad_argument_bytes(index, message.as_bytes())
    }

    /// The same with a message of any bytes.
    pub fn bad_argument_bytes<T>(&mut self, index: usize, message: &[u8]) -> Result<T, Throw> {
        let level = self.level(self.current, 0);
        let name = level.and_then(|level| self.call_name(level));
        let mut number = index + 1;
        let mut text = Vec::new();
        if let Some(name) = &name
            && name.kind == debug_info::NameKind::Method
        {
            number -= 1;
            if number == 0 {
                text.extend_from_slice(b"calling '");
                text.extend_from_slice(&name.name);
                text.extend_from_slice(b"' on bad self (");
                text.extend_from_slice(message);
                text.push(b')');
                return self.throw_at_level(1, &text);
            }
        }
        let name = match name {
            Some(name) => name.name,
            None => self.loaded_name_of(level).unwrap_or_else(|| b"?".to_vec()),
        };
        text.extend_from_slice(format!("bad argument #{number} to '").as_bytes());
        text.extend_from_slice(&name);
        text.extend_from_slice(b"' (");
        text.extend_from_slice(message);
        text.push(b')');
        self.throw_at_level(1, &text)
    }

    fn loaded_name_of(&self, level: Option<crate::introspect::Level>) -> Option<Vec<u8>> {
        self.loaded_name(self.function_at(level?))
    }
}

impl Frame {
    /// Whether the debug library and tracebacks show the frame.
    pub(crate) fn is_visible(&self) -> bool {
        match self.kind {
            FrameKind::Boundary | FrameKind::Bottom => false,
            FrameKind::PassThrough => self.flags & flag::META == 0,
            _ => true,
        }
    }
}

/// The registers that an instruction reads as operands of an operation that can fail.
fn operand_registers(i: u32) -> impl Iterator<Item = usize> {
    let (a, b) = (oc::a(i), oc::b(i));
    let (range, second) = match oc::opcode(i) {
        op::GETTABLE | op::GETI | op::GETFIELD | op::SELF | op::UNM | op::BNOT | op::LEN => {
            (b..b + 1, None)
        }
        op::SETTABLE | op::SETI | op::SETFIELD | op::MMBINI | op::MMBINK => (a..a + 1, None),
        op::MMBIN => (a..a + 1, Some(b)),
        op::CONCAT => (a..a + b, None),
        _ => (0..0, None),
    };
    range.chain(second)
}

impl From<Signal> for Throw {
    fn from(signal: Signal) -> Throw {
        match signal {
            Signal::Throw(throw) => throw,
            Signal::Returned | Signal::Waiting | Signal::Reenter => Throw::Error,
        }
    }
}
