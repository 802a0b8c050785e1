//! Code for the operators: folding, immediate and constant operands, comparisons as jumps.

use super::Compiler;
use super::conditions::immediate;
use super::fold::fold;
use super::function::{with_a, with_b};
use super::lexer::Result;
use super::operand::{Operand, Place};
use crate::opcode::{self, op};

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

    pub fn event(self) -> u32 {
        EVENT_ADD + self as u32
    }
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
}
