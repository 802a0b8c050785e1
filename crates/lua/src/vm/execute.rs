//! The dispatch loop.
//!
//! It is left and entered again every slice, which serves budgets and time limits and lets
//! browsers switch from their baseline to their optimised code. Everything that is rare, allocates
//! or calls back is out of line: such a path saves the program counter, works on the VM as a whole
//! and then the frame is loaded again, whichever it is by then.

use super::arith;
use super::{Signal, Vm};
use crate::heap::color::needs_barrier;
use crate::heap::function::{CODE_WINDOW, CONSTANT_WINDOW, CodePool, Instruction, ProtoHead};
use crate::heap::thread::{Frame, FrameKind, REGISTER_WINDOW};
use crate::opcode::{self as oc, op};
use crate::value::{Value, tag};
use crate::vm::names;

/// Budget units that one call costs; a backward jump costs its distance.
const CALL_COST: i32 = 8;

/// Why the loop was left without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// The slice is used up.
    Slice,
    /// The frame on top needs the other variant of the loop.
    Switch,
}

/// How the loop sees the code of the running function.
trait CodeView {
    /// Whether this view takes functions of any length and serves debug hooks.
    const LONG: bool;
    type Code<'a>: Copy;
    fn of<'a>(pool: &'a CodePool, head: &ProtoHead) -> Self::Code<'a>;
    fn fetch<'a>(code: Self::Code<'a>, pc: usize) -> &'a Instruction;
}

/// A fixed window: a masked program counter needs no bounds check.
struct ShortCode;

impl CodeView for ShortCode {
    const LONG: bool = false;
    type Code<'a> = &'a [Instruction; CODE_WINDOW];
    #[inline(always)]
    fn of<'a>(pool: &'a CodePool, head: &ProtoHead) -> Self::Code<'a> {
        let start = head.code_start as usize;
        match pool.code.get(start..).and_then(|code| code.first_chunk()) {
            Some(window) => window,
            None => broken(),
        }
    }
    #[inline(always)]
    fn fetch<'a>(code: Self::Code<'a>, pc: usize) -> &'a Instruction {
        &code[pc & (CODE_WINDOW - 1)]
    }
}

/// All code of a function, with bounds checks.
struct LongCode;

impl CodeView for LongCode {
    const LONG: bool = true;
    type Code<'a> = &'a [Instruction];
    #[inline(always)]
    fn of<'a>(pool: &'a CodePool, head: &ProtoHead) -> Self::Code<'a> {
        let start = head.code_start as usize;
        match pool.code.get(start..start + head.code_count as usize) {
            Some(code) => code,
            None => broken(),
        }
    }
    #[inline(always)]
    fn fetch<'a>(code: Self::Code<'a>, pc: usize) -> &'a Instruction {
        at(code, pc)
    }
}

/// An invariant of the VM does not hold. No verified chunk can bring this about.
#[cold]
#[inline(never)]
fn broken() -> ! {
    std::process::abort()
}

#[inline(always)]
fn at<T>(items: &[T], index: usize) -> &T {
    match items.get(index) {
        Some(item) => item,
        None => broken(),
    }
}

#[inline(always)]
fn at_mut<T>(items: &mut [T], index: usize) -> &mut T {
    match items.get_mut(index) {
        Some(item) => item,
        None => broken(),
    }
}

/// The slots below a frame, and its registers with the function's slot at index 0.
#[inline(always)]
fn registers(stack: &mut [Value], base: usize) -> (&mut [Value], &mut [Value; REGISTER_WINDOW]) {
    let Some((below, rest)) = stack.split_at_mut_checked(base - 1) else { broken() };
    match rest.first_chunk_mut() {
        Some(registers) => (below, registers),
        None => broken(),
    }
}

#[inline(always)]
fn constants<'a>(pool: &'a CodePool, head: &ProtoHead) -> &'a [Value; CONSTANT_WINDOW] {
    let start = head.constants_start as usize;
    match pool.constants.get(start..).and_then(|rest| rest.first_chunk()) {
        Some(constants) => constants,
        None => broken(),
    }
}

impl Vm {
    /// Runs the frame on top, a Lua function, until the slice ends or something needs the driver.
    #[inline(never)]
    pub(crate) fn execute_short(&mut self) -> Result<Leave, Signal> {
        self.execute::<ShortCode>()
    }

