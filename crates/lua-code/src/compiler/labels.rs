//! Blocks, and the gotos and labels that may not cross them freely.

use std::collections::HashMap;

use super::Compiler;
use super::error::SyntaxError;
use super::function::Block;
use super::lexer::Result;
use super::operand::{Jumps, Pc};
use super::token::{Text, Token};
use crate::opcode::op;

/// Jumps that wait for their label.
pub(super) struct Goto {
    /// The label's name; `None` for `break`.
    name: Option<Text>,
    jumps: Jumps,
    line: u32,
    /// Active variables at the jump, at most those of the block that it has risen to.
    active_count: usize,
    /// Registers of those variables.
    register_level: usize,
    /// Whether the jump leaves the scope of a variable that is captured.
    closes: bool,
    /// Whether its label is found.
    landed: bool,
}

/// The jumps that wait, in source order, found by name without a search through all.
#[derive(Default)]
pub(super) struct Gotos {
    list: Vec<Goto>,
    waiting: HashMap<Option<Text>, Vec<usize>>,
}

impl Gotos {
    fn push(&mut self, goto: Goto) {
        self.waiting.entry(goto.name).or_default().push(self.list.len());
        self.list.push(goto);
    }

    /// Takes the jumps to a label out of those from `first` on.
    fn take_waiting(&mut self, name: Option<Text>, first: usize) -> Vec<usize> {
        let Some(indexes) = self.waiting.get_mut(&name) else { return Vec::new() };
        let taken = indexes.split_off(indexes.partition_point(|index| *index < first));
        for &index in &taken {
            self.list[index].landed = true;
        }
        taken
    }

    /// Drops landed jumps at the end of the list, down to `first`.
    fn forget_landed(&mut self, first: usize) {
        while self.list.len() > first && self.list.last().is_some_and(|goto| goto.landed) {
            self.list.pop();
        }
    }

    fn first_waiting(&self, first: usize) -> Option<&Goto> {
        self.list[first..].iter().find(|goto| !goto.landed)
    }
}

/// A label in sight.
#[derive(Clone, Copy)]
pub(super) struct Label {
    name: Option<Text>,
    pc: Pc,
    line: u32,
    active_count: usize,
}

/// The labels in sight, in source order, found by name without a search through all.
#[derive(Default)]
pub(super) struct Labels {
    list: Vec<Label>,
    by_name: HashMap<Text, Vec<usize>>,
}

impl Labels {
    pub fn count(&self) -> usize {
        self.list.len()
    }

    fn push(&mut self, label: Label) {
        if let Some(name) = label.name {
            self.by_name.entry(name).or_default().push(self.list.len());
        }
        self.list.push(label);
    }

    fn truncate(&mut self, count: usize) {
        for label in self.list.drain(count..) {
            if let Some(indexes) = label.name.and_then(|name| self.by_name.get_mut(&name)) {
                indexes.pop();
            }
        }
    }

    /// The label of a name among those from `first` on.
    fn find(&self, name: Text, first: usize) -> Option<Label> {
        let index = *self.by_name.get(&name)?.last()?;
        (index >= first).then(|| self.list[index])
    }
}

