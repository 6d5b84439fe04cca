//! Sums readings that have further columns besides energy: the end of an interval, the time of recording, or parts by
//! time of use.
//!
//! The passes of the neighbouring modules add a row to its month as soon as it is read, and read it again only if it was
//! in doubt. That is not enough if a row can be replaced by a later record of it, if an interval can begin before the
//! window and end in it, or if the greatest of several values counts. This module therefore holds all rows of some
//! customers at a time, sorts them, and decides about them by the rules of METHOD.md section 3. Each round takes as many
//! customers as fit into a fixed number of rows. This takes more time for each row, so it is used only for tables with
//! these columns.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use rayon::slice::ParallelSliceMut;

use super::batch::{COLUMNS, IdCaches, ReadingBatch, ReadingContext};
use super::held::{HeldRow, ReadingKey};
use super::interval_notes::IntervalNotes;
use super::month_cell::{MonthUse, ReadingEnergy, SlotMarks};
use super::plan::{FileBooks, book_of};
use super::quality::{Repetition, counted_of};
use super::rounds::rounds;
use super::schedule::{PartReader, read_parts};
use super::stamp::StampRanges;
use super::stripe::Stripes;
use super::time_of_use::{PART_COLUMNS, PartColumns, ReadingDetail, ReadingParts, TimeOfUse};
use super::twin::{MeterMonth, TwinFinder};
use super::usage::MonthlyUsage;
use super::{ReadMeters, Readings};
use crate::contract::Table;
use crate::contract::cell::Integers;
use crate::contract::rule::Rule;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, count, index};
use crate::key::KeyIndex;
use crate::rows::Columns;
use crate::source::{Batch, Part, Source, TableBook};
use crate::text;
use crate::unit::{Month, Window};

/// Most rows held at once, at about 90 bytes each. Tests hold fewer, so that their few rows take several rounds too.
const ROWS_HELD_MAX: u64 = if cfg!(test) { 20 } else { 3_000_000 };

/// The columns with the end of an interval, and with the time when a row was recorded.
const READ_UNTIL: &str = "read_until";
const RECORDED_AT: &str = "recorded_at";

/// Whether the readings of a source carry more than energy.
pub(super) fn is_needed(source: &dyn Source, detail: ReadingDetail) -> bool {
    let mut names = vec![READ_UNTIL, RECORDED_AT];
    if detail == ReadingDetail::TimeOfUse {
        names.extend(PART_COLUMNS);
    }
    names.into_iter().any(|name| source.has_column(Table::MeterReadings, name))
}

/// Reads all files row by row.
///
/// # Errors
/// A part cannot be read, or a sum overflows.
pub(super) fn read(
    context: &ReadingContext,
    window: Window,
    detail: ReadingDetail,
    parts: &[Part],
) -> Result<(Readings, FileBooks), RunError> {
    let unaccepted = RwLock::default();
    let pass = RowPass { context, unaccepted: &unaccepted, window, detail };
    let mut sums = Sums::new(context, window, detail);
    if context.source.parts(Table::RegisterReadings)?.is_some() {
        sums.series = Some(BTreeSet::new());
    }
    let (mut books, mut stamps) = (FileBooks::new(), StampRanges::default());
    for (round, customers) in pass.rounds(parts)?.into_iter().enumerate() {
        let collectors = read_parts(parts, &|| Collector::new(&pass, customers.clone(), round == 0))?;
        let mut held = Vec::new();
        for mut collector in collectors {
            held.append(&mut collector.held);
            stamps.absorb(collector.stamps);
            for (file, book) in collector.books {
                book_of(&mut books, file).absorb(book);
            }
        }
        held.par_sort_unstable_by_key(|row| (row.key, row.at));
        for rows in held.chunk_by(|a, b| a.key == b.key) {
            sums.settle(rows, &mut books)?;
        }
    }
    sums.end_customer();
    let Sums { mut stripes, notes, time_of_use, series, twins, .. } = sums;
    notes.notice(context, &mut books);
    if !context.source.has_column(Table::MeterReadings, READ_UNTIL) {
        stamps.notice(context.source, window, &mut books);
    }
    let mut noticed = TableBook::new(Table::MeterReadings);
    twins.notice(window, &mut noticed);
    if !noticed.noticed.is_empty() {
        book_of(&mut books, 0).absorb(noticed);
    }
    let mut usage = MonthlyUsage::new(window, context.customers.len(), &mut stripes, &context.places);
    (usage.has_ends, usage.time_of_use) = (notes.has_ends, time_of_use);
    let meters = match series {
        None => ReadMeters::default(),
        Some(series) => {
            let ids = context.meters.read().unwrap_or_else(PoisonError::into_inner).clone();
            ReadMeters { ids, stripes: None, series }
        }
    };
    // A later cycle cannot reuse the months of such files: a month does not tell which of its rows were replaced.
    Ok((Readings { usage, files: BTreeMap::new(), meters, files_reused: 0 }, books))
}

