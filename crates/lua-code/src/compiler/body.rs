//! Function bodies: parameters, the functions around, the return at the end.

use super::Compiler;
use super::function::FunctionState;
use super::lexer::Result;
use super::operand::{Operand, Place};
use super::token::Token;
use crate::bytecode::Function;
use crate::opcode::{abck, abx, op};

/// Nested functions that a function may have.
const FUNCTIONS_MAX: usize = crate::opcode::MAX_BX as usize;

/// About what a function takes beside its instructions and constants.
const FUNCTION_BYTES: usize = 512;

impl Compiler<'_> {
    /// Parameters, body and `end` of a function; the closure is put into a register.
    #[inline(never)]
    pub(super) fn function_body(&mut self, is_method: bool, line: u32) -> Result<Operand> {
        if self.state.function.functions.len() >= FUNCTIONS_MAX {
            return Err(self.too_many("functions", FUNCTIONS_MAX));
        }
        self.open_function(line);
        self.require(Token::Byte(b'('))?;
        if is_method {
            self.declare_hidden("self", 1)?;
            self.activate(1)?;
        }
        self.parameters()?;
        self.require(Token::Byte(b')'))?;
        self.statements()?;
        self.state.function.last_line_defined = self.lexer.line;
        self.require_match(Token::EndBlock, Token::Function, line)?;
        self.close_function()?;
        let index = self.state.function.functions.len() as u32 - 1;
        let mut closure = Place::Relocatable(self.emit(abx(op::CLOSURE, 0, index))).into();
        self.put_next(&mut closure)?;
        Ok(closure)
    }

    #[inline(never)]
    fn open_function(&mut self, line: u32) {
        self.lexer.held += FUNCTION_BYTES;
        let inner = FunctionState::new(line, self.variables.len(), self.labels.count());
        self.enclosing.push(std::mem::replace(&mut self.state, inner));
        self.enter_block(false);
    }

    #[inline(never)]
    fn close_function(&mut self) -> Result<()> {
        let finished = self.finish_function()?;
        if let Some(outer) = self.enclosing.pop() {
            self.state = outer;
        }
        self.state.function.functions.push(finished);
        Ok(())
    }

    /// Ends the function at hand with its implicit return.
    pub(super) fn finish_function(&mut self) -> Result<Function> {
        let base = self.variable_registers();
        self.emit_return(base, Some(0));
        self.leave_block()?;
        self.state.finish();
        Ok(std::mem::take(&mut self.state.function))
    }

    #[inline(never)]
    fn parameters(&mut self) -> Result<()> {
        let mut count = 0;
        let mut is_vararg = false;
        if self.lexer.token != Token::Byte(b')') {
            loop {
                match self.lexer.token {
                    Token::Name(name) => {
                        self.lexer.advance()?;
                        self.declare(name)?;
                        count += 1;
                    }
                    Token::Dots => {
                        self.lexer.advance()?;
                        is_vararg = true;
                    }
                    _ => return Err(self.lexer.error("<name> or '...' expected")),
                }
                if is_vararg || !self.accept(Token::Byte(b','))? {
                    break;
                }
            }
        }
        self.activate(count)?;
        let parameter_count = self.state.active_count;
        self.state.function.parameter_count = parameter_count as u8;
        if is_vararg {
            self.set_vararg(parameter_count as u32);
        }
        self.reserve(parameter_count)
    }

    pub(super) fn set_vararg(&mut self, parameter_count: u32) {
        self.state.function.is_vararg = true;
        self.emit_abc(op::VARARGPREP, parameter_count, 0, 0);
    }

    /// Returns `count` values from a register on; `None` for as many as there are.
    pub(super) fn emit_return(&mut self, first: usize, count: Option<usize>) {
        let op = match count {
            Some(0) => op::RETURN0,
            Some(1) => op::RETURN1,
            _ => op::RETURN,
        };
        let bound = count.map_or(0, |count| count as u32 + 1);
        self.emit(abck(op, first as u32, bound, 0, false));
    }
}
