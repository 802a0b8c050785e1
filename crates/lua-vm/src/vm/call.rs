//! Calls and returns of every kind; none of them recurses on the Rust stack.

use super::native::{Body, Call, Control};
use super::{Signal, Throw, Vm, names};
use crate::heap::thread::{Frame, FrameKind, RETURN_SLOW, flag};
use crate::opcode as oc;
use crate::opcode::op;
use crate::value::{ClosureId, NativeId, ProtoId, Value, tag};

/// Free slots that a native function finds above its arguments.
const NATIVE_SLOTS: usize = 40;
/// Values that are moved for one unit of budget.
const MOVES_PER_UNIT: usize = 16;

impl Frame {
    /// A frame of a Lua function that was called the plain way.
    #[inline(always)]
    pub(super) fn called(closure: ClosureId, proto: ProtoId, base: usize, wanted: u16) -> Frame {
        let base = base as u32;
        Frame { closure, proto, pc: 0, base, wanted, kind: FrameKind::Lua, flags: 0, extra: 0 }
    }

    /// A frame that is no Lua function.
    pub(crate) fn native(kind: FrameKind, base: usize, wanted: u16) -> Frame {
        Frame {
            closure: ClosureId(0),
            proto: ProtoId(0),
            pc: 0,
            base: base as u32,
            wanted,
            kind,
            flags: 0,
            extra: 0,
        }
    }
}

