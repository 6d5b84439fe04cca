//! Quality checks of samples.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{CheckSubject, Table};
use gridtier::error::RunError;
use gridtier::key::KeyIndex;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::shared::place_day;
use crate::log::Check;
use crate::period::Run;

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, Vec<Check>), RunError> {
    let mut book = TableBook::new(Table::Checks);
    let rules = CheckRules { run: reading.run };
    let rows = rows::read(reading.source, &mut book, &rules, &mut KeyIndex::default())?;
    let mut checks: Vec<Check> = rows.into_iter().map(|row| row.value).collect();
    checks.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok((book, checks))
}

struct CheckRules {
    run: Run,
}

struct CheckCells {
    subject: CheckedColumn<CheckSubject>,
    standard: Texts,
    sampled: Integers,
    failed: Integers,
}

impl TableRules for CheckRules {
    type Cells = CheckCells;
    type Place = i32;
    type Row = Check;
    type Notes = ();

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<CheckCells, RunError> {
        Ok(CheckCells {
            subject: columns.words("subject")?,
            standard: columns.texts("standard")?,
            sampled: columns.cells("sampled")?,
            failed: columns.cells("failed")?,
        })
    }

    fn place(&self, day: i64, _: &CheckCells, _: &Ids, _row: usize, (): &mut ()) -> Placement<i32> {
        place_day(self.run, day)
    }

    fn value(
        &self,
        checked_on: i32,
        ids: &Ids,
        cells: &CheckCells,
        row: usize,
        (): &mut (),
    ) -> Result<Check, Rule> {
        let check = Check {
            id: ids.required(row)?.into(),
            checked_on,
            subject: cells.subject.required(row)?,
            standard: cells.standard.get(row).ok_or(Rule::NullValue)?.into(),
            sampled: cells.sampled.required(row)?,
            failed: cells.failed.required(row)?,
        };
        if check.failed > check.sampled { Err(Rule::BadOrder) } else { Ok(check) }
    }
}
