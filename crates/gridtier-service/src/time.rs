//! Local times in whole seconds, spans of time, and working days (SERVICE §1).

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;

use chrono::{Datelike, Months, Weekday};
use gridtier::contract::DayKind;
use gridtier::unit::{date_of_day, day_of_date};

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

/// Added to the seconds, so that no stored time is 0. `Option` then stores `None` as 0, without further space.
const BIAS: i64 = 1 << 50;

/// A local time, in whole seconds since 1970-01-01 00:00. `Option<Second>` has eight bytes too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(NonZero<i64>);

impl Second {
    /// The time that many seconds after 1970-01-01 00:00.
    ///
    /// # Panics
    /// More than 35 million years from 1970.
    #[must_use]
    pub fn new(seconds: i64) -> Self {
        Self(NonZero::new(seconds + BIAS).expect("a time within 35 million years of 1970"))
    }

    /// The whole second that contains a time in microseconds.
    #[must_use]
    pub fn of_us(time_us: i64) -> Self {
        Self::new(time_us.div_euclid(1_000_000))
    }

    /// 00:00 of a day, in days since 1970-01-01.
    #[must_use]
    pub fn of_day(day: i32) -> Self {
        Self::new(i64::from(day) * DAY_S)
    }

    /// 23:59:59 of a day, in days since 1970-01-01.
    #[must_use]
    pub fn last_of_day(day: i32) -> Self {
        Self::new(i64::from(day) * DAY_S + DAY_S - 1)
    }

    /// Seconds since 1970-01-01 00:00.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.get() - BIAS
    }

    /// The day, in days since 1970-01-01.
    #[must_use]
    pub fn day(self) -> i32 {
        i32::try_from(self.seconds().div_euclid(DAY_S)).unwrap_or(i32::MAX)
    }

    /// The time that many seconds later, or earlier if negative.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self::new(self.seconds() + seconds)
    }

    /// Seconds from `earlier` to this time.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.seconds() - earlier.seconds()
    }
}

impl fmt::Display for Second {
    /// `2026-05-31 23:00:00`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.seconds().rem_euclid(DAY_S);
        match date_of_day(self.day()) {
            Some(date) => {
                write!(f, "{date} {:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
            }
            None => write!(f, "{} s after 1970-01-01", self.seconds()),
        }
    }
}

impl fmt::Debug for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which days are working days: Monday to Friday, as changed by the table `calendar`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkCalendar {
    /// The changed days, in days since 1970-01-01.
    pub changes: BTreeMap<i32, DayKind>,
}

impl WorkCalendar {
    /// Whether a day, in days since 1970-01-01, is a working day.
    #[must_use]
    pub fn is_working(&self, day: i32) -> bool {
        match self.changes.get(&day) {
            Some(kind) => *kind == DayKind::Workday,
            None => !matches!(date_of_day(day).map(|date| date.weekday()), Some(Weekday::Sat | Weekday::Sun)),
        }
    }

    /// The nth working day after a day. The day itself does not count.
    fn working_day_after(&self, day: i32, n: u32) -> i32 {
        let mut left = n;
        let mut last = day;
        while left > 0 {
            last += 1;
            left -= u32::from(self.is_working(last));
        }
        last
    }
}

/// A length of time as policies write it: `30 min`, `24 h`, `3 d`, `6 mo`, `5 wd`. At least one of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// `n min`: minutes.
    Minutes(u32),
    /// `n h`: hours.
    Hours(u32),
    /// `n d`: until the last second of the nth day after.
    Days(u32),
    /// `n mo`: until the last second of the same day n months on, or of that month's last day.
    Months(u32),
    /// `n wd`: until the last second of the nth working day after.
    WorkingDays(u32),
}

impl Span {
    /// The longest span of each unit: ten years or more, far longer than any sensible policy has.
    pub const MAX: u32 = 100_000;

