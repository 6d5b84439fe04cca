//! Reads parquet files of any writer.
//!
//! Plain numbers and dictionaries are decoded by `decode`, which also keeps columns that are met again, the rest by arrow-rs;
//! [`guard`](crate::guard) checks footers and pages before that. Text whose pages are all references to a dictionary stays a
//! dictionary: an account number is then compared once for each row group and not once for each row, and a long value is not
//! copied for each row. Statistics are read on request, to find row groups that need not be opened (`statistics`). Nested
//! columns are not read.

mod statistics;
mod decode;

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use gridtier::contract::cell::Family;
use gridtier::index::{count, index_u64};
use gridtier::text;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use crate::columns::{FileColumn, FilePiece};
use crate::guard::limits::{PART_BYTES_MAX, TextCheck};
use crate::guard::parquet_pages::ChunkPages;
use crate::guard::row_group::GuardedRowGroup;
use crate::guard::{Unreadable, caught, parquet_footer};
use crate::listing::DataFile;

pub(crate) use self::decode::EarlierChunks;
use self::decode::{ColumnDecoder, Decoding, KeptChunk, Unpacker, batch_to_keep, keep};
pub use self::statistics::ColumnStatistics;

/// Longest value of a column of fixed-length bytes that is read.
const FIXED_BYTES_MAX: i32 = 64;

/// A parquet file whose footer has been read.
#[derive(Clone, Debug)]
pub struct ParquetFile {
    metadata: Arc<ParquetMetaData>,
    columns: Vec<ParquetColumn>,
    earlier: Arc<EarlierChunks>,
}

#[derive(Clone, Debug)]
struct ParquetColumn {
    name: String,
    data_type: DataType,
    is_int96: bool,
    /// `None` for a column that is nested or cannot be read safely.
    flat: Option<FlatColumn>,
}

/// Where a column without nesting is in the schema.
#[derive(Clone, Debug)]
struct FlatColumn {
    /// Position among the leaves of the schema.
    leaf: usize,
    parquet_type: TypePtr,
    /// The Arrow type that the parquet schema alone gives.
    stored_type: Option<DataType>,
}

/// A column and its pages in a row group.
type ColumnChunk<'a> = (&'a ParquetColumn, &'a FlatColumn, Arc<ChunkPages>);

impl ParquetFile {
    /// Reads the footer of a file.
    pub fn open(file: &DataFile) -> Result<Self, Unreadable> {
        let metadata = parquet_footer::read(&mut file.open()?, file.bytes, &[])?;
        let columns = caught(|| columns(&metadata))?;
        Ok(Self { metadata: Arc::new(metadata), columns, earlier: Arc::default() })
    }

    /// Uses what files of the same table have in common.
    pub(crate) fn share(&mut self, earlier: &Arc<EarlierChunks>) {
        self.earlier = Arc::clone(earlier);
    }

    /// Its columns, in order; a nested one has a nested type.
    pub fn columns(&self) -> Vec<FileColumn> {
        let columns = self.columns.iter();
        columns
            .map(|column| FileColumn {
                is_int96: column.is_int96,
                ..FileColumn::typed(&column.name, column.data_type.clone())
            })
            .collect()
    }

