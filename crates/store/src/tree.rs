//! Descending the tree; reading, putting and deleting one entry.

use crate::cache::Frame;
use crate::error::Error;
use crate::format::{CELL_HEADER_BYTES, SLOT_BYTES};
use crate::limits::{DEPTH_MAX, VALUE_BYTES_MAX, capacity, cell_bytes_max, key_bytes_max};
use crate::node::{self, Node};
use crate::overflow::Chain;
use crate::pager::Pager;
use crate::storage::{PageId, View};

/// The way from the root to a leaf: pages, and in each the index of the child or the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    steps: [(PageId, u16); DEPTH_MAX],
    length: usize,
}

impl Path {
    pub(crate) const EMPTY: Path = Path { steps: [(0, 0); DEPTH_MAX], length: 0 };

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn push(&mut self, page: PageId, index: usize) {
        self.steps[self.length] = (page, index as u16);
        self.length += 1;
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub(crate) fn page(&self, step: usize) -> PageId {
        self.steps[step].0
    }

    pub(crate) fn index(&self, step: usize) -> usize {
        usize::from(self.steps[step].1)
    }

    pub(crate) fn set_index(&mut self, step: usize, index: usize) {
        self.steps[step].1 = index as u16;
    }
}

/// Where a search ended.
pub(crate) struct Found {
    pub(crate) frame: Frame,
    /// The index of the key in the leaf, or of the first greater one.
    pub(crate) index: usize,
    pub(crate) exact: bool,
}

impl Pager {
    /// Descends to the leaf for `key`; nothing if the tree is empty.
    pub(crate) fn search(
        &mut self,
        key: &[u8],
        view: View,
        path: &mut Path,
    ) -> Result<Option<Found>, Error> {
        path.clear();
        let meta = self.meta_of(view);
        let (mut page, mut level) = (meta.root, meta.depth);
        while level > 0 {
            level -= 1;
            let frame = self.node_frame(page, level, view)?;
            let node = Node(self.bytes(frame));
            if level == 0 {
                let (index, exact) = match node.search(key) {
                    Ok(index) => (index, true),
                    Err(index) => (index, false),
                };
                path.push(page, index);
                return Ok(Some(Found { frame, index, exact }));
            }
            let index = node.child_index(key);
            path.push(page, index);
            page = node.child(index);
        }
        Ok(None)
    }

    /// Descends to the leaf for `key` without noting the way.
    fn search_leaf(&mut self, key: &[u8], view: View) -> Result<Option<(Frame, usize)>, Error> {
        let meta = self.meta_of(view);
        let (mut page, mut level) = (meta.root, meta.depth);
        while level > 0 {
            level -= 1;
            let frame = self.node_frame(page, level, view)?;
            let node = Node(self.bytes(frame));
            if level == 0 {
                return Ok(node.search(key).ok().map(|index| (frame, index)));
            }
            page = node.child(node.child_index(key));
        }
        Ok(None)
    }

    pub(crate) fn get(&mut self, key: &[u8], view: View, out: &mut Vec<u8>) -> Result<bool, Error> {
        out.clear();
        let Some((frame, index)) = self.search_leaf(key, view)? else { return Ok(false) };
        self.read_value(frame, index, view, out)?;
        Ok(true)
    }

    pub(crate) fn contains(&mut self, key: &[u8], view: View) -> Result<bool, Error> {
        Ok(self.search_leaf(key, view)?.is_some())
    }

    /// Appends the value of a leaf's cell to `out`.
    pub(crate) fn read_value(
        &mut self,
        frame: Frame,
        index: usize,
        view: View,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let item = Node(self.bytes(frame)).item(index);
        if item.overflow {
            let chain = Chain::read(item.value);
            return self.read_chain(chain, view, out);
        }
        out.extend_from_slice(item.value);
        Ok(())
    }

    /// Refuses keys and values beyond the limits, before anything changes.
    pub(crate) fn check_sizes(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let limit = key_bytes_max(self.page_bytes());
        if key.len() > limit {
            return Err(Error::key_bytes(key.len(), limit));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(Error::value_bytes(value.len(), VALUE_BYTES_MAX));
        }
        Ok(())
    }

