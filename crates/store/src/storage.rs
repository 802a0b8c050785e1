//! The medium as the store sees it: six methods and their contract.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

/// Number of a page; page 0 is the header of the store.
pub type PageId = u32;

/// Number of a commit that the storage has taken over, counted from 1 for each open storage.
pub type Ticket = u64;

/// First page number that is never part of the store: pages from here on may be staged and read
/// back within a transaction, and vanish with it. The store keeps savepoints there.
pub const SCRATCH_FIRST: PageId = 1 << 31;

/// Which state of a page is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// The page as it was last staged in the open transaction, or else as committed.
    Current,
    /// The page as the last commit left it, whatever has been staged since.
    Committed,
}

/// When a commit may be reported as durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Only when the medium has it: it survives the loss of power.
    Strict,
    /// At any time; it becomes durable with the next strict commit at the latest.
    Relaxed,
}

/// What a storage holds, and how far it is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length {
    /// Size of every page in bytes.
    pub page_bytes: u32,
    /// Committed pages; 0 for a storage that has never been committed to.
    pub pages: u32,
    /// Ticket of the newest commit taken over.
    pub handed_over: Ticket,
    /// Ticket of the newest commit that is durable, and with it every earlier one.
    pub durable: Ticket,
    /// Whether the pages stay in memory while the storage is open. What was right once then
    /// stays right, so that the store need not check a page whenever it reads it.
    pub in_memory: bool,
}

/// A medium of pages with atomic commits. Rust never waits for it.
///
/// # Contract
///
/// All pages have one size, which never changes while the storage is open. The storage does not
/// look into pages, but for the start of page 0, which says that this is a store and how large its
/// pages are. There is one caller, and calls do not overlap.
///
/// - **Staging.** A staged page is visible to [`View::Current`] at once, to [`View::Committed`]
///   after the commit, and to nobody after an abort. A page may be staged again and again; the
///   last one counts. The number of staged pages has no limit but the medium.
/// - **Commit.** All staged pages below the new length become the committed state together, or
///   none does: after a crash at any moment the medium shows a state between two commits, and
///   never an earlier one than the newest ticket reported durable.
/// - **Tickets.** A commit may return before it is durable. It is then *handed over*: reads see
///   it, and it becomes durable later, in the order of tickets. [`length`](Self::length) tells
///   how far. A host whose medium answers asynchronously (IndexedDB) keeps the pages in its own
///   memory until then and may join all that queue up meanwhile into one medium transaction. If
///   the medium refuses a commit that was handed over, the host keeps the pages, goes on
///   serving reads from them, and reports the fault from `length` and from every later
///   `commit` until a retry succeeds; `durable` does not move.
/// - **Faults.** A commit that returns a fault has changed nothing and has dropped what was
///   staged; the storage stays usable. The exception is [`FaultKind::Unknown`]: whether the
///   commit happened is known only after the storage is opened again, and until then every
///   call returns that fault.
///
/// `Any` lets a store give back the storage that it was opened on.
pub trait Storage: Any {
    /// Fills `into`, one page long, with page `page` as `view` sees it.
    ///
    /// # Errors
    /// Any [`Fault`] of the medium; a page outside the store is one of kind
    /// [`FaultKind::Corrupt`].
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault>;

    /// Takes over the content of page `page` for the next commit. `bytes` is one page long.
    ///
    /// # Errors
    /// Any [`Fault`]; what was staged before stays staged.
    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault>;

    /// Makes all staged pages below `pages` the committed state, which is `pages` pages long,
    /// and drops the other staged pages. With nothing staged, a strict commit of the same
    /// length asks only that everything handed over becomes durable.
    ///
    /// # Errors
    /// See the contract: nothing has changed, unless the fault is [`FaultKind::Unknown`].
    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault>;

    /// Drops everything staged since the last commit.
    fn abort(&mut self);

    /// The committed length and how far commits are durable.
    ///
    /// # Errors
    /// The fault that keeps a commit that was handed over from becoming durable.
    fn length(&mut self) -> Result<Length, Fault>;

