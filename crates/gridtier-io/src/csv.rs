//! Reads CSV files as utilities export them: in any of four encodings, with quoted line breaks and rows of the wrong width.
//!
//! General readers guess types, skip rows that do not fit and replace characters that they cannot decode. Each of these
//! silently changes a customer's energy. Here every cell is text and every row keeps its number. A file is surveyed once
//! while it is hashed (`survey`), so that an unreadable one is refused before a row is counted; then it is read batch by
//! batch, without an allocation for each row. The engine decides what a cell means.

mod decode;
mod common;
mod title;
mod lexer;
mod survey;

use std::fs::File;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use csv::{ReaderBuilder, StringRecord};
use gridtier::contract::rule::Rule;
use gridtier::text;

use crate::columns::{FileColumn, FilePiece};
use crate::config::Encoding;
use crate::guard::Unreadable;
use crate::guard::limits::{BATCH_ROWS, BATCH_TEXT_BYTES_MAX};
use crate::listing::DataFile;

use decode::Decoded;
pub use lexer::Swallowing;
use title::{FromHeader, TitleRows};

/// What is declared about a CSV file; the rest is detected.
#[derive(Clone, Copy, Debug, Default)]
pub struct CsvDeclared {
    /// The delimiter of its cells.
    pub delimiter: Option<u8>,
    /// The encoding of its text.
    pub encoding: Option<Encoding>,
    /// The row of its header, 1 for the first; `None` for the first row that is not empty.
    pub header_row: Option<u32>,
}

/// A CSV file that has been surveyed.
#[derive(Clone, Debug)]
pub struct CsvFile {
    /// The encoding of its text.
    pub encoding: Encoding,
    /// Whether the encoding is in doubt: the text was taken for GB18030 and does not look Chinese, or for UTF-8 and
    /// would look Chinese as GB18030, or for what is declared, which is not UTF-8 as the bytes are.
    pub is_guess: bool,
    /// Whether the file was read as UTF-8 and has no Chinese, but its bytes are valid GB18030 too.
    pub is_gb18030_too: bool,
    /// Whether the text has common Chinese characters.
    pub is_chinese: bool,
    /// The delimiter of its cells.
    pub delimiter: u8,
    /// The row of its header, as a spreadsheet shows it.
    pub header_row: u64,
    /// Its column names, trimmed.
    pub header: Vec<String>,
    /// Number of rows after the header, including those of the wrong width.
    pub rows: u64,
    /// Whether empty lines, which are no rows, stand between the rows.
    has_empty_lines: bool,
    /// Quoted cells that may have swallowed rows.
    pub swallowing: Option<Swallowing>,
}

impl CsvFile {
    /// Surveys a file. Returns the survey and the file's hash.
    ///
    /// # Errors
    /// The encoding is unknown, a quote is not closed, or a limit is exceeded.
    pub fn survey(file: &DataFile, declared: CsvDeclared) -> Result<(Self, String), Unreadable> {
        survey::survey(file, declared)
    }

    /// The columns of the file.
    pub fn columns(&self) -> Vec<FileColumn> {
        self.header.iter().map(|name| FileColumn::untyped(name.clone())).collect()
    }

    /// The number that a spreadsheet shows for a row. It shows empty lines as rows; where there are any, the file is read again
    /// up to the row. `None` if that fails.
    pub fn spreadsheet_row(&self, file: &DataFile, row: u64) -> Option<u64> {
        let empty = if self.has_empty_lines { survey::empty_lines_before(self, file, row).ok()? } else { 0 };
        Some(self.header_row + 1 + empty + row)
    }

    /// The text of the file from its header on.
    fn text(&self, file: &DataFile) -> Result<FileText, Unreadable> {
        let titles = TitleRows::new(self.delimiter, u32::try_from(self.header_row).ok());
        Ok(FromHeader::new(Decoded::new(file.open()?, self.encoding)?, titles))
    }

    /// The records after the header, of any width.
    pub fn records(&self, file: &DataFile) -> Result<CsvRecords, Unreadable> {
        let mut reader = reader(self.text(file)?, self.delimiter);
        let mut header = StringRecord::new();
        reader.read_record(&mut header).map_err(unreadable)?;
        Ok(CsvRecords { reader })
    }

    /// Reads the columns at these positions, piece by piece.
    pub fn pieces(&self, file: &DataFile, positions: Vec<usize>) -> Result<CsvPieces, Unreadable> {
        Ok(CsvPieces {
            records: self.records(file)?,
            record: StringRecord::new(),
            width: self.header.len(),
            positions,
        })
    }
}

/// The text of a file from its header on.
type FileText = FromHeader<Decoded<File>>;

fn reader(text: FileText, delimiter: u8) -> csv::Reader<FileText> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn unreadable(error: csv::Error) -> Unreadable {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        csv::ErrorKind::Utf8 { err, .. } => {
            Unreadable::damaged(text!("a cell is not text: {err}", "有单元格不是文本（{err}）"))
        }
        other => Unreadable::damaged(text!("it is no CSV: {other:?}", "不是 CSV（{other:?}）")),
    }
}

/// The text of a cell. Exports write `="0012"` so that a spreadsheet keeps the zeros: a formula with the value 0012.
#[must_use]
pub fn without_formula(cell: &str) -> &str {
    let text = cell.trim().strip_prefix("=\"").and_then(|text| text.strip_suffix('"'));
    text.filter(|text| !text.contains('"')).unwrap_or(cell)
}

/// Reads the records of a file.
pub struct CsvRecords {
    reader: csv::Reader<FileText>,
}

impl CsvRecords {
    /// Reads the next record, if there is one.
    pub fn read(&mut self, record: &mut StringRecord) -> Result<bool, Unreadable> {
        self.reader.read_record(record).map_err(unreadable)
    }
}

/// Reads the rows of a file in pieces.
pub struct CsvPieces {
    records: CsvRecords,
    record: StringRecord,
    width: usize,
    positions: Vec<usize>,
}

impl CsvPieces {
    fn piece(&mut self) -> Result<Option<FilePiece>, Unreadable> {
        let mut builders: Vec<StringViewBuilder> =
            self.positions.iter().map(|_| StringViewBuilder::with_capacity(BATCH_ROWS)).collect();
        let (mut rows, mut bytes, mut faults) = (0, 0, Vec::new());
        while rows < BATCH_ROWS && bytes < BATCH_TEXT_BYTES_MAX / 2 && self.records.read(&mut self.record)? {
            if self.record.len() == self.width {
                for (builder, &position) in builders.iter_mut().zip(&self.positions) {
                    let cell = without_formula(&self.record[position]);
                    bytes += cell.len();
                    builder.append_option(Some(cell).filter(|cell| !cell.is_empty()));
                }
            } else {
                builders.iter_mut().for_each(StringViewBuilder::append_null);
                faults.push((rows as u32, Rule::BadWidth));
            }
            rows += 1;
        }
        let columns = builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        Ok((rows > 0).then_some(FilePiece { columns, rows, faults, gap: 0 }))
    }
}

impl Iterator for CsvPieces {
    type Item = Result<FilePiece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
mod tests;
