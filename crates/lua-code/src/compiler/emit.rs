//! Instructions that load values without looking at operands.

use super::Compiler;
use super::function::{with_a, with_b};
use super::lexer::Result;
use super::operand::Pc;
use crate::number::exact_integer;
use crate::opcode::{self, MAX_BX, OFFSET_SBX, OFFSET_SC, abck, abx, asbx, ax_of, op};

/// About what an instruction takes with its line, in lists that grow by doubling.
const INSTRUCTION_BYTES: usize = 8;

impl Compiler<'_> {
    pub(super) fn emit(&mut self, instruction: u32) -> Pc {
        self.lexer.held += INSTRUCTION_BYTES;
        self.state.push(instruction, self.lexer.last_line)
    }

    pub(super) fn emit_abc(&mut self, op: u32, a: u32, b: u32, c: u32) -> Pc {
        self.emit(abck(op, a, b, c, false))
    }

    /// Sets registers to nil, with the instruction before when that does so to its neighbours.
    pub(super) fn emit_nil(&mut self, from: usize, count: usize) {
        let (mut first, mut last) = (from as u32, (from + count - 1) as u32);
        if let Some(previous) = self.state.rewritable_previous()
            && opcode::opcode(*previous) == op::LOADNIL
        {
            let before_first = opcode::a(*previous) as u32;
            let before_last = before_first + opcode::b(*previous) as u32;
            if first <= before_last + 1 && before_first <= last + 1 {
                first = first.min(before_first);
                last = last.max(before_last);
                *previous = with_b(with_a(*previous, first), last - first);
                return;
            }
        }
        self.emit_abc(op::LOADNIL, first, last - first, 0);
    }

    pub(super) fn emit_integer(&mut self, register: u8, value: i64) -> Result<()> {
        match signed_bx(value) {
            Some(short) => {
                self.emit(asbx(op::LOADI, register.into(), short));
                Ok(())
            }
            None => {
                let constant = self.integer_constant(value)?;
                self.emit_constant(register, constant);
                Ok(())
            }
        }
    }

    pub(super) fn emit_float(&mut self, register: u8, value: f64) -> Result<()> {
        match exact_integer(value).and_then(signed_bx) {
            Some(short) => {
                self.emit(asbx(op::LOADF, register.into(), short));
            }
            None => {
                let constant = self.float_constant(value)?;
                self.emit_constant(register, constant);
            }
        }
        Ok(())
    }

    pub(super) fn emit_constant(&mut self, register: u8, constant: u32) {
        if constant <= MAX_BX {
            self.emit(abx(op::LOADK, register.into(), constant));
        } else {
            self.emit(abx(op::LOADKX, register.into(), 0));
            self.emit(ax_of(op::EXTRAARG, constant));
        }
    }
}

/// The number as a signed Bx operand, if it fits.
fn signed_bx(value: i64) -> Option<i32> {
    let fits =
        (-i64::from(OFFSET_SBX)..=i64::from(MAX_BX) - i64::from(OFFSET_SBX)).contains(&value);
    fits.then_some(value as i32)
}

/// The number as a signed B or C operand, in its stored form, if it fits.
pub(super) fn signed_byte(value: i64) -> Option<u32> {
    let stored = value.checked_add(i64::from(OFFSET_SC))?;
    u8::try_from(stored).ok().map(u32::from)
}
