//! CSV in UTF-8, for Excel with a byte-order mark; a cell that begins like a formula gets an apostrophe before it.

use std::borrow::Cow;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;

use super::{Failure, Mark, Table, is_formula};

/// A CSV table in the making.
pub struct CsvSheet<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvSheet<W> {
    /// Begins a table with its heads.
    ///
    /// # Errors
    /// The writer fails.
    pub fn new<'h>(
        mut file: W,
        mark: Mark,
        heads: impl IntoIterator<Item = &'h str>,
    ) -> Result<Self, Failure> {
        if mark == Mark::Bom {
            file.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::Writer::from_writer(file);
        let heads: Vec<String> = heads.into_iter().map(|head| safe(head).into_owned()).collect();
        writer.write_record(heads).map_err(std::io::Error::from)?;
        Ok(Self { writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// The writer fails.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let texts = batch
            .columns()
            .iter()
            .map(|column| cast(column, &DataType::Utf8))
            .collect::<Result<Vec<_>, _>>()?;
        let is_text: Vec<bool> = batch.columns().iter().map(|column| is_text(column.data_type())).collect();
        for row in 0..batch.num_rows() {
            for (text, is_text) in texts.iter().zip(&is_text) {
                let text = text.as_string::<i32>();
                let cell = if text.is_valid(row) { text.value(row) } else { "" };
                let cell = if *is_text { safe(cell) } else { cell.into() };
                self.writer.write_field(cell.as_bytes()).map_err(std::io::Error::from)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(std::io::Error::from)?;
        }
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// The writer fails.
    pub fn finish(mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

pub(super) fn write(file: &mut impl Write, mark: Mark, tables: Vec<Table>) -> Result<u64, Failure> {
    let mut rows = 0;
    if let Some(table) = tables.into_iter().next() {
        let mut sheet = CsvSheet::new(file, mark, table.heads.iter().map(String::as_str))?;
        for batch in table.batches {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            sheet.append(&batch)?;
        }
        sheet.finish()?;
    }
    Ok(rows)
}

fn safe(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
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
