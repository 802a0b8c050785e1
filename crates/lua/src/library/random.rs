//! Pseudo-random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded as Lua 5.4 seeds it.

/// A generator's state.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

/// Numbers that are thrown away after seeding, so that similar seeds part.
const DISCARDED: usize = 16;

impl Default for Random {
    fn default() -> Random {
        Random::new(0, 0)
    }
}

impl Random {
    /// A generator with two numbers as its seed.
    pub fn new(first: u64, second: u64) -> Random {
        let mut random = Random { state: [first, 0xff, second, 0] };
        for _ in 0..DISCARDED {
            random.next();
        }
        random
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A float in [0, 1), from the 53 high bits of what was drawn.
    pub fn to_float(drawn: u64) -> f64 {
        (drawn >> 11) as f64 * (0.5 / (1u64 << 52) as f64)
    }

    /// An integer in [0, limit], each with the same probability, from what was drawn: bits beyond
    /// the next power of two are cut off, and what still is too large is drawn again.
    pub fn up_to(&mut self, limit: u64, drawn: u64) -> u64 {
        let mask = u64::MAX.checked_shr(limit.leading_zeros()).unwrap_or(0);
        let mut number = drawn & mask;
        while number > limit {
            number = self.next() & mask;
        }
        number
    }
}
