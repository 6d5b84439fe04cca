//! Data folders for tests, and their rows as the engine reads them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use gridtier::contract::Table;
use gridtier::contract::cell::{self, CellState, Dates, Scaling, Sign};
use gridtier::contract::declared::DecimalMark;
use gridtier::contract::rule::Rule;
use gridtier::source::{Batch, Source};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use crate::folder::DataFolder;

/// A data folder that is removed when the test ends.
pub struct TestFolder(tempfile::TempDir);

impl TestFolder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with one file.
    pub fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::new().and(name, bytes)
    }

    pub fn and(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn open(&self) -> Result<DataFolder, String> {
        DataFolder::open(self.path()).map_err(|error| error.to_string())
    }

    /// The batches of all parts of a table, with all columns.
    pub fn read(&self, table: Table) -> Result<Vec<Batch>, String> {
        read(&self.open()?, table)
    }

    /// Why the table cannot be opened or read.
    pub fn refusal(&self, table: Table) -> String {
        self.read(table).map(|batches| batches.len()).unwrap_err()
    }
}

/// All batches of a table.
pub fn read(folder: &DataFolder, table: Table) -> Result<Vec<Batch>, String> {
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    let mut batches = Vec::new();
    for part in folder.parts(table).map_err(|error| error.to_string())?.unwrap_or_default() {
        folder
            .read(table, part, &names, &mut |batch| {
                batches.push(batch);
                Ok(())
            })
            .map_err(|error| error.to_string())?;
    }
    Ok(batches)
}

/// A meter reading as the engine reads it: key, microseconds and Wh, or the rule that it breaks.
pub type ReadingOrRule = Result<(String, i64, i64), Rule>;

/// The meter readings of a folder.
pub fn readings(folder: &TestFolder) -> Result<Vec<ReadingOrRule>, String> {
    Ok(folder.read(Table::MeterReadings)?.iter().flat_map(readings_of).collect())
}

pub fn readings_of(batch: &Batch) -> Vec<ReadingOrRule> {
    let column = |name: &str| batch.column(name).unwrap();
    let ids = ids_of(column("customer_id"));
    let times = cell::times_us(column("read_at"), Dates { places: true, ..Dates::default() }).unwrap();
    let scale = Scaling { factor: 1_000, max: 1 << 40, sign: Sign::NotNegative, mark: DecimalMark::Point };
    let energies = cell::scaled(column("active_kwh"), &scale).unwrap();
    let state = |state: CellState| match state {
        CellState::Ok => Ok(()),
        CellState::Null => Err(Rule::NullValue),
        CellState::Fault(rule) => Err(rule),
    };
    let row = |row: usize| {
        if let Some((_, rule)) =
            batch.faults.iter().find(|(faulty, _)| gridtier::index::index(*faulty) == row)
        {
            return Err(*rule);
        }
        let id = ids[row].clone().ok_or(Rule::NullKey)?;
        state(times.states[row])?;
        state(energies.states[row])?;
        Ok((id, times.values[row], energies.values[row]))
    };
    (0..batch.record.num_rows()).map(row).collect()
}

/// Keys of any encoding, those of a dictionary included.
pub fn ids_of(column: &ArrayRef) -> Vec<Option<String>> {
    let plain = match arrow_array::cast::AsArray::as_any_dictionary_opt(column.as_ref()) {
        Some(dictionary) => arrow_cast::cast(column, dictionary.values().data_type()).unwrap(),
        None => Arc::clone(column),
    };
    let ids = cell::ids(&plain).unwrap();
    (0..column.len()).map(|row| ids.get(row).map(str::to_owned)).collect()
}

/// A parquet file of these columns.
pub fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    parquet_as(WriterProperties::builder(), columns)
}

pub fn parquet_as(properties: WriterPropertiesBuilder, columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
