//! Parquet files, whoever wrote them: read fast when they are sound, refused by name when they are not.
//!
//! Decoding is arrow-rs's. Around it stand the checks that keep a malformed or malicious file from costing more than a
//! refusal: the footer is walked before it is decoded (`footer`), the pages of a column are surveyed before one is read
//! (`pages`) and checked on their way (`guarded`, `delta`), and a panic of the decoder is caught. Text whose pages are
//! all references to a dictionary stays a dictionary, so that an account number is compared once for each row group and
//! not once for each row, and a long value is never copied out. Nested columns are not read; statistics are read where
//! they are asked for, to tell which row groups need not be opened (`statistics`).

mod compact;
mod delta;
mod footer;
mod guarded;
mod pages;
mod statistics;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use gridtier::contract::cell::Family;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::basic::{LogicalType, Type as Physical};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use self::guarded::GuardedRowGroup;
use self::pages::Chunk;
pub use self::statistics::Statistics;
use crate::columns::{OwnColumn, Piece};
use crate::limits::{PART_BYTES_MAX, TextCheck};
use crate::listing::DataFile;
use crate::unreadable::{Unreadable, caught};

/// Longest fixed-length bytes that are shown.
const FIXED_BYTES_MAX: i32 = 64;

/// A parquet file whose footer has been read.
#[derive(Clone, Debug)]
pub struct ParquetFile {
    metadata: Arc<ParquetMetaData>,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    data_type: DataType,
    /// What is needed to read it, if it is flat.
    flat: Option<Flat>,
}

#[derive(Clone, Debug)]
struct Flat {
    leaf: usize,
    kind: TypePtr,
}

impl ParquetFile {
    /// Reads the footer of a file.
    pub fn open(file: &DataFile) -> Result<Self, Unreadable> {
        let metadata = footer::read(&mut file.open()?, file.bytes, &[])?;
        let columns = caught(|| columns(&metadata))?;
        Ok(Self { metadata: Arc::new(metadata), columns })
    }

    /// Its columns, in order; a nested one has a nested type.
    pub fn columns(&self) -> Vec<OwnColumn> {
        self.columns.iter().map(|column| OwnColumn::typed(&column.name, column.data_type.clone())).collect()
    }

    /// Rows of each row group.
    pub fn row_groups(&self) -> impl Iterator<Item = u64> + '_ {
        self.metadata.row_groups().iter().map(|group| group.num_rows() as u64)
    }

    /// The columns at `picks` (flat ones) of a row group, in pieces of at most `most_rows`; only the selected rows, if
    /// any are.
    pub fn pieces(
        &self,
        file: &DataFile,
        row_group: usize,
        picks: &[usize],
        most_rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<Pieces, Unreadable> {
        let rows = self.metadata.row_group(row_group).num_rows() as u64;
        let mut handle = file.open()?;
        let mut flats = Vec::with_capacity(picks.len());
        let mut chunks = Vec::with_capacity(picks.len());
        for &pick in picks {
            let column = &self.columns[pick];
            let Some(flat) = &column.flat else {
                return Err(Unreadable::damaged(format!("the column {} cannot be read", column.name)));
            };
            let chunk = self.metadata.row_group(row_group).column(flat.leaf);
            let chunk = caught(|| Chunk::survey(&mut handle, chunk, rows))??;
            flats.push((flat, column, chunk.all_dictionary));
            chunks.push((flat.leaf, Arc::new(chunk)));
        }
        check_held(&chunks)?;
        let batch_rows = chunks.iter().map(|(_, chunk)| chunk.batch_rows).fold(most_rows, usize::min);
        let row_groups = GuardedRowGroup {
            file: Arc::new(handle),
            metadata: Arc::clone(&self.metadata),
            row_group,
            chunks,
        };
        let expected = selection.as_ref().map_or(rows, |selection| selection.row_count() as u64);
        let reader = caught(|| reader(&flats, &row_groups, batch_rows, selection))??;
        Ok(Pieces { reader, left: expected, texts: TextCheck::default() })
    }
}

fn check_held(chunks: &[(usize, Arc<Chunk>)]) -> Result<(), Unreadable> {
    let held: u64 = chunks.iter().map(|(_, chunk)| chunk.held).sum();
    if held <= PART_BYTES_MAX {
        return Ok(());
    }
    Err(Unreadable::because(
        format!("reading a row group takes {held} bytes for its pages alone; the most is {PART_BYTES_MAX}"),
        "write the file with smaller row groups, of about a million rows",
    ))
}

