//! The first pass: every reading is checked, added to its month cell, and marked in its slot.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::batch::{COLUMNS, ReadingBatch};
use super::by_stripe::StripeRows;
use super::calendar::{MonthSpan, SlotWidth};
use super::kernel::{BatchBuffers, Kernel};
use super::plan::{FileBooks, book_of};
use super::scatter::Scatter;
use super::schedule::{PartReader, read_parts};
use super::stamp::StampRanges;
use super::streak::{self, Streaks};
use super::stripe::Stripe;
use crate::contract::Table;
use crate::error::RunError;
use crate::index::count;
use crate::source::{Batch, Part, TableBook, Tally};
use crate::unit::{DAY_US, Month, Window};

/// The pass starts again with slots of a minute if more readings than this, and more than one in [`SAME_DAY_PER`], fell
/// on a day that already had a reading.
const SAME_DAY_FREE: u64 = 10_000;
const SAME_DAY_PER: u64 = 20;

/// Number of first rows of a batch from which the step between readings is estimated.
const STEP_SAMPLE: usize = 64;

/// What became of the rows of one file of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileBook {
    /// The counts of the file's rows.
    pub tally: Tally,
    /// The first and the last month of the file's rows in the window; `None` if no row is in it.
    pub months: Option<(Month, Month)>,
}

impl FileBook {
    /// Whether every row of the file lies in or outside the window `now` as it did in the window `before`.
    #[must_use]
    pub fn fits(&self, before: Window, now: Window) -> bool {
        before == now
            || self.tally.out_of_window == 0
                && self
                    .months
                    .is_some_and(|(first, last)| now.index(first).is_some() && now.index(last).is_some())
    }
}

/// What the passes over parts have found besides the sums.
#[derive(Default)]
pub(super) struct PassRecord {
    /// What became of the rows of each file.
    pub books: FileBooks,
    /// The parts that were read, each with the months of its rows in the window.
    pub parts: Vec<(Part, Option<MonthSpan>)>,
    /// The first and the last stamp of each file that was read.
    pub stamps: StampRanges,
    /// The number of minutes between readings, as the greatest common divisor of a sample; 0 if there is none.
    pub step: u16,
}

impl PassRecord {
    /// What became of the rows of each file.
    pub fn file_books(&self, window: Window) -> BTreeMap<u32, FileBook> {
        let mut files = BTreeMap::new();
        for (&file, book) in &self.books {
            files.insert(file, FileBook { tally: book.tally, months: None });
        }
        for (part, span) in &self.parts {
            let (Some(file), Some(span)) = (files.get_mut(&part.file), span) else { continue };
            let (first, last) = (window.month(span.first), window.month(span.last));
            file.months =
                Some(file.months.map_or((first, last), |known| (known.0.min(first), known.1.max(last))));
        }
        files
    }
}

fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Adds the readings of `parts` to the month cells. Returns `false` if the readings are too fine for slots of a day;
/// then the cells mean nothing.
///
/// # Errors
/// A part cannot be read.
pub(super) fn sum(kernel: &Kernel, parts: Vec<Part>, record: &mut PassRecord) -> Result<bool, RunError> {
    let mut workers = match read_parts(&parts, &|| SumWorker::new(kernel)) {
        Err(RunError::Enough) => return Ok(false),
        workers => workers?,
    };
    workers.par_iter_mut().for_each(SumWorker::add_scattered);
    if workers.iter().any(|worker| worker.check_slots().is_err()) {
        return Ok(false);
    }
    let before = record.parts.len();
    record.parts.extend(parts.into_iter().map(|part| (part, None)));
    let mut runs = Vec::new();
    for worker in workers {
        for (position, span) in worker.spans {
            record.parts[before + position].1 = Some(span);
        }
        for (file, book) in worker.books {
            book_of(&mut record.books, file).absorb(book);
        }
        record.stamps.absorb(worker.stamps);
        record.step = gcd(record.step, worker.step);
        runs.extend(worker.ended_runs);
        runs.push((worker.run_start, worker.streaks));
    }
    streak::end(runs, &kernel.stripes);
    Ok(true)
}

/// One thread's share of the pass.
struct SumWorker<'k> {
    kernel: &'k Kernel<'k>,
    buffers: BatchBuffers,
    scatter: Scatter,
    books: FileBooks,
    /// Position and months of the parts that have rows in the window.
    spans: Vec<(usize, MonthSpan)>,
    counted: u64,
    /// Number of readings that fell on a day that already had a reading.
    same_day: u64,
    step: u16,
    /// Position of the first part of the run being read, and its streaks.
    run_start: usize,
    streaks: Streaks,
    ended_runs: Vec<(usize, Streaks)>,
    stamps: StampRanges,
}

