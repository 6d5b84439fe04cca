//! Writes what a check found to files that a spreadsheet can open: CSV in UTF-8 with a byte order mark.
//!
//! Parquet files would be of no use to the people who have to mend an export. Nothing is computed here.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

use arrow_schema::SchemaRef;
use gridtier::error::Refusal;
use gridtier::output::Output;
use gridtier::source::TableBook;
use gridtier::text::{Lang, Voice};
use gridtier_report::render::csv::CsvTable;
use gridtier_report::render::{ByteOrderMark, RenderError};
use gridtier_report::table::{ColumnFormat, DataColumn};

use crate::draft;
use crate::export::{ExportError, WriteError};
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

/// Writes `tables` into a folder, and the rejects of each table that has any.
///
/// # Errors
/// A file cannot be written, or an input cannot be read again.
pub fn write<'a>(
    dir: &Path,
    folder: &DataFolder,
    books: &[TableBook],
    tables: impl IntoIterator<Item = Output<'a>>,
    lang: Lang,
) -> Result<(), CheckFilesError> {
    let written = draft::write_folder(dir, |draft| {
        for table in tables {
            let path = draft.join(format!("{}.csv", table.name));
            sheet(&path, heads(&table.schema, usize::MAX, lang), |sheet| {
                Ok(table.batches.into_iter().try_for_each(|batch| sheet.batch(&batch))?)
            })?;
        }
        let rejects = draft.join(REJECTS);
        fs::create_dir(&rejects)?;
        for book in books.iter().filter(|book| !book.rejects.is_empty()) {
            // After the place and the rule of a row come the columns of its file, under the names that they have in the
            // file.
            let heads = heads(&reject_schema(folder, book.table), PLACE.len(), lang);
            sheet(&rejects.join(rejects_of(book)), heads, |sheet| {
                reject_rows(folder, book.table, &book.rejects, None, &mut |batch| Ok(sheet.batch(&batch)?))
            })?;
        }
        Ok(())
    });
    written.map_err(|stopped: Stopped| stopped.at(dir))?;
    // What an earlier check wrote of other rejects is out of date.
    for book in books.iter().filter(|book| book.rejects.is_empty()) {
        let path = dir.join(REJECTS).join(rejects_of(book));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Stopped::from(error).at(&path));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The folder of rejects.
const REJECTS: &str = "rejects";

fn rejects_of(book: &TableBook) -> String {
    format!("{}.csv", book.table)
}

/// The columns that name a rejected row.
const PLACE: [(&str, &str); 3] = [("source_file", "来源文件"), ("row", "行"), ("rule", "规则")];

/// Chinese heads of the tables of a check.
const HEADS: [(&str, &str); 15] = [
    ("table", "表"),
    ("rule", "规则"),
    ("severity", "级别"),
    ("rows", "行数"),
    ("example", "示例"),
    ("rows_in", "读入行"),
    ("counted", "计入"),
    ("out_of_window", "窗口外"),
    ("rejected", "剔除"),
    ("duplicates", "重复"),
    ("not_yet_known", "尚未录入"),
    ("customer_id", "户号"),
    ("month", "月份"),
    ("active_wh", "电量 Wh"),
    ("median_wh", "各月中位电量 Wh"),
];

/// The headings of a file. In English all of them are names of the schema, which programs know; in Chinese the first
/// `named` headings are Chinese words. Every value is written in full, whatever the format.
fn heads(schema: &SchemaRef, named: usize, lang: Lang) -> Vec<DataColumn> {
    let fields = schema.fields().iter().enumerate();
    let heads = fields.map(|(at, field)| {
        let name = field.name().as_str();
        let known = PLACE.iter().chain(&HEADS).find(|(en, _)| *en == name && lang == Lang::Zh && at < named);
        DataColumn::new(ColumnFormat::Text, known.map_or(name, |(_, zh)| zh).to_owned(), "", "")
    });
    heads.collect()
}

/// Writes one file.
fn sheet(
    path: &Path,
    columns: Vec<DataColumn>,
    fill: impl FnOnce(&mut CsvTable<&mut BufWriter<&File>>) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    draft::write_file(path, |file| {
        let mut sheet = CsvTable::new(file, &columns, Voice::Codes, ByteOrderMark::Written)?;
        fill(&mut sheet)?;
        Ok(sheet.finish()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow_schema::{DataType, Field, Schema};

    #[test]
    fn headings_are_chinese_for_readers_of_chinese_except_for_columns_of_their_own_files() {
        let of = |names: &[&str], named, lang| -> Vec<String> {
            let fields = names.iter().map(|name| Field::new(*name, DataType::Utf8, true));
            let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
            heads(&schema, named, lang)
                .iter()
                .map(|head| head.title.pick(Voice::Codes).into_owned())
                .collect()
        };
        let rejects = ["source_file", "row", "rule", "customer_id", "month"];
        assert_eq!(of(&rejects, 3, Lang::Zh), ["来源文件", "行", "规则", "customer_id", "month"]);
        assert_eq!(of(&rejects, 3, Lang::En), rejects);
        assert_eq!(of(&["table", "rows_in"], usize::MAX, Lang::Zh), ["表", "读入行"]);
    }
}
