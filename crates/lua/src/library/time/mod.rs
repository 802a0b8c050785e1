//! What the os library knows of time: the host's clock and time zone.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasm;

use std::rc::Rc;

#[cfg(not(target_family = "wasm"))]
use native::SystemClock;
#[cfg(target_family = "wasm")]
use wasm::SystemClock;

pub use crate::text::date::Zone;

use crate::vm::Vm;

/// The clocks and the time zone of a host.
pub trait WallClock {
    /// Seconds since 1970-01-01 UTC, for `os.time` and `os.date`.
    fn now(&self) -> f64;

    /// The local time zone at an instant, given in seconds since 1970-01-01 UTC.
    fn zone_at(&self, timestamp: i64) -> Zone;

    /// Seconds that the program has run for, from some fixed moment, for `os.clock`.
    fn processor_seconds(&self) -> f64;
}

/// The clock of a VM: the system's, unless the host gives another.
#[derive(Clone)]
pub(crate) struct Current(pub Rc<dyn WallClock>);

impl Default for Current {
    fn default() -> Current {
        Current(Rc::new(SystemClock::new()))
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Current(WallClock)")
    }
}

impl Vm {
    /// Gives the os library its time. Without it, native programs have the system's clock and
    /// time zone, and WebAssembly modules have 1970-01-01 in universal time.
    ///
    /// ```
    /// struct Fixed;
    /// impl lua::WallClock for Fixed {
    ///     fn now(&self) -> f64 {
    ///         951_782_400.5
    ///     }
    ///     fn zone_at(&self, _timestamp: i64) -> lua::text::date::Zone {
    ///         lua::text::date::Zone::utc()
    ///     }
    ///     fn processor_seconds(&self) -> f64 {
    ///         0.25
    ///     }
    /// }
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.set_wall_clock(std::rc::Rc::new(Fixed));
    /// let date = vm.eval(b"return os.date('%Y-%m-%d')", "=example").unwrap()[0];
    /// assert_eq!(vm.bytes(date), Some(&b"2000-02-29"[..]));
    /// ```
    pub fn set_wall_clock(&mut self, clock: Rc<dyn WallClock>) {
        self.library.wall_clock = Current(clock);
    }
}
