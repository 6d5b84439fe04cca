//! Proves by their order that readings finer than daily are distinct.
//!
//! A bit for each quarter of an hour would take 372 bytes for each customer and month, while the month cell takes 32.
//! But files are in the order of time: as long as each reading of a series is later than the one before, none is a
//! repetition. Each thread follows every series along its run of parts. At the end of a month, the streak of ascending
//! minutes is compared with the streaks of other threads. A month with readings out of order becomes doubtful and is
//! read again.

use super::calendar::MonthSlot;
use super::stripe::{SeriesIx, Stripe, StripeIx, Stripes};

/// The first and the last of readings of a series that are in strictly ascending order within one month. It takes eight
/// bytes, since there is one for each series and thread.
#[derive(Clone, Copy, Debug)]
struct Streak {
    first: MonthSlot,
    last: MonthSlot,
}

impl Streak {
    /// No streak: its month is one that no window has.
    const NONE: Self = Self { first: MonthSlot::OUTSIDE, last: MonthSlot::OUTSIDE };

    fn mark(self, stripe: &mut Stripe, series: SeriesIx) {
        if self.first != MonthSlot::OUTSIDE {
            let marks = stripe.marks(self.first.month(), series);
            marks.mark_minutes(self.first.slot(), self.last.slot());
        }
    }
}

/// One thread's streaks along a run of parts, for each stripe and series.
#[derive(Debug, Default)]
pub(super) struct Streaks(Vec<Vec<Streak>>);

impl Streaks {
    /// Follows a series by one reading.
    #[inline]
    pub fn follow(&mut self, stripe: &mut Stripe, series: SeriesIx, slot: MonthSlot) {
        let number = stripe.number().index();
        if number >= self.0.len() {
            self.0.resize(number + 1, Vec::new());
        }
        let streaks = &mut self.0[number];
        if series.index() >= streaks.len() {
            streaks.resize((series.index() + 1).max(stripe.series_count()), Streak::NONE);
        }
        let streak = &mut streaks[series.index()];
        if streak.first.month() != slot.month() {
            streak.mark(stripe, series);
            *streak = Streak { first: slot, last: slot };
        } else if slot > streak.last {
            streak.last = slot;
        } else {
            stripe.marks(slot.month(), series).mark_doubtful();
        }
    }

    /// Marks the last streak of each series.
    fn end(&self, stripes: &Stripes) {
        for (number, streaks) in self.0.iter().enumerate().filter(|(_, streaks)| !streaks.is_empty()) {
            let mut stripe = stripes.lock(StripeIx::from_index(number));
            for (series, streak) in streaks.iter().enumerate() {
                streak.mark(&mut stripe, SeriesIx::from_index(series));
            }
        }
    }
}

/// Ends the runs of all threads, each with the position of its first part.
///
/// The last run goes first. Later runs may have gone past the month in which a run ends, and so have marked the end of
/// that month. In this order each streak lies before the minutes marked so far, and never in a gap between marked
/// minutes, which would make the month doubtful.
pub(super) fn end(mut runs: Vec<(usize, Streaks)>, stripes: &Stripes) {
    runs.sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
    runs.iter().for_each(|(_, streaks)| streaks.end(stripes));
}
