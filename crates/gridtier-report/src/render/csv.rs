//! CSV in UTF-8: numbers in full, days as ISO 8601; a text that begins like a formula gets an apostrophe before it.

use std::borrow::Cow;
use std::io::{self, Write};

use arrow_array::RecordBatch;

use super::{ByteOrderMark, RenderError, is_formula};
use crate::format;
use crate::table::{CellValue, DataColumn, DataList, DataTable, arrow_value, plain_columns};
use gridtier::text::Voice;

/// A CSV table that is written row by row.
pub struct CsvTable<'c, W: Write> {
    writer: csv::Writer<W>,
    columns: &'c [DataColumn],
    voice: Voice,
}

impl<'c, W: Write> CsvTable<'c, W> {
    /// Begins a table with its heads.
    ///
    /// # Errors
    /// The writer fails.
    pub fn new(
        mut out: W,
        columns: &'c [DataColumn],
        voice: Voice,
        mark: ByteOrderMark,
    ) -> Result<Self, RenderError> {
        if mark == ByteOrderMark::Written {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::Writer::from_writer(out);
        for column in columns {
            writer.write_field(not_a_formula(column.head(voice)).as_bytes()).map_err(io::Error::from)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
        Ok(Self { writer, columns, voice })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The writer fails.
    pub fn row<'v>(&mut self, values: impl IntoIterator<Item = CellValue<'v>>) -> Result<(), RenderError> {
        for value in values {
            self.writer.write_field(field(value, self.voice).as_bytes()).map_err(io::Error::from)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>).map_err(io::Error::from)?)
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// The writer fails.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<(), RenderError> {
        let arrays = plain_columns(batch)?;
        for row in 0..batch.num_rows() {
            for (array, column) in arrays.iter().zip(self.columns) {
                let value = arrow_value(array, row, column, self.voice)?;
                self.writer.write_field(field(value, self.voice).as_bytes()).map_err(io::Error::from)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
        }
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// The writer fails.
    pub fn finish(mut self) -> Result<(), RenderError> {
        Ok(self.writer.flush()?)
    }
}

/// Writes a table.
///
/// # Errors
/// The writer fails.
pub fn write(
    out: &mut impl Write,
    table: &DataTable,
    voice: Voice,
    mark: ByteOrderMark,
) -> Result<(), RenderError> {
    let mut csv = CsvTable::new(out, &table.columns, voice, mark)?;
    for row in &table.rows {
        csv.row(row.cells.iter().map(|cell| cell.value(voice)))?;
    }
    csv.finish()
}

/// Writes a list and counts its rows.
///
/// # Errors
/// The writer fails, or a batch cannot be read.
pub fn write_list(
    out: &mut impl Write,
    list: DataList,
    voice: Voice,
    mark: ByteOrderMark,
) -> Result<u64, RenderError> {
    let mut csv = CsvTable::new(out, &list.columns, voice, mark)?;
    let mut rows = 0;
    for batch in list.batches {
        let batch = batch.map_err(RenderError::List)?;
        rows += gridtier::index::count(batch.num_rows());
        csv.batch(&batch)?;
    }
    csv.finish()?;
    Ok(rows)
}

fn field(value: CellValue, voice: Voice) -> Cow<str> {
    match value {
        CellValue::Blank | CellValue::Missing => "".into(),
        CellValue::Text(text) => not_a_formula(text),
        CellValue::Integer(integer) | CellValue::Marked(integer) => integer.to_string().into(),
        // The shortest text that reads back as the same number.
        CellValue::Number(number) | CellValue::Quantity(number, _) | CellValue::Formatted(number, _) => {
            format!("{number:?}").into()
        }
        CellValue::Fen(fen) => format::money(fen).replace(',', "").into(),
        CellValue::Date(date) => date.to_string().into(),
        CellValue::YesNo(is_so) => format::yes_no(is_so, voice),
    }
}

fn not_a_formula(text: Cow<str>) -> Cow<str> {
    if is_formula(&text) { format!("'{text}").into() } else { text }
}
