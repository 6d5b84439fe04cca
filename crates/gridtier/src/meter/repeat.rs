//! Settles repeated readings exactly, in memory that does not grow with their number.
//!
//! The first pass leaves marks of the slots that have, or may have, more than one reading. The rows of these slots are
//! read again, in as many rounds of customers as a fixed budget requires. Readings of one series and time that are
//! equal count once; if any two of them differ, `quality` decides which one counts.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::batch::{COLUMNS, CheckedReading, ReadingBatch};
use super::calendar::{MonthSlot, SlotWidth};
use super::kernel::{BatchBuffers, Kernel};
use super::month_cell::ReadingEnergy;
use super::places::PlaceIx;
use super::plan::book_of;
use super::quality::{Repetition, counted_of};
use super::rounds::rounds;
use super::schedule::{PartReader, read_parts};
use super::stripe::{SeriesIx, Stripe};
use super::sum::PassRecord;
use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::index::count;
use crate::source::{Part, RowAt, TableBook};

/// Most rows held at once, at 56 bytes each. Tests hold fewer, so that their few rows take several rounds too.
const ROWS_HELD_MAX: u64 = if cfg!(test) { 6 } else { 1_500_000 };
/// Bytes of memory for the slots of doubtful months; the same amount again is needed if all of them are repeated.
const SLOTS_BYTES_MAX: u64 = if cfg!(test) { 12_000 } else { 64 << 20 };

/// Number of slots of `step` minutes in the longest month.
fn month_slots(step: u16) -> usize {
    (31 * 1_440_usize).div_ceil(step.into())
}

/// A reading in a slot that has more than one reading, and the equal rows that follow it in its file: a file of a few
/// kilobytes can repeat one row millions of times.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    place: PlaceIx,
    series: SeriesIx,
    time_us: i64,
    energy: ReadingEnergy,
    /// The first of its rows, and their number.
    at: RowAt,
    rows: u32,
    is_estimated: bool,
}

impl Repetition for Suspect {
    fn is_estimated(&self) -> bool {
        self.is_estimated
    }

    fn is_equal(&self, other: &Self) -> bool {
        self.energy == other.energy
    }
}

impl Suspect {
    /// Suspects that compare as equal are repetitions of one reading.
    fn order(&self, other: &Self) -> Ordering {
        (self.place, self.series, self.time_us).cmp(&(other.place, other.series, other.time_us))
    }

    /// Whether the row of `next` is equal and follows in the file.
    fn is_repeated_by(&self, next: &Self) -> bool {
        self.order(next) == Ordering::Equal
            && self.energy == next.energy
            && self.is_estimated == next.is_estimated
            && self.at.file() == next.at.file()
            && self.at.row() + u64::from(self.rows) == next.at.row()
            && self.rows < u32::MAX
    }

    /// Adds a row to those held by one thread, in the order of a file.
    fn hold(self, held: &mut Vec<Self>) {
        match held.last_mut() {
            Some(last) if last.is_repeated_by(&self) => last.rows += 1,
            _ => held.push(self),
        }
    }
}

/// Corrects the sums and the books for every repeated reading.
///
/// # Errors
/// A part cannot be read again.
pub(super) fn settle(kernel: &Kernel, record: &mut PassRecord) -> Result<(), RunError> {
    let doubts = Doubts::find(kernel);
    if doubts.months.is_empty() {
        return Ok(());
    }
    let mut parts = Vec::new();
    for &(part, span) in &record.parts {
        if span.is_some_and(|span| doubts.months.range(span.first..=span.last).next().is_some()) {
            parts.push(part);
        }
    }
    let everybody = 0..kernel.context.customers.len();
    match kernel.context.calendar.slot_width {
        SlotWidth::Day => settle_rounds(kernel, &parts, record, &doubts.by_place, everybody, None),
        SlotWidth::Minute => {
            let step = record.step.max(1);
            let months_max = SLOTS_BYTES_MAX / count(month_slots(step)).div_ceil(8);
            for places in rounds(&doubts.by_place, everybody, months_max) {
                let slots = count_slots(kernel, &parts, &places, step)?;
                let rows = slots.repeated_rows(kernel);
                settle_rounds(kernel, &parts, record, &rows, places, Some(&slots))?;
            }
            Ok(())
        }
    }
}

/// The doubts that the first pass has left.
struct Doubts {
    months: BTreeSet<usize>,
    /// For each place of a customer: with slots of a day, about how many rows are on repeated days; with slots of a minute, how
    /// many months are doubtful.
    by_place: Vec<u64>,
}

