//! Out-of-line halves of instructions: whatever allocates, calls a metamethod or fails.

use std::cell::Cell;

use super::arith::{self, Operator};
use super::{Signal, Throw, Vm, names};
use crate::heap::account::reserve;
use crate::heap::color::needs_barrier;
use crate::heap::thread::OpenUpvalue;
use crate::heap::{Heap, OutOfMemory};
use crate::opcode as oc;
use crate::value::{StringId, TableId, UpvalueId, Value, float_to_integer, tag};

/// Longest chain of `__index` or `__newindex` tables.
const META_CHAIN_MAX: usize = 2000;

impl Heap {
    /// A metatable's field for an event, or nil.
    #[inline]
    pub(crate) fn event(&self, meta: TableId, event: StringId) -> Value {
        self.tables.items[meta.index()].get_short(event)
    }

    /// Remembers for `SELF` where `__index` and the method lie.
    #[inline(never)]
    pub(crate) fn cache_method(&self, object: TableId, key: StringId, cache: &Cell<u32>) {
        let Some(meta) = self.tables.items[object.index()].meta.get() else { return };
        let meta = &self.tables.items[meta.index()];
        let Some(index) = meta.find_short(names::INDEX) else { return };
        let Some(class) = meta.nodes[index].value.as_table() else { return };
        if let Some(method) = self.tables.items[class.index()].find_short(key)
            && index < 0xffff
            && method < 0xffff
        {
            cache.set((index << 16 | method) as u32);
        }
    }

    /// Writes a table's entry without metamethods; the key is neither nil nor NaN.
    #[inline]
    pub(crate) fn raw_set(
        &mut self,
        table: TableId,
        key: Value,
        value: Value,
    ) -> Result<(), OutOfMemory> {
        self.table_barrier(table, key, value);
        let target = &mut self.tables.items[table.index()];
        if let Some(n) = key.as_integer() {
            return target.set_integer(&mut self.account, &self.strings, n, value);
        }
        target.set(&mut self.account, &self.strings, key, value)
    }

    /// Whether two values are equal without metamethods.
    #[inline]
    pub fn raw_equal(&self, x: Value, y: Value) -> bool {
        if x.tag == y.tag {
            return match x.tag {
                tag::FLOAT => f64::from_bits(x.payload) == f64::from_bits(y.payload),
                tag::LONG_STRING => {
                    x.payload == y.payload
                        || self.strings.arena.items[x.payload as usize].bytes
                            == self.strings.arena.items[y.payload as usize].bytes
                }
                _ => x.payload == y.payload,
            };
        }
        match (x.as_integer(), y.as_float(), x.as_float(), y.as_integer()) {
            (Some(i), Some(f), _, _) | (_, _, Some(f), Some(i)) => float_to_integer(f) == Some(i),
            _ => false,
        }
    }
}

impl Vm {
    /// Throws if a key cannot be stored.
    #[inline]
    pub(crate) fn check_key(&mut self, key: Value) -> Result<(), Throw> {
        match key.as_float() {
            Some(f) if f.is_nan() => self.throw_message("table index is NaN"),
            _ if key.is_nil() => self.throw_message("table index is nil"),
            _ => Ok(()),
        }
    }

    /// `target := constant`, for a constant beyond the window.
    #[inline(never)]
    pub(crate) fn load_far_constant(&mut self, index: usize, target: usize) -> Result<(), Signal> {
        let Some(frame) = self.execution.frames.last() else { return Ok(()) };
        let start = self.heap.heads[frame.proto.index()].constants_start as usize;
        self.execution.stack[target] = self.heap.pool.constants[start + index];
        Ok(())
    }

    /// `target := upvalue`, for a variable of another thread.
    #[inline(never)]
    pub(crate) fn load_open_value(&mut self, id: UpvalueId, target: usize) -> Result<(), Signal> {
        self.execution.stack[target] = self.open_value(id);
        Ok(())
    }

    // ---- upvalues ----

    /// The value of a cell that may be open.
    #[inline(never)]
    pub(crate) fn open_value(&self, id: UpvalueId) -> Value {
        let cell = &self.heap.upvalues.items[id.index()];
        match cell.thread {
            None => cell.value,
            Some(thread) if thread == self.current => self.execution.stack[cell.slot as usize],
            Some(thread) => {
                let execution = &self.heap.threads.items[thread.index()].execution;
                execution.stack[cell.slot as usize]
            }
        }
    }

