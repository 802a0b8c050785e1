//! The data model of an image: plain structs that a machine fills and reads.

use crate::hash::ContentHash;

/// An object of one image: its index in [`crate::Image::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

/// A Lua value inside an image.
///
/// Equality is that of Rust's derived kind, so a NaN differs from itself; compare encoded bytes
/// to compare all bits.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nil.
    #[default]
    Nil,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float; every bit is kept.
    Float(f64),
    /// A string of any bytes.
    String(Vec<u8>),
    /// A table, function, coroutine, host object or named value of the same image; never a cell.
    Object(ObjectId),
}

/// One node of the graph. Nodes refer to each other by [`ObjectId`] only, so a graph of any
/// shape is a flat list.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A table.
    Table(Table),
    /// A Lua function.
    Closure(Closure),
    /// The cell of an upvalue, with its value. While the variable is still a slot of a
    /// suspended coroutine, the value is nil and [`Coroutine::open_cells`] names the slot.
    Cell(Value),
    /// A library or host function, with what it captured.
    Native(NativeFunction),
    /// A coroutine.
    Coroutine(Box<Coroutine>),
    /// A host object that its persist handler turned into bytes.
    Host(HostObject),
    /// A value that every runtime has of itself, by its registered name: the table of globals,
    /// a library table, the metatable of strings.
    Named(Vec<u8>),
}

/// A table. Weakness and finalizers follow from the metatable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The values at 1, 2, 3 and so on; nil is allowed among them.
    pub array: Vec<Value>,
    /// Further entries in their order. No key is nil or NaN.
    pub entries: Vec<(Value, Value)>,
    /// The metatable: a table, or a named value that is one.
    pub metatable: Option<ObjectId>,
}

/// A Lua function: code and the cells of its upvalues.
#[derive(Clone, Debug, PartialEq)]
pub struct Closure {
    /// The index of its code in [`crate::Image::prototypes`].
    pub prototype: u32,
    /// Its cells in the order of the upvalues; closures that share a variable name one cell.
    pub upvalues: Vec<ObjectId>,
}

/// The code of a function: a Lua 5.4 binary chunk, opaque to this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    /// The chunk as `string.dump` writes it.
    pub chunk: Vec<u8>,
}

impl Prototype {
    /// The hash under which the chunk is stored once.
    ///
    /// ```
    /// let prototype = codec::Prototype { chunk: b"\x1bLua".to_vec() };
    /// assert_eq!(prototype.hash(), codec::ContentHash::of(b"\x1bLua"));
    /// ```
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(&self.chunk)
    }
}

/// A function of the library or of the host.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeFunction {
    /// The name under which it is registered, such as `string.format`.
    pub name: Vec<u8>,
    /// What this instance of it captured: the coroutine of a `coroutine.wrap` function, the
    /// state of a `string.gmatch` iterator. Empty for most.
    pub captures: Vec<Value>,
}

/// A host object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostObject {
    /// The name of the handler that wrote the bytes and can read them.
    pub handler: Vec<u8>,
    /// What the handler wrote.
    pub bytes: Vec<u8>,
}

/// What a stored coroutine will do when it is resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoroutineStatus {
    /// It has not started: its function and nothing else is on the stack.
    Created,
    /// It waits in a yield.
    Suspended,
    /// It has ended, or died by an error.
    Dead,
}

/// A coroutine that is not running.
#[derive(Clone, Debug, PartialEq)]
pub struct Coroutine {
    /// Whether and how it can go on.
    pub status: CoroutineStatus,
    /// Its stack from the bottom.
    pub stack: Vec<Value>,
    /// Its frames, the outermost first.
    pub frames: Vec<Frame>,
    /// Variables that closures share while they still live on the stack, by ascending slot.
    pub open_cells: Vec<OpenCell>,
    /// Slots of to-be-closed variables, ascending.
    pub to_close: Vec<u32>,
    /// Values in transit: what a yield or an error left for whoever looks next.
    pub pending: Vec<Value>,
}

/// One frame as a plain record. What `kind`, `flags` and `numbers` mean is the machine's
/// business, as is to check them: this crate only carries them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Which kind of activation it is: a Lua function, a protected call, a library callback.
    pub kind: u8,
    /// Bits of the machine.
    pub flags: u32,
    /// The function that is active; nil where there is none.
    pub function: Value,
    /// The index of the next instruction.
    pub pc: u32,
    /// The slot of the first register.
    pub base: u32,
    /// Small numbers: wanted results, the count of extra arguments and the like.
    pub numbers: Vec<i64>,
    /// Values that the frame holds outside the stack.
    pub values: Vec<Value>,
}

/// A cell whose variable lives in a stack slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenCell {
    /// The slot, counted from the bottom of the stack.
    pub slot: u32,
    /// The cell; it is open in this coroutine alone.
    pub cell: ObjectId,
}
