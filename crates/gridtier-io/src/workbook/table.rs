//! The table in a sheet: where its header is, which columns it has, and what its cells are.

use std::collections::{BTreeMap, BTreeSet};

use gridtier::index::count;
use gridtier::text;

use super::cell::{CellRange, SheetTraits, cell_name, column_name, is_exact_integer};
use super::rows::{CellKind, SheetRow};
use crate::guard::Unreadable;
use crate::guard::limits::COLUMNS_MAX;

/// What the cells of a column below the header are.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnSurvey {
    /// Cells that are not empty.
    cells: u64,
    /// Numbers whose format does not fill them with zeros.
    pub numbers: u64,
    /// The first cell whose number cannot be a whole id, and the number as text.
    pub inexact: Option<(String, String)>,
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) struct TableColumn {
    pub name: String,
    /// Its place in the sheet, 0 for the first.
    pub column: u32,
    pub survey: ColumnSurvey,
}

/// The table in a sheet.
#[derive(Clone, Debug)]
pub(super) struct SheetTable {
    /// Row of the header, 0 for the first.
    pub header_row: u32,
    pub columns: Vec<TableColumn>,
    /// Rows below the header that are not empty.
    pub rows: u64,
    /// How many rows and columns of the table are hidden, and which ones; `None` if none are.
    pub hidden: Option<(u64, String)>,
    /// Names of the other visible sheets, if no sheet is declared.
    pub left_out: Vec<String>,
}

/// Surveys a table row by row.
#[derive(Debug, Default)]
pub(super) struct TableSurvey {
    /// The declared row of the header, 0 for the first.
    wanted: Option<u32>,
    header: Option<(u32, BTreeMap<u32, String>)>,
    columns: BTreeMap<u32, ColumnSurvey>,
    rows: u64,
    last_row: u32,
}

impl TableSurvey {
    /// A survey of a table whose header is in the declared row, 1 for the first, or in the first that is not empty.
    pub fn new(header_row: Option<u32>) -> Self {
        Self { wanted: header_row.map(|row| row.saturating_sub(1)), ..Self::default() }
    }

    pub fn row(&mut self, row: &SheetRow) -> Result<(), Unreadable> {
        if self.header.is_none() {
            if self.wanted.is_some_and(|wanted| row.row < wanted) {
                return Ok(());
            }
            if let Some(wanted) = self.wanted.filter(|wanted| row.row > *wanted) {
                return Err(no_header(wanted));
            }
            let names = row.cells().map(|(column, _, text)| (column, text.trim().to_owned())).collect();
            self.header = Some((row.row, names));
            self.last_row = row.row;
            return Ok(());
        }
        self.rows += 1;
        self.last_row = row.row;
        for (column, kind, text) in row.cells() {
            self.columns.entry(column).or_default().note(row.row, column, kind, text);
        }
        if self.columns.len() > COLUMNS_MAX {
            return Err(Unreadable::damaged(text!(
                "the sheet has more than {COLUMNS_MAX} columns",
                "工作表超过 {COLUMNS_MAX} 列"
            )));
        }
        Ok(())
    }

    /// Ends the survey.
    pub fn finish(mut self, traits: &SheetTraits) -> Result<SheetTable, Unreadable> {
        let Some((header_row, names)) = self.header.take() else {
            return Err(self.wanted.map_or_else(empty, no_header));
        };
        let mut columns = Vec::new();
        let places: BTreeSet<u32> = names.keys().chain(self.columns.keys()).copied().collect();
        for column in places {
            let name = names.get(&column).filter(|name| !name.is_empty());
            let survey = self.columns.remove(&column);
            if name.is_none() && survey.is_none() {
                continue;
            }
            // A column without a header is listed under its letters, and a mapping can name it by these letters.
            let name = name.cloned().unwrap_or_else(|| format!("column {}", column_name(column)));
            columns.push(TableColumn { name, column, survey: survey.unwrap_or_default() });
        }
        let last = columns.last().map_or(0, |column| column.column);
        let first = columns.first().map_or(0, |column| column.column);
        let place = CellRange { rows: (header_row, self.last_row), columns: (first, last) };
        if let Some(merged) = traits.merged.iter().find(|merged| merged.meets(&place)) {
            return Err(refuse_merged(merged, header_row));
        }
        Ok(SheetTable {
            header_row,
            columns,
            rows: self.rows,
            hidden: hidden(traits, &place),
            left_out: traits.left_out.clone(),
        })
    }
}

impl ColumnSurvey {
    fn note(&mut self, row: u32, column: u32, kind: CellKind, text: &str) {
        self.cells += 1;
        let inexact = match kind {
            CellKind::Number { value, .. } if !is_exact_integer(value) => true,
            CellKind::Number { zeros, .. } => {
                self.numbers += u64::from(zeros == 0);
                false
            }
            CellKind::Date(_) => true,
            _ => false,
        };
        if inexact && self.inexact.is_none() {
            self.inexact = Some((cell_name(row, column), text.to_owned()));
        }
    }
}

fn no_header(row: u32) -> Unreadable {
    let row = row + 1;
    Unreadable::because(
        text!(
            "row {row}, in which `header_row` says that the header is, is empty",
            "`header_row` 声明的表头行（第 {row} 行）为空"
        ),
        text!(
            "correct `header_row`; 1 is the first row of the sheet",
            "请更正 `header_row`；1 为工作表第一行"
        ),
    )
}

fn empty() -> Unreadable {
    Unreadable::because(
        text!("the sheet is empty, without even a header", "工作表为空，连表头也没有"),
        text!("declare `sheet` if the table is on another one", "若表在其他工作表，请声明 `sheet`"),
    )
}

fn refuse_merged(merged: &CellRange, header_row: u32) -> Unreadable {
    let range = merged.name();
    if merged.rows.0 <= header_row {
        let next = merged.rows.1 + 2;
        return Unreadable::because(
            text!("the cells {range} in the header are merged", "表头中的单元格 {range} 是合并的"),
            text!(
                "if it is a title, declare the row of the header, such as `header_row = {next}`; else unmerge the cells",
                "若为标题，请声明表头所在行，例如 `header_row = {next}`；否则请取消合并"
            ),
        );
    }
    Unreadable::because(
        text!(
            "the cells {range} of the table are merged: only the first has a value",
            "表中的单元格 {range} 是合并的：只有第一格有值"
        ),
        text!("unmerge them and fill in every row", "请取消合并，并逐行填写"),
    )
}

/// How many rows and columns of the table are hidden, and which.
fn hidden(traits: &SheetTraits, table: &CellRange) -> Option<(u64, String)> {
    let of_table = table.rows.0..=table.rows.1;
    let rows: Vec<u32> =
        traits.hidden_rows.iter().filter(|row| of_table.contains(*row)).map(|row| row + 1).collect();
    let mut columns = 0u64;
    let mut first_column = None;
    for &(first, last) in &traits.hidden_columns {
        let (first, last) = (first.max(table.columns.0), last.min(table.columns.1));
        if first <= last {
            columns += u64::from(last - first + 1);
            first_column.get_or_insert(first);
        }
    }
    let total = count(rows.len()) + columns;
    let mut example = Vec::new();
    example.extend(rows.first().map(|row| format!("{} hidden rows from row {row}", rows.len())));
    example
        .extend(first_column.map(|column| format!("{columns} hidden columns from {}", column_name(column))));
    (total > 0).then(|| (total, example.join(", ")))
}
