//! The grammar of loops.

use super::Compiler;
use super::function::with_bx;
use super::lexer::Result;
use super::operand::Pc;
use super::token::{Text, Token};
use crate::opcode::{MAX_BX, abx, op};

/// Hidden variables of a numerical and of a generic `for`.
const NUMERIC_STATE_COUNT: usize = 3;
const GENERIC_STATE_COUNT: usize = 4;
const STATE_NAME: &str = "(for state)";

impl Compiler<'_> {
    #[inline(never)]
    pub(super) fn while_statement(&mut self, line: u32) -> Result<()> {
        self.lexer.advance()?;
        let start = self.state.mark_target();
        let exit = self.condition()?;
        self.enter_block(true);
        self.require(Token::Do)?;
        self.block()?;
        let back = self.emit_jump();
        self.patch(Some(back), start)?;
        self.require_match(Token::EndBlock, Token::While, line)?;
        self.leave_block()?;
        self.patch_here(exit)
    }

    #[inline(never)]
    pub(super) fn repeat_statement(&mut self, line: u32) -> Result<()> {
        let start = self.state.mark_target();
        self.enter_block(true);
        self.enter_block(false);
        self.lexer.advance()?;
        self.statements()?;
        self.require_match(Token::Until, Token::Repeat, line)?;
        // The condition sees the variables of the body.
        let mut again = self.condition()?;
        let body = *self.state.block();
        self.leave_block()?;
        if body.has_upvalue {
            // The way back needs its own closing of variables.
            let exit = self.emit_jump();
            self.patch_here(again)?;
            let level = self.state.registers_of(&self.variables, body.active_count);
            self.emit_abc(op::CLOSE, level as u32, 0, 0);
            again = Some(self.emit_jump());
            self.patch_here(Some(exit))?;
        }
        self.patch(again, start)?;
        self.leave_block()
    }

    #[inline(never)]
    pub(super) fn for_statement(&mut self, line: u32) -> Result<()> {
        self.enter_block(true);
        self.lexer.advance()?;
        let name = self.require_name()?;
        match self.lexer.token {
            Token::Byte(b'=') => self.numeric_for(name, line)?,
            Token::Byte(b',') | Token::In => self.generic_for(name)?,
            _ => return Err(self.lexer.error("'=' or 'in' expected")),
        }
        self.require_match(Token::EndBlock, Token::For, line)?;
        self.leave_block()
    }

    fn next_value(&mut self) -> Result<()> {
        let mut value = self.expression()?;
        self.put_next(&mut value)
    }

    #[inline(never)]
    fn numeric_for(&mut self, name: Text, line: u32) -> Result<()> {
        let base = self.state.free_register;
        self.declare_hidden(STATE_NAME, NUMERIC_STATE_COUNT)?;
        self.declare(name)?;
        self.require(Token::Byte(b'='))?;
        self.next_value()?;
        self.require(Token::Byte(b','))?;
        self.next_value()?;
        if self.accept(Token::Byte(b','))? {
            self.next_value()?;
        } else {
            self.emit_integer(self.state.free_register as u8, 1)?;
            self.reserve(1)?;
        }
        self.activate(NUMERIC_STATE_COUNT)?;
        let start = self.for_body(op::FORPREP, base, 1)?;
        self.end_for(op::FORLOOP, base, start, line)
    }

    #[inline(never)]
    fn generic_for(&mut self, first_name: Text) -> Result<()> {
        let base = self.state.free_register;
        self.declare_hidden(STATE_NAME, GENERIC_STATE_COUNT)?;
        self.declare(first_name)?;
        let mut count = 1;
        while self.accept(Token::Byte(b','))? {
            let name = self.require_name()?;
            self.declare(name)?;
            count += 1;
        }
        self.require(Token::In)?;
        let line = self.lexer.line;
        let (mut last, value_count) = self.expression_list()?;
        self.adjust(GENERIC_STATE_COUNT, value_count, &mut last)?;
        self.activate(GENERIC_STATE_COUNT)?;
        self.mark_to_close();
        // Room for the call of the iterator: function, state, control.
        self.check_registers(3)?;
        let start = self.for_body(op::TFORPREP, base, count)?;
        self.emit_abc(op::TFORCALL, base as u32, 0, count as u32);
        self.state.set_last_line(line);
        self.end_for(op::TFORLOOP, base, start, line)
    }

    /// `do` and the block of a `for`; says where its preparation stands.
    fn for_body(&mut self, prepare: u32, base: usize, variable_count: usize) -> Result<Pc> {
        self.require(Token::Do)?;
        let start = self.emit(abx(prepare, base as u32, 0));
        self.enter_block(false);
        self.activate(variable_count)?;
        self.reserve(variable_count)?;
        self.block()?;
        self.leave_block()?;
        let end = self.state.mark_target();
        self.set_loop_distance(start, end - start - 1)?;
        Ok(start)
    }

    fn end_for(&mut self, op: u32, base: usize, start: Pc, line: u32) -> Result<()> {
        let end = self.emit(abx(op, base as u32, 0));
        self.set_loop_distance(end, end - start)?;
        self.state.set_last_line(line);
        Ok(())
    }

    fn set_loop_distance(&mut self, pc: Pc, distance: u32) -> Result<()> {
        if distance > MAX_BX {
            return Err(self.lexer.error("control structure too long"));
        }
        let instruction = self.state.instruction(pc);
        *instruction = with_bx(*instruction, distance);
        Ok(())
    }
}
