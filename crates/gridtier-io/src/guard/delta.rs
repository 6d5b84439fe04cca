//! How much text a delta-encoded page stands for.
//!
//! A `DELTA_BYTE_ARRAY` value repeats a prefix of the value before it, so that a page of a mebibyte can stand for fifty
//! gigabytes. The decoder also reserves memory for as many values as the page claims. Both numbers are found here from the
//! lengths alone.

use gridtier::index::{count, index_u64};
use gridtier::text;

use super::Unreadable;
use super::cursor::ByteCursor;

/// Checks the values of a `DELTA_LENGTH_BYTE_ARRAY` page, without levels, against the number of values it may have.
pub(super) fn check_lengths(values: &[u8], values_max: u64) -> Result<(), Unreadable> {
    let claimed = DeltaHeader::read(&mut ByteCursor::new(values))?.values;
    if claimed <= values_max { Ok(()) } else { Err(too_many(claimed, values_max)) }
}

/// The bytes of text that the values of a `DELTA_BYTE_ARRAY` page stand for.
pub(super) fn text_bytes(values: &[u8], values_max: u64) -> Result<u64, Unreadable> {
    let mut cursor = ByteCursor::new(values);
    let prefixes = lengths(&mut cursor, values_max)?;
    let suffixes = lengths(&mut cursor, values_max)?;
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
    Unreadable::damaged(text!("a page of differences is malformed", "差分编码的数据页有误"))
}

fn too_many(claimed: u64, values_max: u64) -> Unreadable {
    Unreadable::damaged(text!(
        "a page of {values_max} values claims {claimed} differences",
        "{values_max} 个值的数据页声明有 {claimed} 个差值"
    ))
}

/// The head of a `DELTA_BINARY_PACKED` sequence.
struct DeltaHeader {
    values_per_mini_block: usize,
    mini_blocks: u64,
    values: u64,
    first: i64,
}

impl DeltaHeader {
    fn read(cursor: &mut ByteCursor) -> Result<Self, Unreadable> {
        const BLOCK_MAX: u64 = 1 << 20;
        let block = cursor.varint().map_err(|_| malformed())?;
        let mini_blocks = cursor.varint().map_err(|_| malformed())?;
        let values = cursor.varint().map_err(|_| malformed())?;
        let first = cursor.zigzag().map_err(|_| malformed())?;
        let is_sound = (128..=BLOCK_MAX).contains(&block)
            && (1..=block).contains(&mini_blocks)
            && block.is_multiple_of(mini_blocks)
            && (block / mini_blocks).is_multiple_of(32);
        if !is_sound {
            return Err(malformed());
        }
        Ok(Self { values_per_mini_block: index_u64(block / mini_blocks), mini_blocks, values, first })
    }
}

/// Decodes a `DELTA_BINARY_PACKED` sequence of lengths; leaves the cursor after it.
fn lengths(cursor: &mut ByteCursor, values_max: u64) -> Result<Vec<u64>, Unreadable> {
    let header = DeltaHeader::read(cursor)?;
    if header.values > values_max {
        return Err(too_many(header.values, values_max));
    }
    let mut lengths = Vec::new();
    let mut last = header.first;
    if header.values > 0 {
        lengths.push(length(last)?);
    }
    let mut left = index_u64(header.values.saturating_sub(1));
    while left > 0 {
        let smallest_delta = cursor.zigzag().map_err(|_| malformed())?;
        for &bit_width in cursor.slice(header.mini_blocks).map_err(|_| malformed())? {
            // Mini-blocks without a value are not stored.
            if left == 0 {
                break;
            }
            let bit_width = usize::from(bit_width);
            if bit_width > 32 {
                return Err(malformed());
            }
            let packed =
                cursor.slice(count(header.values_per_mini_block * bit_width / 8)).map_err(|_| malformed())?;
            for position in 0..left.min(header.values_per_mini_block) {
                let delta = smallest_delta.wrapping_add(bits(packed, position * bit_width, bit_width));
                // Lengths are 32-bit integers that wrap around.
                last = i64::from(last.wrapping_add(delta) as i32);
                lengths.push(length(last)?);
            }
            left = left.saturating_sub(header.values_per_mini_block);
        }
    }
    Ok(lengths)
}

fn length(value: i64) -> Result<u64, Unreadable> {
    u64::try_from(value).map_err(|_| malformed())
}

/// The number in `width` bits (at most 32) from the bit `at` on, lowest bit first.
fn bits(packed: &[u8], at: usize, width: usize) -> i64 {
    let mut window = [0; 8];
    let start = at / 8;
    let end = packed.len().min(start + 8);
    window[..end - start].copy_from_slice(&packed[start..end]);
    ((u64::from_le_bytes(window) >> (at % 8)) & ((1 << width) - 1)).cast_signed()
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
        assert!(text_bytes(&page, 40).unwrap_err().what.en.contains("claims 41"));
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
