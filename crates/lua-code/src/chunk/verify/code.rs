//! Checks the instructions of one function: operands, pairs, jumps, open results, returns.

use super::{Fault, require};
use crate::bytecode::{Constant, Function};
use crate::chunk::SHORT_STRING_BYTES_MAX;
use crate::opcode::{self, a, ax, b, bx, c, k, op, sb, sc, sj};

/// Numbers of the metamethod events that MMBIN, MMBINI and MMBINK name in C.
const EVENT_ADD: usize = 6;
const EVENT_SUB: usize = 7;
const EVENT_SHL: usize = 16;
const EVENT_SHR: usize = 17;
/// The event of BAND, the first bitwise one.
const EVENT_BAND: usize = 13;

const NO_REGISTER: &str = "register out of range";
const NO_PAIR: &str = "instruction without its other half";
const BAD_LOOP: &str = "loop instructions do not match";
const BAD_CONSTANT: &str = "invalid constant operand";

pub(super) fn check(function: &Function) -> Result<(), Fault> {
    let last = function.code.len().wrapping_sub(1);
    let ends = function
        .code
        .last()
        .is_some_and(|&i| matches!(opcode::opcode(i), op::RETURN | op::RETURN0 | op::RETURN1));
    require(ends, last, "code does not end with a return")?;
    let captured = function.functions.iter().any(|f| f.upvalues.iter().any(|u| u.in_stack));
    let mut code = Code { function, pc: 0, must_close: captured, leaves_open: None };
    while code.pc < function.code.len() {
        code.instruction()?;
        code.pc += 1;
    }
    match code.leaves_open {
        Some(pc) if code.must_close => Err(Fault::at(pc, "return does not close variables")),
        _ => Ok(()),
    }
}

/// The second half that an instruction demands right behind it.
#[derive(PartialEq, Eq)]
enum Second {
    ExtraArgument,
    Metamethod,
    Jump,
    LoopTest,
    Consumer,
}

fn second_of(i: u32) -> Option<Second> {
    match opcode::opcode(i) {
        op::LOADKX | op::NEWTABLE => Some(Second::ExtraArgument),
        op::SETLIST if k(i) => Some(Second::ExtraArgument),
        op::ADDI..=op::SHR => Some(Second::Metamethod),
        op::EQ..=op::TESTSET => Some(Second::Jump),
        op::TFORCALL => Some(Second::LoopTest),
        op::CALL | op::VARARG if c(i) == 0 => Some(Second::Consumer),
        op::TAILCALL => Some(Second::Consumer),
        _ => None,
    }
}

/// Whether an instruction takes all values up to the top of the stack.
fn takes_open(i: u32) -> bool {
    matches!(opcode::opcode(i), op::CALL | op::TAILCALL | op::RETURN | op::SETLIST) && b(i) == 0
}

struct Code<'a> {
    function: &'a Function,
    pc: usize,
    /// Whether something in the function needs to be closed when it returns.
    must_close: bool,
    /// A return that closes nothing.
    leaves_open: Option<usize>,
}

