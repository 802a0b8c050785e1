//! The verifier: what it lets through can be run without checking operands.
//!
//! One pass over each function, in time and memory linear in its size, without recursion.
//! Everything that PUC-Rio's compiler emits passes. Of a function that passed, an interpreter may
//! assume the following, with *n* for its number of instructions, `R` for its registers and `K`
//! for its constants.
//!
//! # Sizes
//! - `2 <= register_count <= 255`, `parameter_count <= register_count`, at most 255 upvalues.
//! - Functions are nested at most [`NESTING_MAX`] deep.
//!
//! # Operands
//! - Every opcode is one of the 83.
//! - Every register that an instruction names, also by implication, is below `register_count`:
//!   SELF `A+1`; FORPREP, FORLOOP and TFORPREP `A+3`; TFORCALL the greater of `A+6` (its call) and
//!   `A+3+C` (its results, `C >= 1`); TFORLOOP `A+4`; LOADNIL `A+B`; CONCAT `A+B-1` with `B >= 2`;
//!   CALL and TAILCALL `A+B-1`; results of CALL and VARARG `A+C-2`; RETURN `A+B-2`; SETLIST
//!   `A+B`. Two may name `register_count` itself, where they touch no register: CLOSE, and RETURN
//!   of no values.
//! - Every constant exists. It is a string of at most 40 bytes for GETTABUP, GETFIELD, SETTABUP
//!   and SETFIELD, a string for SELF with `k`, a number for ADDK to IDIVK, an integer for BANDK,
//!   BORK and BXORK.
//! - Every upvalue and every nested function exists, and the registers and upvalues that a nested
//!   function captures exist here. (What the outermost function captures is unknown: its
//!   descriptions are not checked.)
//! - NEWTABLE's hash size is at most `2n`, its array size and the first index of SETLIST at most
//!   `256n`: a small chunk cannot ask for much memory.
//!
//! # Control
//! - `n >= 1`, the last instruction is RETURN, RETURN0 or RETURN1, and no jump leaves the code, so
//!   that control never falls off its end.
//! - Some instructions form pairs whose second half no jump reaches and that occurs nowhere else:
//!   LOADKX, NEWTABLE and SETLIST with `k`, then EXTRAARG; an arithmetic or bitwise operation, then
//!   the MMBIN, MMBINI or MMBINK with its operands and its event; a comparison, TEST or TESTSET,
//!   then JMP; TFORCALL, then TFORLOOP with the same `A`. (JMP alone is free.)
//! - Open results: CALL or VARARG with `C = 0`, and TAILCALL, are followed at once by a CALL,
//!   TAILCALL, RETURN or SETLIST with `B = 0`, which no jump reaches; `B = 0` occurs nowhere else.
//!   The open results begin after the consumer's `A`, or at it for RETURN. After TAILCALL comes
//!   RETURN.
//! - FORPREP and FORLOOP, TFORPREP and TFORCALL with TFORLOOP, refer to each other with equal `A`;
//!   each has exactly one partner.
//! - A vararg function begins with VARARGPREP whose `A` is `parameter_count`, and no jump leads
//!   there; VARARGPREP occurs nowhere else, VARARG in no other function.
//!
//! # Returns
//! - `C` of RETURN and TAILCALL is `parameter_count + 1` in a vararg function, else 0.
//! - RETURN0 and RETURN1 do not occur in a vararg function. Where they occur, or a RETURN or
//!   TAILCALL without `k`, no nested function captures a register, and neither TBC nor TFORPREP
//!   occurs: there is nothing to close.
//!
//! # Debug information
//! - `line_info` is empty or has `n` elements; its absolute marks and `absolute_lines` correspond
//!   one to one, ascending, at most [`ABSOLUTE_LINE_DISTANCE`] apart; every line is in
//!   `0..=i32::MAX`.
//! - Local variables ascend in `start_pc`; `start_pc <= end_pc <= n`; at no instruction more than
//!   `register_count` of them are active.
//!
//! # What only run time can tell
//! - Any register may hold any value when an instruction reads it, also one that was never
//!   written: an interpreter sets the registers of a new frame and treats all of them as live.
//! - A jump may lead into a loop, and a loop's body may change its hidden registers. FORLOOP
//!   checks again that `R[A]`, `R[A+1]` and `R[A+2]` are three integers or three floats, and
//!   treats an integer count of 0 as the end. TFORCALL calls whatever `R[A]` is.
//! - SELF without `k` finds a key of any type in `R[C]`.
//! - TBC may meet the same register again, or a lower one, before a CLOSE.
//! - The number of open results, and so the stack that they take, has no bound here.

