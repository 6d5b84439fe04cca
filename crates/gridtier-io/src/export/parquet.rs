//! Parquet as every engine reads it: zstd, text as plain strings, row groups of a size that keeps memory small.

use std::io::{self, Write};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Failure, Table};

/// Rows of a row group: a writer holds one in memory.
const ROW_GROUP_ROWS: usize = 1 << 19;
const ZSTD_LEVEL: i32 = 3;

pub(super) fn write(file: &mut (impl Write + Send), tables: Vec<Table>) -> Result<u64, Failure> {
    let Some(table) = tables.into_iter().next() else { return Ok(0) };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer: Option<ArrowWriter<_>> = None;
    let mut file = Some(file);
    let mut rows = 0;
    for batch in table.batches {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        if let (None, Some(file)) = (&writer, file.take()) {
            writer = Some(ArrowWriter::try_new_with_options(file, batch.schema(), options.clone())?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    match (writer, file) {
        (Some(writer), _) => writer.close()?,
        // A table without rows has its columns all the same.
        (None, Some(file)) => ArrowWriter::try_new_with_options(file, table.schema, options)?.close()?,
        (None, None) => return Ok(rows),
    };
    Ok(rows)
}

impl From<ParquetError> for Failure {
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