    /// Reads a span; `None` if it is not written as one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.trim().split_once(' ')?;
        let n = number.parse().ok().filter(|n| (1..=Self::MAX).contains(n))?;
        Some(match unit.trim_start() {
            "min" => Self::Minutes(n),
            "h" => Self::Hours(n),
            "d" => Self::Days(n),
            "mo" => Self::Months(n),
            "wd" => Self::WorkingDays(n),
            _ => return None,
        })
    }

    /// The end of the span after `t`: an act at or before it is on time. The first day does not count and the last ends
    /// at 24:00 (Civil Code of China, Articles 201 to 203). Unlike Article 203, days and months do not roll past
    /// holidays.
    #[must_use]
    pub fn after(self, t: Second, calendar: &WorkCalendar) -> Second {
        match self {
            Self::Minutes(n) => t.plus(i64::from(n) * 60),
            Self::Hours(n) => t.plus(i64::from(n) * 3_600),
            Self::Days(n) => Second::last_of_day(t.day() + n.cast_signed()),
            Self::Months(n) => Second::last_of_day(months_on(t.day(), n)),
            Self::WorkingDays(n) => Second::last_of_day(calendar.working_day_after(t.day(), n)),
        }
    }

    /// The latest time that lies the span before `t`. `None` if the span is not in hours or days.
    #[must_use]
    pub fn ahead(self, t: Second) -> Option<Second> {
        match self {
            Self::Hours(n) => Some(t.plus(-i64::from(n) * 3_600)),
            Self::Days(n) => Some(Second::last_of_day(t.day() - n.cast_signed())),
            Self::Minutes(_) | Self::Months(_) | Self::WorkingDays(_) => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) => write!(f, "{n} min"),
            Self::Hours(n) => write!(f, "{n} h"),
            Self::Days(n) => write!(f, "{n} d"),
            Self::Months(n) => write!(f, "{n} mo"),
            Self::WorkingDays(n) => write!(f, "{n} wd"),
        }
    }
}

/// The same day `months` later, or that month's last day.
#[must_use]
pub fn months_on(day: i32, months: u32) -> i32 {
    let later = date_of_day(day).and_then(|date| date.checked_add_months(Months::new(months)));
    later.map_or(i32::MAX, day_of_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        day_of_date(text.parse().unwrap())
    }

    fn at(text: &str) -> Second {
        let (date, time) = text.split_once(' ').unwrap();
        let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
        Second::of_day(day(date)).plus(parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0))
    }

    fn span(text: &str) -> Span {
        Span::parse(text).unwrap()
    }

    fn may_2026() -> WorkCalendar {
        let holidays = ["2026-05-01", "2026-05-04", "2026-05-05"].map(|text| (day(text), DayKind::Holiday));
        let changes = holidays.into_iter().chain([(day("2026-05-09"), DayKind::Workday)]).collect();
        WorkCalendar { changes }
    }

    #[test]
    fn vectors_1_and_2_working_days_follow_the_moved_days_of_a_chinese_calendar() {
        let calendar = may_2026();
        assert_eq!(span("5 wd").after(at("2026-04-29 16:20"), &calendar), at("2026-05-09 23:59:59"));
        assert_eq!(span("1 wd").after(at("2026-05-08 09:00"), &calendar), at("2026-05-09 23:59:59"));
    }

    #[test]
    fn vectors_3_and_4_days_and_months_end_with_the_last_second_of_their_last_day() {
        let calendar = WorkCalendar::default();
        assert_eq!(span("3 d").after(at("2026-02-26 08:00"), &calendar), at("2026-03-01 23:59:59"));
        assert_eq!(span("3 mo").after(at("2025-11-30 00:00"), &calendar), at("2026-02-28 23:59:59"));
    }

    #[test]
    fn vector_5_ahead_of_a_time_a_day_ends_with_its_last_second_and_hours_are_exact() {
        assert_eq!(span("7 d").ahead(at("2026-06-20 08:00")), Some(at("2026-06-13 23:59:59")));
        assert_eq!(span("24 h").ahead(at("2026-06-20 08:00")), Some(at("2026-06-19 08:00:00")));
        assert_eq!(span("5 wd").ahead(at("2026-06-20 08:00")), None);
    }

    #[test]
    fn a_span_of_nothing_or_of_an_unknown_unit_is_none() {
        for text in ["0 h", "h", "3", "3 weeks", "-1 d", "1.5 h", ""] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_empty_time_takes_no_space_of_its_own() {
        assert_eq!(size_of::<Option<Second>>(), 8);
        assert_eq!(Second::new(-1).day(), -1);
        assert_eq!(Second::of_us(-1), Second::new(-1));
    }
}