    /// Sets a cell that may be open.
    #[inline(never)]
    pub(crate) fn set_upvalue(&mut self, id: UpvalueId, value: Value) -> Result<(), Signal> {
        let cell = &mut self.heap.upvalues.items[id.index()];
        match cell.thread {
            None => {
                cell.value = value;
                if needs_barrier(cell.mark) {
                    self.heap.cell_barrier(id, value);
                }
            }
            Some(thread) if thread == self.current => {
                self.execution.stack[cell.slot as usize] = value;
            }
            Some(thread) => {
                let slot = cell.slot as usize;
                self.heap.threads.items[thread.index()].execution.stack[slot] = value;
                // The thread may have been visited before its cell was.
                self.heap.mark_if_marking(value);
                self.heap.cell_barrier(id, value);
            }
        }
        Ok(())
    }

    /// The cell for a stack slot of the running thread, made if there is none yet.
    fn cell_for(&mut self, slot: u32) -> Result<UpvalueId, OutOfMemory> {
        let open = &self.execution.open;
        let position = open.partition_point(|o| o.slot < slot);
        if let Some(found) = open.get(position)
            && found.slot == slot
        {
            return Ok(found.cell);
        }
        if self.execution.open.len() == self.execution.open.capacity() {
            let additional = self.execution.open.len().max(4);
            reserve(&mut self.heap.account, &mut self.execution.open, additional)?;
        }
        let cell = self.heap.open_cell(self.current, slot)?;
        self.execution.open.insert(position, OpenUpvalue { slot, cell });
        Ok(cell)
    }

    /// Closes all cells of slots from `level` on.
    #[inline]
    pub(crate) fn close_upvalues(&mut self, level: usize) {
        while let Some(&OpenUpvalue { slot, cell }) = self.execution.open.last() {
            if (slot as usize) < level {
                break;
            }
            self.execution.open.pop();
            self.heap.close_cell(cell, self.execution.stack[slot as usize]);
        }
    }

    // ---- tables ----

    /// `NEWTABLE`
    #[inline(never)]
    pub(crate) fn new_table(&mut self, i: u32, extra: usize, target: usize) -> Result<(), Signal> {
        let hash = match oc::b(i) {
            0 => 0,
            log => 1usize << (log - 1).min(30),
        };
        let array = oc::c(i) + if oc::k(i) { extra * (oc::MAX_ARG as usize + 1) } else { 0 };
        let table = if array == 0 && hash == 0 {
            self.heap.table()
        } else {
            self.heap.table_with_capacity(array, hash)
        };
        let table = match table {
            Ok(table) => table,
            Err(OutOfMemory) => {
                self.collect_all();
                self.heap.table_with_capacity(array, hash)?
            }
        };
        self.execution.stack[target] = Value::table(table);
        self.safepoint_below(target + 1);
        Ok(())
    }

    /// Lets the collector work if it wants to.
    #[inline(always)]
    pub(crate) fn safepoint(&mut self) {
        if self.heap.account.wants_collection() {
            self.collect_step();
        }
    }

    /// The same for an instruction of the Lua frame on top that leaves nothing of use in the
    /// registers from a slot on: what lies there from before is forgotten.
    #[inline(always)]
    pub(crate) fn safepoint_below(&mut self, limit: usize) {
        if self.heap.account.wants_collection() {
            let end = self.extent();
            if limit < end {
                self.execution.stack[limit..end].fill(Value::NIL);
            }
            self.collect_step();
        }
    }

    /// `SETLIST`
    #[inline(never)]
    pub(crate) fn set_list(&mut self, i: u32, extra: usize, slot: usize) -> Result<(), Signal> {
        let count = match oc::b(i) {
            0 => self.execution.top - slot - 1,
            count => count,
        };
        let Some(table) = self.execution.stack[slot].as_table() else {
            return Err(self.throw_message::<()>("invalid table constructor").unwrap_err().into());
        };
        let first = oc::c(i) + extra * (oc::MAX_ARG as usize + 1);
        if self.heap.is_external(table) {
            // No compiler fills any but a new table; a chunk from elsewhere may.
            for n in 1..=count {
                let value = self.execution.stack[slot + n];
                self.external_set(table, Value::integer((first + n) as i64), value)?;
            }
            return Ok(());
        }
        let array = &mut self.heap.tables.items[table.index()].array;
        if array.len() == first {
            // An open list of items, whose number the instruction for the table did not know.
            reserve(&mut self.heap.account, array, count)?;
        }
        for n in 1..=count {
            let value = self.execution.stack[slot + n];
            let key = (first + n) as i64;
            self.heap.table_barrier(table, Value::integer(key), value);
            if !self.heap.tables.items[table.index()].append(key, value) {
                self.heap.raw_set(table, Value::integer(key), value)?;
            }
        }
        Ok(())
    }

