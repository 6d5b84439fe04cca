//! Workbooks: a frozen head, filters, widths, typed numbers, ids as text.

use std::io::{Seek, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use chrono::Datelike;
use gridtier::unit::date_of_day;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{Failure, Table, is_formula};

/// Rows of a sheet of Excel below its head.
const ROWS_MAX: u32 = 1_048_575;
/// Widths of columns, in characters.
const WIDTHS: std::ops::RangeInclusive<f64> = 8.0..=60.0;
/// Rows looked at for the widths.
const SAMPLE_ROWS: usize = 500;
/// Excel's code of A3.
const PAPER_A3: u8 = 8;

struct Styles {
    head: Format,
    text: Format,
    /// Text that begins like a formula: Excel keeps it text when somebody edits the cell.
    quoted: Format,
    whole: Format,
    number: Format,
    money: Format,
    share: Format,
    day: Format,
}

impl Styles {
    fn new() -> Self {
        let base = || Format::new().set_align(FormatAlign::Top);
        let head = base().set_bold().set_text_wrap().set_background_color("DCE6F1");
        Self {
            head: head.set_border_bottom(FormatBorder::Thin),
            text: base().set_text_wrap().set_num_format("@"),
            quoted: base().set_text_wrap().set_num_format("@").set_quote_prefix(),
            whole: base().set_num_format("#,##0"),
            number: base().set_num_format("#,##0.###"),
            money: base().set_num_format("#,##0.00"),
            share: base().set_num_format("0.0%"),
            day: base().set_num_format("yyyy-mm-dd"),
        }
    }
}

pub(super) fn write(file: &mut (impl Write + Seek + Send), tables: Vec<Table>) -> Result<u64, Failure> {
    let mut workbook = Workbook::new();
    // A fixed day: the same tables give the same file.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&day).set_author("gridtier"));
    let styles = Styles::new();
    let mut rows = 0;
    for table in tables {
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        rows += u64::from(fill(sheet, table, &styles)?);
    }
    workbook.save_to_writer(file)?;
    Ok(rows)
}

fn fill(sheet: &mut Worksheet, table: Table, styles: &Styles) -> Result<u32, Failure> {
    sheet.set_name(sheet_name(table.title))?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape().set_paper_size(PAPER_A3).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    let mut batches = table.batches;
    let first = batches.next().transpose()?;
    for (column, head) in table.heads.iter().enumerate() {
        let cells = first.as_ref().map(|batch| batch.column(column));
        sheet.set_column_width(column as u16, width(head, cells))?;
        sheet.write_string_with_format(0, column as u16, head, &styles.head)?;
    }
    let mut row = 0;
    for batch in first.into_iter().map(Ok).chain(batches) {
        row = append(sheet, &batch?, row, styles)?;
    }
    if let Some(last) = table.heads.len().checked_sub(1) {
        sheet.autofilter(0, 0, row, last as u16)?;
    }
    Ok(row)
}

/// Excel allows 31 characters in a sheet's name and none of these.
fn sheet_name(title: &str) -> String {
    let kept = title.chars().filter(|c| !"[]:*?/\\'".contains(*c));
    let name: String = kept.take(31).collect();
    if name.is_empty() { "1".into() } else { name }
}

fn width(head: &str, cells: Option<&ArrayRef>) -> f64 {
    // A Chinese character is as wide as two others.
    let chars = |text: &str| text.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
    let longest = cells.and_then(|cells| cast(cells, &DataType::Utf8).ok()).map_or(0.0, |texts| {
        let texts = texts.as_string::<i32>();
        texts.iter().take(SAMPLE_ROWS).flatten().map(chars).fold(0.0, f64::max)
    });
    (chars(head).max(longest) + 2.0).clamp(*WIDTHS.start(), *WIDTHS.end())
}

fn append(sheet: &mut Worksheet, batch: &RecordBatch, rows: u32, styles: &Styles) -> Result<u32, Failure> {
    if batch.num_rows() > (ROWS_MAX - rows) as usize {
        return Err(Failure::TooLong(ROWS_MAX));
    }
    let schema = batch.schema();
    let columns = batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Dictionary(_, values) => cast(column, values),
            _ => Ok(column.clone()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        for (at, (column, field)) in columns.iter().zip(schema.fields()).enumerate() {
            if column.is_valid(row) {
                cell(sheet, rows + 1 + row as u32, at as u16, column, row, field, styles)?;
            }
        }
    }
    Ok(rows + batch.num_rows() as u32)
}

fn cell(
    sheet: &mut Worksheet,
    at_row: u32,
    at_column: u16,
    column: &ArrayRef,
    row: usize,
    field: &Field,
    styles: &Styles,
) -> Result<(), Failure> {
    match column.data_type() {
        DataType::Utf8 => {
            let text = column.as_string::<i32>().value(row);
            let style = if is_formula(text) { &styles.quoted } else { &styles.text };
            sheet.write_string_with_format(at_row, at_column, text, style)?;
        }
        DataType::Int64 => {
            let number = column.as_primitive::<Int64Type>().value(row) as f64;
            sheet.write_number_with_format(at_row, at_column, number, &styles.whole)?;
        }
        DataType::Float64 => {
            let number = column.as_primitive::<Float64Type>().value(row);
            let is_share = field.name().ends_with("_share") || field.name().ends_with("_rate");
            let style = if is_share { &styles.share } else { &styles.number };
            sheet.write_number_with_format(at_row, at_column, number, style)?;
        }
        DataType::Decimal128(_, scale) => {
            let unscaled = column.as_primitive::<Decimal128Type>().value(row) as f64;
            let number = unscaled / 10f64.powi(i32::from(*scale));
            sheet.write_number_with_format(at_row, at_column, number, &styles.money)?;
        }
        DataType::Boolean => {
            sheet.write_boolean_with_format(
                at_row,
                at_column,
                column.as_boolean().value(row),
                &styles.text,
            )?;
        }
        DataType::Date32 => {
            if let Some(date) = date_of_day(column.as_primitive::<Date32Type>().value(row)) {
                let (year, month, day) = (date.year() as u16, date.month() as u8, date.day() as u8);
                let date = ExcelDateTime::from_ymd(year, month, day)?;
                sheet.write_datetime_with_format(at_row, at_column, &date, &styles.day)?;
            }
        }
        other => return Err(std::io::Error::other(format!("no cell of a workbook holds {other}")).into()),
    }
    Ok(())
}

impl From<XlsxError> for Failure {
    fn from(error: XlsxError) -> Self {
        Self::Io(match error {
            XlsxError::IoError(error) => error,
            other => std::io::Error::other(other),
        })
    }
}
