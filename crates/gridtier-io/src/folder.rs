//! A folder of tables as the engine's source of rows.
//!
//! Opening it lists, hashes and checks every file, so that a grading either begins with files that can be read and agree
//! with their contracts, or is refused with the list of those that do not. The rows themselves are read on demand, part
//! by part, from any number of threads. What a row is worth, and what becomes of it, is the engine's.

mod bounds;
mod constant;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use gridtier::checked_toml::{Fault, Faults};
use gridtier::contract::Table;
use gridtier::contract::cell::are_integers;
use gridtier::contract::declared::Declared;
use gridtier::error::{Refusal, RunError};
use gridtier::source::{Batch, Bounds, Part, Source};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::columns::{self, FileColumn, FilePiece, Mapping, Notice, Pick, Typed};
use crate::config::{self, Config, HiveType};
use crate::csv::CsvFile;
use crate::guard::Unreadable;
use crate::guard::limits::BATCH_ROWS;
use crate::hash::sha256_of;
use crate::ipc::IpcFile;
use crate::listing::{self, DataFile, Format};
use crate::parquet::ParquetFile;

/// A file that a cycle was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Its table; none for `gridtier.toml`.
    pub table: Option<Table>,
    /// Relative to the data folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its hash, in hexadecimal.
    pub sha256: String,
    /// Its rows, those that were set aside among them.
    pub rows: u64,
}

/// Why a data folder cannot be graded: exit code 4.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// `gridtier.toml` is wrong.
    #[error(transparent)]
    Config(#[from] Faults),
    /// Files are in doubt or cannot be read; at least one.
    #[error("{}", Lines(.0))]
    Refused(Vec<Refusal>),
}

struct Lines<'a>(&'a [Refusal]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, refusal) in self.0.iter().enumerate() {
            write!(f, "{}{refusal}", if place == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Parquet(ParquetFile),
    Csv(CsvFile),
    Ipc(IpcFile),
}

/// A file that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Readable {
    pub file: DataFile,
    pub content: Content,
    pub columns: Vec<FileColumn>,
    mapping: Mapping,
    sha256: String,
    rows: u64,
    /// By part of a file of readings.
    bounds: Vec<Option<Bounds>>,
}

#[derive(Debug, Default)]
struct TableFiles {
    files: Vec<Readable>,
    notices: Vec<Notice>,
}

type Progress = Box<dyn Fn(Table, u64) + Sync + Send>;

/// An opened data folder.
pub struct DataFolder {
    config: Config,
    tables: BTreeMap<Table, TableFiles>,
    inputs: Vec<Input>,
    unused: Vec<String>,
    progress: Option<Progress>,
}

impl DataFolder {
    /// Lists, hashes and checks all files of a data folder.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let (config, config_input) = read_config(path)?;
        let listing = listing::list(path, &config).map_err(OpenError::Refused)?;
        let mut refusals = Vec::new();
        let mut tables = BTreeMap::new();
        // One after the other by table, the files of each in parallel: the refusals keep the order of names.
        for (table, files) in listing.tables {
            match check_table(table, files, &config) {
                Ok(checked) => drop(tables.insert(table, checked)),
                Err(more) => refusals.extend(more),
            }
        }
        if !refusals.is_empty() {
            return Err(OpenError::Refused(refusals));
        }
        let of_table = |files: &TableFiles| files.files.iter().map(Readable::input).collect::<Vec<_>>();
        let inputs = config_input.into_iter().chain(tables.values().flat_map(of_table)).collect();
        Ok(Self { config, tables, inputs, unused: listing.unused, progress: None })
    }

    /// Calls `progress` with table and rows as the engine reads.
    #[must_use]
    pub fn with_progress(mut self, progress: Box<dyn Fn(Table, u64) + Sync + Send>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// All files that count, `gridtier.toml` first, then by table and name.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What was noticed about a table's files: rule, columns concerned, which.
    #[must_use]
    pub fn notices(&self, table: Table) -> Vec<Notice> {
        self.tables.get(&table).map_or_else(Vec::new, |files| files.notices.clone())
    }

    /// Names in the folder that belong to no table, such as a misspelt one.
    #[must_use]
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// What is declared about the folder.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn files(&self, table: Table) -> &[Readable] {
        self.tables.get(&table).map_or(&[], |files| &files.files)
    }
}

fn read_config(folder: &Path) -> Result<(Config, Option<Input>), OpenError> {
    let path = folder.join(config::FILE_NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        // That the folder itself is none is told by the listing.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok((Config::default(), None));
        }
        Err(error) => {
            return Err(one_fault(format!("it cannot be read: {error}"), "check that you may read it"));
        }
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(one_fault("it is not UTF-8 text".into(), "save it as UTF-8"));
    };
    let config = Config::parse(text.trim_start_matches('\u{feff}'))?;
    let (sha256, length) = sha256_of(bytes.as_slice()).map_err(|error| one_fault(error.to_string(), ""))?;
    let input = Input { table: None, path: config::FILE_NAME.into(), bytes: length, sha256, rows: 0 };
    Ok((config, Some(input)))
}

