//! Checking a whole store, and measuring its shape.

use crate::error::Error;
use crate::format::{self, HEADER_BYTES, Meta, PageKind};
use crate::limits::{DEPTH_MAX, capacity};
use crate::node::Node;
use crate::overflow::Chain;
use crate::storage::{PageId, Storage, View};
use std::fmt;

/// Most problems that a report lists one by one; the rest are counted.
const PROBLEMS_LISTED: usize = 100;

/// One thing wrong with a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The page where it shows.
    pub page: PageId,
    /// The offset in bytes inside the page.
    pub offset: u32,
    /// What is wrong.
    pub what: String,
}

/// One level of the tree, leaves being level 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Level {
    /// Nodes of this level.
    pub nodes: u64,
    /// Cells in them.
    pub cells: u64,
    /// Bytes of prefixes, slots and cells.
    pub used_bytes: u64,
    /// Bytes that there is room for.
    pub room_bytes: u64,
}

/// Sizes and counts of a store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// Size of a page in bytes.
    pub page_bytes: u32,
    /// Pages of the store, page 0 included.
    pub pages: u32,
    /// Number of the last transaction.
    pub transaction: u64,
    /// Entries found in the leaves.
    pub entries: u64,
    /// Bytes of their keys, uncompressed.
    pub key_bytes: u64,
    /// Bytes of their values.
    pub value_bytes: u64,
    /// Entries whose value is in overflow pages.
    pub overflow_values: u64,
    /// Overflow pages in use.
    pub overflow_pages: u64,
    /// Pages on the free list.
    pub free_pages: u64,
    /// The levels of the tree from the leaves up.
    pub levels: Vec<Level>,
}

/// What [`verify`] found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Sizes and counts of what could be read.
    pub shape: Shape,
    /// The first problems, in the order in which they were met.
    pub problems: Vec<Problem>,
    /// All problems, listed or not.
    pub problem_count: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }
}

/// Checks the committed state of a store: every page and its checksum, the order of keys, that
/// every page has one use, the overflow chains, the free list and the counts.
///
/// It takes one bit of memory for each page of the store.
///
/// ```
/// use store::{Durability, MemoryStorage, Options, Store};
/// # fn main() -> Result<(), store::Error> {
/// let mut store = Store::open(MemoryStorage::new(4096), Options::default())?;
/// store.begin()?;
/// store.put(b"key", b"value")?;
/// store.commit(Durability::Strict)?;
/// let report = store::verify(&mut store.close()?)?;
/// assert!(report.is_sound());
/// assert_eq!(report.shape.entries, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the header cannot be read or understood. Everything else that is wrong, faults of the
/// storage included, becomes a problem in the report.
pub fn verify<S: Storage>(storage: &mut S) -> Result<Report, Error> {
    let length = storage.length()?;
    let page_bytes = length.page_bytes as usize;
    let mut report = Report::default();
    report.shape.page_bytes = length.page_bytes;
    if length.pages == 0 {
        return Ok(report);
    }
    let mut header = vec![0; page_bytes];
    storage.read(0, View::Committed, &mut header)?;
    let meta = Meta::read(&header)?;
    report.shape.pages = meta.pages;
    report.shape.transaction = meta.transaction;
    let pages = meta.pages.min(length.pages);
    let mut walk = Walk { storage, meta, report, used: vec![0; pages as usize / 8 + 1], pages };
    if meta.pages > length.pages {
        walk.problem(0, 48, "the store has been cut short");
    }
    walk.tree(&mut header);
    walk.free_list(&mut header);
    walk.leftovers(&mut header);
    Ok(walk.report)
}

/// Measures the committed state of a store, damaged or not.
///
/// # Errors
/// If the header cannot be read or understood.
pub fn inspect<S: Storage>(storage: &mut S) -> Result<Shape, Error> {
    Ok(verify(storage)?.shape)
}

struct Walk<'a, S> {
    storage: &'a mut S,
    meta: Meta,
    report: Report,
    used: Vec<u8>,
    pages: u32,
}

struct Bounds<'k> {
    low: Option<&'k [u8]>,
    high: Option<&'k [u8]>,
}

