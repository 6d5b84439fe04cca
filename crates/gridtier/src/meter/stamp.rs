//! Finds files whose readings seem to be stamped at the end of their interval, or in UTC.
//!
//! Both put energy into another month, and break no rule. They show in the first and the last stamp of a file: readings of
//! whole days begin at midnight and do not end with it.

use std::collections::BTreeMap;

use super::plan::FileBooks;
use crate::contract::Table;
use crate::contract::declared::Stamp;
use crate::contract::rule::Rule;
use crate::source::{Part, Source, TableBook};
use crate::unit::{DAY_US, Month, Window, date_of_day, day_of_us};

const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: i64 = 1_440;
/// Lengths of intervals shorter than a day, in minutes.
const STEPS: [i64; 12] = [1, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720];
/// The minute of the day in UTC at which a day begins in China.
const CHINA_MIDNIGHT: i64 = 16 * 60;
/// Fewest days of daily readings that show something.
const DAYS_MIN: i32 = 27;

/// How stamps seem to be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    IntervalEnd,
    Utc,
}

/// The first and the last stamp of each file.
#[derive(Debug, Default)]
pub(super) struct StampRanges(BTreeMap<u32, (i64, i64)>);

impl StampRanges {
    /// Adds stamps of a file, in microseconds of local time.
    pub fn add(&mut self, file: u32, (first_us, last_us): (i64, i64)) {
        let range = self.0.entry(file).or_insert((first_us, last_us));
        *range = (range.0.min(first_us), range.1.max(last_us));
    }

    /// Adds what the files' statistics say about parts.
    pub fn add_bounds(&mut self, source: &dyn Source, parts: &[Part]) {
        for part in parts.iter().filter(|part| part.rows != Some(0)) {
            if let Some(bounds) = source.bounds(*part) {
                self.add(part.file, (bounds.first_us, bounds.last_us));
            }
        }
    }

    /// Adds the ranges that another thread has found.
    pub fn absorb(&mut self, other: Self) {
        other.0.into_iter().for_each(|(file, range)| self.add(file, range));
    }

    /// Notes the files in doubt.
    pub fn notice(&self, source: &dyn Source, window: Window, books: &mut FileBooks) {
        if source.declared().of(Table::MeterReadings).stamp == Stamp::End {
            return;
        }
        for (&file, &(first_us, last_us)) in &self.0 {
            let Some(meant) = meant(first_us, last_us, window) else { continue };
            let book = books.entry(file).or_insert_with(|| TableBook::new(Table::MeterReadings));
            book.notice(Rule::StampSuspect, 1, || {
                let (name, how) = (
                    source.file_name(Table::MeterReadings, file),
                    match meant {
                        Meant::IntervalEnd => "at the end of the interval",
                        Meant::Utc => "in UTC",
                    },
                );
                format!("{name}: from {} to {}, as if stamped {how}", shown(first_us), shown(last_us))
            });
        }
    }
}

/// How the stamps of a file seem to be meant, by the first and the last; `None` if nothing speaks against the start of the
/// interval in local time.
fn meant(first_us: i64, last_us: i64, window: Window) -> Option<Meant> {
    let [first, last] = [first_us, last_us].map(|us| us.rem_euclid(DAY_US));
    if first % MINUTE_US != 0 || last % MINUTE_US != 0 {
        return None;
    }
    let [first, last] = [first / MINUTE_US, last / MINUTE_US];
    let [first_day, last_day] = [day_of_us(first_us)?, day_of_us(last_us)?];
    let is_in_utc = |step: i64| first == CHINA_MIDNIGHT && last == CHINA_MIDNIGHT - step;
    if last_day > first_day && (is_in_utc(0) || STEPS.iter().any(|&step| is_in_utc(step))) {
        return Some(Meant::Utc);
    }
    if last != 0 {
        return None;
    }
    if first != 0 {
        return (last_day > first_day && STEPS.contains(&first) && DAY_MINUTES % first == 0)
            .then_some(Meant::IntervalEnd);
    }
    let [first_month, last_month] = [Month::of_day(first_day)?, Month::of_day(last_day)?];
    let is_daily = first_day == first_month.first_day() + 1
        && last_day == last_month.first_day()
        && last_day - first_day >= DAYS_MIN;
    // A month that begins with the window's end has not been read yet.
    let is_monthly =
        first_day == window.start().plus(1).first_day() && last_day == window.end_day() && window.months > 2;
    (is_daily || is_monthly).then_some(Meant::IntervalEnd)
}

fn shown(us: i64) -> String {
    let day = day_of_us(us).and_then(date_of_day).map_or_else(String::new, |day| day.to_string());
    let minute = us.rem_euclid(DAY_US) / MINUTE_US;
    format!("{day} {:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::meter::{ReadingDetail, read};

    fn us(day: i32, minute: i64) -> i64 {
        i64::from(day) * DAY_US + minute * MINUTE_US
    }

    #[test]
    fn the_first_and_the_last_stamp_tell_how_a_file_is_stamped() {
        let window = Window { end: Month::new(2026, 1), months: 36 };
        let day = |year, month, day: i32| Month::new(year, month).first_day() + day - 1;
        let meant =
            |first: (i32, i64), last: (i32, i64)| meant(us(first.0, first.1), us(last.0, last.1), window);
        let (new_year, february) = (day(2025, 1, 1), day(2025, 2, 1));
        let end = Some(Meant::IntervalEnd);
        assert_eq!(meant((new_year, 15), (february, 0)), end);
        assert_eq!(meant((new_year, 60), (new_year + 1, 0)), end);
        assert_eq!(meant((new_year, 0), (february - 1, 1_425)), None, "stamped at the start");
        assert_eq!(meant((new_year, 13), (february, 0)), None, "no interval has 13 minutes");
        assert_eq!(meant((new_year + 1, 0), (february, 0)), end, "days");
        assert_eq!(meant((new_year, 0), (february - 1, 0)), None);
        assert_eq!(meant((day(2023, 2, 1), 0), (day(2026, 1, 1), 0)), end, "months of the whole window");
        assert_eq!(meant((day(2023, 1, 1), 0), (day(2026, 1, 1), 0)), None);
        assert_eq!(meant((new_year - 1, 960), (february - 1, 945)), Some(Meant::Utc));
        assert_eq!(meant((new_year - 1, 960), (february - 1, 960)), Some(Meant::Utc));
        assert_eq!(meant((new_year - 1, 960), (new_year - 1, 960)), None, "one time shows nothing");
    }

    #[test]
    fn quarter_hours_stamped_at_their_end_are_noticed_unless_that_is_declared() {
        let rows: Vec<String> = (1..=96)
            .map(|at| format!("a|2024-01-0{} {:02}:{:02}|1", 1 + at / 96, at / 4 % 24, at % 4 * 15))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let mut source = MemorySource::default().customers(&["a"]);
        source = source.rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &rows);
        let found = |source: &MemorySource| {
            let mut book = TableBook::new(Table::MeterReadings);
            let window = Window { end: Month::new(2024, 7), months: 6 };
            read(source, &source.read_customers(), window, ReadingDetail::Energy, None, &mut book).unwrap();
            book.noticed.get(&Rule::StampSuspect).map(|(_, example)| example.clone())
        };
        let example = found(&source).unwrap();
        assert!(example.ends_with(
            "from 2024-01-01 00:15 to 2024-01-02 00:00, as if stamped at the end of the interval"
        ));
        let mut declared = source.declared().clone();
        declared.tables.entry(Table::MeterReadings).or_default().stamp = Stamp::End;
        assert_eq!(found(&source.declaring(declared)), None);
    }
}
