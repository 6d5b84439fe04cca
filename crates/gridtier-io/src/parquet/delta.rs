//! How much text a page of differences stands for.
//!
//! A `DELTA_BYTE_ARRAY` value repeats a prefix of the value before it: a page of a mebibyte can stand for fifty gigabytes.
//! And the decoder reserves memory for as many values as the page claims. Both are found here from the lengths alone.

use crate::unreadable::Unreadable;

/// Checks the values of a page of lengths and text, without levels.
pub(super) fn check_lengths(values: &[u8], most: u64) -> Result<(), Unreadable> {
    let count = Stream { bytes: values, at: 0 }.header()?.count;
    if count <= most { Ok(()) } else { Err(too_many(count, most)) }
}

/// The bytes of text that the values of a page of differences stand for.
pub(super) fn text_bytes(values: &[u8], most: u64) -> Result<u64, Unreadable> {
    let mut stream = Stream { bytes: values, at: 0 };
    let prefixes = stream.lengths(most)?;
    let suffixes = stream.lengths(most)?;
    if prefixes.len() != suffixes.len() {
        return Err(malformed());
    }
    let mut total = 0u64;
    let mut before = 0u64;
    for (prefix, suffix) in std::iter::zip(prefixes, suffixes) {
        if prefix > before {
            return Err(malformed());
        }
        before = prefix + suffix;
        total = total.saturating_add(before);
    }
    Ok(total)
}

fn malformed() -> Unreadable {
    Unreadable::damaged("a page of differences is malformed")
}

fn too_many(count: u64, most: u64) -> Unreadable {
    Unreadable::damaged(format!("a page of {most} values claims {count} differences"))
}

/// A `DELTA_BINARY_PACKED` sequence.
struct Stream<'a> {
    bytes: &'a [u8],
    at: usize,
}

struct Header {
    per_mini_block: usize,
    mini_blocks: usize,
    count: u64,
    first: i64,
}

impl Stream<'_> {
    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or_else(malformed)?;
            self.at += 1;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed())
    }

    fn zigzag(&mut self) -> Result<i64, Unreadable> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn take(&mut self, bytes: usize) -> Result<&[u8], Unreadable> {
        let end = self.at.checked_add(bytes).ok_or_else(malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn header(&mut self) -> Result<Header, Unreadable> {
        const BLOCK_MAX: u64 = 1 << 20;
        let block = self.varint()?;
        let mini_blocks = self.varint()?;
        let count = self.varint()?;
        let first = self.zigzag()?;
        let fits = (128..=BLOCK_MAX).contains(&block)
            && (1..=block).contains(&mini_blocks)
            && block % mini_blocks == 0;
        if !fits || !(block / mini_blocks).is_multiple_of(32) {
            return Err(malformed());
        }
        let per_mini_block = (block / mini_blocks) as usize;
        Ok(Header { per_mini_block, mini_blocks: mini_blocks as usize, count, first })
    }

    /// The lengths of a sequence; leaves the stream behind it.
    fn lengths(&mut self, most: u64) -> Result<Vec<u64>, Unreadable> {
        let header = self.header()?;
        if header.count > most {
            return Err(too_many(header.count, most));
        }
        let length = |value: i64| u64::try_from(value).map_err(|_| malformed());
        let mut lengths = Vec::new();
        let mut last = header.first;
        if header.count > 0 {
            lengths.push(length(last)?);
        }
        let mut left = header.count.saturating_sub(1) as usize;
        while left > 0 {
            let least = self.zigzag()?;
            let widths = self.take(header.mini_blocks)?.to_vec();
            for width in widths {
                // Mini-blocks without a value are not stored.
                if left == 0 {
                    break;
                }
                let width = usize::from(width);
                if width > 32 {
                    return Err(malformed());
                }
                let packed = self.take(header.per_mini_block * width / 8)?;
                for place in 0..left.min(header.per_mini_block) {
                    last = i64::from((last + least + bits(packed, place * width, width)) as i32);
                    lengths.push(length(last)?);
                }
                left = left.saturating_sub(header.per_mini_block);
            }
        }
        Ok(lengths)
    }
}

/// `width` bits from the bit `at`, lowest first.
fn bits(packed: &[u8], at: usize, width: usize) -> i64 {
    let mut window = [0; 8];
    let start = at / 8;
    let end = packed.len().min(start + 8);
    window[..end - start].copy_from_slice(&packed[start..end]);
    ((u64::from_le_bytes(window) >> (at % 8)) & ((1 << width) - 1)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sequence of one block whose deltas are written with 8 bits each.
    fn sequence(values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, 0x01, 4, values.len() as u8, values[0] << 1, 0];
        let deltas: Vec<u8> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let used = deltas.len().div_ceil(32);
        bytes.extend((0..4).map(|mini_block| if mini_block < used { 8 } else { 0xFF }));
        bytes.extend(&deltas);
        bytes.resize(bytes.len() + used * 32 - deltas.len(), 0);
        bytes
    }

    #[test]
    fn growing_prefixes_are_added_up() {
        // Prefixes 0, 1, 2, … 40 and suffixes of one byte: lengths 1 to 41.
        let prefixes: Vec<u8> = (0..41).collect();
        let page = [sequence(&prefixes), sequence(&[1; 41]), vec![b'x'; 41]].concat();
        assert_eq!(text_bytes(&page, 41), Ok((1..=41).sum()));
        assert!(text_bytes(&page, 40).unwrap_err().what.contains("claims 41"));
        assert!(text_bytes(&page[..20], 41).is_err());
    }

    #[test]
    fn a_prefix_cannot_be_longer_than_the_value_before() {
        let page = [sequence(&[0, 5]), sequence(&[1, 1])].concat();
        assert_eq!(text_bytes(&page, 2), Err(malformed()));
    }

    #[test]
    fn a_page_cannot_claim_more_lengths_than_values() {
        assert!(check_lengths(&sequence(&[3, 4]), 2).is_ok());
        assert!(check_lengths(&[0x80, 0x01, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0], 2).is_err());
    }
}
