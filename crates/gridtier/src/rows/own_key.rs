//! A table's own key and the date that places a row, as the contract marks them.

use std::borrow::Cow;

use super::columns::Columns;
use crate::contract::cell::{CellState, Ids, Integers};
use crate::contract::rule::Rule;
use crate::contract::{ColumnKind, Table};
use crate::error::RunError;
use crate::index::index;
use crate::key::{Folds, KeyIndex};
use crate::source::TableBook;

/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// The key and the date of the rows of a batch.
pub(super) struct OwnKey {
    /// The first column of the key; the day as a number where the key is a day.
    pub ids: Ids,
    /// Further columns of ids in the key.
    further: Vec<Ids>,
    /// The dates: those that place the rows, or the days that are their key. `None` for a table whose rows have neither.
    dates: Option<Integers>,
    is_date_in_key: bool,
    /// Whether times are cut to whole seconds.
    is_in_seconds: bool,
}

impl OwnKey {
    /// Reads the columns of a batch.
    pub fn read(columns: &Columns, book: &mut TableBook) -> Result<Self, RunError> {
        let contract = book.table.columns();
        let mut of_key = contract.iter().filter(|column| column.key && !column.kind.places_rows());
        let first = of_key.next().expect("every table has a key");
        let (ids, key_days) = match first.kind {
            ColumnKind::Id => (columns.ids(first.name, book)?, None),
            _ => {
                let days = columns.cells(first.name)?;
                (days_as_ids(&days), Some(days))
            }
        };
        let further = of_key
            .filter(|column| column.kind == ColumnKind::Id && !column.nullable)
            .map(|column| columns.ids(column.name, book))
            .collect::<Result<_, _>>()?;
        let date = contract.iter().find(|column| column.kind.places_rows());
        Ok(Self {
            ids,
            further,
            dates: date.map(|date| columns.cells(date.name)).transpose()?.or(key_days),
            is_date_in_key: date.is_some_and(|date| date.key),
            is_in_seconds: Table::SERVICE.contains(&book.table)
                && date.is_some_and(|date| date.kind == ColumnKind::PlacingTime),
        })
    }

    /// The date of a row whose key and date can be read. A key counts as readable however long it is.
    pub fn date(&self, row: usize) -> Result<i64, Rule> {
        if std::iter::once(&self.ids).chain(&self.further).any(|ids| ids.states[row] == CellState::Null) {
            return Err(Rule::NullKey);
        }
        let date = match &self.dates {
            None => Ok(0),
            Some(dates) if self.is_date_in_key => dates.required(row).map_err(null_key),
            Some(dates) => dates.required(row),
        }?;
        Ok(if self.is_in_seconds { date.div_euclid(SECOND_US) * SECOND_US } else { date })
    }

    /// The number of a row's key, which is inserted if it is new. The key and date of the row can be read.
    ///
    /// # Errors
    /// Two spellings fold to one key.
    pub fn number(&self, row: usize, keys: &mut KeyIndex) -> Result<u32, Folds> {
        if self.is_date_in_key || !self.further.is_empty() {
            return Ok(keys.insert(&self.text(row)));
        }
        let folded = &self.ids.folded;
        let raw =
            folded.binary_search_by_key(&row, |(row, _)| *row).ok().map(|place| folded[place].1.as_str());
        keys.insert_spelt(self.ids.values.value(row), raw)
    }

    /// The numbers of the keys of some rows, in ascending order, as by [`number`](Self::number).
    ///
    /// # Errors
    /// Two spellings fold to one key.
    pub fn numbers(&self, rows: &[u32], keys: &mut KeyIndex) -> Result<Vec<u32>, Folds> {
        if self.is_date_in_key
            || !self.further.is_empty()
            || !self.ids.folded.is_empty()
            || keys.has_spellings()
        {
            return rows.iter().map(|&row| self.number(index(row), keys)).collect();
        }
        let ids = &self.ids;
        Ok(keys.insert_each(ids.numbers.as_ref(), rows, |row| ids.values.value(index(row))))
    }

    /// The key of a row as one text.
    pub fn text(&self, row: usize) -> Cow<'_, str> {
        let id = self.ids.values.value(row);
        if !self.is_date_in_key && self.further.is_empty() {
            return Cow::Borrowed(id);
        }
        let mut key = id.to_owned();
        for ids in &self.further {
            // No id contains a line feed between characters of its own: ids are trimmed cells of one line.
            key.push('\n');
            key.push_str(ids.values.value(row));
        }
        if self.is_date_in_key {
            key.push_str(&format!(" {}", self.date(row).unwrap_or_default()));
        }
        Cow::Owned(key)
    }
}

/// Days as ids. A day that cannot be read keeps its fault.
fn days_as_ids(days: &Integers) -> Ids {
    let mut ids = Ids::empty(days.states.len());
    ids.values = days.values.iter().map(|day| Some(day.to_string())).collect();
    ids.states.clone_from(&days.states);
    ids
}

/// The rule that is reported for a fault in a table's own key.
fn null_key(rule: Rule) -> Rule {
    if rule == Rule::NullValue { Rule::NullKey } else { rule }
}