fn one_fault(what: String, fix: &str) -> OpenError {
    Faults { name: config::FILE_NAME.into(), faults: vec![Fault { line: 1, what, fix: fix.into() }] }.into()
}

fn check_table(table: Table, files: Vec<DataFile>, config: &Config) -> Result<TableFiles, Vec<Refusal>> {
    let checked: Vec<Result<Readable, Refusal>> =
        files.into_par_iter().map(|file| check_file(file, config)).collect();
    let (mut files, mut refusals) = (Vec::new(), Vec::new());
    for file in checked {
        match file {
            Ok(file) => files.push(file),
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.extend(delivered_twice(&files));
    let typed: Vec<Typed> = files.iter().map(Readable::typed).collect();
    match columns::agree(table, &typed) {
        Ok(notices) if refusals.is_empty() => return Ok(TableFiles { files, notices }),
        Ok(_) => {}
        Err((at, fault)) => refusals.push(files[at].file.refuse_for(fault)),
    }
    Err(refusals)
}

fn check_file(file: DataFile, config: &Config) -> Result<Readable, Refusal> {
    match survey(&file, config) {
        Ok((content, columns, mapping, sha256)) => {
            let rows = content.rows();
            let bounds = Vec::new();
            let mut readable = Readable { file, content, columns, mapping, sha256, rows, bounds };
            if readable.file.table == Table::MeterReadings {
                readable.bounds = bounds::of_parts(&readable, config);
            }
            Ok(readable)
        }
        Err(fault) => Err(file.refuse_for(fault)),
    }
}

type Surveyed = (Content, Vec<FileColumn>, Mapping, String);

fn survey(file: &DataFile, config: &Config) -> Result<Surveyed, Unreadable> {
    listing::check_content(file)?;
    let table = config.of(file.table);
    let (content, sha256) = match file.format {
        Format::Csv => {
            let (csv, sha256) = CsvFile::survey(file, table.delimiter)?;
            (Content::Csv(csv), sha256)
        }
        Format::Parquet => (Content::Parquet(ParquetFile::open(file)?), sha256_of(file.open()?)?.0),
        Format::Ipc => (Content::Ipc(IpcFile::open(file)?), sha256_of(file.open()?)?.0),
    };
    let columns = content.columns();
    let mapping = columns::map(file.table, &columns, &file.hive, &table)?;
    Ok((content, columns, mapping, sha256))
}

/// The refusals of files that are copies of an earlier one.
fn delivered_twice(files: &[Readable]) -> Vec<Refusal> {
    let mut first = BTreeMap::new();
    let mut refusals = Vec::new();
    for one in files.iter().filter(|one| one.rows > 0) {
        if let Some(earlier) = first.insert((&one.file.hive, &one.sha256), &one.file.name) {
            let what = format!("it is the same file as {earlier}, byte for byte");
            refusals.push(one.file.refuse(what, "remove one of them: its rows would count twice"));
        }
    }
    refusals
}

impl Content {
    fn columns(&self) -> Vec<FileColumn> {
        match self {
            Self::Parquet(parquet) => parquet.columns(),
            Self::Csv(csv) => csv.columns(),
            Self::Ipc(ipc) => ipc.columns(),
        }
    }

    fn rows(&self) -> u64 {
        self.parts().iter().sum()
    }

    /// Rows of each part.
    fn parts(&self) -> Vec<u64> {
        match self {
            Self::Parquet(parquet) => parquet.row_groups().collect(),
            Self::Csv(csv) => vec![csv.rows],
            Self::Ipc(ipc) => vec![ipc.rows],
        }
    }
}

type Pieces<'a> = Box<dyn Iterator<Item = Result<FilePiece, Unreadable>> + 'a>;

impl Readable {
    pub fn input(&self) -> Input {
        Input {
            table: Some(self.file.table),
            path: self.file.name.clone(),
            bytes: self.file.bytes,
            sha256: self.sha256.clone(),
            rows: self.rows,
        }
    }

    /// The key columns of a file of readings that hold integers.
    pub fn integer_ids(&self, config: &Config) -> Vec<&'static str> {
        let holds_integers = |name: &&str| match self.mapping.picks.get(name) {
            Some(Pick::Own(at)) => self.columns[*at].data_type.as_ref().is_some_and(are_integers),
            Some(Pick::Hive(at)) => {
                let key = &self.file.hive[*at].key;
                config.of(self.file.table).hive.get(key) == Some(&HiveType::Integer)
            }
            None => false,
        };
        ["customer_id", "meter_id"].into_iter().filter(holds_integers).collect()
    }

    /// The file's own column with its customers; nothing when they are in its folders' names.
    pub fn id_column(&self) -> Option<&str> {
        let own = self.mapping.picks.get("customer_id")?.own()?;
        Some(&self.columns[own].name)
    }

    fn typed(&self) -> Typed<'_> {
        Typed { name: &self.file.name, own: &self.columns, mapping: &self.mapping }
    }

    /// The parts of the file, in order; empty ones are left out.
    fn parts(&self, file: u32) -> impl Iterator<Item = Part> {
        let mut first_row = 0;
        let parts = self.content.parts().into_iter().zip(0..).map(move |(rows, index)| {
            let part = Part { file, index, first_row, rows: Some(rows) };
            first_row += rows;
            part
        });
        parts.filter(|part| part.rows != Some(0))
    }

    fn pieces(&self, part: u32, picks: &[usize]) -> Result<Pieces<'_>, Unreadable> {
        Ok(match &self.content {
            Content::Parquet(parquet) => {
                Box::new(parquet.pieces(&self.file, part as usize, picks, BATCH_ROWS, None)?)
            }
            Content::Csv(csv) => Box::new(csv.pieces(&self.file, picks.to_vec())?),
            Content::Ipc(ipc) => Box::new(ipc.pieces(&self.file, picks, BATCH_ROWS)?),
        })
    }
}