mod code;
mod debug;

use super::{ChunkError, NESTING_MAX, Place, UnverifiedChunk};
use crate::bytecode::Function;
use crate::compiler::{SyntaxError, compile_within};

#[cfg(doc)]
use crate::bytecode::ABSOLUTE_LINE_DISTANCE;

/// A function, with all that is nested in it, that keeps the rules of the [verifier](self).
#[derive(Debug, Clone)]
pub struct Chunk(Function);

impl Chunk {
    /// Compiles a source text as [`compile_within`] does; what the compiler makes keeps the rules
    /// by construction. Returns about how many bytes the compiler held as well.
    ///
    /// # Errors
    /// As [`compile_within`].
    ///
    /// ```
    /// use lua_code::chunk::Chunk;
    ///
    /// let outcome = Chunk::compile(b"return 1", b"=example", 0, usize::MAX, &mut |_| true);
    /// let (chunk, _held) = outcome.unwrap();
    /// assert!(chunk.function().is_vararg);
    /// ```
    pub fn compile(
        source: &[u8],
        chunk_name: &[u8],
        depth: u32,
        room: usize,
        goes_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<(Self, usize), SyntaxError> {
        let (function, held) = compile_within(source, chunk_name, depth, room, goes_on)?;
        debug_assert!(check(&function).is_ok(), "{:?}", check(&function));
        Ok((Self(function), held))
    }

    /// The verified function.
    pub fn function(&self) -> &Function {
        &self.0
    }

    /// Takes the function out.
    pub fn into_function(self) -> Function {
        self.0
    }
}

/// Checks a chunk against the rules that stand at the head of [this module](self).
///
/// # Errors
/// A [`ChunkError`] that names the broken rule, and where, if the chunk breaks one.
///
/// ```
/// use lua_code::chunk::{UnverifiedChunk, verify};
/// let empty = UnverifiedChunk::new(lua_code::bytecode::Function::default());
/// assert!(verify(empty).is_err());
/// ```
pub fn verify(chunk: UnverifiedChunk) -> Result<Chunk, ChunkError> {
    check(&chunk.0)?;
    Ok(Chunk(chunk.0))
}

fn check(main: &Function) -> Result<(), ChunkError> {
    let mut waiting = vec![(main, 1)];
    while let Some((function, depth)) = waiting.pop() {
        check_function(function)?;
        if depth == NESTING_MAX && !function.functions.is_empty() {
            return Err(Fault::at(0, "functions nested too deeply").place(function));
        }
        waiting.extend(function.functions.iter().map(|nested| (nested, depth + 1)));
    }
    Ok(())
}

fn check_function(function: &Function) -> Result<(), ChunkError> {
    check_sizes(function)
        .and_then(|()| check_captures(function))
        .and_then(|()| code::check(function))
        .and_then(|()| debug::check(function))
        .map_err(|fault| fault.place(function))
}

/// A broken rule inside one function.
struct Fault {
    pc: usize,
    reason: &'static str,
}

impl Fault {
    fn at(pc: usize, reason: &'static str) -> Self {
        Self { pc, reason }
    }

    fn place(self, function: &Function) -> ChunkError {
        let place = Place { line_defined: function.line_defined, pc: self.pc as u32 };
        ChunkError { reason: self.reason, place: Some(place) }
    }
}

/// `Ok` if the rule holds; else the fault.
fn require(holds: bool, pc: usize, reason: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::at(pc, reason)) }
}

fn check_sizes(function: &Function) -> Result<(), Fault> {
    let registers = function.register_count;
    require((2..=255).contains(&registers), 0, "invalid number of registers")?;
    require(function.parameter_count <= registers, 0, "more parameters than registers")?;
    require(function.upvalues.len() <= 255, 0, "too many upvalues")?;
    require(function.code.len() <= i32::MAX as usize, 0, "too many instructions")?;
    let lines = [function.line_defined, function.last_line_defined];
    require(lines.iter().all(|&line| line <= i32::MAX as u32), 0, "invalid line")
}

/// What the nested functions capture must exist.
fn check_captures(function: &Function) -> Result<(), Fault> {
    for upvalue in function.functions.iter().flat_map(|nested| &nested.upvalues) {
        let count = if upvalue.in_stack {
            usize::from(function.register_count)
        } else {
            function.upvalues.len()
        };
        require(usize::from(upvalue.index) < count, 0, "captured variable does not exist")?;
        require(upvalue.kind <= 3, 0, "invalid kind of upvalue")?;
    }
    Ok(())
}
