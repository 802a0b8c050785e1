//! Functions of the heap: prototypes, closures, upvalue cells and native closures.

use std::cell::Cell;

use super::account::{Account, OutOfMemory, reserve};
use super::arena::Object;
use super::color;
use crate::bytecode::Function;
use crate::value::{NativeId, ProtoId, ThreadId, UpvalueId, Value};

/// Instructions, or constants, that all functions together may have, as a power of two: so much
/// can be told of an index without a look at what it leads to.
pub(crate) const POOL_BITS: u32 = 28;
/// Number of constants that an 8-bit operand can name.
pub(crate) const CONSTANT_WINDOW: usize = 256;

/// An instruction with its inline cache: a node index where the key was found last.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub word: u32,
    pub cache: Cell<u32>,
}

/// What a call needs of a prototype. A power of two, so that finding it takes no multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProtoHead {
    pub code_start: u32,
    pub constants_start: u32,
    pub code_count: u32,
    pub parameter_count: u8,
    pub register_count: u8,
    pub is_vararg: bool,
}

const _: () = assert!(size_of::<ProtoHead>() == 16);

/// The rest of a prototype.
#[derive(Debug)]
pub(crate) struct Proto {
    /// The function without its code, constants and nested functions, which live elsewhere.
    pub function: Function,
    pub children: Box<[ProtoId]>,
    /// How many there are in the pool, from the head's start on.
    pub constant_count: u32,
    owned: usize,
    mark: u8,
}

impl Proto {
    pub fn new(
        function: Function,
        children: Box<[ProtoId]>,
        constant_count: u32,
        mark: u8,
    ) -> Proto {
        let owned = debug_bytes(&function) + children.len() * size_of::<ProtoId>();
        Proto { function, children, constant_count, owned, mark }
    }
}

fn debug_bytes(function: &Function) -> usize {
    let names: usize = function.local_variables.iter().map(|l| l.name.len() + 40).sum();
    let upvalues = function.upvalues.len() * 40;
    function.line_info.capacity() + function.absolute_lines.capacity() * 8 + names + upvalues
}

impl Object for Proto {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.owned
    }
    fn clear(&mut self) {
        *self = Proto::new(Function::default(), Box::default(), 0, color::FREE);
    }
}

/// Instructions and constants of all prototypes, end to end; the constants are padded so that a
/// window of fixed size can be laid at the start of each.
#[derive(Debug)]
pub(crate) struct CodePool {
    pub code: Vec<Instruction>,
    pub constants: Vec<Value>,
}

impl CodePool {
    pub fn new() -> CodePool {
        let mut pool = CodePool { code: Vec::new(), constants: Vec::new() };
        pool.pad();
        pool
    }

    pub fn pad(&mut self) {
        self.constants.resize(self.constants.len() + CONSTANT_WINDOW, Value::NIL);
    }

    /// Appends a prototype's code and constants; returns where they start.
    pub fn add(
        &mut self,
        account: &mut Account,
        code: &[u32],
        constants: &[Value],
    ) -> Result<(u32, u32), OutOfMemory> {
        let longest = self.code.len().max(self.constants.len()) + code.len().max(constants.len());
        if longest >= 1 << POOL_BITS {
            return Err(OutOfMemory);
        }
        reserve_amortised(account, &mut self.code, code.len())?;
        reserve_amortised(account, &mut self.constants, constants.len())?;
        self.constants.truncate(self.constants.len() - CONSTANT_WINDOW);
        let starts = (self.code.len() as u32, self.constants.len() as u32);
        let fresh = |&word: &u32| Instruction { word, cache: Cell::new(0) };
        self.code.extend(code.iter().map(fresh));
        self.constants.extend_from_slice(constants);
        self.pad();
        Ok(starts)
    }
}

fn reserve_amortised<T>(
    account: &mut Account,
    items: &mut Vec<T>,
    additional: usize,
) -> Result<(), OutOfMemory> {
    if items.capacity() - items.len() >= additional {
        return Ok(());
    }
    let wanted = additional.max((items.len() / 4).min(1 << 20));
    reserve(account, items, wanted)
}

/// A Lua function: a prototype and the cells of its upvalues.
#[derive(Debug)]
pub struct Closure {
    pub(crate) proto: ProtoId,
    pub(crate) upvalues: Box<[UpvalueId]>,
    pub(crate) mark: u8,
}

impl Object for Closure {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.upvalues.len() * size_of::<UpvalueId>()
    }
    fn clear(&mut self) {
        self.upvalues = Box::default();
    }
}

/// An upvalue cell: open while the variable lives in a stack slot, closed afterwards.
#[derive(Debug)]
pub struct Upvalue {
    /// The value of a closed cell.
    pub(crate) value: Value,
    /// The thread and slot of an open cell; a closed one has no thread.
    pub(crate) thread: Option<ThreadId>,
    pub(crate) slot: u32,
    pub(crate) mark: u8,
}

impl Object for Upvalue {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        0
    }
    fn clear(&mut self) {
        self.value = Value::NIL;
        self.thread = None;
    }
}

/// A native function with values of its own.
#[derive(Debug)]
pub struct NativeClosure {
    pub(crate) function: NativeId,
    pub(crate) values: Box<[Value]>,
    pub(crate) mark: u8,
}

impl Object for NativeClosure {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.values.len() * size_of::<Value>()
    }
    fn clear(&mut self) {
        self.values = Box::default();
    }
}