    /// `target := object[key]`, metamethods included.
    #[inline(never)]
    pub(crate) fn index(
        &mut self,
        mut object: Value,
        key: Value,
        target: usize,
    ) -> Result<(), Signal> {
        for _ in 0..META_CHAIN_MAX {
            let handler = if let Some(table) = object.as_table() {
                let value = self.heap.raw_get(table, key);
                if !value.is_nil() {
                    self.execution.stack[target] = value;
                    return Ok(());
                }
                if self.heap.is_external(table) {
                    let value = self.external_get(table, key)?;
                    if !value.is_nil() {
                        self.execution.stack[target] = value;
                        return Ok(());
                    }
                }
                match self.heap.metatable_of(table) {
                    None => Value::NIL,
                    Some(meta) => self.heap.event(meta, names::INDEX),
                }
            } else {
                let handler = self.metamethod(object, names::INDEX);
                if handler.is_nil() {
                    return Err(self.index_error(object, key).into());
                }
                handler
            };
            if handler.is_nil() {
                self.execution.stack[target] = Value::NIL;
                return Ok(());
            }
            if handler.is_function() {
                return self.call_event(handler, &[object, key]);
            }
            object = handler;
        }
        Err(self.throw_message::<()>("'__index' chain too long; possible loop").unwrap_err().into())
    }

    /// `object[key] := value`, metamethods included.
    #[inline(never)]
    pub(crate) fn set_index(
        &mut self,
        mut object: Value,
        key: Value,
        value: Value,
    ) -> Result<(), Signal> {
        for _ in 0..META_CHAIN_MAX {
            let handler = if let Some(table) = object.as_table() {
                let handler = match self.heap.metatable_of(table) {
                    None => Value::NIL,
                    Some(meta) => self.heap.event(meta, names::NEWINDEX),
                };
                if handler.is_nil() || !self.raw_fetch(table, key)?.is_nil() {
                    return self.set_entry(table, key, value);
                }
                handler
            } else {
                let handler = self.metamethod(object, names::NEWINDEX);
                if handler.is_nil() {
                    return Err(self.index_error(object, key).into());
                }
                handler
            };
            if handler.is_function() {
                return self.call_event(handler, &[object, key, value]);
            }
            object = handler;
        }
        let message = "'__newindex' chain too long; possible loop";
        Err(self.throw_message::<()>(message).unwrap_err().into())
    }

    /// `table[key] := value` without metamethods.
    #[inline]
    fn set_entry(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Signal> {
        self.check_key(key)?;
        if self.heap.is_external(table) {
            return Ok(self.external_set(table, key, value)?);
        }
        if self.heap.raw_set(table, key, value).is_err() {
            self.collect_all();
            self.heap.raw_set(table, key, value)?;
        }
        Ok(())
    }

    /// `target := #x`
    #[inline(never)]
    pub(crate) fn length(&mut self, x: Value, target: usize) -> Result<(), Signal> {
        if let Some(id) = x.as_string() {
            let length = self.heap.bytes_of(id).len();
            self.execution.stack[target] = Value::integer(length as i64);
            return Ok(());
        }
        let handler = self.metamethod(x, names::LEN);
        if !handler.is_nil() {
            return self.call_event(handler, &[x, x]);
        }
        match x.as_table() {
            Some(table) => {
                let border = self.raw_length(table)?;
                self.execution.stack[target] = Value::integer(border);
                Ok(())
            }
            None => Err(self.operand_error(x, "get length of").into()),
        }
    }

    // ---- functions ----

    /// `CLOSURE`
    #[inline(never)]
    pub(crate) fn new_closure(&mut self, index: usize, target: usize) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let proto = self.heap.protos.items[frame.proto.index()].children[index];
        let count = self.heap.protos.items[proto.index()].function.upvalues.len();
        let mut cells = Vec::with_capacity(count);
        for n in 0..count {
            let description = &self.heap.protos.items[proto.index()].function.upvalues[n];
            let (in_stack, index) = (description.in_stack, description.index as u32);
            cells.push(if in_stack {
                self.cell_for(frame.base + index)?
            } else {
                self.heap.closures.items[frame.closure.index()].upvalues[index as usize]
            });
        }
        let closure = self.heap.closure(proto, cells.into())?;
        self.execution.stack[target] = closure;
        self.safepoint_below(target + 1);
        Ok(())
    }

