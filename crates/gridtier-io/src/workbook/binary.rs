//! Sheets of the binary formats (`.xls`, `.xlsb`), decoded by calamine.
//!
//! calamine gives values, dates and errors, and for `.xls` also merged cells. It gives no number formats, so leading zeros of
//! an id that only the format shows are not seen. For `.xlsb` it gives neither hidden rows and columns nor merged cells.

use std::fs::File;
use std::io::BufReader;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Reader as _, Sheet, SheetType, SheetVisible, Xls, XlsError,
    Xlsb, XlsbError,
};
use gridtier::phrase::of_library;
use gridtier::text;

use super::cell::{CellRange, DateSystem, NumberFormat, OnCell, SheetCell, SheetTraits, SheetValue};
use super::sheets::{SheetName, left_out, pick};
use crate::guard::Unreadable;
use crate::guard::package::encrypted;
use crate::guard::xls_records;

/// Reads the cells of the chosen sheet of an `.xlsb` whose entries have been checked.
pub(super) fn read_xlsb(
    file: File,
    wanted: Option<&str>,
    on_cell: OnCell,
) -> Result<SheetTraits, Unreadable> {
    let mut book = Xlsb::new(BufReader::new(file)).map_err(|error| match error {
        XlsbError::Password => encrypted(),
        other => damaged(&other.to_string()),
    })?;
    let system = date_system(book.has_1904_epoch());
    let sheets = sheets(book.sheets_metadata());
    let name = pick(&sheets, wanted)?.name.clone();
    let left_out = left_out(&sheets, &name, wanted);
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| damaged(&error.to_string()))?;
    while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error.to_string()))? {
        let (row, column) = cell.get_position();
        let error_text;
        let value = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::Int(value) => number(*value as f64),
            DataRef::Float(value) => number(*value),
            DataRef::String(text) => SheetValue::Text(text),
            DataRef::SharedString(text) => SheetValue::Text(text),
            DataRef::Bool(flag) => SheetValue::Flag(*flag),
            DataRef::DateTime(time) => time_value(time, system),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => SheetValue::Text(text),
            DataRef::Error(error) => {
                error_text = error.to_string();
                SheetValue::Error(&error_text)
            }
        };
        hand_on(row, column, value, on_cell)?;
    }
    Ok(SheetTraits { left_out, ..SheetTraits::default() })
}

/// Reads the cells of the chosen sheet of an `.xls`.
pub(super) fn read_xls(
    mut file: File,
    bytes: u64,
    wanted: Option<&str>,
    on_cell: OnCell,
) -> Result<SheetTraits, Unreadable> {
    let mut traits_by_sheet = xls_records::check(&mut file, bytes)?;
    let mut book: Xls<_> = Xls::new(BufReader::new(file)).map_err(|error| match error {
        XlsError::Password => encrypted(),
        other => damaged(&other.to_string()),
    })?;
    let system = date_system(book.has_1904_epoch());
    let all = book.sheets_metadata().to_vec();
    let sheets = sheets(&all);
    let name = pick(&sheets, wanted)?.name.clone();
    let range = book.worksheet_range(&name).map_err(|error| damaged(&error.to_string()))?;
    let start = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let error_text;
        let value = match value {
            Data::Empty => continue,
            Data::Int(value) => number(*value as f64),
            Data::Float(value) => number(*value),
            Data::String(text) => SheetValue::Text(text),
            Data::Bool(flag) => SheetValue::Flag(*flag),
            Data::DateTime(time) => time_value(time, system),
            Data::DateTimeIso(text) | Data::DurationIso(text) => SheetValue::Text(text),
            Data::Error(error) => {
                error_text = error.to_string();
                SheetValue::Error(&error_text)
            }
        };
        let place = |offset: usize, start: u32| u32::try_from(offset).ok()?.checked_add(start);
        let (Some(row), Some(column)) = (place(row, start.0), place(column, start.1)) else {
            return Err(damaged("a cell lies outside of any sheet"));
        };
        hand_on(row, column, value, on_cell)?;
    }
    let merged = book.merge_cells_by_sheet_name(&name).map_err(|error| damaged(&error.to_string()))?;
    let at = all.iter().position(|sheet| sheet.name == name);
    let hidden = at.and_then(|at| traits_by_sheet.get_mut(at)).map(std::mem::take).unwrap_or_default();
    Ok(SheetTraits {
        merged: merged.iter().map(cell_range).collect(),
        hidden_rows: hidden.rows,
        hidden_columns: hidden.columns,
        left_out: left_out(&sheets, &name, wanted),
    })
}

fn damaged(error: &str) -> Unreadable {
    let error = of_library(error);
    Unreadable::damaged(text!("it is not whole: {error}", "文件不完整：{error}"; error))
}

fn date_system(is_1904: bool) -> DateSystem {
    if is_1904 { DateSystem::From1904 } else { DateSystem::From1900 }
}

fn sheets(sheets: &[Sheet]) -> Vec<SheetName> {
    let cells = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let named = cells.map(|sheet| SheetName {
        name: sheet.name.clone(),
        path: String::new(),
        is_visible: sheet.visible == SheetVisible::Visible,
    });
    named.collect()
}

fn number(value: f64) -> SheetValue<'static> {
    SheetValue::Number { value, zeros: 0 }
}

fn time_value(time: &ExcelDateTime, system: DateSystem) -> SheetValue<'static> {
    let format = if time.is_datetime() { NumberFormat::Clock } else { NumberFormat::Other };
    format.value(time.as_f64(), system)
}

fn cell_range(range: &Dimensions) -> CellRange {
    CellRange { rows: (range.start.0, range.end.0), columns: (range.start.1, range.end.1) }
}

fn hand_on(row: u32, column: u32, value: SheetValue, on_cell: OnCell) -> Result<(), Unreadable> {
    if value == SheetValue::Text("") { Ok(()) } else { on_cell(SheetCell { row, column, value }) }
}
