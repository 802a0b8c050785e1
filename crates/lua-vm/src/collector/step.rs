//! When the collector works and how much.

use super::{Gray, Phase};
use crate::heap::Heap;
use crate::heap::arena::Object;
use crate::heap::color;
use crate::heap::function::{CONSTANT_WINDOW, CodePool, Instruction};
use crate::vm::Vm;

/// Work units of a step per byte allocated, at a multiplier of 100.
const WORK_PER_BYTE: usize = 4;
/// Objects that are swept for the work of visiting one kilobyte.
const SWEEP_OBJECTS_PER_KILOBYTE: usize = 96;
/// The heap is at least this large before a cycle begins.
const THRESHOLD_MIN: usize = 64 * 1024;
/// What `collectgarbage("step")` does at least: a whole cycle over the heap of a small program, as
/// PUC-Rio's basic step is.
const STEP_KILOBYTES_MIN: usize = 256;
const ARENAS: u8 = 8;

impl Vm {
    /// Does a step of work, if the collector runs at all, and calls finalizers.
    #[cold]
    #[inline(never)]
    pub(crate) fn collect_step(&mut self) {
        if !self.collector.settings.running || self.collector.busy {
            self.heap.account.threshold = self.heap.account.used() + THRESHOLD_MIN;
            return;
        }
        if cfg!(feature = "stress") {
            self.collect_all();
            self.call_finalizers(8);
            return;
        }
        let step_bytes = 1usize << self.collector.settings.step_size.clamp(10, 30);
        let multiplier = self.collector.settings.step_multiplier.max(10) as usize;
        self.work_for(step_bytes * WORK_PER_BYTE / 100 * multiplier);
        if self.heap.gc.phase != Phase::Pause {
            self.heap.account.threshold = self.heap.account.used() + step_bytes;
        }
        self.call_finalizers(8);
    }

    /// Works for about so many units, or to the end of the cycle; returns how much it was.
    fn work_for(&mut self, units: usize) -> usize {
        let mut done = 0;
        while done < units {
            done += self.work_once(units - done);
            if self.heap.gc.phase == Phase::Pause {
                break;
            }
        }
        done
    }

    /// Does a step such as allocation brings about, without finalizers, and returns about how many
    /// bytes it looked at: for tests and measuring of pauses.
    #[doc(hidden)]
    pub fn collect_one_step(&mut self) -> usize {
        let step_bytes = 1usize << self.collector.settings.step_size.clamp(10, 30);
        self.work_for(step_bytes * WORK_PER_BYTE)
    }

    /// The same for about so many bytes.
    #[doc(hidden)]
    pub fn collect_part_of_step(&mut self, bytes: usize) -> usize {
        self.work_for(bytes)
    }

    /// How many cycles of the collector have ended.
    #[doc(hidden)]
    pub fn collector_cycles(&self) -> u64 {
        self.collector.cycles
    }

    /// Does one piece of work; returns how much it was. A cycle that ends sets the threshold.
    ///
    /// What comes once a cycle stays out of it: browsers optimise what is called often, whole, and
    /// all of it used to be 9 KB.
    fn work_once(&mut self, most: usize) -> usize {
        match self.heap.gc.phase {
            Phase::Pause => {
                self.heap.gc.reset_lists();
                self.heap.gc.phase = Phase::Mark;
                self.heap.gc.gray.push(Gray::Kept(0));
                self.mark_roots()
            }
            Phase::Mark => match self.heap.gc.gray.pop() {
                Some(gray) => {
                    let bytes = self.heap.visit(gray);
                    self.heap.gc.closing_bytes += bytes;
                    bytes
                }
                None if !self.heap.gc.closing => self.begin_closing(),
                None => self.try_to_finish(),
            },
            Phase::Sweep(arena) => {
                let count = (most / 1024 + 1) * SWEEP_OBJECTS_PER_KILOBYTE;
                let used = self.heap.account.used();
                let done = self.heap.sweep(arena, count);
                let freed = used.saturating_sub(self.heap.account.used());
                self.heap.gc.live = self.heap.gc.live.saturating_sub(freed);
                if done {
                    self.heap.gc.cursor = 0;
                    self.heap.gc.phase = Phase::Sweep(arena + 1);
                    if arena + 1 == ARENAS {
                        self.end_cycle();
                    }
                }
                (count * 1024 / SWEEP_OBJECTS_PER_KILOBYTE).max(64)
            }
        }
    }

    #[inline(never)]
    fn end_cycle(&mut self) {
        self.heap.gc.phase = Phase::Pause;
        self.collector.cycles += 1;
        self.heap.compact_code();
        let live = self.heap.gc.live;
        let pause = self.collector.settings.pause.max(100) as usize;
        let wanted = live.saturating_add(live / 100 * (pause - 100)).max(THRESHOLD_MIN);
        // Near the limit a cycle must end before the limit is reached.
        let room = self.heap.account.limit().saturating_sub(self.heap.account.bytes()) / 4 * 3;
        self.heap.account.threshold = wanted.min(live.saturating_add(room).max(live + 1024));
    }

