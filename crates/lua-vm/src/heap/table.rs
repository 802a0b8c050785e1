//! The Lua table: an array part and a chained hash part with Brent's variation.
//!
//! The design follows "The Implementation of Lua 5.0" (Ierusalimschy, de Figueiredo, Celes):
//! integer keys 1..n live in an array when more than half of its slots would be in use, all other
//! keys in a scatter table in which an element out of its main position yields to one that is in
//! its own. Removed keys stay as dead entries, so that a traversal may assign nil to fields.

use std::cell::Cell;

use super::account::{Account, OutOfMemory, reserve};
use super::arena::Object;
use super::color;
use super::string::Strings;
use crate::value::{StringId, TableId, Value, float_to_integer, tag};

/// Ends a chain: no array of nodes is that long, so that following it fails the bounds check.
const END: u32 = u32::MAX;
/// Set in the key tag of an empty entry whose key object may be collected; the rest stays for
/// `next`.
pub(crate) const DEAD: u32 = 1 << 31;
/// Largest size of a hash part.
const NODES_MAX: usize = 1 << 26;

/// One entry of the hash part. The key is kept apart into tag and payload to make room for the
/// chain link in 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub value: Value,
    pub key_payload: u64,
    pub key_tag: u32,
    next: u32,
}

const _: () = assert!(size_of::<Node>() == 32);

impl Node {
    const EMPTY: Node = Node { value: Value::NIL, key_payload: 0, key_tag: 0, next: END };

    #[inline(always)]
    pub fn key(&self) -> Value {
        Value { tag: self.key_tag as u64, payload: self.key_payload }
    }

    #[inline(always)]
    pub fn is_string(&self, id: StringId) -> bool {
        self.key_payload == id.0 as u64 && self.key_tag == tag::STRING as u32
    }
}

/// A metatable or none, in four bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta(u32);

impl Meta {
    /// No arena is that long.
    pub const NONE: Meta = Meta(u32::MAX);

    #[inline(always)]
    pub fn get(self) -> Option<TableId> {
        (!self.is_none()).then_some(TableId(self.0))
    }

    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.0 == Meta::NONE.0
    }
}

impl From<Option<TableId>> for Meta {
    fn from(table: Option<TableId>) -> Meta {
        table.map_or(Meta::NONE, |table| Meta(table.0))
    }
}

/// A table of the heap. In WebAssembly its size is a power of two, so that finding it takes no
/// multiplication.
#[derive(Debug)]
pub struct Table {
    pub(crate) array: Vec<Value>,
    pub(crate) nodes: Box<[Node]>,
    /// The metatable; of an external table its gate, so that no miss takes a fast path.
    pub(crate) meta: Meta,
    /// Free nodes lie below this index.
    free_below: u32,
    /// How far from the end of the array part the last border was found, if that is not too far:
    /// a guess where to look for the next one.
    border_gap: u16,
    mark: u8,
    /// Entries have changed places since the collector began its visit.
    pub(crate) moved: bool,
}

const _: () = assert!(size_of::<Table>() == if size_of::<usize>() == 4 { 32 } else { 56 });

impl Object for Table {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.array.capacity() * size_of::<Value>() + size_of_val(&*self.nodes)
    }
    fn clear(&mut self) {
        self.array = Vec::new();
        self.nodes = Box::default();
        self.meta = Meta::NONE;
    }
}

/// Where a key was found.
enum Slot {
    Array(usize),
    Node(usize),
}

/// Where a traversal goes on.
pub(crate) enum Step {
    Element(usize),
    Node(usize),
    End,
    /// Only the general way can tell.
    Far,
}

/// `next` was given a key that is not in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKey;

impl Table {
    pub(crate) fn new(mark: u8) -> Table {
        Table {
            array: Vec::new(),
            nodes: Box::default(),
            meta: Meta::NONE,
            free_below: 0,
            border_gap: 0,
            mark,
            moved: false,
        }
    }

    /// The color and flags, for the write barrier.
    #[inline(always)]
    pub(crate) fn color(&self) -> u8 {
        self.mark
    }

