//! Splitting full nodes, and merging or evening out nodes that have become too empty.

use crate::cache::Frame;
use crate::error::Error;
use crate::format::{self, SLOT_BYTES};
use crate::limits::{DEPTH_MAX, capacity};
use crate::node::{self, Item, Node};
use crate::pager::Pager;
use crate::storage::{PageId, View};
use crate::tree::Path;

/// A run of cells that are to be distributed: the first cells of one node, perhaps one more,
/// then the last cells of a node.
struct Run<'a> {
    before: Node<'a>,
    before_count: usize,
    middle: Option<Item<'a>>,
    after: Node<'a>,
    after_from: usize,
}

impl<'a> Run<'a> {
    fn count(&self) -> usize {
        let after = self.after.count() - self.after_from;
        self.before_count + usize::from(self.middle.is_some()) + after
    }

    #[inline(never)]
    fn item(&self, index: usize) -> Item<'a> {
        if index < self.before_count {
            return self.before.item(index);
        }
        let index = index - self.before_count;
        match self.middle {
            Some(middle) if index == 0 => middle,
            Some(_) => self.after.item(self.after_from + index - 1),
            None => self.after.item(self.after_from + index),
        }
    }

    fn weight(&self, from: usize, to: usize) -> usize {
        (from..to).map(|index| self.item(index).weight()).sum()
    }

    /// Builds a node out of items `from..to`.
    #[inline(never)]
    fn build(
        &self,
        page: &mut [u8],
        (from, to): (usize, usize),
        link: PageId,
        prefix: &[u8],
    ) -> Result<(), Error> {
        node::start(page, self.before.level(), link, prefix);
        (from..to).try_for_each(|index| node::append(page, &self.item(index)))
    }
}

/// The separators around a node; none at the edge of the tree.
#[derive(Default)]
struct Fences {
    low: Option<Vec<u8>>,
    high: Option<Vec<u8>>,
}

/// How a run is cut in two.
struct Cut {
    /// Items that stay left.
    left: usize,
    /// First item that goes right; one goes up in between in interior nodes.
    right: usize,
    separator: Vec<u8>,
}

#[inline(never)]
fn common_prefix<'k>(low: Option<&'k [u8]>, high: Option<&[u8]>) -> &'k [u8] {
    let (Some(low), Some(high)) = (low, high) else { return &[] };
    let bytes = low.iter().zip(high).take_while(|(a, b)| a == b).count();
    &low[..bytes]
}

#[inline(never)]
fn separator(run: &Run<'_>, level: u8, at: usize) -> Vec<u8> {
    let mut key = run.item(at).key();
    if level == 0 && at > 0 {
        // Enough of the right key to be greater than the left one.
        let bytes = run.item(at - 1).common(&run.item(at)) + 1;
        key.truncate(bytes);
    }
    key
}

/// The cut before or, in interior nodes, at item `at`, if both sides fit.
#[inline(never)]
fn cut(run: &Run<'_>, level: u8, fences: &Fences, room: usize, at: usize) -> Option<Cut> {
    let right = if level == 0 { at } else { at + 1 };
    let count = run.count();
    if at == 0 || right >= count {
        return None;
    }
    let separator = separator(run, level, at);
    let low = common_prefix(fences.low.as_deref(), Some(&separator)).len();
    let high = common_prefix(Some(&separator), fences.high.as_deref()).len();
    let size = |weight: usize, items: usize, prefix: usize| {
        (weight + prefix).saturating_sub(items * prefix)
    };
    let fits = size(run.weight(0, at), at, low) <= room
        && size(run.weight(right, count), count - right, high) <= room;
    fits.then_some(Cut { left: at, right, separator })
}

/// The most even cut whose sides both fit.
fn even_cut(run: &Run<'_>, level: u8, fences: &Fences, room: usize) -> Option<Cut> {
    let count = run.count();
    let half = run.weight(0, count) / 2;
    let mut weight = 0;
    let middle = (0..count)
        .find(|&index| {
            weight += run.item(index).weight();
            weight >= half
        })
        .unwrap_or(count / 2);
    (0..count).find_map(|distance| {
        let near = cut(run, level, fences, room, middle + distance);
        near.or_else(|| cut(run, level, fences, room, middle.checked_sub(distance)?))
    })
}

/// Builds both sides of a cut in two page buffers.
fn build_sides(
    run: &Run<'_>,
    cut: &Cut,
    fences: &Fences,
    left: &mut [u8],
    right: &mut [u8],
) -> Result<(), Error> {
    let level = run.before.level();
    let link = match level {
        0 => 0,
        _ => run.item(cut.right - 1).child(),
    };
    let first = format::link(run.before.0);
    let low = common_prefix(fences.low.as_deref(), Some(&cut.separator));
    let high = common_prefix(Some(&cut.separator), fences.high.as_deref());
    run.build(left, (0, cut.left), first, low)?;
    run.build(right, (cut.right, run.count()), link, high)
}

