//! Reads workbooks (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`, `.ods`) like CSV files of the same table.
//!
//! What a spreadsheet shows is not always what it stores: ids lose their zeros, dates are numbers, formulas may never have
//! been computed, and hidden rows are still there. Here the stored values are read. Each cell becomes the text that the
//! rules of CSV read as the same value, and if the spreadsheet has already lost digits of an id, the refusal names the
//! cell. One sheet is read; nothing is written; no formula is computed.
//!
//! Workbooks of XML are read entry by entry (`xlsx`, `ods`); the binary ones by calamine (`binary`), after
//! [`guard`](crate::guard) has checked what their records claim. A file is surveyed when it is opened and parsed again each
//! time that it is read, so that no sheet stays in memory.

mod cell;
mod xml;
mod scan;
mod sheets;
mod rows;
mod table;
mod xlsx;
mod ods;
mod binary;

use std::sync::Arc;
use std::sync::mpsc::{IntoIter, SyncSender, sync_channel};
use std::thread;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use gridtier::contract::declared::DecimalMark;
use gridtier::contract::rule::Rule;
use gridtier::text;
use gridtier::text::Text;

use self::cell::{OnCell, SheetTraits};
use self::rows::{CellKind, RowAssembler, SheetRow};
use self::table::{SheetTable, TableColumn, TableSurvey};
use crate::columns::{FileColumn, FilePiece};
use crate::guard::limits::{BATCH_ROWS, BATCH_TEXT_BYTES_MAX};
use crate::guard::package::Package;
use crate::guard::{Unreadable, caught};
use crate::listing::{DataFile, WorkbookKind};

/// What is declared about a workbook.
#[derive(Clone, Debug, Default)]
pub struct WorkbookDeclared {
    /// The sheet; `None` for the first visible one.
    pub sheet: Option<String>,
    /// The row of the header, 1 for the first; `None` for the first row that is not empty.
    pub header_row: Option<u32>,
    /// The decimal mark of numbers written as text. Numbers are handed on as text with this mark.
    pub mark: DecimalMark,
}

/// A workbook that has been surveyed.
#[derive(Clone, Debug)]
pub struct WorkbookFile {
    kind: WorkbookKind,
    declared: WorkbookDeclared,
    table: SheetTable,
    /// By column of the table: whether an error in it rejects the row, and the pattern of its dates.
    uses: Vec<ColumnUse>,
}

/// What a column of a workbook is read as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnUse {
    /// Whether a cell with an error rejects its row.
    pub is_checked: bool,
    /// The declared pattern of its dates.
    pub date_form: Option<String>,
}

impl WorkbookFile {
    /// Surveys a workbook.
    ///
    /// # Errors
    /// The workbook cannot be read, or its table has no header, or it has merged cells.
    pub fn survey(
        file: &DataFile,
        kind: WorkbookKind,
        declared: WorkbookDeclared,
    ) -> Result<Self, Unreadable> {
        let mut survey = TableSurvey::new(declared.header_row);
        let traits = read_rows(file, kind, &declared, &mut |row| survey.row(row))?;
        let table = survey.finish(&traits)?;
        let uses = vec![ColumnUse::default(); table.columns.len()];
        Ok(Self { kind, declared, table, uses })
    }

    /// Its columns, in the order of the sheet.
    pub fn columns(&self) -> Vec<FileColumn> {
        self.table.columns.iter().map(|column| FileColumn::untyped(column.name.clone())).collect()
    }

    /// The number that a spreadsheet shows for the first row after the header.
    pub fn first_row(&self) -> u64 {
        u64::from(self.table.header_row) + 2
    }

    /// Its rows below the header.
    pub fn rows(&self) -> u64 {
        self.table.rows
    }

    /// Says what the column at a position is read as.
    pub fn set_use(&mut self, position: usize, column_use: ColumnUse) {
        self.uses[position] = column_use;
    }

