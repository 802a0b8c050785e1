//! The host's clock for the os library, in universal time.

use lua::WallClock;
use lua::text::date::Zone;

/// Tells the time that the host tells.
pub struct HostClock {
    /// Milliseconds since the epoch of Unix.
    now: fn() -> f64,
    /// What `now` said when the clock was made.
    made: f64,
}

impl HostClock {
    /// The clock behind a host's `now`.
    pub fn new(now: fn() -> f64) -> HostClock {
        HostClock { now, made: now() }
    }
}

impl WallClock for HostClock {
    fn now(&self) -> f64 {
        (self.now)() / 1e3
    }

    fn zone_at(&self, _timestamp: i64) -> Zone {
        Zone::utc()
    }

    fn processor_seconds(&self) -> f64 {
        ((self.now)() - self.made) / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lua::Libraries;
    use std::cell::Cell;

    thread_local! {
        static NOW: Cell<f64> = const { Cell::new(951_782_400_000.0) };
    }

    #[test]
    fn programs_see_the_time_of_the_host() {
        let mut vm = lua::Vm::new();
        vm.open_libraries().unwrap();
        vm.set_wall_clock(std::rc::Rc::new(HostClock::new(|| NOW.get())));
        NOW.set(NOW.get() + 1_500.0);
        let source = b"return os.date('%F %T') .. ' ' .. os.time() .. ' ' .. os.clock()";
        let text = vm.eval(source, "=test").unwrap()[0];
        assert_eq!(vm.bytes(text), Some(&b"2000-02-29 00:00:01 951782401 1.5"[..]));
    }
}
