//! What debug information and code tell about a place in a function: lines, and the names of
//! variables and called functions as error messages and `debug.getinfo` show them.
//!
//! Everything here is a pure function over a function's debug information and a view of its code,
//! since a VM may keep the code elsewhere. Names follow PUC-Rio's rules for what is found and what
//! is not: they are guessed from the instructions before the one in question, and end at the first
//! NUL.

use crate::bytecode::{ABSOLUTE_LINE_MARK, Function};
use crate::opcode::{self, a, ax, b, bx, c, k, op, sj};

/// A function's code and constants, wherever they are kept, beside its debug information.
///
/// ```
/// use lua_code::{bytecode::Function, debug_info::CodeView};
/// let function = Function { code: vec![lua_code::opcode::op::RETURN0], ..Function::default() };
/// assert_eq!(function.instruction(0), 71);
/// ```
pub trait CodeView {
    /// Line information, local variables and upvalue names. Its own code and constants are not
    /// looked at.
    fn function(&self) -> &Function;
    /// The instruction at `pc`, which is that of a given instruction or of one before it, or the
    /// extra argument behind one.
    fn instruction(&self, pc: u32) -> u32;
    /// The constant at `index` if it is a string.
    fn string_constant(&self, index: usize) -> Option<&[u8]>;
}

impl CodeView for Function {
    fn function(&self) -> &Function {
        self
    }

    fn instruction(&self, pc: u32) -> u32 {
        self.code.get(pc as usize).copied().unwrap_or(op::RETURN0)
    }

    fn string_constant(&self, index: usize) -> Option<&[u8]> {
        match self.constants.get(index) {
            Some(crate::bytecode::Constant::String(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

/// What kind of thing a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A field of `_ENV`.
    Global,
    /// A local variable.
    Local,
    /// A method called with `:`.
    Method,
    /// A field of a table.
    Field,
    /// A local variable of an enclosing function.
    Upvalue,
    /// A string constant.
    Constant,
    /// A metamethod, called by an operation.
    Metamethod,
    /// The function that a generic `for` calls.
    ForIterator,
    /// A function called by a hook.
    Hook,
}

impl NameKind {
    /// The kind as messages and `debug.getinfo` spell it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Local => "local",
            Self::Method => "method",
            Self::Field => "field",
            Self::Upvalue => "upvalue",
            Self::Constant => "constant",
            Self::Metamethod => "metamethod",
            Self::ForIterator => "for iterator",
            Self::Hook => "hook",
        }
    }
}

/// A name for a value or a function, and its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What is named.
    pub kind: NameKind,
    /// The name, of any bytes but NUL.
    pub name: Vec<u8>,
}

impl Name {
    fn new(kind: NameKind, name: &[u8]) -> Self {
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        Self { kind, name: name[..end].to_vec() }
    }

    /// Appends ` (kind 'name')`, the form that error messages end with.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" (");
        out.extend_from_slice(self.kind.text().as_bytes());
        out.extend_from_slice(b" '");
        out.extend_from_slice(&self.name);
        out.extend_from_slice(b"')");
    }
}

/// The line of the instruction at `pc`; `None` in stripped code. Takes at most 128 steps over
/// verified line information, beside a binary search.
///
/// Error messages of stripped code show `?:-1:`, and `debug.getinfo` -1.
pub fn line(function: &Function, pc: u32) -> Option<u32> {
    if pc as usize >= function.line_info.len() {
        return None;
    }
    let known = function.absolute_lines.partition_point(|absolute| absolute.pc <= pc);
    let (start, mut line) = match known.checked_sub(1).map(|index| function.absolute_lines[index]) {
        Some(absolute) => (absolute.pc as usize + 1, i64::from(absolute.line)),
        None => (0, i64::from(function.line_defined)),
    };
    let differences = function.line_info.get(start..=pc as usize).unwrap_or_default();
    line += differences.iter().map(|&difference| i64::from(difference)).sum::<i64>();
    u32::try_from(line).ok()
}

