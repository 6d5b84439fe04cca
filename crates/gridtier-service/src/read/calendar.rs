//! Moved working days. The table has no window.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers};
use gridtier::contract::rule::Rule;
use gridtier::contract::{DayKind, Table};
use gridtier::error::RunError;
use gridtier::key::KeyIndex;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use crate::time::WorkCalendar;

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, WorkCalendar), RunError> {
    let mut book = TableBook::new(Table::Calendar);
    let rows = rows::read(reading.source, &mut book, &CalendarRules, &mut KeyIndex::default())?;
    Ok((book, WorkCalendar { changes: rows.into_iter().map(|row| row.value).collect() }))
}

struct CalendarRules;

struct CalendarCells {
    day: Integers,
    kind: CheckedColumn<DayKind>,
}

impl TableRules for CalendarRules {
    type Cells = CalendarCells;
    type Place = ();
    type Row = (i32, DayKind);
    type Notes = ();

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<CalendarCells, RunError> {
        Ok(CalendarCells { day: columns.cells("day")?, kind: columns.words("kind")? })
    }

    fn place(&self, _date: i64, _: &CalendarCells, _: &Ids, _row: usize, (): &mut ()) -> Placement<()> {
        Placement::Inside(())
    }

    fn value(
        &self,
        (): (),
        _ids: &Ids,
        cells: &CalendarCells,
        row: usize,
        (): &mut (),
    ) -> Result<(i32, DayKind), Rule> {
        let day = i32::try_from(cells.day.required(row)?).map_err(|_| Rule::BadDate)?;
        Ok((day, cells.kind.required(row)?))
    }
}
