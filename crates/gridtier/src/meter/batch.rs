//! A batch of readings as columns of numbers, with the fate of every row that does not count.
//!
//! Each rule runs over its own column and notes the rows that break it; rules that go before others run later and write
//! over them. Rows are few that break one, so that the loop that sums asks one question only.

use std::ops::{ControlFlow, Range};

use super::Kernel;
use super::calendar::{Place, Span};
use super::lookup::{Lookup, Number, OfCustomers, OfMeters};
use super::usage::MonthUse;
use crate::contract::cell::{State, Values, word_at};
use crate::contract::rule::Rule;
use crate::contract::{Quality, Table};
use crate::error::RunError;
use crate::rows::{self, Columns};
use crate::source::{Batch, RowAt, TableBook};

/// The columns that the kernel decodes.
pub(super) const COLUMNS: &[&str] =
    &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];

/// What becomes of a row that does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Outside,
    Breaks(Rule),
}

/// What a thread has learnt of ids; kept from batch to batch.
pub(super) struct Names {
    customers: Lookup,
    meters: Lookup,
}

/// The columns of a batch; filled anew for each.
#[derive(Default)]
pub(super) struct Readings {
    file: u32,
    first_row: u64,
    /// By row: its customer; a known one where the row counts.
    pub customers: Vec<Number>,
    /// Whether any row's customer is not known.
    has_unknown: bool,
    /// By row: its meter. Empty when no row has one.
    meters: Vec<Number>,
    pub places: Vec<Place>,
    /// The months of all rows in the window.
    pub span: Option<Span>,
    is_one_place: bool,
    /// Where all rows stand, if all count and stand in one place, as in files sorted by time.
    place: Option<Place>,
    times: Values,
    active: Values,
    reactive: Values,
    fates: Vec<Option<Fate>>,
}

/// In a column of reactive energy: none was read.
const NO_ENERGY: i64 = i64::MIN;

impl Names {
    pub fn new() -> Self {
        Self { customers: Lookup::new(), meters: Lookup::new() }
    }
}

impl Readings {
    /// Takes a batch apart and books its rows.
    ///
    /// # Errors
    /// A column cannot be the contract's.
    pub fn take(
        &mut self,
        kernel: &Kernel,
        names: &mut Names,
        batch: &Batch,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let columns = Columns::new(kernel.source, Table::MeterReadings, batch, &kernel.declared);
        let rows = columns.rows();
        (self.file, self.first_row) = (batch.file, batch.first_row);
        self.fates.clear();
        self.fates.resize(rows, None);
        // From the last rule to the first: where a row breaks two, the first stays.
        self.fill_energies(&columns)?;
        self.check_quality(&columns)?;
        self.find_ids(kernel, names, &columns, book)?;
        self.find_places(kernel, &columns, &batch.faults)?;
        self.book(book);
        Ok(())
    }

    fn fill_energies(&mut self, columns: &Columns) -> Result<(), RunError> {
        let Self { active, reactive, fates, .. } = self;
        if !columns.fill_energies("reactive_kvarh", reactive)? {
            reactive.clear();
            reactive.values.resize(fates.len(), NO_ENERGY);
        }
        for &(row, state) in &reactive.odd {
            reactive.values[row as usize] = NO_ENERGY;
            fates[row as usize] = rows::fault_if_any(state).map(Fate::Breaks);
        }
        if !columns.fill_energies("active_kwh", active)? {
            active.clear();
            active.values.resize(fates.len(), 0);
            fates.fill(Some(Fate::Breaks(Rule::NullValue)));
        }
        for &(row, state) in &active.odd {
            fates[row as usize] = rows::fault_or_null(state).map(Fate::Breaks);
        }
        Ok(())
    }

    fn check_quality(&mut self, columns: &Columns) -> Result<(), RunError> {
        let odd = |word, state| match state {
            State::Ok => word_at::<Quality>(word) == Quality::Invalid,
            State::Null => false,
            State::Fault(_) => true,
        };
        columns.odd_words("quality", odd, &mut |row, _, state| {
            let rule = rows::fault_if_any(state).unwrap_or(Rule::InvalidQuality);
            self.fates[row] = Some(Fate::Breaks(rule));
        })
    }

