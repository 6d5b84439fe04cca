//! The source of the engine's rows, and the count of what became of each row.
//!
//! The engine opens no file: it asks a [`Source`] for the parts of a table, batch by batch, with the file and row number
//! of each row, so that a rejected row can be named. A [`TableBook`] counts what became of the rows of one table:
//! rows in = counted + out of the window + rejected + duplicates + not yet known; anything else is a bug.

mod example;

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::Table;
use crate::contract::cell::{TypeFault, WrittenForms};
use crate::contract::declared::Declared;
use crate::contract::rule::{Rule, Severity};
use crate::error::{Refusal, RunError};
use crate::text;
use crate::text::Text;

/// A piece of a table that can be read on its own, such as a row group of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Number of the file among the table's files.
    pub file: u32,
    /// Number of the part within the file.
    pub index: u32,
    /// First row, 0-based in the file.
    pub first_row: u64,
    /// Number of rows, if known before reading.
    pub rows: Option<u64>,
}

/// Rows of a part. The columns have the contract's names and any physical type that the contract can read; nullable
/// columns that the file lacks are absent.
#[derive(Clone, Debug)]
pub struct Batch {
    /// File of the rows.
    pub file: u32,
    /// Number of the first row, 0-based in the file.
    pub first_row: u64,
    /// The columns.
    pub record: RecordBatch,
    /// Rows (0-based in this batch, ascending) that the reader could not parse; their cells are meaningless.
    pub faults: Vec<(u32, Rule)>,
}

impl Batch {
    /// A column by its contract name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.record.column_by_name(name)
    }
}

/// What a file's statistics prove about a part: the key and time of every row are valid, and all times lie within these
/// bounds (both inclusive).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Earliest time, in microseconds of local time since 1970-01-01.
    pub first_us: i64,
    /// Latest time, in the same unit.
    pub last_us: i64,
    /// Key columns that contain integers.
    pub integer_ids: Vec<&'static str>,
}

/// The tables of a utility.
pub trait Source: Sync {
    /// What the utility declares about its export.
    fn declared(&self) -> &Declared;

    /// The parts of a table in the order of its files, or `None` when the table is absent.
    ///
    /// # Errors
    /// The table's files cannot be read.
    fn parts(&self, table: Table) -> Result<Option<Vec<Part>>, Refusal>;

    /// Whether any file of a table has a column of that contract name.
    fn has_column(&self, table: Table, column: &str) -> bool;

    /// Reads `columns` of a part, batch by batch in row order. `columns` are contract names; an absent nullable column
    /// is left out.
    ///
    /// # Errors
    /// The part cannot be read, or `sink` refuses.
    fn read(
        &self,
        table: Table,
        part: Part,
        columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError>;

    /// What is known about a part of the readings before it is read; `None` by default.
    fn bounds(&self, _part: Part) -> Option<Bounds> {
        None
    }

    /// A file's name for messages: relative to the data folder.
    fn file_name(&self, table: Table, file: u32) -> String;

    /// The number that a spreadsheet shows for a row; `None` if no spreadsheet shows the file.
    fn spreadsheet_row(&self, _table: Table, _at: RowAt) -> Option<u64> {
        None
    }

    /// What is wrong with the cells of a row that the reader could not parse: their number, or the cell and what it holds.
    /// `None` where the source cannot say it.
    fn row_fault(&self, _table: Table, _at: RowAt) -> Option<String> {
        None
    }

    /// Called as rows are read, for a progress bar. Does nothing by default.
    fn progress(&self, _table: Table, _rows: u64) {}
}

/// The location of a row: file number and row number packed into 64 bits. Ordered by file, then by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowAt(u64);

impl RowAt {
    const ROW_BITS: u32 = 40;

    /// The location of `row`, 0-based, in `file`.
    #[must_use]
    pub fn new(file: u32, row: u64) -> Self {
        debug_assert!(row < 1 << Self::ROW_BITS && file < 1 << (64 - Self::ROW_BITS));
        Self(u64::from(file) << Self::ROW_BITS | row)
    }

    /// The file's number.
    #[must_use]
    pub fn file(self) -> u32 {
        (self.0 >> Self::ROW_BITS) as u32
    }

