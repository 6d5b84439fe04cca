//! Testing the rows of a batch for all rules except duplicates, which need the whole table.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::own_key::OwnKey;
use super::recorded::{LastRecords, Recorded};
use super::rules::{Placement, TableRules};
use crate::contract::Table;
use crate::contract::cell::CellState;
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
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

/// A row whose key and date can be read and that no later record replaces, but which lies outside the window or breaks a
/// rule.
pub(super) struct OtherRow<Row> {
    /// Its position in the batch.
    pub row: u32,
    /// How it lies outside the window; `None` for a row inside.
    pub outside: Option<Outside>,
    /// Its values; `None` if it breaks a rule or nothing needs them.
    pub value: Option<Row>,
}

impl<Row> OtherRow<Row> {
    /// Whether its key gets a number, if those of all rows or only those of rows with values do.
    pub fn is_numbered(&self, all: bool) -> bool {
        all || self.value.is_some()
    }
}

/// What testing gives for a batch.
pub(super) struct TestedBatch<Row, Notes> {
    pub file: u32,
    pub first_row: u64,
    pub key: OwnKey,
    /// The positions in the batch of the accepted rows inside the window.
    pub places: Vec<u32>,
    /// The values of these rows.
    pub values: Vec<Row>,
    /// The rows outside the window and those that break a rule, as far as their keys and dates can be read.
    pub others: Vec<OtherRow<Row>>,
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
            places: Vec::with_capacity(columns.rows()),
            values: Vec::with_capacity(columns.rows()),
            others: Vec::new(),
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
        // Rows stay where they are until the whole table has been read.
        tested.places.shrink_to_fit();
        tested.values.shrink_to_fit();
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
        let notes = &mut tested.notes;
        let (place, outside) = match self.rules.place(date, cells, &tested.key.ids, row, notes) {
            Placement::Inside(place) => {
                // The values go straight to where they stay: a value that is moved on as soon as it has been written waits
                // for that, which took a third of the time of testing.
                match self.value(tested, place, cells, row) {
                    Ok(value) => {
                        tested.places.push(place_in_batch(row));
                        tested.values.push(value);
                    }
                    Err(rule) => {
                        tested.book.reject(at, rule);
                        tested.others.push(OtherRow { row: place_in_batch(row), outside: None, value: None });
                    }
                }
                return;
            }
            Placement::Earlier(place) => (Some(place), Outside::Other),
            Placement::Outside => (None, Outside::Other),
            Placement::BeforeOpening(customer) => {
                tested.before_opening.insert(customer);
                (None, Outside::BeforeOpening(customer))
            }
        };
        tested.book.tally.out_of_window += 1;
        // An earlier row that breaks a rule is not used; it is tallied already.
        let value = place.and_then(|place| self.value(tested, place, cells, row).ok());
        tested.others.push(OtherRow { row: place_in_batch(row), outside: Some(outside), value });
    }

    /// The values of a row with a place.
    #[inline]
    fn value(
        &self,
        tested: &mut TestedBatch<T::Row, T::Notes>,
        place: T::Place,
        cells: &T::Cells,
        row: usize,
    ) -> Result<T::Row, Rule> {
        if let CellState::Fault(rule) = tested.key.ids.states[row] {
            return Err(rule);
        }
        self.rules.value(place, &tested.key.ids, cells, row, &mut tested.notes)
    }
}

/// The position of a row in its batch.
fn place_in_batch(row: usize) -> u32 {
    u32::try_from(row).expect("a batch has less than 2^32 rows")
}
