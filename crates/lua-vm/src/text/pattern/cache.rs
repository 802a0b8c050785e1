//! Keeps patterns that were compiled lately, so that loops do not compile them again.

use std::sync::Arc;

use super::Pattern;
use crate::text::TextError;

/// Patterns that the cache holds at most.
const SLOTS: usize = 32;

/// Longer patterns are compiled anew each time, which bounds what the cache can hold.
const PATTERN_BYTES_MAX: usize = 128;

/// A small cache of compiled patterns, found by their text.
///
/// It holds at most 32 patterns of at most 128 bytes each. A pattern that is in use stays alive
/// when its place is taken.
///
/// ```
/// use lua::text::pattern::PatternCache;
/// let mut cache = PatternCache::new();
/// let first = cache.get(b"%d+")?;
/// assert!(std::sync::Arc::ptr_eq(&first, &cache.get(b"%d+")?));
/// # Ok::<(), lua::text::TextError>(())
/// ```
#[derive(Debug, Default)]
pub struct PatternCache {
    slots: [Option<Entry>; SLOTS],
}

#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    is_gmatch: bool,
    pattern: Arc<Pattern>,
}

impl PatternCache {
    /// A cache that holds nothing.
    pub fn new() -> PatternCache {
        PatternCache::default()
    }

    /// [`Pattern::new`], kept.
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`] only.
    pub fn get(&mut self, text: &[u8]) -> Result<Arc<Pattern>, TextError> {
        self.find(text, false)
    }

    /// [`Pattern::for_gmatch`], kept.
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`] only.
    pub fn get_for_gmatch(&mut self, text: &[u8]) -> Result<Arc<Pattern>, TextError> {
        self.find(text, true)
    }

    fn find(&mut self, text: &[u8], is_gmatch: bool) -> Result<Arc<Pattern>, TextError> {
        // Only a leading anchor tells the two apart.
        let is_gmatch = is_gmatch && text.first() == Some(&b'^');
        let slot = &mut self.slots[slot_index(text)];
        if let Some(entry) = slot
            && *entry.text == *text
            && entry.is_gmatch == is_gmatch
        {
            return Ok(Arc::clone(&entry.pattern));
        }
        let pattern = if is_gmatch { Pattern::for_gmatch(text)? } else { Pattern::new(text)? };
        let pattern = Arc::new(pattern);
        if text.len() <= PATTERN_BYTES_MAX {
            *slot = Some(Entry { text: text.into(), is_gmatch, pattern: Arc::clone(&pattern) });
        }
        Ok(pattern)
    }
}

/// The place of a pattern: a Fowler-Noll-Vo hash (FNV-1a) of its first bytes and its length.
fn slot_index(text: &[u8]) -> usize {
    let mut hash = 0x811C_9DC5_u32 ^ text.len() as u32;
    for byte in text.iter().take(PATTERN_BYTES_MAX) {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 15)) as usize % SLOTS
}