    fn find_ids(
        &mut self,
        kernel: &Kernel,
        names: &mut Names,
        columns: &Columns,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let Self { customers, has_unknown, meters, fates, .. } = self;
        let mut known = OfCustomers(&kernel.customers.ids);
        let is_there = columns.numbers_of("customer_id", book, &mut |array, text_of| {
            names.customers.numbers(array, &mut known, text_of, customers)
        })?;
        if !is_there {
            customers.clear();
            customers.resize(fates.len(), Number::NULL);
        }
        meters.clear();
        columns.numbers_of("meter_id", book, &mut |array, text_of| {
            names.meters.numbers(array, &mut OfMeters::new(&kernel.meters), text_of, meters)
        })?;
        *has_unknown = Number::is_any_unknown(customers);
        if *has_unknown || Number::is_any_unknown(meters) {
            for (row, number) in customers.iter().enumerate() {
                if let Some(rule) = number.fault() {
                    fates[row] = Some(Fate::Breaks(rule));
                }
            }
            for (row, number) in meters.iter().enumerate() {
                // The null meter is a meter of its own.
                if let Some(rule) = number.fault().filter(|&rule| rule != Rule::NullKey) {
                    fates[row] = Some(Fate::Breaks(rule));
                }
            }
        }
        Ok(())
    }

    /// Finds where rows stand. `faulty` are the rows that the reader could not take apart.
    fn find_places(
        &mut self,
        kernel: &Kernel,
        columns: &Columns,
        faulty: &[(u32, Rule)],
    ) -> Result<(), RunError> {
        let Self { customers, has_unknown, times, places, span, is_one_place, fates, .. } = self;
        if !columns.fill_times("read_at", times)? {
            times.clear();
            times.values.resize(fates.len(), 0);
            times.odd.extend((0..fates.len() as u32).map(|row| (row, State::Null)));
        }
        let first_us = times.values.first().copied().unwrap_or(0);
        let is_same = times.values.iter().fold(true, |same, &us| same & (us == first_us));
        places.clear();
        if is_same {
            // Files sorted by time.
            places.resize(fates.len(), kernel.calendar.place(first_us));
        } else {
            places.extend(times.values.iter().map(|&us| kernel.calendar.place(us)));
        }
        // What has no key, no time or the wrong cells lies in no month of any window.
        let undated = times.odd.iter().map(|(row, _)| *row).chain(faulty.iter().map(|(row, _)| *row));
        undated.for_each(|row| places[row as usize] = Place::OUTSIDE);
        let is_keyless = |(_, number): &(usize, &Number)| **number == Number::NULL;
        let keyless = || customers.iter().enumerate().filter(|_| *has_unknown).filter(is_keyless);
        keyless().for_each(|(row, _)| places[row] = Place::OUTSIDE);
        *is_one_place = is_same && !*has_unknown && times.odd.is_empty() && faulty.is_empty();
        let (low, high) = if *is_one_place {
            places.first().map_or((Place::OUTSIDE, Place::FIRST), |&place| (place, place))
        } else {
            let widest = (Place::OUTSIDE, Place::FIRST);
            places.iter().fold(widest, |(low, high), &place| (low.min(place), high.max(place)))
        };
        *span = (low != Place::OUTSIDE).then(|| (low.month(), high.month()));
        if high == Place::OUTSIDE {
            let mut inside = Place::FIRST;
            for (row, &place) in places.iter().enumerate() {
                if place == Place::OUTSIDE {
                    fates[row] = Some(Fate::Outside);
                } else {
                    inside = inside.max(place);
                }
            }
            *span = span.map(|(low, _)| (low, inside.month()));
        }
        for &(row, state) in &times.odd {
            let rule = rows::fault_if_any(state).unwrap_or(Rule::NullKey);
            fates[row as usize] = Some(Fate::Breaks(rule));
        }
        keyless().for_each(|(row, _)| fates[row] = Some(Fate::Breaks(Rule::NullKey)));
        for &(row, rule) in faulty {
            fates[row as usize] = Some(Fate::Breaks(rule));
        }
        Ok(())
    }

