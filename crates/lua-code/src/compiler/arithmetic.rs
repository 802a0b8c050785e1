//! Arithmetic and bitwise operations: immediate, constant and register operands.

use super::Compiler;
use super::emit::signed_byte;
use super::lexer::Result;
use super::operand::{Operand, Place};
use super::operators::Binary;
use crate::opcode::{abck, op};

/// The second operand of a binary instruction, and the instruction for its metamethod.
struct Right {
    /// Operand C, encoded.
    c: u32,
    metamethod_op: u32,
    /// Operand B of the metamethod's instruction.
    metamethod_b: u32,
    /// Whether the operands were swapped.
    flipped: bool,
}

impl Right {
    fn immediate(byte: u32, flipped: bool) -> Self {
        Self { c: byte, metamethod_op: op::MMBINI, metamethod_b: byte, flipped }
    }
}

impl Compiler<'_> {
    pub(super) fn arithmetic(
        &mut self,
        operator: Binary,
        left: &mut Operand,
        mut right: Operand,
        line: u32,
    ) -> Result<()> {
        match operator {
            Binary::Add | Binary::Multiply => {
                let flipped = left.is_numeral();
                self.commutative(operator, left, right, flipped, line)
            }
            Binary::BitAnd | Binary::BitOr | Binary::BitXor => {
                let flipped = matches!(left.place, Place::Integer(_));
                self.commutative(operator, left, right, flipped, line)
            }
            Binary::Subtract if self.negated(operator, op::ADDI, left, right, line)? => Ok(()),
            Binary::ShiftLeft => {
                if let Some(byte) = left.as_integer().and_then(signed_byte) {
                    std::mem::swap(left, &mut right);
                    let shift = Right::immediate(byte, true);
                    return self.binary(operator, op::SHLI, left, right, shift, line);
                }
                if self.negated(operator, op::SHRI, left, right, line)? {
                    return Ok(());
                }
                self.with_registers(operator, left, right, line)
            }
            Binary::ShiftRight => match right.as_integer().and_then(signed_byte) {
                Some(byte) => {
                    let shift = Right::immediate(byte, false);
                    self.binary(operator, op::SHRI, left, right, shift, line)
                }
                None => self.with_registers(operator, left, right, line),
            },
            _ => self.with_constant(operator, left, right, false, line),
        }
    }

    fn commutative(
        &mut self,
        operator: Binary,
        left: &mut Operand,
        mut right: Operand,
        flipped: bool,
        line: u32,
    ) -> Result<()> {
        if flipped {
            std::mem::swap(left, &mut right);
        }
        if operator == Binary::Add
            && let Some(byte) = right.as_integer().and_then(signed_byte)
        {
            let addend = Right::immediate(byte, flipped);
            return self.binary(operator, op::ADDI, left, right, addend, line);
        }
        self.with_constant(operator, left, right, flipped, line)
    }

    /// Subtracts or shifts left by an immediate: the opposite operation by its negative.
    fn negated(
        &mut self,
        operator: Binary,
        op: u32,
        left: &mut Operand,
        right: Operand,
        line: u32,
    ) -> Result<bool> {
        let bytes = right
            .as_integer()
            .and_then(|value| Some((signed_byte(value)?, signed_byte(value.checked_neg()?)?)));
        let Some((byte, negative)) = bytes else { return Ok(false) };
        // The metamethod still sees the operand as it was written.
        let operand = Right { metamethod_b: byte, ..Right::immediate(negative, false) };
        self.binary(operator, op, left, right, operand, line)?;
        Ok(true)
    }

    /// An operation whose second operand may be a numeric constant.
    fn with_constant(
        &mut self,
        operator: Binary,
        left: &mut Operand,
        mut right: Operand,
        flipped: bool,
        line: u32,
    ) -> Result<()> {
        let is_bitwise = operator >= Binary::BitAnd;
        let can_be_constant =
            if is_bitwise { matches!(right.place, Place::Integer(_)) } else { right.is_numeral() };
        if can_be_constant && let Some(constant) = self.as_constant(&mut right)? {
            let c = u32::from(constant);
            let op = op::ADDK + operator as u32;
            let constant = Right { c, metamethod_op: op::MMBINK, metamethod_b: c, flipped };
            return self.binary(operator, op, left, right, constant, line);
        }
        if flipped {
            std::mem::swap(left, &mut right);
        }
        self.with_registers(operator, left, right, line)
    }

    fn with_registers(
        &mut self,
        operator: Binary,
        left: &mut Operand,
        mut right: Operand,
        line: u32,
    ) -> Result<()> {
        let c = u32::from(self.put_anywhere(&mut right)?);
        let op = op::ADD + operator as u32;
        let register = Right { c, metamethod_op: op::MMBIN, metamethod_b: c, flipped: false };
        self.binary(operator, op, left, right, register, line)
    }

    /// Adds an operation and the instruction that calls its metamethod.
    fn binary(
        &mut self,
        operator: Binary,
        op: u32,
        left: &mut Operand,
        right: Operand,
        encoded: Right,
        line: u32,
    ) -> Result<()> {
        let a = u32::from(self.put_anywhere(left)?);
        let pc = self.emit_abc(op, 0, a, encoded.c);
        self.free_operands(left, &right);
        left.place = Place::Relocatable(pc);
        self.state.set_last_line(line);
        let Right { metamethod_op, metamethod_b, flipped, .. } = encoded;
        self.emit(abck(metamethod_op, a, metamethod_b, operator.event(), flipped));
        self.state.set_last_line(line);
        Ok(())
    }
}