impl Code<'_> {
    fn instruction(&mut self) -> Result<(), Fault> {
        let i = self.function.code[self.pc];
        self.require(opcode::opcode(i) < opcode::COUNT, "unknown opcode")?;
        let before = self.pc.checked_sub(1).map(|pc| self.function.code[pc]);
        match before.and_then(second_of) {
            Some(second) => self.second_half(before.unwrap_or_default(), second, i)?,
            None => self.first_half(i)?,
        }
        let prepares = opcode::opcode(i) == op::VARARGPREP;
        let expected = self.pc == 0 && self.function.is_vararg;
        self.require(prepares == expected, "VARARGPREP misplaced")?;
        match opcode::opcode(i) {
            op::MOVE..=op::SELF => self.load_or_table(i),
            op::ADDI..=op::CONCAT => self.operation(i),
            op::CLOSE..=op::TESTSET => self.branch(i),
            op::CALL..=op::RETURN1 => self.call_or_return(i),
            op::FORLOOP..=op::TFORLOOP => self.loop_instruction(i),
            _ => self.other(i),
        }
    }

    // ---- pairs ----

    fn first_half(&self, i: u32) -> Result<(), Fault> {
        let second_only = matches!(
            opcode::opcode(i),
            op::EXTRAARG | op::MMBIN | op::MMBINI | op::MMBINK | op::TFORLOOP
        );
        self.require(!second_only, NO_PAIR)?;
        self.require(!takes_open(i), "no open results to take")
    }

    fn second_half(&self, before: u32, second: Second, i: u32) -> Result<(), Fault> {
        let op = opcode::opcode(i);
        self.require(second == Second::Consumer || !takes_open(i), "no open results to take")?;
        match second {
            Second::ExtraArgument => self.require(op == op::EXTRAARG, NO_PAIR),
            Second::Jump => self.require(op == op::JMP, NO_PAIR),
            Second::LoopTest => self.require(op == op::TFORLOOP && a(i) == a(before), NO_PAIR),
            Second::Metamethod => self.require(is_metamethod_of(before, i), NO_PAIR),
            Second::Consumer => {
                let first = if op == op::RETURN { a(i) } else { a(i) + 1 };
                let reaches = takes_open(i) && first <= a(before);
                self.require(reaches, "open results are not taken")?;
                let tail = opcode::opcode(before) == op::TAILCALL;
                self.require(!tail || op == op::RETURN, "tail call without return")
            }
        }
    }

    // ---- groups of instructions ----

    fn load_or_table(&self, i: u32) -> Result<(), Fault> {
        match opcode::opcode(i) {
            op::MOVE => self.registers(&[a(i), b(i)]),
            op::LOADI | op::LOADF | op::LOADFALSE | op::LOADTRUE => self.registers(&[a(i)]),
            op::LOADK => {
                self.registers(&[a(i)])?;
                self.constant(bx(i), |_| true)
            }
            op::LOADKX => {
                self.registers(&[a(i)])?;
                self.constant(self.extra(), |_| true)
            }
            op::LFALSESKIP => {
                self.registers(&[a(i)])?;
                self.target(1)
            }
            op::LOADNIL => self.registers(&[a(i) + b(i)]),
            op::GETUPVAL | op::SETUPVAL => {
                self.registers(&[a(i)])?;
                self.upvalue(b(i))
            }
            op::GETTABUP => {
                self.registers(&[a(i)])?;
                self.upvalue(b(i))?;
                self.constant(c(i), is_short_string)
            }
            op::GETTABLE => self.registers(&[a(i), b(i), c(i)]),
            op::GETI => self.registers(&[a(i), b(i)]),
            op::GETFIELD => {
                self.registers(&[a(i), b(i)])?;
                self.constant(c(i), is_short_string)
            }
            op::SETTABUP => {
                self.upvalue(a(i))?;
                self.constant(b(i), is_short_string)?;
                self.register_or_constant(i, |_| true)
            }
            op::SETTABLE => {
                self.registers(&[a(i), b(i)])?;
                self.register_or_constant(i, |_| true)
            }
            op::SETI => {
                self.registers(&[a(i)])?;
                self.register_or_constant(i, |_| true)
            }
            op::SETFIELD => {
                self.registers(&[a(i)])?;
                self.constant(b(i), is_short_string)?;
                self.register_or_constant(i, |_| true)
            }
            op::NEWTABLE => self.new_table(i),
            _ => {
                self.registers(&[a(i) + 1, b(i)])?;
                self.register_or_constant(i, |key| matches!(key, Constant::String(_)))
            }
        }
    }

    fn operation(&self, i: u32) -> Result<(), Fault> {
        match opcode::opcode(i) {
            op::ADDK..=op::IDIVK => {
                self.registers(&[a(i), b(i)])?;
                self.constant(c(i), |v| matches!(v, Constant::Integer(_) | Constant::Float(_)))
            }
            op::BANDK..=op::BXORK => {
                self.registers(&[a(i), b(i)])?;
                self.constant(c(i), |value| matches!(value, Constant::Integer(_)))
            }
            op::ADD..=op::SHR => self.registers(&[a(i), b(i), c(i)]),
            // Their operands are those of the operation before, which were checked with it.
            op::MMBIN..=op::MMBINK => Ok(()),
            op::CONCAT => {
                self.require(b(i) >= 2, "too few values to concatenate")?;
                self.registers(&[a(i) + b(i) - 1])
            }
            _ => self.registers(&[a(i), b(i)]),
        }
    }

    fn branch(&mut self, i: u32) -> Result<(), Fault> {
        match opcode::opcode(i) {
            op::CLOSE => self.range(a(i), 0),
            op::TBC => {
                self.must_close = true;
                self.registers(&[a(i)])
            }
            op::JMP => self.target(i64::from(sj(i))),
            op::EQ | op::LT | op::LE | op::TESTSET => self.registers(&[a(i), b(i)]),
            op::EQK => {
                self.registers(&[a(i)])?;
                self.constant(b(i), |_| true)
            }
            _ => self.registers(&[a(i)]),
        }
    }

    fn call_or_return(&mut self, i: u32) -> Result<(), Fault> {
        let is_vararg = self.function.is_vararg;
        match opcode::opcode(i) {
            op::CALL => {
                self.registers(&[a(i)])?;
                self.range(a(i), b(i))?;
                return self.range(a(i), c(i).saturating_sub(1));
            }
            op::TAILCALL => {
                self.registers(&[a(i)])?;
                self.range(a(i), b(i))?;
            }
            op::RETURN => self.range(a(i), b(i).saturating_sub(1))?,
            op::RETURN0 => self.require(!is_vararg, "return does not drop arguments")?,
            _ => {
                self.require(!is_vararg, "return does not drop arguments")?;
                self.registers(&[a(i)])?;
            }
        }
        let full = matches!(opcode::opcode(i), op::TAILCALL | op::RETURN);
        if full {
            let dropped =
                if is_vararg { usize::from(self.function.parameter_count) + 1 } else { 0 };
            self.require(c(i) == dropped, "return drops other arguments")?;
        }
        if !(full && k(i)) {
            self.leaves_open = Some(self.pc);
        }
        Ok(())
    }

    fn loop_instruction(&mut self, i: u32) -> Result<(), Fault> {
        match opcode::opcode(i) {
            op::FORPREP => {
                self.registers(&[a(i) + 3])?;
                let end = self.partner(self.pc + 1 + bx(i), op::FORLOOP, a(i))?;
                self.require(bx(end) == bx(i) + 1, BAD_LOOP)
            }
            op::FORLOOP => {
                self.registers(&[a(i) + 3])?;
                let start = self.partner(self.pc.wrapping_sub(bx(i)), op::FORPREP, a(i))?;
                self.require(bx(i) == bx(start) + 1, BAD_LOOP)
            }
            op::TFORPREP => {
                self.must_close = true;
                self.registers(&[a(i) + 3])?;
                self.partner(self.pc + 1 + bx(i), op::TFORCALL, a(i))?;
                let end = self.partner(self.pc + 2 + bx(i), op::TFORLOOP, a(i))?;
                self.require(bx(end) == bx(i) + 2, BAD_LOOP)
            }
            op::TFORCALL => {
                self.require(c(i) >= 1, "loop without variables")?;
                self.registers(&[a(i) + 6, a(i) + 3 + c(i)])
            }
            _ => {
                self.registers(&[a(i) + 4])?;
                let start = self.partner(self.pc.wrapping_sub(bx(i)), op::TFORPREP, a(i))?;
                self.require(bx(i) == bx(start) + 2, BAD_LOOP)
            }
        }
    }

    fn other(&self, i: u32) -> Result<(), Fault> {
        match opcode::opcode(i) {
            op::SETLIST => {
                self.registers(&[a(i) + b(i)])?;
                let high = if k(i) { self.extra() << 8 } else { 0 };
                self.require(high + c(i) <= self.items_max(), "table too large")
            }
            op::CLOSURE => {
                self.registers(&[a(i)])?;
                self.require(bx(i) < self.function.functions.len(), "function does not exist")
            }
            op::VARARG => {
                self.require(self.function.is_vararg, "no variable arguments here")?;
                self.registers(&[a(i)])?;
                self.range(a(i), c(i).saturating_sub(1))
            }
            op::VARARGPREP => {
                let parameters = usize::from(self.function.parameter_count);
                self.require(a(i) == parameters, "VARARGPREP of other parameters")
            }
            _ => Ok(()),
        }
    }

    fn new_table(&self, i: u32) -> Result<(), Fault> {
        self.registers(&[a(i)])?;
        let high = if k(i) { self.extra() << 8 } else { 0 };
        let hash_size = 1u64.checked_shl((b(i) as u32).saturating_sub(1)).unwrap_or(u64::MAX);
        let hash_fits = b(i) == 0 || hash_size <= 2 * self.function.code.len() as u64;
        self.require(hash_fits && high + c(i) <= self.items_max(), "table too large")
    }

    // ---- operands ----

    fn require(&self, holds: bool, reason: &'static str) -> Result<(), Fault> {
        require(holds, self.pc, reason)
    }

    fn registers(&self, indices: &[usize]) -> Result<(), Fault> {
        let count = usize::from(self.function.register_count);
        self.require(indices.iter().all(|&index| index < count), NO_REGISTER)
    }

    /// `count` registers from `first`, which may be none at all.
    fn range(&self, first: usize, count: usize) -> Result<(), Fault> {
        self.require(first + count <= usize::from(self.function.register_count), NO_REGISTER)
    }

    fn upvalue(&self, index: usize) -> Result<(), Fault> {
        self.require(index < self.function.upvalues.len(), "upvalue does not exist")
    }

    fn constant(&self, index: usize, fits: fn(&Constant) -> bool) -> Result<(), Fault> {
        self.require(self.function.constants.get(index).is_some_and(fits), BAD_CONSTANT)
    }

    fn register_or_constant(&self, i: u32, fits: fn(&Constant) -> bool) -> Result<(), Fault> {
        if k(i) { self.constant(c(i), fits) } else { self.registers(&[c(i)]) }
    }

    /// The extra argument behind this instruction; that it is one is checked at its own turn.
    fn extra(&self) -> usize {
        self.function.code.get(self.pc + 1).map_or(0, |&i| ax(i))
    }

    /// More items than a table constructor of this function can hold: an instruction makes at
    /// most 256 values.
    fn items_max(&self) -> usize {
        self.function.code.len().saturating_mul(256)
    }

    // ---- jumps ----

    /// The target of a jump over `distance` instructions from the next one.
    fn target(&self, distance: i64) -> Result<(), Fault> {
        let target = self.pc as i64 + 1 + distance;
        let target = usize::try_from(target).unwrap_or(usize::MAX);
        self.require(target < self.function.code.len(), "jump out of the code")?;
        let before = target.checked_sub(1).map(|pc| self.function.code[pc]);
        let apart = before.and_then(second_of).is_some();
        let entry = target == 0 && self.function.is_vararg;
        self.require(!apart && !entry, "jump between instructions that belong together")
    }

    /// The instruction at `pc`, which must be `op` for the same registers.
    fn partner(&self, pc: usize, op: u32, base: usize) -> Result<u32, Fault> {
        let partner = self.function.code.get(pc).copied();
        let found = partner.filter(|&i| opcode::opcode(i) == op && a(i) == base);
        found.ok_or(Fault::at(self.pc, BAD_LOOP))
    }
}