    // ---- operators ----

    /// An arithmetic or bitwise operator whose operands are not both numbers of the right kind.
    #[inline(never)]
    pub(crate) fn arithmetic_event(
        &mut self,
        event: usize,
        x: Value,
        y: Value,
        target: usize,
    ) -> Result<(), Signal> {
        let operator = Operator(event as u8);
        if x.is_number() && y.is_number() {
            match arith::apply(operator, x, y) {
                Ok(Some(result)) => {
                    self.execution.stack[target] = result;
                    return Ok(());
                }
                Ok(None) => {}
                Err(message) => return Err(self.throw_message::<()>(message).unwrap_err().into()),
            }
        }
        let name = StringId(event as u32);
        let mut handler = self.metamethod(x, name);
        if handler.is_nil() {
            handler = self.metamethod(y, name);
        }
        if !handler.is_nil() {
            return self.call_event(handler, &[x, y]);
        }
        if operator.is_bitwise() {
            return Err(self.bitwise_error(x, y).into());
        }
        let culprit = if x.is_number() { y } else { x };
        Err(self.operand_error(culprit, "perform arithmetic on").into())
    }

    /// A bitwise operator does not convert strings; `x` or `y` is no integer.
    fn bitwise_error(&mut self, x: Value, y: Value) -> Throw {
        if x.is_number() && y.is_number() {
            let culprit = if arith::exact_integer(x).is_some() { y } else { x };
            return self.no_integer_error(culprit);
        }
        let culprit = if x.is_number() { y } else { x };
        self.operand_error(culprit, "perform bitwise operation on")
    }

    /// `x == y` where tags differ or a metamethod may decide.
    #[inline(never)]
    pub(crate) fn equals_slow(&mut self, x: Value, y: Value, k: bool) -> Result<(), Signal> {
        if self.heap.raw_equal(x, y) {
            return self.conclude(true, k);
        }
        let comparable = x.tag == y.tag && matches!(x.tag, tag::TABLE | tag::USERDATA);
        if comparable {
            let mut handler = self.metamethod(x, names::EQ);
            if handler.is_nil() {
                handler = self.metamethod(y, names::EQ);
            }
            if !handler.is_nil() {
                return self.call_event(handler, &[x, y]);
            }
        }
        self.conclude(false, k)
    }

