//! The period of a report, the day as of which it is known, and the window of rows that count (SERVICE §1).

use std::fmt;

use gridtier::unit::{LocalTime, Month, date_of_day};

use crate::time::Second;

/// Number of months before the period in which rows count.
const WINDOW_MONTHS: u32 = 60;

/// Most days from the first day of a period to the as-of day, about 125 years: the seconds of a window fit into 32 bits.
const RUN_DAYS_MAX: i32 = 45_656;

/// Whole months: a month, a quarter, a year, or from one month to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first month.
    pub first: Month,
    /// The last month.
    pub last: Month,
}

impl Period {
    /// Reads `2026-05`, `2026Q2`, `2026` or `2026-01..2026-06`; `None` if it is not written as one of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((first, last)) = text.split_once("..") {
            let (first, last) = (month(first)?, month(last)?);
            return (first <= last).then_some(Self { first, last });
        }
        if let Some((of, quarter)) = text.split_once('Q') {
            let quarter = quarter.parse::<u32>().ok().filter(|quarter| (1..=4).contains(quarter))?;
            let first = Month::new(year(of)?, quarter * 3 - 2);
            return Some(Self { first, last: first.plus(2) });
        }
        if let Some(month) = month(text) {
            return Some(Self { first: month, last: month });
        }
        let year = year(text)?;
        Some(Self { first: Month::new(year, 1), last: Month::new(year, 12) })
    }

    /// The first day, in days since 1970-01-01: a of SERVICE §1.
    #[must_use]
    pub fn first_day(self) -> i32 {
        self.first.first_day()
    }

    /// The day after the last: b of SERVICE §1.
    #[must_use]
    pub fn end_day(self) -> i32 {
        self.last.plus(1).first_day()
    }

    /// Number of days: D of SERVICE §1.
    #[must_use]
    pub fn days(self) -> i32 {
        self.end_day() - self.first_day()
    }

    /// Whether a time lies in the period.
    #[must_use]
    pub fn holds(self, at: Second) -> bool {
        (self.first_day()..self.end_day()).contains(&at.day())
    }

    /// The twelve months that end with the period.
    #[must_use]
    pub fn year_to_end(self) -> Self {
        Self { first: self.last.plus(-11), last: self.last }
    }

    /// The months of the period in order.
    pub fn months(self) -> impl Iterator<Item = Month> {
        (self.first.0..=self.last.0).map(Month)
    }
}

impl fmt::Display for Period {
    /// Writes the months in a form that [`Period::parse`] reads: `2026-05`, `2026-01..2026-06`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}..{}", self.first, self.last)
    }
}

fn digits(text: &str, length: usize) -> Option<&str> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn year(text: &str) -> Option<i32> {
    digits(text, 4)?.parse().ok().filter(|year| (1970..=2199).contains(year))
}

fn month(text: &str) -> Option<Month> {
    let (of, number) = text.split_once('-')?;
    let number = digits(number, 2)?.parse().ok().filter(|number| (1..=12).contains(number))?;
    Some(Month::new(year(of)?, number))
}

/// 00:00 of an as-of day: a row that was recorded later is not known yet (SERVICE §1).
#[must_use]
pub fn known_at(as_of: i32) -> LocalTime {
    LocalTime { us: Second::of_day(as_of).seconds() * 1_000_000 }
}

/// The period of a run and the day as of which everything is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The period.
    pub period: Period,
    /// The as-of day, in days since 1970-01-01: what is known at its 00:00. Later than the period's first day.
    pub as_of: i32,
}

impl Run {
    /// A run as of a day, or of the period's end if none is given; `None` if the day is not after the period's first, or
    /// more than 125 years after it.
    #[must_use]
    pub fn new(period: Period, as_of: Option<i32>) -> Option<Self> {
        let as_of = as_of.unwrap_or_else(|| period.end_day());
        let days = as_of.saturating_sub(period.first_day());
        (1..=RUN_DAYS_MAX).contains(&days).then_some(Self { period, as_of })
    }

    /// The instant up to which rows are known, by the time at which they were recorded.
    #[must_use]
    pub fn known_as_of(self) -> LocalTime {
        known_at(self.as_of)
    }

    /// 00:00 of the as-of day: a time at or after it has not happened.
    #[must_use]
    pub fn now(self) -> Second {
        Second::of_day(self.as_of)
    }

    /// The days [first, end) in which the placing time of a row must lie: 60 months before the period, up to the as-of
    /// day.
    #[must_use]
    pub fn window(self) -> std::ops::Range<i32> {
        self.period.first.plus(-WINDOW_MONTHS.cast_signed()).first_day()..self.as_of
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match date_of_day(self.as_of) {
            Some(day) => write!(f, "{} as of {day}", self.period),
            None => write!(f, "{}", self.period),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_months_quarters_years_and_ranges() {
        for (text, first, last, days) in [
            ("2026-05", "2026-05", "2026-05", 31),
            ("2026Q2", "2026-04", "2026-06", 91),
            ("2024", "2024-01", "2024-12", 366),
            ("2026-01..2026-06", "2026-01", "2026-06", 181),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!(
                (period.first.to_string(), period.last.to_string()),
                (first.to_owned(), last.to_owned())
            );
            assert_eq!(period.days(), days, "{text}");
        }
        for text in ["2026-13", "2026Q5", "26", "2026-5", "2026-06..2026-01", "", "2026-00", "May 2026"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_run_is_as_of_the_end_of_its_period_unless_another_later_day_is_given() {
        let may = Period::parse("2026-05").unwrap();
        assert_eq!(Run::new(may, None).unwrap().as_of, may.end_day());
        assert_eq!(Run::new(may, Some(may.first_day())), None);
        assert_eq!(Run::new(may, Some(may.first_day() + 45_657)), None);
        assert_eq!(Run::new(Period::parse("1970-01..2190-12").unwrap(), None), None);
        let run = Run::new(may, Some(may.first_day() + 1)).unwrap();
        assert_eq!(run.window(), Month::new(2021, 5).first_day()..may.first_day() + 1);
    }
}