    /// The number of cells in the column of ids at a position that are numbers without zeros in front.
    ///
    /// # Errors
    /// A number is not whole or has more than 15 digits: the spreadsheet has lost digits already.
    pub fn check_ids(&self, position: usize) -> Result<u64, Unreadable> {
        let TableColumn { name, survey, .. } = &self.table.columns[position];
        let Some((cell, shown)) = survey.inexact.clone() else { return Ok(survey.numbers) };
        let name = name.clone();
        Err(Unreadable::because(
            text!(
                "the cell {cell} in the column `{name}` of ids holds the number {shown}, whose digits are no longer those of an id",
                "编号列 `{name}` 的单元格 {cell} 为数字 {shown}，已不是原来的编号"
            ),
            text!(
                "export the column as text; a spreadsheet keeps 15 digits of a number and no zeros in front",
                "请将该列以文本格式导出；电子表格的数字只保留 15 位，且不保留前导零"
            ),
        ))
    }

    /// What is hidden in the table: how many rows and columns, and which ones.
    pub fn hidden(&self) -> Option<&(u64, String)> {
        self.table.hidden.as_ref()
    }

    /// Names of the other visible sheets, which are not read; none if a sheet is declared.
    pub fn left_out(&self) -> &[String] {
        &self.table.left_out
    }

    /// Reads the columns at these positions, piece by piece.
    ///
    /// # Errors
    /// Its thread cannot be started.
    pub fn pieces(&self, file: &DataFile, positions: Vec<usize>) -> Result<WorkbookPieces, Unreadable> {
        // The readers push cells, so they run on a thread of their own. At most one piece waits to be taken.
        let (sender, receiver) = sync_channel(1);
        let (book, file) = (self.clone(), file.clone());
        thread::Builder::new().name("workbook".into()).spawn(move || {
            let mut builder = PieceBuilder::new(&book, positions, &sender);
            let read = book.read_pieces(&file, &mut builder).and_then(|()| builder.flush());
            if let Err(fault) = read {
                // If the receiver is gone, nobody needs the fault.
                let _ = sender.send(Err(fault));
            }
        })?;
        Ok(WorkbookPieces(receiver.into_iter()))
    }

    /// The first cell of a row that holds an error or a formula without a value, in words.
    pub fn fault_in(&self, file: &DataFile, row: u64) -> Option<String> {
        let wanted = u32::try_from(self.first_row() + row - 1).ok()?;
        let mut found = None;
        // The error ends the reading behind the row; the reader of a file that fails here has been told before.
        let _ = read_rows(file, self.kind, &self.declared, &mut |row| {
            if row.row < wanted {
                return Ok(());
            }
            let columns = self.table.columns.iter().zip(&self.uses).filter(|(_, usage)| usage.is_checked);
            found = columns.into_iter().find_map(|(column, _)| {
                let (kind, text) =
                    row.get(column.column).filter(|(kind, _)| row.row == wanted && kind.is_fault())?;
                let cell = cell::cell_name(wanted, column.column);
                let name = &column.name;
                Some(match kind {
                    CellKind::NoValue => format!("{name} in {cell} is a formula without a value"),
                    _ => format!("{name} in {cell} = {text}"),
                })
            });
            Err(Unreadable::damaged(Text::default()))
        });
        found
    }

    fn read_pieces(&self, file: &DataFile, builder: &mut PieceBuilder) -> Result<(), Unreadable> {
        let header_row = self.table.header_row;
        read_rows(file, self.kind, &self.declared, &mut |row| match row.row > header_row {
            true => builder.row(row),
            false => Ok(()),
        })
        .map(drop)
    }
}

/// The pieces of a workbook, in order.
pub struct WorkbookPieces(IntoIter<Result<FilePiece, Unreadable>>);

