//! Code for the operators: folding, immediate and constant operands, comparisons as jumps.

use super::Compiler;
use super::fold::fold;
use super::function::{with_a, with_b};
use super::jumps::NO_REGISTER;
use super::lexer::Result;
use super::operand::{Jumps, Operand, Place};
use super::registers::signed_byte;
use crate::number::exact_integer;
use crate::opcode::{self, abck, op};

/// Operators with two operands; arithmetic ones in the order of their opcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Modulo,
    Power,
    Divide,
    FloorDivide,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    Concat,
    Equal,
    Less,
    LessEqual,
    NotEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Minus,
    BitNot,
    Not,
    Length,
}

/// Number of the first arithmetic metamethod (`__add`); the others follow in operator order.
const EVENT_ADD: u32 = 6;

impl Binary {
    fn is_arithmetic(self) -> bool {
        self <= Self::ShiftRight
    }

    fn event(self) -> u32 {
        EVENT_ADD + self as u32
    }
}

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

/// A number that a comparison can hold in its operand. `is_float` is set for a float with an
/// integer value, also for one that does not fit: the flag then stands in the instruction, where
/// it means nothing, as PUC-Rio's compiler leaves it.
fn immediate(operand: &Operand, is_float: &mut bool) -> Option<u32> {
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
    /// Code for an operator before an operand that has been read.
    #[inline(never)]
    pub(super) fn prefix(&mut self, operator: Unary, e: &mut Operand, line: u32) -> Result<()> {
        self.discharge(e);
        let op = match operator {
            Unary::Not => return self.emit_not(e),
            Unary::Length => op::LEN,
            Unary::Minus => op::UNM,
            Unary::BitNot => op::BNOT,
        };
        if e.is_numeral()
            && let Some(folded) = super::fold::fold_unary(operator, e.place)
        {
            e.place = folded;
            return Ok(());
        }
        let register = self.put_anywhere(e)?;
        self.free_operand(e);
        e.place = Place::Relocatable(self.emit_abc(op, 0, register.into(), 0));
        self.state.set_last_line(line);
        Ok(())
    }

    fn emit_not(&mut self, e: &mut Operand) -> Result<()> {
        match e.place {
            Place::Nil | Place::False => e.place = Place::True,
            Place::Constant(_)
            | Place::Float(_)
            | Place::Integer(_)
            | Place::Text(_)
            | Place::True => e.place = Place::False,
            Place::Jump(jump) => self.negate(jump),
            _ => {
                self.discharge_anywhere(e)?;
                self.free_operand(e);
                if let Place::Register(register) = e.place {
                    e.place = Place::Relocatable(self.emit_abc(op::NOT, 0, register.into(), 0));
                }
            }
        }
        std::mem::swap(&mut e.true_jumps, &mut e.false_jumps);
        self.drop_values(e.false_jumps);
        self.drop_values(e.true_jumps);
        Ok(())
    }

    /// Code between an operator's first operand and its second.
    #[inline(never)]
    pub(super) fn infix(&mut self, operator: Binary, e: &mut Operand) -> Result<()> {
        self.discharge(e);
        match operator {
            Binary::And => self.go_if_true(e),
            Binary::Or => self.go_if_false(e),
            Binary::Concat => self.put_next(e),
            Binary::Equal | Binary::NotEqual => {
                if !e.is_numeral() {
                    self.constant_or_register(e)?;
                }
                Ok(())
            }
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                if immediate(e, &mut false).is_none() {
                    self.put_anywhere(e)?;
                }
                Ok(())
            }
            _ => {
                // A numeral waits: it may be folded, or become part of the instruction.
                if !e.is_numeral() {
                    self.put_anywhere(e)?;
                }
                Ok(())
            }
        }
    }

    /// Code after an operator's second operand; the result replaces the first.
    #[inline(never)]
    pub(super) fn postfix(
        &mut self,
        operator: Binary,
        left: &mut Operand,
        mut right: Operand,
        line: u32,
    ) -> Result<()> {
        self.discharge(&mut right);
        if operator.is_arithmetic() {
            if left.is_numeral()
                && right.is_numeral()
                && let Some(folded) = fold(operator, left.place, right.place)
            {
                left.place = folded;
                return Ok(());
            }
            return self.arithmetic(operator, left, right, line);
        }
        match operator {
            Binary::And => {
                self.join_jumps(&mut right.false_jumps, left.false_jumps)?;
                *left = right;
                Ok(())
            }
            Binary::Or => {
                self.join_jumps(&mut right.true_jumps, left.true_jumps)?;
                *left = right;
                Ok(())
            }
            Binary::Concat => {
                self.put_next(&mut right)?;
                self.emit_concat(left, right, line);
                Ok(())
            }
            Binary::Equal | Binary::NotEqual => {
                self.compare_equal(operator == Binary::Equal, left, right)
            }
            Binary::Greater => self.compare_order(op::LT, right, *left, left),
            Binary::GreaterEqual => self.compare_order(op::LE, right, *left, left),
            Binary::Less => self.compare_order(op::LT, *left, right, left),
            _ => self.compare_order(op::LE, *left, right, left),
        }
    }

    /// Several concatenations in a row become one instruction: the right one is done first.
    fn emit_concat(&mut self, left: &Operand, right: Operand, line: u32) {
        let Place::Register(first) = left.place else { return };
        if let Some(previous) = self.state.rewritable_previous()
            && opcode::opcode(*previous) == op::CONCAT
        {
            let count = opcode::b(*previous) as u32;
            *previous = with_b(with_a(*previous, first.into()), count + 1);
            self.free_operand(&right);
            return;
        }
        self.emit_abc(op::CONCAT, first.into(), 2, 0);
        self.free_operand(&right);
        self.state.set_last_line(line);
    }

    fn arithmetic(
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

    fn compare_equal(
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
    fn compare_order(
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

impl Right {
    fn immediate(byte: u32, flipped: bool) -> Self {
        Self { c: byte, metamethod_op: op::MMBINI, metamethod_b: byte, flipped }
    }
}