impl Doubts {
    fn find(kernel: &Kernel) -> Self {
        let places = kernel.context.customers.len();
        let mut doubts = Self { months: BTreeSet::new(), by_place: vec![0; places] };
        for stripe in kernel.stripes.iter() {
            for (month, series, marks) in stripe.doubtful() {
                doubts.months.insert(month);
                doubts.by_place[stripe.place(series).index()] += match kernel.context.calendar.slot_width {
                    SlotWidth::Day => 2 * u64::from(marks.repeated_days()),
                    SlotWidth::Minute => 1,
                };
            }
        }
        doubts
    }
}

/// Reads the rows in repeated slots again and corrects the sums to which they were added. `rows` gives for each
/// place how many rows to expect; without `slots`, the marks of the first pass tell which days are repeated.
fn settle_rounds(
    kernel: &Kernel,
    parts: &[Part],
    record: &mut PassRecord,
    rows: &[u64],
    places: Range<usize>,
    slots: Option<&SlotCounts>,
) -> Result<(), RunError> {
    for places in rounds(rows, places, ROWS_HELD_MAX) {
        let readers = read_parts(parts, &|| {
            Rereader::new(kernel, &places, Vec::new(), |suspects: &mut Vec<Suspect>, stripe, again| {
                let ReadAgain { reading: CheckedReading { place, slot, energy, .. }, series, .. } = again;
                let is_repeated = match slots {
                    None => stripe.marks(slot.month(), series).is_repeated_day(slot.slot()),
                    Some(slots) => slots.is_repeated(stripe, series, slot),
                };
                if is_repeated {
                    let (time_us, at) = (again.batch.time_us(again.row), again.batch.at(again.row));
                    let is_estimated = again.batch.is_estimated(again.row);
                    Suspect { place, series, time_us, energy, at, rows: 1, is_estimated }.hold(suspects);
                }
            })
        })?;
        let mut suspects: Vec<Suspect> = readers.into_iter().flat_map(|reader| reader.found).collect();
        suspects.sort_unstable_by(|a, b| a.order(b).then(a.at.cmp(&b.at)));
        for group in suspects.chunk_by(|a, b| a.order(b) == Ordering::Equal) {
            correct(kernel, group, record);
        }
    }
    Ok(())
}

/// Subtracts from the sums what repetitions have added: all readings of the group except the one that counts, if one
/// does.
fn correct(kernel: &Kernel, group: &[Suspect], record: &mut PassRecord) {
    let first = match group {
        [] | [Suspect { rows: 1, .. }] => return,
        [first, ..] => first,
    };
    let counted = counted_of(group);
    let mut stripe = kernel.stripes.lock(kernel.stripes.stripe_of(first.place));
    let month = kernel.context.calendar.month_slot(first.time_us).month();
    let member = stripe.member(first.place);
    for (position, suspect) in group.iter().enumerate() {
        let (file, first_row) = (suspect.at.file(), suspect.at.row());
        let book = book_of(&mut record.books, file);
        for row in u64::from(counted == Some(position))..u64::from(suspect.rows) {
            stripe.remove(member, suspect.series, month, suspect.energy);
            book.tally.counted -= 1;
            match counted {
                Some(_) => book.tally.duplicates += 1,
                None => book.reject(RowAt::new(file, first_row + row), Rule::ConflictingReading),
            }
        }
    }
}

/// The slots of one doubtful month, one bit for each.
#[derive(Default)]
struct SlotBits {
    /// Slots that have a reading.
    seen: Vec<u64>,
    /// Slots that have more than one reading; empty until there is such a slot.
    repeated: Vec<u64>,
}

impl SlotBits {
    fn mark(&mut self, slot: u16, words: usize) {
        let (word, bit) = (usize::from(slot / 64), 1 << (slot % 64));
        self.seen.resize(words, 0);
        if self.seen[word] & bit != 0 {
            self.repeated.resize(words, 0);
            self.repeated[word] |= bit;
        }
        self.seen[word] |= bit;
    }
}

/// A series in one month.
type SeriesMonth = (SeriesIx, usize);

/// The slots of all doubtful months of a round.
struct SlotCounts {
    /// Length of a slot in minutes.
    step: u16,
    /// The doubtful months of each stripe.
    months: Vec<HashMap<SeriesMonth, SlotBits>>,
}