    /// Whether an embedder keeps its entries.
    #[inline(always)]
    pub(crate) fn is_external(&self) -> bool {
        self.mark & color::EXTERNAL != 0
    }

    // ---- reading ----

    /// Index of the node that holds an interned string as its key.
    #[inline(always)]
    pub(crate) fn find_short(&self, id: StringId) -> Option<usize> {
        let mut index = id.index() & self.nodes.len().wrapping_sub(1);
        loop {
            // An empty hash part and the end of a chain both fail this check.
            let node = self.nodes.get(index)?;
            if node.is_string(id) {
                return Some(index);
            }
            index = node.next as usize;
        }
    }

    /// The element at an integer key, if it lies in the array part.
    #[inline(always)]
    pub(crate) fn in_array(&self, key: i64) -> Option<&Value> {
        let index = (key as u64).wrapping_sub(1);
        if index >= self.array.len() as u64 {
            return None;
        }
        self.array.get(index as usize)
    }

    /// The length, if it is plain from the array part alone.
    #[inline(always)]
    pub(crate) fn plain_length(&self) -> Option<usize> {
        match self.array.last() {
            Some(last) if last.is_nil() => None,
            _ if self.nodes.is_empty() => Some(self.array.len()),
            _ => None,
        }
    }

    /// Where the entry after `key` is, in the order of [`Table::next_cached`].
    #[inline(always)]
    pub(crate) fn step(&self, key: &Value, cache: &Cell<u32>) -> Step {
        let mut node = 0;
        if key.is_nil() || key.is_integer() && self.in_array(key.raw_integer()).is_some() {
            // The element after number n has the index n, the first one 0, as nil's payload is.
            match self.array.get(key.payload as usize) {
                Some(value) if value.is_nil() => return Step::Far,
                Some(_) => return Step::Element(key.payload as usize),
                None => {}
            }
        } else {
            let last = cache.get() as usize;
            match self.nodes.get(last) {
                Some(node) if node.key().same(key) => {}
                _ => return Step::Far,
            }
            node = last + 1;
        }
        while let Some(entry) = self.nodes.get(node) {
            if !entry.value.is_nil() {
                cache.set(node as u32);
                return Step::Node(node);
            }
            node += 1;
        }
        Step::End
    }

    /// The element after the one with this index, as `ipairs` takes them, if the array part has it.
    #[inline(always)]
    pub(crate) fn element_after(&self, index: &Value) -> Step {
        let place = index.payload;
        if !index.is_integer() || place >= self.array.len() as u64 {
            return Step::Far;
        }
        match self.array.get(place as usize) {
            Some(value) if !value.is_nil() => Step::Element(place as usize),
            _ => Step::Far,
        }
    }

    /// The value at an interned string.
    #[inline(always)]
    pub(crate) fn get_short(&self, id: StringId) -> Value {
        let mut index = id.index() & self.nodes.len().wrapping_sub(1);
        loop {
            let Some(node) = self.nodes.get(index) else { return Value::NIL };
            if node.is_string(id) {
                return node.value;
            }
            index = node.next as usize;
        }
    }

    #[inline(never)]
    fn get_integer_hash(&self, seed: u32, key: i64) -> Value {
        match self.find_plain(seed, Value::integer(key)) {
            Some(index) => self.nodes[index].value,
            None => Value::NIL,
        }
    }

    /// The value at any key; nil and NaN give nil.
    pub(crate) fn get(&self, strings: &Strings, key: Value) -> Value {
        match self.find(strings, key) {
            Some(Slot::Array(index)) => self.array[index],
            Some(Slot::Node(index)) => self.nodes[index].value,
            None => Value::NIL,
        }
    }

    fn find(&self, strings: &Strings, key: Value) -> Option<Slot> {
        match key.tag {
            tag::STRING => self.find_short(StringId(key.payload as u32)).map(Slot::Node),
            tag::INTEGER => {
                let index = key.payload.wrapping_sub(1);
                if index < self.array.len() as u64 {
                    return Some(Slot::Array(index as usize));
                }
                self.find_plain(strings.seed, key).map(Slot::Node)
            }
            tag::FLOAT => match float_to_integer(f64::from_bits(key.payload)) {
                Some(i) => self.find(strings, Value::integer(i)),
                None => self.find_plain(strings.seed, key).map(Slot::Node),
            },
            tag::LONG_STRING => self.find_long(strings, key).map(Slot::Node),
            tag::NIL => None,
            _ => self.find_plain(strings.seed, key).map(Slot::Node),
        }
    }

