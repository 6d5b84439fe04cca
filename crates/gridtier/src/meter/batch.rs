//! A batch of readings as columns of checked numbers, with the reason why each excluded row does not count.
//!
//! Each rule runs over its own column and lists the rows that break it. Rules that take precedence run later and
//! overwrite the findings of the others. Few rows break a rule, and the loop that sums asks only one question about
//! each row: is it excluded?

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::sync::{PoisonError, RwLock};

use super::calendar::{Calendar, MonthSlot, MonthSpan};
use super::id_cache::{AllCustomerIds, CustomerIds, IdCache, IdNumber, IdTable, MeterIds, MeterIx};
use super::month_cell::ReadingEnergy;
use super::places::{PlaceIx, Places};
use crate::contract::cell::{CellState, Values, word_at};
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
use crate::contract::{Quality, Table};
use crate::customer::Customers;
use crate::error::RunError;
use crate::index::{count, index};
use crate::key::KeyIndex;
use crate::rows::Columns;
use crate::source::{Batch, RowAt, Source, TableBook};

/// The columns that the kernel decodes.
pub(super) const COLUMNS: &[&str] =
    &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];

/// In a column of reactive energy, this value means that none was read. It takes eight bytes for each row, where an
/// `Option` takes sixteen.
const NO_ENERGY: i64 = i64::MIN;

/// The shared data that every thread needs to check a batch.
pub(super) struct ReadingContext<'a> {
    /// Where rows come from.
    pub source: &'a dyn Source,
    /// The accepted customers.
    pub customers: &'a Customers,
    /// Where the cells of customers lie. Rows have places where other tables have customers.
    pub places: Places,
    /// What the utility declares about the table.
    pub declared: TableDeclared,
    /// The window.
    pub calendar: Calendar,
    /// The meters that any thread has met.
    pub meters: RwLock<KeyIndex>,
}

impl ReadingContext<'_> {
    /// The id of a meter that was read.
    pub fn meter_id(&self, meter: u32) -> String {
        self.meters.read().unwrap_or_else(PoisonError::into_inner).key(meter).to_owned()
    }

    /// The id of a meter; `None` for readings without a meter id.
    pub fn meter_name(&self, meter: IdNumber) -> Option<String> {
        let meters = self.meters.read().unwrap_or_else(PoisonError::into_inner);
        meter.known().map(|number| meters.key(number).to_owned())
    }
}

/// The ids that a thread has met, kept from batch to batch.
#[derive(Default)]
pub(super) struct IdCaches {
    customers: IdCache,
    meters: IdCache,
}

/// Why a row does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exclusion {
    OutOfWindow,
    Breaks(Rule),
}

/// A row that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckedReading {
    /// The place of the customer.
    pub place: PlaceIx,
    /// The meter; `None` for a reading without a meter id.
    pub meter: Option<MeterIx>,
    pub slot: MonthSlot,
    pub energy: ReadingEnergy,
}

/// The columns of a batch; filled anew for each.
#[derive(Default)]
pub(super) struct ReadingBatch {
    file: u32,
    first_row: u64,
    /// The place of the customer of each row; known if the row counts.
    customers: Vec<IdNumber>,
    /// Whether the customer of any row is unknown.
    has_unknown: bool,
    /// The meter of each row. Empty if no row has a meter.
    meters: Vec<IdNumber>,
    slots: Vec<MonthSlot>,
    /// The months of all rows in the window, whether they count or not.
    pub span: Option<MonthSpan>,
    has_one_slot: bool,
    /// The month slot of all rows, if all of them count and share one, as in files sorted by time.
    common_slot: Option<MonthSlot>,
    times: Values,
    active: Values,
    reactive: Values,
    /// Rows without a key, a time or the right number of cells, with the rule that each breaks.
    undated: Vec<(u32, Rule)>,
    exclusions: Vec<Option<Exclusion>>,
    keeps_estimated: bool,
    /// The rows that the utility estimated, ascending, if they are kept.
    estimated: Vec<u32>,
}

impl ReadingBatch {
    /// Checks the rows of a batch and counts in `book` what becomes of them.
    ///
    /// # Errors
    /// A column has a type that the contract cannot read.
    pub fn load(
        &mut self,
        context: &ReadingContext,
        caches: &mut IdCaches,
        batch: &Batch,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        self.check(context, None, caches, batch, book)?;
        self.find_slots(&context.calendar);
        for &(row, rule) in &self.undated {
            self.exclusions[index(row)] = Some(Exclusion::Breaks(rule));
        }
        self.count_rows(book);
        Ok(())
    }