    /// The same for long functions and under debug hooks.
    #[inline(never)]
    pub(crate) fn execute_long(&mut self) -> Result<Leave, Signal> {
        self.execute::<LongCode>()
    }

    #[inline(always)]
    fn execute<C: CodeView>(&mut self) -> Result<Leave, Signal> {
        // The hook was called for the instruction that comes next.
        let mut hooked = false;
        'frame: loop {
            // Takes up the frame on top.
            if self.execution.frames.last().is_some_and(|frame| frame.kind != FrameKind::Lua) {
                self.settle()?;
            }
            let Some(frame) = self.execution.frames.last() else { broken() };
            let head = at(&self.heap.heads, frame.proto.index());
            if !C::LONG && head.is_long {
                return Ok(Leave::Switch);
            }
            if self.slice < 0 {
                // Library work and tail calls pay without leaving the loop themselves.
                return Ok(Leave::Slice);
            }
            let mut pc = frame.pc as usize;
            let base = frame.base as usize;
            let closure = frame.closure;
            let code = C::of(&self.heap.pool, head);
            let k = constants(&self.heap.pool, head);
            let (below, r) = registers(&mut self.execution.stack, base);

            macro_rules! save_pc {
                () => {{
                    let Some(frame) = self.execution.frames.last_mut() else { broken() };
                    frame.pc = pc as u32;
                }};
            }
            // Runs an out-of-line path that may allocate, call, throw or change the frame.
            macro_rules! slow {
                ($call:expr) => {{
                    save_pc!();
                    if let Err(signal) = $call {
                        return Err(signal.into());
                    }
                    continue 'frame;
                }};
            }
            // Pays for a backward jump or a call, after the program counter was changed.
            macro_rules! pay {
                ($cost:expr) => {{
                    self.slice -= $cost;
                    if self.slice < 0 {
                        break;
                    }
                }};
            }

            loop {
                if C::LONG {
                    if self.hook.pending() && !hooked {
                        save_pc!();
                        self.run_hook()?;
                        hooked = true;
                        continue 'frame;
                    }
                    hooked = false;
                }
                let instruction = C::fetch(code, pc);
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
                // After a comparison: the next instruction is the jump to take or to skip.
                macro_rules! jump_if {
                    ($condition:expr) => {{
                        if $condition != oc::k(i) {
                            pc += 1;
                        } else {
                            let distance = oc::sj(C::fetch(code, pc).word);
                            pc = (pc as i32 + distance + 1) as usize;
                            if distance < 0 {
                                pay!(-distance);
                            }
                        }
                    }};
                }
                // Falls through to the MMBIN instruction when the operands are no numbers.
                macro_rules! arithmetic {
                    ($x:expr, $y:expr, $int:expr, $float:expr) => {{
                        let (x, y) = (&$x, &$y);
                        if let (Some(x), Some(y)) = (x.as_integer(), y.as_integer()) {
                            R!(a) = Value::integer($int(x, y));
                            pc += 1;
                        } else if let (Some(x), Some(y)) = (x.as_float(), y.as_float()) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        } else if let Some((x, y)) = arith::mixed(x, y) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        }
                    }};
                }
                // Like arithmetic, but an integer division by zero is an error.
                macro_rules! division {
                    ($x:expr, $y:expr, $int:expr, $float:expr, $zero:expr) => {{
                        let (x, y) = (&$x, &$y);
                        if let (Some(x), Some(y)) = (x.as_integer(), y.as_integer()) {
                            if y == 0 {
                                slow!(self.throw_message::<()>($zero));
                            }
                            R!(a) = Value::integer($int(x, y));
                            pc += 1;
                        } else if let (Some(x), Some(y)) = (x.as_float(), y.as_float()) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        } else if let Some((x, y)) = arith::mixed(x, y) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        }
                    }};
                }
                macro_rules! float_arithmetic {
                    ($x:expr, $y:expr, $float:expr) => {{
                        let (x, y) = (&$x, &$y);
                        if let (Some(x), Some(y)) = (x.as_float(), y.as_float()) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        } else if let Some((x, y)) = arith::mixed(x, y) {
                            R!(a) = Value::float($float(x, y));
                            pc += 1;
                        }
                    }};
                }
                macro_rules! bitwise {
                    ($x:expr, $y:expr, $int:expr) => {{
                        let (x, y) = ($x, $y);
                        if let (Some(x), Some(y)) = (x.as_integer(), y.as_integer()) {
                            R!(a) = Value::integer($int(x, y));
                            pc += 1;
                        } else if let (Some(x), Some(y)) =
                            (arith::exact_integer(x), arith::exact_integer(y))
                        {
                            R!(a) = Value::integer($int(x, y));
                            pc += 1;
                        }
                    }};
                }
                macro_rules! compare {
                    ($int:expr, $float:expr, $op:expr) => {{
                        let (x, y) = (R!(a), R!(oc::b(i)));
                        let outcome = if let (Some(x), Some(y)) = (x.as_integer(), y.as_integer()) {
                            $int(&x, &y)
                        } else if let (Some(x), Some(y)) = (x.as_float(), y.as_float()) {
                            $float(&x, &y)
                        } else {
                            slow!(self.compare_slow($op, x, y, oc::k(i)))
                        };
                        jump_if!(outcome)
                    }};
                }
                macro_rules! compare_immediate {
                    ($int:expr, $float:expr, $op:expr) => {{
                        let x = R!(a);
                        let y = oc::sb(i);
                        let outcome = if let Some(x) = x.as_integer() {
                            $int(&x, &(y as i64))
                        } else if let Some(x) = x.as_float() {
                            $float(&x, &(y as f64))
                        } else {
                            slow!(self.compare_immediate_slow($op, x, i))
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
                        if bx < CONSTANT_WINDOW {
                            R!(a) = K!(bx);
                        } else {
                            slow!(self.load_far_constant(bx, base + a))
                        }
                    }
                    op::LOADKX => {
                        let ax = oc::ax(C::fetch(code, pc).word);
                        pc += 1;
                        slow!(self.load_far_constant(ax, base + a))
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
                        let id =
                            *at(&at(&self.heap.closures.items, closure.index()).upvalues, oc::b(i));
                        let cell = at(&self.heap.upvalues.items, id.index());
                        if cell.thread.is_none() {
                            R!(a) = cell.value;
                        } else if cell.thread == Some(self.current)
                            && let Some(value) = below.get(cell.slot as usize)
                        {
                            R!(a) = *value;
                        } else {
                            slow!(self.load_open_value(id, base + a))
                        }
                    }
                    op::SETUPVAL => {
                        let id =
                            *at(&at(&self.heap.closures.items, closure.index()).upvalues, oc::b(i));
                        let cell = at_mut(&mut self.heap.upvalues.items, id.index());
                        if cell.thread.is_none() && !needs_barrier(cell.mark) {
                            cell.value = R!(a);
                        } else if cell.thread == Some(self.current)
                            && let Some(variable) = below.get_mut(cell.slot as usize)
                        {
                            *variable = R!(a);
                        } else {
                            let value = R!(a);
                            slow!(self.set_upvalue(id, value))
                        }
                    }
                    op::GETTABUP => {
                        let id =
                            *at(&at(&self.heap.closures.items, closure.index()).upvalues, oc::b(i));
                        let cell = at(&self.heap.upvalues.items, id.index());
                        let key = K!(oc::c(i));
                        if cell.thread.is_none()
                            && let Some(t) = cell.value.as_table()
                            && let Some(short) = key.as_short()
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
                        slow!(self.get_upvalue_field(id, key, a))
                    }
                    op::GETTABLE => {
                        let (object, key) = (R!(oc::b(i)), R!(oc::c(i)));
                        if let Some(t) = object.as_table() {
                            let table = at(&self.heap.tables.items, t.index());
                            let value = if let Some(n) = key.as_integer() {
                                table.get_integer(n)
                            } else if let Some(short) = key.as_short() {
                                table.get_short(short)
                            } else {
                                table.get(&self.heap.strings.arena, key)
                            };
                            if !value.is_nil() || table.meta.is_none() {
                                R!(a) = value;
                                continue;
                            }
                        }
                        slow!(self.index(object, key, base + a))
                    }
                    op::GETI => {
                        let object = R!(oc::b(i));
                        let n = oc::c(i) as i64;
                        if let Some(t) = object.as_table() {
                            let table = at(&self.heap.tables.items, t.index());
                            let value = table.get_integer(n);
                            if !value.is_nil() || table.meta.is_none() {
                                R!(a) = value;
                                continue;
                            }
                        }
                        slow!(self.index(object, Value::integer(n), base + a))
                    }
                    op::GETFIELD => {
                        let object = R!(oc::b(i));
                        let key = K!(oc::c(i));
                        if let Some(t) = object.as_table()
                            && let Some(short) = key.as_short()
                        {
                            let table = at(&self.heap.tables.items, t.index());
                            if let Some(node) = table.nodes.get(cache.get() as usize)
                                && node.is_string(short)
                                && !node.value.is_nil()
                            {
                                R!(a) = node.value;
                                continue;
                            }
                            let mut value = Value::NIL;
                            if let Some(found) = table.find_short(short) {
                                cache.set(found as u32);
                                value = at(&table.nodes, found).value;
                            }
                            if !value.is_nil() || table.meta.is_none() {
                                R!(a) = value;
                                continue;
                            }
                        }
                        slow!(self.index(object, key, base + a))
                    }
                    op::SETTABUP => {
                        let id = *at(&at(&self.heap.closures.items, closure.index()).upvalues, a);
                        let cell = at(&self.heap.upvalues.items, id.index());
                        let key = K!(oc::b(i));
                        let value = RKC!();
                        if cell.thread.is_none()
                            && let Some(t) = cell.value.as_table()
                            && let Some(short) = key.as_short()
                        {
                            let table = at_mut(&mut self.heap.tables.items, t.index());
                            let color = table.color();
                            if let Some(found) = table.find_short(short) {
                                store!(
                                    color,
                                    table.nodes.get_mut(found).map(|n| &mut n.value),
                                    value
                                );
                            }
                        }
                        slow!(self.set_upvalue_field(id, key, value))
                    }
                    op::SETTABLE => {
                        let (object, key) = (R!(a), R!(oc::b(i)));
                        let value = RKC!();
                        if let Some(t) = object.as_table() {
                            let table = at_mut(&mut self.heap.tables.items, t.index());
                            let color = table.color();
                            if let Some(n) = key.as_integer() {
                                let index = (n as u64).wrapping_sub(1) as usize;
                                if n as u64 <= u32::MAX as u64 {
                                    if let Some(slot) = table.array.get_mut(index)
                                        && (!slot.is_nil() || table.meta.is_none())
                                        && !needs_barrier(color)
                                    {
                                        *slot = value;
                                        continue;
                                    }
                                    // Appending within capacity.
                                    if index == table.array.len()
                                        && index < table.array.capacity()
                                        && table.nodes.is_empty()
                                        && table.meta.is_none()
                                        && !needs_barrier(color)
                                        && !value.is_nil()
                                    {
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
                                    value
                                );
                            }
                        }
                        slow!(self.set_index(object, key, value))
                    }
                    op::SETI => {
                        let object = R!(a);
                        let n = oc::b(i) as i64;
                        let value = RKC!();
                        if let Some(t) = object.as_table() {
                            let table = at_mut(&mut self.heap.tables.items, t.index());
                            let color = table.color();
                            store!(color, table.array.get_mut((n as usize).wrapping_sub(1)), value);
                        }
                        slow!(self.set_index(object, Value::integer(n), value))
                    }
                    op::SETFIELD => {
                        let object = R!(a);
                        let key = K!(oc::b(i));
                        let value = RKC!();
                        if let Some(t) = object.as_table()
                            && let Some(short) = key.as_short()
                        {
                            let table = at_mut(&mut self.heap.tables.items, t.index());
                            let color = table.color();
                            if let Some(node) = table.nodes.get_mut(cache.get() as usize)
                                && node.is_string(short)
                            {
                                store!(color, Some(&mut node.value), value);
                            } else if let Some(found) = table.find_short(short) {
                                cache.set(found as u32);
                                store!(
                                    color,
                                    table.nodes.get_mut(found).map(|n| &mut n.value),
                                    value
                                );
                            }
                        }
                        slow!(self.set_index(object, key, value))
                    }
                    op::NEWTABLE => {
                        let extra = C::fetch(code, pc).word;
                        pc += 1;
                        slow!(self.new_table(i, extra, base + a))
                    }
                    op::SELF => {
                        let object = R!(oc::b(i));
                        R!(a + 1) = object;
                        let key = RKC!();
                        if let Some(t) = object.as_table()
                            && let Some(short) = key.as_short()
                        {
                            let table = at(&self.heap.tables.items, t.index());
                            match table.find_short(short) {
                                Some(found) if !at(&table.nodes, found).value.is_nil() => {
                                    R!(a) = at(&table.nodes, found).value;
                                    continue;
                                }
                                // The class's table by the metatable's __index, both cached.
                                _ => {
                                    if let Some(meta) = table.meta
                                        && let meta = at(&self.heap.tables.items, meta.index())
                                        && let c = cache.get()
                                        && let Some(node) = meta.nodes.get((c >> 16) as usize)
                                        && node.is_string(names::INDEX)
                                        && let Some(class) = node.value.as_table()
                                        && let class = at(&self.heap.tables.items, class.index())
                                        && let Some(node) = class.nodes.get((c & 0xffff) as usize)
                                        && node.is_string(short)
                                        && !node.value.is_nil()
                                    {
                                        R!(a) = node.value;
                                        continue;
                                    }
                                    self.heap.cache_method(t, short, cache);
                                }
                            }
                        }
                        slow!(self.index(object, key, base + a))
                    }
                    op::ADDI => {
                        let y = oc::sc(i);
                        let x = &R!(oc::b(i));
                        if let Some(x) = x.as_integer() {
                            R!(a) = Value::integer(x.wrapping_add(y as i64));
                            pc += 1;
                        } else if let Some(x) = x.as_float() {
                            R!(a) = Value::float(x + y as f64);
                            pc += 1;
                        }
                    }
                    op::ADDK => {
                        arithmetic!(
                            R!(oc::b(i)),
                            K!(oc::c(i)),
                            i64::wrapping_add,
                            |x: f64, y: f64| x + y
                        )
                    }
                    op::SUBK => {
                        arithmetic!(
                            R!(oc::b(i)),
                            K!(oc::c(i)),
                            i64::wrapping_sub,
                            |x: f64, y: f64| x - y
                        )
                    }
                    op::MULK => {
                        arithmetic!(
                            R!(oc::b(i)),
                            K!(oc::c(i)),
                            i64::wrapping_mul,
                            |x: f64, y: f64| x * y
                        )
                    }
                    op::MODK => division!(
                        R!(oc::b(i)),
                        K!(oc::c(i)),
                        arith::integer_modulo,
                        arith::float_modulo,
                        "attempt to perform 'n%0'"
                    ),
                    op::POWK => float_arithmetic!(R!(oc::b(i)), K!(oc::c(i)), arith::power),
                    op::DIVK => {
                        float_arithmetic!(R!(oc::b(i)), K!(oc::c(i)), |x: f64, y: f64| x / y)
                    }
                    op::IDIVK => division!(
                        R!(oc::b(i)),
                        K!(oc::c(i)),
                        arith::integer_divide,
                        |x: f64, y: f64| (x / y).floor(),
                        "attempt to divide by zero"
                    ),
                    op::BANDK => bitwise!(R!(oc::b(i)), K!(oc::c(i)), |x: i64, y: i64| x & y),
                    op::BORK => bitwise!(R!(oc::b(i)), K!(oc::c(i)), |x: i64, y: i64| x | y),
                    op::BXORK => bitwise!(R!(oc::b(i)), K!(oc::c(i)), |x: i64, y: i64| x ^ y),
                    op::SHRI => {
                        bitwise!(
                            R!(oc::b(i)),
                            Value::integer(oc::sc(i) as i64),
                            |x: i64, y: i64| { arith::shift_left(x, -y) }
                        )
                    }
                    op::SHLI => {
                        bitwise!(Value::integer(oc::sc(i) as i64), R!(oc::b(i)), arith::shift_left)
                    }
                    op::ADD => {
                        arithmetic!(
                            R!(oc::b(i)),
                            R!(oc::c(i)),
                            i64::wrapping_add,
                            |x: f64, y: f64| x + y
                        )
                    }
                    op::SUB => {
                        arithmetic!(
                            R!(oc::b(i)),
                            R!(oc::c(i)),
                            i64::wrapping_sub,
                            |x: f64, y: f64| x - y
                        )
                    }
                    op::MUL => {
                        arithmetic!(
                            R!(oc::b(i)),
                            R!(oc::c(i)),
                            i64::wrapping_mul,
                            |x: f64, y: f64| x * y
                        )
                    }
                    op::MOD => division!(
                        R!(oc::b(i)),
                        R!(oc::c(i)),
                        arith::integer_modulo,
                        arith::float_modulo,
                        "attempt to perform 'n%0'"
                    ),
                    op::POW => float_arithmetic!(R!(oc::b(i)), R!(oc::c(i)), arith::power),
                    op::DIV => {
                        float_arithmetic!(R!(oc::b(i)), R!(oc::c(i)), |x: f64, y: f64| x / y)
                    }
                    op::IDIV => division!(
                        R!(oc::b(i)),
                        R!(oc::c(i)),
                        arith::integer_divide,
                        |x: f64, y: f64| (x / y).floor(),
                        "attempt to divide by zero"
                    ),
                    op::BAND => bitwise!(R!(oc::b(i)), R!(oc::c(i)), |x: i64, y: i64| x & y),
                    op::BOR => bitwise!(R!(oc::b(i)), R!(oc::c(i)), |x: i64, y: i64| x | y),
                    op::BXOR => bitwise!(R!(oc::b(i)), R!(oc::c(i)), |x: i64, y: i64| x ^ y),
                    op::SHL => bitwise!(R!(oc::b(i)), R!(oc::c(i)), arith::shift_left),
                    op::SHR => {
                        bitwise!(R!(oc::b(i)), R!(oc::c(i)), arith::shift_right)
                    }
                    op::MMBIN => {
                        let (x, y) = (R!(a), R!(oc::b(i)));
                        let target = base + oc::a(C::fetch(code, pc - 2).word);
                        slow!(self.arithmetic_event(oc::c(i), x, y, target))
                    }
                    op::MMBINI => {
                        let (x, y) = (R!(a), Value::integer(oc::sb(i) as i64));
                        let (x, y) = if oc::k(i) { (y, x) } else { (x, y) };
                        let target = base + oc::a(C::fetch(code, pc - 2).word);
                        slow!(self.arithmetic_event(oc::c(i), x, y, target))
                    }
                    op::MMBINK => {
                        let (x, y) = (R!(a), K!(oc::b(i)));
                        let (x, y) = if oc::k(i) { (y, x) } else { (x, y) };
                        let target = base + oc::a(C::fetch(code, pc - 2).word);
                        slow!(self.arithmetic_event(oc::c(i), x, y, target))
                    }
                    op::UNM => {
                        let x = R!(oc::b(i));
                        if let Some(n) = x.as_integer() {
                            R!(a) = Value::integer(n.wrapping_neg());
                        } else if let Some(f) = x.as_float() {
                            R!(a) = Value::float(-f);
                        } else {
                            slow!(self.arithmetic_event(names::UNM.index(), x, x, base + a))
                        }
                    }
                    op::BNOT => {
                        let x = R!(oc::b(i));
                        if let Some(n) = arith::exact_integer(x) {
                            R!(a) = Value::integer(!n);
                        } else {
                            slow!(self.arithmetic_event(names::BNOT.index(), x, x, base + a))
                        }
                    }
                    op::NOT => R!(a) = Value::boolean(R!(oc::b(i)).is_falsy()),
                    op::LEN => {
                        let x = R!(oc::b(i));
                        if let Some(t) = x.as_table() {
                            let table = at_mut(&mut self.heap.tables.items, t.index());
                            if table.meta.is_none() {
                                R!(a) = Value::integer(table.border());
                                continue;
                            }
                        }
                        slow!(self.length(x, base + a))
                    }
                    op::CONCAT => slow!(self.concat(base + a, oc::b(i), base + a)),
                    op::CLOSE => slow!(self.close_block(base + a)),
                    op::TBC => slow!(self.mark_to_close(base + a)),
                    op::JMP => {
                        let distance = oc::sj(i);
                        pc = (pc as i32 + distance) as usize;
                        if distance < 0 {
                            pay!(-distance);
                        }
                    }
                    op::EQ => {
                        let (x, y) = (R!(a), R!(oc::b(i)));
                        let equal = if x.tag == y.tag && x.tag <= tag::STRING {
                            if x.tag == tag::FLOAT {
                                f64::from_bits(x.payload) == f64::from_bits(y.payload)
                            } else {
                                x.payload == y.payload
                            }
                        } else if x.same(&y) {
                            true
                        } else {
                            slow!(self.equals_slow(x, y, oc::k(i)))
                        };
                        jump_if!(equal)
                    }
                    op::LT => compare!(i64::lt, f64::lt, names::LT),
                    op::LE => compare!(i64::le, f64::le, names::LE),
                    op::EQK => {
                        let equal = self.heap.raw_equal(R!(a), K!(oc::b(i)));
                        jump_if!(equal)
                    }
                    op::EQI => {
                        let y = oc::sb(i);
                        let x = &R!(a);
                        let equal = if let Some(x) = x.as_integer() {
                            x == y as i64
                        } else if let Some(x) = x.as_float() {
                            x == y as f64
                        } else {
                            false
                        };
                        jump_if!(equal)
                    }
                    op::LTI => compare_immediate!(i64::lt, f64::lt, names::LT),
                    op::LEI => compare_immediate!(i64::le, f64::le, names::LE),
                    op::GTI => compare_immediate!(i64::gt, f64::gt, names::LT),
                    op::GEI => compare_immediate!(i64::ge, f64::ge, names::LE),
                    op::TEST => {
                        let truth = !R!(a).is_falsy();
                        jump_if!(truth)
                    }
                    op::TESTSET => {
                        let value = R!(oc::b(i));
                        if value.is_falsy() == oc::k(i) {
                            pc += 1;
                        } else {
                            R!(a) = value;
                            let distance = oc::sj(C::fetch(code, pc).word);
                            pc = (pc as i32 + distance + 1) as usize;
                            if distance < 0 {
                                pay!(-distance);
                            }
                        }
                    }
                    op::CALL => {
                        let callee = R!(a);
                        let Some((id, proto)) = callee.as_closure_proto() else {
                            let b = oc::b(i);
                            if b != 0 {
                                self.execution.top = base + a + b;
                            }
                            slow!(self.call_other(base + a, oc::c(i) as u16))
                        };
                        save_pc!();
                        let b = oc::b(i);
                        let new_base = base + a + 1;
                        let mut end = if b != 0 { new_base + b - 1 } else { self.execution.top };
                        if new_base + 2 * REGISTER_WINDOW > self.execution.stack.len()
                            || self.execution.frames.len() == self.execution.frames.capacity()
                        {
                            self.make_room(new_base)?;
                        }
                        let frame = Frame {
                            closure: id,
                            proto,
                            pc: 0,
                            base: new_base as u32,
                            wanted: oc::c(i) as u16,
                            kind: FrameKind::Lua,
                            flags: 0,
                            extra: 0,
                        };
                        self.execution.frames.push(frame);
                        let head = at(&self.heap.heads, proto.index());
                        if head.is_vararg {
                            self.execution.top = end;
                        }
                        if !C::LONG && head.is_long || C::LONG && self.hook.active() {
                            pc = 0;
                            slow!(self.enter_slowly(end));
                        }
                        let parameters_end = new_base + head.parameter_count as usize;
                        while end < parameters_end {
                            *at_mut(&mut self.execution.stack, end) = Value::NIL;
                            end += 1;
                        }
                        self.slice -= CALL_COST;
                        if self.slice < 0 {
                            return Ok(Leave::Slice);
                        }
                        continue 'frame;
                    }
                    op::TAILCALL => {
                        let b = oc::b(i);
                        if b != 0 {
                            self.execution.top = base + a + b;
                        }
                        self.slice -= CALL_COST;
                        slow!(self.tail_call(i, base + a))
                    }
                    op::RETURN => {
                        let b = oc::b(i);
                        if b != 0 {
                            self.execution.top = base + a + b - 1;
                        }
                        slow!(self.return_from(i, base + a))
                    }
                    op::RETURN0 => {
                        let Some(frame) = self.execution.frames.last() else { broken() };
                        let wanted = frame.wanted;
                        if wanted == 1 && !(C::LONG && self.hook.active()) {
                            self.execution.frames.pop();
                            continue 'frame;
                        }
                        self.execution.top = base + a;
                        slow!(self.return_plain(base + a))
                    }
                    op::RETURN1 => {
                        let Some(frame) = self.execution.frames.last() else { broken() };
                        let wanted = frame.wanted;
                        if wanted == 2 && !(C::LONG && self.hook.active()) {
                            r[0] = R!(a);
                            self.execution.frames.pop();
                            continue 'frame;
                        }
                        self.execution.top = base + a + 1;
                        slow!(self.return_plain(base + a))
                    }
                    op::FORLOOP => {
                        if let Some(step) = R!(a + 2).as_integer() {
                            // The verifier cannot know that R[a] and R[a + 1] are integers too.
                            let count = R!(a + 1).payload;
                            if count > 0 {
                                let next = (R!(a).payload as i64).wrapping_add(step);
                                R!(a + 1) = Value::integer((count as i64).wrapping_sub(1));
                                R!(a) = Value::integer(next);
                                R!(a + 3) = Value::integer(next);
                                let distance = oc::bx(i);
                                pc -= distance;
                                pay!(distance as i32);
                            }
                        } else if let (Some(step), Some(limit), Some(x)) =
                            (R!(a + 2).as_float(), R!(a + 1).as_float(), R!(a).as_float())
                        {
                            let x = x + step;
                            if if step > 0.0 { x <= limit } else { limit <= x } {
                                R!(a) = Value::float(x);
                                R!(a + 3) = Value::float(x);
                                let distance = oc::bx(i);
                                pc -= distance;
                                pay!(distance as i32);
                            }
                        } else {
                            slow!(self.throw_message::<()>("'for' loop control is not a number"));
                        }
                    }
                    op::FORPREP => {
                        if let (Some(x), Some(limit), Some(step)) =
                            (R!(a).as_integer(), R!(a + 1).as_integer(), R!(a + 2).as_integer())
                            && step != 0
                        {
                            let (x, limit, skip) =
                                (x, limit, if step > 0 { x > limit } else { x < limit });
                            if skip {
                                pc += oc::bx(i) + 1;
                            } else {
                                let count = arith::loop_count(x, limit, step);
                                R!(a + 1) = Value::integer(count as i64);
                                R!(a + 3) = Value::integer(x);
                            }
                            continue;
                        }
                        slow!(self.prepare_for(i, base + a))
                    }
                    op::TFORPREP => {
                        pc += oc::bx(i);
                        if R!(a + 3).is_falsy() {
                            continue;
                        }
                        slow!(self.mark_to_close(base + a + 3))
                    }
                    op::TFORCALL => {
                        let iterator = R!(a);
                        if iterator.same(&self.next_function)
                            && let Some(t) = R!(a + 1).as_table()
                            && !(C::LONG && self.hook.active())
                        {
                            let key = R!(a + 2);
                            let table = at(&self.heap.tables.items, t.index());
                            if !table.is_external()
                                && let Ok(entry) =
                                    table.next_cached(&self.heap.strings.arena, key, cache)
                            {
                                let (key, value) = entry.unwrap_or((Value::NIL, Value::NIL));
                                R!(a + 4) = key;
                                R!(a + 5) = value;
                                for n in 2..oc::c(i) {
                                    *at_mut(r, a + 5 + n) = Value::NIL;
                                }
                                continue;
                            }
                        }
                        R!(a + 4) = iterator;
                        R!(a + 5) = R!(a + 1);
                        R!(a + 6) = R!(a + 2);
                        self.execution.top = base + a + 7;
                        slow!(self.call_at(base + a + 4, oc::c(i) as u16 + 1))
                    }
                    op::TFORLOOP => {
                        let control = R!(a + 4);
                        if !control.is_nil() {
                            R!(a + 2) = control;
                            let distance = oc::bx(i);
                            pc -= distance;
                            pay!(distance as i32);
                        }
                    }
                    op::SETLIST => {
                        let extra = if oc::k(i) { oc::ax(C::fetch(code, pc).word) } else { 0 };
                        if oc::k(i) {
                            pc += 1;
                        }
                        slow!(self.set_list(i, extra, base + a))
                    }
                    op::CLOSURE => slow!(self.new_closure(oc::bx(i), base + a)),
                    op::VARARG => slow!(self.varargs(base + a, oc::c(i))),
                    op::VARARGPREP => slow!(self.prepare_varargs()),
                    _ => slow!(self.throw_message::<()>("invalid opcode")),
                }
            }
            // The slice is used up.
            save_pc!();
            return Ok(Leave::Slice);
        }
    }
}
