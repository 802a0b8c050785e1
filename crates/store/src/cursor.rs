//! Cursors: walking the entries in either direction, through changes.

use crate::cache::Frame;
use crate::error::Error;
use crate::node::Node;
use crate::pager::Pager;
use crate::storage::{Storage, View};
use crate::store::Store;
use crate::tree::{Found, Path};

/// A position in the order of keys.
///
/// A cursor borrows nothing: between its calls the store may be read and changed at will. It
/// stands on a key; when that key is deleted, [`next`](Self::next) and
/// [`previous`](Self::previous) go on from where it was. A cursor that has run off an end, or
/// was never placed, stands nowhere.
///
/// ```
/// # use store::{Cursor, Durability, MemoryStorage, Options, Store};
/// # fn main() -> Result<(), store::Error> {
/// # let mut store = Store::open(MemoryStorage::new(4096), Options::default())?;
/// store.begin()?;
/// for key in [b"a", b"b", b"c"] {
///     store.put(key, b"")?;
/// }
/// let mut cursor = Cursor::new();
/// assert!(cursor.seek(&mut store, b"b")?);
/// store.delete(b"b")?;
/// assert!(cursor.next(&mut store)?);
/// assert_eq!(cursor.key(), b"c");
/// assert!(!cursor.next(&mut store)?);
/// # store.rollback()
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cursor {
    key: Vec<u8>,
    path: Path,
    view: View,
    placed: bool,
    /// The store's count of changes for which `path` holds.
    changes: u64,
}

/// A count of changes that no store has: the path must be found anew.
const UNKNOWN: u64 = u64::MAX;

impl Default for Cursor {
    fn default() -> Cursor {
        Cursor::new()
    }
}

impl Cursor {
    /// A cursor that stands nowhere and sees the open transaction's changes.
    pub fn new() -> Cursor {
        Cursor::with_view(View::Current)
    }

    /// A cursor that stands nowhere and sees the committed state, whatever a transaction does.
    pub fn committed() -> Cursor {
        Cursor::with_view(View::Committed)
    }

    fn with_view(view: View) -> Cursor {
        Cursor { key: Vec::new(), path: Path::EMPTY, view, placed: false, changes: UNKNOWN }
    }

    /// The key that the cursor stands on; empty if it stands nowhere.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether the cursor stands on a key.
    pub fn is_placed(&self) -> bool {
        self.placed
    }

