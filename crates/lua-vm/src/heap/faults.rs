//! Allocation faults on demand, so that tests can see every library function run out of memory.

/// Makes one allocation fail when armed; otherwise does nothing.
#[derive(Debug, Default)]
pub struct Faults {
    /// Allocations until one fails; 0 means never.
    countdown: u64,
}

impl Faults {
    /// Lets the `n`-th allocation from now fail (1 is the next one); 0 disarms.
    pub(crate) fn arm(&mut self, n: u64) {
        self.countdown = n;
    }

    /// Whether an armed fault is still to come.
    pub(crate) fn is_armed(&self) -> bool {
        self.countdown != 0
    }

    #[inline]
    pub(crate) fn next_fails(&mut self) -> bool {
        if self.countdown == 0 {
            return false;
        }
        self.countdown -= 1;
        self.countdown == 0
    }
}
