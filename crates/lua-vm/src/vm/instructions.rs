//! The long way of every instruction: what the dispatch loop leaves out.
//!
//! The program counter of the frame on top is saved and stands behind the instruction. Everything
//! is fetched anew from the frame, so that the loop need not keep anything for it.

use std::cell::Cell;

use super::arith::{self, Operator};
use super::execute::CALL_COST;
use super::{Signal, Vm, names};
use crate::heap::thread::Frame;
use crate::opcode as oc;
use crate::opcode::op;
use crate::value::{UpvalueId, Value, tag};

impl Vm {
    /// Carries out an instruction of the frame on top.
    #[inline(never)]
    pub(crate) fn carry_out(&mut self, i: u32) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        match oc::opcode(i) {
            op::MOVE..=op::SELF => self.carry_out_access(i, frame),
            op::ADDI..=op::TESTSET => self.carry_out_operator(i, frame),
            _ => self.carry_out_control(i, frame),
        }
    }

    /// Loads, upvalues and tables.
    fn carry_out_access(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let base = frame.base as usize;
        let a = base + oc::a(i);
        match oc::opcode(i) {
            op::LOADK => self.load_far_constant(oc::bx(i), a),
            op::LOADKX => {
                let index = self.take_extra(frame);
                self.load_far_constant(index, a)
            }
            op::GETUPVAL => self.load_open_value(self.cell_of(frame, oc::b(i)), a),
            op::SETUPVAL => {
                self.set_upvalue(self.cell_of(frame, oc::b(i)), self.execution.stack[a])
            }
            op::GETTABUP => {
                let object = self.open_value(self.cell_of(frame, oc::b(i)));
                self.index(object, self.constant_of(frame, oc::c(i)), a)
            }
            op::GETTABLE => {
                let (object, key) = (self.value_of(frame, oc::b(i)), oc::c(i));
                self.index(object, self.value_of(frame, key), a)
            }
            op::GETI => {
                let key = Value::integer(oc::c(i) as i64);
                self.index(self.value_of(frame, oc::b(i)), key, a)
            }
            op::GETFIELD => {
                let key = self.constant_of(frame, oc::c(i));
                self.index(self.value_of(frame, oc::b(i)), key, a)
            }
            op::SETTABUP => {
                let object = self.open_value(self.cell_of(frame, oc::a(i)));
                let key = self.constant_of(frame, oc::b(i));
                self.set_index(object, key, self.register_or_constant(frame, i))
            }
            op::SETTABLE => {
                let (object, key) = (self.execution.stack[a], self.value_of(frame, oc::b(i)));
                self.set_index(object, key, self.register_or_constant(frame, i))
            }
            op::SETI => {
                let key = Value::integer(oc::b(i) as i64);
                let value = self.register_or_constant(frame, i);
                self.set_index(self.execution.stack[a], key, value)
            }
            op::SETFIELD => {
                let key = self.constant_of(frame, oc::b(i));
                let value = self.register_or_constant(frame, i);
                self.set_index(self.execution.stack[a], key, value)
            }
            op::NEWTABLE => {
                let extra = self.take_extra(frame);
                self.new_table(i, extra, a)
            }
            _ => self.carry_out_self(i, frame),
        }
    }

    /// `SELF`
    fn carry_out_self(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let a = frame.base as usize + oc::a(i);
        let object = self.value_of(frame, oc::b(i));
        let key = self.register_or_constant(frame, i);
        self.execution.stack[a + 1] = object;
        if let Some(table) = object.as_table()
            && let Some(short) = key.as_short()
        {
            self.heap.cache_method(table, short, self.cache_of(frame));
        }
        self.index(object, key, a)
    }

    /// Operators and comparisons.
    fn carry_out_operator(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let a = frame.base as usize + oc::a(i);
        match oc::opcode(i) {
            ..=op::SHR => self.carry_out_arithmetic(i, frame),
            op::MMBIN | op::MMBINI | op::MMBINK => self.carry_out_event(i, frame),
            op::UNM => {
                let x = self.value_of(frame, oc::b(i));
                self.arithmetic_event(names::UNM.index(), x, x, a)
            }
            op::BNOT => {
                let x = self.value_of(frame, oc::b(i));
                self.arithmetic_event(names::BNOT.index(), x, x, a)
            }
            op::LEN => self.length(self.value_of(frame, oc::b(i)), a),
            op::CONCAT => self.concat(a, oc::b(i), a),
            op::CLOSE => self.close_block(a),
            op::TBC => self.mark_to_close(a),
            op::JMP => self.jump(oc::sj(i)),
            op::EQ => {
                let (x, y) = (self.execution.stack[a], self.value_of(frame, oc::b(i)));
                self.equals_slow(x, y, oc::k(i))
            }
            op::EQK => {
                let (x, y) = (self.execution.stack[a], self.constant_of(frame, oc::b(i)));
                self.conclude(self.heap.raw_equal(x, y), oc::k(i))
            }
            op::EQI => {
                let y = Value::integer(oc::sb(i) as i64);
                self.conclude(self.heap.raw_equal(self.execution.stack[a], y), oc::k(i))
            }
            op @ (op::LT | op::LE) => {
                let event = if op == op::LT { names::LT } else { names::LE };
                let (x, y) = (self.execution.stack[a], self.value_of(frame, oc::b(i)));
                self.compare_slow(event, x, y, oc::k(i))
            }
            op @ (op::LTI | op::LEI | op::GTI | op::GEI) => {
                let event = if matches!(op, op::LTI | op::GTI) { names::LT } else { names::LE };
                self.compare_immediate_slow(event, self.execution.stack[a], i)
            }
            op::TEST => self.conclude(!self.execution.stack[a].is_falsy(), oc::k(i)),
            op::TESTSET => {
                let value = self.value_of(frame, oc::b(i));
                if value.is_falsy() != oc::k(i) {
                    self.execution.stack[a] = value;
                }
                self.conclude(!value.is_falsy(), oc::k(i))
            }
            _ => self.invalid_opcode(),
        }
    }

    /// Two numbers that the loop does not join; without a result the `MMBIN` that follows tells.
    fn carry_out_arithmetic(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let opcode = oc::opcode(i);
        let x = self.value_of(frame, oc::b(i));
        let immediate = Value::integer(oc::sc(i) as i64);
        let (event, x, y) = match opcode {
            op::SHRI => (names::SHR.index(), x, immediate),
            op::SHLI => (names::SHL.index(), immediate, x),
            ..=op::BXORK => {
                let event = names::ADD.index() + (opcode - op::ADDK) as usize;
                (event, x, self.constant_of(frame, oc::c(i)))
            }
            _ => {
                let event = names::ADD.index() + (opcode - op::ADD) as usize;
                (event, x, self.value_of(frame, oc::c(i)))
            }
        };
        match arith::apply(Operator(event as u8), x, y) {
            Ok(Some(result)) => {
                self.execution.stack[frame.base as usize + oc::a(i)] = result;
                self.skip(1);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(message) => Ok(self.throw_message(message)?),
        }
    }

    /// `MMBIN` and its kin: the operator before found operands that it does not take.
    fn carry_out_event(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let x = self.value_of(frame, oc::a(i));
        let y = match oc::opcode(i) {
            op::MMBIN => self.value_of(frame, oc::b(i)),
            op::MMBINI => Value::integer(oc::sb(i) as i64),
            _ => self.constant_of(frame, oc::b(i)),
        };
        let flip = oc::k(i) && oc::opcode(i) != op::MMBIN;
        let (x, y) = if flip { (y, x) } else { (x, y) };
        let target = oc::a(self.word(frame.proto, (frame.pc as usize).saturating_sub(2)));
        self.arithmetic_event(oc::c(i), x, y, frame.base as usize + target)
    }

    /// Calls, returns, loops and functions.
    fn carry_out_control(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let a = frame.base as usize + oc::a(i);
        match oc::opcode(i) {
            op::CALL => {
                let b = oc::b(i);
                if b != 0 {
                    self.execution.top = a + b;
                }
                if self.execution.stack[a].tag == tag::CLOSURE {
                    // The loop left the call to this way for lack of room, perhaps.
                    self.make_room(a + 1)?;
                    self.slice -= CALL_COST;
                }
                self.call_at(a, oc::c(i) as u16)
            }
            op::TAILCALL => {
                let b = oc::b(i);
                if b != 0 {
                    self.execution.top = a + b;
                }
                self.slice -= CALL_COST;
                self.tail_call(i, a)
            }
            op::RETURN => {
                let b = oc::b(i);
                if b != 0 {
                    self.execution.top = a + b - 1;
                }
                self.return_from(i, a)
            }
            op @ (op::RETURN0 | op::RETURN1) => {
                self.execution.top = a + (op == op::RETURN1) as usize;
                self.return_plain(a)
            }
            op::FORLOOP => self.loop_again(i, a),
            op::FORPREP => self.prepare_for(i, a),
            op::TFORPREP => {
                self.skip(oc::bx(i) as i32);
                self.mark_to_close(a + 3)
            }
            op::TFORCALL => self.call_iterator(i, frame),
            op::SETLIST => {
                let extra = if oc::k(i) { self.take_extra(frame) } else { 0 };
                self.set_list(i, extra, a)
            }
            op::CLOSURE => self.new_closure(oc::bx(i), a),
            op::VARARG => self.varargs(a, oc::c(i)),
            op::VARARGPREP => self.prepare_varargs(),
            _ => self.invalid_opcode(),
        }
    }

    /// `TFORCALL`
    fn call_iterator(&mut self, i: u32, frame: Frame) -> Result<(), Signal> {
        let a = frame.base as usize + oc::a(i);
        let [iterator, state, control] = [0, 1, 2].map(|n| self.execution.stack[a + n]);
        if iterator.same(&self.next_function)
            && let Some(table) = state.as_table()
            && !self.hook_active()
            && !self.heap.is_external(table)
        {
            let table = &self.heap.tables.items[table.index()];
            let cache = self.cache_of(frame);
            if let Ok(entry) = table.next_cached(&self.heap.strings, control, cache) {
                let (key, value) = entry.unwrap_or((Value::NIL, Value::NIL));
                self.execution.stack[a + 4] = key;
                self.execution.stack[a + 5] = value;
                self.execution.stack[a + 6..a + 4 + oc::c(i).max(2)].fill(Value::NIL);
                return Ok(());
            }
        }
        self.execution.stack.copy_within(a..a + 3, a + 4);
        self.execution.top = a + 7;
        self.call_at(a + 4, oc::c(i) as u16 + 1)
    }

    /// `FORLOOP`
    fn loop_again(&mut self, i: u32, a: usize) -> Result<(), Signal> {
        let [index, limit, step] = [0, 1, 2].map(|n| self.execution.stack[a + n]);
        let next = if let Some(step) = step.as_integer() {
            let count = limit.payload;
            if count == 0 {
                return Ok(());
            }
            self.execution.stack[a + 1] = Value::integer((count as i64).wrapping_sub(1));
            Value::integer((index.payload as i64).wrapping_add(step))
        } else if let (Some(index), Some(limit), Some(step)) =
            (index.as_float(), limit.as_float(), step.as_float())
        {
            let next = index + step;
            if if step > 0.0 { next > limit } else { limit > next } {
                return Ok(());
            }
            Value::float(next)
        } else {
            return Ok(self.throw_message("'for' loop control is not a number")?);
        };
        self.execution.stack[a] = next;
        self.execution.stack[a + 3] = next;
        self.jump(-(oc::bx(i) as i32))
    }

    /// Moves the program counter and pays for it if it goes back.
    pub(super) fn jump(&mut self, distance: i32) -> Result<(), Signal> {
        self.skip(distance);
        self.slice = self.slice.saturating_add(distance.min(0));
        Ok(())
    }

    fn invalid_opcode(&mut self) -> Result<(), Signal> {
        Ok(self.throw_message("invalid opcode")?)
    }

    // ---- operands ----

    fn value_of(&self, frame: Frame, n: usize) -> Value {
        self.execution.stack[frame.base as usize + n]
    }

    fn constant_of(&self, frame: Frame, n: usize) -> Value {
        let start = self.heap.heads[frame.proto.index()].constants_start as usize;
        self.heap.pool.constants[start + n]
    }

    fn register_or_constant(&self, frame: Frame, i: u32) -> Value {
        if oc::k(i) { self.constant_of(frame, oc::c(i)) } else { self.value_of(frame, oc::c(i)) }
    }

    /// The inline cache of the instruction.
    fn cache_of(&self, frame: Frame) -> &Cell<u32> {
        let start = self.heap.heads[frame.proto.index()].code_start as usize;
        &self.heap.pool.code[start + frame.pc as usize - 1].cache
    }

    fn cell_of(&self, frame: Frame, n: usize) -> UpvalueId {
        self.heap.closures.items[frame.closure.index()].upvalues[n]
    }

    /// The argument in the instruction that follows, which is skipped.
    fn take_extra(&mut self, frame: Frame) -> usize {
        self.skip(1);
        oc::ax(self.word(frame.proto, frame.pc as usize))
    }
}
