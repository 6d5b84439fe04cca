//! A data folder as the engine's [`Source`] of rows.
//!
//! Opening it lists and checks every file. A grading then begins with files that can be read and agree with their
//! contracts, or it is refused with a list of those that do not. The rows are read on demand, part by part, from any
//! number of threads; the files are hashed beside that.

mod bounds;
pub(crate) mod constant;
mod content;
mod byte_text;
mod open_error;
mod damage;
mod faulty_row;
mod hashing;
mod input;
mod notices;
mod read_plan;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow_array::ArrayRef;
use gridtier::checked_toml::{Fault, Faults};
use gridtier::contract::cell::{are_integers, lacks_values};
use gridtier::contract::declared::Declared;
use gridtier::contract::{ColumnKind, Table};
use gridtier::error::{Refusal, RunError};
use gridtier::index::{count, index};
use gridtier::source::{Batch, Bounds, Part, RowAt, Source};
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::LocalTime;
use rayon::prelude::*;

use crate::columns::{self, FileColumn, Mapping, Notice, Pick, TypedFile};
use crate::config::{self, Config, Encoding, HiveType};
use crate::guard::Unreadable;
use crate::hash::sha256_of;
use crate::listing::{self, DataFile};
use crate::system::system_error;
use crate::workbook::{ColumnUse, WorkbookFile};

pub(crate) use content::Content;
use content::FilePieces;
use hashing::FileHash;
pub use input::Input;
pub use open_error::OpenError;
use read_plan::ReadPlan;

/// A file that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Readable {
    pub file: DataFile,
    pub content: Content,
    pub columns: Vec<FileColumn>,
    pub mapping: Mapping,
    sha256: Arc<FileHash>,
    rows: u64,
    /// What is known about each part of a file of readings before the part is read.
    bounds: Vec<Option<Bounds>>,
    /// Number of parts of a file of readings whose statistics contradict themselves.
    bad_statistics: u64,
}

#[derive(Debug, Default)]
struct TableFiles {
    files: Vec<Readable>,
    notices: Vec<Notice>,
}

type ReadProgress = Box<dyn Fn(Table, u64) + Sync + Send>;

/// An opened data folder.
pub struct DataFolder {
    config: Config,
    tables: BTreeMap<Table, TableFiles>,
    config_input: Option<Input>,
    /// All inputs, once all are hashed.
    inputs: OnceLock<Vec<Input>>,
    unused: Vec<String>,
    progress: Option<ReadProgress>,
}

