//! Reads and writes of variables, fields and methods.

use super::Compiler;
use super::lexer::Result;
use super::operand::{Operand, Place};
use crate::bytecode::Constant;
use crate::chunk::SHORT_STRING_BYTES_MAX;
use crate::opcode::{MAX_ARG, abck, op};

impl Compiler<'_> {
    fn emit_store(&mut self, op: u32, a: u8, b: u8, value: &mut Operand) -> Result<()> {
        let (c, is_constant) = self.constant_or_register(value)?;
        self.emit(abck(op, a.into(), b.into(), c.into(), is_constant));
        Ok(())
    }

    /// Assigns a value to a variable.
    #[inline(never)]
    pub(super) fn store(&mut self, variable: Place, value: &mut Operand) -> Result<()> {
        match variable {
            Place::Local { register, .. } => {
                self.free_operand(value);
                return self.put(value, register);
            }
            Place::Upvalue(upvalue) => {
                let register = self.put_anywhere(value)?;
                self.emit_abc(op::SETUPVAL, register.into(), upvalue.into(), 0);
            }
            Place::IndexedUpvalue { upvalue, constant } => {
                self.emit_store(op::SETTABUP, upvalue, constant, value)?;
            }
            Place::IndexedInteger { table, integer } => {
                self.emit_store(op::SETI, table, integer, value)?;
            }
            Place::IndexedText { table, constant } => {
                self.emit_store(op::SETFIELD, table, constant, value)?;
            }
            Place::Indexed { table, key } => self.emit_store(op::SETTABLE, table, key, value)?,
            _ => {}
        }
        self.free_operand(value);
        Ok(())
    }

    /// Prepares `object:key(...)`: the method and the object in two new registers.
    #[inline(never)]
    pub(super) fn emit_self(&mut self, object: &mut Operand, key: &mut Operand) -> Result<()> {
        let register = self.put_anywhere(object)?;
        self.free_operand(object);
        let base = self.state.free_register as u8;
        *object = Place::Register(base).into();
        self.reserve(2)?;
        self.emit_store(op::SELF, base, register, key)?;
        self.free_operand(key);
        Ok(())
    }

    fn as_field_name(&self, key: &Operand) -> Option<u8> {
        let Place::Constant(index) = key.place else { return None };
        let constant = self.state.function.constants.get(index as usize)?;
        let is_short =
            matches!(constant, Constant::String(text) if text.len() <= SHORT_STRING_BYTES_MAX);
        (is_short && index <= MAX_ARG && !key.has_jumps()).then_some(index as u8)
    }

    /// Makes `table[key]` of a table and its key.
    #[inline(never)]
    pub(super) fn index(&mut self, table: &mut Operand, key: &mut Operand) -> Result<()> {
        if let Place::Text(text) = key.place {
            key.place = Place::Constant(self.text_constant(text)?);
        }
        let field_name = self.as_field_name(key);
        if let Place::Upvalue(upvalue) = table.place {
            if let Some(constant) = field_name {
                table.place = Place::IndexedUpvalue { upvalue, constant };
                return Ok(());
            }
            self.put_anywhere(table)?;
        }
        let (Place::Local { register, .. } | Place::Register(register)) = table.place else {
            return Ok(());
        };
        let integer = key.as_integer().and_then(|value| u8::try_from(value).ok());
        table.place = if let Some(constant) = field_name {
            Place::IndexedText { table: register, constant }
        } else if let Some(integer) = integer {
            Place::IndexedInteger { table: register, integer }
        } else {
            Place::Indexed { table: register, key: self.put_anywhere(key)? }
        };
        Ok(())
    }
}
