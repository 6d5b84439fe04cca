//! Workbooks: a sheet for each table, with a frozen head, filters, widths and typed numbers; ids are text.

use std::io::{self, Seek, Write};

use chrono::Datelike;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use unicode_width::UnicodeWidthStr;

use super::{RenderError, is_formula};
use crate::format;
use crate::table::{CellValue, ColumnFormat, DataColumn, DataList, DataTable, arrow_row, plain_columns};
use gridtier::text::{Text, Voice};

mod paged;

pub use paged::PagedWorkbook;

/// Rows of a sheet of Excel below its head.
const ROWS_MAX: u32 = 1_048_575;
/// Widths of columns, in characters.
const WIDTHS: std::ops::RangeInclusive<f64> = 9.0..=46.0;
/// Rows looked at for the widths.
const SAMPLE_ROWS: usize = 500;
/// Height of a line in points, and maximum number of lines of a row.
const LINE_HEIGHT: f64 = 15.0;
const LINES_MAX: u32 = 20;
/// Excel's code of A3.
const PAPER_A3: u8 = 8;

/// A workbook of tables.
///
/// # Errors
/// The writer fails, or a table is longer than a sheet.
pub fn write(
    out: &mut (impl Write + Seek + Send),
    tables: &[&DataTable],
    voice: Voice,
) -> Result<(), RenderError> {
    let mut workbook = workbook()?;
    for table in tables {
        let sample = table
            .rows
            .iter()
            .take(SAMPLE_ROWS)
            .map(|row| row.cells.iter().map(|cell| cell.value(voice)).collect());
        let sample: Vec<Vec<CellValue>> = sample.collect();
        let mut sheet = Sheet::begin(&mut workbook, &table.title, &table.columns, &sample, voice)?;
        for row in &table.rows {
            let values: Vec<CellValue> = row.cells.iter().map(|cell| cell.value(voice)).collect();
            sheet.row(&values)?;
        }
        sheet.finish()?;
    }
    Ok(workbook.save_to_writer(out)?)
}

/// Writes a list and counts its rows.
///
/// # Errors
/// The writer fails, a batch cannot be read, or the list is longer than a sheet.
pub fn write_list(
    out: &mut (impl Write + Seek + Send),
    list: DataList,
    voice: Voice,
) -> Result<u64, RenderError> {
    let mut workbook = workbook()?;
    let mut batches = list.batches;
    let first = batches.next().transpose().map_err(RenderError::List)?;
    let first_arrays = first.as_ref().map(plain_columns).transpose()?;
    let mut sample = Vec::new();
    if let (Some(batch), Some(arrays)) = (&first, &first_arrays) {
        for row in 0..batch.num_rows().min(SAMPLE_ROWS) {
            sample.push(arrow_row(arrays, row, &list.columns, voice)?);
        }
    }
    let mut sheet = Sheet::begin(&mut workbook, &list.title, &list.columns, &sample, voice)?;
    for batch in first.into_iter().map(Ok).chain(batches) {
        let batch = batch.map_err(RenderError::List)?;
        let arrays = plain_columns(&batch)?;
        for row in 0..batch.num_rows() {
            sheet.row(&arrow_row(&arrays, row, &list.columns, voice)?)?;
        }
    }
    let rows = sheet.finish()?;
    workbook.save_to_writer(out)?;
    Ok(rows.into())
}

fn workbook() -> Result<Workbook, RenderError> {
    let mut workbook = Workbook::new();
    // A fixed day: the same tables give the same file.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&day).set_author("gridtier"));
    Ok(workbook)
}

/// Formats of cells. Excel keeps one record for each that a workbook uses.
struct CellFormats {
    head: Format,
    text: Format,
    /// Text that begins like a formula: Excel keeps it text when somebody edits the cell.
    quoted: Format,
    date: Format,
    share: Format,
    money: Format,
    /// Numbers by their count of decimals.
    numbers: [Format; 5],
}

impl CellFormats {
    fn new() -> Self {
        let cell = Format::new().set_align(FormatAlign::Top);
        let text = cell.clone().set_text_wrap().set_num_format("@");
        let head = cell.clone().set_bold().set_text_wrap().set_background_color("DCE6F1");
        Self {
            head: head.set_border_bottom(FormatBorder::Thin),
            quoted: text.clone().set_quote_prefix(),
            text,
            date: cell.clone().set_num_format("yyyy-mm-dd"),
            share: cell.clone().set_num_format("0.0%"),
            money: cell.clone().set_num_format("#,##0.00"),
            numbers: ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000"]
                .map(|pattern| cell.clone().set_num_format(pattern)),
        }
    }

    /// The style of a number in a format.
    fn of(&self, format: ColumnFormat, number: f64) -> &Format {
        match format {
            ColumnFormat::Share => &self.share,
            ColumnFormat::Number(decimals) => self.number(decimals),
            _ => self.number(format::quantity_decimals(number)),
        }
    }

    fn number(&self, decimals: u8) -> &Format {
        &self.numbers[usize::from(decimals).min(self.numbers.len() - 1)]
    }
}

/// A sheet that is written row by row, so that memory does not grow with the rows.
struct Sheet<'w> {
    sheet: &'w mut Worksheet,
    columns: &'w [DataColumn],
    widths: Vec<f64>,
    styles: CellFormats,
    rows: u32,
    voice: Voice,
}

