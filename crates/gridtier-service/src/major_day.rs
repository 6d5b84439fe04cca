//! Major event days: days with so much interruption that figures are also given without them. The 2.5 beta method
//! finds them (SERVICE §4).

use std::collections::BTreeMap;

use gridtier::index::float;

use crate::estimate::quotient;
use crate::period::Period;

/// Minimum number of days with interruptions before the period. With fewer, there is no threshold.
const FEWEST_DAYS: usize = 30;

/// Minimum number of days from the first of these days to the period.
const HISTORY_DAYS: i32 = 365;

/// Number of standard deviations by which the threshold lies above the mean of the logarithms.
const BETAS: f64 = 2.5;

/// A day that exceeds the threshold by less than this share of it is not a major day. If all days are equal, rounding
/// of the logarithms alone can cause such an excess.
const ROUNDING: f64 = 1e-12;

/// The major event days of a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MajorDays {
    /// The threshold in minutes per customer; `None` if too little is known.
    pub t_med_min: Option<f64>,
    /// The days of the period above the threshold, in days since 1970-01-01, ascending.
    pub days: Vec<i32>,
}

impl MajorDays {
    /// T = exp(α + 2.5β), with mean α and deviation β (n − 1) of ln SAIDI over the days before the period on which
    /// customers were interrupted, and the period's days above T (IEEE 1366: J. McDaniel, IEEE working group on
    /// distribution reliability, 2012).
    ///
    /// `sustained_seconds` has Σ seconds of the sustained interruptions by day of start; a day's SAIDI is
    /// Σs·D/(60·customer-days) with the days and the customer-days of the period. There is no threshold and no major
    /// day if there are fewer than 30 such days, if the first is less than 365 days before the period, or if there
    /// are no customers.
    #[must_use]
    pub fn of(sustained_seconds: &BTreeMap<i32, i64>, period: Period, customer_days: i64) -> Self {
        let saidi_min = |seconds: i64| {
            let dividend = i128::from(seconds) * i128::from(period.days());
            quotient(dividend, 60 * i128::from(customer_days))
        };
        let history = sustained_seconds.range(..period.first_day());
        let Some(logarithms) =
            history.clone().map(|(_, &seconds)| saidi_min(seconds).map(libm::log)).collect()
        else {
            return Self::default();
        };
        let logarithms: Vec<f64> = logarithms;
        let first = history.map(|(&day, _)| day).next();
        let is_known = first.is_some_and(|first| period.first_day() - first >= HISTORY_DAYS);
        if !is_known || logarithms.len() < FEWEST_DAYS {
            return Self::default();
        }
        let n = float(logarithms.len());
        let mean = logarithms.iter().sum::<f64>() / n;
        let squares: f64 = logarithms.iter().map(|logarithm| (logarithm - mean) * (logarithm - mean)).sum();
        let t_med_min = libm::exp(mean + BETAS * (squares / (n - 1.0)).sqrt());
        let in_period = sustained_seconds.range(period.first_day()..period.end_day());
        let above = in_period.filter(|&(_, &seconds)| {
            saidi_min(seconds).is_some_and(|saidi| saidi > t_med_min * (1.0 + ROUNDING))
        });
        Self { t_med_min: Some(t_med_min), days: above.map(|(&day, _)| day).collect() }
    }

    /// Whether a day is a major event day.
    #[must_use]
    pub fn holds(&self, day: i32) -> bool {
        self.days.binary_search(&day).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{day, may_2026};

    /// Customer-days of vector 9.
    const CUSTOMER_DAYS: i64 = 108;

    /// Days of vector 10: every tenth from 400 days before the period on.
    fn history(days: i32) -> BTreeMap<i32, i64> {
        let first = may_2026().period.first_day() - 10 * days;
        (0..days).map(|k| (first + 10 * k, 60 * 10 * (1 << (k % 4)))).collect()
    }

    fn major(seconds: &BTreeMap<i32, i64>) -> MajorDays {
        MajorDays::of(seconds, may_2026().period, CUSTOMER_DAYS)
    }

    #[test]
    fn vector_10_the_threshold_of_forty_days_and_the_day_above_it() {
        let mut seconds = history(40);
        seconds.extend([(day("2026-05-03"), 600 * 60), (day("2026-05-04"), 100 * 60)]);
        let major = major(&seconds);
        assert!((major.t_med_min.unwrap() - 57.757_224).abs() < 5e-7, "{major:?}");
        assert_eq!(major.days, [day("2026-05-03")]);
        assert!(major.holds(day("2026-05-03")) && !major.holds(day("2026-05-04")));
    }

    #[test]
    fn there_is_no_threshold_with_29_days_or_less_than_a_year_of_history() {
        assert_eq!(major(&history(36)), MajorDays::default());
        let first = may_2026().period.first_day() - 365;
        let days =
            |n: i32, first: i32| (0..n).map(|k| (first + k, 600 << (k % 3))).collect::<BTreeMap<_, _>>();
        assert!(major(&days(30, first)).t_med_min.is_some());
        assert_eq!(major(&days(29, first)), MajorDays::default());
        assert_eq!(major(&days(30, first + 1)), MajorDays::default());
    }

    #[test]
    fn there_is_no_threshold_without_customers() {
        assert_eq!(MajorDays::of(&history(40), may_2026().period, 0), MajorDays::default());
    }

    #[test]
    fn a_day_like_all_days_before_is_not_a_major_day() {
        for seconds in [301, 777, 86_399] {
            let first = may_2026().period.first_day() - 400;
            let mut days: BTreeMap<i32, i64> = (0..40).map(|k| (first + k, seconds)).collect();
            days.insert(day("2026-05-03"), seconds);
            days.insert(day("2026-05-04"), seconds + 1);
            assert_eq!(major(&days).days, [day("2026-05-04")], "{seconds}");
        }
    }

    #[test]
    fn days_after_the_period_are_none_of_its_major_days() {
        let mut seconds = history(40);
        seconds.insert(day("2026-06-01"), 600 * 60);
        assert!(major(&seconds).days.is_empty());
    }
}
