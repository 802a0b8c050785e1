//! Brings expressions into registers, constants and variables.

use super::Compiler;
use super::function::{with_a, with_c};
use super::lexer::Result;
use super::operand::{Operand, Pc, Place};
use crate::opcode::{self, MAX_ARG, abck, op};

/// A function may use that many registers.
const REGISTERS_MAX: usize = 255;

impl Compiler<'_> {
    /// Makes sure that `count` registers above the free one exist.
    pub(super) fn check_registers(&mut self, count: usize) -> Result<()> {
        let needed = self.state.free_register + count;
        if needed > usize::from(self.state.function.register_count) {
            if needed >= REGISTERS_MAX {
                let message = "function or expression needs too many registers";
                return Err(self.lexer.error(message));
            }
            self.state.function.register_count = needed as u8;
        }
        Ok(())
    }

    pub(super) fn reserve(&mut self, count: usize) -> Result<()> {
        self.check_registers(count)?;
        self.state.free_register += count;
        Ok(())
    }

    fn free(&mut self, register: u8) {
        if usize::from(register) >= self.variable_registers() {
            self.state.free_register -= 1;
        }
    }

    /// Frees two registers, the higher one first, as a stack wants it.
    fn free_pair(&mut self, one: u8, other: u8) {
        self.free(one.max(other));
        self.free(one.min(other));
    }

    pub(super) fn free_operand(&mut self, operand: &Operand) {
        if let Place::Register(register) = operand.place {
            self.free(register);
        }
    }

    pub(super) fn free_operands(&mut self, one: &Operand, other: &Operand) {
        match (one.place, other.place) {
            (Place::Register(one), Place::Register(other)) => self.free_pair(one, other),
            _ => {
                self.free_operand(one);
                self.free_operand(other);
            }
        }
    }

    /// Fixes how many values an open expression yields; a vararg goes to the free register.
    /// `None` leaves it open.
    pub(super) fn set_returns(&mut self, operand: &Operand, count: Option<u32>) -> Result<()> {
        let encoded = count.map_or(0, |count| count + 1);
        match operand.place {
            Place::Call(pc) => {
                let call = self.state.instruction(pc);
                *call = with_c(*call, encoded);
            }
            Place::Vararg(pc) => {
                let register = self.state.free_register as u32;
                let vararg = self.state.instruction(pc);
                *vararg = with_a(with_c(*vararg, encoded), register);
                self.reserve(1)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Cuts an open expression to one value.
    pub(super) fn set_one_return(&mut self, operand: &mut Operand) {
        match operand.place {
            Place::Call(pc) => {
                // A call's first result replaces the function, in its register.
                let register = opcode::a(*self.state.instruction(pc)) as u8;
                operand.place = Place::Register(register);
            }
            Place::Vararg(pc) => {
                let vararg = self.state.instruction(pc);
                *vararg = with_c(*vararg, 2);
                operand.place = Place::Relocatable(pc);
            }
            _ => {}
        }
    }

    /// Turns variables and calls into a value: in a register, or about to go to one.
    pub(super) fn discharge(&mut self, operand: &mut Operand) {
        let read = match operand.place {
            Place::CompileTime(index) => {
                operand.place = self.variables[index as usize].value;
                return;
            }
            Place::Local { register, .. } => {
                operand.place = Place::Register(register);
                return;
            }
            Place::Call(_) | Place::Vararg(_) => return self.set_one_return(operand),
            Place::Upvalue(upvalue) => abck(op::GETUPVAL, 0, upvalue.into(), 0, false),
            Place::IndexedUpvalue { upvalue, constant } => {
                abck(op::GETTABUP, 0, upvalue.into(), constant.into(), false)
            }
            Place::IndexedInteger { table, integer } => {
                self.free(table);
                abck(op::GETI, 0, table.into(), integer.into(), false)
            }
            Place::IndexedText { table, constant } => {
                self.free(table);
                abck(op::GETFIELD, 0, table.into(), constant.into(), false)
            }
            Place::Indexed { table, key } => {
                self.free_pair(table, key);
                abck(op::GETTABLE, 0, table.into(), key.into(), false)
            }
            _ => return,
        };
        operand.place = Place::Relocatable(self.emit(read));
    }

    /// Puts a value into a register, jumps aside. A comparison stays as it is.
    fn discharge_to(&mut self, operand: &mut Operand, register: u8) -> Result<()> {
        self.discharge(operand);
        let a = u32::from(register);
        match operand.place {
            Place::Nil => self.emit_nil(register.into(), 1),
            Place::False => _ = self.emit_abc(op::LOADFALSE, a, 0, 0),
            Place::True => _ = self.emit_abc(op::LOADTRUE, a, 0, 0),
            Place::Integer(value) => self.emit_integer(register, value)?,
            Place::Float(value) => self.emit_float(register, value)?,
            Place::Text(text) => {
                let constant = self.text_constant(text)?;
                self.emit_constant(register, constant);
            }
            Place::Constant(constant) => self.emit_constant(register, constant),
            Place::Relocatable(pc) => {
                let instruction = self.state.instruction(pc);
                *instruction = with_a(*instruction, a);
            }
            Place::Register(source) if source != register => {
                self.emit_abc(op::MOVE, a, source.into(), 0);
            }
            Place::Register(_) => {}
            _ => return Ok(()),
        }
        operand.place = Place::Register(register);
        Ok(())
    }

    /// Puts a value into some register, jumps aside.
    pub(super) fn discharge_anywhere(&mut self, operand: &mut Operand) -> Result<()> {
        if !matches!(operand.place, Place::Register(_)) {
            self.reserve(1)?;
            self.discharge_to(operand, (self.state.free_register - 1) as u8)?;
        }
        Ok(())
    }

    fn emit_boolean(&mut self, op: u32, register: u8) -> Pc {
        self.state.mark_target();
        self.emit_abc(op, register.into(), 0, 0)
    }

    /// Puts an expression's final value into a register, whichever way it comes about.
    pub(super) fn put(&mut self, operand: &mut Operand, register: u8) -> Result<()> {
        self.discharge_to(operand, register)?;
        if let Place::Jump(jump) = operand.place {
            self.join_jumps(&mut operand.true_jumps, Some(jump))?;
        }
        if operand.has_jumps() {
            let (mut load_true, mut load_false) = (0, 0);
            if self.needs_value(operand.true_jumps) || self.needs_value(operand.false_jumps) {
                let is_jump = matches!(operand.place, Place::Jump(_));
                let skip = (!is_jump).then(|| self.emit_jump());
                load_false = self.emit_boolean(op::LFALSESKIP, register);
                load_true = self.emit_boolean(op::LOADTRUE, register);
                self.patch_here(skip)?;
            }
            let end = self.state.mark_target();
            self.patch_values(operand.false_jumps, end, Some(register), load_false)?;
            self.patch_values(operand.true_jumps, end, Some(register), load_true)?;
        }
        *operand = Place::Register(register).into();
        Ok(())
    }

    /// Puts an expression's value into the next free register.
    pub(super) fn put_next(&mut self, operand: &mut Operand) -> Result<()> {
        self.discharge(operand);
        self.free_operand(operand);
        self.reserve(1)?;
        self.put(operand, (self.state.free_register - 1) as u8)
    }

    /// Puts an expression's value into some register and says which.
    pub(super) fn put_anywhere(&mut self, operand: &mut Operand) -> Result<u8> {
        self.discharge(operand);
        if let Place::Register(register) = operand.place {
            if !operand.has_jumps() {
                return Ok(register);
            }
            // Only a register of the expression's own may take the jumps' values too.
            if usize::from(register) >= self.variable_registers() {
                self.put(operand, register)?;
                return Ok(register);
            }
        }
        self.put_next(operand)?;
        Ok((self.state.free_register - 1) as u8)
    }

    /// Leaves an upvalue where it is and puts everything else into a register.
    pub(super) fn put_anywhere_or_upvalue(&mut self, operand: &mut Operand) -> Result<()> {
        if !matches!(operand.place, Place::Upvalue(_)) || operand.has_jumps() {
            self.put_anywhere(operand)?;
        }
        Ok(())
    }

    /// Makes an expression a value: in a register, a constant, or an instruction's result.
    #[inline(never)]
    pub(super) fn put_value(&mut self, operand: &mut Operand) -> Result<()> {
        if matches!(operand.place, Place::Jump(_)) || operand.has_jumps() {
            self.put_anywhere(operand)?;
        } else {
            self.discharge(operand);
        }
        Ok(())
    }

    /// The constant that an expression is, if an operand can name it.
    pub(super) fn as_constant(&mut self, operand: &mut Operand) -> Result<Option<u8>> {
        if operand.has_jumps() {
            return Ok(None);
        }
        let constant = match operand.place {
            Place::True => self.boolean_constant(true)?,
            Place::False => self.boolean_constant(false)?,
            Place::Nil => self.nil_constant()?,
            Place::Integer(value) => self.integer_constant(value)?,
            Place::Float(value) => self.float_constant(value)?,
            Place::Text(text) => self.text_constant(text)?,
            Place::Constant(constant) => constant,
            _ => return Ok(None),
        };
        if constant > MAX_ARG {
            return Ok(None);
        }
        operand.place = Place::Constant(constant);
        Ok(Some(constant as u8))
    }

    /// A constant if possible (true), else a register (false).
    pub(super) fn constant_or_register(&mut self, operand: &mut Operand) -> Result<(u8, bool)> {
        match self.as_constant(operand)? {
            Some(constant) => Ok((constant, true)),
            None => Ok((self.put_anywhere(operand)?, false)),
        }
    }
}
