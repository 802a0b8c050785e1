//! One function while it is compiled: its code, line table, registers and blocks.

use super::operand::Pc;
use super::token::Text;
use crate::bytecode::{ABSOLUTE_LINE_DISTANCE, ABSOLUTE_LINE_MARK, AbsoluteLine, Function};
use crate::opcode::{self, op};

/// A block of statements that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub is_loop: bool,
    /// Active variables of the function outside the block.
    pub active_count: usize,
    /// First label of the block, and first jump that waits for a label.
    pub first_label: usize,
    pub first_goto: usize,
    /// Whether a variable of the block is an upvalue of some closure.
    pub has_upvalue: bool,
    /// Whether a to-be-closed variable is in scope.
    pub inside_to_close: bool,
}

/// A function that is being compiled.
pub(super) struct FunctionState {
    pub function: Function,
    pub blocks: Vec<Block>,
    /// Where the function's variables start among all variables in sight.
    pub first_variable: usize,
    /// Where its labels start among all labels.
    pub first_label: usize,
    pub active_count: usize,
    pub free_register: usize,
    /// The last place that some jump goes to; code before it must not be rewritten.
    pub last_target: Pc,
    pub needs_close: bool,
    pub upvalue_names: Vec<Text>,
    previous_line: u32,
    /// Instructions since the last absolute line.
    since_absolute: u32,
}

impl FunctionState {
    pub fn new(line: u32, first_variable: usize, first_label: usize) -> Self {
        let function = Function { line_defined: line, register_count: 2, ..Function::default() };
        Self {
            function,
            blocks: Vec::new(),
            first_variable,
            first_label,
            active_count: 0,
            free_register: 0,
            last_target: 0,
            needs_close: false,
            upvalue_names: Vec::new(),
            previous_line: line,
            since_absolute: 0,
        }
    }

    pub fn pc(&self) -> Pc {
        self.function.code.len() as Pc
    }

    pub fn instruction(&mut self, pc: Pc) -> &mut u32 {
        &mut self.function.code[pc as usize]
    }

    /// Marks the next instruction as a jump's target.
    pub fn mark_target(&mut self) -> Pc {
        self.last_target = self.pc();
        self.last_target
    }

    /// The instruction before, unless some jump leads to just behind it.
    pub fn rewritable_previous(&mut self) -> Option<&mut u32> {
        if self.pc() > self.last_target { self.function.code.last_mut() } else { None }
    }

    pub fn push(&mut self, instruction: u32, line: u32) -> Pc {
        let pc = self.pc();
        self.function.code.push(instruction);
        self.push_line(pc, line);
        pc
    }

    fn push_line(&mut self, pc: Pc, line: u32) {
        let difference = i64::from(line) - i64::from(self.previous_line);
        let reachable = difference.unsigned_abs() < u64::from(ABSOLUTE_LINE_MARK.unsigned_abs());
        let due = self.since_absolute >= ABSOLUTE_LINE_DISTANCE;
        if reachable && !due {
            self.since_absolute += 1;
            self.function.line_info.push(difference as i8);
        } else {
            self.function.absolute_lines.push(AbsoluteLine { pc, line });
            self.function.line_info.push(ABSOLUTE_LINE_MARK);
            self.since_absolute = 1;
        }
        self.previous_line = line;
    }

    fn pop_line(&mut self) {
        match self.function.line_info.pop() {
            Some(ABSOLUTE_LINE_MARK) => {
                self.function.absolute_lines.pop();
                // The next one must be absolute again: its predecessor's line is forgotten.
                self.since_absolute = ABSOLUTE_LINE_DISTANCE + 1;
            }
            Some(difference) => {
                self.previous_line = self.previous_line.wrapping_sub_signed(difference.into());
                self.since_absolute = self.since_absolute.saturating_sub(1);
            }
            None => {}
        }
    }

    /// Gives the last instruction another line.
    pub fn set_last_line(&mut self, line: u32) {
        self.pop_line();
        self.push_line(self.pc() - 1, line);
    }

    pub fn pop(&mut self) {
        self.pop_line();
        self.function.code.pop();
    }

    /// The block that statements are added to.
    pub fn block(&mut self) -> &mut Block {
        let innermost = self.blocks.len() - 1;
        &mut self.blocks[innermost]
    }

    /// Adapts returns to what became known later, and makes jumps to jumps direct.
    pub fn finish(&mut self) {
        let is_vararg = self.function.is_vararg;
        let leaves_specially = self.needs_close || is_vararg;
        let vararg_mark = u32::from(self.function.parameter_count) + 1;
        for pc in 0..self.pc() {
            let mut instruction = *self.instruction(pc);
            match opcode::opcode(instruction) {
                op::RETURN0 | op::RETURN1 if leaves_specially => {
                    instruction = with_opcode(instruction, op::RETURN);
                }
                op::RETURN | op::TAILCALL => {}
                op::JMP => {
                    let target = self.final_target(pc);
                    let distance = i64::from(target) - i64::from(pc) - 1;
                    *self.instruction(pc) = opcode::jump(op::JMP, distance as i32);
                    continue;
                }
                _ => continue,
            }
            if self.needs_close {
                instruction = with_k(instruction, true);
            }
            if is_vararg {
                instruction = with_c(instruction, vararg_mark);
            }
            *self.instruction(pc) = instruction;
        }
    }

    fn final_target(&self, pc: Pc) -> Pc {
        /// Jumps followed at most: a loop of jumps has no end.
        const FOLLOWED_MAX: usize = 100;
        let mut target = pc;
        for _ in 0..FOLLOWED_MAX {
            let instruction = self.function.code[target as usize];
            if opcode::opcode(instruction) != op::JMP {
                break;
            }
            target = target.wrapping_add_signed(opcode::sj(instruction) + 1);
        }
        target
    }
}

pub(super) fn with_opcode(instruction: u32, op: u32) -> u32 {
    instruction & !0x7f | op
}

pub(super) fn with_a(instruction: u32, a: u32) -> u32 {
    instruction & !(0xff << 7) | a << 7
}

pub(super) fn with_b(instruction: u32, b: u32) -> u32 {
    instruction & !(0xff << 16) | b << 16
}

pub(super) fn with_c(instruction: u32, c: u32) -> u32 {
    instruction & !(0xff << 24) | c << 24
}

pub(super) fn with_k(instruction: u32, k: bool) -> u32 {
    instruction & !(1 << 15) | u32::from(k) << 15
}

pub(super) fn with_bx(instruction: u32, bx: u32) -> u32 {
    instruction & 0x7fff | bx << 15
}
