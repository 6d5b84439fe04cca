//! Days, months, windows, and the rounding of numbers to exact integers.
//!
//! Every fact is an integer, so that a sum does not depend on the order of its terms. This module defines how a double
//! or a share is rounded to an integer, and to which month a day belongs.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::index::{float_i64, index};

/// Microseconds in a day.
pub const DAY_US: i64 = 86_400_000_000;

/// The number of 1970-01-01 in chrono's count of days, in which 0001-01-01 is day 1.
const EPOCH_DAYS_CE: i32 = 719_163;

/// Days of a year that is not a leap year before each of its months.
const DAYS_BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Days from 1600-03-01 to 1970-01-01.
const MARCH_1600_TO_EPOCH: i32 = 135_080;
/// Days of 400 years.
const CYCLE_DAYS: u32 = 146_097;
/// Days of 1,200 years.
const DAYS_1600_TO_2800: u32 = 3 * CYCLE_DAYS;

/// A calendar month, counted from January 1970 = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Month(pub i32);

impl Month {
    /// The month of a year and a month number 1 to 12.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Self {
        Self((year - 1970) * 12 + month.cast_signed() - 1)
    }

    /// The month that holds `day` (days since 1970-01-01), or `None` beyond the calendar's range.
    #[must_use]
    pub fn of_day(day: i32) -> Option<Self> {
        // Bills are placed by the million, so a day near ours needs no date. Years begin in March here, so that a leap day is
        // the last of its year, and are counted from 1600, where a cycle of 400 years begins.
        if let Ok(day @ 0..DAYS_1600_TO_2800) = u32::try_from(day.saturating_add(MARCH_1600_TO_EPOCH)) {
            let (cycle, in_cycle) = (day / CYCLE_DAYS, day % CYCLE_DAYS);
            let year = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
            let in_year = in_cycle - (365 * year + year / 4 - year / 100);
            // The lengths of the months from March on repeat every five months of 153 days.
            let months = (1_600 + 400 * cycle + year) * 12 + (5 * in_year + 2) / 153 + 2;
            return Some(Self(months.cast_signed() - 1_970 * 12));
        }
        let date = date_of_day(day)?;
        Some(Self::new(date.year(), date.month()))
    }

    /// The month that holds a time in microseconds since 1970-01-01, or `None` beyond the calendar's range.
    #[must_use]
    pub fn of_us(time_us: i64) -> Option<Self> {
        Self::of_day(day_of_us(time_us)?)
    }

    /// The month's last day, in days since 1970-01-01.
    #[must_use]
    pub fn last_day(self) -> i32 {
        self.plus(1).first_day() - 1
    }

    /// The month's first day, in days since 1970-01-01.
    #[must_use]
    pub fn first_day(self) -> i32 {
        // Rows are placed in periods by the million, so this counts days without making a date.
        let (year, month) = (i64::from(self.year()), index(self.number()) - 1);
        let before = year - 1;
        let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
        let is_leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
        let in_year = DAYS_BEFORE[month] + i64::from(is_leap && month > 1);
        let days = 365 * before + leap_days + in_year - i64::from(EPOCH_DAYS_CE - 1);
        i32::try_from(days).unwrap_or(0)
    }

    /// Number of days in the month.
    #[must_use]
    pub fn days(self) -> i32 {
        self.plus(1).first_day() - self.first_day()
    }

    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i32 {
        1970 + self.0.div_euclid(12)
    }

    /// The month number, 1 to 12.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.rem_euclid(12).cast_unsigned() + 1
    }

    /// The month `months` later (earlier if negative).
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_month(&text).ok_or_else(|| format!("`{text}` is not a month such as 2025-01"))
    }
}

/// A month written `2025-01`.
fn parse_month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then(|| Month::new(year, month))
}

/// The date of a day number, or `None` beyond the calendar's range.
#[must_use]
pub fn date_of_day(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(EPOCH_DAYS_CE)?)
}

/// The day that holds a time in microseconds since 1970-01-01, or `None` beyond the calendar's range.
#[must_use]
pub fn day_of_us(time_us: i64) -> Option<i32> {
    i32::try_from(time_us.div_euclid(DAY_US)).ok()
}

/// The day number (days since 1970-01-01) of a date.
#[must_use]
pub fn day_of_date(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_DAYS_CE
}

/// A local time of the utility in microseconds since 1970-01-01, such as the instant up to which rows are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// Microseconds since 1970-01-01 00:00 local time.
    pub us: i64,
}

/// Written as in `2026-01-01T08:30:00`.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_micros(self.us) {
            Some(time) => write!(f, "{}", time.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f")),
            None => write!(f, "{} µs", self.us),
        }
    }
}

/// A grading window `[start, end)` of whole months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First month after the window; its first day is the `--as-of` date.
    pub end: Month,
    /// Length in months.
    pub months: u32,
}

impl Window {
    /// All months that a reading may have (1970 to 2199): the window of `check` without `--as-of`.
    #[must_use]
    pub fn everything() -> Self {
        Self { end: Month::new(2200, 1), months: 230 * 12 }
    }

    /// First month of the window.
    #[must_use]
    pub fn start(self) -> Month {
        self.end.plus(-self.months.cast_signed())
    }

