//! Testing the rows of a batch for all rules except duplicates, which need the whole table.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::own_key::OwnKey;
use super::recorded::{LastRecords, Recorded};
use super::rules::{Placement, TableRules};
use crate::contract::Table;
use crate::contract::cell::CellState;
use crate::contract::declared::TableDeclared;
use crate::error::RunError;
use crate::index::{CustomerIx, count};
use crate::key::NearKey;
use crate::source::{Batch, RowAt, Source, TableBook};

/// How a row lies outside the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// In the window, but before the opening of this customer.
    BeforeOpening(CustomerIx),
    /// Outside for another reason.
    Other,
}

/// A row whose key and date can be read and that no later record replaces.
#[derive(Clone, Debug)]
pub struct TestedRow<Row> {
    /// Its position in the batch.
    pub row: u32,
    /// How it lies outside the window; `None` for a row inside.
    pub outside: Option<Outside>,
    /// Its values; `None` if it breaks a rule or nothing needs them.
    pub value: Option<Row>,
}

/// What testing gives for a batch.
pub(super) struct TestedBatch<Row, Notes> {
    pub file: u32,
    pub first_row: u64,
    pub key: OwnKey,
    pub rows: Vec<TestedRow<Row>>,
    pub notes: Notes,
    /// Customers with rows before their opening.
    pub before_opening: BTreeSet<CustomerIx>,
    /// What became of the other rows.
    pub book: TableBook,
}

/// Tests the batches of a table.
pub(super) struct RowTester<'a, T> {
    pub source: &'a dyn Source,
    pub table: Table,
    pub declared: TableDeclared,
    pub rules: &'a T,
    /// When the last row of each key was recorded; `None` for a table without `recorded_at`.
    pub last_records: Option<LastRecords>,
}

impl<T: TableRules> RowTester<'_, T> {
    /// Tests the rows of a batch.
    pub fn test(&self, batch: &Batch) -> Result<TestedBatch<T::Row, T::Notes>, RunError> {
        let mut columns = Columns::new(self.source, self.table, batch, &self.declared);
        let mut book = TableBook::new(self.table);
        book.tally.rows_in = count(columns.rows());
        columns.note_forms(&mut book);
        let key = OwnKey::read(&columns, &mut book)?;
        let cells = self.rules.cells(&columns, &mut book)?;
        columns.note_implausible(&mut book);
        let mut tested = TestedBatch {
            file: batch.file,
            first_row: batch.first_row,
            key,
            rows: Vec::with_capacity(columns.rows()),
            notes: T::Notes::default(),
            before_opening: BTreeSet::new(),
            book,
        };
        let recorded = match &self.last_records {
            Some(last) => Some((last, last.times(&columns)?)),
            None => None,
        };
        let mut near = NearKey::default();
        for row in 0..columns.rows() {
            let at = RowAt::new(batch.file, batch.first_row + count(row));
            if let Some(rule) = columns.reader_fault(row) {
                tested.book.reject(at, rule);
                continue;
            }
            let mut recorded_us = None;
            if let Some((last, times)) = &recorded {
                match last.recorded(times, row) {
                    Ok(Recorded::Known(us)) => recorded_us = Some((last, us)),
                    Ok(Recorded::Later) => {
                        tested.book.tally.not_yet_known += 1;
                        continue;
                    }
                    Err(rule) => {
                        tested.book.reject(at, rule);
                        continue;
                    }
                }
            }
            let date = match tested.key.date(row) {
                Ok(date) => date,
                Err(rule) => {
                    tested.book.reject(at, rule);
                    continue;
                }
            };
            if let Some((last, us)) = recorded_us
                && last.is_replaced(&tested.key, row, us, &mut near)
            {
                tested.book.tally.duplicates += 1;
                continue;
            }
            self.test_row(&mut tested, at, date, &cells, row);
        }
        Ok(tested)
    }

    /// Places a row whose key and date can be read, and tests it for every other rule.
    fn test_row(
        &self,
        tested: &mut TestedBatch<T::Row, T::Notes>,
        at: RowAt,
        date: i64,
        cells: &T::Cells,
        row: usize,
    ) {
        let TestedBatch { key, rows, notes, before_opening, book, .. } = tested;
        let placement = self.rules.place(date, cells, &key.ids, row, notes);
        let (place, outside) = match placement {
            Placement::Inside(place) => (Some(place), None),
            Placement::Earlier(place) => (Some(place), Some(Outside::Other)),
            Placement::Outside => (None, Some(Outside::Other)),
            Placement::BeforeOpening(customer) => {
                before_opening.insert(customer);
                (None, Some(Outside::BeforeOpening(customer)))
            }
        };
        book.tally.out_of_window += u64::from(outside.is_some());
        let value = place.map(|place| match key.ids.states[row] {
            CellState::Fault(rule) => Err(rule),
            _ => self.rules.value(place, &key.ids, cells, row, notes),
        });
        // An earlier row that breaks a rule is not used; it is tallied already.
        if let (Some(Err(rule)), None) = (&value, outside) {
            book.reject(at, *rule);
        }
        let row = u32::try_from(row).expect("a batch has less than 2^32 rows");
        rows.push(TestedRow { row, outside, value: value.and_then(Result::ok) });
    }
}
