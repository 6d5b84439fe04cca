//! Which customers an outage interrupted, from when to when.

use gridtier::contract::Table;
use gridtier::contract::cell::{Ids, Integers};
use gridtier::contract::rule::Rule;
use gridtier::error::RunError;
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::rows::{self, CheckedRow, Columns, Placement, RowSink, TableRules};
use gridtier::source::{RowAt, TableBook};

use super::Reading;
use super::kept::kept_interruptions;
use super::outage::{Outages, Referred};
use super::shared::{Finder, LogNotes, TimesOf, check_order, notice_future, place_time};
use crate::interruption::{InterruptionPile, Interruptions, RowFate};
use crate::log::Interruption;
use crate::period::Run;
use crate::time::{DAY_S, Second};

/// An interruption without an end that began longer ago than this is not believed: it would swamp an index.
const OPEN_S_MAX: i64 = 30 * DAY_S;

/// Reads the table, and merges the rows that count.
pub fn read(reading: Reading, outages: &Outages) -> Result<(TableBook, Interruptions), RunError> {
    let mut book = TableBook::new(Table::Interruptions);
    let kept = kept_interruptions(reading.policy, reading.run, &outages.counted);
    let rules = InterruptionRules { run: reading.run, finder: Finder::new(reading.base), outages };
    let mut rows = InterruptionRows {
        keys: KeyIndex::default(),
        pile: InterruptionPile::new(kept, reading.base.len()),
        numbers: RowNumbers::default(),
        is_first_reading: true,
        future_rows: 0,
    };
    rows::read(reading.source, &mut book, &rules, &mut rows)?;
    notice_future(&mut book, rows.future_rows);
    Ok((book, rows.pile.finish()))
}

struct InterruptionRules<'a> {
    run: Run,
    finder: Finder<'a>,
    outages: &'a Outages,
}

/// The rows that count.
struct InterruptionRows {
    keys: KeyIndex,
    pile: InterruptionPile,
    numbers: RowNumbers,
    is_first_reading: bool,
    future_rows: u64,
}

/// Numbers of rows, in the order of files and rows, and the way back.
#[derive(Default)]
struct RowNumbers {
    /// Of each file that has rows, the number and the place of a first row.
    first: Vec<(u32, RowAt)>,
    /// The number after the last one.
    next: u32,
}

impl RowNumbers {
    /// The number of a row. Rows come in the order of files and rows.
    fn number(&mut self, at: RowAt) -> u32 {
        let first = match self.first.last() {
            Some(&(number, first)) if first.file() == at.file() => (number, first),
            _ => {
                self.first.push((self.next, at));
                (self.next, at)
            }
        };
        let into = u32::try_from(at.row() - first.1.row()).ok();
        let number =
            into.and_then(|into| first.0.checked_add(into)).expect("a table has less than 2^32 rows");
        self.next = number + 1;
        number
    }

    /// The place of a row that has a number.
    fn place(&self, number: u32) -> RowAt {
        let file = self.first.partition_point(|&(first, _)| first <= number) - 1;
        let (first, at) = self.first[file];
        RowAt::new(at.file(), at.row() + u64::from(number - first))
    }
}

struct InterruptionCells {
    customer_ids: Ids,
    restored_at: Integers,
}

/// The place of a row is its outage and the time at which it began.
type OutageAndStart = (Result<u32, Rule>, Second);

impl RowSink<InterruptionRules<'_>> for InterruptionRows {
    const NUMBERS_KEYS: bool = false;
    const KEEPS_ROWS: bool = true;

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn note(&mut self, notes: LogNotes, _values: &mut dyn Iterator<Item = &mut Interruption>) {
        self.future_rows += if self.is_first_reading { notes.future_rows } else { 0 };
    }

    fn keep(&mut self, row: CheckedRow<Interruption>) {
        self.pile.add(row.value, self.numbers.number(row.at));
    }

    fn settle(&mut self, book: &mut TableBook) -> bool {
        self.is_first_reading = false;
        let numbers = std::mem::take(&mut self.numbers);
        self.pile.settle(|number, fate| match fate {
            RowFate::Counted => book.tally.counted += 1,
            RowFate::Duplicate => book.tally.duplicates += 1,
            RowFate::Differs => book.reject(numbers.place(number), Rule::DuplicateKey),
        })
    }
}

impl TableRules for InterruptionRules<'_> {
    type Cells = InterruptionCells;
    type Place = OutageAndStart;
    type Row = Interruption;
    type Notes = LogNotes;

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
        &self,
        time_us: i64,
        cells: &InterruptionCells,
        ids: &Ids,
        row: usize,
        notes: &mut LogNotes,
    ) -> Placement<OutageAndStart> {
        let referred = match ids.of_any_length(row) {
            Some(id) => self.outages.find(id, &mut notes.near_outage),
            None => Referred::Nothing,
        };
        let outage = match referred {
            Referred::Counted(position) => Ok(position),
            Referred::Outside => return Placement::Outside,
            Referred::Nothing => Err(Rule::Orphan),
        };
        let placement = place_time(self.run, time_us).map(|at| (outage, at));
        let named = (&cells.customer_ids, row);
        self.finder.after_opening(placement, named, &mut notes.near, |(_, at)| at.day())
    }

    fn value(
        &self,
        (outage, started_at): OutageAndStart,
        _ids: &Ids,
        cells: &InterruptionCells,
        row: usize,
        notes: &mut LogNotes,
    ) -> Result<Interruption, Rule> {
        let (outage, customer) = (outage?, self.finder.required(&cells.customer_ids, row, &mut notes.near)?);
        let mut times = TimesOf::new(self.run, row);
        let restored_at = times.past(&cells.restored_at)?;
        notes.future_rows += u64::from(times.has_future);
        check_order(&[Some(started_at), restored_at])?;
        if restored_at.is_none() && self.run.now().since(started_at) > OPEN_S_MAX {
            return Err(Rule::NeverRestored);
        }
        Ok(Interruption { outage, customer, started_at, restored_at })
    }
}