    /// The position of `month` in the window, 0 being the first month.
    #[must_use]
    pub fn index(self, month: Month) -> Option<usize> {
        let position = u32::try_from(month.0 - self.start().0).ok()?;
        (position < self.months).then_some(index(position))
    }

    /// The month at a position in the window.
    ///
    /// # Panics
    /// The position does not fit an `i32`.
    #[must_use]
    pub fn month(self, position: usize) -> Month {
        self.start().plus(i32::try_from(position).expect("windows are shorter than 2^31 months"))
    }

    /// Whether a day, counted from 1970-01-01, lies in the window.
    #[must_use]
    pub fn holds_day(self, day: i32) -> bool {
        (self.start().first_day()..self.end_day()).contains(&day)
    }

    /// First day after the window, in days since 1970-01-01.
    #[must_use]
    pub fn end_day(self) -> i32 {
        self.end.first_day()
    }
}

/// `round(x)` half away from zero, as an integer. It equals [`f64::round`] for every |x| < 2^63, but is written out,
/// because a baseline x86-64 build calls a library function for [`f64::round`] on each row.
#[inline]
#[must_use]
pub fn round_half_away(x: f64) -> i64 {
    let whole = x as i64;
    let rest = x - float_i64(whole);
    if rest >= 0.5 {
        whole + 1
    } else if rest <= -0.5 {
        whole - 1
    } else {
        whole
    }
}

/// The share a/b of non-negative integers in 10⁻⁶, rounded half up: (2·10⁶·a + b) div 2b. `b` must be positive.
#[must_use]
pub fn share_e6(a: i64, b: i64) -> i64 {
    debug_assert!(a >= 0 && b > 0);
    let (a, b) = (i128::from(a), i128::from(b));
    ((2_000_000 * a + b) / (2 * b)) as i64
}

/// The part of a quantity that falls on some days of its interval of `all_days`: the days after the first `before` up
/// to the first `through`. Parts of neighbouring days add up to the quantity exactly, whatever its sign: each
/// cumulative part is |quantity| × days div `all_days`, with the sign put back (DATA, section 2).
#[must_use]
pub fn share_of_days(quantity: i64, all_days: i32, before: i32, through: i32) -> i64 {
    debug_assert!(all_days > 0 && 0 <= before && before <= through && through <= all_days);
    let until = |days: i32| {
        let product = u128::from(quantity.unsigned_abs()) * u128::from(days.unsigned_abs());
        (product / u128::from(all_days.unsigned_abs())) as i64
    };
    quantity.signum() * (until(through) - until(before))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_month_of_a_day_is_that_of_its_date() {
        let near = -140_000..310_000;
        let far = [i32::MIN, -100_000_000, -140_000, 303_211, 303_212, 100_000_000, i32::MAX];
        for day in near.chain(far) {
            let date = date_of_day(day).map(|date| Month::new(date.year(), date.month()));
            assert_eq!(Month::of_day(day), date, "{day}");
        }
    }

    #[test]
    fn months_count_from_january_1970() {
        assert_eq!(Month::new(1970, 1).0, 0);
        assert_eq!(Month::new(2025, 12).plus(1), Month::new(2026, 1));
        assert_eq!(Month::new(2026, 1).to_string(), "2026-01");
        assert_eq!(Month::of_day(-1), Some(Month::new(1969, 12)));
        assert_eq!(Month::new(2024, 3).first_day() - Month::new(2024, 2).first_day(), 29);
    }

    #[test]
    fn the_first_days_of_months_are_those_of_the_calendar() {
        for year in 1..=9_999 {
            for month in 1..=12 {
                let date = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
                assert_eq!(Month::new(year, month).first_day(), day_of_date(date), "{date}");
            }
        }
    }

    #[test]
    fn a_window_includes_its_first_month_and_excludes_its_end() {
        let window = Window { end: Month::new(2026, 1), months: 36 };
        assert_eq!(window.index(Month::new(2023, 1)), Some(0));
        assert_eq!(window.index(Month::new(2025, 12)), Some(35));
        assert_eq!(window.index(Month::new(2026, 1)), None);
        assert_eq!(window.index(Month::new(2022, 12)), None);
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (x, rounded) in
            [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (0.499_999_999_999_999_94, 0), (-2.5, -3)]
        {
            assert_eq!(round_half_away(x), rounded, "{x}");
        }
    }

    #[test]
    fn shares_round_half_up_in_millionths() {
        assert_eq!(share_e6(1, 3), 333_333);
        assert_eq!(share_e6(2, 3), 666_667);
        assert_eq!(share_e6(1, 2_000_000), 1);
        assert_eq!(share_e6(0, 7), 0);
    }

    #[test]
    fn shares_of_days_add_up_with_either_sign() {
        let parts = |quantity| {
            [(0, 31), (31, 59), (59, 90)]
                .map(|(before, through)| share_of_days(quantity, 90, before, through))
        };
        assert_eq!(parts(1_000), [344, 311, 345]);
        assert_eq!(parts(-1_000), [-344, -311, -345]);
        assert_eq!(parts(i64::MAX).iter().sum::<i64>(), i64::MAX);
        assert_eq!(parts(0), [0; 3]);
    }

    proptest! {
        #[test]
        fn rounding_equals_the_standard_library(x in -1e15f64..1e15) {
            prop_assert_eq!(round_half_away(x), x.round() as i64);
        }
    }
}
