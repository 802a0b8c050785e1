//! Buffers for native functions that build text, in account and budget.

use super::strings::STRING_BYTES_MAX;
use super::{Call, Throw};

/// A buffer of at most this many bytes is kept for the next call.
const SCRATCH_BYTES_MAX: usize = 4096;

/// Bytes that cost one unit of the budget.
const BYTES_PER_UNIT: usize = 16;

/// Bytes under construction. What it grows by is charged to the heap until the call is over.
#[derive(Debug)]
pub struct Buffer {
    /// What was built; [`Buffer::room`] comes before whatever grows it.
    pub bytes: Vec<u8>,
    charged: usize,
}

impl Buffer {
    /// Makes room for more bytes, so that appending them cannot fail.
    ///
    /// # Errors
    /// More bytes than a string may have, or a heap without room.
    #[inline]
    pub fn room(&mut self, call: &mut Call<'_>, additional: usize) -> Result<(), Throw> {
        if additional <= self.bytes.capacity() - self.bytes.len() {
            return Ok(());
        }
        self.grow(call, additional)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, call: &mut Call<'_>, additional: usize) -> Result<(), Throw> {
        let old = self.bytes.capacity();
        let needed = self.bytes.len().saturating_add(additional);
        if needed > STRING_BYTES_MAX {
            return call.error("buffer too large");
        }
        // Old and new bytes exist side by side while they are copied.
        call.vm.reserve(needed)?;
        let account = &mut call.vm.heap.account;
        let spare = account.limit() - account.bytes() - needed;
        // Twice what is there, but near the limit no more than half of what is left.
        let ahead = (self.bytes.len() * 2).max(256).saturating_sub(needed).min(spare / 2);
        let wanted = (needed + ahead).min(STRING_BYTES_MAX);
        account.charge(wanted - old)?;
        self.charged += wanted - old;
        let missing = wanted - self.bytes.len();
        self.bytes.try_reserve_exact(missing).map_err(|_| Throw::Memory)
    }

    /// Appends bytes and pays for them.
    ///
    /// # Errors
    /// Those of [`Buffer::room`], and a spent budget.
    #[inline]
    pub fn append(&mut self, call: &mut Call<'_>, bytes: &[u8]) -> Result<(), Throw> {
        if bytes.len() >= BYTES_PER_UNIT {
            call.charge_bytes(bytes.len())?;
        }
        self.room(call, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Call<'_> {
    /// Pays for copying or visiting that many bytes.
    ///
    /// # Errors
    /// A spent budget.
    #[inline]
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Throw> {
        self.charge(bytes / BYTES_PER_UNIT)
    }

    /// Lends a buffer to `work`.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn with_buffer<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut Buffer) -> Result<T, Throw>,
    ) -> Result<T, Throw> {
        let mut bytes = std::mem::take(&mut self.vm.scratch);
        bytes.clear();
        let mut buffer = Buffer { bytes, charged: 0 };
        let result = work(self, &mut buffer);
        if buffer.charged > 0 {
            self.vm.heap.account.release(buffer.charged);
        }
        if buffer.bytes.capacity() <= SCRATCH_BYTES_MAX {
            self.vm.scratch = buffer.bytes;
        }
        result
    }
}