/// The months of a customer, each with its meters.
type MeterMonths = BTreeMap<usize, BTreeMap<Option<u32>, MeterMonth>>;

/// What all threads share.
struct RowPass<'a> {
    context: &'a ReadingContext<'a>,
    /// Ids of customers that are not accepted; their numbers follow those of the accepted customers.
    unaccepted: &'a RwLock<KeyIndex>,
    window: Window,
    detail: ReadingDetail,
}

impl RowPass<'_> {
    /// Ranges of customer numbers, one for each round.
    fn rounds(&self, parts: &[Part]) -> Result<Vec<Range<usize>>, RunError> {
        let rows: Option<u64> = parts.iter().map(|part| part.rows).sum();
        if rows.is_some_and(|rows| rows <= ROWS_HELD_MAX) {
            return Ok(std::iter::once(0..usize::MAX).collect());
        }
        let counters = read_parts(parts, &|| RowCounter {
            pass: self,
            readings: ReadingBatch::default(),
            caches: IdCaches::default(),
            rows: Vec::new(),
        })?;
        let mut rows: Vec<u64> = Vec::new();
        for counter in counters {
            rows.resize(rows.len().max(counter.rows.len()), 0);
            rows.iter_mut().zip(counter.rows).for_each(|(all, more)| *all += u64::from(more));
        }
        let everybody = 0..rows.len();
        let mut rounds = rounds(&rows, everybody, ROWS_HELD_MAX);
        if rounds.is_empty() {
            rounds.push(0..0);
        }
        Ok(rounds)
    }

    /// Checks the rows of a batch.
    fn check(
        &self,
        readings: &mut ReadingBatch,
        caches: &mut IdCaches,
        batch: &Batch,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        readings.check(self.context, Some(self.unaccepted), caches, batch, book)
    }
}

/// Counts the rows of each customer.
struct RowCounter<'p> {
    pass: &'p RowPass<'p>,
    readings: ReadingBatch,
    caches: IdCaches,
    /// For each customer number, the number of rows.
    rows: Vec<u32>,
}

impl PartReader for RowCounter<'_> {
    fn read(&mut self, _position: usize, part: Part) -> Result<(), RunError> {
        let Self { pass, readings, caches, rows } = self;
        pass.context.source.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            let mut counted_later = TableBook::new(Table::MeterReadings);
            pass.check(readings, caches, &batch, &mut counted_later)?;
            for number in (0..readings.rows()).filter_map(|row| readings.customer_id(row).known()) {
                if index(number) >= rows.len() {
                    rows.resize(index(number) + 1, 0);
                }
                rows[index(number)] += 1;
            }
            Ok(())
        })
    }
}

/// Collects the rows of a round's customers. In the first round, also counts the rows that no round holds.
struct Collector<'p> {
    pass: &'p RowPass<'p>,
    customers: Range<usize>,
    is_first_round: bool,
    readings: ReadingBatch,
    caches: IdCaches,
    books: FileBooks,
    held: Vec<HeldRow>,
    stamps: StampRanges,
}