    /// The row, 0-based in the file.
    #[must_use]
    pub fn row(self) -> u64 {
        self.0 & ((1 << Self::ROW_BITS) - 1)
    }
}

/// The file and the row, and also the row number that a spreadsheet shows, if one can show the file.
#[must_use]
pub fn place_of(source: &dyn Source, table: Table, at: RowAt) -> String {
    let place = format!("{} row {}", source.file_name(table, at.file()), at.row());
    match source.spreadsheet_row(table, at) {
        Some(row) => format!("{place} (spreadsheet row {row})"),
        None => place,
    }
}

/// A rejected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The row's location.
    pub at: RowAt,
    /// The first rule that the row breaks.
    pub rule: Rule,
}

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Number of all rows.
    pub rows_in: u64,
    /// Number of rows that count in facts.
    pub counted: u64,
    /// Number of rows outside the window.
    pub out_of_window: u64,
    /// Number of rows set aside.
    pub rejected: u64,
    /// Number of surplus copies of counted rows, and of rows that a later record of the same key replaces.
    pub duplicates: u64,
    /// Number of rows recorded after the instant up to which rows are known.
    #[serde(default)]
    pub not_yet_known: u64,
}

impl Tally {
    /// Whether every row is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.rows_in
            == self.counted + self.out_of_window + self.rejected + self.duplicates + self.not_yet_known
    }
}

/// Something noticed about a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The table's name, or `method` for a finding about no table.
    pub table: String,
    /// The rule.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// Number of rows (or columns, customers, indicators) concerned.
    pub rows: u64,
    /// One of the rows concerned, in English as cycles store it.
    pub example: String,
}

impl Finding {
    /// One of the rows concerned, in both languages.
    #[must_use]
    pub fn example_text(&self) -> Text {
        Text::new(self.example.clone(), example::chinese(self.rule, &self.example))
    }

    /// A finding about a table.
    pub fn of(table: Table, rule: Rule, rows: u64, example: impl Into<String>) -> Self {
        Self { table: table.name().into(), rule, severity: rule.severity(), rows, example: example.into() }
    }

    /// A finding about the judgement rather than a table.
    pub fn of_method(rule: Rule, rows: u64, example: impl Into<String>) -> Self {
        Self { table: "method".into(), rule, severity: rule.severity(), rows, example: example.into() }
    }
}

