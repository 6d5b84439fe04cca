//! How much memory one file may ask for before it is refused.
//!
//! A few kilobytes can claim, or decompress to, more than any machine holds. Each limit is far above what exporters
//! write, and is checked before the memory is allocated: a file that breaks one is refused within 5 s and 1 GiB. Bounds
//! on the values of cells are the engine's.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_schema::DataType;
use gridtier::index::index;
use gridtier::text;

use super::Unreadable;

/// Number of rows in a batch: large enough to spread the cost of a call, small enough for the cache.
pub const BATCH_ROWS: usize = 16_384;
/// Longest text of one cell.
pub const CELL_BYTES_MAX: usize = 1 << 20;
/// Maximum bytes of text of one column in one batch: a kilobyte for each row.
pub const BATCH_TEXT_BYTES_MAX: usize = 16 << 20;
/// Largest decompressed page. `DuckDB` writes pages of up to 100 MB in giant row groups; other writers 1 MiB.
pub const PAGE_BYTES_MAX: u64 = 128 << 20;
/// Maximum memory for the pages of a row group at one time: the dictionary and one page of each column.
pub const PART_BYTES_MAX: u64 = 384 << 20;
/// Largest decompressed message of an Arrow file.
pub const MESSAGE_BYTES_MAX: u64 = 512 << 20;
/// Largest footer of a parquet file: that of 10,000 row groups of 50 columns. It takes several times as much decoded.
pub const FOOTER_BYTES_MAX: u64 = 64 << 20;
/// Maximum number of bytes that the entries of a workbook unpack to together.
pub const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// Highest compression ratio at which an entry of a workbook is unpacked.
pub const PACKED_RATIO_MAX: u64 = 100;
/// Longest tag or text in the XML of a workbook. A cell of Excel has 32,767 characters at most.
pub const XML_PIECE_BYTES_MAX: usize = 4 << 20;
/// Maximum number of columns of a file.
pub const COLUMNS_MAX: usize = 10_000;
/// Deepest nesting of columns in a schema, and of folders.
pub const NESTING_MAX: usize = 32;

/// Maximum number of rows for each byte of a file, on top of [`ROWS_FREE`]. A constant column takes no bytes, but keys
/// differ from row to row.
const ROWS_PER_BYTE_MAX: u64 = 1_000;
/// Rows that a file of any length may claim.
const ROWS_FREE: u64 = 4_000_000;

/// Checks that a file of `bytes` can hold `rows`.
pub fn check_rows(rows: u64, bytes: u64) -> Result<(), Unreadable> {
    if rows <= bytes.saturating_mul(ROWS_PER_BYTE_MAX).saturating_add(ROWS_FREE) {
        return Ok(());
    }
    Err(Unreadable::damaged(text!(
        "it claims {rows} rows in {bytes} bytes, which no real table does",
        "声明在 {bytes} 字节中有 {rows} 行，不像真实的表"
    )))
}

/// Checks the lengths of text, batch by batch. A dictionary's text counts once, and is checked once for the batches that
/// share it.
#[derive(Debug, Default)]
pub struct TextCheck {
    /// The last dictionary of each column.
    dictionaries: Vec<Option<ArrayRef>>,
}

impl TextCheck {
    /// Checks the text of each column against the limits.
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
        text!(
            "{rows} rows of one column hold {total} bytes of text; keys and words are never so long",
            "一列的 {rows} 行有 {total} 字节文本；编号和词不会这么长"
        ),
        text!("check which columns are mapped in gridtier.toml", "请检查 gridtier.toml 中对应的列"),
    ))
}

fn check_longest(longest: usize) -> Result<(), Unreadable> {
    if longest > CELL_BYTES_MAX { Err(cell_too_long(longest)) } else { Ok(()) }
}

/// The refusal of a cell of that many bytes.
pub fn cell_too_long(bytes: usize) -> Unreadable {
    Unreadable::because(
        text!(
            "one cell holds {bytes} bytes of text; the most is {CELL_BYTES_MAX}",
            "一个单元格有 {bytes} 字节文本，上限为 {CELL_BYTES_MAX}"
        ),
        text!(
            "check the export: a quote that was never closed, or a document in a column",
            "请检查导出文件：是否有未闭合的引号，或某列存放了文档"
        ),
    )
}

/// Bytes of the longest text of a column, and of all its text.
fn longest_and_total(array: &ArrayRef) -> (usize, usize) {
    match array.data_type() {
        DataType::Utf8View => lengths_by_views(array.as_string_view().views()),
        DataType::BinaryView => lengths_by_views(array.as_binary_view().views()),
        DataType::Utf8 => lengths_by_offsets(array.as_string::<i32>().value_offsets()),
        DataType::LargeUtf8 => lengths_by_offsets(array.as_string::<i64>().value_offsets()),
        DataType::Binary => lengths_by_offsets(array.as_binary::<i32>().value_offsets()),
        DataType::LargeBinary => lengths_by_offsets(array.as_binary::<i64>().value_offsets()),
        _ => (0, 0),
    }
}

/// Each value reaches from one offset to the next.
fn lengths_by_offsets<O: OffsetSizeTrait>(offsets: &[O]) -> (usize, usize) {
    let longest = offsets.windows(2).map(|pair| (pair[1] - pair[0]).as_usize()).max();
    let total = offsets.first().zip(offsets.last()).map(|(&first, &last)| (last - first).as_usize());
    (longest.unwrap_or(0), total.unwrap_or(0))
}

/// The lowest 32 bits of a view are the length of its value.
fn lengths_by_views(views: &[u128]) -> (usize, usize) {
    let (mut longest, mut total) = (0, 0);
    for &view in views {
        let length = index(view as u32);
        longest = longest.max(length);
        total += length;
    }
    (longest, total)
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
