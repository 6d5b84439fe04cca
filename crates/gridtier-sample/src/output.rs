//! Writers of the sample's folder, parquet files and CSV files.
//!
//! A row group can be encoded on any thread and appended later: large samples are written fast, and their bytes do not
//! depend on the number of threads. No Arrow schema is embedded, so that every reader sees dictionary columns as text.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
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

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 1 << 19;
/// The default limit of 1 MiB does not hold the account numbers of 100,000 customers.
const DICTIONARY_BYTES_MAX: usize = 16 << 20;
/// Pages are long so that the compressor can find that each month lists the same customers.
const PAGE_ROWS_MAX: usize = 1 << 18;
const ZSTD_LEVEL: i32 = 6;

/// An account number that no customer has.
pub const GHOST_ID: &str = "0599000001";

/// The rows and planted faults of a table that was written.
#[derive(Debug)]
pub struct WrittenTable {
    pub table: Table,
    pub rows: u64,
    faults: Vec<PlantedFault>,
}

impl WrittenTable {
    pub fn new(table: Table) -> Self {
        Self { table, rows: 0, faults: Vec::new() }
    }

    /// Counts rows planted under a rule.
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

/// Where the files of a folder are written before they are moved to their places.
const DRAFT: &str = ".partial";

/// Writes the files of a folder, which must be new or empty. They are moved into it when all are written, so that a run that
/// is killed leaves a draft only, which the next run replaces.
pub fn whole_folder<T>(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<T, SampleError>,
) -> Result<T, SampleError> {
    let draft = dir.join(DRAFT);
    let written = begin_draft(dir, &draft).map_err(|source| SampleError::Io { path: dir.to_owned(), source });
    if !written? {
        return Err(SampleError::NotEmpty { dir: dir.to_owned() });
    }
    let filled = fill(&draft);
    if filled.is_err() {
        // Report the first error; the next run removes the draft if this cannot.
        let _ = fs::remove_dir_all(&draft);
    }
    let filled = filled?;
    move_files(&draft, dir).map_err(|source| SampleError::Io { path: dir.to_owned(), source })?;
    Ok(filled)
}

/// Makes an empty draft in a folder; `false` if the folder has other files.
fn begin_draft(dir: &Path, draft: &Path) -> io::Result<bool> {
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(dir)? {
        if entry?.file_name() != DRAFT {
            return Ok(false);
        }
    }
    if draft.exists() {
        fs::remove_dir_all(draft)?;
    }
    fs::create_dir(draft)?;
    Ok(true)
}

fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    fs::remove_dir(from)
}

fn create(path: &Path) -> Result<BufWriter<File>, SampleError> {
    File::create_new(path)
        .map(BufWriter::new)
        .map_err(|source| SampleError::Io { path: path.to_owned(), source })
}

/// Writes a parquet file.
pub struct ParquetTableWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ParquetWriter,
    factory: ArrowRowGroupWriterFactory,
    row_groups: usize,
}

/// A row group that is encoded but not yet in the file.
pub struct EncodedRowGroup(Vec<ArrowColumnChunk>);

impl ParquetTableWriter {
    /// Begins a file. The columns in `unique` have no repeated text and are delta-encoded, without a dictionary.
    pub fn create(path: PathBuf, schema: SchemaRef, unique: &[&str]) -> Result<Self, SampleError> {
        let file = create(&path)?;
        let (writer, factory) = writer(file, &schema, unique)
            .map_err(|source| SampleError::Parquet { path: path.clone(), source })?;
        Ok(Self { path, schema, writer, factory, row_groups: 0 })
    }

    /// Encodes columns as a row group; `ahead` is the number of row groups that will be appended before it.
    pub fn encode(&self, columns: &[ArrayRef], ahead: usize) -> Result<EncodedRowGroup, SampleError> {
        self.try_encode(columns, ahead).map_err(|source| self.failed(source))
    }

    fn try_encode(&self, columns: &[ArrayRef], ahead: usize) -> Result<EncodedRowGroup, ParquetError> {
        let writers = self.factory.create_column_writers(self.row_groups + ahead)?;
        let mut chunks = Vec::with_capacity(writers.len());
        for ((mut writer, field), column) in writers.into_iter().zip(self.schema.fields()).zip(columns) {
            for leaf in compute_leaves(field, column)? {
                writer.write(&leaf)?;
            }
            chunks.push(writer.close()?);
        }
        Ok(EncodedRowGroup(chunks))
    }

