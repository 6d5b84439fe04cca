//! Readings that came twice: settled exactly, in memory that does not grow with their number.
//!
//! The first pass leaves marks of the slots on which more than one reading fell, or may have. Their rows are read again,
//! in as many rounds of customers as a fixed budget asks for: equal repetitions count once, and where any two differ none
//! counts.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Kernel;
use super::batch::{COLUMNS, Names, Readings, month_use};
use super::by_stripe::ByStripe;
use super::calendar::{Place, Slots};
use super::plan::book_of;
use super::schedule::{Reader, share_out};
use super::stripe::Stripe;
use super::sum::Summed;
use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::source::{Batch, Part, RowAt, TableBook};

/// Rows held at once: 48 bytes each. Small tests take several rounds too.
const ROWS_HELD_MAX: u64 = if cfg!(test) { 6 } else { 1_500_000 };
/// Memory for the minutes of doubtful months; as much again where all of them come twice.
const MINUTES_BYTES_MAX: u64 = if cfg!(test) { 12_000 } else { 64 << 20 };

/// Slots of a month that are `step` minutes apart.
fn month_slots(step: u16) -> usize {
    (31 * 1_440_usize).div_ceil(usize::from(step))
}

/// A reading on a slot that has more than one, with its place.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    customer: u32,
    series: u32,
    time_us: i64,
    energy: (i64, Option<i64>),
    at: RowAt,
}

/// Corrects sums and books for every reading that came more than once.
///
/// # Errors
/// A part cannot be read again.
pub(super) fn settle(kernel: &Kernel, summed: &mut Summed) -> Result<(), RunError> {
    let doubts = Doubts::of(kernel);
    if doubts.months.is_empty() {
        return Ok(());
    }
    let concerned = |(_, span): &(&Part, &Option<(u16, u16)>)| {
        span.is_some_and(|(low, high)| doubts.months.range(low..=high).next().is_some())
    };
    let read = summed.parts.iter().zip(&summed.spans);
    let parts: Vec<Part> = read.filter(concerned).map(|(part, _)| *part).collect();
    let step = summed.step.max(1);
    let everybody = 0..kernel.customers.len() as u32;
    match kernel.calendar.slots {
        Slots::Days => settle_rounds(kernel, &parts, summed, &doubts.by_customer, everybody, None),
        Slots::Minutes => {
            let months = MINUTES_BYTES_MAX / (month_slots(step) as u64).div_ceil(8);
            for customers in rounds(&doubts.by_customer, everybody, months) {
                let minutes = count_minutes(kernel, &parts, &customers, step)?;
                let twice = minutes.twice_by_customer(kernel);
                settle_rounds(kernel, &parts, summed, &twice, customers, Some(&minutes))?;
            }
            Ok(())
        }
    }
}

/// What the first pass has left in doubt.
struct Doubts {
    months: BTreeSet<u16>,
    /// By customer: about the rows on days that came twice, or the months in doubt.
    by_customer: Vec<u64>,
}

impl Doubts {
    fn of(kernel: &Kernel) -> Self {
        let mut doubts = Self { months: BTreeSet::new(), by_customer: vec![0; kernel.customers.len()] };
        for number in 0..kernel.stripes.len() as u32 {
            let stripe = kernel.stripes.lock(number);
            for (month, series, marks) in stripe.doubtful() {
                doubts.months.insert(month);
                let customer = kernel.stripes.first(number) + stripe.customer(series);
                doubts.by_customer[customer as usize] += match kernel.calendar.slots {
                    Slots::Days => 2 * u64::from(marks.days_twice()),
                    Slots::Minutes => 1,
                };
            }
        }
        doubts
    }
}

/// Ranges of customers, each with at most `budget` of `weights`; a single customer may have more.
fn rounds(weights: &[u64], customers: Range<u32>, budget: u64) -> Vec<Range<u32>> {
    let mut rounds = Vec::new();
    let (mut start, mut held) = (customers.start, 0);
    for customer in customers.clone() {
        let weight = weights[customer as usize];
        if held > 0 && held + weight > budget {
            rounds.push(start..customer);
            (start, held) = (customer, 0);
        }
        held += weight;
    }
    if held > 0 {
        rounds.push(start..customers.end);
    }
    rounds
}

fn settle_rounds(
    kernel: &Kernel,
    parts: &[Part],
    summed: &mut Summed,
    rows: &[u64],
    customers: Range<u32>,
    minutes: Option<&Minutes>,
) -> Result<(), RunError> {
    for customers in rounds(rows, customers, ROWS_HELD_MAX) {
        let is_twice = |stripe: &mut Stripe, number: u32, series: u32, place: Place| match minutes {
            None => stripe.marks(place.month(), series).has_day_twice(place.slot()),
            Some(minutes) => minutes.is_twice((number, series, place.month()), place.slot()),
        };
        let new = || {
            Rereader::new(kernel, &customers, Vec::new(), |held: &mut Vec<Suspect>, row| {
                let Row { stripe, number, customer, series, place, readings, row } = row;
                if is_twice(stripe, number, series, place) {
                    let (time_us, energy, at) =
                        (readings.time_us(row), readings.energy(row), readings.at(row));
                    held.push(Suspect { customer, series, time_us, energy, at });
                }
            })
        };
        let readers = share_out(parts, &new)?;
        let mut held: Vec<Suspect> = readers.into_iter().flat_map(|reader| reader.kept).collect();
        held.sort_unstable_by(|a, b| order(a, b).then(a.at.cmp(&b.at)));
        held.chunk_by(|a, b| order(a, b) == Ordering::Equal).for_each(|group| correct(kernel, group, summed));
    }
    Ok(())
}