    /// Checks the rows of a batch for every rule except the window, and counts no row. With a table of `unaccepted`
    /// ids, ids that belong to no accepted customer get a number too.
    ///
    /// # Errors
    /// A column has a type that the contract cannot read.
    pub fn check(
        &mut self,
        context: &ReadingContext,
        unaccepted: Option<&RwLock<KeyIndex>>,
        caches: &mut IdCaches,
        batch: &Batch,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let columns = Columns::new(context.source, Table::MeterReadings, batch, &context.declared);
        (self.file, self.first_row) = (batch.file, batch.first_row);
        columns.note_forms(book);
        self.exclusions.clear();
        self.exclusions.resize(columns.rows(), None);
        // Rules run from the last to the first, so that a row that breaks two is excluded by the first.
        self.check_energies(&columns)?;
        self.check_quality(&columns)?;
        match unaccepted {
            None => self.number_ids(
                context,
                &mut CustomerIds { ids: &context.customers.ids, places: &context.places },
                caches,
                &columns,
                book,
            )?,
            Some(unaccepted) => {
                let accepted = CustomerIds { ids: &context.customers.ids, places: &context.places };
                let mut all = AllCustomerIds::new(accepted, unaccepted);
                self.number_ids(context, &mut all, caches, &columns, book)?;
            }
        }
        self.fill_times(&columns)?;
        self.list_undated(&batch.faults);
        Ok(())
    }

    fn check_energies(&mut self, columns: &Columns) -> Result<(), RunError> {
        let Self { active, reactive, exclusions, .. } = self;
        if !columns.fill_energies("reactive_kvarh", reactive)? {
            reactive.clear();
            reactive.values.resize(exclusions.len(), NO_ENERGY);
        }
        for &(row, state) in &reactive.odd {
            reactive.values[index(row)] = NO_ENERGY;
            exclusions[index(row)] = state.fault().map(Exclusion::Breaks);
        }
        if !columns.fill_energies("active_kwh", active)? {
            active.clear();
            active.values.resize(exclusions.len(), 0);
            exclusions.fill(Some(Exclusion::Breaks(Rule::NullValue)));
        }
        for &(row, state) in &active.odd {
            exclusions[index(row)] = state.fault_or_null().map(Exclusion::Breaks);
        }
        Ok(())
    }

    fn check_quality(&mut self, columns: &Columns) -> Result<(), RunError> {
        let Self { keeps_estimated, estimated, exclusions, .. } = self;
        let keeps_estimated = *keeps_estimated;
        estimated.clear();
        columns.odd_words(
            "quality",
            |word, state| match state {
                CellState::Ok => match word_at(word) {
                    Quality::Actual => false,
                    Quality::Estimated => keeps_estimated,
                    Quality::Invalid => true,
                },
                CellState::Null => false,
                CellState::Fault(_) => true,
            },
            &mut |row, word, state| match state.fault() {
                None if word_at::<Quality>(word) == Quality::Estimated => {
                    estimated.extend(u32::try_from(row));
                }
                fault => exclusions[row] = Some(Exclusion::Breaks(fault.unwrap_or(Rule::InvalidQuality))),
            },
        )
    }

    fn number_ids(
        &mut self,
        context: &ReadingContext,
        customer_ids: &mut dyn IdTable,
        caches: &mut IdCaches,
        columns: &Columns,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let Self { customers, has_unknown, meters, exclusions, .. } = self;
        let has_customers = columns.numbers_of("customer_id", book, &mut |array, text_of| {
            caches.customers.number_column(array, customer_ids, text_of, customers)
        })?;
        if !has_customers {
            customers.clear();
            customers.resize(exclusions.len(), IdNumber::NULL);
        }
        meters.clear();
        columns.numbers_of("meter_id", book, &mut |array, text_of| {
            caches.meters.number_column(array, &mut MeterIds::new(&context.meters), text_of, meters)
        })?;
        *has_unknown = IdNumber::is_any_unknown(customers);
        if *has_unknown || IdNumber::is_any_unknown(meters) {
            for (exclusion, number) in exclusions.iter_mut().zip(&*customers) {
                *exclusion = number.fault().map(Exclusion::Breaks).or(*exclusion);
            }
            for (exclusion, number) in exclusions.iter_mut().zip(&*meters) {
                // A reading without a meter id breaks no rule: such readings count as one meter of their own.
                let fault = number.fault().filter(|&rule| rule != Rule::NullKey);
                *exclusion = fault.map(Exclusion::Breaks).or(*exclusion);
            }
        }
        Ok(())
    }

    fn fill_times(&mut self, columns: &Columns) -> Result<(), RunError> {
        let Self { times, exclusions, .. } = self;
        if !columns.fill_times("read_at", times)? {
            times.clear();
            times.values.resize(exclusions.len(), 0);
            times.odd.extend((0..).take(exclusions.len()).map(|row| (row, CellState::Null)));
        }
        Ok(())
    }

