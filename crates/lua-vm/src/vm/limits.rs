//! Limits on what Lua code may use: instructions, time, stack and call depth.

use super::{Throw, Vm};

/// Budget units between two checks; a unit is about one instruction.
pub(crate) const SLICE: i32 = 30_000;

/// What may be limited. Everything is unlimited by default but the stack and the depths.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Instructions, or library work of the same order, in one run.
    pub fuel: Option<u64>,
    /// Bytes of heap.
    pub heap_bytes: Option<usize>,
    /// Milliseconds of wall time in one run.
    pub milliseconds: Option<u64>,
    /// Nested calls of Lua functions in one thread.
    pub call_depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fuel: None, heap_bytes: None, milliseconds: None, call_depth: 200_000 }
    }
}

/// Why a run was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The instruction budget is spent.
    Fuel,
    /// The time is over.
    Time,
    /// The host asked for it.
    Cancelled,
}

impl Interruption {
    /// The message that the host gets.
    pub fn message(self) -> &'static str {
        match self {
            Interruption::Fuel => "instruction budget exhausted",
            Interruption::Time => "time limit exceeded",
            Interruption::Cancelled => "cancelled",
        }
    }
}

/// Milliseconds since some fixed moment.
pub type Clock = fn() -> f64;

#[derive(Debug)]
pub(crate) struct State {
    /// Units left beyond the current slice; `None` is unlimited.
    fuel_left: Option<u64>,
    /// Units of the current slice when it began.
    slice_size: i32,
    used: u64,
    deadline: Option<f64>,
    clock: Option<Clock>,
    milliseconds: Option<u64>,
    fuel: Option<u64>,
    pub call_depth_max: usize,
    pub stack_slots_max: usize,
    /// A message handler runs because the stack overflowed.
    pub overflowed: bool,
    /// Native calls that may be nested.
    pub native_depth_max: u32,
    pub interruption: Option<Interruption>,
    /// Units after which a step returns to the host.
    pub step_left: Option<u64>,
    /// Results of the run that ended last.
    pub result_count: usize,
    /// Drivers that are running.
    pub drivers: u32,
}

impl Default for State {
    fn default() -> State {
        State {
            fuel_left: None,
            slice_size: 0,
            used: 0,
            deadline: None,
            clock: None,
            milliseconds: None,
            fuel: None,
            call_depth_max: Limits::default().call_depth,
            stack_slots_max: 1_000_000,
            overflowed: false,
            native_depth_max: super::run::NATIVE_DEPTH_MAX,
            interruption: None,
            step_left: None,
            result_count: 0,
            drivers: 0,
        }
    }
}

impl Vm {
    /// Sets limits; they count from the start of the next run.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.limits.fuel = limits.fuel;
        self.limits.milliseconds = limits.milliseconds;
        self.limits.call_depth_max = limits.call_depth;
        self.heap.account.set_limit(limits.heap_bytes.unwrap_or(usize::MAX));
    }

    /// Gives the clock that time limits are measured with.
    pub fn set_clock(&mut self, clock: Clock) {
        self.limits.clock = Some(clock);
    }

    /// Units used since the last run began.
    pub fn fuel_used(&self) -> u64 {
        self.limits.used + (self.limits.slice_size as i64 - self.slice as i64).max(0) as u64
    }

    /// Lets the `n`-th allocation from now fail as if the heap's limit was reached (1 is the next
    /// one; 0 takes the order back): for tests of what a program sees when memory runs out.
    ///
    /// ```
    /// use lua::Libraries;
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.fail_allocation(1);
    /// assert_eq!(vm.eval(b"return {}", "=example").err(), Some(lua::Throw::Memory));
    /// assert!(!vm.awaits_fault());
    /// assert!(vm.eval(b"return {}", "=example").is_ok());
    /// ```
    #[doc(hidden)]
    pub fn fail_allocation(&mut self, n: u64) {
        self.heap.account.faults.arm(n);
    }

    /// Whether the fault that [`Vm::fail_allocation`] ordered is still to come.
    #[doc(hidden)]
    pub fn awaits_fault(&self) -> bool {
        self.heap.account.faults.is_armed()
    }

    /// Interrupts the run at its next check; a host function may call this.
    pub fn cancel(&mut self) {
        self.limits.interruption = Some(Interruption::Cancelled);
        self.slice = self.slice.min(0);
    }

    /// Why the last run was interrupted.
    pub fn interruption(&self) -> Option<Interruption> {
        self.limits.interruption
    }

    pub(crate) fn start_limits(&mut self) {
        self.limits.used = 0;
        self.limits.fuel_left = self.limits.fuel;
        self.limits.interruption = None;
        self.limits.deadline = match (self.limits.clock, self.limits.milliseconds) {
            (Some(clock), Some(milliseconds)) => Some(clock() + milliseconds as f64),
            _ => None,
        };
        self.grant_slice();
    }

    fn grant_slice(&mut self) {
        let left = self.limits.fuel_left.unwrap_or(u64::MAX).min(SLICE as u64) as i32;
        if let Some(fuel) = &mut self.limits.fuel_left {
            *fuel -= left as u64;
        }
        self.limits.slice_size = left;
        self.slice = left;
    }

    /// Settles the slice that is used up and begins the next one.
    pub(crate) fn next_slice(&mut self) -> Result<(), Throw> {
        let used = (self.limits.slice_size as i64 - self.slice as i64).max(0) as u64;
        self.limits.used += used;
        let overdrawn = (-(self.slice as i64)).max(0) as u64;
        if let Some(step) = &mut self.limits.step_left {
            *step = step.saturating_sub(used);
        }
        if self.limits.interruption.is_none() {
            self.limits.interruption = self.spent(overdrawn);
        }
        if self.limits.interruption.is_some() {
            self.limits.slice_size = 0;
            self.slice = 0;
            return Err(Throw::Interrupted);
        }
        self.grant_slice();
        Ok(())
    }

    fn spent(&mut self, overdrawn: u64) -> Option<Interruption> {
        if let Some(fuel) = &mut self.limits.fuel_left {
            if *fuel <= overdrawn {
                *fuel = 0;
                return Some(Interruption::Fuel);
            }
            *fuel -= overdrawn;
        }
        match (self.limits.clock, self.limits.deadline) {
            (Some(clock), Some(deadline)) if clock() >= deadline => Some(Interruption::Time),
            _ => None,
        }
    }

    /// Pays for library work: about one unit for what an instruction could do.
    ///
    /// # Errors
    /// [`Throw::Interrupted`] when a budget is spent; the function must return it at once.
    #[inline]
    pub fn charge(&mut self, units: usize) -> Result<(), Throw> {
        let units = units.min(i32::MAX as usize / 2) as i32;
        self.slice = self.slice.saturating_sub(units);
        if self.slice < 0 { self.next_slice() } else { Ok(()) }
    }
}