    /// The outcome of a comparison: the next instruction is the jump to skip or to take.
    pub(crate) fn conclude(&mut self, outcome: bool, k: bool) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        if outcome != k {
            self.skip(1);
        } else {
            let distance = oc::sj(self.word(frame.proto, frame.pc as usize));
            return self.jump(distance + 1);
        }
        Ok(())
    }

    /// `x < y` or `x <= y`
    #[inline(never)]
    pub(crate) fn compare_slow(
        &mut self,
        event: StringId,
        x: Value,
        y: Value,
        k: bool,
    ) -> Result<(), Signal> {
        match self.compare_plain(event, x, y) {
            Some(outcome) => self.conclude(outcome, k),
            None => self.compare_event(event, x, y),
        }
    }

    /// Compares two numbers or two strings.
    pub(crate) fn compare_plain(&self, event: StringId, x: Value, y: Value) -> Option<bool> {
        use std::cmp::Ordering;
        let order = if let (Some(x), Some(y)) = (x.as_string(), y.as_string()) {
            Some(self.heap.bytes_of(x).cmp(self.heap.bytes_of(y)))
        } else {
            match (x.as_integer(), x.as_float(), y.as_integer(), y.as_float()) {
                (Some(x), _, Some(y), _) => Some(x.cmp(&y)),
                (_, Some(x), _, Some(y)) => x.partial_cmp(&y),
                (Some(x), _, _, Some(y)) => arith::compare_integer_float(x, y),
                (_, Some(x), Some(y), _) => {
                    arith::compare_integer_float(y, x).map(Ordering::reverse)
                }
                _ => return None,
            }
        };
        Some(match order {
            None => false,
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => event == names::LE,
            Some(Ordering::Greater) => false,
        })
    }

    fn compare_event(&mut self, event: StringId, x: Value, y: Value) -> Result<(), Signal> {
        let mut handler = self.metamethod(x, event);
        if handler.is_nil() {
            handler = self.metamethod(y, event);
        }
        if handler.is_nil() {
            return Err(self.order_error(x, y).into());
        }
        self.call_event(handler, &[x, y])
    }

    /// A comparison with a small number in the instruction.
    #[inline(never)]
    pub(crate) fn compare_immediate_slow(
        &mut self,
        event: StringId,
        x: Value,
        i: u32,
    ) -> Result<(), Signal> {
        let n = oc::sb(i);
        let y = if oc::c(i) != 0 { Value::float(n as f64) } else { Value::integer(n as i64) };
        let swapped = matches!(oc::opcode(i), oc::op::GTI | oc::op::GEI);
        let (x, y) = if swapped { (y, x) } else { (x, y) };
        self.compare_slow(event, x, y, oc::k(i))
    }

    /// `FORPREP` for what is not simply three integers with a step.
    #[inline(never)]
    pub(crate) fn prepare_for(&mut self, i: u32, slot: usize) -> Result<(), Signal> {
        match self.for_loop_runs(slot) {
            Ok(true) => Ok(()),
            Ok(false) => {
                if let Some(frame) = self.execution.frames.last_mut() {
                    frame.pc += oc::bx(i) as u32 + 1;
                }
                Ok(())
            }
            Err(throw) => Err(throw.into()),
        }
    }

    /// Prepares the control values of a loop; false if it does not run at all.
    fn for_loop_runs(&mut self, slot: usize) -> Result<bool, Throw> {
        let [init, limit, step] = [0, 1, 2].map(|n| self.execution.stack[slot + n]);
        if let (Some(start), Some(step)) = (init.as_integer(), step.as_integer()) {
            if step == 0 {
                return self.throw_message("'for' step is zero");
            }
            let Some(limit) = self.for_limit(start, limit, step)? else { return Ok(false) };
            let count = arith::loop_count(start, limit, step);
            self.execution.stack[slot + 1] = Value::integer(count as i64);
            self.execution.stack[slot + 3] = init;
            return Ok(true);
        }
        // Strings are converted, though not to make the loop one over integers.
        let float = |value| self.to_number(value).and_then(|number| number.as_number());
        let numbers = [limit, step, init].map(float);
        let [Some(limit), Some(step), Some(start)] = numbers else {
            let names = ["limit", "step", "initial value"];
            let wrong = numbers.iter().position(Option::is_none).unwrap_or(0);
            return self.for_error(names[wrong], [limit, step, init][wrong]);
        };
        if step == 0.0 {
            return self.throw_message("'for' step is zero");
        }
        if if step > 0.0 { limit < start } else { start < limit } {
            return Ok(false);
        }
        for (n, number) in [start, limit, step, start].into_iter().enumerate() {
            self.execution.stack[slot + n] = Value::float(number);
        }
        Ok(true)
    }

    fn for_error<T>(&mut self, what: &str, value: Value) -> Result<T, Throw> {
        let mut message = format!("bad 'for' {what} (number expected, got ").into_bytes();
        message.extend_from_slice(&self.type_name(value));
        message.push(b')');
        self.throw_bytes(&message)
    }

    /// Clips a limit to the integers; `None` if the loop does not run.
    fn for_limit(&mut self, start: i64, limit: Value, step: i64) -> Result<Option<i64>, Throw> {
        let Some(limit) = self.to_number(limit) else { return self.for_error("limit", limit) };
        let clipped = if let Some(limit) = limit.as_integer() {
            limit
        } else {
            let limit = limit.as_float().unwrap_or(f64::NAN);
            let rounded = if step < 0 { limit.ceil() } else { limit.floor() };
            match float_to_integer(rounded) {
                Some(limit) => limit,
                None if limit.is_nan() => return Ok(None),
                None if limit > 0.0 => {
                    if step < 0 {
                        return Ok(None);
                    }
                    i64::MAX
                }
                None => {
                    if step > 0 {
                        return Ok(None);
                    }
                    i64::MIN
                }
            }
        };
        let skip = if step > 0 { start > clipped } else { start < clipped };
        Ok(if skip { None } else { Some(clipped) })
    }
}