    fn book(&mut self, book: &mut TableBook) {
        let rows = self.fates.len();
        book.tally.rows_in += rows as u64;
        let uncounted = self.fates.iter().map(|fate| usize::from(fate.is_some())).sum::<usize>();
        book.tally.counted += (rows - uncounted) as u64;
        self.place = self.places.first().copied().filter(|_| uncounted == 0 && self.is_one_place);
        if uncounted == 0 {
            return;
        }
        for (row, fate) in self.fates.iter().enumerate() {
            match fate {
                None => {}
                Some(Fate::Outside) => book.tally.out_of_window += 1,
                Some(Fate::Breaks(rule)) => book.reject(self.at(row), *rule),
            }
        }
    }

    /// Rows of the batch.
    pub fn rows(&self) -> usize {
        self.fates.len()
    }

    /// Whether a row counts.
    #[inline]
    pub fn counts(&self, row: usize) -> bool {
        self.fates[row].is_none()
    }

    /// Where a row is.
    pub fn at(&self, row: usize) -> RowAt {
        RowAt::new(self.file, self.first_row + row as u64)
    }

    /// Microseconds of local time of a row that counts.
    pub fn time_us(&self, row: usize) -> i64 {
        self.times.values[row]
    }

    /// The meter of a row that counts.
    #[inline]
    pub fn meter(&self, row: usize) -> Option<u32> {
        self.meters.get(row).and_then(|number| number.known())
    }

    /// The energies of a row that counts.
    #[inline]
    pub fn energy(&self, row: usize) -> (i64, Option<i64>) {
        energy(self.active.values[row], self.reactive.values[row])
    }

    /// The columns of neighbouring rows.
    pub fn run(&self, rows: Range<usize>) -> Run<'_> {
        Run {
            place: self.place,
            customers: &self.customers[rows.clone()],
            meters: self.meters.get(rows.clone()),
            places: &self.places[rows.clone()],
            active: &self.active.values[rows.clone()],
            reactive: &self.reactive.values[rows.clone()],
            fates: &self.fates[rows],
        }
    }
}

/// Neighbouring rows of a batch.
pub(super) struct Run<'a> {
    /// Where all rows stand, if all count and stand in one place.
    pub place: Option<Place>,
    customers: &'a [Number],
    /// None when no row has a meter.
    meters: Option<&'a [Number]>,
    places: &'a [Place],
    active: &'a [i64],
    reactive: &'a [i64],
    fates: &'a [Option<Fate>],
}

impl Run<'_> {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.customers.len()
    }

    /// Whether any row may have a meter.
    pub fn has_meters(&self) -> bool {
        self.meters.is_some()
    }

    /// Hands customer and energies of all rows to `body`.
    #[inline(always)]
    pub fn each(&self, mut body: impl FnMut(usize, Number, (i64, Option<i64>))) {
        let rows = self.customers.len();
        let (active, reactive) = (&self.active[..rows], &self.reactive[..rows]);
        for row in 0..rows {
            body(row, self.customers[row], energy(active[row], reactive[row]));
        }
    }

    /// Hands customer, meter, place and energies of the rows that count to `body` until it stops; the rows before that.
    #[inline(always)]
    pub fn each_counted(&self, mut body: impl FnMut(usize, Counted) -> ControlFlow<()>) -> usize {
        let rows = self.customers.len();
        // Of one length, so that it is looked at once.
        let (places, fates) = (&self.places[..rows], &self.fates[..rows]);
        let (active, reactive) = (&self.active[..rows], &self.reactive[..rows]);
        let meters = self.meters.map(|meters| &meters[..rows]);
        for row in 0..rows {
            if fates[row].is_some() {
                continue;
            }
            let meter = meters.and_then(|meters| meters[row].known());
            let energies = energy(active[row], reactive[row]);
            if body(row, (self.customers[row], meter, places[row], energies)).is_break() {
                return row;
            }
        }
        rows
    }
}

/// Customer, meter, place and energies of a row that counts.
type Counted = (Number, Option<u32>, Place, (i64, Option<i64>));

#[inline]
fn energy(active_wh: i64, reactive: i64) -> (i64, Option<i64>) {
    (active_wh, (reactive != NO_ENERGY).then_some(reactive))
}

/// What one reading adds to its month.
#[inline]
pub(super) fn month_use((active_wh, reactive_varh): (i64, Option<i64>)) -> MonthUse {
    MonthUse {
        active_wh,
        reactive_varh: reactive_varh.unwrap_or(0).abs(),
        readings: 1,
        reactive_readings: u32::from(reactive_varh.is_some()),
    }
}