impl Compiler<'_> {
    pub(super) fn enter_block(&mut self, is_loop: bool) {
        let inside_to_close = self.state.blocks.last().is_some_and(|block| block.inside_to_close);
        self.state.blocks.push(Block {
            is_loop,
            active_count: self.state.active_count,
            first_label: self.labels.count(),
            first_goto: self.gotos.list.len(),
            has_upvalue: false,
            inside_to_close,
        });
    }

    #[inline(never)]
    pub(super) fn leave_block(&mut self) -> Result<()> {
        let block = *self.state.block();
        let level = self.state.registers_of(&self.variables, block.active_count);
        self.drop_variables(block.active_count);
        let closed = block.is_loop && self.create_label(None, 0, false)?;
        let is_outermost = self.state.blocks.len() == 1;
        if !closed && block.has_upvalue && !is_outermost {
            self.emit_abc(op::CLOSE, level as u32, 0, 0);
        }
        self.state.free_register = level;
        self.labels.truncate(block.first_label);
        self.state.blocks.pop();
        self.gotos.forget_landed(block.first_goto);
        if !is_outermost {
            self.raise_gotos(&block);
        } else if let Some(goto) = self.gotos.first_waiting(block.first_goto) {
            return Err(self.undefined_label(goto));
        }
        Ok(())
    }

    /// Hands the waiting jumps of a block that ends to the block around it.
    fn raise_gotos(&mut self, block: &Block) {
        let outside = self.state.registers_of(&self.variables, block.active_count);
        for goto in &mut self.gotos.list[block.first_goto..] {
            goto.closes |= goto.register_level > outside && block.has_upvalue;
            goto.active_count = block.active_count;
            goto.register_level = outside;
        }
    }

    fn undefined_label(&self, goto: &Goto) -> SyntaxError {
        let line = goto.line;
        match goto.name {
            None => {
                let message = format!("break outside loop at line {line}");
                self.lexer.error_here(message.as_bytes())
            }
            Some(name) => {
                let after = format!("' for <goto> at line {line}");
                self.name_error("no visible label '", name, &after)
            }
        }
    }

    /// Notes jumps that leave the loop around.
    pub(super) fn add_break(&mut self, line: u32, jumps: Jumps) {
        self.add_goto(None, line, jumps);
    }

    /// Notes jumps to a label that is not known yet.
    fn add_goto(&mut self, name: Option<Text>, line: u32, jumps: Jumps) {
        self.gotos.push(Goto {
            name,
            jumps,
            line,
            active_count: self.state.active_count,
            register_level: self.variable_registers(),
            closes: false,
            landed: false,
        });
    }

    #[inline(never)]
    pub(super) fn break_statement(&mut self) -> Result<()> {
        let line = self.lexer.line;
        self.lexer.advance()?;
        let pc = self.emit_jump();
        self.add_break(line, Some(pc));
        Ok(())
    }

    #[inline(never)]
    pub(super) fn goto_statement(&mut self) -> Result<()> {
        self.lexer.advance()?;
        let line = self.lexer.line;
        let name = self.require_name()?;
        let Some(label) = self.find_label(name) else {
            let pc = self.emit_jump();
            self.add_goto(Some(name), line, Some(pc));
            return Ok(());
        };
        let level = self.state.registers_of(&self.variables, label.active_count);
        if self.variable_registers() > level {
            self.emit_abc(op::CLOSE, level as u32, 0, 0);
        }
        let jump = self.emit_jump();
        self.patch(Some(jump), label.pc)
    }

    fn find_label(&self, name: Text) -> Option<Label> {
        self.labels.find(name, self.state.first_label)
    }

    /// The rest of `::name::`.
    #[inline(never)]
    pub(super) fn label_statement(&mut self, name: Text, line: u32) -> Result<()> {
        self.require(Token::DoubleColon)?;
        while matches!(self.lexer.token, Token::Byte(b';') | Token::DoubleColon) {
            self.statement()?;
        }
        if let Some(label) = self.find_label(name) {
            let after = format!("' already defined on line {}", label.line);
            return Err(self.name_error("label '", name, &after));
        }
        let is_last = self.block_ends(false);
        self.create_label(Some(name), line, is_last)?;
        Ok(())
    }

    /// Adds a label here and lands the jumps that wait for it; says whether it had to close
    /// variables. At the end of a block, the block's variables count as out of scope.
    fn create_label(&mut self, name: Option<Text>, line: u32, is_last: bool) -> Result<bool> {
        let pc = self.state.mark_target();
        let block = *self.state.block();
        let active_count = if is_last { block.active_count } else { self.state.active_count };
        let label = Label { name, pc, line, active_count };
        self.labels.push(label);
        let mut closes = false;
        for index in self.gotos.take_waiting(name, block.first_goto) {
            let goto = &self.gotos.list[index];
            if goto.active_count < label.active_count {
                return Err(self.enters_scope(goto));
            }
            closes |= goto.closes;
            self.patch(goto.jumps, label.pc)?;
        }
        self.gotos.forget_landed(block.first_goto);
        if closes {
            let level = self.variable_registers();
            self.emit_abc(op::CLOSE, level as u32, 0, 0);
        }
        Ok(closes)
    }

    fn enters_scope(&self, goto: &Goto) -> SyntaxError {
        let variable = &self.variables[self.state.first_variable + goto.active_count];
        let label = goto.name.map(|name| self.lexer.texts.bytes(name).to_vec());
        let message = [
            b"<goto ",
            label.as_deref().unwrap_or(b"break"),
            format!("> at line {} jumps into the scope of local '", goto.line).as_bytes(),
            self.lexer.texts.bytes(variable.name),
            b"'",
        ]
        .concat();
        self.lexer.error_here(&message)
    }
}
