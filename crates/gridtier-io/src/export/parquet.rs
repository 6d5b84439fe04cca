//! Parquet as every engine reads it: zstd, text as plain strings, row groups of a size that keeps memory small.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use gridtier::index::count;
use gridtier_report::render::RenderError;
use gridtier_report::table::DataList;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::WriteError;

/// Number of rows in a row group: a writer keeps one row group in memory.
const ROW_GROUP_ROWS: usize = 1 << 19;
const ZSTD_LEVEL: i32 = 3;

/// Writes one batch as a whole file.
pub(super) fn write_batch(file: &mut (impl Write + Send), batch: &RecordBatch) -> Result<(), WriteError> {
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options()?)?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// Writes a list and returns its number of rows. A list without rows is written with its columns.
pub(super) fn write_list(file: &mut (impl Write + Send), list: DataList) -> Result<u64, WriteError> {
    let mut batches = list.batches;
    let first = batches.next().transpose().map_err(RenderError::List)?;
    let schema = first.as_ref().map_or(list.schema, RecordBatch::schema);
    let mut writer = ArrowWriter::try_new_with_options(file, schema, options()?)?;
    let mut rows = 0;
    for batch in first.into_iter().map(Ok).chain(batches) {
        let batch = batch.map_err(RenderError::List)?;
        rows += count(batch.num_rows());
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(rows)
}

fn options() -> Result<ArrowWriterOptions, WriteError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build();
    Ok(ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true))
}

impl From<ParquetError> for WriteError {
    fn from(error: ParquetError) -> Self {
        Self::Io(match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(cause) => io::Error::other(cause),
            },
            other => io::Error::other(other),
        })
    }
}
