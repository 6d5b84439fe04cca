//! Parquet files of a cycle, with the same bytes for the same rows. Cycles are compared and verified by hash, so
//! the bytes must not depend on the number of threads, which changes how rows are split into batches.
//!
//! This module sorts nothing and knows no column.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use arrow_select::coalesce::BatchCoalescer;
use gridtier::output::{BATCH_ROWS, Output};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dictionary;
use super::durable::HashedFile;
use super::error::{Damage, StoreError, cannot_read, cannot_write};
use crate::draft;

const ROW_GROUP_ROWS: usize = 1 << 20;
/// Level 3 makes the tables 1 % smaller and takes longer (benches/README.md, "Whole grading").
const ZSTD_LEVEL: i32 = 1;

/// A file of a cycle, as its manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputFile {
    /// The path inside the cycle's folder, with `/`: `tiers.parquet`, `rejects/bills.parquet`.
    pub name: String,
    /// The hash of the whole file, in lower-case hexadecimal.
    pub sha256: String,
    /// The length of the file.
    pub bytes: u64,
    /// The rows in it.
    pub rows: u64,
}

/// Writes `tables` into a folder outside of any store, replacing those of an earlier run: the results of a check or a
/// trial.
///
/// # Errors
/// A file cannot be written; see [`draft::write_folder`].
pub fn write_tables<'a>(dir: &Path, tables: impl IntoIterator<Item = Output<'a>>) -> Result<(), StoreError> {
    write_checked_tables(dir, tables, || Ok(()))
}

/// As [`write_tables`], for tables whose rows are read while they are written: `check` says whether all could be read.
///
/// # Errors
/// As those of [`write_tables`], or that of `check`; in that case no table has appeared.
pub fn write_checked_tables<'a, E: From<StoreError>>(
    dir: &Path,
    tables: impl IntoIterator<Item = Output<'a>>,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let mut name = String::new();
    let written = draft::write_folder(dir, |draft| {
        for table in tables {
            name = format!("{}.parquet", table.name);
            write_table(&draft.join(&name), table).map_err(TablesFailure::Write)?;
        }
        check().map_err(TablesFailure::Check)
    });
    written.map_err(|failure| match failure {
        TablesFailure::Write(failure) => failure.at(dir, &name).into(),
        TablesFailure::Check(error) => error,
    })
}

/// Why tables were not written: one of them could not be, or what they were read from is faulty.
enum TablesFailure<E> {
    Write(WriteFailure),
    Check(E),
}

impl<E> From<io::Error> for TablesFailure<E> {
    fn from(error: io::Error) -> Self {
        Self::Write(error.into())
    }
}

fn write_table(path: &Path, table: Output) -> Result<(), WriteFailure> {
    let mut file = HashedFile::create_new(path)?;
    write_rows(&mut file, &table.schema, table.batches)?;
    file.finish()?;
    Ok(())
}

/// Writes `batches` to the new file `path` and syncs it to disk. A file that cannot be completed is removed.
pub(crate) fn write_parquet(
    path: &Path,
    name: &str,
    schema: &SchemaRef,
    batches: impl Iterator<Item = RecordBatch>,
) -> Result<OutputFile, StoreError> {
    let (output, file) = write_unsynced(path, name, schema, batches)?;
    let synced = file.sync_all().map_err(cannot_write(path)).map(|()| output);
    synced.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Writes `batches` to the new file `path`, which is still to be synced. A file that cannot be completed is removed.
pub(super) fn write_unsynced(
    path: &Path,
    name: &str,
    schema: &SchemaRef,
    batches: impl Iterator<Item = RecordBatch>,
) -> Result<(OutputFile, File), StoreError> {
    let mut file = HashedFile::create_new(path).map_err(cannot_write(path))?;
    match write_rows(&mut file, schema, batches) {
        Ok(rows) => {
            let (file, sha256, bytes) = file.finish_unsynced();
            Ok((OutputFile { name: name.to_owned(), sha256, bytes, rows }, file))
        }
        Err(failure) => {
            let _ = fs::remove_file(path);
            Err(failure.at(path, name))
        }
    }
}

/// Copies the file `from`, published as `output`, to the new file `path` and syncs it to disk. A file that cannot be
/// completed, or whose hash is not the published one, is removed.
pub(super) fn copy_file(from: &Path, path: &Path, output: &OutputFile) -> Result<(), StoreError> {
    let mut source = File::open(from).map_err(cannot_read(from))?;
    let mut file = HashedFile::create_new(path).map_err(cannot_write(path))?;
    let copied = io::copy(&mut source, &mut file).and_then(|_| file.finish()).map_err(cannot_write(path));
    let same = copied.and_then(|(sha256, _)| match sha256 == output.sha256 {
        true => Ok(()),
        false => Err(StoreError::Damaged { damage: Damage::Content { path: from.to_owned() } }),
    });
    same.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Writes rows as [`ArrowWriter`] does, byte for byte, but encodes and compresses the columns of a batch in parallel: most
/// of the bytes of a cycle are in one table, the energy by customer and month.
fn write_rows(
    file: &mut HashedFile,
    schema: &SchemaRef,
    batches: impl Iterator<Item = RecordBatch>,
) -> Result<u64, WriteFailure> {
    let rows = BatchCoalescer::new(schema.clone(), BATCH_ROWS);
    let mut even = EvenBatches { batches, rows, schema, is_at_end: false };
    let first = even.next().transpose()?;
    let properties = properties(first.as_ref())?;
    // The embedded Arrow schema would make readers restore this program's text encodings instead of plain strings.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options)?;
    let (mut writer, columns) = writer.into_serialized_writer()?;
    let mut group = RowGroup::default();
    for batch in first.into_iter().map(Ok).chain(even) {
        group.write(&batch?, &mut writer, &columns)?;
    }
    group.finish(&mut writer)?;
    Ok(writer.close()?.file_metadata().num_rows().unsigned_abs())
}

/// The same rows in batches of [`BATCH_ROWS`], the last one smaller, with text as the schema has it: the writer ends pages
/// between batches.
struct EvenBatches<'a, B> {
    batches: B,
    rows: BatchCoalescer,
    schema: &'a SchemaRef,
    is_at_end: bool,
}

impl<B: Iterator<Item = RecordBatch>> EvenBatches<'_, B> {
    /// The next batch. After the last, its rows complete a smaller one.
    fn even(&mut self) -> Result<Option<RecordBatch>, WriteFailure> {
        loop {
            if let Some(batch) = self.rows.next_completed_batch() {
                return Ok(Some(batch));
            }
            if self.is_at_end {
                return Ok(None);
            }
            match self.batches.next().map(|batch| conform(&batch, self.schema)).transpose()? {
                // Most batches have the right size already, and need not be copied.
                Some(batch) if batch.num_rows() == BATCH_ROWS && self.rows.is_empty() => {
                    return Ok(Some(batch));
                }
                Some(batch) => self.rows.push_batch(batch)?,
                None => {
                    self.is_at_end = true;
                    self.rows.finish_buffered_batch()?;
                }
            }
        }
    }
}

