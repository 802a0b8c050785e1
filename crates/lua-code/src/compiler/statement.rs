//! The grammar of statements other than loops and assignments.

use super::Compiler;
use super::lexer::Result;
use super::operand::{Jumps, Place};
use super::token::Token;

impl Compiler<'_> {
    /// Whether a block ends at the current token; `until` ends only the block of a `repeat`.
    pub(super) fn block_ends(&self, with_until: bool) -> bool {
        match self.lexer.token {
            Token::Else | Token::ElseIf | Token::EndBlock | Token::End => true,
            Token::Until => with_until,
            _ => false,
        }
    }

    pub(super) fn statements(&mut self) -> Result<()> {
        while !self.block_ends(true) {
            let is_return = self.lexer.token == Token::Return;
            self.statement()?;
            if is_return {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn block(&mut self) -> Result<()> {
        self.enter_block(false);
        self.statements()?;
        self.leave_block()
    }

    pub(super) fn statement(&mut self) -> Result<()> {
        let line = self.lexer.line;
        self.enter_level()?;
        match self.lexer.token {
            Token::Byte(b';') => self.lexer.advance()?,
            Token::If => self.if_statement(line)?,
            Token::While => self.while_statement(line)?,
            Token::Do => {
                self.lexer.advance()?;
                self.block()?;
                self.require_match(Token::EndBlock, Token::Do, line)?;
            }
            Token::For => self.for_statement(line)?,
            Token::Repeat => self.repeat_statement(line)?,
            Token::Function => self.function_statement(line)?,
            Token::Local => {
                self.lexer.advance()?;
                if self.accept(Token::Function)? {
                    self.local_function()?;
                } else {
                    self.local_statement()?;
                }
            }
            Token::DoubleColon => {
                self.lexer.advance()?;
                let name = self.require_name()?;
                self.label_statement(name, line)?;
            }
            Token::Return => self.return_statement()?,
            Token::Break => self.break_statement()?,
            Token::Goto => self.goto_statement()?,
            _ => self.expression_statement()?,
        }
        self.state.free_register = self.variable_registers();
        self.leave_level();
        Ok(())
    }

    #[inline(never)]
    fn if_statement(&mut self, line: u32) -> Result<()> {
        let mut exits: Jumps = None;
        self.condition_and_block(&mut exits)?;
        while self.lexer.token == Token::ElseIf {
            self.condition_and_block(&mut exits)?;
        }
        if self.accept(Token::Else)? {
            self.block()?;
        }
        self.require_match(Token::EndBlock, Token::If, line)?;
        self.patch_here(exits)
    }

    /// `if` or `elseif`, its condition and its block; adds the jump out to `exits`.
    #[inline(never)]
    fn condition_and_block(&mut self, exits: &mut Jumps) -> Result<()> {
        self.lexer.advance()?;
        let mut condition = self.expression()?;
        self.require(Token::Then)?;
        let otherwise = if self.lexer.token == Token::Break {
            let line = self.lexer.line;
            self.go_if_false(&mut condition)?;
            self.lexer.advance()?;
            self.enter_block(false);
            // The condition's own jumps leave the loop.
            self.add_break(line, condition.true_jumps);
            while self.accept(Token::Byte(b';'))? {}
            if self.block_ends(false) {
                return self.leave_block();
            }
            Some(self.emit_jump())
        } else {
            self.go_if_true(&mut condition)?;
            self.enter_block(false);
            condition.false_jumps
        };
        self.statements()?;
        self.leave_block()?;
        if matches!(self.lexer.token, Token::Else | Token::ElseIf) {
            let exit = self.emit_jump();
            self.join_jumps(exits, Some(exit))?;
        }
        self.patch_here(otherwise)
    }

    #[inline(never)]
    fn function_statement(&mut self, line: u32) -> Result<()> {
        self.lexer.advance()?;
        let name = self.require_name()?;
        let mut target = self.resolve(name)?;
        while self.lexer.token == Token::Byte(b'.') {
            self.field(&mut target)?;
        }
        let is_method = self.lexer.token == Token::Byte(b':');
        if is_method {
            self.field(&mut target)?;
        }
        let mut closure = self.function_body(is_method, line)?;
        self.check_assignable(&target)?;
        self.store(target.place, &mut closure)?;
        // The definition "happens" in its first line.
        self.state.set_last_line(line);
        Ok(())
    }

    /// A loop's condition: the code after it runs when it holds. Gives the jumps for when it
    /// does not.
    pub(super) fn condition(&mut self) -> Result<Jumps> {
        let mut condition = self.expression()?;
        if matches!(condition.place, Place::Nil) {
            condition.place = Place::False;
        }
        self.go_if_true(&mut condition)?;
        Ok(condition.false_jumps)
    }
}