/// The lines that have code, in the order of the code and so with repetitions: the keys of
/// `activelines`. Empty in stripped code.
pub fn active_lines(function: &Function) -> impl Iterator<Item = u32> {
    let mut line = i64::from(function.line_defined);
    let mut absolute = function.absolute_lines.iter();
    let lines = function.line_info.iter().map(move |&difference| {
        line = match difference {
            ABSOLUTE_LINE_MARK => absolute.next().map_or(line, |entry| i64::from(entry.line)),
            _ => line + i64::from(difference),
        };
        u32::try_from(line).unwrap_or(0)
    });
    // The instruction that prepares variable arguments belongs to no line of the source.
    lines.skip(usize::from(function.is_vararg))
}

/// The name of the `number`-th local variable (from 1) that is active at `pc`; it lives in
/// register `number - 1`.
pub fn local_name(function: &Function, number: usize, pc: u32) -> Option<&[u8]> {
    let started = function.local_variables.iter().take_while(|local| local.start_pc <= pc);
    let mut active = started.filter(|local| pc < local.end_pc);
    active.nth(number.checked_sub(1)?).map(|local| &*local.name)
}

/// The name of an upvalue as messages show it.
pub fn upvalue_name(function: &Function, index: usize) -> Name {
    let name = function.upvalues.get(index).and_then(|upvalue| upvalue.name.as_deref());
    Name::new(NameKind::Upvalue, name.unwrap_or(UNKNOWN))
}

/// What the value in `register` is, as far as the code before the instruction at `pc` tells.
pub fn register_name(view: &dyn CodeView, pc: u32, register: usize) -> Option<Name> {
    let origin = match variable_name(view, pc, register) {
        Ok(name) => return Some(name),
        Err(origin) => origin?,
    };
    let i = view.instruction(origin);
    let (kind, name) = match opcode::opcode(i) {
        op::GETTABUP => {
            let table = Some(upvalue_name(view.function(), b(i)));
            (access_kind(table), constant_or_unknown(view, c(i)))
        }
        op::GETTABLE => {
            (access_kind(table_name(view, origin, i)), key_in_register(view, origin, c(i)))
        }
        op::GETI => (NameKind::Field, b"integer index".to_vec()),
        op::GETFIELD => (access_kind(table_name(view, origin, i)), constant_or_unknown(view, c(i))),
        op::SELF if k(i) => (NameKind::Method, constant_or_unknown(view, c(i))),
        op::SELF => (NameKind::Method, key_in_register(view, origin, c(i))),
        _ => return None,
    };
    Some(Name::new(kind, &name))
}

/// How the function that the instruction at `pc` calls, itself or by a metamethod, is called.
///
/// That a hook or the collector made the call is for the caller to know.
pub fn call_name(view: &dyn CodeView, pc: u32) -> Option<Name> {
    let i = view.instruction(pc);
    let event = match opcode::opcode(i) {
        op::CALL | op::TAILCALL => return register_name(view, pc, a(i)),
        op::TFORCALL => return Some(Name::new(NameKind::ForIterator, b"for iterator")),
        op::SELF | op::GETTABUP..=op::GETFIELD => "index",
        op::SETTABUP..=op::SETFIELD => "newindex",
        op::MMBIN..=op::MMBINK => *OPERATOR_EVENTS.get(c(i).checked_sub(FIRST_OPERATOR_EVENT)?)?,
        op::UNM => "unm",
        op::BNOT => "bnot",
        op::LEN => "len",
        op::CONCAT => "concat",
        op::EQ => "eq",
        op::LT | op::LTI | op::GTI => "lt",
        op::LE | op::LEI | op::GEI => "le",
        op::CLOSE | op::RETURN => "close",
        _ => return None,
    };
    Some(Name::new(NameKind::Metamethod, event.as_bytes()))
}

const UNKNOWN: &[u8] = b"?";
/// The number of `__add`, the first event that the C operand of MMBIN can name.
const FIRST_OPERATOR_EVENT: usize = 6;
const OPERATOR_EVENTS: [&str; 12] =
    ["add", "sub", "mul", "mod", "pow", "div", "idiv", "band", "bor", "bxor", "shl", "shr"];
