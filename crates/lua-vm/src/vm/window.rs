//! What the dispatch loop sees of the frame on top: slices of fixed size, each laid with one check.

use crate::heap::function::{CONSTANT_WINDOW, CodePool, Instruction, POOL_BITS, ProtoHead};
use crate::heap::thread::{Frame, REGISTER_WINDOW};
use crate::value::{ClosureId, ProtoId, Value};

/// Selects the bits that an index into code, constants or stack may have, so that the end of a
/// window cannot overflow and one comparison bounds it.
const INDEX_MASK: u32 = (1 << POOL_BITS) - 1;

/// An invariant of the VM does not hold. No verified chunk can bring this about.
#[cold]
#[inline(never)]
pub(super) fn broken() -> ! {
    std::process::abort()
}

#[inline(always)]
pub(super) fn at<T>(items: &[T], index: usize) -> &T {
    match items.get(index) {
        Some(item) => item,
        None => broken(),
    }
}

#[inline(always)]
pub(super) fn at_mut<T>(items: &mut [T], index: usize) -> &mut T {
    match items.get_mut(index) {
        Some(item) => item,
        None => broken(),
    }
}

/// The slots below a frame, and its registers with the function's slot at index 0.
#[inline(always)]
pub(super) fn registers(
    stack: &mut [Value],
    base: u32,
) -> (&mut [Value], &mut [Value; REGISTER_WINDOW]) {
    let start = (base.wrapping_sub(1) & INDEX_MASK) as usize;
    if start + REGISTER_WINDOW > stack.len() {
        broken();
    }
    let (below, rest) = stack.split_at_mut(start);
    match rest.first_chunk_mut() {
        Some(registers) => (below, registers),
        None => broken(),
    }
}

/// The constants of a function, and what lies behind them.
#[inline(always)]
pub(super) fn constants<'a>(pool: &'a CodePool, head: &ProtoHead) -> &'a [Value; CONSTANT_WINDOW] {
    let start = (head.constants_start & INDEX_MASK) as usize;
    let window = pool.constants.get(start..start + CONSTANT_WINDOW);
    match window.and_then(|window| window.first_chunk()) {
        Some(constants) => constants,
        None => broken(),
    }
}

/// The code of a function.
#[inline(always)]
pub(super) fn code<'a>(pool: &'a CodePool, head: &ProtoHead) -> &'a [Instruction] {
    let start = (head.code_start & INDEX_MASK) as usize;
    match pool.code.get(start..start + (head.code_count & INDEX_MASK) as usize) {
        Some(code) => code,
        None => broken(),
    }
}

/// Where the loop goes on.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub closure: ClosureId,
    pub proto: ProtoId,
    pub base: u32,
    pub pc: u32,
}

/// The place of the frame on top.
#[inline(always)]
pub(super) fn top(frames: &[Frame]) -> Entry {
    let Some(frame) = frames.last() else { broken() };
    Entry { closure: frame.closure, proto: frame.proto, base: frame.base, pc: frame.pc }
}
