//! Reads numbers of variable length from bytes that may be malformed.

use gridtier::index::count;

/// Why reading cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    /// The bytes end too early.
    Short,
    /// The bytes break the format.
    Broken((&'static str, &'static str)),
}

/// A position in bytes.
pub(super) struct ByteCursor<'a> {
    bytes: &'a [u8],
    /// Bytes read so far.
    pub at: usize,
}

impl<'a> ByteCursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes still to be read.
    pub fn left(&self) -> u64 {
        count(self.bytes.len() - self.at)
    }

    /// The next byte, without reading past it.
    pub fn peek(&self) -> Result<u8, Stuck> {
        self.bytes.get(self.at).copied().ok_or(Stuck::Short)
    }

    pub fn byte(&mut self) -> Result<u8, Stuck> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `length` bytes.
    pub fn slice(&mut self, length: u64) -> Result<&'a [u8], Stuck> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let slice = end.and_then(|end| self.bytes.get(self.at..end)).ok_or(Stuck::Short)?;
        self.at += slice.len();
        Ok(slice)
    }

    /// An unsigned integer in groups of seven bits, the lowest first (LEB128).
    pub fn varint(&mut self) -> Result<u64, Stuck> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Stuck::Broken(("a number that never ends", "无终止的数字")))
    }

    /// A signed integer in zigzag form: 0, −1, 1, −2, … are stored as 0, 1, 2, 3, …
    pub fn zigzag(&mut self) -> Result<i64, Stuck> {
        let stored = self.varint()?;
        Ok((stored >> 1).cast_signed() ^ -(stored & 1).cast_signed())
    }
}