impl DataFolder {
    /// Lists and checks all files of a data folder, and begins to hash them.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_tables(path, &Table::ALL)
    }

    /// Like [`open`](Self::open), but for some of the tables only.
    ///
    /// # Errors
    /// Everything that is wrong with their files.
    pub fn open_tables(path: &Path, wanted: &[Table]) -> Result<Self, OpenError> {
        let (config, config_input) =
            read_config(path).map_err(|error| damage::with_files(error, path, wanted))?;
        Self::open_declared(path, wanted, config, config_input)
    }

    /// Like [`open_tables`](Self::open_tables); of the table `of`, the columns named in `further` are read besides those
    /// of its contract, where a file has them.
    ///
    /// # Errors
    /// Everything that is wrong with their files.
    pub fn open_with_columns(
        path: &Path,
        wanted: &[Table],
        of: Table,
        further: &[String],
    ) -> Result<Self, OpenError> {
        let (mut config, config_input) = read_config(path)?;
        config.read_further(of, further);
        Self::open_declared(path, wanted, config, config_input)
    }

    /// Opens another folder, whose tables are written in the same way as the tables of this one: this folder's
    /// `gridtier.toml` applies to both. The other folder has no `gridtier.toml`, or an equal one. A table need not lie at the
    /// declared `path`: its file or folder may be named after the table.
    ///
    /// # Errors
    /// Everything that is wrong with its files.
    pub fn open_alike(&self, path: &Path) -> Result<Self, OpenError> {
        let (_, own) = read_config(path)?;
        let [own, known] =
            [&own, &self.config_input].map(|config| config.as_ref().map(|config| &config.sha256));
        if own.is_some() && own != known {
            return Err(one_fault(
                text!("it is not the one of the data", "与数据文件夹中的不同"),
                text!(
                    "remove it: the tables of a patch are written as those of the data are",
                    "请将其移走: 更正文件夹中的表须与数据采用相同的格式"
                ),
            ));
        }
        // Tables that lie elsewhere in the data are named after their contract here.
        let config = self.config.clone().without_paths_absent_in(path);
        Self::open_declared(path, &Table::ALL, config, None)
    }

    fn open_declared(
        path: &Path,
        wanted: &[Table],
        config: Config,
        config_input: Option<Input>,
    ) -> Result<Self, OpenError> {
        let mut listing =
            listing::list(path, &config, wanted).map_err(|refusal| OpenError::Refused(vec![refusal]))?;
        let mut refusals = std::mem::take(&mut listing.refusals);
        let mut tables = BTreeMap::new();
        // Tables are opened one after the other, the files of each in parallel; the refusals keep the order of names.
        for (table, files) in listing.tables {
            match check_table(table, files, &config) {
                Ok(checked) => drop(tables.insert(table, checked)),
                Err(more) => refusals.extend(more),
            }
        }
        refusals.extend(settle_encodings(&mut tables, &config));
        if !refusals.is_empty() {
            // Each file that was found fit is read to its end: one run names all that is to be mended.
            refusals.extend(tables.values().flat_map(|table| damage::of_files(&table.files)));
            return Err(OpenError::Refused(damage::limited(refusals)));
        }
        let files = tables.values().flat_map(|table: &TableFiles| &table.files);
        hashing::begin(files.map(|file| Arc::downgrade(&file.sha256)).collect());
        let (inputs, unused) = (OnceLock::new(), listing.unused);
        Ok(Self { config, tables, config_input, inputs, unused, progress: None })
    }

    /// Calls `progress` with the table and a number of rows as the engine reads.
    #[must_use]
    pub fn with_progress(mut self, progress: Box<dyn Fn(Table, u64) + Sync + Send>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Leaves out the rows recorded later than `known_as_of`; `None` leaves none out.
    #[must_use]
    pub fn with_known_as_of(mut self, known_as_of: Option<LocalTime>) -> Self {
        self.config.declared.known_as_of = known_as_of;
        self
    }

    /// The instant up to which rows are known, as manifests name it.
    #[must_use]
    pub fn known_as_of(&self) -> Option<String> {
        self.config.declared.known_as_of.map(|instant| instant.to_string())
    }

    /// Findings about the files of a table that reject no row.
    #[must_use]
    pub fn notices(&self, table: Table) -> Vec<Notice> {
        self.tables.get(&table).map_or_else(Vec::new, |files| files.notices.clone())
    }

    /// Names in the folder that belong to no table, such as a misspelt one, in order.
    #[must_use]
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// What `gridtier.toml` declares about the folder.
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
        // A missing data folder is refused by the listing.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok((Config::default(), None));
        }
        Err(error) => {
            let error = system_error(&error);
            return Err(one_fault(
                text!("it cannot be read: {error}", "无法读取：{error}"; error),
                text!("check that you may read it", "请检查您是否有权读取"),
            ));
        }
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(one_fault(
            text!("it is not UTF-8 text", "不是 UTF-8 文本"),
            text!("save it as UTF-8", "请另存为 UTF-8"),
        ));
    };
    let config = Config::parse(text.trim_start_matches('\u{feff}'))?;
    let (sha256, length) =
        sha256_of(bytes.as_slice()).map_err(|error| one_fault(system_error(&error), Text::default()))?;
    let input =
        Input { table: None, path: config::FILE_NAME.into(), bytes: length, sha256, rows: 0, encoding: None };
    Ok((config, Some(input)))
}

/// The refusal of `gridtier.toml` as a whole.
fn one_fault(what: Text, fix: Text) -> OpenError {
    Faults { name: config::FILE_NAME.into(), faults: vec![Fault { line: 1, what, fix }] }.into()
}

