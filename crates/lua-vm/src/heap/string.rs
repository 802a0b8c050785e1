//! Strings: shared bytes, short ones interned.

use std::rc::Rc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::account::{Account, OutOfMemory};
use super::arena::{Arena, Object};
use super::color;
use crate::value::{StringId, Value};

/// Strings of at most this many bytes are interned.
pub const SHORT_BYTES_MAX: usize = 40;

/// What a reference-counted slice of bytes costs beside the bytes.
const HEADER_BYTES: usize = 2 * size_of::<usize>();
/// Bytes by which the intern table may exceed its entries.
const TABLE_PADDING: usize = 64;

#[derive(Debug)]
pub(crate) struct StringObject {
    pub bytes: Rc<[u8]>,
    pub hash: u32,
    mark: u8,
}

impl Object for StringObject {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.bytes.len() + HEADER_BYTES
    }
    fn clear(&mut self) {
        self.bytes = Rc::from([]);
    }
}

/// All strings and the intern table of the short ones.
#[derive(Debug)]
pub(crate) struct Strings {
    pub arena: Arena<StringObject>,
    /// Hash beside the handle, so that growing the table does not visit the strings.
    interned: HashTable<(u32, StringId)>,
    hasher: FixedState,
    /// Makes the hashes of other keys of this heap unlike those of every other heap.
    pub seed: u32,
}

impl Strings {
    pub fn new(seed: u64) -> Strings {
        Strings {
            arena: Arena::new(),
            interned: HashTable::new(),
            hasher: FixedState::with_seed(seed),
            seed: (seed ^ (seed >> 32)) as u32,
        }
    }

    #[inline]
    fn hash(&self, bytes: &[u8]) -> u32 {
        self.hasher.hash_one(bytes) as u32
    }

    /// The handle of a string that is interned already.
    pub fn find(&self, bytes: &[u8]) -> Option<StringId> {
        self.find_hashed(bytes, self.hash(bytes))
    }

    #[inline]
    fn find_hashed(&self, bytes: &[u8], hash: u32) -> Option<StringId> {
        let items = &self.arena.items;
        let same =
            |entry: &(u32, StringId)| entry.0 == hash && *items[entry.1.index()].bytes == *bytes;
        self.interned.find(spread(hash), same).map(|entry| entry.1)
    }

    /// Makes a string value; `white` is the collector's current white.
    #[inline]
    pub fn create(
        &mut self,
        account: &mut Account,
        white: u8,
        bytes: &[u8],
    ) -> Result<Value, OutOfMemory> {
        let hash = self.hash(bytes);
        if bytes.len() <= SHORT_BYTES_MAX
            && let Some(id) = self.find_hashed(bytes, hash)
        {
            self.revive(id, white);
            return Ok(Value::short_string(id));
        }
        account.charge(bytes.len() + HEADER_BYTES)?;
        self.add(account, white, Rc::from(bytes), hash)
    }

    /// Makes a string value of bytes that are shared already.
    pub fn adopt(
        &mut self,
        account: &mut Account,
        white: u8,
        bytes: &Rc<[u8]>,
    ) -> Result<Value, OutOfMemory> {
        if bytes.len() <= SHORT_BYTES_MAX {
            return self.create(account, white, bytes);
        }
        let hash = self.hash(bytes);
        account.charge(bytes.len() + HEADER_BYTES)?;
        self.add(account, white, bytes.clone(), hash)
    }

    /// An interned string that the sweep has not reached yet may be dead: found again, it lives.
    #[inline]
    fn revive(&mut self, id: StringId, white: u8) {
        let object = &mut self.arena.items[id.index()];
        if object.mark <= color::WHITE1 {
            object.mark = white;
        }
    }

    fn add(
        &mut self,
        account: &mut Account,
        white: u8,
        bytes: Rc<[u8]>,
        hash: u32,
    ) -> Result<Value, OutOfMemory> {
        let len = bytes.len();
        let short = len <= SHORT_BYTES_MAX;
        if short && self.interned.len() == self.interned.capacity() {
            self.grow_table(account, len)?;
        }
        let object = StringObject { bytes, hash, mark: white };
        let id = match self.arena.add(account, object) {
            Ok(id) => StringId(id),
            Err(error) => {
                account.release(len + HEADER_BYTES);
                return Err(error);
            }
        };
        if !short {
            return Ok(Value::long_string(id));
        }
        self.interned.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
        Ok(Value::short_string(id))
    }

    /// Grows the intern table, or only tidies it where many strings have died: what is charged
    /// is what it takes then.
    #[cold]
    fn grow_table(&mut self, account: &mut Account, len: usize) -> Result<(), OutOfMemory> {
        let before = self.table_bytes();
        let additional = self.interned.len().max(16);
        // At most: room for twice as many entries, a power of two, with a byte of control each.
        let most = (2 * additional * 8 / 7).next_power_of_two()
            * (size_of::<(u32, StringId)>() + 1)
            + TABLE_PADDING;
        let charged = account.charge(most.saturating_sub(before));
        let grown = charged.is_ok()
            && self.interned.try_reserve(additional, |entry| spread(entry.0)).is_ok();
        if charged.is_ok() {
            account.correct(most.max(before), self.table_bytes());
        }
        if !grown {
            account.release(len + HEADER_BYTES);
            return Err(OutOfMemory);
        }
        Ok(())
    }

    /// What the intern table takes.
    pub fn table_bytes(&self) -> usize {
        self.interned.allocation_size()
    }

    /// Sweeps like [`Arena::sweep`], taking dead short strings out of the intern table first.
    pub fn sweep(
        &mut self,
        account: &mut Account,
        cursor: usize,
        count: usize,
        dead: u8,
        alive: u8,
    ) -> usize {
        let end = (cursor + count).min(self.arena.items.len());
        for index in cursor..end {
            let object = &self.arena.items[index];
            if object.mark & color::MASK == dead && object.bytes.len() <= SHORT_BYTES_MAX {
                let id = StringId(index as u32);
                let entry = self.interned.find_entry(spread(object.hash), |e| e.1 == id);
                if let Ok(entry) = entry {
                    entry.remove();
                }
            }
        }
        self.arena.sweep(account, cursor, count, dead, alive)
    }

    #[inline]
    pub fn bytes(&self, id: StringId) -> &Rc<[u8]> {
        &self.arena.items[id.index()].bytes
    }
}

/// The table wants 64 bits with entropy at the top; handles keep 32.
#[inline]
fn spread(hash: u32) -> u64 {
    hash as u64 | (hash as u64) << 32
}