impl<B: Iterator<Item = RecordBatch>> Iterator for EvenBatches<'_, B> {
    type Item = Result<RecordBatch, WriteFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.even().transpose();
        self.is_at_end |= matches!(next, Some(Err(_)));
        next
    }
}

/// The row group that is being written.
#[derive(Default)]
struct RowGroup {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl RowGroup {
    /// Adds a batch, and begins a new row group when this one is full. Row groups have a whole number of batches.
    fn write(
        &mut self,
        batch: &RecordBatch,
        writer: &mut SerializedFileWriter<&mut HashedFile>,
        columns: &ArrowRowGroupWriterFactory,
    ) -> Result<(), ParquetError> {
        if self.rows == 0 {
            self.columns = columns.create_column_writers(writer.flushed_row_groups().len())?;
        }
        let schema = batch.schema_ref();
        self.columns.par_iter_mut().enumerate().try_for_each(|(column, writer)| {
            // No column of a cycle is nested, so each has one leaf.
            let leaves = compute_leaves(schema.field(column), batch.column(column))?;
            leaves.iter().try_for_each(|leaf| writer.write(leaf))
        })?;
        self.rows += batch.num_rows();
        if self.rows >= ROW_GROUP_ROWS { self.finish(writer) } else { Ok(()) }
    }

    fn finish(&mut self, writer: &mut SerializedFileWriter<&mut HashedFile>) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = std::mem::take(&mut self.columns);
        let chunks: Vec<_> = columns.into_par_iter().map(ArrowColumnWriter::close).collect();
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            chunk?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }
}

/// How a table is written that begins with these rows.
fn properties(first: Option<&RecordBatch>) -> Result<WriterProperties, WriteFailure> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for (column, field) in first.iter().flat_map(|rows| rows.columns().iter().zip(rows.schema_ref().fields()))
    {
        if dictionary::pays(column) {
            continue;
        }
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
    }
    Ok(properties.build())
}

/// Casts the text columns of a batch, which may have any of Arrow's encodings, to the types of `schema`.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, WriteFailure> {
    let columns =
        schema.fields().iter().zip(batch.columns()).map(|(field, column)| conform_column(column, field));
    let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
    // Keep surplus columns, so that `try_new` reports them.
    columns.extend_from_slice(batch.columns().get(schema.fields().len()..).unwrap_or_default());
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn conform_column(column: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let same_type = column.data_type() == field.data_type();
    if !same_type && is_text(column.data_type()) && is_text(field.data_type()) {
        cast(column, field.data_type())
    } else {
        Ok(column.clone())
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Reads the footer back: with a fault in the writer, a file can have the right hash and still not be readable.
pub(super) fn footer_damage(path: &Path, output: &OutputFile) -> Option<Damage> {
    let rows = File::open(path).map_err(ParquetError::from).and_then(|file| {
        let footer = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        Ok(footer.file_metadata().num_rows().unsigned_abs())
    });
    let agrees = rows.is_ok_and(|rows| rows == output.rows);
    (!agrees).then(|| Damage::Footer { path: path.to_owned(), listed_rows: output.rows })
}

/// Why rows could not be written: a failure of the disk, or rows that contradict the declared schema.
enum WriteFailure {
    Disk(io::Error),
    Rows(String),
}

impl WriteFailure {
    fn at(self, path: &Path, name: &str) -> StoreError {
        match self {
            Self::Disk(error) => cannot_write(path)(error),
            Self::Rows(problem) => StoreError::Misuse { name: name.to_owned(), problem },
        }
    }
}

impl From<io::Error> for WriteFailure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<ParquetError> for WriteFailure {
    fn from(error: ParquetError) -> Self {
        let problem = error.to_string();
        match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(error) => Self::Disk(*error),
                Err(_) => Self::Rows(problem),
            },
            _ => Self::Rows(problem),
        }
    }
}

impl From<ArrowError> for WriteFailure {
    fn from(error: ArrowError) -> Self {
        Self::Rows(error.to_string())
    }
}
