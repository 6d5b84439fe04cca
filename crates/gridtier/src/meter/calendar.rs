//! From a reading's time to its month in the window and its place in the month, without a division by a month's length.

use crate::contract::Table;
use crate::contract::cell::State;
use crate::error::RunError;
use crate::rows::Columns;
use crate::source::{Part, Source};
use crate::unit::{DAY_US, Window};

/// Days of the longest month.
const MONTH_DAYS_MAX: i64 = 31;
/// Finest step for which a month has a place of its own; readings within one step are told apart by reading again.
pub(super) const STEP_US_MIN: i64 = 60_000_000;
/// Parts looked at to find the step.
const PARTS_SAMPLED: usize = 8;

/// Where a reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Position of the month in the window.
    pub month: u16,
    /// Place in the month: two readings of one meter at one time have the same.
    pub slot: u32,
}

/// The window's days.
pub(super) struct Calendar {
    pub window: Window,
    /// By day since 1970-01-01: position of the month, [`OUTSIDE`](Self::OUTSIDE) for days outside the window.
    month_of_day: Vec<u16>,
    /// By position of the month: its first day.
    first_day: Vec<i32>,
    pub step_us: i64,
    /// Slots of a month.
    pub slots: usize,
}

impl Calendar {
    const OUTSIDE: u16 = u16::MAX;

    /// The calendar of `window` for readings that are `step_us` apart.
    pub fn new(window: Window, step_us: i64) -> Self {
        let end_day = window.end_day().max(0) as usize;
        let mut month_of_day = vec![Self::OUTSIDE; end_day];
        let first_day: Vec<i32> = (0..window.months as usize).map(|i| window.month(i).first_day()).collect();
        for (position, &first) in first_day.iter().enumerate() {
            let next = window.month(position).plus(1).first_day();
            for day in first.max(0)..next.max(0) {
                month_of_day[day as usize] = position as u16;
            }
        }
        let slots = (MONTH_DAYS_MAX * DAY_US / step_us) as usize;
        Self { window, month_of_day, first_day, step_us, slots }
    }

    /// Where a local time stands, or `None` outside the window.
    #[inline]
    pub fn place(&self, local_us: i64) -> Option<Place> {
        let day = local_us.div_euclid(DAY_US);
        let month = *self.month_of_day.get(usize::try_from(day).ok()?)?;
        if month == Self::OUTSIDE {
            return None;
        }
        let day_of_month = day - i64::from(self.first_day[month as usize]);
        let slot = if self.step_us == DAY_US {
            day_of_month
        } else {
            (day_of_month * DAY_US + local_us.rem_euclid(DAY_US)) / self.step_us
        };
        Some(Place { month, slot: slot as u32 })
    }
}

/// The step between readings: the greatest that divides every time of day in a sample. A wrong guess costs time only.
///
/// # Errors
/// The sample cannot be read.
pub(super) fn step_us(source: &dyn Source, parts: &[Part]) -> Result<i64, RunError> {
    let declared = source.declared().of(Table::MeterReadings);
    let mut step = DAY_US;
    for part in parts.iter().step_by(parts.len().div_ceil(PARTS_SAMPLED).max(1)) {
        let mut sample = |batch: crate::source::Batch| {
            let columns = Columns::new(source, Table::MeterReadings, &batch, &declared);
            let times = columns.cells("read_at")?;
            for (time, state) in times.values.iter().zip(&times.states) {
                if *state == State::Ok {
                    step = gcd(step, time.rem_euclid(DAY_US));
                }
            }
            Err(RunError::Enough)
        };
        match source.read(Table::MeterReadings, *part, &["read_at"], &mut sample) {
            Ok(()) | Err(RunError::Enough) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(step.max(STEP_US_MIN))
}

pub(super) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The months that a part's accepted readings lie in, as positions in the window.
pub(super) type Span = (u16, u16);

/// Widens a span by a month.
pub(super) fn widen(span: &mut Option<Span>, month: u16) {
    *span = Some(span.map_or((month, month), |(low, high)| (low.min(month), high.max(month))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Month;

    #[test]
    fn a_time_stands_in_its_month_and_at_its_step() {
        let window = Window { end: Month::new(2024, 4), months: 2 };
        let calendar = Calendar::new(window, 900_000_000);
        let day = i64::from(Month::new(2024, 2).first_day()) + 28;
        let place = calendar.place(day * DAY_US + 901_000_000);
        assert_eq!(place, Some(Place { month: 0, slot: 28 * 96 + 1 }));
        assert_eq!(calendar.place((day + 1) * DAY_US).map(|p| (p.month, p.slot)), Some((1, 0)));
        assert_eq!(calendar.place((day + 32) * DAY_US), None);
        assert_eq!(calendar.place(-1), None);
    }

    #[test]
    fn the_step_is_the_greatest_common_one() {
        assert_eq!([0, 3600, 900, 7200].into_iter().fold(86_400, gcd), 900);
    }
}
