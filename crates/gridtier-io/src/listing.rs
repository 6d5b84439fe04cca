//! Lists the files of each table in a data folder.
//!
//! Engines that are given a folder skip files that they do not know and read files that they should not: hidden ones, the
//! output of an unfinished job, the same delivery twice. Here the files are listed one by one, in the order of their names
//! on every file system, and a doubtful one is refused by name. Only the first bytes of a file are read
//! ([`check_content`]).

mod content;
mod hive;
mod walk;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::text;
use gridtier::text::Text;

use crate::config::{self, Config, TableConfig};
use crate::guard::Unreadable;
use crate::system::system_error;

pub use content::check_content;
pub use hive::HiveValue;

/// The format of a file, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// Text with a delimiter.
    Csv,
    /// Arrow IPC, file or stream.
    Ipc,
    /// A workbook of any spreadsheet program.
    Workbook(WorkbookKind),
}

/// The format of a workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkbookKind {
    /// `.xlsx`, `.xlsm`: XML of Microsoft.
    OpenXml,
    /// `.xlsb`: records of Microsoft in a zip archive.
    BinaryXlsb,
    /// `.xls`: records in a compound file.
    BinaryXls,
    /// `.ods`: XML of OpenDocument.
    OpenDocument,
}

impl FileFormat {
    const EXTENSIONS: &[(&str, Self)] = &[
        ("parquet", Self::Parquet),
        ("pq", Self::Parquet),
        ("csv", Self::Csv),
        ("tsv", Self::Csv),
        ("txt", Self::Csv),
        ("arrow", Self::Ipc),
        ("ipc", Self::Ipc),
        ("feather", Self::Ipc),
        ("xlsx", Self::Workbook(WorkbookKind::OpenXml)),
        ("xlsm", Self::Workbook(WorkbookKind::OpenXml)),
        ("xlsb", Self::Workbook(WorkbookKind::BinaryXlsb)),
        ("xls", Self::Workbook(WorkbookKind::BinaryXls)),
        ("ods", Self::Workbook(WorkbookKind::OpenDocument)),
    ];

    /// Whether a title may stand above the header, and `header_row` be declared.
    #[must_use]
    pub fn may_have_titles(self) -> bool {
        matches!(self, Self::Workbook(_) | Self::Csv)
    }

    pub(crate) fn by_extension(name: &str) -> Option<Self> {
        let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Self::EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, format)| *format)
    }
}

/// A file of a table.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Its table.
    pub table: Table,
    /// Where it is.
    pub path: PathBuf,
    /// Its name for messages and manifests: relative to the data folder, with `/`.
    pub name: String,
    /// Its format, by its extension.
    pub format: FileFormat,
    /// The values in the names of its folders, outermost first.
    pub hive: Vec<HiveValue>,
    /// Its length.
    pub bytes: u64,
    /// Whether the other files beside it are GB18030. Text that is valid in both UTF-8 and GB18030 is then read as
    /// GB18030.
    pub others_are_gb18030: bool,
    modified: Option<SystemTime>,
}

impl DataFile {
    /// A file of text outside a data folder, about customers: a list or a table of requests.
    ///
    /// # Errors
    /// There is no such file.
    pub fn beside(path: &Path) -> std::io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self {
            table: Table::Customers,
            path: path.to_owned(),
            name: path.display().to_string(),
            format: FileFormat::Csv,
            hive: Vec::new(),
            bytes: found.len(),
            others_are_gb18030: false,
            modified: found.modified().ok(),
        })
    }

    /// A refusal that names this file.
    pub fn refuse(&self, what: impl Into<Text>, advice: impl Into<Text>) -> Refusal {
        Refusal::at(self.table, &self.name, what, advice)
    }

    /// A refusal that names this file, for what its reader found.
    pub fn refuse_for(&self, fault: Unreadable) -> Refusal {
        self.refuse(fault.what, fault.advice)
    }

    /// Opens the file.
    ///
    /// # Errors
    /// The file cannot be opened, or its length or time has changed since it was listed.
    pub fn open(&self) -> Result<File, Unreadable> {
        let file = File::open(&self.path)?;
        let now = file.metadata()?;
        if now.len() != self.bytes || now.modified().ok() != self.modified {
            return Err(Unreadable::because(
                text!("it was changed while it was being read", "文件在读取过程中被修改"),
                text!("wait until the delivery is complete, then run again", "请等数据传送完成后再运行"),
            ));
        }
        Ok(file)
    }
}