impl<S: Storage> Walk<'_, S> {
    fn problem(&mut self, page: PageId, offset: usize, what: &str) {
        self.report.problem_count += 1;
        if self.report.problems.len() < PROBLEMS_LISTED {
            let problem = Problem { page, offset: offset as u32, what: what.to_owned() };
            self.report.problems.push(problem);
        }
    }

    fn is_used(&self, page: PageId) -> bool {
        self.used[page as usize / 8] & 1 << (page % 8) != 0
    }

    /// Reads a page that something refers to; whether it can be gone into.
    fn visit(&mut self, page: PageId, into: &mut [u8]) -> bool {
        if page == 0 || page >= self.pages {
            self.problem(page, 0, "a reference leads outside the store");
            return false;
        }
        if self.is_used(page) {
            self.problem(page, 0, "a page has two uses");
            return false;
        }
        self.used[page as usize / 8] |= 1 << (page % 8);
        self.read(page, into)
    }

    fn read(&mut self, page: PageId, into: &mut [u8]) -> bool {
        let checked = match self.storage.read(page, View::Committed, into) {
            Ok(()) => format::check_page(into, page, self.meta.transaction),
            Err(fault) => Err(fault.into()),
        };
        if let Err(error) = &checked {
            self.problem(page, error.offset().unwrap_or(0) as usize, &error.to_string());
        }
        checked.is_ok()
    }

    fn tree(&mut self, page: &mut [u8]) {
        if self.meta.depth > 0 {
            self.report.shape.levels = vec![Level::default(); self.meta.depth as usize];
            let (root, level) = (self.meta.root, self.meta.depth as usize - 1);
            self.node(root, level, &Bounds { low: None, high: None });
        }
        page.fill(0);
        if self.report.shape.entries != self.meta.entries && self.report.is_sound() {
            self.problem(0, 72, "the number of entries is wrong");
        }
    }

    /// Checks a node and all below it. The recursion is as deep as the tree, which is limited.
    fn node(&mut self, id: PageId, level: usize, bounds: &Bounds<'_>) {
        debug_assert!(level < DEPTH_MAX);
        let mut bytes = vec![0; self.report.shape.page_bytes as usize];
        if !self.visit(id, &mut bytes) {
            return;
        }
        if format::kind(&bytes) > PageKind::Interior as u8
            || usize::from(format::level(&bytes)) != level
        {
            return self.problem(id, 1, "a node is not of the level it should be");
        }
        let node = Node(&bytes);
        if node.count() == 0 {
            return self.problem(id, 2, "a node is empty");
        }
        let figures = &mut self.report.shape.levels[level];
        figures.nodes += 1;
        figures.cells += node.count() as u64;
        figures.used_bytes += node.used_bytes() as u64;
        figures.room_bytes += capacity(bytes.len()) as u64;
        let keys: Vec<Vec<u8>> = (0..node.count()).map(|index| node.item(index).key()).collect();
        if !keys.is_sorted_by(|a, b| a < b)
            || bounds.low.is_some_and(|low| keys[0].as_slice() < low)
            || bounds.high.is_some_and(|high| keys[keys.len() - 1].as_slice() >= high)
        {
            self.problem(id, HEADER_BYTES, "keys are out of order");
        }
        for index in 0..=node.count() {
            if level > 0 {
                let low = index.checked_sub(1).map(|index| keys[index].as_slice());
                let high = keys.get(index).map(Vec::as_slice);
                let inner = Bounds { low: low.or(bounds.low), high: high.or(bounds.high) };
                self.node(node.child(index), level - 1, &inner);
            } else if index < node.count() {
                self.entry(node, index);
            }
        }
    }

    fn entry(&mut self, node: Node<'_>, index: usize) {
        let item = node.item(index);
        self.report.shape.entries += 1;
        self.report.shape.key_bytes += item.key_bytes() as u64;
        if item.overflow {
            let chain = Chain::read(item.value);
            self.report.shape.overflow_values += 1;
            self.report.shape.value_bytes += u64::from(chain.bytes);
            self.chain(chain);
        } else {
            self.report.shape.value_bytes += item.value.len() as u64;
        }
    }

    fn chain(&mut self, chain: Chain) {
        let mut bytes = vec![0; self.report.shape.page_bytes as usize];
        let pages = chain.pages(bytes.len());
        let mut page = chain.first;
        for index in 0..pages {
            if !self.visit(page, &mut bytes) {
                return;
            }
            if format::kind(&bytes) != PageKind::Overflow as u8 {
                return self.problem(page, 0, "an overflow chain is broken");
            }
            self.report.shape.overflow_pages += 1;
            if index + 1 == pages && page != chain.last {
                self.problem(page, 0, "an overflow chain has a wrong end");
            }
            page = format::link(&bytes);
        }
    }

    fn free_list(&mut self, bytes: &mut [u8]) {
        let mut page = self.meta.free_head;
        while page != 0 {
            if !self.visit(page, bytes) {
                return;
            }
            let kind = format::kind(bytes);
            if kind != PageKind::Free as u8 && kind != PageKind::Overflow as u8 {
                return self.problem(page, 0, "the free list holds a page in use");
            }
            self.report.shape.free_pages += 1;
            page = format::link(bytes);
        }
        if self.report.shape.free_pages != u64::from(self.meta.free_count) {
            self.problem(0, 60, "the number of free pages is wrong");
        }
    }

    /// Pages that nothing refers to. Below a damaged page they are a consequence, not counted.
    fn leftovers(&mut self, bytes: &mut [u8]) {
        let sound = self.report.is_sound();
        for page in 1..self.pages {
            if !self.is_used(page) {
                if sound {
                    self.problem(page, 0, "a page is neither in use nor free");
                }
                self.read(page, bytes);
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(f)?;
        for problem in &self.problems {
            let Problem { page, offset, what } = problem;
            writeln!(f, "page {page}, offset {offset}: {what}")?;
        }
        match self.problem_count {
            0 => writeln!(f, "no problems"),
            count => writeln!(f, "{count} problems"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "pages        {} of {} bytes", self.pages, self.page_bytes)?;
        writeln!(f, "transaction  {}", self.transaction)?;
        writeln!(f, "entries      {}", self.entries)?;
        writeln!(f, "keys         {} bytes", self.key_bytes)?;
        writeln!(f, "values       {} bytes", self.value_bytes)?;
        writeln!(f, "overflow     {} values, {} pages", self.overflow_values, self.overflow_pages)?;
        writeln!(f, "free         {} pages", self.free_pages)?;
        for (level, figures) in self.levels.iter().enumerate().rev() {
            let Level { nodes, cells, used_bytes, room_bytes } = *figures;
            let fill = used_bytes * 100 / room_bytes.max(1);
            writeln!(f, "level {level:<6} {nodes} nodes, {cells} cells, {fill} % full")?;
        }
        Ok(())
    }
}
