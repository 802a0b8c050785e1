//! Loading entries that come in order: each goes to the end of the last leaf.

use crate::error::Error;
use crate::format::{CELL_HEADER_BYTES, SLOT_BYTES};
use crate::limits::cell_bytes_max;
use crate::node::{self, Node};
use crate::pager::Pager;
use crate::storage::{PageId, View};
use crate::tree::Path;

impl Pager {
    /// Adds entries whose keys ascend, all of them above every key of the tree; how many.
    pub(crate) fn load<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<u64, Error> {
        let mut last = self.last_key()?;
        let mut leaf = None;
        let mut count = 0;
        for (key, value) in entries {
            let (key, value) = (key.as_ref(), value.as_ref());
            self.check_sizes(key, value)?;
            if last.as_deref().is_some_and(|last| last >= key) {
                return Err(Error::usage("the keys to load must ascend, above those there are"));
            }
            leaf = self.append(leaf, key, value)?;
            let last = last.get_or_insert_default();
            last.clear();
            last.extend_from_slice(key);
            count += 1;
        }
        Ok(count)
    }

    /// Adds an entry at the end, which is in `leaf` if that is known; the leaf if it still is.
    fn append(
        &mut self,
        leaf: Option<PageId>,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<PageId>, Error> {
        let need = SLOT_BYTES + CELL_HEADER_BYTES + key.len() + value.len();
        if let Some(page) = leaf
            && need <= cell_bytes_max(self.page_bytes())
        {
            let frame = self.node_frame(page, 0, View::Current)?;
            let node = Node(self.bytes(frame));
            // Nothing bounds the last leaf above, so that it has no prefix.
            if node.prefix().is_empty() && node.gap_bytes() >= need {
                let index = node.count();
                node::insert(self.write(frame)?, index, key, value, false);
                self.meta.entries += 1;
                self.changes += 1;
                return Ok(leaf);
            }
        }
        self.put(key, value)?;
        let mut path = Path::EMPTY;
        self.search(key, View::Current, &mut path)?;
        Ok(path.len().checked_sub(1).map(|step| path.page(step)))
    }

    fn last_key(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let (mut page, mut level) = (self.meta.root, self.meta.depth);
        while level > 0 {
            level -= 1;
            let frame = self.node_frame(page, level, View::Current)?;
            let node = Node(self.bytes(frame));
            let count = node.count();
            if level == 0 {
                return Ok(count.checked_sub(1).map(|index| node.item(index).key()));
            }
            page = node.child(count);
        }
        Ok(None)
    }
}
