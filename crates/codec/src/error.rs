//! The one error of this crate: opaque, with predicates and a position.

use std::fmt;

/// Why bytes could not be decoded, or a value not be encoded.
///
/// ```
/// let error = codec::Image::decode(b"not an image at all, by any measure").unwrap_err();
/// assert!(error.is_not_an_image());
/// assert_eq!(error.position(), Some(0));
/// assert_eq!(error.to_string(), "not a Moonkeep image (at byte 0)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    position: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Truncated,
    NotAnImage,
    NewerVersion { found: u16, known: u16 },
    Checksum { part: &'static str },
    Malformed { what: &'static str },
    Limit { what: &'static str, max: usize },
    NotAKey { what: &'static str },
    Reference { what: &'static str, id: u32 },
}

/// The result of every fallible operation of this crate.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn truncated(position: usize) -> Self {
        Self { kind: Kind::Truncated, position: Some(position) }
    }

    pub(crate) fn not_an_image() -> Self {
        Self { kind: Kind::NotAnImage, position: Some(0) }
    }

    pub(crate) fn newer_version(found: u16, known: u16, position: usize) -> Self {
        Self { kind: Kind::NewerVersion { found, known }, position: Some(position) }
    }

    pub(crate) fn checksum(part: &'static str, position: usize) -> Self {
        Self { kind: Kind::Checksum { part }, position: Some(position) }
    }

    pub(crate) fn malformed(what: &'static str, position: usize) -> Self {
        Self { kind: Kind::Malformed { what }, position: Some(position) }
    }

    pub(crate) fn limit(what: &'static str, max: usize) -> Self {
        Self { kind: Kind::Limit { what, max }, position: None }
    }

    pub(crate) fn not_a_key(what: &'static str) -> Self {
        Self { kind: Kind::NotAKey { what }, position: None }
    }

    pub(crate) fn reference(what: &'static str, id: u32) -> Self {
        Self { kind: Kind::Reference { what, id }, position: None }
    }

    pub(crate) fn at(mut self, position: usize) -> Self {
        self.position = self.position.or(Some(position));
        self
    }

    /// The same error found in a part of the input that begins at `offset`.
    pub(crate) fn moved(mut self, offset: usize) -> Self {
        self.position = self.position.map(|position| position + offset);
        self
    }

    /// The offset in the input, in bytes, where decoding stopped; `None` when encoding failed or
    /// when the fault is one of the graph and not of single bytes.
    pub fn position(&self) -> Option<usize> {
        self.position
    }

    /// Whether the input ends before it is complete.
    pub fn is_truncated(&self) -> bool {
        self.kind == Kind::Truncated
    }

    /// Whether the input is something else than an image (its first bytes say so).
    pub fn is_not_an_image(&self) -> bool {
        self.kind == Kind::NotAnImage
    }

    /// Whether the input was written by a newer version of the format.
    pub fn is_newer_version(&self) -> bool {
        matches!(self.kind, Kind::NewerVersion { .. })
    }

    /// Whether a checksum does not match the bytes that it covers.
    pub fn is_checksum_mismatch(&self) -> bool {
        matches!(self.kind, Kind::Checksum { .. })
    }

    /// Whether the bytes, though complete, do not follow the format, or name an object that does
    /// not exist or is of the wrong kind.
    pub fn is_malformed(&self) -> bool {
        matches!(self.kind, Kind::Malformed { .. } | Kind::Reference { .. })
    }

    /// Whether a limit of [`crate::limits`] was exceeded.
    pub fn is_limit(&self) -> bool {
        matches!(self.kind, Kind::Limit { .. })
    }

    /// Whether a value was given as a key that Lua does not allow as one.
    pub fn is_not_a_key(&self) -> bool {
        matches!(self.kind, Kind::NotAKey { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Truncated => f.write_str("truncated: the input ends too early")?,
            Kind::NotAnImage => f.write_str("not a Moonkeep image")?,
            Kind::NewerVersion { found, known } => {
                write!(f, "written by a newer version {found} (this one reads up to {known})")?;
            }
            Kind::Checksum { part } => write!(f, "checksum mismatch in the {part}")?,
            Kind::Malformed { what } => write!(f, "malformed: {what}")?,
            Kind::Limit { what, max } => write!(f, "too large: {what} (at most {max})")?,
            Kind::NotAKey { what } => write!(f, "{what} cannot be a key")?,
            Kind::Reference { what, id } => write!(f, "malformed: {what} (id {id})")?,
        }
        match self.position {
            Some(position) => write!(f, " (at byte {position})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
