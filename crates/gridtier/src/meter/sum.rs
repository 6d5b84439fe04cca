//! The first pass: every reading is checked, summed and marked.

use std::collections::BTreeMap;

use super::Kernel;
use super::batch::{COLUMNS, Names, Readings, month_use};
use super::by_stripe::{ByStripe, Rows};
use super::calendar::{Slots, Span, widen};
use super::earlier::FileBook;
use super::plan::{Books, book_of};
use super::schedule::{Reader, share_out};
use super::streak::{self, Streaks};
use super::stripe::Stripe;
use crate::contract::Table;
use crate::error::RunError;
use crate::source::{Batch, Part, TableBook};
use crate::unit::{DAY_US, Window};

/// Readings within one day that are let pass before slots are cut finer, and their share of all.
const WITHIN_DAY_FREE: u64 = 10_000;
const WITHIN_DAY_PER: u64 = 20;

/// What passes over parts have learnt besides the sums.
#[derive(Default)]
pub(super) struct Summed {
    pub books: Books,
    /// The parts that were read.
    pub parts: Vec<Part>,
    /// By part: the months of its rows.
    pub spans: Vec<Option<Span>>,
    /// Minutes between readings, by a sample: the greatest number that divides them all; 0 for none.
    pub step: u16,
}

impl Summed {
    /// What became of the rows of each file.
    pub fn file_books(&self, window: Window) -> BTreeMap<u32, FileBook> {
        let book = |(&file, book): (&u32, &TableBook)| (file, FileBook { tally: book.tally, months: None });
        let mut files: BTreeMap<u32, FileBook> = self.books.iter().map(book).collect();
        for (part, span) in self.parts.iter().zip(&self.spans) {
            let (Some(file), Some((low, high))) = (files.get_mut(&part.file), span) else { continue };
            let (first, last) = (window.month((*low).into()), window.month((*high).into()));
            let months = file.months.map_or((first, last), |known| (known.0.min(first), known.1.max(last)));
            file.months = Some(months);
        }
        files
    }
}

/// Rows of a batch that are looked at for the step.
const STEP_SAMPLE: usize = 64;

fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Sums parts into the kernel's stripes; whether days are fine enough for these readings.
///
/// # Errors
/// A part cannot be read.
pub(super) fn sum(kernel: &Kernel, parts: Vec<Part>, summed: &mut Summed) -> Result<bool, RunError> {
    let workers = match share_out(&parts, &|| Worker::new(kernel)) {
        Err(RunError::Enough) => return Ok(false),
        workers => workers?,
    };
    let before = summed.parts.len();
    summed.parts.extend(parts);
    summed.spans.resize(summed.parts.len(), None);
    let mut runs = Vec::new();
    for worker in workers {
        worker.spans.into_iter().for_each(|(place, span)| summed.spans[before + place] = Some(span));
        for (file, book) in worker.books {
            book_of(&mut summed.books, file).absorb(book);
        }
        summed.step = gcd(summed.step, worker.step);
        runs.extend(worker.ended);
        runs.push((worker.begun, worker.streaks));
    }
    streak::end(runs, &kernel.stripes);
    Ok(true)
}

/// One thread's share of the pass.
struct Worker<'k> {
    kernel: &'k Kernel<'k>,
    names: Names,
    readings: Readings,
    by_stripe: ByStripe,
    books: Books,
    spans: Vec<(usize, Span)>,
    counted: u64,
    within_day: u64,
    step: u16,
    /// The first part of the run being read, and its streaks.
    begun: usize,
    streaks: Streaks,
    ended: Vec<(usize, Streaks)>,
}

impl Reader for Worker<'_> {
    fn read(&mut self, place: usize, part: Part, begins: bool) -> Result<(), RunError> {
        if begins {
            let before = std::mem::take(&mut self.streaks);
            self.ended.push((std::mem::replace(&mut self.begun, place), before));
        }
        let kernel = self.kernel;
        let mut book = self.books.remove(&part.file).unwrap_or_else(|| TableBook::new(Table::MeterReadings));
        let mut span = None;
        let result = kernel.source.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            kernel.source.progress(Table::MeterReadings, batch.record.num_rows() as u64);
            let counted = book.tally.counted;
            self.take(&batch, &mut book)?;
            self.counted += book.tally.counted - counted;
            self.readings.span.into_iter().for_each(|more| widen(&mut span, more));
            self.check_slots()
        });
        self.books.insert(part.file, book);
        self.spans.extend(span.map(|span| (place, span)));
        result
    }
}

impl<'k> Worker<'k> {
    fn new(kernel: &'k Kernel<'k>) -> Self {
        Self {
            kernel,
            names: Names::new(),
            readings: Readings::default(),
            by_stripe: ByStripe::default(),
            books: Books::new(),
            spans: Vec::new(),
            counted: 0,
            within_day: 0,
            step: 0,
            begun: 0,
            streaks: Streaks::default(),
            ended: Vec::new(),
        }
    }

    fn take(&mut self, batch: &Batch, book: &mut TableBook) -> Result<(), RunError> {
        let Self { kernel, names, readings, by_stripe, within_day, step, streaks, .. } = self;
        readings.take(kernel, names, batch, book)?;
        let (stripes, readings) = (&kernel.stripes, &*readings);
        match kernel.calendar.slots {
            Slots::Days => by_stripe.visit(stripes, readings, |stripe, number, rows| {
                *within_day += add_days(stripe, stripes.first(number), readings, rows);
            }),
            Slots::Minutes => by_stripe.visit(stripes, readings, |stripe, number, rows| {
                for row in rows.filter(|&row| readings.counts(row)) {
                    let customer = readings.customers[row].index() - stripes.first(number);
                    let series = stripe.series(customer, readings.meter(row));
                    let place = readings.places[row];
                    stripe.add(customer, place.month(), month_use(readings.energy(row)));
                    streaks.follow(stripe, number, series, place);
                    if row < STEP_SAMPLE {
                        *step = gcd(*step, place.slot());
                    }
                }
            }),
        }
        Ok(())
    }

    /// Stops the pass when readings are finer than its slots.
    fn check_slots(&self) -> Result<(), RunError> {
        let many = self.within_day > WITHIN_DAY_FREE.max(self.counted / WITHIN_DAY_PER);
        if many { Err(RunError::Enough) } else { Ok(()) }
    }
}

/// Adds readings to the stripe that begins with customer `first`; how many fell on a day that had one, at another time
/// than midnight: a day that came twice is no finer reading.
fn add_days(stripe: &mut Stripe, first: u32, readings: &Readings, mut rows: Rows) -> u64 {
    let mut within_day = 0;
    let mut note = |row: usize| within_day += u64::from(readings.time_us(row).rem_euclid(DAY_US) != 0);
    if let Rows::Run(run) = &mut rows {
        let start = run.start;
        run.start += stripe.add_run(first, &readings.run(run.clone()), &mut |row| note(start + row));
    }
    for row in rows.filter(|&row| readings.counts(row)) {
        let customer = readings.customers[row].index() - first;
        let series = stripe.series(customer, readings.meter(row));
        if stripe.add_day(customer, series, readings.places[row], month_use(readings.energy(row))) {
            note(row);
        }
    }
    within_day
}
