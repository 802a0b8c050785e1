//! The content hash: what a prototype is called in the store.

use sha2::{Digest, Sha256};
use std::fmt;

/// The first 16 bytes of the SHA-256 of some bytes.
///
/// Prototypes are stored once under it. Scripts choose what they compile, so the hash must
/// withstand deliberate collisions: hence a cryptographic one; 128 bits keep keys short.
///
/// ```
/// use codec::ContentHash;
/// let hash = ContentHash::of(b"abc");
/// assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223");
/// assert_ne!(hash, ContentHash::of(b"abd"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl ContentHash {
    /// The hash of `bytes`.
    ///
    /// ```
    /// assert_eq!(codec::ContentHash::of(b""), codec::ContentHash::of(&[]));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        Self(hash)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