fn check_table(table: Table, files: Vec<DataFile>, config: &Config) -> Result<TableFiles, Vec<Refusal>> {
    let checked: Vec<Result<Readable, Refusal>> =
        files.into_par_iter().map(|file| check_file(file, config)).collect();
    let (mut files, mut refusals) = (Vec::new(), Vec::new());
    let earlier = Arc::default();
    for file in checked {
        match file {
            Ok(mut file) => {
                file.content.share(&earlier);
                files.push(file);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.extend(input::delivered_twice(&files));
    let typed: Vec<TypedFile> = files.iter().map(Readable::typed).collect();
    let agreed = columns::agree(table, &typed, &|file, column, kind| files[file].has_value(column, kind));
    // Files that cannot be read may have the column.
    let absent = if refusals.is_empty() { columns::absent(table, &typed) } else { Ok(None) };
    match agreed.and_then(|notices| Ok([notices, absent?.into_iter().collect()].concat())) {
        Ok(mut notices) if refusals.is_empty() => {
            notices.extend(notices::of_files(&files, &config.table(table)));
            return Ok(TableFiles { files, notices });
        }
        Ok(_) => {}
        Err((at, fault)) => refusals.push(files[at].file.refuse_for(fault)),
    }
    refusals.extend(damage::of_files(&files));
    Err(refusals)
}

/// Reads text that is valid in UTF-8 and GB18030 alike as GB18030, if all other Chinese text of the folder is GB18030.
fn settle_encodings(tables: &mut BTreeMap<Table, TableFiles>, config: &Config) -> Vec<Refusal> {
    let is_chinese_in = |encoding| {
        let mut files = tables.values().flat_map(|table| &table.files);
        files.any(
            |one| matches!(&one.content, Content::Csv(csv) if csv.is_chinese && csv.encoding == encoding),
        )
    };
    if !is_chinese_in(Encoding::Gb18030) || is_chinese_in(Encoding::Utf8) {
        return Vec::new();
    }
    let mut refusals = Vec::new();
    for (&table, checked) in tables.iter_mut().filter(|(_, table)| table.files.iter().any(is_in_doubt)) {
        let mut files: Vec<DataFile> = checked.files.iter().map(|one| one.file.clone()).collect();
        for (file, one) in files.iter_mut().zip(&checked.files) {
            file.others_are_gb18030 = is_in_doubt(one);
        }
        match check_table(table, files, config) {
            Ok(settled) => *checked = settled,
            Err(more) => refusals.extend(more),
        }
    }
    refusals
}

/// Whether a file was read as UTF-8 although its bytes are valid GB18030 too.
fn is_in_doubt(one: &Readable) -> bool {
    matches!(&one.content, Content::Csv(csv) if csv.is_gb18030_too)
}

fn check_file(file: DataFile, config: &Config) -> Result<Readable, Refusal> {
    match survey(&file, config) {
        Ok((content, columns, mapping, known)) => {
            let sha256 = FileHash::new(&file, known);
            let rows = content.rows();
            let bounds = Vec::new();
            let mut readable =
                Readable { file, content, columns, mapping, sha256, rows, bounds, bad_statistics: 0 };
            if readable.file.table == Table::MeterReadings {
                (readable.bounds, readable.bad_statistics) = bounds::of_parts(&readable, config);
            }
            Ok(readable)
        }
        Err(fault) => Err(file.refuse_for(fault)),
    }
}

/// The last is the hash, where all of the file was read.
type Surveyed = (Content, Vec<FileColumn>, Mapping, Option<String>);

fn survey(file: &DataFile, config: &Config) -> Result<Surveyed, Unreadable> {
    let table = config.table(file.table);
    let (mut content, sha256) = Content::open(file, &table, config.declared.of(file.table).decimal_mark)?;
    let columns = content.columns();
    let mapping = columns::map(file.table, &columns, &file.hive, &table)?;
    columns::refuse_int96(file.table, &columns, &mapping, config)?;
    if let Content::Workbook(book) = &mut content {
        use_columns(book, file.table, &mapping, config)?;
    }
    Ok((content, columns, mapping, sha256))
}

/// The columns for parts of the energy. None of their values rejects a row.
const NEVER_REJECT: [&str; 5] = ["sharp_kwh", "peak_kwh", "flat_kwh", "valley_kwh", "max_demand_kw"];

/// Declares to a workbook how each of its columns is read, and checks the columns of ids.
fn use_columns(
    book: &mut WorkbookFile,
    table: Table,
    mapping: &Mapping,
    config: &Config,
) -> Result<(), Unreadable> {
    let forms = &config.declared.of(table).date_forms;
    for column in table.columns() {
        for position in mapping.own_positions(column.name) {
            if column.kind == ColumnKind::Id {
                book.check_ids(position)?;
            }
            let is_checked = !NEVER_REJECT.contains(&column.name);
            let date_form = forms.get(column.name).cloned();
            book.set_use(position, ColumnUse { is_checked, date_form });
        }
    }
    Ok(())
}

impl Readable {
    /// Whether a column of the file has any value. A column that cannot be read is taken to have one.
    fn has_value(&self, column: usize, kind: ColumnKind) -> bool {
        (0..).take(self.content.parts().len()).any(|part| match self.pieces(part, &[column]) {
            Ok(mut pieces) => {
                pieces.any(|piece| piece.map_or(true, |piece| !lacks_values(&piece.columns[0], kind)))
            }
            Err(_) => true,
        })
    }

    /// The key columns of a file of readings that hold integers.
    pub fn integer_ids(&self, config: &Config) -> Vec<&'static str> {
        let mut names = vec!["customer_id", "meter_id"];
        names.retain(|name| match self.mapping.picks.get(name) {
            // Keys that are padded with zeros become text.
            _ if config.declared.of(self.file.table).pad.contains_key(*name) => false,
            Some(Pick::Own(at)) => self.columns[*at].data_type.as_ref().is_some_and(are_integers),
            Some(Pick::Hive(at)) => self.hive_type(*at, config) == HiveType::Integer,
            Some(Pick::Joined(_) | Pick::Constant) | None => false,
        });
        names
    }

    /// The declared type of a value in the names of the folders.
    fn hive_type(&self, at: usize, config: &Config) -> HiveType {
        config.table(self.file.table).hive.get(&self.file.hive[at].key).copied().unwrap_or_default()
    }

    /// A value in the names of the folders, as a column.
    fn hive_column(&self, at: usize, config: &Config, rows: usize) -> ArrayRef {
        constant::array(self.file.hive[at].value.as_deref(), self.hive_type(at, config), rows)
    }

    /// The column of the file with the ids of customers as the engine sees them; `None` when the ids are in the names
    /// of folders, are made up of several columns, or are padded with zeros.
    pub fn id_column(&self, config: &Config) -> Option<&str> {
        if config.declared.of(self.file.table).pad.contains_key("customer_id") {
            return None;
        }
        let own = self.mapping.picks.get("customer_id")?.own()?;
        Some(&self.columns[own].name)
    }

    /// Whether a column of the file is only passed through.
    pub fn is_only_passed(&self, position: usize) -> bool {
        self.mapping.is_only_passed(position)
    }

    fn typed(&self) -> TypedFile<'_> {
        TypedFile { name: &self.file.name, own: &self.columns, mapping: &self.mapping }
    }

    /// The parts of the file, in order; empty ones are left out.
    pub fn parts(&self, file: u32) -> impl Iterator<Item = Part> {
        let mut first_row = 0;
        let parts = self.content.parts().into_iter().zip(0..).map(move |(rows, index)| {
            let part = Part { file, index, first_row, rows: Some(rows) };
            first_row += rows;
            part
        });
        parts.filter(|part| part.rows != Some(0))
    }

    /// Reads the columns at these positions of a part.
    pub fn pieces(&self, part: u32, positions: &[usize]) -> Result<FilePieces<'_>, Unreadable> {
        let columns = positions.iter().map(|&at| &self.columns[at]).collect();
        let first_row = self.content.parts().iter().take(index(part)).sum();
        Ok(byte_text::as_text(self.content.pieces(&self.file, part, positions)?, columns, first_row))
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

    fn has_column(&self, table: Table, column: &str) -> bool {
        self.files(table).iter().any(|readable| readable.mapping.find(column).is_some())
    }

    fn read(
        &self,
        table: Table,
        part: Part,
        columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let Some(readable) = self.files(table).get(index(part.file)) else {
            return Err(RunError::Bug(format!("{table} has no file {}", part.file)));
        };
        let refused = |fault| RunError::from(readable.file.refuse_for(fault));
        let plan = ReadPlan::new(readable, &self.config, columns);
        let (mut first_row, mut rows) = (part.first_row, 0);
        for piece in readable.pieces(part.index, &plan.own).map_err(refused)? {
            let piece = piece.map_err(refused)?;
            let record = plan.record(&piece).map_err(refused)?;
            first_row += piece.gap;
            sink(Batch { file: part.file, first_row, record, faults: piece.faults })?;
            first_row += count(piece.rows);
            rows += count(piece.rows);
        }
        match part.rows {
            Some(claimed) if rows != claimed => Err(refused(Unreadable::damaged(text!(
                "it was changed while it was being read",
                "文件在读取过程中被修改"
            )))),
            _ => Ok(()),
        }
    }

    fn bounds(&self, part: Part) -> Option<Bounds> {
        let readable = self.files(Table::MeterReadings).get(index(part.file))?;
        readable.bounds.get(index(part.index))?.clone()
    }

    fn file_name(&self, table: Table, file: u32) -> String {
        self.files(table).get(index(file)).map_or_else(String::new, |readable| readable.file.name.clone())
    }

    fn spreadsheet_row(&self, table: Table, at: RowAt) -> Option<u64> {
        let readable = self.files(table).get(index(at.file()))?;
        match &readable.content {
            Content::Csv(csv) => csv.spreadsheet_row(&readable.file, at.row()),
            Content::Workbook(book) => Some(at.row() + book.first_row()),
            Content::Parquet(_) | Content::Ipc(_) => None,
        }
    }

    fn row_fault(&self, table: Table, at: RowAt) -> Option<String> {
        faulty_row::fault_of(self.files(table).get(index(at.file()))?, at.row())
    }

    fn progress(&self, table: Table, rows: u64) {
        if let Some(progress) = &self.progress {
            progress(table, rows);
        }
    }
}

#[cfg(test)]
mod tests;