fn order(a: &Suspect, b: &Suspect) -> Ordering {
    (a.customer, a.series, a.time_us).cmp(&(b.customer, b.series, b.time_us))
}

/// Takes the surplus of a group of readings of one meter and time out of the sums.
fn correct(kernel: &Kernel, group: &[Suspect], summed: &mut Summed) {
    let [first, rest @ ..] = group else { return };
    if rest.is_empty() {
        return;
    }
    let equal = rest.iter().all(|other| other.energy == first.energy);
    let number = kernel.stripes.of(first.customer);
    let mut stripe = kernel.stripes.lock(number);
    let month = kernel.calendar.place(first.time_us).month();
    let cell = &mut stripe.cells(month)[(first.customer - kernel.stripes.first(number)) as usize];
    for suspect in if equal { rest } else { group } {
        cell.used.remove(month_use(suspect.energy));
        let book = book_of(&mut summed.books, suspect.at.file());
        book.tally.counted -= 1;
        if equal {
            book.tally.duplicates += 1;
        } else {
            book.reject(suspect.at, Rule::ConflictingReading);
        }
    }
}

/// The slots of doubtful months that have a reading, and those that have more.
struct Minutes {
    months: HashMap<Series, Bits>,
    /// Minutes of a slot.
    step: u16,
}

/// Stripe, series in the stripe, month.
type Series = (u32, u32, u16);

#[derive(Default)]
struct Bits {
    once: Vec<u64>,
    /// Empty until there is one.
    twice: Vec<u64>,
}

impl Bits {
    fn set(&mut self, minute: u16, step: u16) {
        let slot = minute / step;
        let (word, bit) = (usize::from(slot / 64), 1 << (slot % 64));
        let words = month_slots(step).div_ceil(64);
        self.once.resize(words, 0);
        if self.once[word] & bit != 0 {
            self.twice.resize(words, 0);
            self.twice[word] |= bit;
        }
        self.once[word] |= bit;
    }
}

impl Minutes {
    fn is_twice(&self, series: Series, minute: u16) -> bool {
        let slot = minute / self.step;
        let bits = self.months.get(&series);
        bits.and_then(|bits| bits.twice.get(usize::from(slot / 64)))
            .is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// By customer: about the rows on minutes that come twice.
    fn twice_by_customer(&self, kernel: &Kernel) -> Vec<u64> {
        let mut rows = vec![0; kernel.customers.len()];
        // In the order of a hash, but sums of integers have none.
        #[expect(clippy::iter_over_hash_type)]
        for (&(number, series, _), bits) in &self.months {
            let twice: u32 = bits.twice.iter().map(|word| word.count_ones()).sum();
            let customer = kernel.stripes.first(number) + kernel.stripes.lock(number).customer(series);
            rows[customer as usize] += 2 * u64::from(twice);
        }
        rows
    }
}

fn count_minutes(
    kernel: &Kernel,
    parts: &[Part],
    customers: &Range<u32>,
    step: u16,
) -> Result<Minutes, RunError> {
    let shared: Vec<Mutex<HashMap<Series, Bits>>> =
        (0..kernel.stripes.len()).map(|_| Mutex::default()).collect();
    let new = || {
        Rereader::new(kernel, customers, (), |(), row: Row| {
            if row.stripe.marks(row.place.month(), row.series).are_doubtful() {
                // Never waited for: whoever has the stripe has it.
                let mut months = shared[row.number as usize].lock().unwrap_or_else(PoisonError::into_inner);
                let series = (row.number, row.series, row.place.month());
                months.entry(series).or_default().set(row.place.slot(), step);
            }
        })
    };
    share_out(parts, &new)?;
    let open =
        |months: Mutex<HashMap<Series, Bits>>| months.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Minutes { months: shared.into_iter().flat_map(open).collect(), step })
}

/// A row that counts, of the customers of a round.
struct Row<'a> {
    stripe: &'a mut Stripe,
    number: u32,
    customer: u32,
    series: u32,
    place: Place,
    readings: &'a Readings,
    row: usize,
}

/// Reads rows again that are in the books already.
struct Rereader<'k, T, F> {
    kernel: &'k Kernel<'k>,
    customers: &'k Range<u32>,
    names: Names,
    readings: Readings,
    by_stripe: ByStripe,
    kept: T,
    look: F,
}

impl<'k, T, F: FnMut(&mut T, Row)> Rereader<'k, T, F> {
    fn new(kernel: &'k Kernel<'k>, customers: &'k Range<u32>, kept: T, look: F) -> Self {
        let (names, readings, by_stripe) = (Names::new(), Readings::default(), ByStripe::default());
        Self { kernel, customers, names, readings, by_stripe, kept, look }
    }

    fn take(&mut self, batch: &Batch) -> Result<(), RunError> {
        let Self { kernel, customers, names, readings, by_stripe, kept, look } = self;
        readings.take(kernel, names, batch, &mut TableBook::new(Table::MeterReadings))?;
        let readings = &*readings;
        by_stripe.visit(&kernel.stripes, readings, |stripe, number, rows| {
            for row in rows {
                let customer = readings.customers[row].index();
                if readings.counts(row) && customers.contains(&customer) {
                    let own = customer - kernel.stripes.first(number);
                    let series = stripe.series(own, readings.meter(row));
                    let place = readings.places[row];
                    look(kept, Row { stripe, number, customer, series, place, readings, row });
                }
            }
        });
        Ok(())
    }
}

impl<T: Send, F: FnMut(&mut T, Row) + Send> Reader for Rereader<'_, T, F> {
    fn read(&mut self, _place: usize, part: Part, _begins: bool) -> Result<(), RunError> {
        let source = self.kernel.source;
        source.read(Table::MeterReadings, part, COLUMNS, &mut |batch| self.take(&batch))
    }
}