/// The columns of a batch that carry more than energy.
struct MoreColumns {
    until: Integers,
    recorded: Integers,
    parts: Option<PartColumns>,
}

impl<'p> Collector<'p> {
    fn new(pass: &'p RowPass<'p>, customers: Range<usize>, is_first_round: bool) -> Self {
        let mut readings = ReadingBatch::default();
        readings.keep_estimated();
        Self {
            pass,
            customers,
            is_first_round,
            readings,
            caches: IdCaches::default(),
            books: FileBooks::new(),
            held: Vec::new(),
            stamps: StampRanges::default(),
        }
    }

    fn collect(&mut self, batch: &Batch) -> Result<(), RunError> {
        let Self { pass, readings, caches, .. } = self;
        let mut book = TableBook::new(Table::MeterReadings);
        pass.check(readings, caches, batch, &mut book)?;
        if self.is_first_round
            && let Some(range) = self.readings.time_range()
        {
            self.stamps.add(batch.file, range);
        }
        let Self { pass, readings, .. } = self;
        let columns = Columns::new(pass.context.source, Table::MeterReadings, batch, &pass.context.declared);
        let more = MoreColumns {
            until: columns.cells(READ_UNTIL)?,
            recorded: columns.cells(RECORDED_AT)?,
            parts: match pass.detail {
                ReadingDetail::Energy => None,
                ReadingDetail::TimeOfUse => Some(PartColumns::read(&columns)?),
            },
        };
        columns.note_implausible(&mut book);
        let mut undated = vec![None; readings.rows()];
        // If a row is listed twice, the rule listed later takes precedence.
        readings.undated().iter().for_each(|&(row, rule)| undated[index(row)] = Some(rule));
        let mut unreadable = vec![None; readings.rows()];
        batch.faults.iter().for_each(|&(row, rule)| unreadable[index(row)] = Some(rule));
        book.tally.rows_in += count(readings.rows());
        let known_as_of = pass.context.source.declared().known_as_of;
        for row in 0..self.readings.rows() {
            let recorded = match unreadable[row].map_or_else(|| more.recorded.nullable(row), Err) {
                Ok(recorded) => recorded,
                Err(rule) => {
                    book.reject(self.readings.at(row), rule);
                    continue;
                }
            };
            if recorded.zip(known_as_of).is_some_and(|(recorded, known)| recorded > known.us) {
                book.tally.not_yet_known += 1;
            } else if let Some(rule) = undated[row] {
                book.reject(self.readings.at(row), rule);
            } else if self.is_of_round(row) {
                self.place(self.row(row, recorded, &more), &mut book);
            }
        }
        if self.is_first_round {
            book_of(&mut self.books, batch.file).absorb(book);
        }
        Ok(())
    }

    /// Whether a row is held in this round. Rows with an id that is too long are, too.
    fn is_of_round(&self, row: usize) -> bool {
        let customer = self.readings.customer_id(row);
        customer.known().is_none_or(|number| self.customers.contains(&index(number)))
            || self.readings.meter_id(row).is_too_long()
    }

    /// Holds a row of the round. If the row has an id that is too long, only counts it in `book`: such an id has no
    /// number by which the row could be compared with others.
    fn place(&mut self, row: HeldRow, book: &mut TableBook) {
        if row.key.customer.is_too_long() || row.key.meter.is_too_long() {
            let (window, shift_us) = (self.pass.window, self.pass.context.declared.stamp.shift_us());
            if row.days(shift_us).months(window.start(), window.end).next().is_some() {
                book.reject(row.at, Rule::IdTooLong);
            } else {
                book.tally.out_of_window += 1;
            }
        } else {
            self.held.push(row);
        }
    }

