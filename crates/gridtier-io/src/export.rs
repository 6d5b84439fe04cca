//! Tables as the files that people and programs ask for: CSV, workbooks, JSON, parquet, pages.
//!
//! Nothing is computed here. `gridtier_report::render` writes the content of every format except parquet, which is written
//! here. A file appears under its name once it is whole and safe on the disk, or not at all.

mod parquet;

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier_report::render::xlsx::{AboutPlace, Book};
use gridtier_report::render::{self, ByteOrderMark, RenderError};
use gridtier_report::section::Section;
use gridtier_report::table::{DataList, DataTable};

use crate::cycle::CycleError;
use crate::draft;
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
    draft::write_file(path, |file| match format {
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
    draft::write_file(path, |file| {
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