/// What became of the rows of one table.
#[derive(Clone, Debug)]
pub struct TableBook {
    /// The table.
    pub table: Table,
    /// Whether the source has the table.
    pub present: bool,
    /// The counts of the table's rows.
    pub tally: Tally,
    /// The rejected rows; in the order of files and rows after [`close`](Self::close).
    pub rejects: Vec<Reject>,
    /// Findings that reject no row: for each rule, the count and one example.
    pub noticed: BTreeMap<Rule, (u64, String)>,
    /// For each file and column, how the texts are written.
    forms: BTreeMap<(u32, &'static str), WrittenForms>,
}

impl TableBook {
    /// An empty book.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            table,
            present: false,
            tally: Tally::default(),
            rejects: Vec::new(),
            noticed: BTreeMap::new(),
            forms: BTreeMap::new(),
        }
    }

    /// Rejects a row.
    pub fn reject(&mut self, at: RowAt, rule: Rule) {
        self.tally.rejected += 1;
        self.rejects.push(Reject { at, rule });
    }

    /// Counts a finding that rejects no row.
    pub fn notice(&mut self, rule: Rule, rows: u64, example: impl FnOnce() -> String) {
        self.noticed.entry(rule).or_insert_with(|| (0, example())).0 += rows;
    }

    /// Counts the rows of a key column that a file stores as integers.
    pub fn notice_integer_ids(&mut self, source: &dyn Source, file: u32, column: &str, rows: u64) {
        let table = self.table;
        self.notice(Rule::IntegerId, rows, || {
            format!("column {column} of {}", source.file_name(table, file))
        });
    }

    /// Notes how texts of a file's column are written. Noting the same again changes nothing.
    pub fn note_forms(&mut self, file: u32, column: &'static str, forms: WrittenForms) {
        if forms != WrittenForms::default() {
            let known = self.forms.entry((file, column)).or_default();
            *known = known.and(forms);
        }
    }

    /// For each rule, the columns in which the way of writing is in doubt: their number and one of them.
    fn doubtful_forms(&self, source: &dyn Source) -> BTreeMap<Rule, (u64, String)> {
        let mut doubtful: BTreeMap<Rule, (u64, String)> = BTreeMap::new();
        for (&(file, column), forms) in &self.forms {
            let rules = [
                (Rule::MixedMonthForms, forms.mixes_months()),
                (Rule::AmbiguousGrouping, forms.has_ambiguous_grouping()),
            ];
            for (rule, _) in rules.into_iter().filter(|(_, is_doubtful)| *is_doubtful) {
                let example = || (0, format!("{column} of {}", source.file_name(self.table, file)));
                doubtful.entry(rule).or_insert_with(example).0 += 1;
            }
        }
        doubtful
    }

    /// Merges the book that another thread kept of the same table. The result does not depend on the order of calls:
    /// rejects are sorted by [`close`](Self::close), and of two examples the smaller is kept.
    pub fn absorb(&mut self, other: Self) {
        self.merge(other, |known, other| other < known);
    }

    /// Merges the book of the rows that follow: of two examples, the first is kept.
    pub fn append(&mut self, next: Self) {
        self.merge(next, |_, _| false);
    }

    /// Merges another book of the same table. `replaces` says whether its example replaces the known one.
    fn merge(&mut self, other: Self, replaces: impl Fn(&str, &str) -> bool) {
        self.present |= other.present;
        let (tally, more) = (&mut self.tally, other.tally);
        tally.rows_in += more.rows_in;
        tally.counted += more.counted;
        tally.out_of_window += more.out_of_window;
        tally.rejected += more.rejected;
        tally.duplicates += more.duplicates;
        tally.not_yet_known += more.not_yet_known;
        self.rejects.extend(other.rejects);
        for ((file, column), forms) in other.forms {
            self.note_forms(file, column, forms);
        }
        for (rule, (rows, example)) in other.noticed {
            let entry = self.noticed.entry(rule).or_insert_with(|| (0, example.clone()));
            entry.0 += rows;
            if replaces(&entry.1, &example) {
                entry.1 = example;
            }
        }
    }

    /// The findings of the table: one for each rule, in the order of rules. `examples` has an example of a reject for
    /// each rule.
    pub fn findings(&self, source: &dyn Source, examples: &BTreeMap<Rule, String>) -> Vec<Finding> {
        let mut by_rule: BTreeMap<Rule, (u64, String)> = self.noticed.clone();
        by_rule.extend(self.doubtful_forms(source));
        for reject in &self.rejects {
            let example = || (0, examples.get(&reject.rule).cloned().unwrap_or_default());
            by_rule.entry(reject.rule).or_insert_with(example).0 += 1;
        }
        if self.present && self.tally.counted == 0 {
            let rows = self.tally.rows_in;
            let noun = if rows == 1 { "row" } else { "rows" };
            by_rule.insert(Rule::EmptyTable, (rows, format!("{rows} {noun} in")));
        }
        by_rule
            .into_iter()
            .map(|(rule, (rows, example))| Finding::of(self.table, rule, rows, example))
            .collect()
    }

    /// Sorts the rejects by file and row, and checks that the counts add up.
    ///
    /// # Errors
    /// The counts do not add up, which is a bug.
    pub fn close(&mut self) -> Result<(), RunError> {
        self.rejects.sort_unstable();
        if self.tally.adds_up() {
            return Ok(());
        }
        Err(RunError::Bug(format!("the rows of {} do not add up: {:?}", self.table, self.tally)))
    }
}

/// The error for a column whose type cannot hold the values of the contract.
#[must_use]
pub fn refuse_type(
    source: &dyn Source,
    table: Table,
    batch: &Batch,
    column: &str,
    fault: &TypeFault,
) -> RunError {
    let path = source.file_name(table, batch.file);
    let TypeFault { what, advice } = fault.clone();
    let what = text!("column {column}: {what}", "列 {column}：{what}"; what);
    Refusal::at(table, path, what, advice).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_location_keeps_file_row_and_order() {
        let at = RowAt::new(3, 1_000_000_000_000);
        assert_eq!((at.file(), at.row()), (3, 1_000_000_000_000));
        assert!(RowAt::new(3, 7) < RowAt::new(3, 8) && RowAt::new(3, 8) < RowAt::new(4, 0));
    }
}
