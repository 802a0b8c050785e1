//! Variables: locals and their extents, upvalues, globals.

use super::Compiler;
use super::function::FunctionState;
use super::lexer::Result;
use super::operand::{Operand, Place};
use super::token::Text;
use crate::bytecode::{LocalVariable, UpvalueDescription};

/// Local variables that a function may have in sight at one place.
const LOCALS_MAX: usize = 200;
/// Upvalues that a function may have.
const UPVALUES_MAX: usize = 255;
/// Local variables that a function's debug information may list.
const DEBUG_LOCALS_MAX: usize = 32767;

/// What may be done with a variable; the numbers stand in binary chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VariableKind {
    Regular = 0,
    Const = 1,
    ToClose = 2,
    /// A `<const>` whose value is known: it has no register.
    CompileTime = 3,
}

/// A local variable.
pub(super) struct Variable {
    pub name: Text,
    pub kind: VariableKind,
    pub register: u8,
    /// Its place in the function's debug information.
    debug_index: usize,
    /// The value of a compile-time constant.
    pub value: Place,
}

/// How a name was found.
enum Found {
    Nowhere,
    Local(u8),
    CompileTime(u32),
}

impl FunctionState {
    /// Number of registers that the first `count` active variables occupy.
    pub fn registers_of(&self, variables: &[Variable], count: usize) -> usize {
        let own = &variables[self.first_variable..][..count];
        let last = own.iter().rev().find(|variable| variable.kind != VariableKind::CompileTime);
        last.map_or(0, |variable| usize::from(variable.register) + 1)
    }

    fn find_local(&self, variables: &[Variable], name: Text) -> Found {
        let own = &variables[self.first_variable..][..self.active_count];
        let Some(index) = own.iter().rposition(|variable| variable.name == name) else {
            return Found::Nowhere;
        };
        if own[index].kind == VariableKind::CompileTime {
            Found::CompileTime((self.first_variable + index) as u32)
        } else {
            Found::Local(index as u8)
        }
    }

    fn find_upvalue(&self, name: Text) -> Option<u8> {
        self.upvalue_names.iter().position(|known| *known == name).map(|index| index as u8)
    }

    /// Notes that a closure holds on to the variable: its block must close it.
    fn mark_captured(&mut self, index: u8) {
        let holds = |block: &&mut super::function::Block| block.active_count <= index.into();
        if let Some(block) = self.blocks.iter_mut().rev().find(holds) {
            block.has_upvalue = true;
        }
        self.needs_close = true;
    }
}

