//! Rows whose customers follow in no order, gathered by stripe until there are enough for each.
//!
//! A batch of such rows touches cells all over memory, each perhaps once, and every row waits for its cell. So these
//! rows are copied, stripe by stripe, one after the other; when there are enough of them, each stripe
//! receives all of its rows at once, while its cells are in the second-level cache. The sums are the same in any order.
//! With customers in a new order every day, the kernel took 1.17 times as long without this (benches/README.md,
//! `reordered`).

use std::hint::black_box;

use super::batch::ReadingBatch;
use super::calendar::MonthSlot;
use super::id_cache::MeterIx;
use super::month_cell::ReadingEnergy;
use super::places::PlaceIx;
use super::stripe::{Stripe, StripeIx, Stripes};
use crate::unit::DAY_US;

/// Number of rows that are gathered, at 32 bytes each.
const ROWS_MAX: usize = if cfg!(test) { 8 } else { 1 << 16 };

/// A row that counts, with what its cell needs.
#[derive(Clone, Copy, Debug)]
struct ScatteredRow {
    active_wh: i64,
    /// [`NOT_READ`](Self::NOT_READ) if no reactive energy was read.
    reactive_varh: i64,
    place: PlaceIx,
    slot: MonthSlot,
    /// The number of the meter after its own; 0 for a reading without a meter id.
    meter: u32,
    /// Whether the time is another than midnight.
    is_within_day: bool,
}

impl ScatteredRow {
    const NOT_READ: i64 = i64::MIN;

    #[inline]
    fn of(readings: &ReadingBatch, row: usize) -> Self {
        let reading = readings.reading(row);
        Self {
            active_wh: reading.energy.active_wh,
            reactive_varh: reading.energy.reactive_varh.unwrap_or(Self::NOT_READ),
            place: reading.place,
            slot: reading.slot,
            meter: reading.meter.map_or(0, |meter| meter.number() + 1),
            is_within_day: readings.time_us(row).rem_euclid(DAY_US) != 0,
        }
    }

    /// Adds the row to its stripe and marks its day. Returns whether it is within a day that was marked before.
    #[inline]
    fn add_to(&self, stripe: &mut Stripe) -> bool {
        let member = stripe.member(self.place);
        let series = stripe.series(member, self.meter.checked_sub(1).map(MeterIx::new));
        let reactive_varh = (self.reactive_varh != Self::NOT_READ).then_some(self.reactive_varh);
        let energy = ReadingEnergy { active_wh: self.active_wh, reactive_varh };
        stripe.add_day(member, series, self.slot, energy) & self.is_within_day
    }
}

/// The rows of one thread by stripe.
#[derive(Debug, Default)]
pub(super) struct Scatter {
    by_stripe: Vec<Vec<ScatteredRow>>,
    rows: usize,
}

impl Scatter {
    /// Takes the rows of a batch that count, and adds all rows to their stripes when there are enough. Returns how many
    /// were within a day that already had a reading.
    pub fn take(&mut self, stripes: &Stripes, readings: &ReadingBatch) -> u64 {
        self.by_stripe.resize_with(stripes.len(), Vec::new);
        for row in (0..readings.rows()).filter(|&row| readings.counts(row)) {
            let scattered = ScatteredRow::of(readings, row);
            self.by_stripe[stripes.stripe_of(scattered.place).index()].push(scattered);
        }
        self.rows += readings.rows();
        if self.rows < ROWS_MAX { 0 } else { self.add_all(stripes) }
    }

    /// Adds all rows to their stripes. Stripes that another thread holds come last, so that threads seldom wait.
    pub fn add_all(&mut self, stripes: &Stripes) -> u64 {
        let mut same_day = 0;
        let mut later = Vec::new();
        for (number, rows) in self.by_stripe.iter_mut().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            match stripes.try_lock(StripeIx::from_index(number)) {
                Some(mut stripe) => same_day += add(&mut stripe, rows),
                None => later.push(number),
            }
        }
        for number in later {
            same_day += add(&mut stripes.lock(StripeIx::from_index(number)), &mut self.by_stripe[number]);
        }
        self.rows = 0;
        same_day
    }
}

fn add(stripe: &mut Stripe, rows: &mut Vec<ScatteredRow>) -> u64 {
    if let Some(first) = rows.first() {
        // Most rows are of one month. Read in their order, its cells are in the cache before they are needed.
        let cells = stripe.cells(first.slot.month());
        black_box(cells.iter().fold(0, |read, cell| read ^ cell.used.readings));
    }
    rows.drain(..).map(|row| u64::from(row.add_to(stripe))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scattered_row_takes_thirty_two_bytes() {
        assert_eq!(size_of::<ScatteredRow>(), 32);
    }
}
