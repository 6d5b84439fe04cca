//! How the sample's files are written: a folder that is ours, parquet row groups, CSV rows, and the count of faults.
//!
//! A row group can be encoded by any thread and appended later, which is what makes large samples fast while their bytes
//! stay the same. The files say nothing about Arrow: dictionary columns are plain text to every reader.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::SchemaRef;
use gridtier::contract::Table;
use gridtier::unit::date_of_day;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use crate::{PlantedFault, SampleError};

/// Rows that a row group should hold.
pub const ROW_GROUP_ROWS: usize = 1 << 19;
/// Account numbers of 100,000 customers do not fit into the usual 1 MiB.
const DICTIONARY_BYTES_MAX: usize = 16 << 20;
/// Long pages let the compressor see that each month lists the same customers.
const PAGE_ROWS_MAX: usize = 1 << 18;
const ZSTD_LEVEL: i32 = 6;

/// An account number of no customer.
pub const GHOST_ID: &str = "0599000001";

/// What one table became.
#[derive(Debug)]
pub struct Written {
    pub table: Table,
    pub rows: u64,
    faults: Vec<PlantedFault>,
}

impl Written {
    pub fn new(table: Table) -> Self {
        Self { table, rows: 0, faults: Vec::new() }
    }

    /// Notes rows planted under a rule.
    pub fn plant(&mut self, rule: &'static str, rows: u64) {
        match self.faults.iter_mut().find(|fault| fault.rule == rule) {
            Some(fault) => fault.rows += rows,
            None => self.faults.push(PlantedFault { table: self.table, rule, rows }),
        }
    }

    pub fn faults(&self) -> Vec<PlantedFault> {
        self.faults.clone()
    }
}

/// Makes the folder, or takes an empty one.
pub fn claim(dir: &Path) -> Result<(), SampleError> {
    let io = |source| SampleError::Io { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(io)?;
    match fs::read_dir(dir).map_err(io)?.next() {
        None => Ok(()),
        Some(_) => Err(SampleError::NotEmpty { dir: dir.to_owned() }),
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, SampleError> {
    File::create_new(path)
        .map(BufWriter::new)
        .map_err(|source| SampleError::Io { path: path.to_owned(), source })
}

/// A parquet file in the making.
pub struct ParquetFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: SerializedFileWriter<BufWriter<File>>,
    factory: ArrowRowGroupWriterFactory,
    row_groups: usize,
}

/// A row group, encoded and not yet in the file.
pub struct RowGroup(Vec<ArrowColumnChunk>);

impl ParquetFile {
    /// Begins a file; columns of `unique` texts are stored as differences, not by dictionary.
    pub fn create(path: PathBuf, schema: SchemaRef, unique: &[&str]) -> Result<Self, SampleError> {
        let file = create(&path)?;
        let (writer, factory) = writer(file, &schema, unique)
            .map_err(|source| SampleError::Parquet { path: path.clone(), source })?;
        Ok(Self { path, schema, writer, factory, row_groups: 0 })
    }

    /// Encodes columns as a row group; `ahead` is the number of row groups that will be appended before it.
    pub fn encode(&self, columns: &[ArrayRef], ahead: usize) -> Result<RowGroup, SampleError> {
        self.try_encode(columns, ahead).map_err(|source| self.failed(source))
    }

    fn try_encode(&self, columns: &[ArrayRef], ahead: usize) -> Result<RowGroup, ParquetError> {
        let writers = self.factory.create_column_writers(self.row_groups + ahead)?;
        let mut chunks = Vec::with_capacity(writers.len());
        for ((mut writer, field), column) in writers.into_iter().zip(self.schema.fields()).zip(columns) {
            for leaf in compute_leaves(field, column)? {
                writer.write(&leaf)?;
            }
            chunks.push(writer.close()?);
        }
        Ok(RowGroup(chunks))
    }

    pub fn append(&mut self, group: RowGroup) -> Result<(), SampleError> {
        self.try_append(group).map_err(|source| self.failed(source))
    }

    fn try_append(&mut self, group: RowGroup) -> Result<(), ParquetError> {
        let mut writer = self.writer.next_row_group()?;
        for chunk in group.0 {
            chunk.append_to_row_group(&mut writer)?;
        }
        writer.close()?;
        self.row_groups += 1;
        Ok(())
    }

    /// Encodes and appends.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<(), SampleError> {
        let group = self.encode(columns, 0)?;
        self.append(group)
    }

    pub fn close(self) -> Result<(), SampleError> {
        let Self { path, writer, .. } = self;
        writer
            .into_inner()
            .map_err(|source| SampleError::Parquet { path: path.clone(), source })?
            .flush()
            .map_err(|source| SampleError::Io { path, source })
    }

    fn failed(&self, source: ParquetError) -> SampleError {
        SampleError::Parquet { path: self.path.clone(), source }
    }
}

type Writer = SerializedFileWriter<BufWriter<File>>;

fn writer(
    file: BufWriter<File>,
    schema: &SchemaRef,
    unique: &[&str],
) -> Result<(Writer, ArrowRowGroupWriterFactory), ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in unique {
        properties = properties
            .set_column_dictionary_enabled((*name).into(), false)
            .set_column_encoding((*name).into(), Encoding::DELTA_BYTE_ARRAY);
    }
    let parquet_schema = ArrowSchemaConverter::new().convert(schema)?;
    let writer =
        SerializedFileWriter::new(file, parquet_schema.root_schema_ptr(), Arc::new(properties.build()))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
    Ok((writer, factory))
}

/// A CSV file in the making.
pub struct CsvFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
    rows: u64,
}

impl CsvFile {
    /// Begins a table with the columns of its contract.
    pub fn create(dir: &Path, table: Table) -> Result<Self, SampleError> {
        Self::begin(dir, table, b"")
    }

    /// The same, marked as UTF-8 so that Excel shows Chinese names.
    pub fn create_for_excel(dir: &Path, table: Table) -> Result<Self, SampleError> {
        Self::begin(dir, table, "\u{feff}".as_bytes())
    }

    fn begin(dir: &Path, table: Table, mark: &[u8]) -> Result<Self, SampleError> {
        let path = dir.join(format!("{table}.csv"));
        let mut file = create(&path)?;
        file.write_all(mark).map_err(|source| SampleError::Io { path: path.clone(), source })?;
        let mut csv = Self { path, writer: csv::Writer::from_writer(file), rows: 0 };
        csv.write(&table.columns().iter().map(|column| column.name.to_owned()).collect::<Vec<_>>())?;
        csv.rows = 0;
        Ok(csv)
    }

    pub fn write(&mut self, row: &[String]) -> Result<(), SampleError> {
        self.rows += 1;
        self.writer.write_record(row).map_err(|source| SampleError::Csv { path: self.path.clone(), source })
    }

    /// Writes a planted row and notes it.
    pub fn plant(
        &mut self,
        written: &mut Written,
        rule: &'static str,
        row: &[&str],
    ) -> Result<(), SampleError> {
        written.plant(rule, 1);
        self.write(&row.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
    }

    /// Closes the file; the number of its rows.
    pub fn close(mut self) -> Result<u64, SampleError> {
        self.writer.flush().map_err(|source| SampleError::Io { path: self.path, source })?;
        Ok(self.rows)
    }
}

/// A day as `2025-12-31`.
pub fn date_text(day: i32) -> String {
    date_of_day(day).map_or_else(String::new, |date| date.to_string())
}

/// A value as text, nothing as an empty cell.
pub fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