fn is_short_string(value: &Constant) -> bool {
    matches!(value, Constant::String(bytes) if bytes.len() <= SHORT_STRING_BYTES_MAX)
}

/// Whether `i` calls the metamethod for what `operation` could not do itself.
fn is_metamethod_of(operation: u32, i: u32) -> bool {
    if a(i) != b(operation) {
        return false;
    }
    let (number, event) = (opcode::opcode(operation), c(i));
    match number {
        op::ADDI => negates(operation, i, event, EVENT_ADD, EVENT_SUB),
        op::SHRI => negates(operation, i, event, EVENT_SHR, EVENT_SHL),
        op::SHLI => opcode::opcode(i) == op::MMBINI && sb(i) == sc(operation) && event == EVENT_SHL,
        op::ADDK..=op::BXORK => {
            let of = if number >= op::BANDK {
                EVENT_BAND + (number - op::BANDK) as usize
            } else {
                EVENT_ADD + (number - op::ADDK) as usize
            };
            opcode::opcode(i) == op::MMBINK && b(i) == c(operation) && event == of
        }
        _ => {
            let of = EVENT_ADD + (number - op::ADD) as usize;
            opcode::opcode(i) == op::MMBIN && b(i) == c(operation) && event == of
        }
    }
}

/// Whether `i` fits an operation with an immediate operand: with that operand for its own event,
/// or with the operand's negative for the opposite event.
fn negates(operation: u32, i: u32, event: usize, own: usize, opposite: usize) -> bool {
    let same = event == own && sb(i) == sc(operation);
    let negative = event == opposite && sb(i) == -sc(operation);
    opcode::opcode(i) == op::MMBINI && (same || negative)
}
