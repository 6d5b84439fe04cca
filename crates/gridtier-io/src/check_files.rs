//! What a check found, as files that a spreadsheet opens: CSV in UTF-8 with a byte order mark.
//!
//! A parquet file is of no use to those who have to mend an export. Nothing is computed here.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

use arrow_schema::SchemaRef;
use gridtier::error::Refusal;
use gridtier::output::Output;
use gridtier::source::TableBook;
use gridtier::text::Voice;
use gridtier_report::render::csv::CsvTable;
use gridtier_report::render::{ByteOrderMark, RenderError};
use gridtier_report::table::{ColumnFormat, DataColumn};

use crate::export::{self, ExportError, WriteError};
use crate::folder::DataFolder;
use crate::rejects::{reject_rows, reject_schema};

/// Why the files of a check could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CheckFilesError {
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] ExportError),
    /// A file with rejects could not be read a second time.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a file was left unfinished.
enum Stopped {
    Writer(WriteError),
    Refused(Refusal),
}

impl From<WriteError> for Stopped {
    fn from(error: WriteError) -> Self {
        Self::Writer(error)
    }
}

impl From<RenderError> for Stopped {
    fn from(error: RenderError) -> Self {
        Self::Writer(error.into())
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Writer(error.into())
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stopped {
    fn at(self, path: &Path) -> CheckFilesError {
        match self {
            Self::Writer(error) => error.at(path).into(),
            Self::Refused(refusal) => refusal.into(),
        }
    }
}

/// Writes `tables` and the rejects of all tables that have some into a folder.
///
/// # Errors
/// A file cannot be written, or an input cannot be read again.
pub fn write<'a>(
    dir: &Path,
    folder: &DataFolder,
    books: &[TableBook],
    tables: impl IntoIterator<Item = Output<'a>>,
) -> Result<(), CheckFilesError> {
    let rejects = dir.join("rejects");
    fs::create_dir_all(&rejects).map_err(|error| Stopped::from(error).at(&rejects))?;
    for table in tables {
        let path = dir.join(format!("{}.csv", table.name));
        sheet(&path, &table.schema, |sheet| {
            Ok(table.batches.into_iter().try_for_each(|batch| sheet.batch(&batch))?)
        })?;
    }
    for book in books {
        let path = rejects.join(format!("{}.csv", book.table));
        if book.rejects.is_empty() {
            // What an earlier check wrote here no longer holds.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Stopped::from(error).at(&path));
                }
                _ => continue,
            }
        }
        sheet(&path, &reject_schema(folder, book.table), |sheet| {
            reject_rows(folder, book.table, &book.rejects, None, &mut |batch| Ok(sheet.batch(&batch)?))
        })?;
    }
    Ok(())
}

/// Writes one file.
fn sheet(
    path: &Path,
    schema: &SchemaRef,
    fill: impl FnOnce(&mut CsvTable<&mut BufWriter<&File>>) -> Result<(), Stopped>,
) -> Result<(), CheckFilesError> {
    // Every value is written in full and every head is a name of the schema, whatever the format.
    let columns: Vec<DataColumn> = schema
        .fields()
        .iter()
        .map(|field| DataColumn::new(ColumnFormat::Text, field.name().clone(), "", ""))
        .collect();
    let written = export::whole(path, |file| {
        let mut sheet = CsvTable::new(file, &columns, Voice::Codes, ByteOrderMark::Written)?;
        fill(&mut sheet)?;
        Ok(sheet.finish()?)
    });
    written.map_err(|stopped: Stopped| stopped.at(path))
}
