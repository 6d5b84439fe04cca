//! What the tables of a service folder share: customers that may be absent, times that may not have happened yet, money
//! that is not negative, steps in order.

use gridtier::contract::cell::{Ids, Integers};
use gridtier::contract::rule::Rule;
use gridtier::index::CustomerIx;
use gridtier::key::{KeyIndex, NearKey};
use gridtier::rows::{Placement, RowSink, TableRules};
use gridtier::source::TableBook;

use crate::base::Base;
use crate::period::Run;
use crate::time::Second;

/// Largest accepted quantity, in 10⁻³: 10¹² units.
const UNITS_MAX_E3: i64 = 1_000_000_000_000_000;

/// Looks up customers.
#[derive(Clone, Copy)]
pub struct Finder<'a> {
    base: &'a Base,
}

impl<'a> Finder<'a> {
    pub fn new(base: &'a Base) -> Self {
        Self { base }
    }

    /// The id of a customer.
    pub fn id(&self, customer: CustomerIx) -> &'a str {
        self.base.id(customer)
    }

    /// The customer that a row names in a required column. `near` is for rows that are sorted by customer.
    pub fn required(&self, ids: &Ids, row: usize, near: &mut NearKey) -> Result<CustomerIx, Rule> {
        let id = ids.required(row)?;
        self.base.ids.get_near(id, near).map(CustomerIx::new).ok_or(Rule::Orphan)
    }

    /// The customer that a row names, if it names any.
    pub fn nullable(&self, ids: &Ids, row: usize, near: &mut NearKey) -> Result<Option<CustomerIx>, Rule> {
        match ids.nullable(row)? {
            None => Ok(None),
            Some(_) => self.required(ids, row, near).map(Some),
        }
    }
}

impl Finder<'_> {
    /// The same placement, unless the row names a customer who opened after its day: such a row belongs to the earlier
    /// owner of the number (SPEC §3).
    pub fn after_opening<P>(
        &self,
        placement: Placement<P>,
        (ids, row): (&Ids, usize),
        near: &mut NearKey,
        day_of: impl FnOnce(&P) -> i32,
    ) -> Placement<P> {
        let Placement::Inside(place) = placement else { return placement };
        match self.nullable(ids, row, near) {
            Ok(Some(customer)) if day_of(&place) < self.base.member(customer).opened_on => {
                Placement::BeforeOpening(customer)
            }
            _ => Placement::Inside(place),
        }
    }
}

/// What testing the rows of a batch needs from one row to the next, and finds out besides their values.
#[derive(Default)]
pub struct LogNotes {
    /// Where the next customer is likely.
    pub near: NearKey,
    /// Where the next outage is likely.
    pub near_outage: NearKey,
    /// Number of rows with a time that has not happened yet.
    pub future_rows: u64,
}

/// The keys of a table, and its number of rows with a time that has not happened yet.
#[derive(Default)]
pub struct LogKeys {
    keys: KeyIndex,
    pub future_rows: u64,
}

impl<T: TableRules<Notes = LogNotes>> RowSink<T> for LogKeys {
    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn note(&mut self, notes: LogNotes, _values: &mut dyn Iterator<Item = &mut T::Row>) {
        self.future_rows += notes.future_rows;
    }
}

/// Whether a row whose placing column is a time lies in the window. `time_us` is in microseconds of local time.
pub fn place_time(run: Run, time_us: i64) -> Placement<Second> {
    let at = Second::of_us(time_us);
    if run.window().contains(&at.day()) { Placement::Inside(at) } else { Placement::Outside }
}

/// Whether a row whose placing column is a day lies in the window.
pub fn place_day(run: Run, day: i64) -> Placement<i32> {
    match i32::try_from(day) {
        Ok(day) if run.window().contains(&day) => Placement::Inside(day),
        _ => Placement::Outside,
    }
}

/// Reads the times of one row and counts those that have not happened yet.
pub struct TimesOf {
    now: Second,
    row: usize,
    /// Whether a time of the row has not happened yet.
    pub has_future: bool,
}

impl TimesOf {
    pub fn new(run: Run, row: usize) -> Self {
        Self { now: run.now(), row, has_future: false }
    }

    /// The time of an event; `None` if it has not happened yet, or the cell is empty.
    pub fn past(&mut self, times: &Integers) -> Result<Option<Second>, Rule> {
        let at = self.any(times)?;
        let happened = at.filter(|&at| at < self.now);
        self.has_future |= happened != at;
        Ok(happened)
    }

    /// A planned or promised time, which may lie ahead.
    pub fn any(&self, times: &Integers) -> Result<Option<Second>, Rule> {
        Ok(times.nullable(self.row)?.map(Second::of_us))
    }
}

/// Counts, in the book of the table, the rows with a time that has not happened yet.
pub fn notice_future(book: &mut TableBook, rows: u64) {
    if rows > 0 {
        let table = book.table;
        book.notice(Rule::NotYet, rows, || table.name().to_owned());
    }
}

/// Checks that the known times are in ascending order; equal times are allowed.
pub fn check_order(steps: &[Option<Second>]) -> Result<(), Rule> {
    if steps.iter().flatten().is_sorted() { Ok(()) } else { Err(Rule::BadOrder) }
}

/// An amount in fen that must not be negative.
pub fn amount(amounts: &Integers, row: usize) -> Result<Option<i64>, Rule> {
    match amounts.nullable(row)? {
        Some(fen) if fen < 0 => Err(Rule::Negative),
        fen => Ok(fen),
    }
}

/// Units in 10⁻³; one unit if the cell is empty.
pub fn units(units: &Integers, row: usize) -> Result<i64, Rule> {
    match units.nullable(row)? {
        None => Ok(1_000),
        Some(units) if units > UNITS_MAX_E3 => Err(Rule::OutOfBounds),
        Some(units) => Ok(units),
    }
}