    /// The number of rows of each row group.
    pub fn row_groups(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.metadata.num_row_groups()).map(|row_group| self.rows(row_group))
    }

    /// The number of rows of a row group. It cannot be negative: a footer with a negative number has been refused.
    fn rows(&self, row_group: usize) -> u64 {
        u64::try_from(self.metadata.row_group(row_group).num_rows()).unwrap_or(0)
    }

    /// Reads the flat columns at these positions of a row group, in pieces of at most `rows_max` rows.
    ///
    /// With a `selection`, only its rows are read.
    pub fn pieces(
        &self,
        file: &DataFile,
        row_group: usize,
        positions: &[usize],
        rows_max: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetPieces, Unreadable> {
        let rows = self.rows(row_group);
        let mut handle = file.open()?;
        let chunks = self.chunks(&mut handle, row_group, positions)?;
        let batch_rows = chunks.iter().map(|(.., chunk)| chunk.batch_rows).fold(rows_max, usize::min);
        let handle = Arc::new(handle);
        let mut readers = Vec::with_capacity(positions.len());
        let mut others = Others::default();
        let mut unpacker = Unpacker::default();
        for (column, flat, chunk) in chunks {
            let data_type = decoded_type(&column.data_type, chunk.all_dictionary);
            let descriptor = self.metadata.row_group(row_group).column(flat.leaf).column_descr();
            let types = (flat.stored_type.as_ref(), &data_type);
            // Rows are selected by arrow-rs.
            let decoding = match selection {
                None => ColumnDecoder::of(
                    &handle,
                    &chunk,
                    descriptor,
                    types,
                    &self.earlier,
                    batch_rows,
                    &mut unpacker,
                ),
                Some(_) => Decoding::ByArrow,
            };
            let reader = match decoding {
                Decoding::Own(decoder) => ColumnReader::Own(decoder),
                Decoding::Kept(batches) => ColumnReader::Kept(batches.into_iter()),
                Decoding::ByArrow => ColumnReader::ByArrow(None),
                Decoding::ToKeep(kept) => ColumnReader::ByArrow(Some((kept, Vec::new()))),
            };
            if matches!(reader, ColumnReader::ByArrow(_)) {
                others.fields.push(Field::new(&column.name, data_type, true));
                others.types.push(Arc::clone(&flat.parquet_type));
                others.chunks.push((flat.leaf, chunk));
            }
            readers.push(reader);
        }
        let left = selection.as_ref().map_or(rows, |selection| count(selection.row_count()));
        let others = if others.chunks.is_empty() {
            None
        } else {
            let metadata = Arc::clone(&self.metadata);
            Some(others.reader(
                GuardedRowGroup { file: handle, metadata, row_group, chunks: Vec::new() },
                batch_rows,
                selection,
            )?)
        };
        Ok(ParquetPieces { readers, others, unpacker, batch_rows, left, texts: TextCheck::default() })
    }

    /// The flat columns at these positions, and their pages in a row group.
    fn chunks(
        &self,
        file: &mut File,
        row_group: usize,
        positions: &[usize],
    ) -> Result<Vec<ColumnChunk<'_>>, Unreadable> {
        let mut chunks = Vec::with_capacity(positions.len());
        for &position in positions {
            let column = &self.columns[position];
            let Some(flat) = &column.flat else {
                return Err(Unreadable::damaged(text!(
                    "the column {name} cannot be read",
                    "列 {name} 无法读取",
                    name = column.name
                )));
            };
            let chunk = self.metadata.row_group(row_group).column(flat.leaf);
            let chunk = caught(|| ChunkPages::survey(file, chunk, self.rows(row_group)))??;
            chunks.push((column, flat, Arc::new(chunk)));
        }
        check_held(chunks.iter().map(|(_, _, chunk)| chunk.held).sum())?;
        Ok(chunks)
    }
}

fn check_held(held: u64) -> Result<(), Unreadable> {
    if held <= PART_BYTES_MAX {
        return Ok(());
    }
    Err(Unreadable::because(
        text!(
            "reading a row group takes {held} bytes for its pages alone; the most is {PART_BYTES_MAX}",
            "读取一个行组仅数据页就需 {held} 字节，上限为 {PART_BYTES_MAX}"
        ),
        text!(
            "write the file with smaller row groups, of about a million rows",
            "请用较小的行组写文件，每组约一百万行"
        ),
    ))
}

/// Columns that arrow-rs decodes.
#[derive(Default)]
struct Others {
    fields: Vec<Field>,
    types: Vec<TypePtr>,
    chunks: Vec<(usize, Arc<ChunkPages>)>,
}

