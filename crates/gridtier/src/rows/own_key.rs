//! A table's own key and the date that places a row, as the contract marks them.

use super::Columns;
use crate::contract::cell::{CellState, Ids, Integers};
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::key::KeyIndex;
use crate::source::TableBook;

/// The key and the date of the rows of a batch.
pub(super) struct OwnKey {
    /// The first column of the key.
    pub ids: Ids,
    /// The dates; `None` for a table whose rows have no date.
    dates: Option<Integers>,
    is_date_in_key: bool,
}

impl OwnKey {
    /// Reads the columns of a batch.
    pub fn read(columns: &Columns, book: &mut TableBook) -> Result<Self, RunError> {
        let contract = book.table.columns();
        let id = contract.iter().find(|column| column.key).expect("every table has a key");
        let date = contract.iter().find(|column| column.kind.places_rows());
        Ok(Self {
            ids: columns.ids(id.name, book)?,
            dates: date.map(|date| columns.cells(date.name)).transpose()?,
            is_date_in_key: date.is_some_and(|date| date.key),
        })
    }

    /// The date of a row whose key and date can be read. A key counts as readable however long it is.
    pub fn date(&self, row: usize) -> Result<i64, Rule> {
        if self.ids.states[row] == CellState::Null {
            return Err(Rule::NullKey);
        }
        match &self.dates {
            None => Ok(0),
            Some(dates) if self.is_date_in_key => dates.required(row).map_err(null_key),
            Some(dates) => dates.required(row),
        }
    }

    /// The number of a row's key.
    pub fn number(
        &self,
        columns: &Columns,
        row: usize,
        date: i64,
        index: &mut KeyIndex,
    ) -> Result<u32, RunError> {
        if self.is_date_in_key {
            return Ok(self.loose_number(row, date, index));
        }
        columns.own_key(&self.ids, row, index)
    }

    /// As [`number`](Self::number), but without checking how the key is spelt.
    pub fn loose_number(&self, row: usize, date: i64, index: &mut KeyIndex) -> u32 {
        let id = self.ids.values.value(row);
        if self.is_date_in_key { index.insert(&format!("{id} {date}")) } else { index.insert(id) }
    }
}

/// The rule that is reported for a fault in a table's own key.
fn null_key(rule: Rule) -> Rule {
    if rule == Rule::NullValue { Rule::NullKey } else { rule }
}