impl SlotCounts {
    fn is_repeated(&self, stripe: &Stripe, series: SeriesIx, slot: MonthSlot) -> bool {
        let bits = self.months[stripe.number().index()].get(&(series, slot.month()));
        let slot = slot.slot() / self.step;
        let word = bits.and_then(|bits| bits.repeated.get(usize::from(slot / 64)));
        word.is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// For each place, about how many rows are in repeated slots.
    fn repeated_rows(&self, kernel: &Kernel) -> Vec<u64> {
        let mut rows = vec![0; kernel.context.customers.len()];
        for (stripe, months) in kernel.stripes.iter().zip(&self.months) {
            // A sum of integers is the same in any order.
            #[expect(clippy::iter_over_hash_type)]
            for (&(series, _), bits) in months {
                let repeated: u32 = bits.repeated.iter().map(|word| word.count_ones()).sum();
                rows[stripe.place(series).index()] += 2 * u64::from(repeated);
            }
        }
        rows
    }
}

/// Reads the doubtful months of some customers again and counts the readings of each slot.
fn count_slots(
    kernel: &Kernel,
    parts: &[Part],
    places: &Range<usize>,
    step: u16,
) -> Result<SlotCounts, RunError> {
    let words = month_slots(step).div_ceil(64);
    let mut shared: Vec<Mutex<HashMap<SeriesMonth, SlotBits>>> = Vec::new();
    shared.resize_with(kernel.stripes.len(), Mutex::default);
    read_parts(parts, &|| {
        Rereader::new(kernel, places, (), |(), stripe, ReadAgain { reading, series, .. }| {
            if stripe.marks(reading.slot.month(), series).is_doubtful() {
                // No other thread waits for this lock, since this thread holds the lock of the stripe.
                let months = shared[stripe.number().index()].lock();
                let mut months = months.unwrap_or_else(PoisonError::into_inner);
                let bits = months.entry((series, reading.slot.month())).or_default();
                bits.mark(reading.slot.slot() / step, words);
            }
        })
    })?;
    let months = shared.into_iter().map(|months| months.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(SlotCounts { step, months: months.collect() })
}

/// A row that is read again: it counts, and belongs to a customer of the round.
struct ReadAgain<'a> {
    batch: &'a ReadingBatch,
    row: usize,
    reading: CheckedReading,
    series: SeriesIx,
}

/// Reads rows of some customers again without counting them in a book, and calls `look` with each of them.
struct Rereader<'k, T, F> {
    kernel: &'k Kernel<'k>,
    places: &'k Range<usize>,
    buffers: BatchBuffers,
    /// The results of `look`.
    found: T,
    look: F,
}

impl<'k, T, F: FnMut(&mut T, &mut Stripe, ReadAgain)> Rereader<'k, T, F> {
    fn new(kernel: &'k Kernel<'k>, places: &'k Range<usize>, found: T, look: F) -> Self {
        let mut buffers = BatchBuffers::default();
        buffers.readings.keep_estimated();
        Self { kernel, places, buffers, found, look }
    }
}

impl<T: Send, F: FnMut(&mut T, &mut Stripe, ReadAgain) + Send> PartReader for Rereader<'_, T, F> {
    fn read(&mut self, _position: usize, part: Part) -> Result<(), RunError> {
        let Self { kernel, places, buffers, found, look } = self;
        kernel.context.source.read(Table::MeterReadings, part, COLUMNS, &mut |record| {
            let mut counted_already = TableBook::new(Table::MeterReadings);
            kernel.visit(buffers, &record, &mut counted_already, |stripe, batch, rows| {
                for row in rows {
                    if batch.counts(row) && places.contains(&batch.place(row).index()) {
                        let reading = batch.reading(row);
                        let series = stripe.series(stripe.member(reading.place), reading.meter);
                        look(found, stripe, ReadAgain { batch, row, reading, series });
                    }
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_repeated_again_and_again_is_held_once() {
        let mut held = Vec::new();
        let row = |row, active_wh| Suspect {
            place: PlaceIx::new(0),
            series: SeriesIx::new(0),
            time_us: 0,
            energy: ReadingEnergy { active_wh, reactive_varh: None },
            at: RowAt::new(0, row),
            rows: 1,
            is_estimated: false,
        };
        (0..1_000).for_each(|at| row(at, 5).hold(&mut held));
        (1_000..1_003).for_each(|at| row(at, 6).hold(&mut held));
        row(2_000, 6).hold(&mut held);
        let rows: Vec<(u64, u32)> = held.iter().map(|held| (held.at.row(), held.rows)).collect();
        assert_eq!(rows, [(0, 1_000), (1_000, 3), (2_000, 1)]);
        assert_eq!(size_of::<Suspect>(), 56);
    }
}