    /// Appends a row group to the file.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<(), SampleError> {
        self.try_append(group).map_err(|source| self.failed(source))
    }

    fn try_append(&mut self, group: EncodedRowGroup) -> Result<(), ParquetError> {
        let mut writer = self.writer.next_row_group()?;
        for chunk in group.0 {
            chunk.append_to_row_group(&mut writer)?;
        }
        writer.close()?;
        self.row_groups += 1;
        Ok(())
    }

    /// Encodes columns as a row group and appends it.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<(), SampleError> {
        let group = self.encode(columns, 0)?;
        self.append(group)
    }

    /// Writes the footer.
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

type ParquetWriter = SerializedFileWriter<BufWriter<File>>;

fn writer(
    file: BufWriter<File>,
    schema: &SchemaRef,
    unique: &[&str],
) -> Result<(ParquetWriter, ArrowRowGroupWriterFactory), ParquetError> {
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

/// Writes a table as CSV.
pub struct CsvTableWriter {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
    rows: u64,
    /// Columns of the file.
    width: usize,
}

impl CsvTableWriter {
    /// Begins a file with the columns of the table's contract.
    pub fn create(dir: &Path, table: Table) -> Result<Self, SampleError> {
        Self::begin(dir, table, b"")
    }

    /// The same with a byte-order mark, without which Excel shows Chinese names wrongly.
    pub fn create_for_excel(dir: &Path, table: Table) -> Result<Self, SampleError> {
        Self::begin(dir, table, "\u{feff}".as_bytes())
    }

    /// The same with further columns after those of the contract.
    pub fn create_with(dir: &Path, table: Table, further: &[String]) -> Result<Self, SampleError> {
        Self::begin_with(dir, table, b"", further)
    }

    fn begin(dir: &Path, table: Table, mark: &[u8]) -> Result<Self, SampleError> {
        Self::begin_with(dir, table, mark, &[])
    }

    fn begin_with(dir: &Path, table: Table, mark: &[u8], further: &[String]) -> Result<Self, SampleError> {
        let path = dir.join(format!("{table}.csv"));
        let mut file = create(&path)?;
        file.write_all(mark).map_err(|source| SampleError::Io { path: path.clone(), source })?;
        let columns = table.columns().iter().map(|column| column.name.to_owned());
        let header: Vec<String> = columns.chain(further.iter().cloned()).collect();
        let mut csv = Self { path, writer: csv::Writer::from_writer(file), rows: 0, width: header.len() };
        csv.write(&header)?;
        csv.rows = 0;
        Ok(csv)
    }

    /// Writes a row; the contract's last columns may be left out, and are empty.
    pub fn write(&mut self, row: &[String]) -> Result<(), SampleError> {
        self.rows += 1;
        let empty = std::iter::repeat_n("", self.width.saturating_sub(row.len()));
        let cells = row.iter().map(String::as_str).chain(empty);
        self.writer.write_record(cells).map_err(|source| SampleError::Csv { path: self.path.clone(), source })
    }

    /// Writes a planted row and counts it.
    pub fn plant(
        &mut self,
        written: &mut WrittenTable,
        rule: &'static str,
        row: &[&str],
    ) -> Result<(), SampleError> {
        written.plant(rule, 1);
        self.write(&row.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
    }

    /// Closes the file and returns the number of its rows.
    pub fn close(mut self) -> Result<u64, SampleError> {
        self.writer.flush().map_err(|source| SampleError::Io { path: self.path, source })?;
        Ok(self.rows)
    }
}

/// A day as `2025-12-31`.
pub fn date_text(day: i32) -> String {
    date_of_day(day).map_or_else(String::new, |date| date.to_string())
}

/// The day of a second since 1970.
pub fn day_text(second: i64) -> String {
    date_text(second.div_euclid(86_400) as i32)
}

/// A second since 1970 as `2025-12-31 08:00:00`.
pub fn time_text(second: i64) -> String {
    let in_day = second.rem_euclid(86_400);
    format!("{} {:02}:{:02}:{:02}", day_text(second), in_day / 3600, in_day / 60 % 60, in_day % 60)
}

/// A value as text; `None` is an empty cell.
pub fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
