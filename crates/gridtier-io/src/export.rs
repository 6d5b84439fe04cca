//! Tables as the files that people and programs ask for: CSV, workbooks, JSON, parquet, pages.
//!
//! Nothing is computed here. `gridtier_report::render` writes the content of every format except parquet, which is written
//! here. A file appears under its name once it is whole and safe on the disk, or not at all.

mod parquet;

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier_report::render::xlsx::{AboutPlace, Book};
use gridtier_report::render::{self, ByteOrderMark, RenderError};
use gridtier_report::section::Section;
use gridtier_report::table::{DataList, DataTable};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::cycle::CycleError;
use crate::system::system_error;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated text in UTF-8; one table.
    Csv,
    /// A workbook of Excel; a sheet for each table.
    Xlsx,
    /// JSON: a list of objects, or an object of such lists when there are several tables.
    Json,
    /// Parquet; one table.
    Parquet,
    /// A self-contained page with all tables.
    Html,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk or the folder could not be written to.
    #[error("{}", self.text())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// What was to be written could not be read.
    #[error(transparent)]
    Source(#[from] CycleError),
}

impl ExportError {
    /// The error in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Write { path, source } => not_written(path, source),
            Self::Source(error) => error.text(),
        }
    }
}

/// The message that a file could not be written, with what to do.
#[must_use]
pub fn not_written(path: &Path, error: &io::Error) -> Text {
    let fix = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            text!("Make the folder or correct the path", "请创建文件夹或改正路径")
        }
        io::ErrorKind::AlreadyExists => {
            text!("Choose another name, or remove it first", "请另取名称，或先移走它")
        }
        _ => text!("Make room or correct the permissions", "请腾出空间或改正权限"),
    };
    let (path, error) = (path.display(), system_error(error));
    text!(
        "{path} could not be written: {error}. {fix}, then run again",
        "{path} 无法写出：{error}。{fix}，然后重新运行";
        error, fix
    )
}

