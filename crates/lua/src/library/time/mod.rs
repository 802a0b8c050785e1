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