impl Compiler<'_> {
    /// Number of registers that active variables occupy.
    pub(super) fn variable_registers(&self) -> usize {
        self.state.registers_of(&self.variables, self.state.active_count)
    }

    pub(super) fn variable(&mut self, index: usize) -> &mut Variable {
        &mut self.variables[self.state.first_variable + index]
    }

    /// Declares a local variable that is not active yet; says its index in the function.
    #[inline(never)]
    pub(super) fn declare(&mut self, name: Text) -> Result<usize> {
        let index = self.variables.len() - self.state.first_variable;
        self.check_limit(&self.state, index + 1, LOCALS_MAX, "local variables")?;
        self.variables.push(Variable {
            name,
            kind: VariableKind::Regular,
            register: 0,
            debug_index: 0,
            value: Place::Nil,
        });
        Ok(index)
    }

    /// Declares variables that no program can name.
    pub(super) fn declare_hidden(&mut self, name: &str, count: usize) -> Result<()> {
        let name = self.lexer.texts.intern(name.as_bytes());
        for _ in 0..count {
            self.declare(name)?;
        }
        Ok(())
    }

    /// Brings the next declared variables into scope, in the registers after the others.
    #[inline(never)]
    pub(super) fn activate(&mut self, count: usize) -> Result<()> {
        let first_register = self.variable_registers();
        for register in (first_register..).take(count) {
            let index = self.state.active_count;
            self.state.active_count += 1;
            let name = self.variable(index).name;
            let debug_index = self.state.function.local_variables.len();
            if debug_index >= DEBUG_LOCALS_MAX {
                return Err(self.too_many("local variables", DEBUG_LOCALS_MAX));
            }
            let start_pc = self.state.pc();
            let name = self.lexer.texts.bytes(name).clone();
            let entry = LocalVariable { name, start_pc, end_pc: 0 };
            self.state.function.local_variables.push(entry);
            let variable = self.variable(index);
            variable.register = register as u8;
            variable.debug_index = debug_index;
        }
        Ok(())
    }

    /// The debug information of an active variable.
    pub(super) fn debug_entry(&mut self, index: usize) -> &mut LocalVariable {
        let debug_index = self.variable(index).debug_index;
        &mut self.state.function.local_variables[debug_index]
    }

    /// Ends the scope of all variables above a level.
    pub(super) fn drop_variables(&mut self, level: usize) {
        let pc = self.state.pc();
        for index in (level..self.state.active_count).rev() {
            if self.variable(index).kind != VariableKind::CompileTime {
                self.debug_entry(index).end_pc = pc;
            }
        }
        let first = self.state.first_variable;
        let dropped = self.state.active_count - level;
        self.state.active_count = level;
        self.variables.truncate((self.variables.len() - dropped).max(first));
    }

    /// Gives the main function its upvalue, the table of globals.
    pub(super) fn add_environment(&mut self) {
        let name = self.environment;
        self.state.upvalue_names.push(name);
        self.state.function.upvalues.push(UpvalueDescription {
            name: Some(self.lexer.texts.bytes(name).clone()),
            in_stack: true,
            index: 0,
            kind: VariableKind::Regular as u8,
        });
    }

    /// Finds what a name means; a global becomes a field of `_ENV`.
    #[inline(never)]
    pub(super) fn resolve(&mut self, name: Text) -> Result<Operand> {
        if let Some(place) = self.find_variable(name)? {
            return Ok(place.into());
        }
        let place = self.find_variable(self.environment)?.unwrap_or(Place::Nil);
        let mut table = Operand::from(place);
        // It may be a compile-time constant: then indexing it fails when the code runs.
        self.put_anywhere_or_upvalue(&mut table)?;
        self.index(&mut table, &mut Place::Text(name).into())?;
        Ok(table)
    }

    fn find_variable(&mut self, name: Text) -> Result<Option<Place>> {
        match self.state.find_local(&self.variables, name) {
            Found::Local(index) => {
                let register = self.variable(index.into()).register;
                return Ok(Some(Place::Local { register, index }));
            }
            Found::CompileTime(index) => return Ok(Some(Place::CompileTime(index))),
            Found::Nowhere => {}
        }
        if let Some(upvalue) = self.state.find_upvalue(name) {
            return Ok(Some(Place::Upvalue(upvalue)));
        }
        self.capture(name)
    }

    /// Looks for a name in the functions around, and makes it an upvalue of all between.
    fn capture(&mut self, name: Text) -> Result<Option<Place>> {
        for level in (0..self.enclosing.len()).rev() {
            let function = &mut self.enclosing[level];
            let source = match function.find_local(&self.variables, name) {
                Found::CompileTime(index) => return Ok(Some(Place::CompileTime(index))),
                Found::Local(index) => {
                    function.mark_captured(index);
                    let variable = &self.variables[function.first_variable + usize::from(index)];
                    (true, variable.register, variable.kind as u8)
                }
                Found::Nowhere => match function.find_upvalue(name) {
                    Some(index) => {
                        (false, index, function.function.upvalues[usize::from(index)].kind)
                    }
                    None => continue,
                },
            };
            return self.pass_down(name, level + 1, source).map(Some);
        }
        Ok(None)
    }

    /// Adds an upvalue to the functions from `level` inwards.
    fn pass_down(
        &mut self,
        name: Text,
        level: usize,
        (mut in_stack, mut index, kind): (bool, u8, u8),
    ) -> Result<Place> {
        let bytes = self.lexer.texts.bytes(name).clone();
        for level in level..=self.enclosing.len() {
            let function = self.enclosing.get(level).unwrap_or(&self.state);
            let count = function.upvalue_names.len();
            self.check_limit(function, count + 1, UPVALUES_MAX, "upvalues")?;
            let function = match self.enclosing.get_mut(level) {
                Some(function) => function,
                None => &mut self.state,
            };
            function.upvalue_names.push(name);
            let name = Some(bytes.clone());
            let description = UpvalueDescription { name, in_stack, index, kind };
            function.function.upvalues.push(description);
            (in_stack, index) = (false, count as u8);
        }
        Ok(Place::Upvalue(index))
    }

    /// Refuses to assign to a variable that is constant.
    pub(super) fn check_assignable(&self, operand: &Operand) -> Result<()> {
        let constant = match operand.place {
            Place::CompileTime(index) => Some(self.variables[index as usize].name),
            Place::Local { index, .. } => {
                let variable = &self.variables[self.state.first_variable + usize::from(index)];
                (variable.kind != VariableKind::Regular).then_some(variable.name)
            }
            Place::Upvalue(index) => {
                let kind = self.state.function.upvalues[usize::from(index)].kind;
                let name = self.state.upvalue_names[usize::from(index)];
                (kind != VariableKind::Regular as u8).then_some(name)
            }
            _ => None,
        };
        match constant {
            Some(name) => Err(self.name_error("attempt to assign to const variable '", name, "'")),
            None => Ok(()),
        }
    }
}
