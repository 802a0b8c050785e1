//! Natural numbers of any size, for the few conversions that machine words cannot make exactly.

use std::cmp::Ordering;

/// A natural number in 32-bit digits, the lowest first, without leading zeros.
#[derive(Clone)]
pub(super) struct Natural(Vec<u32>);

impl Natural {
    pub(super) fn new(value: u64) -> Natural {
        let mut limbs = vec![value as u32, (value >> 32) as u32];
        trim(&mut limbs);
        Natural(limbs)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bits it takes; none for zero.
    pub(super) fn bits(&self) -> u32 {
        let top = self.0.last().map_or(0, |top| 32 - top.leading_zeros());
        32 * (self.0.len() as u32).saturating_sub(1) + top
    }

    /// `self * factor + more`
    pub(super) fn multiply_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// `self * 5^exponent`
    pub(super) fn multiply_by_fives(&mut self, mut exponent: u32) {
        // The highest power of five in 32 bits.
        const STEP: u32 = 13;
        while exponent > 0 {
            let step = exponent.min(STEP);
            self.multiply_add(5u32.pow(step), 0);
            exponent -= step;
        }
    }

    /// `self * 2^count`
    pub(super) fn shift_left(&mut self, count: u32) {
        self.multiply_add(1 << (count % 32), 0);
        self.0.splice(0..0, std::iter::repeat_n(0, count as usize / 32));
        trim(&mut self.0);
    }

    /// Divides by `2^count` and returns how the remainder compares with half of that, and whether
    /// there is one.
    pub(super) fn shift_right(&mut self, count: u32) -> (Ordering, bool) {
        if count == 0 {
            return (Ordering::Less, false);
        }
        let bit = |index: u32| {
            let limb = self.0.get(index as usize / 32).copied().unwrap_or(0);
            limb >> (index % 32) & 1 == 1
        };
        let below = (0..count - 1).any(bit);
        let half = match (bit(count - 1), below) {
            (false, _) => Ordering::Less,
            (true, false) => Ordering::Equal,
            (true, true) => Ordering::Greater,
        };
        let remainder = half != Ordering::Less || below;
        self.0.drain(..self.0.len().min(count as usize / 32));
        let mut carry = 0;
        for limb in self.0.iter_mut().rev() {
            let wide = u64::from(carry) << 32 | u64::from(*limb);
            carry = *limb & ((1 << (count % 32)) - 1);
            *limb = (wide >> (count % 32)) as u32;
        }
        trim(&mut self.0);
        (half, remainder)
    }

    /// Subtracts a number that is not larger.
    pub(super) fn subtract(&mut self, other: &Natural) {
        let mut borrow = 0;
        for (index, limb) in self.0.iter_mut().enumerate() {
            let taken = borrow + i64::from(other.0.get(index).copied().unwrap_or(0));
            let left = i64::from(*limb) - taken;
            *limb = left as u32;
            borrow = i64::from(left < 0);
        }
        trim(&mut self.0);
    }

    /// Its decimal digits; none for zero.
    pub(super) fn into_digits(mut self) -> Vec<u8> {
        const STEP: u64 = 1_000_000_000;
        let mut digits = Vec::new();
        while !self.is_zero() {
            let mut rest = 0;
            for limb in self.0.iter_mut().rev() {
                let wide = rest << 32 | u64::from(*limb);
                *limb = (wide / STEP) as u32;
                rest = wide % STEP;
            }
            trim(&mut self.0);
            for _ in 0..9 {
                digits.push(b'0' + (rest % 10) as u8);
                rest /= 10;
            }
        }
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        digits.reverse();
        digits
    }

    pub(super) fn is_below(&self, other: &Natural) -> bool {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_lt()
    }
}

fn trim(limbs: &mut Vec<u32>) {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::Natural;
    use std::cmp::Ordering;

    fn text(natural: Natural) -> String {
        String::from_utf8(natural.into_digits()).unwrap()
    }

    #[test]
    fn powers_have_their_digits() {
        let mut natural = Natural::new(1);
        natural.multiply_by_fives(30);
        natural.shift_left(30);
        assert_eq!(text(natural.clone()), format!("1{}", "0".repeat(30)));
        assert_eq!(natural.bits(), 100);
        natural.shift_left(64);
        assert_eq!(natural.shift_right(64), (Ordering::Less, false));
        assert_eq!(text(natural), format!("1{}", "0".repeat(30)));
    }

    #[test]
    fn remainders_are_told_apart() {
        for (rest, half) in
            [(0, Ordering::Less), (1, Ordering::Less), (8, Ordering::Equal), (9, Ordering::Greater)]
        {
            let mut natural = Natural::new(u64::MAX << 4 | rest);
            assert_eq!(natural.shift_right(4), (half, rest != 0));
            assert_eq!(text(natural), (u64::MAX >> 4).to_string());
        }
        let mut natural = Natural::new(5);
        assert_eq!(natural.shift_right(100), (Ordering::Less, true));
        assert!(natural.is_zero());
    }

    #[test]
    fn differences_borrow() {
        let mut natural = Natural::new(1);
        natural.shift_left(96);
        assert!(Natural::new(1).is_below(&natural));
        natural.subtract(&Natural::new(1));
        assert_eq!(text(natural), ((1u128 << 96) - 1).to_string());
        assert!(!Natural::new(7).is_below(&Natural::new(7)));
    }
}