    /// Finds a key that equals by tag and payload.
    fn find_plain(&self, seed: u32, key: Value) -> Option<usize> {
        let mut index = self.main_position(seed, key, 0);
        loop {
            let node = self.nodes.get(index)?;
            if node.key_payload == key.payload && node.key_tag == key.tag as u32 {
                return Some(index);
            }
            index = node.next as usize;
        }
    }

    fn find_long(&self, strings: &Strings, key: Value) -> Option<usize> {
        let wanted = &strings.arena.items[key.payload as usize];
        let mut index = self.main_position(strings.seed, key, wanted.hash);
        loop {
            let node = self.nodes.get(index)?;
            if node.key_tag == tag::LONG_STRING as u32 {
                let held = &strings.arena.items[node.key_payload as usize];
                if held.hash == wanted.hash && held.bytes == wanted.bytes {
                    return Some(index);
                }
            }
            index = node.next as usize;
        }
    }

    /// Where a key belongs; `hash` is that of a long string.
    #[inline]
    fn main_position(&self, seed: u32, key: Value, hash: u32) -> usize {
        let mask = self.nodes.len().wrapping_sub(1);
        match key.tag {
            tag::STRING => key.payload as usize & mask,
            tag::LONG_STRING => hash as usize & mask,
            _ => {
                // Multiply-shift hashing with an unknown odd factor: nobody can choose integer
                // keys that collide (Dietzfelbinger et al., 1997).
                let factor = 0x9E37_79B9_7F4A_7C15u64 ^ ((seed as u64) << 24);
                (key.payload.wrapping_add(key.tag).wrapping_mul(factor) >> 32) as usize & mask
            }
        }
    }

    // ---- length and traversal ----

    /// A border: `t[n]` is not nil and `t[n + 1]` is, or 0.
    pub(crate) fn border(&mut self, strings: &Strings) -> i64 {
        let len = self.array.len();
        match self.array.last() {
            Some(last) if last.is_nil() => self.border_in_array() as i64,
            _ if self.nodes.is_empty() => len as i64,
            _ => self.border_in_hash(strings.seed, len as i64),
        }
    }

