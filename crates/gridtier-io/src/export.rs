//! Tables as the files that people and programs ask for: CSV, workbooks, JSON, parquet, pages.
//!
//! An exporter computes nothing: if a sheet needs a number, the number is a column of the table. Every file appears
//! under its name when it is whole and safe on the disk, or not at all. Text that a spreadsheet would run as a formula
//! is text in every format.

mod csv;
mod html;
mod json;
mod parquet;
mod xlsx;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use gridtier::entitlement::view::Sheet;
use gridtier_report::render::{self, ByteOrderMark, RenderError};
use gridtier_report::section::Section;
use gridtier_report::table::{DataList, DataTable};
use gridtier_report::text::Voice;

use crate::cycle::CycleError;

pub use self::csv::CsvSheet;
pub use html::{Occasion, matrix_page};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text in UTF-8; one table.
    Csv,
    /// A workbook of Excel; a sheet for each table.
    Xlsx,
    /// JSON: a list of objects, or an object of such lists when there are several tables.
    Json,
    /// Parquet; one table.
    Parquet,
    /// A page of its own, with all tables.
    Html,
}

/// Whether a CSV file begins with a byte-order mark, which Excel wants and programs do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It does.
    Bom,
    /// It does not.
    Plain,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk, or the folder.
    #[error("{path} could not be written: {source}. {}, then run again", remedy(source.kind()))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A sheet has a last row.
    #[error(
        "{path} was not written: a sheet of Excel holds {limit} rows and this table has more. Narrow the selection, or write CSV or parquet"
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Rows that fit.
        limit: u32,
    },
    /// What was to be written could not be read.
    #[error(transparent)]
    Source(#[from] CycleError),
}

fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "Make the folder or correct the path",
        _ => "Make room or correct the permissions",
    }
}

/// A table to be written, batch by batch.
pub struct Table<'a> {
    /// Its code.
    pub name: &'a str,
    /// Its title.
    pub title: &'a str,
    /// What stands above its columns where people read.
    pub heads: &'a [String],
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, CycleError>> + 'a>,
}

impl<'a> Table<'a> {
    /// A table that is there as a whole.
    #[must_use]
    pub fn of(sheet: &'a Sheet) -> Self {
        Self {
            name: sheet.name,
            title: &sheet.title,
            heads: &sheet.heads,
            schema: sheet.batch.schema(),
            batches: Box::new(std::iter::once(Ok(sheet.batch.clone()))),
        }
    }
}

/// Writes tables to a file. CSV and parquet hold one table: the first.
///
/// # Errors
/// Nothing has appeared under the name.
pub fn write(path: &Path, format: Format, mark: Mark, tables: Vec<Table>) -> Result<u64, ExportError> {
    let mut rows = 0;
    whole(path, |file| {
        rows = match format {
            Format::Csv => csv::write(file, mark, tables),
            Format::Xlsx => xlsx::write(file, tables),
            Format::Json => json::write(file, tables),
            Format::Parquet => parquet::write(file, tables),
            Format::Html => html::write(file, tables),
        }?;
        Ok(())
    })
    .map_err(|failure: Failure| failure.at(path))?;
    Ok(rows)
}

/// Writes tables as text for stdout.
///
/// # Errors
/// A table cannot be read, or the format is not text.
pub fn text(format: Format, mark: Mark, tables: Vec<Table>) -> Result<String, ExportError> {
    let mut bytes = Vec::new();
    let path = Path::new("stdout");
    let written = match format {
        Format::Csv => csv::write(&mut bytes, mark, tables),
        Format::Json => json::write(&mut bytes, tables),
        Format::Html => html::write(&mut bytes, tables),
        Format::Xlsx | Format::Parquet => Err(io::Error::other("this format needs a file").into()),
    };
    written.map_err(|failure| failure.at(path))?;
    String::from_utf8(bytes).map_err(|error| Failure::from(io::Error::other(error)).at(path))
}