impl<'w> Sheet<'w> {
    fn begin(
        workbook: &'w mut Workbook,
        title: &Text,
        columns: &'w [DataColumn],
        sample: &[Vec<CellValue>],
        voice: Voice,
    ) -> Result<Self, RenderError> {
        let taken: Vec<String> = workbook.worksheets().iter().map(Worksheet::name).collect();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(&title.pick(voice), &taken))?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_landscape().set_paper_size(PAPER_A3).set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(0, 0)?;
        let styles = CellFormats::new();
        let mut widths = Vec::new();
        for (at, column) in (0..).zip(columns) {
            let head = column.head(voice);
            let shown = sample.iter().map(|row| row[usize::from(at)].clone().shown(column.format, voice));
            let longest = shown.map(|text| characters(&text)).fold(characters(&head), f64::max);
            let width = (longest + 2.0).clamp(*WIDTHS.start(), *WIDTHS.end());
            sheet.set_column_width(at, width)?;
            widths.push(width);
            match column.format.is_right_aligned() {
                true => {
                    let style = styles.head.clone().set_align(FormatAlign::Right);
                    sheet.write_string_with_format(0, at, head.as_ref(), &style)?;
                }
                false => {
                    sheet.write_string_with_format(0, at, head.as_ref(), &styles.head)?;
                }
            }
        }
        Ok(Self { sheet, columns, widths, styles, rows: 0, voice })
    }

    fn row(&mut self, values: &[CellValue]) -> Result<(), RenderError> {
        if self.rows == ROWS_MAX {
            return Err(RenderError::TooLong(ROWS_MAX));
        }
        self.rows += 1;
        // A spreadsheet does not always make room for wrapped text by itself.
        let lines = values.iter().zip(&self.widths).map(|(value, width)| lines(value, *width)).max();
        if let Some(lines) = lines.filter(|lines| *lines > 1) {
            self.sheet.set_row_height(self.rows, LINE_HEIGHT * f64::from(lines.min(LINES_MAX)))?;
        }
        for (at, value) in (0..).zip(values) {
            self.cell(at, value)?;
        }
        Ok(())
    }

    fn cell(&mut self, at: u16, value: &CellValue) -> Result<(), RenderError> {
        let (row, format, styles) = (self.rows, self.columns[usize::from(at)].format, &self.styles);
        let (number, style) = match value {
            CellValue::Blank | CellValue::Missing => return Ok(()),
            CellValue::Text(text) => return self.text(at, text),
            CellValue::YesNo(is_so) => return self.text(at, &format::yes_no(*is_so, self.voice)),
            CellValue::Quantity(..) => {
                let shown = value.clone().shown(format, self.voice).into_owned();
                return self.text(at, &shown);
            }
            CellValue::Date(date) => {
                // Excel counts days from 1900 on.
                let day = u16::try_from(date.year()).ok().zip(u8::try_from(date.month()).ok());
                let (year, month) =
                    day.ok_or_else(|| io::Error::other(format!("{date} is no day of Excel")))?;
                let date = ExcelDateTime::from_ymd(year, month, u8::try_from(date.day()).unwrap_or(1))?;
                self.sheet.write_datetime_with_format(row, at, &date, &styles.date)?;
                return Ok(());
            }
            CellValue::Integer(integer) | CellValue::Marked(integer) => {
                (gridtier::index::float_i64(*integer), styles.number(0))
            }
            CellValue::Fen(fen) => (*fen as f64 / 100.0, &styles.money),
            CellValue::Number(number) => (*number, styles.of(format, *number)),
            CellValue::Formatted(number, format) => (*number, styles.of(*format, *number)),
        };
        self.sheet.write_number_with_format(row, at, number, style)?;
        Ok(())
    }

    fn text(&mut self, at: u16, text: &str) -> Result<(), RenderError> {
        let style = if is_formula(text) { &self.styles.quoted } else { &self.styles.text };
        self.sheet.write_string_with_format(self.rows, at, text, style)?;
        Ok(())
    }

    /// Ends the sheet and returns its number of rows.
    fn finish(self) -> Result<u32, RenderError> {
        if let Some(last) = self.columns.len().checked_sub(1) {
            self.sheet.autofilter(0, 0, self.rows, u16::try_from(last).unwrap_or(u16::MAX))?;
        }
        Ok(self.rows)
    }
}

/// Excel allows 31 characters in a sheet's name, none of these, and no name twice, whatever its case. A sheet without a
/// title is named by its place.
fn sheet_name(title: &str, taken: &[String]) -> String {
    let place = (taken.len() + 1).to_string();
    let name: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    if name.is_empty() {
        return place;
    }
    if taken.iter().all(|other| other.to_lowercase() != name.to_lowercase()) {
        return name;
    }
    name.chars().take(30 - place.len()).chain([' ']).chain(place.chars()).collect()
}

/// Width of a text, in characters.
fn characters(text: &str) -> f64 {
    gridtier::index::float(text.width())
}

/// Lines that a text takes in a column of a width.
fn lines(value: &CellValue, width: f64) -> u32 {
    match value {
        CellValue::Text(text) => {
            text.lines().map(|line| (characters(line) / (width - 1.0)).ceil().max(1.0) as u32).sum()
        }
        _ => 1,
    }
}

impl From<XlsxError> for RenderError {
    fn from(error: XlsxError) -> Self {
        Self::Write(match error {
            XlsxError::IoError(error) => error,
            other => io::Error::other(other),
        })
    }
}
