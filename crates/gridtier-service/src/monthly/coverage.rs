//! Whether the log has as many rows of the period as one would expect: a month that looks better because rows are
//! missing must not be called better.

use std::collections::BTreeMap;

use gridtier::contract::Table;

use crate::interruption::Interruptions;
use crate::log::Log;
use crate::period::{Period, Run};

gridtier::words! {
    /// Why a table may lack rows of the period.
    CoverageDoubt "doubt about rows" {
        /// It has none, though there were some in a month that it is compared with.
        NoRows "no_rows" "no rows in the period" "本期无记录",
        /// It has less than half as many as last month.
        FewRows "few_rows" "less than half as many rows as last month" "记录数不足上月一半",
        /// It has none in the last quarter of the period, though last month had.
        EndsEarly "ends_early" "no rows in the last quarter of the period" "期末四分之一时段无记录",
        /// The as-of day is before the end of the period.
        NotOver "not_over" "the period is not over" "本期尚未结束",
    }
}

/// How many rows of a table lie in a period, by their placing time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodRows {
    /// Number of rows.
    pub rows: i64,
    /// The last day of a row, in days since 1970-01-01; `None` without rows.
    pub last_day: Option<i32>,
}

impl PeriodRows {
    fn count(&mut self, day: i32, period: Period) {
        if (period.first_day()..period.end_day()).contains(&day) {
            self.rows += 1;
            self.last_day = self.last_day.max(Some(day));
        }
    }

    /// Whether no row lies in the last quarter of the period.
    fn ends_early(self, period: Period) -> bool {
        self.last_day.is_some_and(|day| 4 * (period.end_day() - 1 - day) >= period.days())
    }
}

/// The rows of a table in the period and the ones it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCoverage {
    /// The table.
    pub table: Table,
    /// Whether the log has the table.
    pub present: bool,
    /// In the period.
    pub now: PeriodRows,
    /// In the period before it.
    pub before: PeriodRows,
    /// In the same period a year earlier.
    pub year_ago: PeriodRows,
    /// Why rows may be missing.
    pub doubt: Option<CoverageDoubt>,
}

/// The tables of the log that are counted, in the order of their names' bytes.
const COUNTED: [Table; 6] = [
    Table::Checks,
    Table::Contacts,
    Table::Corrections,
    Table::Deliveries,
    Table::Interruptions,
    Table::Outages,
];

/// Counts the rows of each table.
#[must_use]
pub fn coverage(
    log: &Log,
    interruptions: Option<&Interruptions>,
    now: Run,
    before: Run,
    year_ago: Run,
) -> Vec<LogCoverage> {
    let periods = [now.period, before.period, year_ago.period];
    COUNTED.map(|table| of_table((log, interruptions), table, now, periods)).to_vec()
}

fn of_table(
    (log, interruptions): (&Log, Option<&Interruptions>),
    table: Table,
    run: Run,
    periods: [Period; 3],
) -> LogCoverage {
    let counts = match table {
        Table::Outages => log.outages.as_ref().map(|rows| counts(rows, periods, |row| row.started_at.day())),
        Table::Interruptions => {
            interruptions.map(|rows| periods.map(|period| counted_days(&rows.rows_by_day, period)))
        }
        Table::Deliveries => {
            log.deliveries.as_ref().map(|rows| counts(rows, periods, |row| row.created_at.day()))
        }
        Table::Contacts => {
            log.contacts.as_ref().map(|rows| counts(rows, periods, |row| row.received_at.day()))
        }
        Table::Checks => log.checks.as_ref().map(|rows| counts(rows, periods, |row| row.checked_on)),
        Table::Corrections => log.corrections.as_ref().map(|rows| counts(rows, periods, |row| row.opened_on)),
        _ => None,
    };
    let present = counts.is_some();
    let [now, before, year_ago] = counts.unwrap_or_default();
    let doubt = if !present {
        None
    } else if run.as_of < run.period.end_day() {
        Some(CoverageDoubt::NotOver)
    } else if now.rows == 0 && (before.rows > 0 || year_ago.rows > 0) {
        Some(CoverageDoubt::NoRows)
    } else if 2 * now.rows < before.rows {
        Some(CoverageDoubt::FewRows)
    } else if now.ends_early(periods[0]) && !before.ends_early(periods[1]) && before.rows > 0 {
        Some(CoverageDoubt::EndsEarly)
    } else {
        None
    };
    LogCoverage { table, present, now, before, year_ago, doubt }
}

/// The rows of a period, of which only the number of each day is known.
fn counted_days(rows_by_day: &BTreeMap<i32, i64>, period: Period) -> PeriodRows {
    let days = rows_by_day.range(period.first_day()..period.end_day());
    PeriodRows {
        rows: days.clone().map(|(_, rows)| rows).sum(),
        last_day: days.map(|(&day, _)| day).next_back(),
    }
}

fn counts<T>(rows: &[T], periods: [Period; 3], day: impl Fn(&T) -> i32) -> [PeriodRows; 3] {
    let mut counts = [PeriodRows::default(); 3];
    for row in rows {
        let day = day(row);
        for (count, period) in counts.iter_mut().zip(periods) {
            count.count(day, period);
        }
    }
    counts
}
