//! Assignments, local declarations and calls as statements.

use super::Compiler;
use super::function::with_opcode;
use super::lexer::Result;
use super::operand::{Operand, Place};
use super::scope::VariableKind;
use super::token::Token;
use crate::opcode::op;

impl Compiler<'_> {
    /// A call, or an assignment to one or more variables.
    #[inline(never)]
    pub(super) fn expression_statement(&mut self) -> Result<()> {
        let first = self.suffixed_expression()?;
        if matches!(self.lexer.token, Token::Byte(b'=' | b',')) {
            self.assignment(first)
        } else {
            self.discard_results(&first)
        }
    }

    fn check_target(&self, target: &Operand) -> Result<()> {
        if !target.is_variable() {
            return Err(self.lexer.error("syntax error"));
        }
        self.check_assignable(target)
    }

    #[inline(never)]
    fn assignment(&mut self, first: Operand) -> Result<()> {
        self.check_target(&first)?;
        let mut targets = vec![first.place];
        while self.accept(Token::Byte(b','))? {
            let target = self.suffixed_expression()?;
            if !target.is_indexed() {
                self.resolve_conflicts(&mut targets, &target)?;
            }
            // Each further target counts as a level of nesting, up to the end of the statement.
            self.enter_level()?;
            self.check_target(&target)?;
            targets.push(target.place);
        }
        self.require(Token::Byte(b'='))?;
        let (mut last, count) = self.expression_list()?;
        self.depth -= targets.len() as u32 - 1;
        if count == targets.len() {
            self.set_one_return(&mut last);
            if let Some(target) = targets.pop() {
                self.store(target, &mut last)?;
            }
        } else {
            self.adjust(targets.len(), count, &mut last)?;
        }
        while let Some(target) = targets.pop() {
            let top = (self.state.free_register - 1) as u8;
            self.store(target, &mut Place::Register(top).into())?;
        }
        Ok(())
    }

    /// Saves a variable that is assigned to while earlier targets still index with it.
    #[inline(never)]
    fn resolve_conflicts(&mut self, targets: &mut [Place], assigned: &Operand) -> Result<()> {
        let copy = self.state.free_register as u8;
        let mut conflicts = false;
        for target in targets {
            match (target, assigned.place) {
                (place @ Place::IndexedUpvalue { .. }, Place::Upvalue(assigned)) => {
                    if let Place::IndexedUpvalue { upvalue, constant } = *place
                        && upvalue == assigned
                    {
                        conflicts = true;
                        *place = Place::IndexedText { table: copy, constant };
                    }
                }
                (Place::Indexed { table, key }, Place::Local { register, .. }) => {
                    for used in [table, key] {
                        conflicts |= redirect(used, register, copy);
                    }
                }
                (
                    Place::IndexedInteger { table, .. } | Place::IndexedText { table, .. },
                    Place::Local { register, .. },
                ) => conflicts |= redirect(table, register, copy),
                _ => {}
            }
        }
        if conflicts {
            let (op, source) = match assigned.place {
                Place::Local { register, .. } => (op::MOVE, register),
                Place::Upvalue(upvalue) => (op::GETUPVAL, upvalue),
                _ => return Ok(()),
            };
            self.emit_abc(op, copy.into(), source.into(), 0);
            self.reserve(1)?;
        }
        Ok(())
    }

    /// Makes the values of a list as many as the variables for them.
    #[inline(never)]
    pub(super) fn adjust(
        &mut self,
        variable_count: usize,
        value_count: usize,
        last: &mut Operand,
    ) -> Result<()> {
        let missing = variable_count.saturating_sub(value_count);
        if last.is_open() {
            // The open expression makes up for what is missing, and for its own place.
            let wanted = (variable_count + 1).saturating_sub(value_count);
            self.set_returns(last, Some(wanted as u32))?;
        } else {
            if !matches!(last.place, Place::Void) {
                self.put_next(last)?;
            }
            if missing > 0 {
                self.emit_nil(self.state.free_register, missing);
            }
        }
        if missing > 0 {
            self.reserve(missing)?;
        } else {
            self.state.free_register -= value_count - variable_count;
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn local_function(&mut self) -> Result<()> {
        let index = self.state.active_count;
        let name = self.require_name()?;
        self.declare(name)?;
        self.activate(1)?;
        let line = self.lexer.line;
        self.function_body(false, line)?;
        // Debuggers shall see the variable only once it has its value.
        let pc = self.state.pc();
        self.debug_entry(index).start_pc = pc;
        Ok(())
    }

    #[inline(never)]
    pub(super) fn local_statement(&mut self) -> Result<()> {
        let mut to_close = None;
        let mut count = 0;
        let last_variable = loop {
            let name = self.require_name()?;
            let index = self.declare(name)?;
            let kind = self.attribute()?;
            self.variable(index).kind = kind;
            if kind == VariableKind::ToClose {
                if to_close.is_some() {
                    let message = b"multiple to-be-closed variables in local list";
                    return Err(self.lexer.error_here(message));
                }
                to_close = Some(self.state.active_count + count);
            }
            count += 1;
            if !self.accept(Token::Byte(b','))? {
                break index;
            }
        };
        let (mut last, value_count) = if self.accept(Token::Byte(b'='))? {
            self.expression_list()?
        } else {
            (Place::Void.into(), 0)
        };
        match self.compile_time_value(&last) {
            Some(value)
                if value_count == count
                    && self.variable(last_variable).kind == VariableKind::Const =>
            {
                let variable = self.variable(last_variable);
                variable.kind = VariableKind::CompileTime;
                variable.value = value;
                self.activate(count - 1)?;
                self.state.active_count += 1;
            }
            _ => {
                self.adjust(count, value_count, &mut last)?;
                self.activate(count)?;
            }
        }
        match to_close {
            Some(index) => self.emit_to_close(index),
            None => Ok(()),
        }
    }

    fn attribute(&mut self) -> Result<VariableKind> {
        if !self.accept(Token::Byte(b'<'))? {
            return Ok(VariableKind::Regular);
        }
        let name = self.require_name()?;
        self.require(Token::Byte(b'>'))?;
        match &**self.lexer.texts.bytes(name) {
            b"const" => Ok(VariableKind::Const),
            b"close" => Ok(VariableKind::ToClose),
            _ => Err(self.name_error("unknown attribute '", name, "'")),
        }
    }

    fn compile_time_value(&self, operand: &Operand) -> Option<Place> {
        if operand.has_jumps() {
            return None;
        }
        match operand.place {
            Place::CompileTime(index) => Some(self.variables[index as usize].value),
            place @ (Place::Nil
            | Place::True
            | Place::False
            | Place::Integer(_)
            | Place::Float(_)
            | Place::Text(_)) => Some(place),
            _ => None,
        }
    }

    fn emit_to_close(&mut self, index: usize) -> Result<()> {
        self.mark_to_close();
        let register = self.state.registers_of(&self.variables, index);
        self.emit_abc(op::TBC, register as u32, 0, 0);
        Ok(())
    }

    /// Notes that the block holds a variable to be closed.
    pub(super) fn mark_to_close(&mut self) {
        let block = self.state.block();
        block.has_upvalue = true;
        block.inside_to_close = true;
        self.state.needs_close = true;
    }

    #[inline(never)]
    pub(super) fn return_statement(&mut self) -> Result<()> {
        self.lexer.advance()?;
        let mut first = self.variable_registers();
        let mut count = Some(0);
        if !self.block_ends(true) && self.lexer.token != Token::Byte(b';') {
            let (mut last, value_count) = self.expression_list()?;
            count = Some(value_count);
            if last.is_open() {
                self.set_returns(&last, None)?;
                if let Place::Call(pc) = last.place
                    && value_count == 1
                    && !self.state.block().inside_to_close
                {
                    let call = self.state.instruction(pc);
                    *call = with_opcode(*call, op::TAILCALL);
                }
                count = None;
            } else if value_count == 1 {
                first = self.put_anywhere(&mut last)?.into();
            } else {
                self.put_next(&mut last)?;
            }
        }
        self.emit_return(first, count);
        self.accept(Token::Byte(b';'))?;
        Ok(())
    }
}

/// Replaces a register by another one if it is the one looked for.
fn redirect(used: &mut u8, looked_for: u8, replacement: u8) -> bool {
    let found = *used == looked_for;
    if found {
        *used = replacement;
    }
    found
}
