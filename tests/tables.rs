//! Input tables in memory, written in every form that a utility may send.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

/// Reads a table of the invented utility: parquet with its types, CSV as text.
pub fn read(path: &Path) -> RecordBatch {
    if path.extension().is_some_and(|extension| extension == "csv") {
        return read_csv(path);
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn read_csv(path: &Path) -> RecordBatch {
    let text = fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |at: usize| {
        let cells = rows.iter().map(|row| Some(&row[at]).filter(|cell| !cell.is_empty()));
        Arc::new(cells.collect::<StringArray>()) as ArrayRef
    };
    batch(names.iter().enumerate().map(|(at, name)| (name.as_str(), column(at))))
}

/// A table of these columns; each of them may have empty cells.
pub fn batch<'a>(columns: impl IntoIterator<Item = (&'a str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// These rows of a table, in this order.
pub fn rows(table: &RecordBatch, rows: &[usize]) -> RecordBatch {
    let rows: UInt64Array = rows.iter().map(|&row| row as u64).collect::<Vec<_>>().into();
    take_record_batch(table, &rows).unwrap()
}

/// A table with one column replaced.
pub fn with(table: &RecordBatch, name: &str, change: impl Fn(&ArrayRef) -> ArrayRef) -> RecordBatch {
    let schema = table.schema();
    batch(schema.fields().iter().zip(table.columns()).map(|(field, column)| {
        (field.name().as_str(), if field.name() == name { change(column) } else { Arc::clone(column) })
    }))
}

/// A table without a column.
pub fn drop_column(table: &RecordBatch, name: &str) -> RecordBatch {
    let left: Vec<usize> =
        (0..table.num_columns()).filter(|&at| table.schema().field(at).name() != name).collect();
    table.project(&left).unwrap()
}

/// A table with all its text columns in another type.
pub fn text_as(table: &RecordBatch, kind: &DataType) -> RecordBatch {
    let schema = table.schema();
    batch(schema.fields().iter().zip(table.columns()).map(|(field, column)| {
        let is_text = *field.data_type() == DataType::Utf8;
        (field.name().as_str(), if is_text { cast(column, kind).unwrap() } else { Arc::clone(column) })
    }))
}

/// The cells of a column as text; empty cells as `None`.
pub fn texts(table: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = table.column_by_name(name).unwrap();
    let text = |row| (!column.is_null(row)).then(|| array_value_to_string(column, row).unwrap());
    (0..table.num_rows()).map(text).collect()
}

/// Parquet as a writer with ordinary settings gives it.
pub fn parquet(table: &RecordBatch) -> Vec<u8> {
    parquet_as(table, WriterProperties::builder())
}

pub fn parquet_as(table: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties.build())).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap()
}

/// An Arrow IPC file.
pub fn ipc(table: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &table.schema(), options).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap()
}

/// An Arrow IPC stream.
pub fn ipc_stream(table: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &table.schema()).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap()
}

/// CSV as plain as can be.
pub fn csv(table: &RecordBatch) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.schema().fields().iter().map(|field| field.name())).unwrap();
    let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns: Vec<Vec<Option<String>>> = names.iter().map(|name| texts(table, name)).collect();
    for row in 0..table.num_rows() {
        writer.write_record(columns.iter().map(|column| column[row].as_deref().unwrap_or(""))).unwrap();
    }
    writer.into_inner().unwrap()
}
