//! Faults as numbers and words.

use store::{Fault, FaultKind};

/// The fault behind a number from 1, in the order of [`FaultKind`]; a number that this version
/// does not know is one of kind `Io`. `words` are UTF-8, or nothing.
pub fn fault(number: u32, words: &[u8]) -> Fault {
    let kind = match number {
        2 => FaultKind::Full,
        3 => FaultKind::ReadOnly,
        4 => FaultKind::Locked,
        5 => FaultKind::Missing,
        6 => FaultKind::Corrupt,
        7 => FaultKind::Foreign,
        8 => FaultKind::Unknown,
        _ => FaultKind::Io,
    };
    match words {
        [] => Fault::new(kind),
        words => Fault::with_detail(kind, String::from_utf8_lossy(words).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kinds_in_their_order() {
        let codes = [
            "STORE_IO",
            "STORE_FULL",
            "STORE_READ_ONLY",
            "STORE_LOCKED",
            "STORE_MISSING",
            "STORE_CORRUPT",
            "STORE_FOREIGN",
            "STORE_POISONED",
        ];
        for (number, code) in (1..).zip(codes) {
            assert_eq!(fault(number, b"").kind().code(), code);
        }
        assert_eq!(fault(99, b"").kind(), FaultKind::Io);
    }

    #[test]
    fn words_become_the_detail_whatever_their_bytes() {
        assert_eq!(fault(2, b"quota of 5 MB").detail(), Some("quota of 5 MB"));
        assert_eq!(fault(2, b"\xff").detail(), Some("\u{fffd}"));
        assert_eq!(fault(2, b"").detail(), None);
    }
}
