//! When each row was known, by the optional column `recorded_at` (DATA §4).
//!
//! Of the rows with one key, the row recorded last counts, so that a correction can move or withdraw a row. Which row
//! that is must be known before any row is placed. So a table with the column is read twice, first only for keys and
//! times.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::own_key::OwnKey;
use crate::contract::cell::Integers;
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
use crate::contract::{Column, Table};
use crate::error::RunError;
use crate::index::index;
use crate::key::{KeyIndex, NearKey};
use crate::source::{Part, RowAt, Source, TableBook};
use crate::unit::LocalTime;

/// Name of the column.
const RECORDED_AT: &str = "recorded_at";

/// Rows without a time count as always known, so they come before all others.
const ALWAYS_US: i64 = i64::MIN;

/// When the last row of each key was recorded.
pub(super) struct LastRecords {
    known_as_of: Option<LocalTime>,
    keys: KeyIndex,
    /// For each key number, the time of the last record.
    last_us: Vec<i64>,
}

/// The columns that say when a row was recorded, and of which key it is.
fn names_needed(table: Table) -> Vec<&'static str> {
    let is_needed = |column: &&Column| column.key || column.kind.places_rows() || column.name == RECORDED_AT;
    table.columns().iter().filter(is_needed).map(|column| column.name).collect()
}

/// The rows of a table that do not count because of when they were recorded: after the instant up to which rows are known,
/// or before another row of their key.
///
/// # Errors
/// The table cannot be read.
pub fn out_of_date(source: &dyn Source, table: Table) -> Result<BTreeSet<RowAt>, RunError> {
    let declared = source.declared().of(table);
    let parts = source.parts(table)?.unwrap_or_default();
    let mut found = BTreeSet::new();
    let Some(last) = LastRecords::read(source, table, &parts, &declared)? else { return Ok(found) };
    let mut book = TableBook::new(table);
    for part in parts {
        source.read(table, part, &names_needed(table), &mut |batch| {
            let mut near = NearKey::default();
            let mut columns = Columns::new(source, table, &batch, &declared);
            let (times, key) = (last.times(&columns)?, OwnKey::read(&columns, &mut book)?);
            for row in
                (0..columns.rows()).filter(|&row| columns.reader_fault(row).is_none()).collect::<Vec<_>>()
            {
                let is_out_of_date = match (last.recorded(&times, row), key.date(row)) {
                    (Ok(Recorded::Later), _) => true,
                    (Ok(Recorded::Known(us)), Ok(_)) => last.is_replaced(&key, row, us, &mut near),
                    _ => false,
                };
                if is_out_of_date {
                    found.insert(columns.at(row));
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// What follows about a row from the time of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// The row is known; its time in microseconds.
    Known(i64),
    /// The row was recorded after the instant up to which rows are known.
    Later,
}

impl LastRecords {
    /// Reads keys and times of a table; `None` if no file of it has the column.
    pub fn read(
        source: &dyn Source,
        table: Table,
        parts: &[Part],
        declared: &TableDeclared,
    ) -> Result<Option<Self>, RunError> {
        if !source.has_column(table, RECORDED_AT) {
            return Ok(None);
        }
        let known_as_of = source.declared().known_as_of;
        let mut last = Self { known_as_of, keys: KeyIndex::default(), last_us: Vec::new() };
        // Findings of this reading are dropped, since the second reading makes them again.
        let mut book = TableBook::new(table);
        for &part in parts {
            source.read(table, part, &names_needed(table), &mut |batch| {
                last.note(&mut Columns::new(source, table, &batch, declared), &mut book)
            })?;
        }
        Ok(Some(last))
    }

    fn note(&mut self, columns: &mut Columns, book: &mut TableBook) -> Result<(), RunError> {
        let (recorded, key) = (self.times(columns)?, OwnKey::read(columns, book)?);
        for row in 0..columns.rows() {
            if columns.reader_fault(row).is_some() {
                continue;
            }
            let (Ok(Recorded::Known(us)), Ok(_)) = (self.recorded(&recorded, row), key.date(row)) else {
                continue;
            };
            let number = index(self.keys.insert(&key.text(row)));
            self.last_us.resize(self.keys.len(), ALWAYS_US);
            self.last_us[number] = self.last_us[number].max(us);
        }
        Ok(())
    }

    /// The times of a batch.
    pub fn times(&self, columns: &Columns) -> Result<Integers, RunError> {
        columns.cells(RECORDED_AT)
    }

    /// When a row was recorded.
    ///
    /// # Errors
    /// The time cannot be read: returns the rule that the row breaks.
    pub fn recorded(&self, times: &Integers, row: usize) -> Result<Recorded, Rule> {
        let Some(us) = times.nullable(row)? else { return Ok(Recorded::Known(ALWAYS_US)) };
        Ok(match self.known_as_of {
            Some(instant) if us > instant.us => Recorded::Later,
            _ => Recorded::Known(us),
        })
    }

    /// Whether a row recorded at `us` is replaced by a later one of its key. `near` is for keys in order.
    pub fn is_replaced(&self, key: &OwnKey, row: usize, us: i64, near: &mut NearKey) -> bool {
        let number = self.keys.get_near(&key.text(row), near);
        number.and_then(|number| self.last_us.get(index(number))).is_some_and(|&last_us| us < last_us)
    }
}
