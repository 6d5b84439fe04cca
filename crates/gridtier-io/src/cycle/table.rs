//! Reading the parquet tables of a published cycle, as batches, as a whole, or only the rows of one key.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array as _, BooleanArray, RecordBatch, RecordBatchReader as _, StringArray};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection, RowSelector,
};
use parquet::file::metadata::PageIndexPolicy;

use super::error::{CycleError, other_columns, unreadable};
use crate::store::StoredCycle;

/// Number of rows in a batch.
pub(super) const BATCH_ROWS: usize = 1 << 14;

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

/// Calls `read` with every batch of a table of the cycle. `read` returns `None` if a column is missing or has another
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

/// Reads a file of results that is in no store; `None` if a batch is not what `read` expects.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_table(
    path: &Path,
    mut read: impl FnMut(&RecordBatch) -> Option<()>,
) -> Result<Option<()>, CycleError> {
    for batch in batches(path)? {
        let batch = batch.map_err(|error| unreadable(path, error))?;
        if read(&batch).is_none() {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

/// A small table as one batch; `None` when it has no rows.
pub(super) fn whole_table(path: &Path) -> Result<Option<RecordBatch>, CycleError> {
    let all = batches(path)?.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(path, error))?;
    concatenated(path, &all)
}

/// The rows of a table whose `column` is `key`; `None` when there are none.
pub(super) fn rows_with_key(path: &Path, column: &str, key: &str) -> Result<Option<RecordBatch>, CycleError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| unreadable(path, error))?;
    let pages = key_pages(&metadata, column);
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    if let Some(pages) = pages {
        builder = builder.with_row_selection(pages_with_key(&pages, key));
    }
    let mut found = Vec::new();
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(|error| unreadable(path, error))? {
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

/// As [`rows_with_key`], the rows of a customer in a table of a cycle.
pub(crate) fn rows_of_id(
    cycle: &StoredCycle,
    name: &str,
    id: &str,
) -> Result<Option<RecordBatch>, CycleError> {
    rows_with_key(&cycle.dir.join(name), "customer_id", id)
}

/// A page of a column of keys.
#[derive(Debug)]
pub(super) struct KeyPage {
    /// Number of its rows.
    pub(super) rows: usize,
    /// Its least key.
    pub(super) least: Option<String>,
    /// Its greatest key.
    pub(super) greatest: Option<String>,
}

/// The pages of a column of keys; `None` where a file has no index of its pages.
pub(super) fn key_pages(file: &ArrowReaderMetadata, column: &str) -> Option<Vec<KeyPage>> {
    let metadata = file.metadata();
    let index = metadata.page_index()?;
    let statistics = StatisticsConverter::try_new(column, file.schema(), file.parquet_schema()).ok()?;
    let groups: Vec<usize> = (0..metadata.num_row_groups()).collect();
    let least = statistics.data_page_mins(index.as_ref(), &groups).ok()?;
    let greatest = statistics.data_page_maxes(index.as_ref(), &groups).ok()?;
    let counts = statistics.data_page_row_counts(index.as_ref(), metadata.row_groups(), &groups).ok()??;
    let (least, greatest) = (least.as_string_opt::<i32>()?, greatest.as_string_opt::<i32>()?);
    let pages = counts.iter().zip(least.iter().zip(greatest.iter())).map(|(rows, (least, greatest))| {
        Some(KeyPage {
            rows: usize::try_from(rows?).ok()?,
            least: least.map(str::to_owned),
            greatest: greatest.map(str::to_owned),
        })
    });
    let pages = pages.collect::<Option<Vec<_>>>()?;
    let rows: usize = pages.iter().map(|page| page.rows).sum();
    let is_whole =
        counts.len() == least.len() && rows == usize::try_from(metadata.file_metadata().num_rows()).ok()?;
    is_whole.then_some(pages)
}

/// The rows of the pages that may hold a key, by the least and the greatest text of each page. Tables are sorted by their
/// keys, so that few pages are left.
fn pages_with_key(pages: &[KeyPage], key: &str) -> RowSelection {
    let selectors = pages.iter().map(|page| {
        let is_outside = page.least.as_deref().is_some_and(|least| key < least)
            || page.greatest.as_deref().is_some_and(|greatest| key > greatest);
        if is_outside { RowSelector::skip(page.rows) } else { RowSelector::select(page.rows) }
    });
    selectors.collect::<Vec<_>>().into()
}

/// The rows of a table of a cycle whose customer is one of these; `None` when there are none.
pub(crate) fn rows_of_ids(
    cycle: &StoredCycle,
    name: &str,
    ids: &BTreeSet<String>,
) -> Result<Option<RecordBatch>, CycleError> {
    let path = cycle.dir.join(name);
    let mut found = Vec::new();
    for batch in batches(&path)? {
        let batch = batch.map_err(|error| unreadable(&path, error))?;
        let keys = text_column(&batch, "customer_id").ok_or_else(|| other_columns(cycle, name))?;
        let mask: BooleanArray =
            keys.iter().map(|key| Some(key.is_some_and(|key| ids.contains(key)))).collect();
        if mask.true_count() > 0 {
            found.push(filter_record_batch(&batch, &mask).map_err(|error| unreadable(&path, error))?);
        }
    }
    concatenated(&path, &found)
}

/// The batches of a table of a cycle, in the order of its rows.
pub(crate) fn batches_of(
    cycle: &StoredCycle,
    name: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, CycleError>> + use<>, CycleError> {
    let path = cycle.dir.join(name);
    Ok(batches(&path)?.map(move |batch| batch.map_err(|error| unreadable(&path, error))))
}

fn concatenated(path: &Path, batches: &[RecordBatch]) -> Result<Option<RecordBatch>, CycleError> {
    let Some(first) = batches.first() else { return Ok(None) };
    concat_batches(&first.schema(), batches).map(Some).map_err(|error| unreadable(path, error))
}

fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

/// Three rows for each of 100 keys, in pages of 10 rows and row groups of 70 rows, so that the rows of some keys are in
/// two pages or two row groups.
#[cfg(test)]
pub(super) fn written(statistics: parquet::file::properties::EnabledStatistics) -> tempfile::NamedTempFile {
    let keys: StringArray = (0..300).map(|row| Some(format!("C{:03}", row / 3))).collect();
    let columns: [(&str, arrow_array::ArrayRef); 2] = [
        ("customer_id", std::sync::Arc::new(keys)),
        ("place", std::sync::Arc::new(arrow_array::UInt64Array::from_iter_values(0..300))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_data_page_row_count_limit(10)
        .set_write_batch_size(10)
        .set_max_row_group_row_count(Some(70))
        .set_statistics_enabled(statistics)
        .build();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties))
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

#[cfg(test)]
mod tests {
    use parquet::file::properties::EnabledStatistics;

    use super::*;

    #[test]
    fn all_rows_of_a_key_are_found_with_and_without_an_index_of_pages() {
        for statistics in [EnabledStatistics::Page, EnabledStatistics::Chunk, EnabledStatistics::None] {
            let file = written(statistics);
            for key in 0..100 {
                let rows = rows_with_key(file.path(), "customer_id", &format!("C{key:03}")).unwrap().unwrap();
                let places = rows.column(1).as_primitive::<arrow_array::types::UInt64Type>().values();
                assert_eq!(places, &[3 * key, 3 * key + 1, 3 * key + 2], "{statistics:?}");
            }
            for missing in ["", "B", "C0", "C0505", "D"] {
                assert!(rows_with_key(file.path(), "customer_id", missing).unwrap().is_none(), "{missing}");
            }
        }
    }

    #[test]
    fn few_pages_of_a_sorted_table_may_hold_a_key() {
        let file = written(EnabledStatistics::Page);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(file.as_file(), options).unwrap();
        let selection = pages_with_key(&key_pages(&metadata, "customer_id").unwrap(), "C050");
        assert!(selection.row_count() <= 20, "{}", selection.row_count());
    }
}