/// Replaces the content of a page, keeping the fields of the transaction.
fn replace(page: &mut [u8], content: &[u8]) {
    let (transaction, savepoint) = (format::transaction(page), format::savepoint(page));
    page.copy_from_slice(content);
    format::set_transaction(page, transaction);
    format::set_savepoint(page, savepoint);
}

fn out_of_order(page: PageId) -> Error {
    Error::corrupt(page, 0, "a node cannot be divided")
}

impl Pager {
    fn fences(&mut self, path: &Path, step: usize) -> Result<Fences, Error> {
        let mut fences = Fences::default();
        for above in (0..step).rev() {
            let index = path.index(above);
            let frame = self.frame(path.page(above), View::Current)?;
            let node = Node(self.bytes(frame));
            if fences.low.is_none() && index > 0 && index <= node.count() {
                fences.low = Some(node.item(index - 1).key());
            }
            if fences.high.is_none() && index < node.count() {
                fences.high = Some(node.item(index).key());
            }
            if fences.low.is_some() && fences.high.is_some() {
                break;
            }
        }
        Ok(fences)
    }

    /// The separator above the leaf at the end of `path`, if it is not the last leaf.
    pub(crate) fn fence_above(&mut self, path: &Path) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.fences(path, path.len() - 1)?.high)
    }

    #[inline(never)]
    fn put_page(&mut self, page: PageId, content: &[u8]) -> Result<(), Error> {
        let frame = self.frame(page, View::Current)?;
        replace(self.write(frame)?, content);
        Ok(())
    }

    /// Splits the node at `step` of the path while adding a cell there.
    pub(crate) fn split(
        &mut self,
        path: &mut Path,
        step: usize,
        frame: Frame,
        key: &[u8],
        value: &[u8],
        overflow: bool,
    ) -> Result<(), Error> {
        let mut spare = std::mem::take(&mut self.spare);
        spare[0].copy_from_slice(self.bytes(frame));
        let result = self.split_copy(path, step, &mut spare, (key, value, overflow));
        self.spare = spare;
        let (separator, right) = result?;
        self.add_separator(path, step, &separator, right)
    }

    fn split_copy(
        &mut self,
        path: &Path,
        step: usize,
        spare: &mut [Vec<u8>; 4],
        (key, value, overflow): (&[u8], &[u8], bool),
    ) -> Result<(Vec<u8>, PageId), Error> {
        let [old, left, right, _] = spare;
        let (page, index) = (path.page(step), path.index(step));
        let fences = self.fences(path, step)?;
        let node = Node(old);
        let middle = Item { prefix: &[], suffix: key, value, overflow };
        let run = Run {
            before: node,
            before_count: index,
            middle: Some(middle),
            after: node,
            after_from: index,
        };
        let room = capacity(self.page_bytes());
        let level = node.level();
        // Keys that arrive in order fill their leaves.
        let append = level == 0 && fences.high.is_none() && index == node.count();
        let chosen = if append { cut(&run, level, &fences, room, index) } else { None };
        let chosen = match chosen {
            Some(chosen) => chosen,
            None => even_cut(&run, level, &fences, room).ok_or_else(|| out_of_order(page))?,
        };
        build_sides(&run, &chosen, &fences, left, right)?;
        let (right_page, frame) = self.allocate()?;
        replace(self.write(frame)?, right);
        self.put_page(page, left)?;
        Ok((chosen.separator, right_page))
    }

    /// Tells the parent of the node at `step` that `right` has come to its right.
    fn add_separator(
        &mut self,
        path: &mut Path,
        step: usize,
        separator: &[u8],
        right: PageId,
    ) -> Result<(), Error> {
        let child = right.to_le_bytes();
        let Some(above) = step.checked_sub(1) else {
            if self.meta.depth as usize + 1 >= DEPTH_MAX {
                return Err(Error::corrupt(right, 1, "the tree is too deep"));
            }
            let level = self.meta.depth as u8;
            let left = self.meta.root;
            let (page, frame) = self.allocate()?;
            let bytes = self.write(frame)?;
            node::start(bytes, level, left, &[]);
            node::insert(bytes, 0, separator, &child, false);
            self.meta.root = page;
            self.meta.depth += 1;
            return Ok(());
        };
        let page = path.page(above);
        let index = path.index(above);
        let frame = self.frame(page, View::Current)?;
        let node = Node(self.bytes(frame));
        let prefix_bytes = node.prefix().len();
        if !separator.starts_with(node.prefix()) || index > node.count() {
            return Err(Error::corrupt(page, 6, "a node lies where its keys do not belong"));
        }
        let suffix = &separator[prefix_bytes..];
        let need = SLOT_BYTES + format::CELL_HEADER_BYTES + suffix.len() + child.len();
        if node.gap_bytes() < need {
            if node.used_bytes() + need > capacity(self.page_bytes()) {
                return self.split(path, above, frame, separator, &child, false);
            }
            self.pack(frame)?;
        }
        node::insert(self.write(frame)?, index, suffix, &child, false);
        Ok(())
    }

    /// Repairs the shape of the tree after cells left the leaf at the end of `path`.
    pub(crate) fn relieve(&mut self, path: &mut Path, frame: Frame) -> Result<(), Error> {
        let quarter = capacity(self.page_bytes()) / 4;
        let mut step = path.len() - 1;
        let mut frame = frame;
        loop {
            let node = Node(self.bytes(frame));
            if step == 0 {
                return self.relieve_root(path.page(0), node.level(), node.count());
            }
            if node.count() > 0 && node.used_bytes() >= quarter {
                return Ok(());
            }
            if !self.join(path, step)? {
                return Ok(());
            }
            step -= 1;
            frame = self.frame(path.page(step), View::Current)?;
        }
    }

    fn relieve_root(&mut self, page: PageId, level: u8, count: usize) -> Result<(), Error> {
        if count > 0 {
            return Ok(());
        }
        let child = match level {
            0 => 0,
            _ => {
                let frame = self.frame(page, View::Current)?;
                format::link(self.bytes(frame))
            }
        };
        self.meta.root = child;
        self.meta.depth -= 1;
        self.free(page)
    }

    /// Merges the node at `step` with a neighbour, or evens the two out; whether they merged.
    fn join(&mut self, path: &mut Path, step: usize) -> Result<bool, Error> {
        let mut spare = std::mem::take(&mut self.spare);
        let result = self.join_copies(path, step, &mut spare);
        self.spare = spare;
        match result? {
            Joined::Merged => Ok(true),
            Joined::Unchanged => Ok(false),
            Joined::Evened { separator, right } => {
                self.add_separator(path, step, &separator, right)?;
                Ok(false)
            }
        }
    }

    fn join_copies(
        &mut self,
        path: &mut Path,
        step: usize,
        spare: &mut [Vec<u8>; 4],
    ) -> Result<Joined, Error> {
        let [left, right, new_left, new_right] = spare;
        let above = step - 1;
        let parent = path.page(above);
        let frame = self.frame(parent, View::Current)?;
        let node = Node(self.bytes(frame));
        let level = u32::from(node.level()).saturating_sub(1);
        let Some(last) = node.count().checked_sub(1) else { return Err(out_of_order(parent)) };
        let index = path.index(above).min(last);
        let separator = node.item(index).key();
        let (left_page, right_page) = (node.child(index), node.child(index + 1));
        let frame = self.node_frame(left_page, level, View::Current)?;
        left.copy_from_slice(self.bytes(frame));
        let frame = self.node_frame(right_page, level, View::Current)?;
        right.copy_from_slice(self.bytes(frame));

        // The fences of both together, as seen from either child.
        path.set_index(above, index);
        let low = self.fences(path, step)?.low;
        path.set_index(above, index + 1);
        let high = self.fences(path, step)?.high;
        path.set_index(above, index);
        let fences = Fences { low, high };

        let (before, after) = (Node(left), Node(right));
        let child = format::link(right).to_le_bytes();
        let middle = (level > 0).then_some(Item {
            prefix: &[],
            suffix: &separator,
            value: &child,
            overflow: false,
        });
        let before_count = before.count();
        let run = Run { before, before_count, middle, after, after_from: 0 };
        let room = capacity(self.page_bytes());
        let prefix = common_prefix(fences.low.as_deref(), fences.high.as_deref());
        let count = run.count();
        let bytes = (run.weight(0, count) + prefix.len()).saturating_sub(count * prefix.len());
        let smaller = before.count().min(after.count());
        // Not quite full, so that the next entry does not split it again; but an empty node
        // must go.
        if bytes <= room * 7 / 8 || (smaller == 0 && bytes <= room) {
            let link = format::link(left);
            run.build(new_left, (0, count), link, prefix)?;
            self.put_page(left_page, new_left)?;
            self.free(right_page)?;
            let frame = self.frame(parent, View::Current)?;
            node::remove(self.write(frame)?, index, index + 1);
            return Ok(Joined::Merged);
        }
        let Some(cut) = even_cut(&run, level as u8, &fences, room) else {
            return if smaller == 0 { Err(out_of_order(left_page)) } else { Ok(Joined::Unchanged) };
        };
        if cut.left == before.count() && level == 0 {
            return Ok(Joined::Unchanged);
        }
        build_sides(&run, &cut, &fences, new_left, new_right)?;
        self.put_page(left_page, new_left)?;
        self.put_page(right_page, new_right)?;
        // The separator leaves its place and comes back, perhaps longer, as after a split.
        let frame = self.frame(parent, View::Current)?;
        node::remove(self.write(frame)?, index, index + 1);
        Ok(Joined::Evened { separator: cut.separator, right: right_page })
    }
}

enum Joined {
    Merged,
    Evened { separator: Vec<u8>, right: PageId },
    Unchanged,
}
