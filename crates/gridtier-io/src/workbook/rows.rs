//! Rows of a sheet, put together from its cells.

use chrono::{Datelike, NaiveDateTime};
use gridtier::text;

use super::cell::{SheetCell, SheetValue, number_text};
use crate::guard::Unreadable;
use crate::guard::limits::{CELL_BYTES_MAX, cell_too_long};

/// What a cell is, besides its text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CellKind {
    Text,
    Number { value: f64, zeros: usize },
    Date(NaiveDateTime),
    Flag,
    Error,
    NoValue,
}

impl CellKind {
    /// Whether the cell has no value that can be read.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Error | Self::NoValue)
    }
}

#[derive(Clone, Copy, Debug)]
struct RowCell {
    column: u32,
    kind: CellKind,
    start: usize,
    end: usize,
}

/// A row that is not empty.
#[derive(Clone, Debug)]
pub(super) struct SheetRow {
    /// Its number, 0 for the first.
    pub row: u32,
    text: String,
    /// The cells, in the order of columns.
    cells: Vec<RowCell>,
    is_sorted: bool,
}

/// Maximum bytes of text, and maximum number of cells, of a row.
const ROW_TEXT_MAX: usize = 4 << 20;
const ROW_CELLS_MAX: usize = 1 << 15;
/// Maximum bytes of text of a sheet: many cells can refer to one long text.
const SHEET_TEXT_MAX: usize = 2 << 30;

impl SheetRow {
    fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.is_sorted = true;
    }

    /// Column, kind and text of the cells that are not empty, in the order of columns.
    pub fn cells(&self) -> impl Iterator<Item = (u32, CellKind, &str)> {
        self.cells.iter().map(|cell| (cell.column, cell.kind, &self.text[cell.start..cell.end]))
    }

    /// The cell in a column.
    pub fn get(&self, column: u32) -> Option<(CellKind, &str)> {
        let at = self.cells.partition_point(|cell| cell.column < column);
        let cell = self.cells.get(at).filter(|cell| cell.column == column)?;
        Some((cell.kind, &self.text[cell.start..cell.end]))
    }

    fn push(&mut self, column: u32, value: SheetValue) -> Result<(), Unreadable> {
        let start = self.text.len();
        let kind = match value {
            SheetValue::Text(text) => {
                self.text.push_str(text);
                CellKind::Text
            }
            SheetValue::Number { value, zeros } => {
                number_text(value, zeros, &mut self.text);
                CellKind::Number { value, zeros }
            }
            SheetValue::Plain { value, text } => {
                self.text.push_str(text);
                CellKind::Number { value, zeros: 0 }
            }
            SheetValue::Date(time) => {
                push_iso(time, &mut self.text);
                CellKind::Date(time)
            }
            SheetValue::Flag(flag) => {
                self.text.push_str(if flag { "true" } else { "false" });
                CellKind::Flag
            }
            SheetValue::Error(text) => {
                self.text.push_str(text);
                CellKind::Error
            }
            SheetValue::NoValue => CellKind::NoValue,
        };
        let end = self.text.len();
        if end - start > CELL_BYTES_MAX {
            return Err(cell_too_long(end - start));
        }
        self.is_sorted &= self.cells.last().is_none_or(|last| last.column < column);
        self.cells.push(RowCell { column, kind, start, end });
        if end > ROW_TEXT_MAX || self.cells.len() > ROW_CELLS_MAX {
            let row = self.row + 1;
            return Err(Unreadable::because(
                text!("row {row} of the sheet is longer than any table's", "工作表第 {row} 行过长，不像表格"),
                text!(
                    "check that the sheet is a table of one row per line",
                    "请确认工作表是每行一条记录的表格"
                ),
            ));
        }
        Ok(())
    }

    /// Cells come in the order of columns from every known program. If two are in one place, the later one counts.
    fn sort(&mut self) {
        if !self.is_sorted {
            self.cells.reverse();
            self.cells.sort_by_key(|cell| cell.column);
            self.cells.dedup_by_key(|cell| cell.column);
        }
    }
}

/// A day, with the time if it is not midnight.
fn push_iso(time: NaiveDateTime, out: &mut String) {
    let day = time.date();
    if time.time() != chrono::NaiveTime::MIN || !(0..10_000).contains(&day.year()) {
        out.push_str(&time.to_string());
        return;
    }
    let digit = |number: u32| char::from(b'0' + (number % 10) as u8);
    let year = day.year().unsigned_abs();
    let [month, day] = [day.month(), day.day()];
    let all = [year / 1_000, year / 100, year / 10, year].map(digit);
    out.extend(all.into_iter().chain([
        '-',
        digit(month / 10),
        digit(month),
        '-',
        digit(day / 10),
        digit(day),
    ]));
}

/// Puts rows together and hands each on when the next begins.
pub(super) struct RowAssembler<'a> {
    row: SheetRow,
    /// Bytes of text so far.
    text_bytes: usize,
    on_row: &'a mut dyn FnMut(&SheetRow) -> Result<(), Unreadable>,
}

impl<'a> RowAssembler<'a> {
    pub fn new(on_row: &'a mut dyn FnMut(&SheetRow) -> Result<(), Unreadable>) -> Self {
        let row = SheetRow { row: 0, text: String::new(), cells: Vec::new(), is_sorted: true };
        Self { row, text_bytes: 0, on_row }
    }

    pub fn cell(&mut self, cell: SheetCell) -> Result<(), Unreadable> {
        if cell.row != self.row.row {
            if cell.row < self.row.row && !self.row.cells.is_empty() {
                return Err(Unreadable::damaged(text!(
                    "the rows of the sheet are out of order",
                    "工作表的行次序颠倒"
                )));
            }
            self.finish()?;
            self.row.row = cell.row;
        }
        self.row.push(cell.column, cell.value)
    }

    /// Hands on the last row.
    pub fn finish(&mut self) -> Result<(), Unreadable> {
        if !self.row.cells.is_empty() {
            self.row.sort();
            (self.on_row)(&self.row)?;
        }
        self.text_bytes += self.row.text.len();
        self.row.clear();
        if self.text_bytes > SHEET_TEXT_MAX {
            return Err(Unreadable::because(
                text!("the sheet holds more text than any table", "工作表的文本多于任何表格"),
                text!("export it as CSV UTF-8 or parquet", "请导出为 CSV UTF-8 或 parquet"),
            ));
        }
        Ok(())
    }
}