impl Vm {
    /// Makes room for a Lua frame at `base` and for one more frame.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_room(&mut self, base: usize) -> Result<(), Throw> {
        let depth = self.execution.frames.len();
        if depth >= self.limits.call_depth_max {
            return self.stack_overflow();
        }
        if depth == self.execution.frames.capacity() {
            let room = self.limits.call_depth_max - depth;
            let additional = depth.clamp(8, 16_384).min(room);
            let account = &mut self.heap.account;
            crate::heap::account::reserve(account, &mut self.execution.frames, additional)?;
        }
        self.ensure_stack(base, crate::heap::thread::REGISTER_WINDOW)
    }

    pub(crate) fn push_frame(&mut self, frame: Frame) -> Result<(), Throw> {
        let full = self.execution.frames.len() == self.execution.frames.capacity();
        if full || self.execution.frames.len() >= self.limits.call_depth_max {
            self.make_room(frame.base as usize)?;
        }
        self.execution.frames.push(frame);
        Ok(())
    }

    /// Calls what stands at `slot` with the arguments up to the top; `wanted` is as in
    /// [`Frame::wanted`]. A Lua function only gets its frame, a native one runs to its end.
    #[inline]
    pub(crate) fn call_at(&mut self, slot: usize, wanted: u16) -> Result<(), Signal> {
        self.call_flagged(slot, wanted, 0)
    }

    pub(crate) fn call_flagged(
        &mut self,
        slot: usize,
        wanted: u16,
        flags: u8,
    ) -> Result<(), Signal> {
        loop {
            let callee = self.execution.stack[slot];
            match callee.tag {
                tag::NATIVE => {
                    let id = NativeId(callee.payload as u32);
                    return self.call_native(slot, id, wanted, flags);
                }
                tag::NATIVE_CLOSURE => {
                    let id = self.heap.natives.items[callee.payload as usize].function;
                    return self.call_native(slot, id, wanted, flags);
                }
                tag::CLOSURE => {
                    self.push_lua_frame(slot, wanted, flags)?;
                    if self.hook_active() {
                        self.hook_call()?;
                    }
                    return Ok(());
                }
                _ => self.insert_call_event(slot)?,
            }
        }
    }

    /// Puts the `__call` metamethod of the value at `slot` before it.
    fn insert_call_event(&mut self, slot: usize) -> Result<(), Throw> {
        let callee = self.execution.stack[slot];
        let handler = self.metamethod(callee, names::CALL);
        if handler.is_nil() {
            return self.call_error(slot);
        }
        let top = self.execution.top;
        self.charge((top - slot) / MOVES_PER_UNIT + 1)?;
        self.ensure_stack(top, 1)?;
        self.execution.stack.copy_within(slot..top, slot + 1);
        self.execution.stack[slot] = handler;
        self.execution.top = top + 1;
        Ok(())
    }

    fn push_lua_frame(&mut self, slot: usize, wanted: u16, flags: u8) -> Result<(), Throw> {
        let Some((closure, proto)) = self.execution.stack[slot].as_closure_proto() else {
            return self.call_error(slot);
        };
        let base = slot + 1;
        let head = self.heap.heads[proto.index()];
        self.ensure_stack(base, head.register_count as usize)?;
        let parameters_end = base + head.parameter_count as usize;
        for index in self.execution.top..parameters_end {
            self.execution.stack[index] = Value::NIL;
        }
        let kind = FrameKind::Lua;
        let base = base as u32;
        self.push_frame(Frame { closure, proto, pc: 0, base, wanted, kind, flags, extra: 0 })
    }

    fn call_native(
        &mut self,
        slot: usize,
        id: NativeId,
        wanted: u16,
        flags: u8,
    ) -> Result<(), Signal> {
        let base = slot + 1;
        self.ensure_stack(self.execution.top, NATIVE_SLOTS)?;
        let mut frame = Frame::native(FrameKind::Native, base, wanted);
        frame.flags = flags;
        self.push_frame(frame)?;
        self.charge(8)?;
        if self.hook_active() {
            self.hook_call()?;
        }
        let count = self.execution.top - base;
        let pushed = match &self.natives.items[id.index()].body {
            Body::Function(function) => {
                let function = *function;
                function(&mut Call { vm: self, base, count })?
            }
            Body::Host(function) => {
                let function = function.clone();
                function(&mut Call { vm: self, base, count })?
            }
            Body::Control(control) => {
                return self.control(*control, base, count);
            }
        };
        if self.heap.account.wants_collection() {
            self.collect_step();
        }
        if pushed == super::embed::WAITS {
            return Ok(());
        }
        let top = self.execution.top;
        debug_assert!(pushed <= top - base, "a native function returns what it pushed");
        if self.hook_active() {
            self.hook_return(top - pushed, pushed)?;
        }
        self.finish_return(top - pushed, pushed)
    }

    fn control(&mut self, control: Control, base: usize, count: usize) -> Result<(), Signal> {
        match control {
            Control::ProtectedCall => self.protected_call(base, count),
            Control::ProtectedCallWithHandler => self.protected_call_with_handler(base, count),
            Control::Resume => self.resume(base, count),
            Control::Wrapped => self.resume_wrapped(base, count),
            Control::Yield => self.yield_values(base, count),
            Control::Await => self.wait_for_host(),
            Control::PassThrough => {
                self.set_kind(FrameKind::PassThrough);
                self.call_at(base, RETURN_SLOW)
            }
            Control::Pairs => self.pairs(base, count),
            Control::Prepared(prepare) => {
                let function = prepare(&mut Call { vm: self, base, count })?;
                self.place_call(base, function, &[])?;
                self.set_kind(FrameKind::PassThrough);
                self.call_at(base, RETURN_SLOW)
            }
        }
    }

    pub(crate) fn set_kind(&mut self, kind: FrameKind) {
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.kind = kind;
        }
    }

    fn protected_call(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        if count == 0 {
            return Err(self.bad_argument::<()>(0, "value expected").unwrap_err().into());
        }
        self.begin_protected(FrameKind::ProtectedCall)?;
        self.call_at(base, RETURN_SLOW)
    }

    /// Protected calls nest no deeper than native ones, though they take no native stack: a chain
    /// of handlers that each fail at the end of a deep chain would take forever.
    fn begin_protected(&mut self, kind: FrameKind) -> Result<(), Throw> {
        let number = self.execution.protected.saturating_add(1);
        let nested = number.saturating_add(self.rust_depth).saturating_add(self.resume_depth);
        if nested >= self.limits.native_depth_max {
            return self.native_overflow();
        }
        self.execution.protected = number;
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.kind = kind;
            frame.pc = number;
            if kind == FrameKind::ProtectedCallWithHandler {
                frame.flags |= flag::HANDLER;
            }
        }
        Ok(())
    }

    /// A protected call ends.
    pub(crate) fn end_protected(&mut self) {
        if let Some(frame) = self.execution.frames.last() {
            self.execution.protected = frame.pc.saturating_sub(1);
        }
    }

    /// The handler goes first, then the function and its arguments.
    fn protected_call_with_handler(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        let handler = if count > 1 { self.execution.stack[base + 1] } else { Value::NIL };
        if !handler.is_function() {
            let got = if count > 1 { handler.type_of().name() } else { "no value" };
            let message = format!("function expected, got {got}");
            return Err(self.bad_argument::<()>(1, &message).unwrap_err().into());
        }
        self.execution.stack.swap(base, base + 1);
        self.begin_protected(FrameKind::ProtectedCallWithHandler)?;
        self.call_at(base + 1, RETURN_SLOW)
    }

    /// The three values of a generic `for` over a value.
    fn pairs(&mut self, base: usize, count: usize) -> Result<(), Signal> {
        let value = Call { vm: self, base, count }.any(0)?;
        let handler = self.metamethod(value, names::PAIRS);
        if handler.is_nil() {
            self.place_call(base, self.next_function, &[value, Value::NIL])?;
            return self.finish_native(base, 3);
        }
        self.place_call(base, handler, &[value])?;
        self.set_kind(FrameKind::Pairs);
        self.call_at(base, RETURN_SLOW)
    }

    // ---- returning ----

    /// A `RETURN` instruction; results are from `first` to the top.
    #[inline(never)]
    pub(crate) fn return_from(&mut self, i: u32, first: usize) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let base = frame.base as usize;
        if oc::k(i) {
            if self.execution.to_close.last().is_some_and(|&slot| slot as usize >= base) {
                return self.close_before_return(base);
            }
            self.close_upvalues(base);
        }
        let parameters = oc::c(i);
        if parameters > 0 {
            // Give back the place where the variable arguments were.
            let extra = self.vararg_count(base);
            let count = self.execution.top - first;
            if self.hook_active() {
                self.hook_return(first, count)?;
            }
            let new_base = base - (extra + parameters);
            if let Some(frame) = self.execution.frames.last_mut() {
                frame.base = new_base as u32;
            }
            return self.finish_return(first, count);
        }
        self.return_plain(first)
    }

    /// Returns what stands from `first` to the top.
    #[inline(never)]
    pub(crate) fn return_plain(&mut self, first: usize) -> Result<(), Signal> {
        let count = self.execution.top - first;
        if self.hook_active() {
            self.hook_return(first, count)?;
        }
        self.finish_return(first, count)
    }

    /// Pops the frame on top and hands its results to the one below.
    #[inline]
    pub(crate) fn finish_return(&mut self, first: usize, count: usize) -> Result<(), Signal> {
        let Some(frame) = self.execution.frames.pop() else { return Ok(()) };
        let target = frame.base as usize - 1;
        let stack = &mut self.execution.stack;
        if frame.wanted & RETURN_SLOW == 0 {
            let wanted = frame.wanted as usize;
            if wanted == 2 && count > 0 {
                stack[target] = stack[first];
            } else if wanted == 0 {
                stack.copy_within(first..first + count, target);
                self.execution.top = target + count;
            } else {
                let kept = count.min(wanted - 1);
                stack.copy_within(first..first + kept, target);
                stack[target + kept..target + wanted - 1].fill(Value::NIL);
            }
            return Ok(());
        }
        self.finish_slow_return(frame, first, count)
    }

    #[inline(never)]
    fn finish_slow_return(
        &mut self,
        frame: Frame,
        first: usize,
        count: usize,
    ) -> Result<(), Signal> {
        let target = frame.base as usize - 1;
        if frame.flags & flag::META != 0 {
            let value = if count > 0 { self.execution.stack[first] } else { Value::NIL };
            return self.finish_instruction(value, frame.pc as usize);
        }
        self.slice = self.slice.saturating_sub((count / MOVES_PER_UNIT) as i32);
        self.execution.stack.copy_within(first..first + count, target);
        self.execution.top = target + count;
        if let Some(below) = self.execution.frames.last_mut() {
            below.extra = target as u32;
        }
        Ok(())
    }

    /// Lets frames that are no Lua functions go on until one is that is.
    #[cold]
    #[inline(never)]
    pub(crate) fn settle(&mut self) -> Result<(), Signal> {
        loop {
            let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
            if self.slice < 0 {
                // Thousands of frames may return through here, each with many values.
                return Err(Signal::Reenter);
            }
            let base = frame.base as usize;
            let first = frame.extra as usize;
            let top = self.execution.top;
            match frame.kind {
                FrameKind::Lua => return Ok(()),
                FrameKind::Boundary => return Err(Signal::Returned),
                FrameKind::Pending => return Err(Signal::Waiting),
                FrameKind::Bottom if frame.pc == super::coroutine::UNSTARTED => {
                    if let Some(bottom) = self.execution.frames.last_mut() {
                        bottom.pc = 0;
                    }
                    self.call_at(1, RETURN_SLOW)?;
                }
                FrameKind::Bottom => self.finish_coroutine(first)?,
                FrameKind::ProtectedCall | FrameKind::ProtectedCallWithHandler => {
                    self.end_protected();
                    let first = self.results_of_protected_call(first);
                    self.finish_native(first, self.execution.top - first)?;
                }
                FrameKind::ProtectedClose => self.continue_protected_close(base)?,
                FrameKind::PassThrough if frame.flags & flag::META != 0 => {
                    self.finish_return(first, top - first)?;
                }
                FrameKind::Pairs => {
                    self.ensure_stack(first, 3)?;
                    self.execution.stack[top.min(first + 3)..first + 3].fill(Value::NIL);
                    self.execution.top = first + 3;
                    self.finish_native(first, 3)?;
                }
                FrameKind::Native
                | FrameKind::PassThrough
                | FrameKind::Resume
                | FrameKind::Wrap
                | FrameKind::Yield => self.finish_native(first, top - first)?,
            }
        }
    }

    /// Puts true in front of the results of a protected call; returns where that is.
    fn results_of_protected_call(&mut self, first: usize) -> usize {
        let top = self.execution.top;
        if !self.hook_active() || top == self.execution.stack.len() {
            self.execution.stack[first - 1] = Value::TRUE;
            return first - 1;
        }
        // A hook may look at the results, but not at the function's own slot.
        self.execution.stack.copy_within(first..top, first + 1);
        self.execution.stack[first] = Value::TRUE;
        self.execution.top = top + 1;
        first
    }

    /// Lets the native function on top return.
    pub(crate) fn finish_native(&mut self, first: usize, count: usize) -> Result<(), Signal> {
        if self.hook_active() {
            self.hook_return(first, count)?;
        }
        self.finish_return(first, count)
    }

    /// Gives an instruction of the Lua frame on top the result of the metamethod it called.
    fn finish_instruction(&mut self, value: Value, extra: usize) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let (base, pc) = (frame.base as usize, frame.pc as usize);
        let i = self.word(frame.proto, pc - 1);
        match oc::opcode(i) {
            op::MMBIN | op::MMBINI | op::MMBINK => {
                let target = oc::a(self.word(frame.proto, pc - 2));
                self.execution.stack[base + target] = value;
            }
            op::EQ..=op::GEI => {
                if value.is_falsy() == oc::k(i) {
                    self.skip(1);
                }
            }
            op::CONCAT => {
                self.execution.stack[extra] = value;
                let target = base + oc::a(i);
                return self.concat(target, extra + 1 - target, target);
            }
            op::CLOSE => self.skip(-1),
            op::RETURN => {
                self.execution.top = frame.extra as usize;
                self.skip(-1);
            }
            op::SETTABUP | op::SETTABLE | op::SETI | op::SETFIELD | op::TFORCALL | op::CALL => {}
            _ => self.execution.stack[base + oc::a(i)] = value,
        }
        Ok(())
    }

    /// Moves the program counter of the frame on top.
    pub(super) fn skip(&mut self, distance: i32) {
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.pc = (frame.pc as i32 + distance) as u32;
        }
    }

    /// An instruction of a prototype.
    #[inline]
    pub(crate) fn word(&self, proto: ProtoId, pc: usize) -> u32 {
        let start = self.heap.heads[proto.index()].code_start as usize;
        self.heap.pool.code[start + pc].word
    }

    /// Calls a metamethod for the instruction that is being executed.
    pub(crate) fn call_event(&mut self, handler: Value, args: &[Value]) -> Result<(), Signal> {
        let slot = self.extent();
        self.place_call(slot, handler, args)?;
        self.call_flagged(slot, RETURN_SLOW, flag::META)
    }

    /// The same, remembering a slot for [`Vm::finish_instruction`] in a frame of its own.
    pub(crate) fn call_event_with(
        &mut self,
        handler: Value,
        args: &[Value],
        extra: usize,
    ) -> Result<(), Signal> {
        let slot = self.extent() + 1;
        self.place_call(slot, handler, args)?;
        let mut frame = Frame::native(FrameKind::PassThrough, slot, RETURN_SLOW);
        frame.flags = flag::META;
        frame.pc = extra as u32;
        self.push_frame(frame)?;
        self.call_at(slot, RETURN_SLOW)
    }

    /// Writes a function and its arguments to the stack from `slot`.
    pub(crate) fn place_call(
        &mut self,
        slot: usize,
        function: Value,
        args: &[Value],
    ) -> Result<(), Throw> {
        self.ensure_stack(slot, args.len() + 1)?;
        self.execution.stack[slot] = function;
        self.execution.stack[slot + 1..slot + 1 + args.len()].copy_from_slice(args);
        self.execution.top = slot + 1 + args.len();
        Ok(())
    }

    /// A tail call: the callee takes the place of the running function.
    #[inline(never)]
    pub(crate) fn tail_call(&mut self, i: u32, slot: usize) -> Result<(), Signal> {
        while !self.execution.stack[slot].is_function() {
            self.insert_call_event(slot)?;
        }
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let base = frame.base as usize;
        let Some((closure, proto)) = self.execution.stack[slot].as_closure_proto() else {
            // A native function is called; the RETURN that follows passes its results on.
            return self.call_at(slot, 0);
        };
        if oc::k(i) {
            self.close_upvalues(base);
        }
        let parameters = oc::c(i);
        let delta = if parameters > 0 { self.vararg_count(base) + parameters } else { 0 };
        let target = base - 1 - delta;
        let count = self.execution.top - slot;
        self.execution.stack.copy_within(slot..slot + count, target);
        self.execution.top = target + count;
        let head = self.heap.heads[proto.index()];
        self.ensure_stack(target + 1, head.register_count as usize)?;
        let parameters_end = target + 1 + head.parameter_count as usize;
        for index in self.execution.top..parameters_end {
            self.execution.stack[index] = Value::NIL;
        }
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.closure = closure;
            frame.proto = proto;
            frame.pc = 0;
            frame.base = (target + 1) as u32;
            frame.flags |= flag::TAIL;
        }
        if self.hook_active() {
            self.hook_call()?;
        }
        Ok(())
    }

    /// Number of variable arguments of the vararg function whose registers start at `base`.
    pub(crate) fn vararg_count(&self, base: usize) -> usize {
        self.execution.stack[base - 1].as_integer().unwrap_or(0) as usize
    }

    /// `VARARGPREP`: moves the function's registers above its arguments.
    #[inline(never)]
    pub(crate) fn prepare_varargs(&mut self) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let base = frame.base as usize;
        let head = self.heap.heads[frame.proto.index()];
        let parameters = head.parameter_count as usize;
        let given = (self.execution.top - base).max(parameters);
        let new_base = base + given + 1;
        self.ensure_stack(new_base, head.register_count as usize)?;
        let stack = &mut self.execution.stack;
        stack[new_base - 1] = Value::integer((given - parameters) as i64);
        stack.copy_within(base..base + parameters, new_base);
        stack[base..base + parameters].fill(Value::NIL);
        if let Some(frame) = self.execution.frames.last_mut() {
            frame.base = new_base as u32;
        }
        if self.hook_active() {
            self.hook_call()?;
        }
        Ok(())
    }

    /// `VARARG`: copies `wanted - 1` variable arguments, all of them if it is 0.
    #[inline(never)]
    pub(crate) fn varargs(&mut self, target: usize, wanted: usize) -> Result<(), Signal> {
        let Some(&frame) = self.execution.frames.last() else { return Ok(()) };
        let base = frame.base as usize;
        let available = self.vararg_count(base);
        let count = if wanted == 0 { available } else { wanted - 1 };
        self.ensure_stack(target, count)?;
        let first = base - 1 - available;
        let copied = count.min(available);
        let stack = &mut self.execution.stack;
        stack.copy_within(first..first + copied, target);
        stack[target + copied..target + count].fill(Value::NIL);
        if wanted == 0 {
            self.execution.top = target + count;
        }
        self.charge(count / 4)?;
        Ok(())
    }
}