    /// Collects all garbage now, without calling finalizers.
    pub fn collect_all(&mut self) {
        if self.collector.busy {
            return;
        }
        self.collector.busy = true;
        // What a cycle under way has not reached may be garbage or not: finish it first.
        if self.heap.gc.phase != Phase::Pause {
            self.run_cycle();
        }
        self.run_cycle();
        self.collector.busy = false;
    }

    fn run_cycle(&mut self) {
        loop {
            self.work_once(usize::MAX / 2048);
            if self.heap.gc.phase == Phase::Pause {
                return;
            }
        }
    }

    /// Collects all garbage and calls the finalizers of what was found.
    pub fn collect_garbage(&mut self) {
        self.collect_all();
        self.call_finalizers(usize::MAX);
    }

    /// Does a step of at least `kilobytes` of work; true if it finished a cycle.
    pub fn collect_some(&mut self, kilobytes: usize) -> bool {
        let kilobytes = kilobytes.clamp(STEP_KILOBYTES_MIN, 1 << 20);
        let mut work = (kilobytes * 1024 * WORK_PER_BYTE) as isize;
        let mut finished = false;
        while work > 0 && !finished {
            // In small pieces: a sweep is counted as if its arena were as large as asked for.
            work -= self.work_once((work as usize).min(64 * 1024)) as isize;
            finished = self.heap.gc.phase == Phase::Pause;
        }
        self.call_finalizers(8);
        finished
    }
}

impl Heap {
    /// Sweeps some objects; true when the arena is done. Threads go first, because a dead one
    /// closes its cells.
    fn sweep(&mut self, arena: u8, count: usize) -> bool {
        let alive = self.white;
        let dead = alive ^ 1;
        let cursor = self.gc.cursor;
        macro_rules! sweep {
            ($arena:expr) => {{
                let next = $arena.sweep(&mut self.account, cursor, count, dead, alive);
                (next, next >= $arena.items.len())
            }};
        }
        let (next, done) = match arena {
            0 => {
                self.close_dead_threads(cursor, count, dead);
                sweep!(self.threads)
            }
            1 => {
                let next = self.strings.sweep(&mut self.account, cursor, count, dead, alive);
                (next, next >= self.strings.arena.items.len())
            }
            2 => sweep!(self.tables),
            3 => sweep!(self.closures),
            4 => sweep!(self.upvalues),
            5 => sweep!(self.natives),
            6 => sweep!(self.userdata),
            _ => {
                self.count_dead_code(cursor, count, dead);
                sweep!(self.protos)
            }
        };
        self.gc.cursor = next;
        done
    }

    #[inline(never)]
    fn close_dead_threads(&mut self, cursor: usize, count: usize, dead: u8) {
        let end = (cursor + count).min(self.threads.items.len());
        for index in cursor..end {
            if self.threads.items[index].mark & color::MASK != dead {
                continue;
            }
            let open = std::mem::take(&mut self.threads.items[index].execution.open);
            self.account.release(open.capacity() * size_of_val(&open[..0]).max(8));
            for entry in open {
                let value = self.threads.items[index].execution.stack[entry.slot as usize];
                self.close_cell(entry.cell, value);
            }
        }
    }

    #[inline(never)]
    fn count_dead_code(&mut self, cursor: usize, count: usize, dead: u8) {
        let end = (cursor + count).min(self.protos.items.len());
        for index in cursor..end {
            if self.protos.items[index].mark() & color::MASK == dead {
                self.gc.dead_code += self.heads[index].code_count as usize;
            }
        }
    }

    /// Closes the gaps that freed prototypes left in the code pool, once they are half of it.
    #[inline(never)]
    fn compact_code(&mut self) {
        let used = self.pool.code.len();
        if self.gc.dead_code * 2 < used.max(1024) {
            return;
        }
        self.gc.dead_code = 0;
        let mut order: Vec<usize> = (0..self.heads.len())
            .filter(|&index| self.protos.items[index].mark() != color::FREE)
            .collect();
        order.sort_by_key(|&index| self.heads[index].code_start);
        let (mut code_end, mut constants_end) = (0usize, 0usize);
        for index in order {
            let head = &mut self.heads[index];
            let code = head.code_start as usize..(head.code_start + head.code_count) as usize;
            head.code_start = code_end as u32;
            for from in code {
                self.pool.code.swap(code_end, from);
                code_end += 1;
            }
            let first = head.constants_start as usize;
            let constants = first..first + self.protos.items[index].constant_count as usize;
            head.constants_start = constants_end as u32;
            self.pool.constants.copy_within(constants.clone(), constants_end);
            constants_end += constants.len();
        }
        self.pool.cut(&mut self.account, code_end, constants_end);
    }
}

impl CodePool {
    /// Drops everything from these ends on and pads again.
    fn cut(&mut self, account: &mut crate::heap::account::Account, code: usize, constants: usize) {
        let before = self.owned_bytes();
        self.code.truncate(code);
        self.constants.truncate(constants);
        self.code.shrink_to(code);
        self.constants.shrink_to(constants + CONSTANT_WINDOW);
        self.pad();
        let after = self.owned_bytes();
        if after <= before {
            account.release(before - after);
        }
    }

    fn owned_bytes(&self) -> usize {
        self.code.capacity() * size_of::<Instruction>() + self.constants.capacity() * 16
    }
}