/// Which of the columns asked for a file has, and where each comes from.
struct Plan<'a> {
    names: Vec<(&'static str, Pick)>,
    own: Vec<usize>,
    readable: &'a Readable,
    config: &'a Config,
}

impl<'a> Plan<'a> {
    fn new(readable: &'a Readable, config: &'a Config, asked: &[&str]) -> Self {
        let named =
            |name: &&str| readable.mapping.picks.get_key_value(*name).map(|(name, pick)| (*name, *pick));
        let names: Vec<_> = asked.iter().filter_map(named).collect();
        let own: BTreeSet<usize> = names.iter().filter_map(|(_, pick)| pick.own()).collect();
        Self { names, own: own.into_iter().collect(), readable, config }
    }

    fn record(&self, piece: &FilePiece) -> Result<RecordBatch, Unreadable> {
        let mut fields = Vec::with_capacity(self.names.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.names.len());
        for (name, pick) in &self.names {
            let array = match pick {
                // `own` is sorted and holds every one of them.
                Pick::Own(at) => Arc::clone(&piece.columns[self.own.partition_point(|own| own < at)]),
                Pick::Hive(at) => {
                    let hive = &self.readable.file.hive[*at];
                    let kind = self.config.of(self.readable.file.table).hive.get(&hive.key).copied();
                    constant::array(hive.value.as_deref(), kind.unwrap_or_default(), piece.rows)
                }
            };
            fields.push(Field::new(*name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(piece.rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}

impl Source for DataFolder {
    fn declared(&self) -> &Declared {
        &self.config.declared
    }

    fn parts(&self, table: Table) -> Result<Option<Vec<Part>>, Refusal> {
        let Some(files) = self.tables.get(&table) else { return Ok(None) };
        Ok(Some(files.files.iter().zip(0..).flat_map(|(readable, file)| readable.parts(file)).collect()))
    }

    fn read(
        &self,
        table: Table,
        part: Part,
        columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let Some(readable) = self.files(table).get(part.file as usize) else {
            return Err(RunError::Bug(format!("{table} has no file {}", part.file)));
        };
        let refused = |fault| RunError::from(readable.file.refuse_for(fault));
        let plan = Plan::new(readable, &self.config, columns);
        let mut first_row = part.first_row;
        for piece in readable.pieces(part.index, &plan.own).map_err(refused)? {
            let piece = piece.map_err(refused)?;
            let record = plan.record(&piece).map_err(refused)?;
            let rows = piece.rows as u64;
            sink(Batch { file: part.file, first_row, record, faults: piece.faults })?;
            first_row += rows;
        }
        match part.rows {
            Some(rows) if first_row != part.first_row + rows => {
                Err(refused(Unreadable::damaged("it was changed while it was being read")))
            }
            _ => Ok(()),
        }
    }

    fn bounds(&self, part: Part) -> Option<Bounds> {
        let readable = self.files(Table::MeterReadings).get(part.file as usize)?;
        readable.bounds.get(part.index as usize)?.clone()
    }

    fn file_name(&self, table: Table, file: u32) -> String {
        self.files(table).get(file as usize).map_or_else(String::new, |readable| readable.file.name.clone())
    }

    fn progress(&self, table: Table, rows: u64) {
        if let Some(progress) = &self.progress {
            progress(table, rows);
        }
    }
}

#[cfg(test)]
mod tests;