/// Writes sections to a file. A page and a workbook show all of them; JSON holds their tables, CSV and parquet the first.
///
/// # Errors
/// The file could not be written; nothing has appeared under its name.
pub fn write_sections(
    path: &Path,
    format: ExportFormat,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<(), ExportError> {
    whole(path, |file| match format {
        ExportFormat::Xlsx => Ok(render::xlsx::write(file, sections, voice)?),
        ExportFormat::Parquet => match sections.iter().flat_map(Section::tables).next() {
            Some(table) => parquet::write_batch(file, &table.to_batch(voice)?),
            None => Ok(()),
        },
        ExportFormat::Csv | ExportFormat::Json | ExportFormat::Html => {
            render_text(file, format, voice, mark, sections)
        }
    })
    .map_err(|error: WriteError| error.at(path))
}

/// Sections as text for stdout.
///
/// # Errors
/// The format is not text.
pub fn sections_text(
    format: ExportFormat,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<String, ExportError> {
    let mut bytes = Vec::new();
    render_text(&mut bytes, format, voice, mark, sections)
        .and_then(|()| String::from_utf8(bytes).map_err(|error| io::Error::other(error).into()))
        .map_err(|error| error.at(Path::new("stdout")))
}

fn render_text(
    out: &mut impl Write,
    format: ExportFormat,
    voice: Voice,
    mark: ByteOrderMark,
    sections: &[Section],
) -> Result<(), WriteError> {
    let tables: Vec<&DataTable> = sections.iter().flat_map(Section::tables).collect();
    match (format, tables.first()) {
        (ExportFormat::Csv, Some(table)) => Ok(render::csv::write(out, table, voice, mark)?),
        (ExportFormat::Csv, None) => Ok(()),
        (ExportFormat::Json, _) => {
            let drawn: Vec<DataTable> = sections.iter().flat_map(Section::drawn_tables).collect();
            Ok(render::json::write(out, &[tables, drawn.iter().collect()].concat(), voice)?)
        }
        (ExportFormat::Html, _) => Ok(render::html::write(out, sections, voice)?),
        (ExportFormat::Xlsx | ExportFormat::Parquet, _) => {
            Err(io::Error::other("this format needs a file").into())
        }
    }
}

/// Writes a list to a file and counts its rows.
///
/// # Errors
/// The file could not be written; nothing has appeared under its name.
pub fn write_list(
    path: &Path,
    format: ExportFormat,
    voice: Voice,
    mark: ByteOrderMark,
    list: DataList,
) -> Result<u64, ExportError> {
    let mut rows = 0;
    whole(path, |file| {
        rows = match format {
            ExportFormat::Csv => render::csv::write_list(file, list, voice, mark)?,
            ExportFormat::Xlsx => render::xlsx::write_list(file, list, voice)?,
            ExportFormat::Json => render::json::write_list(file, list, voice)?,
            ExportFormat::Parquet => parquet::write_list(file, list)?,
            ExportFormat::Html => render::html::write_list(file, list, voice)?,
        };
        Ok(())
    })
    .map_err(|error: WriteError| error.at(path))?;
    Ok(rows)
}

/// A list as a file without a name, for who reads it at once and from its beginning: as CSV the list alone, as a workbook with
/// sections before it. It takes no memory by its rows, and leaves nothing behind.
///
/// # Errors
/// The folder for temporary files cannot be written to, or the list cannot be read.
pub fn unnamed(
    format: ExportFormat,
    voice: Voice,
    before: &[Section],
    list: DataList,
) -> Result<File, ExportError> {
    write_unnamed(format, voice, before, list).map_err(|error| error.at(&std::env::temp_dir()))
}

fn write_unnamed(
    format: ExportFormat,
    voice: Voice,
    before: &[Section],
    list: DataList,
) -> Result<File, WriteError> {
    let mut file = tempfile::tempfile()?;
    let mut writer = BufWriter::new(&file);
    if format == ExportFormat::Xlsx {
        let mut book = Book::new(list.title.clone(), list.about.clone(), AboutPlace::Last, voice)?;
        before.iter().try_for_each(|section| book.section(section))?;
        book.list(list)?;
        book.finish(&mut writer)?;
    } else {
        render::csv::write_list(&mut writer, list, voice, ByteOrderMark::Written)?;
    }
    writer.flush()?;
    drop(writer);
    file.rewind()?;
    Ok(file)
}

/// Writes a file that appears whole or not at all: it is written under another name beside its place, and renamed once it
/// is on the disk.
///
/// # Errors
/// The file could not be written; nothing has appeared under its name.
pub fn whole<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    if is_published(path) {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    draft(path, fill)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// As [`whole`], for a file that must not exist yet.
///
/// # Errors
/// The file could not be written, or is there.
pub fn whole_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let draft = draft(path, |file| file.write_all(content))?;
    draft.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether a file is a manifest, or a manifest above it lists it: a file of a published cycle or report is never replaced
/// alone.
fn is_published(path: &Path) -> bool {
    /// The manifest of a published folder.
    const MANIFEST: &str = "_manifest.json";
    path.exists()
        && path.ancestors().skip(1).take(2).any(|folder| {
            let manifest = std::fs::read(folder.join(MANIFEST)).ok();
            let manifest: Option<Value> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let outputs = manifest.as_ref().and_then(|manifest| manifest["outputs"].as_array());
            let mut names = outputs.into_iter().flatten().filter_map(|output| output["name"].as_str());
            outputs.is_some()
                && (path == folder.join(MANIFEST) || names.any(|name| path == folder.join(name)))
        })
}

/// A file under another name beside its place, which is on the disk.
fn draft<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<NamedTempFile, E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sweep(folder);
    let mut draft = tempfile::Builder::new();
    draft.prefix(DRAFT.0).suffix(DRAFT.1);
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The error names the file that was asked for, not its draft.
    let draft = draft.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    let mut writer = BufWriter::new(draft.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// How the name of a draft begins and ends.
const DRAFT: (&str, &str) = (".gridtier-", ".partial");
/// A draft that has not been written to for so long was left by a run that was killed.
const DRAFT_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes drafts that were left behind. Errors are ignored: a draft that stays does no harm.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(DRAFT.0) && name.ends_with(DRAFT.1) && is_abandoned(&entry) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether nobody has written to a file or folder for so long that the run that wrote it must have ended.
pub(crate) fn is_abandoned(entry: &std::fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|found| found.modified()).ok();
    modified.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > DRAFT_AGE_MAX)
}

/// Why a writer stopped, before the file's name is known.
#[derive(Debug)]
pub enum WriteError {
    /// The disk could not be written to.
    Io(io::Error),
    /// The table could not be read.
    Source(CycleError),
}

impl WriteError {
    /// The error about a file.
    #[must_use]
    pub fn at(self, path: &Path) -> ExportError {
        match self {
            Self::Io(source) => ExportError::Write { path: path.into(), source },
            Self::Source(error) => error.into(),
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RenderError> for WriteError {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Write(error) => Self::Io(error),
            RenderError::List(error) => match error.downcast::<CycleError>() {
                Ok(error) => Self::Source(*error),
                Err(error) => Self::Io(io::Error::other(error)),
            },
        }
    }
}

impl From<CycleError> for WriteError {
    fn from(error: CycleError) -> Self {
        Self::Source(error)
    }
}

impl From<arrow_schema::ArrowError> for WriteError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Io(io::Error::other(error))
    }
}

#[cfg(test)]
mod tests;