    /// A row whose key and date can be read.
    fn row(&self, row: usize, recorded_us: Option<i64>, more: &MoreColumns) -> HeldRow {
        let key = ReadingKey {
            customer: self.readings.customer_id(row),
            meter: self.readings.meter_id(row),
            time_us: self.readings.time_us(row),
        };
        let is_unaccepted = index(key.customer.number()) >= self.pass.context.customers.len();
        let id_fault = is_unaccepted.then_some(Rule::Orphan);
        let (until_us, until_fault) = match more.until.nullable(row) {
            Ok(Some(until_us)) if until_us <= key.time_us => (None, Some(Rule::BadInterval)),
            Ok(until_us) => (until_us, None),
            Err(rule) => (None, Some(rule)),
        };
        let fault = id_fault.or(until_fault).or_else(|| self.readings.fault(row));
        HeldRow {
            key,
            until_us,
            recorded_us: recorded_us.unwrap_or(i64::MIN),
            energy: self.readings.energy(row),
            at: self.readings.at(row),
            is_estimated: self.readings.is_estimated(row),
            fault,
            parts: more.parts.as_ref().and_then(|parts| parts.at(row)).map(Box::new),
        }
    }
}

impl PartReader for Collector<'_> {
    fn read(&mut self, _position: usize, part: Part) -> Result<(), RunError> {
        let source = self.pass.context.source;
        let mut names = [COLUMNS, &[READ_UNTIL, RECORDED_AT]].concat();
        if self.pass.detail == ReadingDetail::TimeOfUse {
            names.extend(PART_COLUMNS);
        }
        source.read(Table::MeterReadings, part, &names, &mut |batch| {
            if self.is_first_round {
                source.progress(Table::MeterReadings, count(batch.record.num_rows()));
            }
            self.collect(&batch)
        })
    }
}

/// The sums of the rows that count.
struct Sums<'a> {
    context: &'a ReadingContext<'a>,
    window: Window,
    stamp_shift_us: i64,
    stripes: Stripes,
    notes: IntervalNotes,
    time_of_use: Option<TimeOfUse>,
    /// The months of the customer that is being settled, by month and meter.
    of_customer: Option<(CustomerIx, MeterMonths)>,
    twins: TwinFinder<'a>,
    /// Customers and the numbers of their meters; `None` unless there are registers too.
    series: Option<BTreeSet<(CustomerIx, u32)>>,
}

impl<'a> Sums<'a> {
    fn new(context: &'a ReadingContext<'a>, window: Window, detail: ReadingDetail) -> Self {
        let (customers, months) = (context.customers.len(), index(window.months));
        Self {
            context,
            window,
            stamp_shift_us: context.declared.stamp.shift_us(),
            stripes: Stripes::new(customers, months),
            notes: IntervalNotes::new(customers),
            time_of_use: (detail == ReadingDetail::TimeOfUse).then(|| TimeOfUse::new(customers, months)),
            of_customer: None,
            twins: TwinFinder::new(context, window),
            series: None,
        }
    }

    /// Looks at the meters of the customer whose rows are settled.
    fn end_customer(&mut self) {
        let Some((customer, months)) = self.of_customer.take() else { return };
        for (month, meters) in months {
            let meters: Vec<MeterMonth> = meters.into_values().collect();
            self.twins.look_at_meters(customer, month, &meters, false);
        }
    }

    /// Adds a part of a counted row to the months of its customer and meter.
    fn note_meter(&mut self, row: &HeldRow, month: usize, energy: ReadingEnergy, days: u32) {
        let customer = CustomerIx::new(row.key.customer.number());
        if self.of_customer.as_ref().is_none_or(|(of, _)| *of != customer) {
            self.end_customer();
            self.of_customer = Some((customer, MeterMonths::new()));
        }
        let Some((_, months)) = &mut self.of_customer else { return };
        let meter = row.key.meter.known();
        let new = || MeterMonth { meter, used: MonthUse::default(), marks: SlotMarks::default() };
        let of_meter = months.entry(month).or_default().entry(meter).or_insert_with(new);
        of_meter.used.add_days(energy, days);
        of_meter.marks.mark_day(0);
    }