    /// Lists the rows without a key, a time or the right number of cells. `faulty` are the rows that the reader could
    /// not split into cells.
    fn list_undated(&mut self, faulty: &[(u32, Rule)]) {
        let Self { customers, has_unknown, times, undated, .. } = self;
        undated.clear();
        for &(row, state) in &times.odd {
            undated.push((row, state.fault().unwrap_or(Rule::NullKey)));
        }
        if *has_unknown {
            let keyless = (0..).zip(&*customers).filter(|(_, number)| **number == IdNumber::NULL);
            undated.extend(keyless.map(|(row, _)| (row, Rule::NullKey)));
        }
        undated.extend(faulty);
    }

    /// Finds the month slot of each row and excludes the rows outside the window. Undated rows are in no month of any
    /// window.
    fn find_slots(&mut self, calendar: &Calendar) {
        let Self { times, slots, span, has_one_slot, undated, exclusions, .. } = self;
        let first_us = times.values.first().copied().unwrap_or(0);
        // The loop has no early exit, so that several times are compared at once.
        let is_one_time = times.values.iter().fold(0, |differing, &us| differing | (us ^ first_us)) == 0;
        slots.clear();
        if is_one_time {
            // In files sorted by time, one look at the calendar is enough for the whole batch.
            slots.resize(exclusions.len(), calendar.month_slot(first_us));
        } else {
            slots.extend(times.values.iter().map(|&us| calendar.month_slot(us)));
        }
        for &(row, _) in &*undated {
            slots[index(row)] = MonthSlot::OUTSIDE;
        }
        *has_one_slot = is_one_time && undated.is_empty();
        let compared = if *has_one_slot { &slots[..slots.len().min(1)] } else { &slots[..] };
        let (low, mut high) =
            compared.iter().fold((MonthSlot::OUTSIDE, MonthSlot::FIRST), |(low, high), &slot| {
                (low.min(slot), high.max(slot))
            });
        if high == MonthSlot::OUTSIDE {
            high = MonthSlot::FIRST;
            for (exclusion, &slot) in exclusions.iter_mut().zip(&*slots) {
                if slot == MonthSlot::OUTSIDE {
                    *exclusion = Some(Exclusion::OutOfWindow);
                } else {
                    high = high.max(slot);
                }
            }
        }
        *span = (low != MonthSlot::OUTSIDE).then(|| MonthSpan { first: low.month(), last: high.month() });
    }

    fn count_rows(&mut self, book: &mut TableBook) {
        let excluded = self.exclusions.iter().filter(|exclusion| exclusion.is_some()).count();
        book.tally.rows_in += count(self.rows());
        book.tally.counted += count(self.rows() - excluded);
        self.common_slot = self.slots.first().copied().filter(|_| excluded == 0 && self.has_one_slot);
        if excluded == 0 {
            return;
        }
        for (row, exclusion) in self.exclusions.iter().enumerate() {
            match exclusion {
                None => {}
                Some(Exclusion::OutOfWindow) => book.tally.out_of_window += 1,
                Some(Exclusion::Breaks(rule)) => book.reject(self.at(row), *rule),
            }
        }
    }

    /// From now on, keeps which rows the utility estimated.
    pub fn keep_estimated(&mut self) {
        self.keeps_estimated = true;
    }

    /// Whether the utility estimated a row; false unless that is kept.
    pub fn is_estimated(&self, row: usize) -> bool {
        self.estimated.binary_search_by_key(&row, |&estimated| index(estimated)).is_ok()
    }

    /// The earliest and the latest time of the rows whose time can be read, in microseconds of local time.
    pub fn time_range(&self) -> Option<(i64, i64)> {
        let undated: BTreeSet<u32> = self.undated.iter().map(|(row, _)| *row).collect();
        let dated =
            (0..).zip(&self.times.values).filter(|(row, _)| undated.is_empty() || !undated.contains(row));
        dated.fold(None, |range, (_, &us)| {
            let (first, last) = range.unwrap_or((us, us));
            Some((first.min(us), last.max(us)))
        })
    }

    /// Rows without a key, a time or the right number of cells, with the rule that each breaks. If a row is listed
    /// twice, the rule listed later takes precedence.
    pub fn undated(&self) -> &[(u32, Rule)] {
        &self.undated
    }

    /// The rule that a row breaks, other than those of key, time and window. This is for rows that were checked but not
    /// yet placed.
    pub fn fault(&self, row: usize) -> Option<Rule> {
        match self.exclusions[row] {
            Some(Exclusion::Breaks(rule)) => Some(rule),
            Some(Exclusion::OutOfWindow) | None => None,
        }
    }

    /// The number of a row's customer.
    pub fn customer_id(&self, row: usize) -> IdNumber {
        self.customers[row]
    }

