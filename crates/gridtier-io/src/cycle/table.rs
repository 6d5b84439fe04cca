//! Reading the parquet tables of a published cycle, as batches, as a whole, or only the rows of one key.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch, RecordBatchReader as _, StringArray};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::error::{CycleError, other_columns, unreadable};
use crate::store::StoredCycle;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 14;

/// The batches of a table, in the order of its rows.
pub(super) fn batches(path: &Path) -> Result<ParquetRecordBatchReader, CycleError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, error))?;
    builder.with_batch_size(BATCH_ROWS).build().map_err(|error| unreadable(path, error))
}

/// Whether the tier table of a cycle has the probability of the tier.
pub(crate) fn has_tier_probability(cycle: &StoredCycle) -> bool {
    let rows = batches(&cycle.dir.join("tiers.parquet"));
    rows.is_ok_and(|rows| rows.schema().field_with_name("tier_probability").is_ok())
}

/// Calls `read` with every batch of a table of the cycle; `read` returns `None` when a column is missing or of another
/// type.
pub(super) fn read_batches(
    cycle: &StoredCycle,
    name: &str,
    mut read: impl FnMut(&RecordBatch) -> Option<()>,
) -> Result<(), CycleError> {
    let path = cycle.dir.join(name);
    for batch in batches(&path)? {
        let batch = batch.map_err(|error| unreadable(&path, error))?;
        read(&batch).ok_or_else(|| other_columns(cycle, name))?;
    }
    Ok(())
}

/// As [`batches`], with these columns only.
pub(super) fn column_batches(path: &Path, columns: &[&str]) -> Result<ParquetRecordBatchReader, CycleError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, error))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
    builder.build().map_err(|error| unreadable(path, error))
}

/// As [`read_batches`], with these columns only.
pub(crate) fn read_columns(
    cycle: &StoredCycle,
    name: &str,
    columns: &[&str],
    mut read: impl FnMut(&RecordBatch) -> Option<()>,
) -> Result<(), CycleError> {
    let path = cycle.dir.join(name);
    for batch in column_batches(&path, columns)? {
        let batch = batch.map_err(|error| unreadable(&path, error))?;
        read(&batch).ok_or_else(|| other_columns(cycle, name))?;
    }
    Ok(())
}

/// A small table as one batch; `None` when it has no rows.
pub(super) fn whole_table(path: &Path) -> Result<Option<RecordBatch>, CycleError> {
    let all = batches(path)?.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(path, error))?;
    concatenated(path, &all)
}

/// The rows of a table whose `column` is `key`; `None` when there are none.
pub(super) fn rows_with_key(path: &Path, column: &str, key: &str) -> Result<Option<RecordBatch>, CycleError> {
    let mut found = Vec::new();
    for batch in batches(path)? {
        let batch = batch.map_err(|error| unreadable(path, error))?;
        let keys = text_column(&batch, column)
            .ok_or_else(|| unreadable(path, format!("it has no column {column}")))?;
        let mask: BooleanArray = keys.iter().map(|cell| Some(cell == Some(key))).collect();
        if mask.true_count() > 0 {
            found.push(filter_record_batch(&batch, &mask).map_err(|error| unreadable(path, error))?);
        }
    }
    concatenated(path, &found)
}

fn concatenated(path: &Path, batches: &[RecordBatch]) -> Result<Option<RecordBatch>, CycleError> {
    let Some(first) = batches.first() else { return Ok(None) };
    concat_batches(&first.schema(), batches).map(Some).map_err(|error| unreadable(path, error))
}

fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}