    /// Makes everything handed over durable, where that needs no waiting, and lets go of the
    /// medium. No other call may follow.
    ///
    /// # Errors
    /// Any [`Fault`]; the medium is let go of all the same.
    fn close(&mut self) -> Result<(), Fault>;
}

impl<S: Storage + ?Sized> Storage for Box<S> {
    fn read(&mut self, page: PageId, view: View, into: &mut [u8]) -> Result<(), Fault> {
        (**self).read(page, view, into)
    }

    fn stage(&mut self, page: PageId, bytes: &[u8]) -> Result<(), Fault> {
        (**self).stage(page, bytes)
    }

    fn commit(&mut self, pages: u32, durability: Durability) -> Result<Ticket, Fault> {
        (**self).commit(pages, durability)
    }

    fn abort(&mut self) {
        (**self).abort();
    }

    fn length(&mut self) -> Result<Length, Fault> {
        (**self).length()
    }

    fn close(&mut self) -> Result<(), Fault> {
        (**self).close()
    }
}

/// What kind of trouble a storage reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// The medium failed in some other way.
    Io,
    /// The disk or the quota is full.
    Full,
    /// The medium may only be read.
    ReadOnly,
    /// Somebody else holds the store.
    Locked,
    /// The folder, file or database does not exist, or no longer does.
    Missing,
    /// The medium's own structures are damaged.
    Corrupt,
    /// The medium holds something else.
    Foreign,
    /// It is unknown whether the last commit happened.
    Unknown,
}

impl FaultKind {
    /// The stable code of this kind.
    pub fn code(self) -> &'static str {
        match self {
            FaultKind::Io => "STORE_IO",
            FaultKind::Full => "STORE_FULL",
            FaultKind::ReadOnly => "STORE_READ_ONLY",
            FaultKind::Locked => "STORE_LOCKED",
            FaultKind::Missing => "STORE_MISSING",
            FaultKind::Corrupt => "STORE_CORRUPT",
            FaultKind::Foreign => "STORE_FOREIGN",
            FaultKind::Unknown => "STORE_POISONED",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            FaultKind::Io => "the medium failed",
            FaultKind::Full => "the disk or the quota is full",
            FaultKind::ReadOnly => "the medium may only be read",
            FaultKind::Locked => "the store is in use",
            FaultKind::Missing => "the store is missing",
            FaultKind::Corrupt => "the store is damaged",
            FaultKind::Foreign => "this is not a store",
            FaultKind::Unknown => "the outcome of a commit is unknown; open the store again",
        }
    }
}

/// Trouble reported by a [`Storage`]: a kind and, where there is more to say, words.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault(
    /// Elsewhere, so that a result without a fault is one word.
    Box<Parts>,
);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    kind: FaultKind,
    detail: Option<Cow<'static, str>>,
}

impl Fault {
    /// A fault of `kind` without further words.
    #[cold]
    #[inline(never)]
    pub fn new(kind: FaultKind) -> Fault {
        Fault(Box::new(Parts { kind, detail: None }))
    }

    /// A fault of `kind` with words that help: a path, the holder of a lock, the system's text.
    #[cold]
    pub fn with_detail(kind: FaultKind, detail: impl Into<Cow<'static, str>>) -> Fault {
        Fault::of_parts(kind, detail.into())
    }

    #[cold]
    #[inline(never)]
    fn of_parts(kind: FaultKind, detail: Cow<'static, str>) -> Fault {
        Fault(Box::new(Parts { kind, detail: Some(detail) }))
    }

    /// The same words under another kind.
    #[cold]
    #[inline(never)]
    pub(crate) fn with_kind(&self, kind: FaultKind) -> Fault {
        Fault(Box::new(Parts { kind, detail: self.0.detail.clone() }))
    }

    /// The kind of trouble.
    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// All that there is to say, as it is displayed, for programs without `core::fmt`.
    pub fn message(&self) -> String {
        let words = self.0.kind.words();
        match self.detail() {
            Some(detail) => [words, ": ", detail].concat(),
            None => words.to_owned(),
        }
    }

    /// Further words, if there are any.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Fault {}
