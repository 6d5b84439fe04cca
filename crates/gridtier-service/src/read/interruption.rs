//! Which customers an outage interrupted, from when to when.

use gridtier::contract::Table;
use gridtier::contract::cell::{Ids, Integers};
use gridtier::contract::rule::Rule;
use gridtier::error::RunError;
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::outage::{Outages, Referred};
use super::shared::{Finder, TimesOf, check_order, notice_future, place_time};
use crate::log::Interruption;
use crate::period::Run;
use crate::time::{DAY_S, Second};

/// An interruption without an end that began longer ago than this is not believed: it would swamp an index.
const OPEN_S_MAX: i64 = 30 * DAY_S;

/// Reads the table.
pub fn read(reading: Reading, outages: &Outages) -> Result<(TableBook, Vec<Interruption>), RunError> {
    let mut book = TableBook::new(Table::Interruptions);
    let mut rules = InterruptionRules {
        run: reading.run,
        finder: Finder::new(reading.base),
        outages,
        last_outage: 0,
        keys: KeyIndex::default(),
        future_rows: 0,
    };
    let rows = rows::read(reading.source, &mut book, &mut rules)?;
    notice_future(&mut book, rules.future_rows);
    let mut interruptions: Vec<Interruption> = rows.into_iter().map(|row| row.value).collect();
    interruptions.sort_unstable_by_key(|row| (row.outage, row.customer, row.started_at));
    Ok((book, interruptions))
}

struct InterruptionRules<'a> {
    run: Run,
    finder: Finder<'a>,
    outages: &'a Outages,
    last_outage: u32,
    keys: KeyIndex,
    future_rows: u64,
}

struct InterruptionCells {
    customer_ids: Ids,
    restored_at: Integers,
}

/// The place of a row is its outage and the time at which it began.
type OutageAndStart = (Result<u32, Rule>, Second);

impl TableRules<InterruptionCells, OutageAndStart, Interruption> for InterruptionRules<'_> {
    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<InterruptionCells, RunError> {
        Ok(InterruptionCells {
            customer_ids: columns.ids("customer_id", book)?,
            restored_at: columns.cells("restored_at")?,
        })
    }

    fn place(
        &mut self,
        time_us: i64,
        cells: &InterruptionCells,
        ids: &Ids,
        row: usize,
    ) -> Placement<OutageAndStart> {
        let referred = match ids.of_any_length(row) {
            Some(id) => self.outages.find(id, &mut self.last_outage),
            None => Referred::Nothing,
        };
        let outage = match referred {
            Referred::Counted(position) => Ok(position),
            Referred::Outside => return Placement::Outside,
            Referred::Nothing => Err(Rule::Orphan),
        };
        let placement = place_time(self.run, time_us).map(|at| (outage, at));
        self.finder.after_opening(placement, &cells.customer_ids, row, |(_, at)| at.day())
    }

    fn value(
        &mut self,
        (outage, started_at): OutageAndStart,
        _ids: &Ids,
        cells: &InterruptionCells,
        row: usize,
    ) -> Result<Interruption, Rule> {
        let (outage, customer) = (outage?, self.finder.required(&cells.customer_ids, row)?);
        let mut times = TimesOf::new(self.run, row);
        let restored_at = times.past(&cells.restored_at)?;
        self.future_rows += u64::from(times.has_future);
        check_order(&[Some(started_at), restored_at])?;
        if restored_at.is_none() && self.run.now().since(started_at) > OPEN_S_MAX {
            return Err(Rule::NeverRestored);
        }
        Ok(Interruption { outage, customer, started_at, restored_at })
    }
}
