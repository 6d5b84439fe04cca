//! Readings by the minute, proved to be different by their order.
//!
//! A bit for each minute would cost kilobytes for each customer and month. But files come in the order of time: as long
//! as each reading of a series is later than the one before, none is a repetition. A thread follows each series along its
//! run of parts; where a month ends, the streak of minutes is laid beside those of other threads. Whatever is out of
//! order is doubted, and read again.

use super::calendar::Place;
use super::stripe::{Stripe, Stripes};

/// Readings of a series in strict order within one month.
#[derive(Clone, Copy, Debug, Default)]
struct Streak {
    month: u16,
    first: u16,
    last: u16,
    is_on: bool,
}

/// One thread's streaks along a run of parts, by stripe and series.
#[derive(Debug, Default)]
pub(super) struct Streaks(Vec<Vec<Streak>>);

impl Streaks {
    /// Follows a series by one reading.
    #[inline]
    pub fn follow(&mut self, stripe: &mut Stripe, number: u32, series: u32, place: Place) {
        let (number, series_at) = (number as usize, series as usize);
        if number >= self.0.len() {
            self.0.resize(number + 1, Vec::new());
        }
        let streaks = &mut self.0[number];
        if series_at >= streaks.len() {
            streaks.resize((series_at + 1).max(stripe.series_count()), Streak::default());
        }
        let streak = &mut streaks[series_at];
        if streak.is_on && streak.month == place.month() {
            if place.slot() > streak.last {
                streak.last = place.slot();
            } else {
                stripe.marks(place.month(), series).doubt();
            }
            return;
        }
        if streak.is_on {
            stripe.marks(streak.month, series).minutes(streak.first, streak.last);
        }
        *streak = Streak { month: place.month(), first: place.slot(), last: place.slot(), is_on: true };
    }

    /// Lays down the last streak of each series.
    fn end(&self, stripes: &Stripes) {
        for (number, streaks) in self.0.iter().enumerate().filter(|(_, streaks)| !streaks.is_empty()) {
            let mut stripe = stripes.lock(number as u32);
            for (series, streak) in streaks.iter().enumerate().filter(|(_, streak)| streak.is_on) {
                stripe.marks(streak.month, series as u32).minutes(streak.first, streak.last);
            }
        }
    }
}

/// Ends the runs of all threads, by the place of their first part. In the month in which one run ends and the next
/// begins, the next has been laid down: going backwards leaves no gaps, which would be doubted.
pub(super) fn end(mut runs: Vec<(usize, Streaks)>, stripes: &Stripes) {
    runs.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
    runs.iter().for_each(|(_, streaks)| streaks.end(stripes));
}
