//! The dispatch loop.
//!
//! It is left and entered again every slice, which serves budgets and time limits and lets
//! browsers switch from their baseline to their optimised code. Inside the loop stands only what is
//! frequent and short, and nothing is called: whatever allocates, calls back, fails or is rare
//! leaves the loop for [`Vm::carry_out`], and then the frame on top is taken up again, whichever it
//! is by then.

use std::ops::{Add, Mul, Sub};

use super::arith;
use super::window::{Entry, at, at_mut, broken, code, constants, registers, top};
use super::{Signal, Vm};
use crate::heap::color::needs_barrier;
use crate::heap::function::CONSTANT_WINDOW;
use crate::heap::table::Step;
use crate::heap::thread::{Frame, FrameKind, REGISTER_WINDOW};
use crate::opcode::{self as oc, op};
use crate::value::{Value, tag};
use crate::vm::names;

/// Budget units that one call costs; a backward jump costs its distance.
pub(super) const CALL_COST: i32 = 8;
impl Vm {
    /// Runs the frame on top, a Lua function, until the slice ends or something needs the driver.
    #[inline(never)]
    pub(crate) fn execute(&mut self) -> Result<(), Signal> {
        // The hook was called for the instruction that comes next.
        let mut hooked = false;
        let mut next = top(&self.execution.frames);
        'frame: loop {
            // Takes up the frame on top.
            let Entry { closure, proto, base, pc } = next;
            let head = at(&self.heap.heads, proto.index());
            let base = base as usize;
            let mut pc = pc as usize;
            let mut code = code(&self.heap.pool, head);
            // Where the code that the loop sees begins.
            let mut origin = 0;
            if self.hook.pending() {
                if !hooked {
                    hooked = true;
                    self.run_hook()?;
                    next = top(&self.execution.frames);
                    continue 'frame;
                }
                // The loop sees one instruction: it has to come back for every other one.
                code = std::slice::from_ref(at(code, pc));
                (origin, pc) = (pc, 0);
            }
            hooked = false;
            let k = constants(&self.heap.pool, head);
            let (below, r) = registers(&mut self.execution.stack, base as u32);

            macro_rules! save_pc {
                () => {{
                    let Some(frame) = self.execution.frames.last_mut() else { broken() };
                    frame.pc = origin.wrapping_add(pc) as u32;
                }};
            }
            // Pays for a backward jump, after the program counter was changed.
            macro_rules! pay {
                ($cost:expr) => {{
                    self.slice -= $cost;
                    if self.slice < 0 {
                        save_pc!();
                        return Ok(());
                    }
                }};
            }

            let slow = 'run: {
                if let [only] = code
                    && matches!(oc::opcode(only.word), op::JMP | op::FORLOOP)
                {
                    // These may jump to themselves.
                    pc += 1;
                    break 'run only.word;
                }
                loop {
                    let Some(instruction) = code.get(pc) else {
                        if code.len() > 1 {
                            broken();
                        }
                        save_pc!();
                        next = top(&self.execution.frames);
                        continue 'frame;
                    };
                    let (i, cache) = (instruction.word, &instruction.cache);
                    pc += 1;
                    let a = oc::a(i);

                    macro_rules! R {
                        ($n:expr) => {
                            r[$n + 1]
                        };
                    }
                    macro_rules! K {
                        ($n:expr) => {
                            k[$n]
                        };
                    }
                    macro_rules! RKC {
                        () => {
                            if oc::k(i) { K!(oc::c(i)) } else { R!(oc::c(i)) }
                        };
                    }
                    // Leaves the loop for the long way of the instruction.
                    macro_rules! slow {
                        () => {
                            break 'run i
                        };
                    }
                    // The cell of an upvalue.
                    macro_rules! cell {
                        ($n:expr) => {
                            *at(&at(&self.heap.closures.items, closure.index()).upvalues, $n)
                        };
                    }
                    // After a comparison: the next instruction is the jump to take or to skip.
                    macro_rules! jump_if {
                        ($condition:expr) => {{
                            if $condition != oc::k(i) {
                                pc += 1;
                            } else {
                                let Some(next) = code.get(pc) else { slow!() };
                                let distance = oc::sj(next.word);
                                pc = pc.wrapping_add_signed(distance as isize + 1);
                                if distance < 0 {
                                    pay!(-distance);
                                }
                            }
                        }};
                    }
                    // Falls through to the MMBIN instruction when the operands are no numbers.
                    macro_rules! arithmetic {
                        ($second:ident, $int:expr, $float:expr) => {{
                            let (x, y) = (&R!(oc::b(i)), &$second!(oc::c(i)));
                            if x.is_integer() && y.is_integer() {
                                R!(a) = Value::integer($int(x.raw_integer(), y.raw_integer()));
                                pc += 1;
                            } else if x.is_float() && y.is_float() {
                                R!(a) = Value::float($float(x.raw_float(), y.raw_float()));
                                pc += 1;
                            } else if x.is_number() && y.is_number() {
                                R!(a) = Value::float($float(x.raw_number(), y.raw_number()));
                                pc += 1;
                            }
                        }};
                    }
                    // Integers here; floats and divisions by zero the long way.
                    macro_rules! division {
                        ($x:expr, $y:expr, $int:expr) => {{
                            let (x, y) = (&$x, &$y);
                            if x.is_integer() && y.is_integer() && y.payload != 0 {
                                R!(a) = Value::integer($int(x.raw_integer(), y.raw_integer()));
                                pc += 1;
                            } else if x.is_number() && y.is_number() {
                                slow!();
                            }
                        }};
                    }
                    macro_rules! float_division {
                        ($x:expr, $y:expr) => {{
                            let (x, y) = (&$x, &$y);
                            if x.is_float() && y.is_float() {
                                R!(a) = Value::float(x.raw_float() / y.raw_float());
                                pc += 1;
                            } else if x.is_number() && y.is_number() {
                                R!(a) = Value::float(x.raw_number() / y.raw_number());
                                pc += 1;
                            }
                        }};
                    }
                    // Squares here; other powers the long way.
                    macro_rules! power {
                        ($x:expr, $y:expr) => {{
                            let (x, y) = (&$x, &$y);
                            if x.is_number() && y.is_number() {
                                if y.raw_number() != 2.0 {
                                    slow!();
                                }
                                R!(a) = Value::float(x.raw_number() * x.raw_number());
                                pc += 1;
                            }
                        }};
                    }
                    macro_rules! bitwise {
                        ($x:expr, $y:expr, $int:expr) => {{
                            let (x, y) = (&$x, &$y);
                            if x.is_integer() && y.is_integer() {
                                R!(a) = Value::integer($int(x.raw_integer(), y.raw_integer()));
                                pc += 1;
                            } else if x.is_number() && y.is_number() {
                                slow!();
                            }
                        }};
                    }
                    macro_rules! compare {
                        ($int:expr, $float:expr) => {{
                            let (x, y) = (&R!(a), &R!(oc::b(i)));
                            let outcome = if x.is_integer() && y.is_integer() {
                                $int(&x.raw_integer(), &y.raw_integer())
                            } else if x.is_float() && y.is_float() {
                                $float(&x.raw_float(), &y.raw_float())
                            } else {
                                slow!()
                            };
                            jump_if!(outcome)
                        }};
                    }
                    macro_rules! compare_immediate {
                        ($int:expr, $float:expr) => {{
                            let x = &R!(a);
                            let y = oc::sb(i);
                            let outcome = if x.is_integer() {
                                $int(&x.raw_integer(), &(y as i64))
                            } else if x.is_float() {
                                $float(&x.raw_float(), &(y as f64))
                            } else {
                                slow!()
                            };
                            jump_if!(outcome)
                        }};
                    }
                    // Stores into a table that is present and holds the key; otherwise slowly.
                    macro_rules! store {
                        ($table:expr, $slot:expr, $value:expr) => {{
                            let table = $table;
                            if let Some(slot) = $slot {
                                let slot: &mut Value = slot;
                                if !slot.is_nil() && !needs_barrier(table) {
                                    *slot = $value;
                                    continue;
                                }
                            }
                        }};
                    }

                    match oc::opcode(i) {
                        op::MOVE => R!(a) = R!(oc::b(i)),
                        op::LOADI => R!(a) = Value::integer(oc::sbx(i) as i64),
                        op::LOADF => R!(a) = Value::float(oc::sbx(i) as f64),
                        op::LOADK => {
                            let bx = oc::bx(i);
                            if bx >= CONSTANT_WINDOW {
                                slow!();
                            }
                            R!(a) = K!(bx);
                        }
                        op::LOADFALSE => R!(a) = Value::FALSE,
                        op::LFALSESKIP => {
                            R!(a) = Value::FALSE;
                            pc += 1;
                        }
                        op::LOADTRUE => R!(a) = Value::TRUE,
                        op::LOADNIL => {
                            for n in a..=a + oc::b(i) {
                                *at_mut(r, n + 1) = Value::NIL;
                            }
                        }
                        op::GETUPVAL => {
                            let cell = at(&self.heap.upvalues.items, cell!(oc::b(i)).index());
                            if cell.thread.is_none() {
                                R!(a) = cell.value;
                            } else if cell.thread == Some(self.current)
                                && let Some(value) = below.get(cell.slot as usize)
                            {
                                R!(a) = *value;
                            } else {
                                slow!();
                            }
                        }
                        op::SETUPVAL => {
                            let cell = cell!(oc::b(i));
                            let cell = at_mut(&mut self.heap.upvalues.items, cell.index());
                            if cell.thread.is_none() && !needs_barrier(cell.mark) {
                                cell.value = R!(a);
                            } else if cell.thread == Some(self.current)
                                && let Some(variable) = below.get_mut(cell.slot as usize)
                            {
                                *variable = R!(a);
                            } else {
                                slow!();
                            }
                        }
                        op::GETTABUP => {
                            let cell = at(&self.heap.upvalues.items, cell!(oc::b(i)).index());
                            if cell.thread.is_none()
                                && let Some(t) = cell.value.as_table()
                                && let Some(short) = K!(oc::c(i)).as_short()
                            {
                                let table = at(&self.heap.tables.items, t.index());
                                if let Some(node) = table.nodes.get(cache.get() as usize)
                                    && node.is_string(short)
                                    && !node.value.is_nil()
                                {
                                    R!(a) = node.value;
                                    continue;
                                }
                                if let Some(found) = table.find_short(short) {
                                    cache.set(found as u32);
                                    let value = at(&table.nodes, found).value;
                                    if !value.is_nil() {
                                        R!(a) = value;
                                        continue;
                                    }
                                }
                            }
                            slow!();
                        }
                        op::GETTABLE => {
                            let key = &R!(oc::c(i));
                            if let Some(t) = R!(oc::b(i)).as_table() {
                                let table = at(&self.heap.tables.items, t.index());
                                if let Some(n) = key.as_integer() {
                                    if let Some(value) = table.in_array(n)
                                        && (!value.is_nil() || table.meta.is_none())
                                    {
                                        R!(a) = *value;
                                        continue;
                                    }
                                } else if let Some(short) = key.as_short() {
                                    if let Some(found) = table.find_short(short) {
                                        let value = &at(&table.nodes, found).value;
                                        if !value.is_nil() || table.meta.is_none() {
                                            R!(a) = *value;
                                            continue;
                                        }
                                    } else if table.meta.is_none() {
                                        R!(a) = Value::NIL;
                                        continue;
                                    }
                                }
                            }
                            slow!();
                        }
                        op::GETI => {
                            if let Some(t) = R!(oc::b(i)).as_table() {
                                let table = at(&self.heap.tables.items, t.index());
                                if let Some(value) = table.in_array(oc::c(i) as i64)
                                    && (!value.is_nil() || table.meta.is_none())
                                {
                                    R!(a) = *value;
                                    continue;
                                }
                            }
                            slow!();
                        }
                        op::GETFIELD => {
                            if let Some(t) = R!(oc::b(i)).as_table()
                                && let Some(short) = K!(oc::c(i)).as_short()
                            {
                                let table = at(&self.heap.tables.items, t.index());
                                if let Some(node) = table.nodes.get(cache.get() as usize)
                                    && node.is_string(short)
                                    && !node.value.is_nil()
                                {
                                    R!(a) = node.value;
                                    continue;
                                }
                                if let Some(found) = table.find_short(short) {
                                    cache.set(found as u32);
                                    let value = &at(&table.nodes, found).value;
                                    if !value.is_nil() || table.meta.is_none() {
                                        R!(a) = *value;
                                        continue;
                                    }
                                } else if table.meta.is_none() {
                                    R!(a) = Value::NIL;
                                    continue;
                                }
                            }
                            slow!();
                        }
                        op::SETTABUP => {
                            let cell = at(&self.heap.upvalues.items, cell!(a).index());
                            if cell.thread.is_none()
                                && let Some(t) = cell.value.as_table()
                                && let Some(short) = K!(oc::b(i)).as_short()
                            {
                                let table = at_mut(&mut self.heap.tables.items, t.index());
                                let color = table.color();
                                if let Some(found) = table.find_short(short) {
                                    store!(
                                        color,
                                        table.nodes.get_mut(found).map(|n| &mut n.value),
                                        RKC!()
                                    );
                                }
                            }
                            slow!();
                        }
                        op::SETTABLE => {
                            let key = &R!(oc::b(i));
                            if let Some(t) = R!(a).as_table() {
                                let table = at_mut(&mut self.heap.tables.items, t.index());
                                let color = table.color();
                                if key.is_integer() {
                                    let index = key.payload.wrapping_sub(1);
                                    let len = table.array.len();
                                    if index < len as u64 {
                                        if let Some(slot) = table.array.get_mut(index as usize)
                                            && (!slot.is_nil() || table.meta.is_none())
                                            && !needs_barrier(color)
                                        {
                                            *slot = RKC!();
                                            continue;
                                        }
                                    } else if index == len as u64
                                        && table.nodes.is_empty()
                                        && table.meta.is_none()
                                        && !needs_barrier(color)
                                    {
                                        let value = RKC!();
                                        if !value.is_nil() && len < table.array.capacity() {
                                            table.array.push(value);
                                            continue;
                                        }
                                    }
                                } else if let Some(short) = key.as_short()
                                    && let Some(found) = table.find_short(short)
                                {
                                    store!(
                                        color,
                                        table.nodes.get_mut(found).map(|n| &mut n.value),
                                        RKC!()
                                    );
                                }
                            }
                            slow!();
                        }
                        op::SETI => {
                            let n = oc::b(i);
                            if let Some(t) = R!(a).as_table() {
                                let table = at_mut(&mut self.heap.tables.items, t.index());
                                let color = table.color();
                                store!(color, table.array.get_mut(n.wrapping_sub(1)), RKC!());
                            }
                            slow!();
                        }
                        op::SETFIELD => {
                            if let Some(t) = R!(a).as_table()
                                && let Some(short) = K!(oc::b(i)).as_short()
                            {
                                let table = at_mut(&mut self.heap.tables.items, t.index());
                                let color = table.color();
                                if let Some(node) = table.nodes.get_mut(cache.get() as usize)
                                    && node.is_string(short)
                                {
                                    store!(color, Some(&mut node.value), RKC!());
                                } else if let Some(found) = table.find_short(short) {
                                    cache.set(found as u32);
                                    store!(
                                        color,
                                        table.nodes.get_mut(found).map(|n| &mut n.value),
                                        RKC!()
                                    );
                                }
                            }
                            slow!();
                        }
                        op::SELF => {
                            let object = R!(oc::b(i));
                            if let Some(t) = object.as_table()
                                && let Some(short) = RKC!().as_short()
                            {
                                let table = at(&self.heap.tables.items, t.index());
                                if let Some(found) = table.find_short(short) {
                                    let value = at(&table.nodes, found).value;
                                    if !value.is_nil() {
                                        R!(a + 1) = object;
                                        R!(a) = value;
                                        continue;
                                    }
                                }
                                // The class's table by the metatable's __index, both cached.
                                let c = cache.get();
                                if let Some(meta) = table.meta.get()
                                    && let meta = at(&self.heap.tables.items, meta.index())
                                    && let Some(node) = meta.nodes.get((c >> 16) as usize)
                                    && node.is_string(names::INDEX)
                                    && let Some(class) = node.value.as_table()
                                    && let class = at(&self.heap.tables.items, class.index())
                                    && let Some(node) = class.nodes.get((c & 0xffff) as usize)
                                    && node.is_string(short)
                                    && !node.value.is_nil()
                                {
                                    R!(a + 1) = object;
                                    R!(a) = node.value;
                                    continue;
                                }
                            }
                            slow!();
                        }
                        op::ADDI => {
                            let y = oc::sc(i);
                            let x = &R!(oc::b(i));
                            if x.is_integer() {
                                R!(a) = Value::integer(x.raw_integer().wrapping_add(y as i64));
                                pc += 1;
                            } else if x.is_float() {
                                R!(a) = Value::float(x.raw_float() + y as f64);
                                pc += 1;
                            }
                        }
                        op::ADDK => arithmetic!(K, i64::wrapping_add, f64::add),
                        op::SUBK => arithmetic!(K, i64::wrapping_sub, f64::sub),
                        op::MULK => arithmetic!(K, i64::wrapping_mul, f64::mul),
                        op::MODK => division!(R!(oc::b(i)), K!(oc::c(i)), arith::integer_modulo),
                        op::POWK => power!(R!(oc::b(i)), K!(oc::c(i))),
                        op::DIVK => float_division!(R!(oc::b(i)), K!(oc::c(i))),
                        op::IDIVK => division!(R!(oc::b(i)), K!(oc::c(i)), arith::integer_divide),
                        op::SHRI => {
                            let distance = Value::integer(-oc::sc(i) as i64);
                            bitwise!(R!(oc::b(i)), distance, arith::shift_left)
                        }
                        op::SHLI => {
                            let value = Value::integer(oc::sc(i) as i64);
                            bitwise!(value, R!(oc::b(i)), arith::shift_left)
                        }
                        op::ADD => arithmetic!(R, i64::wrapping_add, f64::add),
                        op::SUB => arithmetic!(R, i64::wrapping_sub, f64::sub),
                        op::MUL => arithmetic!(R, i64::wrapping_mul, f64::mul),
                        op::MOD => division!(R!(oc::b(i)), R!(oc::c(i)), arith::integer_modulo),
                        op::POW => power!(R!(oc::b(i)), R!(oc::c(i))),
                        op::DIV => float_division!(R!(oc::b(i)), R!(oc::c(i))),
                        op::IDIV => division!(R!(oc::b(i)), R!(oc::c(i)), arith::integer_divide),
                        op::BANDK..=op::BXORK | op::BAND..=op::SHR => {
                            let opcode = oc::opcode(i);
                            let x = &R!(oc::b(i));
                            let y = if opcode < op::ADD { &K!(oc::c(i)) } else { &R!(oc::c(i)) };
                            if x.is_integer() && y.is_integer() {
                                let (x, y) = (x.raw_integer(), y.raw_integer());
                                R!(a) = Value::integer(match opcode {
                                    op::BAND | op::BANDK => x & y,
                                    op::BOR | op::BORK => x | y,
                                    op::BXOR | op::BXORK => x ^ y,
                                    op::SHL => arith::shift_left(x, y),
                                    _ => arith::shift_right(x, y),
                                });
                                pc += 1;
                            } else if x.is_number() && y.is_number() {
                                slow!();
                            }
                        }
                        op::UNM => {
                            let x = &R!(oc::b(i));
                            if x.is_integer() {
                                R!(a) = Value::integer(x.raw_integer().wrapping_neg());
                            } else if x.is_float() {
                                R!(a) = Value::float(-x.raw_float());
                            } else {
                                slow!();
                            }
                        }
                        op::BNOT => {
                            let Some(n) = R!(oc::b(i)).as_integer() else { slow!() };
                            R!(a) = Value::integer(!n);
                        }
                        op::NOT => R!(a) = Value::boolean(R!(oc::b(i)).is_falsy()),
                        op::LEN => {
                            let Some(t) = R!(oc::b(i)).as_table() else { slow!() };
                            let table = at(&self.heap.tables.items, t.index());
                            if !table.meta.is_none() {
                                slow!();
                            }
                            let Some(length) = table.plain_length() else { slow!() };
                            R!(a) = Value::integer(length as i64);
                        }
                        op::JMP => {
                            let distance = oc::sj(i);
                            pc = pc.wrapping_add_signed(distance as isize);
                            if distance < 0 {
                                pay!(-distance);
                            }
                        }
                        op::EQ => {
                            let (x, y) = (&R!(a), &R!(oc::b(i)));
                            let equal = if x.tag == y.tag {
                                if x.tag == tag::FLOAT {
                                    f64::from_bits(x.payload) == f64::from_bits(y.payload)
                                } else if x.payload == y.payload {
                                    true
                                } else if x.tag <= tag::STRING {
                                    false
                                } else {
                                    slow!()
                                }
                            } else if x.is_number() && y.is_number() {
                                slow!()
                            } else {
                                false
                            };
                            jump_if!(equal)
                        }
                        op::LT => compare!(i64::lt, f64::lt),
                        op::LE => compare!(i64::le, f64::le),
                        op::EQK => {
                            let (x, y) = (&R!(a), &K!(oc::b(i)));
                            let equal = if x.tag == y.tag && x.tag != tag::FLOAT {
                                if x.tag == tag::LONG_STRING {
                                    slow!();
                                }
                                x.payload == y.payload
                            } else if x.is_number() && y.is_number() {
                                slow!()
                            } else {
                                false
                            };
                            jump_if!(equal)
                        }
                        op::EQI => {
                            let y = oc::sb(i);
                            let x = &R!(a);
                            let equal = if x.is_integer() {
                                x.raw_integer() == y as i64
                            } else {
                                x.is_float() && x.raw_float() == y as f64
                            };
                            jump_if!(equal)
                        }
                        op::LTI => compare_immediate!(i64::lt, f64::lt),
                        op::LEI => compare_immediate!(i64::le, f64::le),
                        op::GTI => compare_immediate!(i64::gt, f64::gt),
                        op::GEI => compare_immediate!(i64::ge, f64::ge),
                        op::TEST => {
                            let truth = !R!(a).is_falsy();
                            jump_if!(truth)
                        }
                        op::TESTSET => {
                            let value = R!(oc::b(i));
                            let truth = !value.is_falsy();
                            if truth == oc::k(i) {
                                R!(a) = value;
                            }
                            jump_if!(truth)
                        }
                        op::CALL => {
                            let Some((id, proto)) = R!(a).as_closure_proto() else { slow!() };
                            // Before the room is looked at: no write is between that and the push.
                            save_pc!();
                            let b = oc::b(i);
                            let new_base = base + a + 1;
                            let mut end =
                                if b != 0 { new_base + b - 1 } else { self.execution.top };
                            if new_base + 2 * REGISTER_WINDOW > self.execution.stack.len()
                                || self.execution.frames.len() == self.execution.frames.capacity()
                                || self.hook.active()
                            {
                                slow!();
                            }
                            let frame = Frame::called(id, proto, new_base, oc::c(i) as u16);
                            self.execution.frames.push(frame);
                            let head = at(&self.heap.heads, proto.index());
                            if head.is_vararg {
                                self.execution.top = end;
                            }
                            let parameters_end = new_base + head.parameter_count as usize;
                            while end < parameters_end {
                                *at_mut(&mut self.execution.stack, end) = Value::NIL;
                                end += 1;
                            }
                            self.slice -= CALL_COST;
                            if self.slice < 0 {
                                return Ok(());
                            }
                            next = Entry { closure: id, proto, base: new_base as u32, pc: 0 };
                            continue 'frame;
                        }
                        op::RETURN0 => {
                            let Some(frame) = self.execution.frames.last() else { broken() };
                            if frame.wanted != 1 || self.hook.active() {
                                slow!();
                            }
                            self.execution.frames.pop();
                            next = top(&self.execution.frames);
                            continue 'frame;
                        }
                        op::RETURN1 => {
                            let Some(frame) = self.execution.frames.last() else { broken() };
                            if frame.wanted != 2 || self.hook.active() {
                                slow!();
                            }
                            r[0] = R!(a);
                            self.execution.frames.pop();
                            next = top(&self.execution.frames);
                            continue 'frame;
                        }
                        op::FORLOOP => {
                            let (step, limit) = (&R!(a + 2), &R!(a + 1));
                            let next = if step.is_integer() {
                                // The verifier cannot know that the others are integers, too.
                                let count = limit.payload;
                                if count == 0 {
                                    continue;
                                }
                                let next = R!(a).raw_integer().wrapping_add(step.raw_integer());
                                R!(a + 1) = Value::integer((count as i64).wrapping_sub(1));
                                Value::integer(next)
                            } else if step.is_float() && limit.is_float() && R!(a).is_float() {
                                let (step, limit) = (step.raw_float(), limit.raw_float());
                                let next = R!(a).raw_float() + step;
                                if if step > 0.0 { next > limit } else { limit > next } {
                                    continue;
                                }
                                Value::float(next)
                            } else {
                                slow!();
                            };
                            R!(a) = next;
                            R!(a + 3) = next;
                            let distance = oc::bx(i);
                            pc = pc.wrapping_sub(distance);
                            pay!(distance as i32);
                        }
                        op::FORPREP => {
                            let (x, limit, step) = (&R!(a), &R!(a + 1), &R!(a + 2));
                            if !x.is_integer()
                                || !limit.is_integer()
                                || !step.is_integer()
                                || step.payload == 0
                            {
                                slow!();
                            }
                            let (x, limit) = (x.raw_integer(), limit.raw_integer());
                            let step = step.raw_integer();
                            if if step > 0 { x > limit } else { x < limit } {
                                pc += oc::bx(i) + 1;
                            } else {
                                let count = arith::loop_count(x, limit, step);
                                R!(a + 1) = Value::integer(count as i64);
                                R!(a + 3) = Value::integer(x);
                            }
                        }
                        op::TFORPREP => {
                            if !R!(a + 3).is_falsy() {
                                slow!();
                            }
                            pc += oc::bx(i);
                        }
                        op::TFORCALL => {
                            let Some(t) = R!(a + 1).as_table() else { slow!() };
                            if self.hook.active() {
                                slow!();
                            }
                            let table = at(&self.heap.tables.items, t.index());
                            let step = if R!(a).same(&self.ipairs_step) {
                                table.element_after(&R!(a + 2))
                            } else if R!(a).same(&self.next_function) && !table.is_external() {
                                table.step(&R!(a + 2), cache)
                            } else {
                                slow!()
                            };
                            match step {
                                Step::Element(index) => {
                                    R!(a + 4) = Value::integer(index as i64 + 1);
                                    R!(a + 5) = *at(&table.array, index);
                                }
                                Step::Node(index) => {
                                    let node = at(&table.nodes, index);
                                    R!(a + 4) = node.key();
                                    R!(a + 5) = node.value;
                                }
                                Step::End => {
                                    R!(a + 4) = Value::NIL;
                                    R!(a + 5) = Value::NIL;
                                }
                                Step::Far => slow!(),
                            }
                            for n in 2..oc::c(i) {
                                *at_mut(r, a + 5 + n) = Value::NIL;
                            }
                        }
                        op::TFORLOOP => {
                            let control = R!(a + 4);
                            if !control.is_nil() {
                                R!(a + 2) = control;
                                let distance = oc::bx(i);
                                pc = pc.wrapping_sub(distance);
                                pay!(distance as i32);
                            }
                        }
                        _ => slow!(),
                    }
                }
            };
            save_pc!();
            self.carry_out(slow)?;
            if self.execution.frames.last().is_none_or(|frame| frame.kind != FrameKind::Lua) {
                self.settle()?;
            }
            if self.slice < 0 {
                return Ok(());
            }
            next = top(&self.execution.frames);
        }
    }
}
