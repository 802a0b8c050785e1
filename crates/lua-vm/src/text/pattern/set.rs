//! Sets of bytes: the classes `%a`, `%d`, ... and the bracketed sets of patterns.

/// A set of byte values, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSet([u32; 8]);

impl ByteSet {
    pub(super) const EMPTY: ByteSet = ByteSet([0; 8]);

    /// The set of one byte.
    pub(super) fn of(byte: u8) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        set.insert(byte);
        set
    }

    #[inline]
    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 5)] >> (byte & 31) & 1 != 0
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 5)] |= 1 << (byte & 31);
    }

    /// Adds `first..=last`; nothing when `first` is above `last`.
    fn insert_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            self.insert(byte);
        }
    }

    pub(super) fn union(&self, other: &ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    pub(super) fn complement(&self) -> ByteSet {
        ByteSet(self.0.map(|word| !word))
    }

    pub(super) fn is_disjoint(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & b == 0)
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    fn lowest(&self) -> Option<u8> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some((word as u32 * 32 + self.0[word].trailing_zeros()) as u8)
    }

    /// The member of a set that has exactly one.
    pub(super) fn only_member(&self) -> Option<u8> {
        if self.count() == 1 { self.lowest() } else { None }
    }

    /// The byte that is missing from a set that lacks exactly one.
    pub(super) fn only_missing(&self) -> Option<u8> {
        if self.count() == 255 { self.complement().lowest() } else { None }
    }

    pub(super) fn is_full(&self) -> bool {
        self.0 == [u32::MAX; 8]
    }
}

/// The set that `%letter` stands for, as the C locale has it; `None` when the letter names no
/// class and the escape means the letter itself. Capital letters stand for the complement.
pub(super) fn class(letter: u8) -> Option<ByteSet> {
    let set = match letter.to_ascii_lowercase() {
        b'a' => const { table(b'a') },
        b'c' => const { table(b'c') },
        b'd' => const { table(b'd') },
        b'g' => const { table(b'g') },
        b'l' => const { table(b'l') },
        b'p' => const { table(b'p') },
        b's' => const { table(b's') },
        b'u' => const { table(b'u') },
        b'w' => const { table(b'w') },
        b'x' => const { table(b'x') },
        b'z' => const { table(b'z') },
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { set.complement() } else { set })
}

const fn table(letter: u8) -> ByteSet {
    let mut words = [0u32; 8];
    let mut byte = 0u8;
    while byte < 128 {
        if is_member(letter, byte) {
            words[(byte >> 5) as usize] |= 1 << (byte & 31);
        }
        byte += 1;
    }
    ByteSet(words)
}

const fn is_member(letter: u8, byte: u8) -> bool {
    match letter {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | 9..=13),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        // An old name of the byte 0, still understood.
        _ => byte == 0,
    }
}

/// Offset of the `]` that closes the set whose first byte after `[` is at `from`.
///
/// The first member (after an optional `^`) may itself be `]`; an escape hides the byte behind it.
fn closing_bracket(pattern: &[u8], from: usize) -> Option<usize> {
    let mut at = from + usize::from(pattern.get(from) == Some(&b'^'));
    loop {
        let byte = *pattern.get(at)?;
        at += 1;
        if byte == b'%' && at < pattern.len() {
            at += 1;
        }
        if pattern.get(at) == Some(&b']') {
            return Some(at);
        }
    }
}

/// Reads the set whose first byte after `[` is at `from`: its members and the offset behind `]`.
/// `None` when the closing bracket is missing.
pub(super) fn bracketed(pattern: &[u8], from: usize) -> Option<(ByteSet, usize)> {
    let close = closing_bracket(pattern, from)?;
    let negated = pattern[from] == b'^';
    let mut at = from + usize::from(negated);
    let mut set = ByteSet::EMPTY;
    while at < close {
        let byte = pattern[at];
        if byte == b'%' {
            // A range that ends in `%` leaves the escape to the next byte, which may be the
            // closing bracket itself; then that bracket is a member.
            let letter = pattern[at + 1];
            match class(letter) {
                Some(members) => set = set.union(&members),
                None => set.insert(letter),
            }
            at += 2;
        } else if pattern[at + 1] == b'-' && at + 2 < close {
            set.insert_range(byte, pattern[at + 2]);
            at += 3;
        } else {
            set.insert(byte);
            at += 1;
        }
    }
    Some((if negated { set.complement() } else { set }, close + 1))
}