impl Others {
    fn reader(
        self,
        row_group: GuardedRowGroup,
        batch_rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader, Unreadable> {
        let row_group = GuardedRowGroup { chunks: self.chunks, ..row_group };
        let fields: Fields = self.fields.into();
        caught(|| {
            let schema = schema_of(self.types)?;
            let levels = parquet_to_arrow_field_levels(&schema, ProjectionMask::all(), Some(&fields))?;
            Ok(ParquetRecordBatchReader::try_new_with_row_groups(&levels, &row_group, batch_rows, selection)?)
        })?
    }
}

/// The schema of flat columns.
fn schema_of(types: Vec<TypePtr>) -> Result<SchemaDescriptor, Unreadable> {
    let root = Type::group_type_builder("schema").with_fields(types).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// The type that a column is decoded to: text as a dictionary or as views.
fn decoded_type(base: &DataType, all_dictionary: bool) -> DataType {
    match (base, all_dictionary) {
        (DataType::Utf8 | DataType::Binary, true) => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(base.clone()))
        }
        (DataType::Utf8, false) => DataType::Utf8View,
        (DataType::Binary, false) => DataType::BinaryView,
        _ => base.clone(),
    }
}

/// The columns of a file. Types come from the parquet schema; an embedded Arrow schema adds what parquet cannot
/// express, such as times in seconds.
fn columns(metadata: &ParquetMetaData) -> Vec<ParquetColumn> {
    let schema = metadata.file_metadata().schema_descr();
    let key_values = metadata.file_metadata().key_value_metadata();
    let arrow_schema = caught(|| parquet_to_arrow_schema(schema, key_values)).ok().and_then(Result::ok);
    let mut next_leaf = 0;
    let mut columns = Vec::new();
    for parquet_type in schema.root_schema().get_fields() {
        let name = parquet_type.name().to_owned();
        let leaf = next_leaf;
        next_leaf += leaves(parquet_type);
        let mut data_type = None;
        if next_leaf == leaf + 1 && parquet_type.is_primitive() {
            // Fields are matched by position, because two may have the same name.
            let fields = arrow_schema.as_ref().map(|schema| schema.fields());
            let arrow_field = fields.and_then(|fields| fields.get(columns.len()));
            let arrow_type =
                arrow_field.filter(|field| *field.name() == name).map(|field| field.data_type().clone());
            data_type = flat_type(&schema.column(leaf), parquet_type, arrow_type);
        }
        let flat = data_type.is_some().then(|| FlatColumn {
            leaf,
            parquet_type: Arc::clone(parquet_type),
            stored_type: type_by_parquet(parquet_type),
        });
        // An empty struct says that the column is nested.
        let data_type = data_type.unwrap_or_else(|| DataType::Struct(Fields::empty()));
        let is_int96 = parquet_type.is_primitive() && parquet_type.get_physical_type() == Physical::INT96;
        columns.push(ParquetColumn { name, data_type, is_int96, flat });
    }
    columns
}

/// The number of leaves below a node of the schema.
fn leaves(node: &TypePtr) -> usize {
    if node.is_primitive() { 1 } else { node.get_fields().iter().map(leaves).sum() }
}

/// The Arrow type of a flat column, or `None` if the column cannot be read safely.
fn flat_type(
    column: &ColumnDescriptor,
    parquet_type: &TypePtr,
    arrow_type: Option<DataType>,
) -> Option<DataType> {
    let is_json = matches!(column.logical_type_ref(), Some(LogicalType::Json))
        || column.converted_type() == ConvertedType::JSON;
    let is_too_wide = column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY
        && !(0..=FIXED_BYTES_MAX).contains(&column.type_length());
    // The decoder does not check that JSON is UTF-8, and reserves memory for fixed-length bytes before it sees any.
    if column.max_rep_level() > 0 || is_json || is_too_wide {
        return None;
    }
    if column.physical_type() == Physical::INT96 {
        // In nanoseconds the year 9999 would overflow.
        return Some(DataType::Timestamp(TimeUnit::Microsecond, None));
    }
    let data_type = match arrow_type.or_else(|| type_by_parquet(parquet_type))? {
        DataType::Dictionary(_, values) => *values,
        other => other,
    };
    let data_type = match data_type {
        // Of a type that parquet itself does not call UTF-8, arrow-rs would not check that it is.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            if column.converted_type() != ConvertedType::UTF8 =>
        {
            DataType::Binary
        }
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        other => other,
    };
    let is_flat =
        Family::of(&data_type) != Family::Nested || matches!(data_type, DataType::FixedSizeBinary(_));
    is_flat.then_some(data_type)
}

