//! Corrections of faults in the service.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{CorrectionResult, CorrectionSubject, Table};
use gridtier::error::RunError;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::shared::{LogKeys, LogNotes, notice_future, place_day};
use crate::log::Correction;
use crate::period::Run;

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, Vec<Correction>), RunError> {
    let mut book = TableBook::new(Table::Corrections);
    let mut keys = LogKeys::default();
    let rows = rows::read(reading.source, &mut book, &CorrectionRules { run: reading.run }, &mut keys)?;
    notice_future(&mut book, keys.future_rows);
    let mut corrections: Vec<Correction> = rows.into_iter().map(|row| row.value).collect();
    corrections.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok((book, corrections))
}

struct CorrectionRules {
    run: Run,
}

struct CorrectionCells {
    about: CheckedColumn<CorrectionSubject>,
    reference: Texts,
    action: Texts,
    due_on: Integers,
    done_on: Integers,
    result: CheckedColumn<CorrectionResult>,
}

impl TableRules for CorrectionRules {
    type Cells = CorrectionCells;
    type Place = i32;
    type Row = Correction;
    type Notes = LogNotes;

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<CorrectionCells, RunError> {
        Ok(CorrectionCells {
            about: columns.words("about")?,
            reference: columns.texts("ref")?,
            action: columns.texts("action")?,
            due_on: columns.cells("due_on")?,
            done_on: columns.cells("done_on")?,
            result: columns.words("result")?,
        })
    }

    fn place(
        &self,
        day: i64,
        _cells: &CorrectionCells,
        _ids: &Ids,
        _row: usize,
        _notes: &mut LogNotes,
    ) -> Placement<i32> {
        place_day(self.run, day)
    }

    fn value(
        &self,
        opened_on: i32,
        ids: &Ids,
        cells: &CorrectionCells,
        row: usize,
        notes: &mut LogNotes,
    ) -> Result<Correction, Rule> {
        let due_on = day(cells.due_on.required(row)?)?;
        let given = cells.done_on.nullable(row)?.map(day).transpose()?;
        let done_on = given.filter(|&day| day < self.run.as_of);
        notes.future_rows += u64::from(done_on != given);
        Ok(Correction {
            id: ids.required(row)?.into(),
            opened_on,
            about: cells.about.required(row)?,
            reference: cells.reference.get(row).map(Into::into),
            action: cells.action.get(row).ok_or(Rule::NullValue)?.into(),
            due_on,
            done_on,
            result: cells.result.nullable(row)?,
        })
    }
}

fn day(day: i64) -> Result<i32, Rule> {
    i32::try_from(day).map_err(|_| Rule::BadDate)
}
