//! Text in plain pages: each value has its length in four bytes before it.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use gridtier::index::index;

use super::pages::damaged;
use crate::guard::Unreadable;
use crate::guard::limits::{CELL_BYTES_MAX, cell_too_long};

/// Short values are copied in one step of so many bytes.
const SHORT: usize = 16;

/// The first `count` values of a page as an array.
///
/// # Errors
/// The page ends earlier, a value is too long for a cell, or values that are to be text are not UTF-8.
pub(super) fn texts(bytes: &[u8], count: usize, is_text: bool) -> Result<ArrayRef, Unreadable> {
    let (mut ends, mut joined) = (Vec::with_capacity(count + 1), Vec::with_capacity(bytes.len()));
    ends.push(0);
    let mut left = bytes;
    for _ in 0..count {
        let (length, rest) = left.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = index(u32::from_le_bytes(*length));
        if length > CELL_BYTES_MAX {
            return Err(cell_too_long(length));
        }
        let end = joined.len() + length;
        match rest.first_chunk::<SHORT>() {
            Some(chunk) if length <= SHORT => {
                joined.extend_from_slice(chunk);
                joined.truncate(end);
            }
            _ => joined.extend_from_slice(rest.get(..length).ok_or_else(damaged)?),
        }
        ends.push(i32::try_from(end).map_err(|_| damaged())?);
        left = &rest[length..];
    }
    let (ends, joined) = (OffsetBuffer::new(ends.into()), Buffer::from_vec(joined));
    Ok(if is_text {
        Arc::new(StringArray::try_new(ends, joined, None)?)
    } else {
        Arc::new(BinaryArray::try_new(ends, joined, None)?)
    })
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn text_of_any_length_is_joined() {
        let words = ["", "客户", "exactly sixteen!", "a word of more than sixteen bytes", "7"];
        let mut page = Vec::new();
        for word in words {
            page.extend((word.len() as u32).to_le_bytes());
            page.extend(word.as_bytes());
        }
        let array = texts(&page, 5, true).unwrap();
        assert_eq!(array.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), words);
        assert_eq!(texts(&page, 2, false).unwrap().as_binary::<i32>().value(1), words[1].as_bytes());
        for cut in 0..page.len() {
            assert!(texts(&page[..cut], 5, true).is_err(), "cut at {cut}");
        }
        assert!(texts(&[1, 0, 0, 0, 0xFF], 1, true).is_err(), "not UTF-8");
    }

    #[test]
    fn a_value_longer_than_a_cell_is_refused() {
        let long = [&(CELL_BYTES_MAX as u32 + 1).to_le_bytes()[..], &vec![b'x'; CELL_BYTES_MAX + 1]].concat();
        assert_eq!(texts(&long, 1, true).map(drop), Err(cell_too_long(CELL_BYTES_MAX + 1)));
    }
}