    /// Goes to the first key; whether there is one.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn first<S: Storage>(&mut self, store: &mut Store<S>) -> Result<bool, Error> {
        self.seek(store, &[])
    }

    /// Goes to the last key; whether there is one.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn last<S: Storage>(&mut self, store: &mut Store<S>) -> Result<bool, Error> {
        self.last_in(store.pager()?)
    }

    fn last_in(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        self.changes = UNKNOWN;
        self.path.clear();
        let meta = pager.meta_of(self.view);
        if meta.depth == 0 {
            return Ok(self.displace());
        }
        let (page, level) = (meta.root, meta.depth - 1);
        self.descend(pager, page, level, false)?;
        self.settle(pager)
    }

    /// Goes to `key`, or else to the first greater key; whether there is one.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn seek<S: Storage>(&mut self, store: &mut Store<S>, key: &[u8]) -> Result<bool, Error> {
        self.seek_in(store.pager()?, key)
    }

    fn seek_in(&mut self, pager: &mut Pager, key: &[u8]) -> Result<bool, Error> {
        self.changes = UNKNOWN;
        if pager.search(key, self.view, &mut self.path)?.is_none() {
            return Ok(self.displace());
        }
        self.settle_forward(pager)
    }

    /// Goes to the last key below `key`; whether there is one.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn seek_below<S: Storage>(
        &mut self,
        store: &mut Store<S>,
        key: &[u8],
    ) -> Result<bool, Error> {
        self.seek_below_in(store.pager()?, key)
    }

    fn seek_below_in(&mut self, pager: &mut Pager, key: &[u8]) -> Result<bool, Error> {
        self.changes = UNKNOWN;
        if pager.search(key, self.view, &mut self.path)?.is_none() {
            return Ok(self.displace());
        }
        self.step_back(pager)
    }

    /// Goes to the next key; whether there is one. Stays nowhere if it stands nowhere.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn next<S: Storage>(&mut self, store: &mut Store<S>) -> Result<bool, Error> {
        self.next_in(store.pager()?)
    }

    fn next_in(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        if !self.placed {
            return Ok(false);
        }
        if !self.renew(pager)? {
            // The key is gone; the path leads to the first greater one.
            return self.settle_forward(pager);
        }
        self.changes = UNKNOWN;
        let leaf = self.path.len() - 1;
        self.path.set_index(leaf, self.path.index(leaf) + 1);
        self.settle_forward(pager)
    }

    /// Goes to the previous key; whether there is one. Stays nowhere if it stands nowhere.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn previous<S: Storage>(&mut self, store: &mut Store<S>) -> Result<bool, Error> {
        self.previous_in(store.pager()?)
    }

    fn previous_in(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        if !self.placed {
            return Ok(false);
        }
        self.renew(pager)?;
        self.changes = UNKNOWN;
        self.step_back(pager)
    }

    /// Reads the value of the cursor's key into `out`, which is cleared first; whether the key
    /// is still there.
    ///
    /// # Errors
    /// Any error of reading the store.
    pub fn value<S: Storage>(
        &mut self,
        store: &mut Store<S>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        self.value_in(store.pager()?, out)
    }

    fn value_in(&mut self, pager: &mut Pager, out: &mut Vec<u8>) -> Result<bool, Error> {
        out.clear();
        if !self.placed || !self.renew(pager)? {
            return Ok(false);
        }
        let leaf = self.path.len() - 1;
        let frame = pager.node_frame(self.path.page(leaf), 0, self.view)?;
        let index = self.path.index(leaf);
        if index >= Node(pager.bytes(frame)).count() {
            return Err(Error::corrupt(self.path.page(leaf), 2, "a leaf has lost cells"));
        }
        pager.read_value(frame, index, self.view, out)?;
        Ok(true)
    }

    fn displace(&mut self) -> bool {
        self.key.clear();
        self.placed = false;
        false
    }

    /// Makes the path hold again after changes; whether the key is there.
    fn renew(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        if self.changes == pager.changes {
            return Ok(true);
        }
        self.changes = UNKNOWN;
        match pager.search(&self.key, self.view, &mut self.path)? {
            Some(Found { exact, .. }) => {
                // Without the key the path is good for one step only.
                if exact {
                    self.changes = pager.changes;
                }
                Ok(exact)
            }
            None => Ok(false),
        }
    }

    /// Follows the first or last children down to a leaf, and stands on its first or last cell.
    fn descend(
        &mut self,
        pager: &mut Pager,
        mut page: u32,
        mut level: u32,
        first: bool,
    ) -> Result<(), Error> {
        loop {
            let frame = pager.node_frame(page, level, self.view)?;
            let node = Node(pager.bytes(frame));
            let count = node.count();
            if level == 0 {
                self.path.push(page, if first { 0 } else { count.saturating_sub(1) });
                return Ok(());
            }
            let index = if first { 0 } else { count };
            self.path.push(page, index);
            page = node.child(index);
            level -= 1;
        }
    }

    /// Stands on the cell at the end of the path, or on the next one if the leaf ends before it.
    fn settle_forward(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        while let Some(leaf) = self.path.len().checked_sub(1) {
            let page = self.path.page(leaf);
            let frame = pager.node_frame(page, 0, self.view)?;
            if self.path.index(leaf) < Node(pager.bytes(frame)).count() {
                self.stand(pager, frame);
                return Ok(true);
            }
            if !self.turn(pager, true)? {
                break;
            }
        }
        Ok(self.displace())
    }

    fn step_back(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        let Some(leaf) = self.path.len().checked_sub(1) else { return Ok(self.displace()) };
        match self.path.index(leaf).checked_sub(1) {
            Some(index) => self.path.set_index(leaf, index),
            None if self.turn(pager, false)? => {}
            None => return Ok(self.displace()),
        }
        self.settle(pager)
    }

    /// Goes to the neighbouring leaf; whether there is one.
    fn turn(&mut self, pager: &mut Pager, forward: bool) -> Result<bool, Error> {
        let length = self.path.len();
        for step in (0..length - 1).rev() {
            let level = (length - 1 - step) as u32;
            let frame = pager.node_frame(self.path.page(step), level, self.view)?;
            let node = Node(pager.bytes(frame));
            let index = self.path.index(step);
            let index = if forward { index.checked_add(1) } else { index.checked_sub(1) };
            let Some(index) = index.filter(|&index| index <= node.count()) else { continue };
            let child = node.child(index);
            self.path.truncate(step + 1);
            self.path.set_index(step, index);
            self.descend(pager, child, level - 1, forward)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes over the key of the cell at the end of the path.
    fn settle(&mut self, pager: &mut Pager) -> Result<bool, Error> {
        let leaf = self.path.len() - 1;
        let page = self.path.page(leaf);
        let frame = pager.node_frame(page, 0, self.view)?;
        let node = Node(pager.bytes(frame));
        if self.path.index(leaf) >= node.count() {
            return Err(Error::corrupt(page, 2, "a leaf is empty"));
        }
        self.stand(pager, frame);
        Ok(true)
    }

    fn stand(&mut self, pager: &Pager, frame: Frame) {
        let item = Node(pager.bytes(frame)).item(self.path.index(self.path.len() - 1));
        self.key.clear();
        self.key.extend_from_slice(item.prefix);
        self.key.extend_from_slice(item.suffix);
        self.placed = true;
        self.changes = pager.changes;
    }
}