/// The Arrow type that the parquet schema alone gives.
fn type_by_parquet(parquet_type: &TypePtr) -> Option<DataType> {
    let schema = schema_of(vec![Arc::clone(parquet_type)]).ok()?;
    let schema = parquet_to_arrow_schema(&schema, None).ok()?;
    Some(schema.field(0).data_type().clone())
}

/// Where the rows of a column come from.
enum ColumnReader {
    Own(Box<ColumnDecoder>),
    /// The batches of the row group that have not been read.
    Kept(std::vec::IntoIter<ArrayRef>),
    /// arrow-rs, and the batches so far if they are to be kept.
    ByArrow(Option<(Arc<KeptChunk>, Vec<ArrayRef>)>),
}

/// Reads the rows of a row group in pieces.
pub struct ParquetPieces {
    readers: Vec<ColumnReader>,
    /// The reader of all columns that arrow-rs decodes, if there are any.
    others: Option<ParquetRecordBatchReader>,
    unpacker: Unpacker,
    batch_rows: usize,
    /// Rows still to come.
    left: u64,
    texts: TextCheck,
}

impl ParquetPieces {
    fn piece(&mut self) -> Result<Option<FilePiece>, Unreadable> {
        let (mut others, rows): (VecDeque<ArrayRef>, usize) = match &mut self.others {
            None if self.left == 0 => return Ok(None),
            None => (VecDeque::new(), self.batch_rows.min(index_u64(self.left))),
            Some(reader) => match caught(|| reader.next())? {
                None if self.left == 0 => return Ok(None),
                None => {
                    let left = self.left;
                    return Err(Unreadable::damaged(text!(
                        "a row group ends {left} rows before its end",
                        "行组在结尾前 {left} 行处结束"
                    )));
                }
                Some(batch) => {
                    let batch: RecordBatch = batch?;
                    self.texts.check(batch.columns())?;
                    (batch.columns().iter().cloned().collect(), batch.num_rows())
                }
            },
        };
        let Some(left) = self.left.checked_sub(count(rows)) else {
            return Err(Unreadable::damaged(text!(
                "a row group has more rows than it claims",
                "行组的行数多于声明"
            )));
        };
        let mut columns = Vec::with_capacity(self.readers.len());
        for reader in &mut self.readers {
            match reader {
                ColumnReader::Own(decoder) => columns.push(decoder.read(rows, &mut self.unpacker)?),
                ColumnReader::Kept(batches) => columns.extend(batches.next()),
                ColumnReader::ByArrow(kept) => {
                    let batch = others.pop_front();
                    if let (Some((chunk, batches)), Some(batch)) = (&mut *kept, &batch) {
                        match batch_to_keep(batch) {
                            Some(batch) => batches.push(batch),
                            None => {
                                keep(chunk, None);
                                *kept = None;
                            }
                        }
                    }
                    columns.extend(batch);
                }
            }
        }
        self.left = left;
        if left == 0 {
            self.keep();
        }
        Ok(Some(FilePiece { columns, rows, faults: Vec::new(), gap: 0 }))
    }

    /// Keeps the rows of columns for later row groups.
    fn keep(&mut self) {
        for reader in &mut self.readers {
            if let ColumnReader::ByArrow(kept) = reader
                && let Some((chunk, batches)) = kept.take()
            {
                keep(&chunk, Some(batches));
            }
        }
    }
}

impl Iterator for ParquetPieces {
    type Item = Result<FilePiece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
pub(crate) use tests::readings as sample_of_readings;

#[cfg(test)]
mod tests;
