//! Intervals of several days, and their energy by month.
//!
//! Energy that was read over several months belongs to each of them in proportion to its days.

use crate::unit::{DAY_US, Month, share_of_days};

/// The days of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    /// The first day, in days since 1970-01-01.
    pub first_day: i32,
    /// The number of days, at least one.
    pub days: i32,
}

/// The days of an interval in one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDays {
    /// The month.
    pub month: Month,
    /// The number of the interval's days in the month.
    pub days: i32,
    /// The number of the interval's days up to the end of the month.
    pub days_through: i32,
}

impl DaySpan {
    /// The days from the day of one time up to, but not including, the day of a later time; at least one. Times are in
    /// microseconds since 1970-01-01.
    #[must_use]
    pub fn between(from_us: i64, until_us: i64) -> Self {
        let [first, end] = [from_us, until_us].map(|us| us.div_euclid(DAY_US));
        Self {
            first_day: i32::try_from(first).unwrap_or(i32::MAX),
            days: i32::try_from((end - first).max(1)).unwrap_or(i32::MAX),
        }
    }

    /// The months from `first` to before `end` that contain some of the days, in order.
    pub fn months(self, first: Month, end: Month) -> impl Iterator<Item = MonthDays> {
        let last_day = i64::from(self.first_day) + i64::from(self.days) - 1;
        let [begins, ends] =
            [i64::from(self.first_day), last_day].map(|day| i32::try_from(day).ok().and_then(Month::of_day));
        // A day beyond the calendar lies after any window.
        let begins = begins.unwrap_or(end).max(first);
        let ends = ends.map_or(end, |month| month.plus(1)).min(end);
        (begins.0..ends.0).map(Month).map(move |month| {
            let [before, through] =
                [month, month.plus(1)].map(|month| i64::from(month.first_day()) - i64::from(self.first_day));
            let all = i64::from(self.days);
            let [before, through] = [before, through].map(|days| days.clamp(0, all) as i32);
            MonthDays { month, days: through - before, days_through: through }
        })
    }

    /// The part of an energy of either sign that belongs to a month (DATA §2). The parts of all months add up to the
    /// energy.
    #[must_use]
    pub fn share(self, of: MonthDays, energy: i64) -> i64 {
        share_of_days(energy, self.days, of.days_through - of.days, of.days_through)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = DAY_US;

    fn day(year: i32, month: u32, day: i32) -> i64 {
        (i64::from(Month::new(year, month).first_day()) + i64::from(day) - 1) * DAY
    }

    fn shares(span: DaySpan, energy: i64) -> Vec<(String, i32, i64)> {
        let (first, end) = (Month::new(1970, 1), Month::new(2200, 1));
        span.months(first, end).map(|of| (of.month.to_string(), of.days, span.share(of, energy))).collect()
    }

    #[test]
    fn energy_is_shared_by_the_days_in_each_month() {
        let span = DaySpan::between(day(2025, 1, 21), day(2025, 3, 2));
        let expected = |sign: i64| {
            [("2025-01", 11, 275), ("2025-02", 28, 700), ("2025-03", 1, 25)]
                .map(|(month, days, wh)| (month.to_owned(), days, wh * sign))
        };
        assert_eq!(shares(span, 1_000), expected(1));
        assert_eq!(shares(span, -1_000), expected(-1));
        // Running shares of 10 × 11 div 40, 10 × 39 div 40 and 10 give these differences.
        assert_eq!(shares(span, 10).iter().map(|share| share.2).collect::<Vec<_>>(), [2, 7, 1]);
    }

    #[test]
    fn hours_across_midnight_are_one_day_of_the_month_in_which_they_begin() {
        let span = DaySpan::between(day(2025, 1, 31) + DAY - 1, day(2025, 2, 1) + 1);
        assert_eq!(shares(span, 7), [("2025-01".to_owned(), 1, 7)]);
        let until_noon = DaySpan::between(day(2025, 1, 30), day(2025, 2, 1) + DAY / 2);
        assert_eq!(shares(until_noon, 7), [("2025-01".to_owned(), 2, 7)]);
    }

    #[test]
    fn months_outside_the_requested_range_are_left_out() {
        let span = DaySpan::between(day(2024, 2, 1), day(2024, 5, 1));
        assert_eq!(span.days, 29 + 31 + 30);
        let inside = span.months(Month::new(2024, 3), Month::new(2024, 4));
        assert_eq!(inside.map(|of| (of.days, of.days_through)).collect::<Vec<_>>(), [(31, 60)]);
        assert_eq!(span.months(Month::new(2024, 5), Month::new(2024, 9)).count(), 0);
        assert_eq!(span.months(Month::new(2023, 5), Month::new(2024, 2)).count(), 0);
    }

    proptest! {
        #[test]
        fn the_shares_add_up_to_the_energy(first in 0i64..70_000, days in 0i64..9_000, energy in any::<i64>()) {
            prop_assume!(energy != i64::MIN);
            let span = DaySpan::between(first * DAY + 5, (first + days) * DAY + 7);
            let shares = shares(span, energy);
            prop_assert_eq!(shares.iter().map(|share| share.2).sum::<i64>(), energy);
            prop_assert_eq!(shares.iter().map(|share| i64::from(share.1)).sum::<i64>(), days.max(1));
        }
    }
}