    /// The array's last element is nil, so that a border lies inside.
    fn border_in_array(&mut self) -> usize {
        let present = |index: usize| index == 0 || !self.array[index - 1].is_nil();
        let last = self.array.len() - 1;
        let hint = (last + 1).saturating_sub(self.border_gap as usize).min(last);
        // Right below the end first, as PUC-Rio does, then around where it was last time.
        for guess in [last, hint, hint + 1, hint.saturating_sub(1)] {
            if guess > 0 && guess <= last && present(guess) && !present(guess + 1) {
                return self.border_found(guess);
            }
        }
        let (mut low, mut high) = (0, self.array.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if present(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.border_found(low)
    }

    fn border_found(&mut self, border: usize) -> usize {
        self.border_gap = (self.array.len() - border).min(u16::MAX as usize) as u16;
        border
    }

    fn border_in_hash(&self, seed: u32, start: i64) -> i64 {
        if self.get_integer_hash(seed, start + 1).is_nil() {
            return start;
        }
        let (mut low, mut high) = (start + 1, (start + 1).saturating_mul(2));
        while !self.get_integer_hash(seed, high).is_nil() {
            if high == i64::MAX {
                return high;
            }
            low = high;
            high = high.saturating_mul(2);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.get_integer_hash(seed, middle).is_nil() {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// The entry after `key` in traversal order; nil starts, `None` ends.
    pub(crate) fn next(
        &self,
        strings: &Strings,
        key: Value,
    ) -> Result<Option<(Value, Value)>, InvalidKey> {
        let mut index = match self.position(strings, key) {
            Some(index) => index,
            None => return Err(InvalidKey),
        };
        while let Some(value) = self.array.get(index) {
            index += 1;
            if !value.is_nil() {
                return Ok(Some((Value::integer(index as i64), *value)));
            }
        }
        let skipped = index - self.array.len();
        for node in self.nodes.iter().skip(skipped) {
            if !node.value.is_nil() {
                return Ok(Some((node.key(), node.value)));
            }
        }
        Ok(None)
    }

    /// Like [`Table::next`], with a cache of where the last key was found.
    #[inline]
    pub(crate) fn next_cached(
        &self,
        strings: &Strings,
        key: Value,
        cache: &Cell<u32>,
    ) -> Result<Option<(Value, Value)>, InvalidKey> {
        let mut index = match key.as_integer() {
            Some(n) if n > 0 && n as u64 <= self.array.len() as u64 => n as usize,
            _ => {
                let node = self.nodes.get(cache.get() as usize);
                match node {
                    // A free node has no key, as the start of a traversal has none.
                    Some(node) if !key.is_nil() && node.key().same(&key) => {
                        self.array.len() + cache.get() as usize + 1
                    }
                    _ => self.position(strings, key).ok_or(InvalidKey)?,
                }
            }
        };
        while let Some(value) = self.array.get(index) {
            index += 1;
            if !value.is_nil() {
                return Ok(Some((Value::integer(index as i64), *value)));
            }
        }
        let mut node_index = index - self.array.len();
        while let Some(node) = self.nodes.get(node_index) {
            if !node.value.is_nil() {
                cache.set(node_index as u32);
                return Ok(Some((node.key(), node.value)));
            }
            node_index += 1;
        }
        Ok(None)
    }

    /// Number of slots up to and including the one of `key`, in traversal order.
    #[inline]
    fn position(&self, strings: &Strings, key: Value) -> Option<usize> {
        if key.is_nil() {
            return Some(0);
        }
        let node = match self.find(strings, key) {
            Some(Slot::Array(index)) => return Some(index + 1),
            Some(Slot::Node(index)) => index,
            None => self.find_dead(key)?,
        };
        Some(self.array.len() + node + 1)
    }

    /// A traversal may stand on an entry that was removed and whose key was collected since.
    fn find_dead(&self, key: Value) -> Option<usize> {
        if !key.is_collectable() {
            return None;
        }
        let dead = key.tag as u32 | DEAD;
        self.nodes.iter().position(|n| n.key_tag == dead && n.key_payload == key.payload)
    }

    // ---- writing ----

    /// Overwrites the value of a key that is present (its value may be nil).
    #[inline]
    pub(crate) fn replace(&mut self, strings: &Strings, key: Value, value: Value) -> bool {
        match self.find(strings, key) {
            Some(Slot::Array(index)) => self.array[index] = value,
            Some(Slot::Node(index)) => self.nodes[index].value = value,
            None => return false,
        }
        true
    }

    /// Sets any key but nil and NaN, which the caller refuses first.
    pub(crate) fn set(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        key: Value,
        value: Value,
    ) -> Result<(), OutOfMemory> {
        if self.replace(strings, key, value) || value.is_nil() {
            return Ok(());
        }
        let key = match key.as_float().and_then(float_to_integer) {
            Some(i) => Value::integer(i),
            None => key,
        };
        self.insert(account, strings, key, value)
    }

    /// Sets an integer key.
    #[inline]
    pub(crate) fn set_integer(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        key: i64,
        value: Value,
    ) -> Result<(), OutOfMemory> {
        let index = (key as u64).wrapping_sub(1);
        let len = self.array.len();
        if index < len as u64 {
            self.array[index as usize] = value;
            return Ok(());
        }
        if index == len as u64 && self.nodes.is_empty() && !value.is_nil() {
            return self.push(account, strings.seed, value);
        }
        self.set(account, strings, Value::integer(key), value)
    }

    /// Appends an element of a constructor, be it nil, to an array part that has room for it;
    /// false if it is not the next one or there is no room.
    #[inline]
    pub(crate) fn append(&mut self, key: i64, value: Value) -> bool {
        let next = key as u64 == self.array.len() as u64 + 1;
        let fits = next && self.array.len() < self.array.capacity() && self.nodes.is_empty();
        if fits {
            self.array.push(value);
        }
        fits
    }

    fn insert(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        key: Value,
        value: Value,
    ) -> Result<(), OutOfMemory> {
        if key.tag == tag::INTEGER && key.payload == self.array.len() as u64 + 1 {
            return self.push(account, strings.seed, value);
        }
        if self.insert_node(strings, key, value) {
            return Ok(());
        }
        self.rehash(account, strings, key)?;
        if key.tag == tag::INTEGER {
            let index = key.payload.wrapping_sub(1);
            if index < self.array.len() as u64 {
                self.array[index as usize] = value;
                return Ok(());
            }
        }
        let inserted = self.insert_node(strings, key, value);
        debug_assert!(inserted, "a rehash makes room for one key");
        Ok(())
    }

    /// Appends to the array part and takes over what follows from the hash part.
    fn push(&mut self, account: &mut Account, seed: u32, value: Value) -> Result<(), OutOfMemory> {
        let len = self.array.len();
        if len == self.array.capacity() {
            reserve(account, &mut self.array, len.max(4))?;
        }
        self.array.push(value);
        while !self.nodes.is_empty() {
            let Some(index) = self.find_plain(seed, Value::integer(self.array.len() as i64 + 1))
            else {
                break;
            };
            let value = self.nodes[index].value;
            if value.is_nil() {
                break;
            }
            let len = self.array.len();
            if len == self.array.capacity() && reserve(account, &mut self.array, len).is_err() {
                break; // The rest stays in the hash part, where it is found as well.
            }
            self.moved = true;
            self.nodes[index].value = Value::NIL;
            self.array.push(value);
        }
        Ok(())
    }

    /// Puts a new key into the hash part; false if there is no free node.
    fn insert_node(&mut self, strings: &Strings, key: Value, value: Value) -> bool {
        let main = self.home(strings, key);
        let Some(occupant) = self.nodes.get(main).copied() else { return false };
        if occupant.value.is_nil() {
            // A dead entry may stand in the middle of a chain: its link stays.
            self.put(main, key, value, occupant.next);
            return true;
        }
        let Some(free) = self.take_free() else { return false };
        let other = self.home(strings, occupant.key());
        if other == main {
            self.put(free, key, value, occupant.next);
            self.nodes[main].next = free as u32;
            return true;
        }
        // The occupant is out of its main position: it moves, and its chain is mended.
        let mut previous = other;
        while self.nodes[previous].next as usize != main {
            previous = self.nodes[previous].next as usize;
        }
        self.nodes[previous].next = free as u32;
        self.nodes[free] = occupant;
        self.put(main, key, value, END);
        true
    }

    /// The entry that would yield its place to a new key, as [`Table::insert_node`] has it.
    pub(crate) fn occupant(&self, strings: &Strings, key: Value) -> Option<(Value, Value)> {
        let node = self.nodes.get(self.home(strings, key))?;
        (!node.value.is_nil()).then(|| (node.key(), node.value))
    }

    fn put(&mut self, index: usize, key: Value, value: Value, next: u32) {
        let (key_tag, key_payload) = (key.tag as u32, key.payload);
        self.nodes[index] = Node { value, key_payload, key_tag, next };
    }

    fn home(&self, strings: &Strings, key: Value) -> usize {
        let hash = match key.tag {
            tag::LONG_STRING => strings.arena.items[key.payload as usize].hash,
            _ => 0,
        };
        self.main_position(strings.seed, key, hash)
    }

    fn take_free(&mut self) -> Option<usize> {
        while self.free_below > 0 {
            self.free_below -= 1;
            let node = &self.nodes[self.free_below as usize];
            if node.key_tag == tag::NIL as u32 && node.value.is_nil() {
                return Some(self.free_below as usize);
            }
        }
        None
    }

    // ---- sizes ----

    /// Chooses new sizes for both parts so that `extra` fits, and moves everything over.
    #[inline(never)]
    fn rehash(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        extra: Value,
    ) -> Result<(), OutOfMemory> {
        let mut bins = [0u32; 33];
        let mut total = 1;
        count_integer(&mut bins, extra);
        for (index, value) in self.array.iter().enumerate() {
            if !value.is_nil() {
                count_integer(&mut bins, Value::integer(index as i64 + 1));
                total += 1;
            }
        }
        for node in &*self.nodes {
            if !node.value.is_nil() {
                count_integer(&mut bins, node.key());
                total += 1;
            }
        }
        let (array_len, in_array) = best_array_len(&bins);
        self.resize(account, strings, array_len, total - in_array)
    }

    /// Gives both parts new sizes; `hash_len` is a number of entries.
    pub(crate) fn resize(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        array_len: usize,
        hash_len: usize,
    ) -> Result<(), OutOfMemory> {
        let node_count = if hash_len == 0 { 0 } else { hash_len.next_power_of_two() };
        if node_count > NODES_MAX {
            return Err(OutOfMemory);
        }
        let mut nodes = Vec::new();
        reserve(account, &mut nodes, node_count)?;
        let array_extra = array_len.saturating_sub(self.array.len());
        if let Err(error) = reserve(account, &mut self.array, array_extra) {
            account.release(nodes.capacity() * size_of::<Node>());
            return Err(error);
        }
        self.moved = true;
        account.release((nodes.capacity() - node_count) * size_of::<Node>());
        nodes.resize(node_count, Node::EMPTY);
        let old_nodes = std::mem::replace(&mut self.nodes, nodes.into_boxed_slice());
        self.free_below = node_count as u32;
        let tail = if array_len < self.array.len() {
            self.array.split_off(array_len)
        } else {
            self.array.resize(array_len, Value::NIL);
            Vec::new()
        };
        for (offset, value) in tail.into_iter().enumerate() {
            self.move_in(strings, Value::integer((array_len + offset) as i64 + 1), value);
        }
        account.release(size_of_val(&*old_nodes));
        for node in old_nodes.iter().rev() {
            self.move_in(strings, node.key(), node.value);
        }
        self.trim_array(account);
        Ok(())
    }

    /// Drops all entries but those given, whose keys are interned strings of this table.
    pub(crate) fn keep_only<'a>(
        &mut self,
        account: &mut Account,
        strings: &Strings,
        entries: impl Iterator<Item = &'a (Value, Value)>,
    ) {
        account.release(self.owned_bytes());
        (self.array, self.nodes) = (Vec::new(), Box::default());
        (self.free_below, self.border_gap) = (0, 0);
        for &(key, value) in entries {
            // They take less room than what was just released.
            let kept = self.set(account, strings, key, value);
            debug_assert!(kept.is_ok(), "there was room for these entries before");
        }
    }

    /// Gives back array capacity beyond what a shrunken array needs.
    fn trim_array(&mut self, account: &mut Account) {
        let before = self.array.capacity();
        if before > 8 && self.array.len() < before / 4 {
            self.array.shrink_to(self.array.len() * 2);
            account.release((before - self.array.capacity()) * size_of::<Value>());
        }
    }

    /// Moves an entry of the old parts into the new ones, which have room.
    fn move_in(&mut self, strings: &Strings, key: Value, value: Value) {
        if value.is_nil() {
            return;
        }
        if key.tag == tag::INTEGER {
            let index = key.payload.wrapping_sub(1);
            if index < self.array.len() as u64 {
                self.array[index as usize] = value;
                return;
            }
        }
        let inserted = self.insert_node(strings, key, value);
        debug_assert!(inserted, "the new hash part was sized for all entries");
    }
}

/// Counts an integer key in the bin of its power of two: bin b holds (2^(b-1), 2^b].
fn count_integer(bins: &mut [u32; 33], key: Value) {
    if let Some(i) = key.as_integer()
        && (1..=1 << 32).contains(&i)
    {
        bins[64 - (i as u64 - 1).leading_zeros() as usize] += 1;
    }
}

/// The largest power of two of which more than half would be in use, and how many that is.
fn best_array_len(bins: &[u32; 33]) -> (usize, usize) {
    let (mut best, mut in_best, mut below) = (0, 0, 0usize);
    for (bin, count) in bins.iter().enumerate().take(27) {
        below += *count as usize;
        if below > (1usize << bin) / 2 {
            best = 1 << bin;
            in_best = below;
        }
    }
    (best, in_best)
}
