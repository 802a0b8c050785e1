//! The one error type of the store.

use crate::storage::{Fault, FaultKind, PageId};
use std::fmt;

/// Why an operation of the store failed.
///
/// The kind is private; ask with the `is_*` methods. No error leaves the store half changed: a
/// failed change inside a transaction asks for [`rollback`](crate::Store::rollback)
/// ([`is_rollback_required`](Self::is_rollback_required) from then on), and a commit whose
/// outcome is unknown poisons the store ([`is_poisoned`](Self::is_poisoned)) until it is
/// opened again.
pub struct Error(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Corrupt { page: PageId, offset: u32, what: &'static str },
    Foreign,
    Newer { version: u32 },
    Usage(&'static str),
    KeyBytes { bytes: usize, limit: usize },
    ValueBytes { bytes: usize, limit: usize },
    RollbackRequired,
    Poisoned,
    Fault(Fault),
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn corrupt(page: PageId, offset: usize, what: &'static str) -> Error {
        Error(Box::new(Kind::Corrupt { page, offset: offset as u32, what }))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn foreign() -> Error {
        Error(Box::new(Kind::Foreign))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn newer(version: u32) -> Error {
        Error(Box::new(Kind::Newer { version }))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn usage(what: &'static str) -> Error {
        Error(Box::new(Kind::Usage(what)))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn key_bytes(bytes: usize, limit: usize) -> Error {
        Error(Box::new(Kind::KeyBytes { bytes, limit }))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn value_bytes(bytes: usize, limit: usize) -> Error {
        Error(Box::new(Kind::ValueBytes { bytes, limit }))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn rollback_required() -> Error {
        Error(Box::new(Kind::RollbackRequired))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn poisoned() -> Error {
        Error(Box::new(Kind::Poisoned))
    }

    /// The stored bytes are damaged; [`page`](Self::page) and [`offset`](Self::offset) say where.
    pub fn is_corrupt(&self) -> bool {
        matches!(*self.0, Kind::Corrupt { .. }) || self.fault_is(FaultKind::Corrupt)
    }

    /// The medium holds something that is not a store.
    pub fn is_foreign(&self) -> bool {
        matches!(*self.0, Kind::Foreign) || self.fault_is(FaultKind::Foreign)
    }

    /// The store was written by a later version of the format.
    pub fn is_newer_version(&self) -> bool {
        matches!(*self.0, Kind::Newer { .. })
    }

    /// The call does not fit the state or the limits: no transaction open, a key out of order.
    pub fn is_usage(&self) -> bool {
        matches!(*self.0, Kind::Usage(_))
    }

    /// A key is longer than [`key_bytes_max`](crate::key_bytes_max) or a value longer than
    /// [`VALUE_BYTES_MAX`](crate::VALUE_BYTES_MAX). Nothing was changed.
    pub fn is_too_large(&self) -> bool {
        matches!(*self.0, Kind::KeyBytes { .. } | Kind::ValueBytes { .. })
    }

    /// An earlier change failed midway: only `rollback` is possible.
    pub fn is_rollback_required(&self) -> bool {
        matches!(*self.0, Kind::RollbackRequired)
    }

    /// The outcome of a commit is unknown; the store must be opened again.
    pub fn is_poisoned(&self) -> bool {
        matches!(*self.0, Kind::Poisoned) || self.fault_is(FaultKind::Unknown)
    }

    /// The disk or the quota is full.
    pub fn is_full(&self) -> bool {
        self.fault_is(FaultKind::Full)
    }

    /// The medium or the store may only be read.
    pub fn is_read_only(&self) -> bool {
        self.fault_is(FaultKind::ReadOnly)
    }

    /// Another process holds the store; the message names it where it is known.
    pub fn is_locked(&self) -> bool {
        self.fault_is(FaultKind::Locked)
    }

    /// The folder or the database is missing, or was deleted under the open store.
    pub fn is_missing(&self) -> bool {
        self.fault_is(FaultKind::Missing)
    }

    /// What the storage reported, if the error came from there.
    pub fn fault(&self) -> Option<&Fault> {
        match &*self.0 {
            Kind::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// The page at fault, if the store is corrupt.
    pub fn page(&self) -> Option<PageId> {
        match *self.0 {
            Kind::Corrupt { page, .. } => Some(page),
            _ => None,
        }
    }

    /// The offset in bytes inside the page at fault, if the store is corrupt.
    pub fn offset(&self) -> Option<u32> {
        match *self.0 {
            Kind::Corrupt { offset, .. } => Some(offset),
            _ => None,
        }
    }

    /// A stable name for the kind of error, for tables of codes.
    pub fn code(&self) -> &'static str {
        match &*self.0 {
            Kind::Corrupt { .. } => "STORE_CORRUPT",
            Kind::Foreign => "STORE_FOREIGN",
            Kind::Newer { .. } => "STORE_NEWER_VERSION",
            Kind::Usage(_) => "STORE_USAGE",
            Kind::KeyBytes { .. } => "STORE_KEY_TOO_LARGE",
            Kind::ValueBytes { .. } => "STORE_VALUE_TOO_LARGE",
            Kind::RollbackRequired => "STORE_ROLLBACK_REQUIRED",
            Kind::Poisoned => "STORE_POISONED",
            Kind::Fault(fault) => fault.kind().code(),
        }
    }

    /// What went wrong, as it is displayed, for programs without `core::fmt`.
    pub fn message(&self) -> String {
        match &*self.0 {
            Kind::Corrupt { page, offset, what } => {
                let (page, offset) = (decimal(*page as usize), decimal(*offset as usize));
                let place = [" (page ", &page, ", offset ", &offset, ")"].concat();
                ["the store is corrupt: ", what, &place].concat()
            }
            Kind::Foreign => FaultKind::Foreign.words().to_owned(),
            Kind::Newer { version } => {
                let version = decimal(*version as usize);
                ["the store has format version ", &version, ", which is newer than this code"]
                    .concat()
            }
            Kind::Usage(what) => (*what).to_owned(),
            Kind::KeyBytes { bytes, limit } => too_long("key", *bytes, *limit),
            Kind::ValueBytes { bytes, limit } => too_long("value", *bytes, *limit),
            Kind::RollbackRequired => {
                "a change failed; the transaction must be rolled back".to_owned()
            }
            Kind::Poisoned => FaultKind::Unknown.words().to_owned(),
            Kind::Fault(fault) => fault.message(),
        }
    }

    fn fault_is(&self, kind: FaultKind) -> bool {
        matches!(&*self.0, Kind::Fault(fault) if fault.kind() == kind)
    }
}

impl From<Fault> for Error {
    #[cold]
    #[inline(never)]
    fn from(fault: Fault) -> Error {
        Error(Box::new(Kind::Fault(fault)))
    }
}

/// A number in decimal digits.
fn decimal(number: usize) -> String {
    let (mut digits, mut rest) = (Vec::new(), number);
    loop {
        digits.insert(0, b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            return digits.into_iter().map(char::from).collect();
        }
    }
}

/// What a key or a value says that is too long.
fn too_long(what: &str, bytes: usize, limit: usize) -> String {
    let parts = ["the ", what, " has ", &decimal(bytes), " bytes, more than the ", &decimal(limit)];
    parts.concat() + " allowed"
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
