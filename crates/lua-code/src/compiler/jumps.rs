//! Jumps and the lists of jumps that wait for their target.

use super::Compiler;
use super::function::{with_a, with_k};
use super::lexer::Result;
use super::operand::{Jumps, Pc};
use crate::opcode::{self, OFFSET_SJ, abck, op};

/// The distance that ends a list of jumps: a jump to itself.
const END_OF_LIST: i32 = -1;

/// The A operand of a TESTSET whose register is not known yet.
pub(super) const NO_REGISTER: u32 = 0xff;

impl Compiler<'_> {
    /// Adds a jump without a target.
    pub(super) fn emit_jump(&mut self) -> Pc {
        self.emit(opcode::jump(op::JMP, END_OF_LIST))
    }

    /// Adds a test and the jump that it controls.
    pub(super) fn emit_test(&mut self, test: u32) -> Pc {
        self.emit(test);
        self.emit_jump()
    }

    /// The jump after this one in its list.
    fn next_jump(&self, pc: Pc) -> Jumps {
        let distance = opcode::sj(self.state.function.code[pc as usize]);
        (distance != END_OF_LIST).then(|| (pc + 1).wrapping_add_signed(distance))
    }

    fn set_target(&mut self, pc: Pc, target: Pc) -> Result<()> {
        let distance = i64::from(target) - i64::from(pc) - 1;
        if distance.abs() > i64::from(OFFSET_SJ) {
            return Err(self.lexer.error("control structure too long"));
        }
        *self.state.instruction(pc) = opcode::jump(op::JMP, distance as i32);
        Ok(())
    }

    /// Joins the second list to the first, in the time of walking the shorter one: the order
    /// of a list does not show in the finished code.
    pub(super) fn join_jumps(&mut self, list: &mut Jumps, added: Jumps) -> Result<()> {
        let Some(first_added) = added else { return Ok(()) };
        let Some(first) = *list else {
            *list = added;
            return Ok(());
        };
        let (mut last, mut last_added) = (first, first_added);
        loop {
            let Some(next) = self.next_jump(last) else {
                return self.set_target(last, first_added);
            };
            let Some(next_added) = self.next_jump(last_added) else {
                *list = added;
                return self.set_target(last_added, first);
            };
            (last, last_added) = (next, next_added);
        }
    }

    /// The instruction that decides about a jump: the test before it, or the jump itself.
    pub(super) fn controlling(&self, jump: Pc) -> Pc {
        let code = &self.state.function.code;
        match jump.checked_sub(1) {
            Some(before) if is_test(code[before as usize]) => before,
            _ => jump,
        }
    }

    /// Inverts the condition of a comparison's jump.
    pub(super) fn negate(&mut self, jump: Pc) {
        let pc = self.controlling(jump);
        let test = self.state.instruction(pc);
        *test = with_k(*test, !opcode::k(*test));
    }

    /// Whether some jump of the list leaves no value behind.
    pub(super) fn needs_value(&self, mut list: Jumps) -> bool {
        while let Some(jump) = list {
            let control = self.state.function.code[self.controlling(jump) as usize];
            if opcode::opcode(control) != op::TESTSET {
                return true;
            }
            list = self.next_jump(jump);
        }
        false
    }

    /// Makes the jump's test leave its value in the register, or none; says whether it can.
    fn set_test_register(&mut self, jump: Pc, register: Option<u8>) -> bool {
        let pc = self.controlling(jump);
        let test = self.state.instruction(pc);
        if opcode::opcode(*test) != op::TESTSET {
            return false;
        }
        let tested = opcode::b(*test) as u32;
        *test = match register {
            Some(register) if u32::from(register) != tested => with_a(*test, register.into()),
            _ => abck(op::TEST, tested, 0, 0, opcode::k(*test)),
        };
        true
    }

    /// Makes no jump of the list leave a value.
    pub(super) fn drop_values(&mut self, mut list: Jumps) {
        while let Some(jump) = list {
            self.set_test_register(jump, None);
            list = self.next_jump(jump);
        }
    }

    /// Directs jumps that bring a value (into the register) and all others to two places.
    pub(super) fn patch_values(
        &mut self,
        mut list: Jumps,
        with_value: Pc,
        register: Option<u8>,
        without: Pc,
    ) -> Result<()> {
        while let Some(jump) = list {
            list = self.next_jump(jump);
            let brings = self.set_test_register(jump, register);
            self.set_target(jump, if brings { with_value } else { without })?;
        }
        Ok(())
    }

    /// Directs all jumps of a list to a place.
    pub(super) fn patch(&mut self, list: Jumps, target: Pc) -> Result<()> {
        self.patch_values(list, target, None, target)
    }

    /// Directs all jumps of a list to the next instruction.
    pub(super) fn patch_here(&mut self, list: Jumps) -> Result<()> {
        let here = self.state.mark_target();
        self.patch(list, here)
    }
}

/// Whether the instruction is a test, so that a jump follows it.
fn is_test(instruction: u32) -> bool {
    matches!(opcode::opcode(instruction), op::EQ..=op::TESTSET)
}
