//! Comparisons and the jumps that conditions and `and`, `or` are made of.

use super::Compiler;
use super::emit::signed_byte;
use super::jumps::NO_REGISTER;
use super::lexer::Result;
use super::operand::{Jumps, Operand, Place};
use crate::number::exact_integer;
use crate::opcode::{self, abck, op};

/// A number that a comparison can hold in its operand. `is_float` is set for a float with an
/// integer value, also for one that does not fit: the flag then stands in the instruction, where
/// it means nothing, as PUC-Rio's compiler leaves it.
pub(super) fn immediate(operand: &Operand, is_float: &mut bool) -> Option<u32> {
    let value = match operand.place {
        Place::Integer(value) => value,
        Place::Float(value) => {
            let value = exact_integer(value)?;
            *is_float = true;
            value
        }
        _ => return None,
    };
    if operand.has_jumps() { None } else { signed_byte(value) }
}

impl Compiler<'_> {
    pub(super) fn compare_equal(
        &mut self,
        positive: bool,
        left: &mut Operand,
        mut right: Operand,
    ) -> Result<()> {
        if !matches!(left.place, Place::Register(_)) {
            std::mem::swap(left, &mut right);
        }
        let a = u32::from(self.put_anywhere(left)?);
        let mut is_float = false;
        let (op, b) = if let Some(byte) = immediate(&right, &mut is_float) {
            (op::EQI, byte)
        } else {
            match self.constant_or_register(&mut right)? {
                (constant, true) => (op::EQK, constant.into()),
                (register, false) => (op::EQ, register.into()),
            }
        };
        self.free_operands(left, &right);
        left.place = Place::Jump(self.emit_test(abck(op, a, b, is_float.into(), positive)));
        Ok(())
    }

    /// `left < right` (LT) or `left <= right` (LE).
    pub(super) fn compare_order(
        &mut self,
        op: u32,
        mut left: Operand,
        mut right: Operand,
        result: &mut Operand,
    ) -> Result<()> {
        let or_equal = op - op::LT;
        let mut is_float = false;
        let (op, a, b) = if let Some(byte) = immediate(&right, &mut is_float) {
            (op::LTI + or_equal, self.put_anywhere(&mut left)?, byte)
        } else if let Some(byte) = immediate(&left, &mut is_float) {
            (op::GTI + or_equal, self.put_anywhere(&mut right)?, byte)
        } else {
            let a = self.put_anywhere(&mut left)?;
            (op, a, self.put_anywhere(&mut right)?.into())
        };
        let test = abck(op, a.into(), b, is_float.into(), true);
        self.free_operands(&left, &right);
        *result = Place::Jump(self.emit_test(test)).into();
        Ok(())
    }

    /// A jump that is taken when the value is as `condition` says.
    fn jump_on(&mut self, e: &mut Operand, condition: bool) -> Result<Jumps> {
        if let Place::Relocatable(pc) = e.place {
            let instruction = *self.state.instruction(pc);
            if opcode::opcode(instruction) == op::NOT {
                self.state.pop();
                let tested = opcode::b(instruction) as u32;
                return Ok(Some(self.emit_test(abck(op::TEST, tested, 0, 0, !condition))));
            }
        }
        self.discharge_anywhere(e)?;
        self.free_operand(e);
        let Place::Register(register) = e.place else { return Ok(None) };
        let test = abck(op::TESTSET, NO_REGISTER, register.into(), 0, condition);
        Ok(Some(self.emit_test(test)))
    }

    /// Goes on when the expression is true, and jumps otherwise.
    pub(super) fn go_if_true(&mut self, e: &mut Operand) -> Result<()> {
        self.discharge(e);
        let jump = match e.place {
            Place::Jump(jump) => {
                self.negate(jump);
                Some(jump)
            }
            Place::Constant(_)
            | Place::Float(_)
            | Place::Integer(_)
            | Place::Text(_)
            | Place::True => None,
            _ => self.jump_on(e, false)?,
        };
        self.join_jumps(&mut e.false_jumps, jump)?;
        self.patch_here(e.true_jumps.take())
    }

    /// Goes on when the expression is false, and jumps otherwise.
    pub(super) fn go_if_false(&mut self, e: &mut Operand) -> Result<()> {
        self.discharge(e);
        let jump = match e.place {
            Place::Jump(jump) => Some(jump),
            Place::Nil | Place::False => None,
            _ => self.jump_on(e, true)?,
        };
        self.join_jumps(&mut e.true_jumps, jump)?;
        self.patch_here(e.false_jumps.take())
    }
}