    /// Sets the value of a key; whether the key is new.
    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Error> {
        let inline_bytes = SLOT_BYTES + CELL_HEADER_BYTES + key.len() + value.len();
        if inline_bytes <= cell_bytes_max(self.page_bytes()) {
            return self.put_cell(key, value, false);
        }
        let chain = self.write_chain(value)?;
        self.put_cell(key, &chain.to_bytes(), true)
    }

    fn put_cell(&mut self, key: &[u8], value: &[u8], overflow: bool) -> Result<bool, Error> {
        self.changed = true;
        let mut path = Path::EMPTY;
        let Some(found) = self.search(key, View::Current, &mut path)? else {
            self.changes += 1;
            let (page, frame) = self.allocate()?;
            let bytes = self.write(frame)?;
            node::start(bytes, 0, 0, &[]);
            node::insert(bytes, 0, key, value, overflow);
            (self.meta.root, self.meta.depth, self.meta.entries) = (page, 1, 1);
            return Ok(true);
        };
        let Found { frame, index, exact } = found;
        if !exact {
            self.changes += 1;
            self.insert_cell(&mut path, frame, key, value, overflow)?;
            self.meta.entries += 1;
            return Ok(true);
        }
        let old = Node(self.bytes(frame)).item(index);
        let chain = old.overflow.then(|| Chain::read(old.value));
        if old.overflow == overflow && old.value.len() == value.len() {
            node::overwrite(self.write(frame)?, index, value);
        } else {
            self.changes += 1;
            node::remove(self.write(frame)?, index, index + 1);
            self.insert_cell(&mut path, frame, key, value, overflow)?;
        }
        if let Some(chain) = chain {
            self.free_value(chain)?;
        }
        Ok(false)
    }

    /// Puts a cell where the path ends, splitting nodes as need be.
    fn insert_cell(
        &mut self,
        path: &mut Path,
        frame: Frame,
        key: &[u8],
        value: &[u8],
        overflow: bool,
    ) -> Result<(), Error> {
        let step = path.len() - 1;
        let (page, index) = (path.page(step), path.index(step));
        let page_bytes = self.page_bytes();
        let prefix_bytes = Node(self.bytes(frame)).prefix().len();
        if !key.starts_with(Node(self.bytes(frame)).prefix()) {
            return Err(Error::corrupt(page, 6, "a leaf lies where its keys do not belong"));
        }
        let suffix = &key[prefix_bytes..];
        let need = SLOT_BYTES + CELL_HEADER_BYTES + suffix.len() + value.len();
        let node = Node(self.bytes(frame));
        if node.gap_bytes() < need {
            if node.used_bytes() + need > capacity(page_bytes) {
                return self.split(path, step, frame, key, value, overflow);
            }
            self.pack(frame)?;
        }
        node::insert(self.write(frame)?, index, suffix, value, overflow);
        Ok(())
    }

    pub(crate) fn pack(&mut self, frame: Frame) -> Result<(), Error> {
        let mut spare = std::mem::take(&mut self.spare[0]);
        let result = self.write(frame).map(|bytes| node::pack(bytes, &mut spare));
        self.spare[0] = spare;
        result
    }

    pub(crate) fn free_value(&mut self, chain: Chain) -> Result<(), Error> {
        let pages = chain.pages(self.page_bytes());
        self.free_chain(chain.first, chain.last, pages)
    }

    /// Removes a key; whether it was there.
    pub(crate) fn delete(&mut self, key: &[u8]) -> Result<bool, Error> {
        let mut path = Path::EMPTY;
        let Some(Found { frame, index, exact: true }) =
            self.search(key, View::Current, &mut path)?
        else {
            return Ok(false);
        };
        self.changed = true;
        self.changes += 1;
        let item = Node(self.bytes(frame)).item(index);
        let chain = item.overflow.then(|| Chain::read(item.value));
        node::remove(self.write(frame)?, index, index + 1);
        self.meta.entries = self.meta.entries.saturating_sub(1);
        self.relieve(&mut path, frame)?;
        if let Some(chain) = chain {
            self.free_value(chain)?;
        }
        Ok(true)
    }
}