    /// Decides about the rows of one key, which are in the order of files and rows. The row recorded last counts, unless it is
    /// outside the window, breaks a rule, is a duplicate, or is before the customer's opening.
    fn settle(&mut self, rows: &[HeldRow], books: &mut FileBooks) -> Result<(), RunError> {
        let last_us = rows.iter().map(|row| row.recorded_us).max();
        let mut sound = Vec::new();
        for row in rows {
            let book = book_of(books, row.at.file());
            let mut inside = row.days(self.stamp_shift_us).months(self.window.start(), self.window.end);
            if Some(row.recorded_us) != last_us {
                book.tally.duplicates += 1;
            } else if inside.next().is_none() {
                book.tally.out_of_window += 1;
            } else if let Some(rule) = row.fault {
                book.reject(row.at, rule);
            } else {
                sound.push(row);
            }
        }
        if sound.is_empty() {
            return Ok(());
        }
        let Some(counted) = counted_of(&sound) else {
            for row in sound {
                book_of(books, row.at.file()).reject(row.at, Rule::ConflictingReading);
            }
            return Ok(());
        };
        let counted = sound[counted];
        for row in &sound {
            if row.at != counted.at {
                book_of(books, row.at.file()).tally.duplicates += 1;
            }
        }
        let equal = sound.iter().filter(|row| row.is_equal(&counted));
        let parts = ReadingParts::greatest(equal.filter_map(|row| row.parts.as_deref()));
        self.count(counted, parts, book_of(books, counted.at.file()))
    }

    /// Adds a row to the months of its days, without those before the customer's opening.
    fn count(
        &mut self,
        row: &HeldRow,
        parts: Option<ReadingParts>,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let customer = CustomerIx::new(row.key.customer.number());
        let opened = Month::of_day(self.context.customers.rows[customer.index()].opened_on);
        let first = opened.map_or(self.window.start(), |opened| opened.max(self.window.start()));
        let days = row.days(self.stamp_shift_us);
        let is_cut = days.months(self.window.start(), first).next().is_some();
        if is_cut {
            self.notes.note_before_opening(customer);
        }
        let mut is_counted = false;
        let mut added_to = Vec::new();
        let place = self.context.places.of(customer);
        let mut stripe = self.stripes.lock(self.stripes.stripe_of(place));
        let member = stripe.member(place);
        for of in days.months(first, self.window.end) {
            let Some(month) = self.window.index(of.month) else { continue };
            is_counted = true;
            let energy = ReadingEnergy {
                active_wh: days.share(of, row.energy.active_wh),
                reactive_varh: row.energy.reactive_varh.map(|varh| days.share(of, varh)),
            };
            stripe.cells(month)[member.index()].used.add_days(energy, of.days.unsigned_abs());
            added_to.push((month, energy, of.days.unsigned_abs()));
            let added = match (&mut self.time_of_use, &parts) {
                (Some(sums), Some(parts)) => sums.add(customer, month, &parts.share(days, of)),
                _ => true,
            };
            if !added {
                let id = self.context.customers.ids.key(customer.number());
                let what = text!(
                    "the energy by time of use of customer {id} exceeds 64 bits",
                    "客户 {id} 的分时电量超出 64 位整数"
                );
                let advice =
                    text!("look for readings near the bound of 10⁹ kWh", "请检查接近 10⁹ kWh 上限的读数");
                return Err(Refusal::of(Table::MeterReadings, what, advice).into());
            }
        }
        drop(stripe);
        added_to.into_iter().for_each(|(month, energy, days)| self.note_meter(row, month, energy, days));
        if !is_counted {
            book.tally.out_of_window += 1;
            return Ok(());
        }
        book.tally.counted += 1;
        if let (Some(series), Some(meter)) = (&mut self.series, row.key.meter.known()) {
            series.insert((customer, meter));
        }
        self.notes.note_counted(row, days);
        if parts.is_some_and(|parts| parts.exceed(row.energy.active_wh)) {
            self.notes.note_excess(row);
        }
        Ok(())
    }
}
