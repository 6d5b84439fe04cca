//! Finds statistics of a parquet file that contradict each other.
//!
//! The least and greatest value of a column in a row group may be written three times: in the form of old writers, in that
//! of newer ones, and page by page in an index. The decoder shows one of them, and a row group that is not opened because of
//! it has lost its rows, if that one is wrong. Only columns of whole numbers, dates and times are looked at: text is in
//! another order in the old form. Statistics in the headers of pages would need the row group to be read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use gridtier::index::{count, index_u64};
use parquet::basic::Type as Physical;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use super::Unreadable;
use super::parquet_footer::footer_bytes;
use super::thrift::{ELEMENT, ThriftShape as Shape, walk};

/// Longest index of the pages of a column that is looked at. One of a million pages is shorter.
const INDEX_BYTES_MAX: u64 = 32 << 20;

/// `Statistics` of parquet.thrift: greatest and least value in the old form, then in the new one.
const STATISTICS: Shape =
    Shape::Struct(&[(1, Shape::Binary), (2, Shape::Binary), (5, Shape::Binary), (6, Shape::Binary)]);
const COLUMN_CHUNK: Shape = Shape::Struct(&[(3, Shape::Struct(&[(12, STATISTICS)]))]);
/// `FileMetaData` of parquet.thrift, of which only statistics are looked at.
const FILE_METADATA: &[(i16, Shape)] =
    &[(4, Shape::List(&Shape::Struct(&[(1, Shape::List(&COLUMN_CHUNK))])))];
/// `ColumnIndex` of parquet.thrift: pages of nulls alone, least values, greatest values.
const COLUMN_INDEX: &[(i16, Shape)] =
    &[(1, Shape::List(&Shape::Bool)), (2, Shape::List(&Shape::Binary)), (3, Shape::List(&Shape::Binary))];

/// The bounds of a column in a row group, in both forms.
#[derive(Clone, Debug, Default)]
struct Bounds {
    old: [Option<i64>; 2],
    new: [Option<i64>; 2],
}

impl Bounds {
    fn contradict_each_other(&self) -> bool {
        let mut both = self.old.iter().zip(self.new);
        both.any(|pair| matches!(pair, (Some(old), Some(new)) if *old != new))
    }

    /// The least and the greatest value, in the form that the decoder prefers.
    fn least_and_greatest(&self) -> [Option<i64>; 2] {
        [0, 1].map(|at| self.new[at].or(self.old[at]))
    }
}

/// For each row group, whether what the file says about the values of the column at `leaf` contradicts itself.
///
/// # Errors
/// The footer cannot be read again.
pub(crate) fn contradictions(
    file: &mut File,
    bytes: u64,
    metadata: &ParquetMetaData,
    leaf: usize,
) -> Result<Vec<bool>, Unreadable> {
    let groups = metadata.row_groups();
    let is_number = groups
        .first()
        .is_some_and(|group| matches!(group.column(leaf).column_type(), Physical::INT32 | Physical::INT64));
    if !is_number {
        return Ok(vec![false; groups.len()]);
    }
    let bounds = bounds(&footer_bytes(file, bytes)?, groups.len(), leaf);
    let contradictions = groups.iter().zip(bounds).map(|(group, bounds)| {
        bounds.contradict_each_other() || pages_contradict(file, bytes, group.column(leaf), &bounds)
    });
    Ok(contradictions.collect())
}

/// The bounds of a column in each row group. A footer that cannot be walked has been refused.
fn bounds(footer: &[u8], row_groups: usize, leaf: usize) -> Vec<Bounds> {
    let mut all = vec![Bounds::default(); row_groups];
    let (mut row_group, mut column) = (0, 0);
    let _ = walk(footer, FILE_METADATA, &mut |path, value, at| match path {
        [4, ELEMENT] => row_group = index_u64(value.cast_unsigned()),
        [4, 1, ELEMENT] => column = index_u64(value.cast_unsigned()),
        &[4, 1, 3, 12, field] if column == leaf => {
            let Some(bounds) = all.get_mut(row_group) else { return };
            let number = number(&footer[at]);
            match field {
                1 => bounds.old[1] = number,
                2 => bounds.old[0] = number,
                5 => bounds.new[1] = number,
                6 => bounds.new[0] = number,
                _ => {}
            }
        }
        _ => {}
    });
    all
}

/// A whole number as statistics hold it; `None` if it is of another type.
fn number(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        4 => Some(i64::from(i32::from_le_bytes(*bytes.first_chunk()?))),
        8 => Some(i64::from_le_bytes(*bytes.first_chunk()?)),
        _ => None,
    }
}

/// Whether the values of a page lie outside the bounds of its column. An index that cannot be read says nothing.
fn pages_contradict(file: &mut File, bytes: u64, chunk: &ColumnChunkMetaData, bounds: &Bounds) -> bool {
    // Some writers give a page of nulls the bounds 0; with nulls, no row group is passed over anyway.
    if chunk.statistics().and_then(Statistics::null_count_opt) != Some(0) {
        return false;
    }
    let [Some(least), Some(greatest)] = bounds.least_and_greatest() else { return false };
    let Some(index) =
        chunk.column_index_offset().zip(chunk.column_index_length()).and_then(|(start, length)| {
            index_bytes(file, bytes, u64::try_from(start).ok()?, u64::try_from(length).ok()?)
        })
    else {
        return false;
    };
    let mut is_outside = false;
    // The head of each list is reported too, with its length for a value.
    let walked = walk(&index, COLUMN_INDEX, &mut |path, value, at| {
        if matches!(path, [2 | 3]) && usize::try_from(value) == Ok(at.len()) {
            is_outside |= number(&index[at]).is_some_and(|value| value < least || value > greatest);
        }
    });
    walked.is_ok() && is_outside
}

/// The bytes of an index of pages; `None` if it is not in the file or too long.
fn index_bytes(file: &mut File, bytes: u64, start: u64, length: u64) -> Option<Vec<u8>> {
    let is_there = start.checked_add(length).is_some_and(|end| end <= bytes);
    (is_there && length <= INDEX_BYTES_MAX).then_some(())?;
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut index = Vec::new();
    file.take(length).read_to_end(&mut index).ok()?;
    (count(index.len()) == length).then_some(index)
}
