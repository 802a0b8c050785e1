//! The primitives below every format: a reader that cannot run past its end, and varints.

use crate::error::{Error, Result};

/// A cursor over untrusted bytes. Positions in its errors count from `origin`, so that a reader
/// of one section reports offsets in the whole image.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    origin: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], origin: usize) -> Self {
        Self { bytes, offset: 0, origin }
    }

    /// The offset of the next byte, counted from the start of the whole input.
    pub(crate) fn position(&self) -> usize {
        self.origin + self.offset
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.offset
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.offset).ok_or(Error::truncated(self.position()))?;
        self.offset += 1;
        Ok(byte)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        if count > self.remaining() {
            return Err(Error::truncated(self.origin + self.bytes.len()));
        }
        let taken = &self.bytes[self.offset..self.offset + count];
        self.offset += count;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// An unsigned LEB128 number of at most 64 bits.
    pub(crate) fn varint(&mut self) -> Result<u64> {
        let start = self.position();
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Error::malformed("a varint exceeds 64 bits", start));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::malformed("a varint exceeds ten bytes", start))
    }

    pub(crate) fn varint_u32(&mut self) -> Result<u32> {
        let start = self.position();
        u32::try_from(self.varint()?)
            .map_err(|_| Error::malformed("a number exceeds 32 bits", start))
    }

    /// The count of items that follow, each at least `item_bytes_min` long. A count that the rest
    /// of the input cannot hold is refused before anything is allocated for it.
    pub(crate) fn count(&mut self, item_bytes_min: usize) -> Result<usize> {
        let value = self.varint()?;
        match usize::try_from(value) {
            Ok(count) if count <= self.remaining() / item_bytes_min => Ok(count),
            _ => Err(Error::truncated(self.origin + self.bytes.len())),
        }
    }

    /// A length and as many bytes.
    pub(crate) fn string(&mut self, what: &'static str, bytes_max: usize) -> Result<&'a [u8]> {
        let start = self.position();
        let count = self.count(1)?;
        if count > bytes_max {
            return Err(Error::limit(what, bytes_max).at(start));
        }
        self.take(count)
    }

    /// Fails unless everything was read.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.remaining() {
            0 => Ok(()),
            _ => Err(Error::malformed("bytes after the end", self.position())),
        }
    }
}

/// `count` items, each made by `item`. Only for a count that [`Reader::count`] checked: memory is
/// reserved exactly, so what is decoded stays a constant multiple of the input.
pub(crate) fn exactly<T>(count: usize, mut item: impl FnMut() -> Result<T>) -> Result<Vec<T>> {
    let mut items = Vec::with_capacity(count);
    for _ in 0..count {
        items.push(item()?);
    }
    Ok(items)
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    put_varint(out, count as u64);
}

pub(crate) fn put_string(
    out: &mut Vec<u8>,
    bytes: &[u8],
    what: &'static str,
    bytes_max: usize,
) -> Result<()> {
    if bytes.len() > bytes_max {
        return Err(Error::limit(what, bytes_max));
    }
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Maps signed numbers to unsigned ones so that small magnitudes stay short: 0, -1, 1, -2, ...
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
