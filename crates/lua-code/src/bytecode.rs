//! A compiled function as plain data: what the compiler makes, what a binary chunk holds.
//!
//! A [`Function`] owns its nested functions and knows nothing of any VM. It is untrusted until
//! the verifier has turned it into a verified chunk.

use std::rc::Rc;

/// A constant of a function.
#[derive(Debug, Clone)]
pub enum Constant {
    /// `nil`
    Nil,
    /// `false` or `true`
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float; all bits count.
    Float(f64),
    /// A string of any bytes.
    String(Rc<[u8]>),
}

/// How a closure finds one of its upvalues when it is created.
#[derive(Debug, Clone)]
pub struct UpvalueDescription {
    /// The variable's name; `None` in stripped code.
    pub name: Option<Rc<[u8]>>,
    /// Whether the variable is a register of the enclosing function (else one of its upvalues).
    pub in_stack: bool,
    /// Index of that register or upvalue.
    pub index: u8,
    /// 0 regular, 1 `<const>`, 2 `<close>`, 3 compile-time constant.
    pub kind: u8,
}

/// The name and extent of a local variable, for messages and the debug library.
#[derive(Debug, Clone)]
pub struct LocalVariable {
    /// The variable's name.
    pub name: Rc<[u8]>,
    /// First instruction where the variable is active.
    pub start_pc: u32,
    /// First instruction where it is dead.
    pub end_pc: u32,
}

/// An absolute line for one instruction, where differences do not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsoluteLine {
    /// Index of the instruction.
    pub pc: u32,
    /// Its line.
    pub line: u32,
}

/// Marks in [`Function::line_info`] that the line stands in [`Function::absolute_lines`].
pub const ABSOLUTE_LINE_MARK: i8 = -0x80;
/// At most this many instructions lie between two absolute lines.
pub const ABSOLUTE_LINE_DISTANCE: u32 = 128;

/// One compiled function.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// The chunk's name (`@file`, `=name` or the source itself); `None` in stripped code, and in
    /// a nested function whose source is its parent's.
    pub source: Option<Rc<[u8]>>,
    /// Line where the definition starts; 0 for a main function.
    pub line_defined: u32,
    /// Line where the definition ends; 0 for a main function.
    pub last_line_defined: u32,
    /// Number of fixed parameters.
    pub parameter_count: u8,
    /// Whether the function takes `...`.
    pub is_vararg: bool,
    /// Number of registers that the function needs.
    pub register_count: u8,
    /// Instructions; see [`crate::opcode`].
    pub code: Vec<u32>,
    /// Constants.
    pub constants: Vec<Constant>,
    /// Upvalues.
    pub upvalues: Vec<UpvalueDescription>,
    /// Nested functions.
    pub functions: Vec<Function>,
    /// Line difference of each instruction to the one before; empty in stripped code.
    pub line_info: Vec<i8>,
    /// Absolute lines, ascending in `pc`.
    pub absolute_lines: Vec<AbsoluteLine>,
    /// Local variables in the order of their declaration.
    pub local_variables: Vec<LocalVariable>,
}
