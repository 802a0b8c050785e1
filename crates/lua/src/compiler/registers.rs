//! Brings expressions into registers, constants and variables.

use super::Compiler;
use super::function::{with_a, with_b, with_c};
use super::lexer::Result;
use super::operand::{Operand, Pc, Place};
use crate::bytecode::Constant;
use crate::chunk::SHORT_STRING_BYTES_MAX;
use crate::number::exact_integer;
use crate::opcode::{self, MAX_ARG, MAX_BX, OFFSET_SBX, OFFSET_SC, abck, abx, asbx, ax_of, op};

/// A function may use that many registers.
const REGISTERS_MAX: usize = 255;

impl Compiler<'_> {
    pub(super) fn emit(&mut self, instruction: u32) -> Pc {
        self.state.push(instruction, self.lexer.last_line)
    }

    pub(super) fn emit_abc(&mut self, op: u32, a: u32, b: u32, c: u32) -> Pc {
        self.emit(abck(op, a, b, c, false))
    }

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

    /// Sets registers to nil, with the instruction before when that does so to its neighbours.
    pub(super) fn emit_nil(&mut self, from: usize, count: usize) {
        let (mut first, mut last) = (from as u32, (from + count - 1) as u32);
        if let Some(previous) = self.state.rewritable_previous()
            && opcode::opcode(*previous) == op::LOADNIL
        {
            let before_first = opcode::a(*previous) as u32;
            let before_last = before_first + opcode::b(*previous) as u32;
            if first <= before_last + 1 && before_first <= last + 1 {
                first = first.min(before_first);
                last = last.max(before_last);
                *previous = with_b(with_a(*previous, first), last - first);
                return;
            }
        }
        self.emit_abc(op::LOADNIL, first, last - first, 0);
    }

    pub(super) fn emit_integer(&mut self, register: u8, value: i64) -> Result<()> {
        match signed_bx(value) {
            Some(short) => {
                self.emit(asbx(op::LOADI, register.into(), short));
                Ok(())
            }
            None => {
                let constant = self.integer_constant(value)?;
                self.emit_constant(register, constant);
                Ok(())
            }
        }
    }

    fn emit_float(&mut self, register: u8, value: f64) -> Result<()> {
        match exact_integer(value).and_then(signed_bx) {
            Some(short) => {
                self.emit(asbx(op::LOADF, register.into(), short));
            }
            None => {
                let constant = self.float_constant(value)?;
                self.emit_constant(register, constant);
            }
        }
        Ok(())
    }

    fn emit_constant(&mut self, register: u8, constant: u32) {
        if constant <= MAX_BX {
            self.emit(abx(op::LOADK, register.into(), constant));
        } else {
            self.emit(abx(op::LOADKX, register.into(), 0));
            self.emit(ax_of(op::EXTRAARG, constant));
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

    fn is_field_name(&self, key: &Operand) -> Option<u8> {
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
        let field_name = self.is_field_name(key);
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

/// The number as a signed Bx operand, if it fits.
fn signed_bx(value: i64) -> Option<i32> {
    let fits =
        (-i64::from(OFFSET_SBX)..=i64::from(MAX_BX) - i64::from(OFFSET_SBX)).contains(&value);
    fits.then_some(value as i32)
}

/// The number as a signed B or C operand, in its stored form, if it fits.
pub(super) fn signed_byte(value: i64) -> Option<u32> {
    let stored = value.checked_add(i64::from(OFFSET_SC))?;
    u8::try_from(stored).ok().map(u32::from)
}