    /// The number of a row's meter.
    pub fn meter_id(&self, row: usize) -> IdNumber {
        self.meters.get(row).copied().unwrap_or(IdNumber::NULL)
    }

    /// The energies of a row that breaks no rule.
    pub fn energy(&self, row: usize) -> ReadingEnergy {
        energy(self.active.values[row], self.reactive.values[row])
    }

    /// Number of rows of the batch.
    pub fn rows(&self) -> usize {
        self.exclusions.len()
    }

    /// Whether a row counts.
    #[inline]
    pub fn counts(&self, row: usize) -> bool {
        self.exclusions[row].is_none()
    }

    /// The file, and the row in the file, from which a row comes.
    pub fn at(&self, row: usize) -> RowAt {
        RowAt::new(self.file, self.first_row + count(row))
    }

    /// The local time in microseconds of a row that counts.
    pub fn time_us(&self, row: usize) -> i64 {
        self.times.values[row]
    }

    /// The place of the customer of a row that counts.
    #[inline]
    pub fn place(&self, row: usize) -> PlaceIx {
        PlaceIx::new(self.customers[row].number())
    }

    /// The places of the customers of neighbouring rows; any place for a row that does not count.
    #[inline]
    pub fn places(&self, rows: Range<usize>) -> impl Iterator<Item = PlaceIx> {
        self.customers[rows].iter().map(|number| PlaceIx::new(number.number()))
    }

    /// The reading of a row that counts.
    #[inline]
    pub fn reading(&self, row: usize) -> CheckedReading {
        CheckedReading {
            place: self.place(row),
            meter: self.meters.get(row).and_then(|number| number.known()).map(MeterIx::new),
            slot: self.slots[row],
            energy: energy(self.active.values[row], self.reactive.values[row]),
        }
    }

    /// A slice of neighbouring rows.
    pub fn slice(&self, rows: Range<usize>) -> ReadingSlice<'_> {
        ReadingSlice {
            common_slot: self.common_slot,
            customers: &self.customers[rows.clone()],
            meters: self.meters.get(rows.clone()),
            slots: &self.slots[rows.clone()],
            active: &self.active.values[rows.clone()],
            reactive: &self.reactive.values[rows.clone()],
            exclusions: &self.exclusions[rows],
        }
    }
}

/// Neighbouring rows of a batch, column by column.
///
/// Its loops first cut all columns to one length, so that the compiler checks bounds once and not for each row.
pub(super) struct ReadingSlice<'a> {
    /// The month slot of all rows, if all of them count and share one.
    pub common_slot: Option<MonthSlot>,
    customers: &'a [IdNumber],
    /// The meter of each row; `None` if no row has a meter.
    meters: Option<&'a [IdNumber]>,
    slots: &'a [MonthSlot],
    active: &'a [i64],
    reactive: &'a [i64],
    exclusions: &'a [Option<Exclusion>],
}

impl ReadingSlice<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.customers.len()
    }

    /// Whether any row may have a meter.
    pub fn has_meters(&self) -> bool {
        self.meters.is_some()
    }

    /// Calls `body` with row, place and energy of all rows, whether they count or not.
    #[inline(always)]
    pub fn for_each(&self, mut body: impl FnMut(usize, PlaceIx, ReadingEnergy)) {
        let rows = self.customers.len();
        let (active, reactive) = (&self.active[..rows], &self.reactive[..rows]);
        for row in 0..rows {
            body(row, PlaceIx::new(self.customers[row].number()), energy(active[row], reactive[row]));
        }
    }

    /// Calls `body` with each row that counts, until `body` breaks. Returns the number of rows before the one where it
    /// broke.
    #[inline(always)]
    pub fn for_each_counted(&self, mut body: impl FnMut(usize, CheckedReading) -> ControlFlow<()>) -> usize {
        let rows = self.customers.len();
        let (slots, exclusions) = (&self.slots[..rows], &self.exclusions[..rows]);
        let (active, reactive) = (&self.active[..rows], &self.reactive[..rows]);
        let meters = self.meters.map(|meters| &meters[..rows]);
        for row in 0..rows {
            if exclusions[row].is_some() {
                continue;
            }
            let reading = CheckedReading {
                place: PlaceIx::new(self.customers[row].number()),
                meter: meters.and_then(|meters| meters[row].known()).map(MeterIx::new),
                slot: slots[row],
                energy: energy(active[row], reactive[row]),
            };
            if body(row, reading).is_break() {
                return row;
            }
        }
        rows
    }
}

#[inline]
fn energy(active_wh: i64, reactive: i64) -> ReadingEnergy {
    ReadingEnergy { active_wh, reactive_varh: (reactive != NO_ENERGY).then_some(reactive) }
}
