//! Whole ranges of keys: deleting them, and estimating how many there are.

use crate::error::Error;
use crate::node::Node;
use crate::overflow::Chain;
use crate::pager::Pager;
use crate::storage::View;
use crate::tree::Path;

impl Pager {
    /// Deletes the keys from `low` up to, not including, `high`; how many there were.
    pub(crate) fn delete_range(&mut self, low: &[u8], high: Option<&[u8]>) -> Result<u64, Error> {
        let mut deleted = 0;
        let mut from = low.to_vec();
        let mut path = Path::EMPTY;
        while high.is_none_or(|high| from.as_slice() < high) {
            let Some(found) = self.search(&from, View::Current, &mut path)? else { break };
            let node = Node(self.bytes(found.frame));
            let count = node.count();
            let end = match high {
                Some(high) => node.search(high).unwrap_or_else(|index| index).max(found.index),
                None => count,
            };
            let above = if end == count { self.fence_above(&path)? } else { None };
            if end > found.index {
                deleted += (end - found.index) as u64;
                self.delete_cells(&mut path, found.index, end)?;
            }
            match above {
                Some(above) if above > from => from = above,
                Some(_) => {
                    let page = path.page(path.len() - 1);
                    return Err(Error::corrupt(page, 0, "keys are out of order"));
                }
                None => break,
            }
        }
        Ok(deleted)
    }

    fn delete_cells(&mut self, path: &mut Path, from: usize, to: usize) -> Result<(), Error> {
        self.changed = true;
        self.changes += 1;
        let page = path.page(path.len() - 1);
        for index in from..to {
            let frame = self.node_frame(page, 0, View::Current)?;
            let item = Node(self.bytes(frame)).item(index);
            if item.overflow {
                let chain = Chain::read(item.value);
                self.free_value(chain)?;
            }
        }
        let frame = self.node_frame(page, 0, View::Current)?;
        crate::node::remove(self.write(frame)?, from, to);
        self.meta.entries = self.meta.entries.saturating_sub((to - from) as u64);
        self.relieve(path, frame)
    }

    /// About how many keys lie from `low` up to, not including, `high`: exact within one leaf,
    /// else from the shape of the tree.
    pub(crate) fn estimate(
        &mut self,
        low: &[u8],
        high: Option<&[u8]>,
        view: View,
    ) -> Result<u64, Error> {
        let (mut low_path, mut high_path) = (Path::EMPTY, Path::EMPTY);
        if self.search(low, view, &mut low_path)?.is_none() {
            return Ok(0);
        }
        let leaf = low_path.len() - 1;
        let start = self.rank(&low_path, view)?;
        let Some(high) = high else {
            let entries = self.meta_of(view).entries as f64;
            return Ok((entries * (1.0 - start)).round() as u64);
        };
        if high <= low {
            return Ok(0);
        }
        self.search(high, view, &mut high_path)?;
        if low_path.page(leaf) == high_path.page(leaf) {
            return Ok(high_path.index(leaf).saturating_sub(low_path.index(leaf)) as u64);
        }
        let end = self.rank(&high_path, view)?;
        let entries = self.meta_of(view).entries as f64;
        // Two leaves are involved, so that there may well be an entry.
        Ok((entries * (end - start)).round().max(1.0) as u64)
    }

    /// The part of all entries, from 0 to 1, that lies before the end of a path.
    fn rank(&mut self, path: &Path, view: View) -> Result<f64, Error> {
        let mut rank = 0.0;
        for step in (0..path.len()).rev() {
            let frame = self.frame(path.page(step), view)?;
            let count = Node(self.bytes(frame)).count();
            let leaf = step + 1 == path.len();
            let children = if leaf { count.max(1) } else { count + 1 };
            rank = (path.index(step) as f64 + rank) / children as f64;
        }
        Ok(rank)
    }
}