impl Iterator for WorkbookPieces {
    type Item = Result<FilePiece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// Reads the rows of the chosen sheet that are not empty.
fn read_rows(
    file: &DataFile,
    kind: WorkbookKind,
    declared: &WorkbookDeclared,
    on_row: &mut dyn FnMut(&SheetRow) -> Result<(), Unreadable>,
) -> Result<SheetTraits, Unreadable> {
    caught(|| {
        let mut rows = RowAssembler::new(on_row);
        let traits = read_cells(file, kind, declared.sheet.as_deref(), &mut |cell| rows.cell(cell))?;
        rows.finish()?;
        Ok(traits)
    })?
}

fn read_cells(
    file: &DataFile,
    kind: WorkbookKind,
    sheet: Option<&str>,
    on_cell: OnCell,
) -> Result<SheetTraits, Unreadable> {
    match kind {
        WorkbookKind::OpenXml => xlsx::read(&mut Package::open(file.open()?, file.bytes)?, sheet, on_cell),
        WorkbookKind::OpenDocument => {
            ods::read(&mut Package::open(file.open()?, file.bytes)?, sheet, on_cell)
        }
        WorkbookKind::BinaryXlsb => {
            Package::open(file.open()?, file.bytes)?.check_unpacked()?;
            binary::read_xlsb(file.open()?, sheet, on_cell)
        }
        WorkbookKind::BinaryXls => binary::read_xls(file.open()?, file.bytes, sheet, on_cell),
    }
}

/// Puts pieces together from rows.
struct PieceBuilder<'a> {
    book: &'a WorkbookFile,
    positions: Vec<usize>,
    /// Columns of the sheet whose errors reject the row.
    checked: Vec<u32>,
    builders: Vec<StringViewBuilder>,
    rows: u32,
    bytes: usize,
    faults: Vec<(u32, Rule)>,
    /// Rows of the sheet between the last piece and this one.
    gap: u64,
    /// The number of the row after the last one.
    next_row: u32,
    sender: &'a SyncSender<Result<FilePiece, Unreadable>>,
}

impl<'a> PieceBuilder<'a> {
    fn new(
        book: &'a WorkbookFile,
        positions: Vec<usize>,
        sender: &'a SyncSender<Result<FilePiece, Unreadable>>,
    ) -> Self {
        let columns = book.table.columns.iter().zip(&book.uses);
        let checked =
            columns.filter(|(_, usage)| usage.is_checked).map(|(column, _)| column.column).collect();
        let builders = positions.iter().map(|_| StringViewBuilder::new()).collect();
        let faults = Vec::new();
        // The row below the header has the number 0, whatever the titles above it.
        let next_row = book.table.header_row + 1;
        Self { book, positions, checked, builders, rows: 0, bytes: 0, faults, gap: 0, next_row, sender }
    }

    fn row(&mut self, row: &SheetRow) -> Result<(), Unreadable> {
        let is_full = self.rows as usize >= BATCH_ROWS || self.bytes >= BATCH_TEXT_BYTES_MAX / 2;
        if row.row != self.next_row || is_full {
            self.flush()?;
            self.gap = u64::from(row.row.saturating_sub(self.next_row));
        }
        self.next_row = row.row + 1;
        for (builder, &position) in self.builders.iter_mut().zip(&self.positions) {
            let column = &self.book.table.columns[position];
            let text = row.get(column.column);
            let text = text
                .map(|(kind, text)| shown(kind, text, &self.book.uses[position], self.book.declared.mark));
            self.bytes += text.as_ref().map_or(0, |text| text.len());
            builder.append_option(text.filter(|text| !text.is_empty()));
        }
        if self.checked.iter().any(|&column| row.get(column).is_some_and(|(kind, _)| kind.is_fault())) {
            self.faults.push((self.rows, Rule::ErrorCell));
        }
        self.rows += 1;
        Ok(())
    }

    /// Hands on the rows that have been collected.
    fn flush(&mut self) -> Result<(), Unreadable> {
        let columns =
            self.builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        let piece = FilePiece {
            columns,
            rows: self.rows as usize,
            faults: std::mem::take(&mut self.faults),
            gap: std::mem::take(&mut self.gap),
        };
        (self.rows, self.bytes) = (0, 0);
        if piece.rows == 0 {
            return Ok(());
        }
        let is_gone = self.sender.send(Ok(piece)).is_err();
        // The reader of the pieces is gone, so nobody needs the error.
        if is_gone {
            Err(Unreadable::damaged(text!("it is not read to its end", "文件没有读到结尾")))
        } else {
            Ok(())
        }
    }
}

/// A cell as the text that the rules of CSV read as its value.
fn shown<'t>(
    kind: CellKind,
    text: &'t str,
    column_use: &ColumnUse,
    mark: DecimalMark,
) -> std::borrow::Cow<'t, str> {
    match (kind, mark, &column_use.date_form) {
        (CellKind::Number { .. }, DecimalMark::Comma, _) => text.replace('.', ",").into(),
        (CellKind::Date(time), _, Some(form)) => {
            use std::fmt::Write as _;
            let mut dated = String::new();
            // A pattern with a zone cannot be written for a time without one.
            if write!(dated, "{}", time.format(form)).is_ok() { dated.into() } else { text.into() }
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;
