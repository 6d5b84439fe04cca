//! What a check found, as files that a spreadsheet opens: CSV in UTF-8 with a byte order mark.
//!
//! A parquet file is of no use to those who have to mend an export. Cells that a spreadsheet would take for a formula
//! are written with an apostrophe before them. Nothing is computed here.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use gridtier::error::Refusal;
use gridtier::output::Output;
use gridtier::source::Intake;

use crate::folder::DataFolder;
use crate::rejects::{reject_rows, reject_schema};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file could not be written.
    #[error("{path} could not be written: {source}. Make room or correct the permissions, then run again")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file with rejects could not be read a second time.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Writes `tables` and the rejects of all tables that have some into a folder.
///
/// # Errors
/// A file cannot be written, or an input cannot be read again.
pub fn write<'a>(
    dir: &Path,
    folder: &DataFolder,
    books: &[Intake],
    tables: impl IntoIterator<Item = Output<'a>>,
) -> Result<(), ReportError> {
    let rejects = dir.join("rejects");
    fs::create_dir_all(&rejects).map_err(|source| ReportError::Write { path: rejects.clone(), source })?;
    for table in tables {
        let mut sheet = Sheet::create(dir.join(format!("{}.csv", table.name)), &table.schema)?;
        for batch in table.batches {
            sheet.append(&batch)?;
        }
        sheet.finish()?;
    }
    for book in books {
        let path = rejects.join(format!("{}.csv", book.table));
        if book.rejects.is_empty() {
            // What an earlier check found is mended.
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(ReportError::Write { path, source });
                }
                _ => continue,
            }
        }
        let mut sheet = Sheet::create(path, &reject_schema(folder, book.table))?;
        reject_rows::<ReportError>(folder, book.table, &book.rejects, &mut |batch| sheet.append(&batch))?;
        sheet.finish()?;
    }
    Ok(())
}

/// A CSV file that is being written; it has its name only when it is whole.
struct Sheet {
    path: PathBuf,
    partial: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl Sheet {
    fn create(path: PathBuf, schema: &SchemaRef) -> Result<Self, ReportError> {
        let partial = path.with_extension("csv.partial");
        let created = File::create(&partial).and_then(|file| {
            let mut file = BufWriter::new(file);
            file.write_all("\u{feff}".as_bytes())?;
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(schema.fields().iter().map(|field| safe(field.name()).into_owned()))?;
            Ok(writer)
        });
        match created {
            Ok(writer) => Ok(Self { path, partial, writer }),
            Err(source) => Err(ReportError::Write { path: partial, source }),
        }
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), ReportError> {
        let Self { partial, writer, .. } = self;
        let failed = |source: io::Error| ReportError::Write { path: partial.clone(), source };
        let texts: Result<Vec<_>, _> =
            batch.columns().iter().map(|column| cast(column, &DataType::Utf8)).collect();
        let texts = texts.map_err(|error| failed(io::Error::other(error)))?;
        for row in 0..batch.num_rows() {
            for (column, text) in batch.columns().iter().zip(&texts) {
                let text = text.as_string::<i32>();
                let cell = if text.is_valid(row) { text.value(row) } else { "" };
                let is_text = matches!(column.data_type(), DataType::Utf8);
                let cell = if is_text { safe(cell) } else { cell.into() };
                writer.write_field(cell.as_bytes()).map_err(|error| failed(error.into()))?;
            }
            writer.write_record(None::<&[u8]>).map_err(|error| failed(error.into()))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), ReportError> {
        let renamed = self.writer.flush().and_then(|()| fs::rename(&self.partial, &self.path));
        renamed.map_err(|source| ReportError::Write { path: self.path.clone(), source })
    }
}

/// Text that no spreadsheet runs: an apostrophe before what would begin a formula. A negative number is no formula.
fn safe(text: &str) -> std::borrow::Cow<'_, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_text() {
        assert_eq!(safe("=1+1"), "'=1+1");
        assert_eq!(safe("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(safe("-12.5"), "-12.5");
        assert_eq!(safe("0512000123"), "0512000123");
    }
}