impl PartReader for SumWorker<'_> {
    fn begin_run(&mut self, position: usize) {
        let before = (self.run_start, std::mem::take(&mut self.streaks));
        self.ended_runs.push(before);
        self.run_start = position;
    }

    fn read(&mut self, position: usize, part: Part) -> Result<(), RunError> {
        let source = self.kernel.context.source;
        let mut book = self.books.remove(&part.file).unwrap_or_else(|| TableBook::new(Table::MeterReadings));
        let mut part_span: Option<MonthSpan> = None;
        // Where statistics say between which times the rows lie, nobody needs to look.
        let is_range_known = source.bounds(part).is_some();
        let result = source.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            source.progress(Table::MeterReadings, count(batch.record.num_rows()));
            let counted = book.tally.counted;
            self.add(&batch, &mut book)?;
            self.counted += book.tally.counted - counted;
            if !is_range_known && let Some(range) = self.buffers.readings.time_range() {
                self.stamps.add(part.file, range);
            }
            if let Some(span) = self.buffers.readings.span {
                part_span = Some(part_span.map_or(span, |before| before.merge(span)));
            }
            self.check_slots()
        });
        self.books.insert(part.file, book);
        self.spans.extend(part_span.map(|span| (position, span)));
        result
    }
}

impl<'k> SumWorker<'k> {
    fn new(kernel: &'k Kernel<'k>) -> Self {
        Self {
            kernel,
            buffers: BatchBuffers::default(),
            scatter: Scatter::default(),
            books: FileBooks::new(),
            spans: Vec::new(),
            counted: 0,
            same_day: 0,
            step: 0,
            run_start: 0,
            streaks: Streaks::default(),
            ended_runs: Vec::new(),
            stamps: StampRanges::default(),
        }
    }

    fn add(&mut self, batch: &Batch, book: &mut TableBook) -> Result<(), RunError> {
        let Self { kernel, buffers, scatter, same_day, step, streaks, .. } = self;
        match kernel.context.calendar.slot_width {
            SlotWidth::Day => {
                let is_added = kernel.visit_if_ordered(buffers, batch, book, |stripe, readings, rows| {
                    *same_day += add_days(stripe, readings, rows);
                })?;
                if !is_added {
                    *same_day += scatter.take(&kernel.stripes, &buffers.readings);
                }
                Ok(())
            }
            SlotWidth::Minute => kernel.visit(buffers, batch, book, |stripe, readings, rows| {
                for row in rows.filter(|&row| readings.counts(row)) {
                    let reading = readings.reading(row);
                    let member = stripe.member(reading.place);
                    let series = stripe.series(member, reading.meter);
                    stripe.add(member, series, reading.slot, reading.energy);
                    streaks.follow(stripe, series, reading.slot);
                    if row < STEP_SAMPLE {
                        *step = gcd(*step, reading.slot.slot());
                    }
                }
            }),
        }
    }

    /// Adds the rows that were gathered.
    fn add_scattered(&mut self) {
        self.same_day += self.scatter.add_all(&self.kernel.stripes);
    }

    /// Stops the pass if readings are finer than its slots.
    fn check_slots(&self) -> Result<(), RunError> {
        if self.same_day > SAME_DAY_FREE.max(self.counted / SAME_DAY_PER) {
            return Err(RunError::Enough);
        }
        Ok(())
    }
}

/// Adds readings to a stripe and marks their days. Returns how many readings at another time than midnight fell on a
/// day that already had a reading. Midnight is left out, since a daily reading that comes twice does not make the
/// series finer than daily.
fn add_days(stripe: &mut Stripe, readings: &ReadingBatch, mut rows: StripeRows) -> u64 {
    let mut same_day = 0;
    if let StripeRows::Neighbours(run) = &mut rows {
        let start = run.start;
        run.start += stripe.add_slice(&readings.slice(run.clone()), &mut |row| {
            same_day += u64::from(is_within_day(readings, start + row));
        });
    }
    for row in rows.filter(|&row| readings.counts(row)) {
        let reading = readings.reading(row);
        let member = stripe.member(reading.place);
        let series = stripe.series(member, reading.meter);
        if stripe.add_day(member, series, reading.slot, reading.energy) {
            same_day += u64::from(is_within_day(readings, row));
        }
    }
    same_day
}

fn is_within_day(readings: &ReadingBatch, row: usize) -> bool {
    readings.time_us(row).rem_euclid(DAY_US) != 0
}
