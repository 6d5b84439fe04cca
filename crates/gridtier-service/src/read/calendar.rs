//! Moved working days. The table has no window.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers};
use gridtier::contract::rule::Rule;
use gridtier::contract::{DayKind, Table};
use gridtier::error::RunError;
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use crate::time::WorkCalendar;

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, WorkCalendar), RunError> {
    let mut book = TableBook::new(Table::Calendar);
    let rows = rows::read(reading.source, &mut book, &mut CalendarRules { keys: KeyIndex::default() })?;
    Ok((book, WorkCalendar { changes: rows.into_iter().map(|row| row.value).collect() }))
}

struct CalendarRules {
    keys: KeyIndex,
}

struct CalendarCells {
    day: Integers,
    kind: CheckedColumn<DayKind>,
}

impl TableRules<CalendarCells, (), (i32, DayKind)> for CalendarRules {
    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn customer_id(&self, _customer: CustomerIx) -> &str {
        unreachable!("no row of this table names a customer")
    }

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<CalendarCells, RunError> {
        Ok(CalendarCells { day: columns.cells("day")?, kind: columns.words("kind")? })
    }

    fn place(&mut self, _date: i64, _cells: &CalendarCells, _ids: &Ids, _row: usize) -> Placement<()> {
        Placement::Inside(())
    }

    fn value(
        &mut self,
        (): (),
        _ids: &Ids,
        cells: &CalendarCells,
        row: usize,
    ) -> Result<(i32, DayKind), Rule> {
        let day = i32::try_from(cells.day.required(row)?).map_err(|_| Rule::BadDate)?;
        Ok((day, cells.kind.required(row)?))
    }
}