fn reader(
    flats: &[(&Flat, &Column, bool)],
    row_groups: &GuardedRowGroup,
    batch_rows: usize,
    selection: Option<RowSelection>,
) -> Result<ParquetRecordBatchReader, Unreadable> {
    let schema = descriptor(flats.iter().map(|(flat, ..)| Arc::clone(&flat.kind)).collect())?;
    let wanted = flats.iter().map(|(_, column, all_dictionary)| {
        Field::new(&column.name, wanted_type(&column.data_type, *all_dictionary), true)
    });
    let wanted: Fields = wanted.collect();
    let levels = parquet_to_arrow_field_levels(&schema, ProjectionMask::all(), Some(&wanted))?;
    Ok(ParquetRecordBatchReader::try_new_with_row_groups(&levels, row_groups, batch_rows, selection)?)
}

/// A schema of flat columns.
fn descriptor(columns: Vec<TypePtr>) -> Result<SchemaDescriptor, Unreadable> {
    let root = Type::group_type_builder("schema").with_fields(columns).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// The type to decode a column to: text as a dictionary or as views.
fn wanted_type(base: &DataType, all_dictionary: bool) -> DataType {
    let dictionary = |values| DataType::Dictionary(Box::new(DataType::Int32), Box::new(values));
    match (base, all_dictionary) {
        (DataType::Utf8, true) | (DataType::Binary, true) => dictionary(base.clone()),
        (DataType::Utf8, false) => DataType::Utf8View,
        (DataType::Binary, false) => DataType::BinaryView,
        _ => base.clone(),
    }
}

/// The columns of a file. The types come from the parquet schema; an Arrow schema that came along adds what parquet
/// cannot say, such as times in seconds.
fn columns(metadata: &ParquetMetaData) -> Vec<Column> {
    let schema = metadata.file_metadata().schema_descr();
    let key_values = metadata.file_metadata().key_value_metadata();
    let said = caught(|| parquet_to_arrow_schema(schema, key_values)).ok().and_then(Result::ok);
    let said_type =
        |name: &str| said.as_ref()?.column_with_name(name).map(|(_, field)| field.data_type().clone());
    let mut leaf = 0;
    let mut columns = Vec::new();
    for kind in schema.root_schema().get_fields() {
        let name = kind.name().to_owned();
        let at = leaf;
        leaf += leaves(kind);
        let descriptor = (leaf == at + 1 && kind.is_primitive()).then(|| schema.column(at));
        let data_type = descriptor.as_ref().and_then(|column| flat_type(column, kind, said_type(&name)));
        let flat = data_type.is_some().then(|| Flat { leaf: at, kind: Arc::clone(kind) });
        // Whatever it is, it is no plain value.
        let data_type = data_type.unwrap_or_else(|| DataType::Struct(Fields::empty()));
        columns.push(Column { name, data_type, flat });
    }
    columns
}

fn leaves(kind: &TypePtr) -> usize {
    if kind.is_primitive() { 1 } else { kind.get_fields().iter().map(leaves).sum() }
}

/// The type of a flat column that can be read safely.
fn flat_type(column: &ColumnDescriptor, kind: &TypePtr, said: Option<DataType>) -> Option<DataType> {
    let is_json = matches!(column.logical_type_ref(), Some(LogicalType::Json));
    let fixed = (column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY).then(|| column.type_length());
    // The decoder does not check that JSON is text, and makes room for fixed bytes before it sees any.
    if column.max_rep_level() > 0
        || is_json
        || fixed.is_some_and(|length| !(0..=FIXED_BYTES_MAX).contains(&length))
    {
        return None;
    }
    if column.physical_type() == Physical::INT96 {
        // In nanoseconds the year 9999 would not fit.
        return Some(DataType::Timestamp(TimeUnit::Microsecond, None));
    }
    let own = || {
        let schema = descriptor(vec![Arc::clone(kind)]).ok()?;
        let schema = parquet_to_arrow_schema(&schema, None).ok()?;
        Some(schema.field(0).data_type().clone())
    };
    let data_type = match said.or_else(own)? {
        DataType::Dictionary(_, values) => *values,
        other => other,
    };
    Some(match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        other => other,
    })
    .filter(|kind| Family::of(kind) != Family::Nested || matches!(kind, DataType::FixedSizeBinary(_)))
}

/// The rows of a row group, in pieces of whole columns.
pub struct Pieces {
    reader: ParquetRecordBatchReader,
    /// Rows still to come.
    left: u64,
    texts: TextCheck,
}

impl Pieces {
    fn piece(&mut self) -> Result<Option<Piece>, Unreadable> {
        let Some(batch) = caught(|| self.reader.next())? else {
            return match self.left {
                0 => Ok(None),
                left => Err(Unreadable::damaged(format!("a row group ends {left} rows before its end"))),
            };
        };
        let batch: RecordBatch = batch?;
        let rows = batch.num_rows();
        let Some(left) = self.left.checked_sub(rows as u64) else {
            return Err(Unreadable::damaged("a row group has more rows than it claims"));
        };
        self.left = left;
        self.texts.check(batch.columns())?;
        Ok(Some(Piece { columns: batch.columns().to_vec(), rows, faults: Vec::new() }))
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
pub(crate) use tests::readings as sample_of_readings;

#[cfg(test)]
mod tests;
