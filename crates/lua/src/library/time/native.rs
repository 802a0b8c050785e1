//! The clock and the time zone of the operating system.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{WallClock, Zone};
use jiff::{Timestamp, tz::TimeZone};

/// The system's clock. Processor time is the time since the clock was made.
pub(super) struct SystemClock {
    made: Instant,
}

impl SystemClock {
    pub fn new() -> SystemClock {
        SystemClock { made: Instant::now() }
    }
}

impl WallClock for SystemClock {
    fn now(&self) -> f64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }

    fn zone_at(&self, timestamp: i64) -> Zone {
        // Rules beyond the years that the time zone's data cover are those of its last year.
        let clamped = timestamp.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let Ok(instant) = Timestamp::from_second(clamped) else { return Zone::utc() };
        let zone = TimeZone::system();
        let info = zone.to_offset_info(instant);
        Zone {
            offset_seconds: info.offset().seconds(),
            is_dst: info.dst().is_dst(),
            name: info.abbreviation().to_owned(),
        }
    }

    fn processor_seconds(&self) -> f64 {
        self.made.elapsed().as_secs_f64()
    }
}