/// Writes sections to a file. A page shows all of them; the other formats hold their tables, CSV and parquet the first.
///
/// # Errors
/// Nothing has appeared under the name.
pub fn write_sections(
    path: &Path,
    format: Format,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<(), ExportError> {
    whole(path, |file| match format {
        Format::Xlsx => {
            let tables: Vec<&DataTable> = sections.iter().flat_map(Section::tables).collect();
            Ok(render::xlsx::write(file, &tables, voice)?)
        }
        Format::Parquet => match sections.iter().flat_map(Section::tables).next() {
            Some(table) => parquet::write_batch(file, &table.to_batch(voice)?),
            None => Ok(()),
        },
        Format::Csv | Format::Json | Format::Html => render_text(file, format, voice, mark, sections),
    })
    .map_err(|failure: Failure| failure.at(path))
}

/// Sections as text for stdout.
///
/// # Errors
/// The format is not text.
pub fn sections_text(
    format: Format,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<String, ExportError> {
    let mut bytes = Vec::new();
    render_text(&mut bytes, format, voice, mark, sections)
        .and_then(|()| String::from_utf8(bytes).map_err(|error| io::Error::other(error).into()))
        .map_err(|failure| failure.at(Path::new("stdout")))
}

fn render_text(
    out: &mut impl Write,
    format: Format,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<(), Failure> {
    let tables: Vec<&DataTable> = sections.iter().flat_map(Section::tables).collect();
    match (format, tables.first()) {
        (Format::Csv, Some(table)) => Ok(render::csv::write(out, table, voice, mark)?),
        (Format::Csv, None) => Ok(()),
        (Format::Json, _) => Ok(render::json::write(out, &tables, voice)?),
        (Format::Html, _) => Ok(render::html::write(out, sections, voice)?),
        (Format::Xlsx | Format::Parquet, _) => Err(io::Error::other("this format needs a file").into()),
    }
}

/// Writes a list to a file and counts its rows.
///
/// # Errors
/// Nothing has appeared under the name.
pub fn write_list(
    path: &Path,
    format: Format,
    voice: Voice,
    mark: ByteOrderMark,
    list: DataList,
) -> Result<u64, ExportError> {
    let mut rows = 0;
    whole(path, |file| {
        rows = match format {
            Format::Csv => render::csv::write_list(file, list, voice, mark)?,
            Format::Xlsx => render::xlsx::write_list(file, list, voice)?,
            Format::Json => render::json::write_list(file, list, voice)?,
            Format::Parquet => parquet::write_list(file, list)?,
            Format::Html => return Err(io::Error::other("a list is no page").into()),
        };
        Ok(())
    })
    .map_err(|failure: Failure| failure.at(path))?;
    Ok(rows)
}

/// Writes a file that appears whole or not at all: into a file of another name beside it, which gets its name when it is
/// on the disk.
///
/// # Errors
/// Nothing has appeared under the name.
pub fn whole<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sweep(folder);
    let mut draft = tempfile::Builder::new();
    draft.prefix(DRAFT.0).suffix(DRAFT.1);
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The name of a draft is nobody's business: the error is about the file asked for.
    let draft = draft.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    let mut writer = BufWriter::new(draft.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// How the name of a draft begins and ends.
const DRAFT: (&str, &str) = (".gridtier-", ".partial");
/// A draft that has not been written to for so long was left by a run that was killed.
const DRAFT_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes drafts that were left behind. Best effort: they harm nobody.
fn sweep(folder: &Path) {
    let is_old = |entry: &std::fs::DirEntry| {
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age > DRAFT_AGE_MAX)
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(DRAFT.0) && name.ends_with(DRAFT.1) && is_old(&entry) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Why a writer stopped, before the file's name is known.
#[derive(Debug)]
pub enum Failure {
    /// The disk.
    Io(io::Error),
    /// A sheet holds so many rows.
    TooLong(u32),
    /// The table could not be read.
    Source(CycleError),
}

impl Failure {
    /// The error about a file.
    #[must_use]
    pub fn at(self, path: &Path) -> ExportError {
        match self {
            Self::Io(source) => ExportError::Write { path: path.into(), source },
            Self::TooLong(limit) => ExportError::TooLong { path: path.into(), limit },
            Self::Source(error) => error.into(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Write(error) => Self::Io(error),
            RenderError::TooLong(rows) => Self::TooLong(rows),
            RenderError::List(error) => match error.downcast::<CycleError>() {
                Ok(error) => Self::Source(*error),
                Err(error) => Self::Io(io::Error::other(error)),
            },
        }
    }
}

impl From<CycleError> for Failure {
    fn from(error: CycleError) -> Self {
        Self::Source(error)
    }
}

impl From<arrow_schema::ArrowError> for Failure {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Io(io::Error::other(error))
    }
}

/// Whether a spreadsheet would take the text for a formula, or lose its plus sign. A negative number is none.
fn is_formula(text: &str) -> bool {
    let is_negative = text.starts_with('-') && text.parse::<f64>().is_ok();
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_negative
}

#[cfg(test)]
mod tests;