/// Moves from register to register that are followed. Compilers make one or two; hostile code
/// could make the search long.
const MOVES_MAX: usize = 16;

/// A name for a register's value that needs no look at a table: a local variable, an upvalue or a
/// string constant. Else the instruction that set the register, if it is certain which.
fn variable_name(
    view: &dyn CodeView,
    mut pc: u32,
    mut register: usize,
) -> Result<Name, Option<u32>> {
    let function = view.function();
    for _ in 0..MOVES_MAX {
        if let Some(name) = local_name(function, register + 1, pc) {
            return Ok(Name::new(NameKind::Local, name));
        }
        let origin = origin(view, pc, register).ok_or(None)?;
        let i = view.instruction(origin);
        let index = match opcode::opcode(i) {
            op::MOVE if b(i) < a(i) => {
                (pc, register) = (origin, b(i));
                continue;
            }
            op::GETUPVAL => return Ok(upvalue_name(function, b(i))),
            op::LOADK => bx(i),
            op::LOADKX => ax(view.instruction(origin + 1)),
            _ => return Err(Some(origin)),
        };
        let constant = view.string_constant(index).ok_or(Some(origin))?;
        return Ok(Name::new(NameKind::Constant, constant));
    }
    Err(None)
}

/// The last instruction before `last_pc` that set `register`, unless a jump may have passed it by.
fn origin(view: &dyn CodeView, last_pc: u32, register: usize) -> Option<u32> {
    // A metamethod is called for an operation that did not set its register.
    let unfinished = matches!(opcode::opcode(view.instruction(last_pc)), op::MMBIN..=op::MMBINK);
    let end = last_pc.saturating_sub(u32::from(unfinished));
    let mut found = None;
    let mut conditional_end = 0;
    for pc in 0..end {
        let i = view.instruction(pc);
        if opcode::opcode(i) == op::JMP {
            let target = i64::from(pc) + 1 + i64::from(sj(i));
            if target <= i64::from(end) {
                conditional_end = target.max(conditional_end);
            }
        } else if sets(i, register) {
            found = (i64::from(pc) >= conditional_end).then_some(pc);
        }
    }
    found
}

/// Whether an instruction changes `register`.
fn sets(i: u32, register: usize) -> bool {
    match opcode::opcode(i) {
        op::LOADNIL => (a(i)..=a(i) + b(i)).contains(&register),
        op::TFORCALL => register >= a(i) + 2,
        op::CALL | op::TAILCALL => register >= a(i),
        op::MOVE..=op::LOADTRUE
        | op::GETUPVAL
        | op::GETTABUP..=op::GETFIELD
        | op::NEWTABLE..=op::SHR
        | op::UNM..=op::CONCAT
        | op::TESTSET
        | op::FORLOOP
        | op::FORPREP
        | op::TFORLOOP
        | op::CLOSURE..=op::VARARGPREP => register == a(i),
        _ => false,
    }
}

fn constant_or_unknown(view: &dyn CodeView, index: usize) -> Vec<u8> {
    view.string_constant(index).unwrap_or(UNKNOWN).to_vec()
}

/// The key that a register holds if it is a constant.
fn key_in_register(view: &dyn CodeView, pc: u32, register: usize) -> Vec<u8> {
    match variable_name(view, pc, register) {
        Ok(Name { kind: NameKind::Constant, name }) => name,
        _ => UNKNOWN.to_vec(),
    }
}

/// The variable that holds the table that `i`, at `pc`, reads from.
fn table_name(view: &dyn CodeView, pc: u32, i: u32) -> Option<Name> {
    let name = variable_name(view, pc, b(i)).ok()?;
    matches!(name.kind, NameKind::Local | NameKind::Upvalue).then_some(name)
}

/// Fields of a variable called `_ENV` are globals.
fn access_kind(table: Option<Name>) -> NameKind {
    if table.is_some_and(|table| table.name == b"_ENV") {
        NameKind::Global
    } else {
        NameKind::Field
    }
}