/// The files of a data folder.
#[derive(Debug, Default)]
pub struct FolderListing {
    /// The files by table, in the order of their names, without tables that are absent.
    pub tables: BTreeMap<Table, Vec<DataFile>>,
    /// What is doubtful.
    pub refusals: Vec<Refusal>,
    /// Names in the data folder that belong to no table.
    pub unused: Vec<String>,
}

/// Lists the files of some tables in a data folder.
///
/// # Errors
/// The folder cannot be listed. What is doubtful about single files is in the listing.
pub fn list(root: &Path, config: &Config, wanted: &[Table]) -> Result<FolderListing, Refusal> {
    let names = names_in(root).map_err(|error| cannot_list(root, &error))?;
    let mut listing = FolderListing::default();
    let mut used: Vec<String> = vec![config::FILE_NAME.into()];
    for &table in wanted {
        match find(root, &names, config, table) {
            Ok(None) => {}
            Ok(Some(found)) => {
                used.push(found.split('/').next().unwrap_or_default().to_owned());
                let (files, refusals) = walk::files(root, table, &found, &config.table(table));
                if !files.is_empty() {
                    listing.tables.insert(table, files);
                }
                listing.refusals.extend(refusals);
            }
            Err(refusal) => listing.refusals.push(refusal),
        }
    }
    listing.unused = names.into_iter().filter(|name| !is_ignored(name) && !used.contains(name)).collect();
    Ok(listing)
}

fn cannot_list(root: &Path, error: &std::io::Error) -> Refusal {
    let error = system_error(error);
    Refusal {
        table: None,
        path: Some(root.to_owned()),
        what: text!(
            "the data folder cannot be listed: {error}",
            "无法列出数据文件夹：{error}";
            error
        ),
        advice: text!("name the folder that holds the tables", "请给出存放数据表的文件夹"),
    }
}

/// An entry of a folder and its files, or why it cannot be read.
pub type NamedFiles = (String, Result<Vec<DataFile>, Refusal>);

/// The files of each entry of a folder that is not ignored, whatever table they may be; they are listed as files of
/// customers.
///
/// # Errors
/// The folder cannot be listed.
pub fn deliveries(root: &Path) -> Result<Vec<NamedFiles>, Refusal> {
    let names = names_in(root).map_err(|error| cannot_list(root, &error))?;
    let names = names.into_iter().filter(|name| !is_ignored(name) && *name != config::FILE_NAME);
    Ok(names
        .filter(|name| root.join(name).is_dir() || FileFormat::by_extension(name).is_some())
        .map(|name| {
            let (files, refusals) = walk::files(root, Table::Customers, &name, &TableConfig::default());
            let found = refusals.into_iter().next().map_or(Ok(files), Err);
            (name, found)
        })
        .collect())
}

/// The name of the one file or folder of a table, if there is any.
fn find(root: &Path, names: &[String], config: &Config, table: Table) -> Result<Option<String>, Refusal> {
    if let Some(path) = config.table(table).path {
        if !root.join(&path).exists() {
            let what =
                text!("gridtier.toml names it, but it is not there", "gridtier.toml 写明了它，但它不存在");
            let advice = text!(
                "correct `path` in gridtier.toml, or remove it if the table is not delivered",
                "请改正 gridtier.toml 中的 `path`；若未提供该表，请删去该项"
            );
            return Err(Refusal::at(table, path, what, advice));
        }
        return Ok(Some(path));
    }
    let mut found = names.iter().filter(|name| !is_ignored(name) && is_named_after(name, table));
    let Some(first) = found.next() else { return Ok(None) };
    match found.next() {
        None => Ok(Some(first.clone())),
        Some(second) => Err(Refusal::of(
            table,
            text!(
                "both {first} and {second} are there, and only one of them can be the table",
                "同时存在 {first} 和 {second}，只能有一个是该表"
            ),
            text!(
                "remove one, put several files into one folder, or name one with `path` in gridtier.toml",
                "请移走一个，或将多个文件放入一个文件夹，或在 gridtier.toml 中用 `path` 指定一个"
            ),
        )),
    }
}

fn is_named_after(name: &str, table: Table) -> bool {
    name.split('.').next().is_some_and(|stem| stem.eq_ignore_ascii_case(table.name()))
}

/// Whether a file was left behind by a job or a system.
fn is_ignored(name: &str) -> bool {
    let is_checksum =
        Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("crc"));
    // A spreadsheet program leaves `~$name.xlsx` beside a workbook that is open.
    name.starts_with(['_', '.']) || name.starts_with("~$") || is_checksum
}

/// The names in a folder, sorted by bytes.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.into_string().map_err(|name| {
            std::io::Error::other(format!("the name {} is not Unicode; rename it", name.to_string_lossy()))
        })?;
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests;
