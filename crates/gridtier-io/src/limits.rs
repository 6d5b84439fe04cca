//! How much one file may ask for before it is refused.
//!
//! A few kilobytes can claim, or inflate to, more than any machine holds. Each limit here is far above what exporters
//! write and far below what hurts, and is checked before memory is asked for; what breaks one is refused with the file's
//! name within 5 s and 1 GiB. The limits of single cells of the contract are the engine's.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::unreadable::Unreadable;

/// Rows of a batch: enough to pay for the call, few enough to stay in cache.
pub const BATCH_ROWS: usize = 16_384;
/// Longest text of one cell.
pub const CELL_BYTES_MAX: usize = 1 << 20;
/// Most text of one column in one batch: a kilobyte for each row.
pub const BATCH_TEXT_BYTES_MAX: usize = 16 << 20;
/// Largest page once unpacked. `DuckDB` writes pages of up to 100 MB when asked for giant row groups; others 1 MiB.
pub const PAGE_BYTES_MAX: u64 = 128 << 20;
/// Most that the columns of a row group may hold in memory at once: for each its dictionary and one page.
pub const PART_BYTES_MAX: u64 = 384 << 20;
/// Largest message of an Arrow file, unpacked.
pub const MESSAGE_BYTES_MAX: u64 = 512 << 20;
/// Largest footer of a parquet file: that of 10,000 row groups of 50 columns. Decoded it takes several times the room.
pub const FOOTER_BYTES_MAX: u64 = 64 << 20;
/// Most columns of a file.
pub const COLUMNS_MAX: usize = 10_000;
/// Deepest nesting of a column that is looked into.
pub const NESTING_MAX: usize = 32;

/// Rows that a byte of file can stand for, and rows that any file may claim: constant columns take no room, but the key
/// of a row differs from its neighbour's.
const ROWS_PER_BYTE_MAX: u64 = 1_000;
const ROWS_FREE: u64 = 4_000_000;

/// Whether a file of `bytes` can hold `rows`.
pub fn check_rows(rows: u64, bytes: u64) -> Result<(), Unreadable> {
    if rows <= bytes.saturating_mul(ROWS_PER_BYTE_MAX).saturating_add(ROWS_FREE) {
        return Ok(());
    }
    Err(Unreadable::damaged(format!("it claims {rows} rows in {bytes} bytes, which no real table does")))
}

/// Checks the text of columns batch by batch; a dictionary counts once, and is looked at once while it stays the same.
#[derive(Debug, Default)]
pub struct TextCheck {
    /// The dictionary met last in each column.
    dictionaries: Vec<Option<ArrayRef>>,
}

impl TextCheck {
    /// Whether the text of each column is within the limits.
    pub fn check(&mut self, columns: &[ArrayRef]) -> Result<(), Unreadable> {
        self.dictionaries.resize(columns.len(), None);
        for (column, last) in columns.iter().zip(&mut self.dictionaries) {
            let Some(dictionary) = column.as_any_dictionary_opt() else {
                check_column(column)?;
                continue;
            };
            let values = dictionary.values();
            if !last.as_ref().is_some_and(|last| Arc::ptr_eq(last, values)) {
                check_longest(longest_and_total(values).0)?;
                *last = Some(Arc::clone(values));
            }
        }
        Ok(())
    }
}

fn check_column(array: &ArrayRef) -> Result<(), Unreadable> {
    let (longest, total) = longest_and_total(array);
    check_longest(longest)?;
    if total <= BATCH_TEXT_BYTES_MAX {
        return Ok(());
    }
    let rows = array.len();
    Err(Unreadable::because(
        format!("{rows} rows of one column hold {total} bytes of text; keys and words are never so long"),
        "check which columns are mapped in gridtier.toml",
    ))
}

fn check_longest(longest: usize) -> Result<(), Unreadable> {
    if longest > CELL_BYTES_MAX { Err(too_long(longest)) } else { Ok(()) }
}

/// The refusal of a cell of so many bytes.
pub fn too_long(bytes: usize) -> Unreadable {
    Unreadable::because(
        format!("one cell holds {bytes} bytes of text; the most is {CELL_BYTES_MAX}"),
        "check the export: a quote that was never closed, or a document in a column",
    )
}

/// The longest text of a column, and all of it, in bytes.
fn longest_and_total(array: &ArrayRef) -> (usize, usize) {
    fn of_offsets<O: Copy + Into<i64>>(offsets: &[O]) -> (usize, usize) {
        let longest = offsets.windows(2).map(|pair| pair[1].into() - pair[0].into()).max();
        let ends = offsets.first().zip(offsets.last());
        let total = ends.map_or(0, |(&first, &last)| last.into() - first.into());
        (longest.unwrap_or(0).max(0) as usize, total.max(0) as usize)
    }
    fn of_views(views: &[u128]) -> (usize, usize) {
        // The low half word of a view is its length.
        let lengths = || views.iter().map(|&view| view as u32);
        (lengths().max().unwrap_or(0) as usize, lengths().map(|length| length as usize).sum())
    }
    match array.data_type() {
        DataType::Utf8View => of_views(array.as_string_view().views()),
        DataType::BinaryView => of_views(array.as_binary_view().views()),
        DataType::Utf8 => of_offsets(array.as_string::<i32>().value_offsets()),
        DataType::LargeUtf8 => of_offsets(array.as_string::<i64>().value_offsets()),
        DataType::Binary => of_offsets(array.as_binary::<i32>().value_offsets()),
        DataType::LargeBinary => of_offsets(array.as_binary::<i64>().value_offsets()),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, StringArray, StringViewArray};

    use super::*;

    #[test]
    fn a_file_cannot_hold_a_million_rows_for_each_byte() {
        assert!(check_rows(3_000_000_000, 2_500).is_err());
        assert!(check_rows(4_000_000, 2_500).is_ok());
    }

    #[test]
    fn a_long_cell_is_refused_in_any_encoding() {
        let long = "x".repeat(CELL_BYTES_MAX + 1);
        let view: ArrayRef = Arc::new(StringViewArray::from(vec!["a", &long]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["a", &long]));
        let dictionary: ArrayRef =
            Arc::new([Some(long.as_str()), None].into_iter().collect::<DictionaryArray<Int32Type>>());
        for array in [view, text, dictionary] {
            let kind = array.data_type().clone();
            assert!(TextCheck::default().check(&[array]).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_dictionary_counts_its_text_once_and_repeated_views_count_each_time() {
        let word = "y".repeat(100_000);
        let many = std::iter::repeat_n(Some(word.as_str()), 1_000);
        let dictionary: ArrayRef = Arc::new(many.clone().collect::<DictionaryArray<Int32Type>>());
        let views: ArrayRef = Arc::new(many.collect::<StringViewArray>());
        assert!(TextCheck::default().check(&[dictionary]).is_ok());
        assert!(TextCheck::default().check(&[views]).is_err());
    }
}
