//! Finds the month slot of a reading from its local time, by one look at a table of the window's days.

use crate::index::index;
use crate::unit::{DAY_US, Window};

/// A minute is the finest slot. Two readings within one minute can be told apart only when they are read again.
const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: u32 = 1_440;

/// How long the slots of a month are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotWidth {
    /// Long enough for daily and rarer readings.
    Day,
    /// For all finer readings.
    Minute,
}

/// The high and the low half of a word.
#[inline]
pub(super) fn halves(word: u32) -> (u16, u16) {
    ((word >> 16) as u16, word as u16)
}

/// A month of the window and a slot of the month. Readings of one meter at the same time have the same month slot.
///
/// The month is in the high half of one word, so that several values of a column are compared at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MonthSlot(u32);

impl MonthSlot {
    /// Not in the window: the position of its month is one that no window has.
    pub const OUTSIDE: Self = Self(u32::MAX);
    /// The first slot of the first month.
    pub const FIRST: Self = Self(0);

    /// Position of the month in the window.
    #[inline]
    pub fn month(self) -> usize {
        usize::from(halves(self.0).0)
    }

    /// Position of the slot in the month.
    #[inline]
    pub fn slot(self) -> u16 {
        halves(self.0).1
    }
}

/// The days of the window.
pub(super) struct Calendar {
    /// How long slots are.
    pub slot_width: SlotWidth,
    /// Microseconds from the time that places a reading to its stamp.
    stamp_shift_us: i64,
    first_day: i64,
    end_day: i64,
    /// For each day of the window, its first slot.
    day_slots: Vec<MonthSlot>,
}

impl Calendar {
    pub fn new(window: Window, slot_width: SlotWidth, stamp_shift_us: i64) -> Self {
        let slots_per_day = match slot_width {
            SlotWidth::Day => 1,
            SlotWidth::Minute => DAY_MINUTES,
        };
        let mut day_slots = Vec::new();
        for position in 0..window.months {
            let month = window.month(index(position));
            let days = (month.plus(1).first_day() - month.first_day()).unsigned_abs();
            day_slots.extend((0..days).map(|day| MonthSlot(position << 16 | (day * slots_per_day))));
        }
        let (first_day, end_day) = (window.start().first_day().into(), window.end_day().into());
        Self { slot_width, stamp_shift_us, first_day, end_day, day_slots }
    }

    /// The month slot of a reading with a stamp in microseconds of local time.
    #[inline]
    pub fn month_slot(&self, stamp_us: i64) -> MonthSlot {
        let local_us = stamp_us.wrapping_sub(self.stamp_shift_us);
        let day = local_us.div_euclid(DAY_US) - self.first_day;
        // A day before the window becomes an index beyond any table, so one comparison checks both ends of the window.
        match self.day_slots.get(day as usize) {
            None => MonthSlot::OUTSIDE,
            Some(&slot) if self.slot_width == SlotWidth::Day => slot,
            Some(&MonthSlot(first)) => MonthSlot(first + (local_us.rem_euclid(DAY_US) / MINUTE_US) as u32),
        }
    }

    /// The months in which readings with stamps between two bounds (inclusive) may lie; `None` if all of them are
    /// outside the window.
    pub fn months_between(&self, first_us: i64, last_us: i64) -> Option<MonthSpan> {
        let [start_us, end_us] = [self.first_day, self.end_day].map(|day| day * DAY_US + self.stamp_shift_us);
        if first_us > last_us || first_us >= end_us || last_us < start_us {
            return None;
        }
        let [first, last] =
            [first_us, last_us].map(|us| self.month_slot(us.clamp(start_us, end_us - 1)).month());
        Some(MonthSpan { first, last })
    }
}

/// Neighbouring months, by their positions in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MonthSpan {
    /// The first month.
    pub first: usize,
    /// The last month, which belongs to the span.
    pub last: usize,
}

impl MonthSpan {
    /// The months from the earlier first month of two spans to their later last month.
    pub fn merge(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Month;

    const WINDOW: Window = Window { end: Month(54 * 12 + 3), months: 2 };

    fn day(day: i64) -> i64 {
        (i64::from(Month::new(2024, 2).first_day()) + day) * DAY_US
    }

    fn span(first: usize, last: usize) -> Option<MonthSpan> {
        Some(MonthSpan { first, last })
    }

    #[test]
    fn a_time_has_its_month_and_its_slot() {
        let calendar = Calendar::new(WINDOW, SlotWidth::Minute, 0);
        let at = |us| (calendar.month_slot(us).month(), calendar.month_slot(us).slot());
        assert_eq!(at(day(28) + 901_000_000), (0, 28 * 1440 + 15));
        assert_eq!(at(day(29)), (1, 0));
        assert_eq!(at(day(60) - 1), (1, 31 * 1440 - 1));
        assert_eq!(
            [day(60), day(0) - 1, -1, i64::MAX, i64::MIN].map(|us| calendar.month_slot(us)),
            [MonthSlot::OUTSIDE; 5]
        );
        assert_eq!(Calendar::new(WINDOW, SlotWidth::Day, 0).month_slot(day(3) + 7).slot(), 3);
    }

    #[test]
    fn a_stamp_at_the_end_of_an_interval_places_it_an_instant_before() {
        let calendar = Calendar::new(WINDOW, SlotWidth::Minute, 1);
        let at = |us| (calendar.month_slot(us).month(), calendar.month_slot(us).slot());
        assert_eq!(calendar.month_slot(day(0)), MonthSlot::OUTSIDE);
        assert_eq!(
            [at(day(0) + 1), at(day(29)), at(day(60))],
            [(0, 0), (0, 29 * 1440 - 1), (1, 31 * 1440 - 1)]
        );
        assert_eq!(calendar.months_between(day(-40), day(0)), None);
        assert_eq!(calendar.months_between(day(60), day(99)), span(1, 1));
    }

    #[test]
    fn the_months_between_bounds_are_cut_to_the_window() {
        let calendar = Calendar::new(WINDOW, SlotWidth::Day, 0);
        assert_eq!(calendar.months_between(day(-40), day(3)), span(0, 0));
        assert_eq!(calendar.months_between(day(28), day(400)), span(0, 1));
        assert_eq!(calendar.months_between(day(-40), day(0) - 1), None);
        assert_eq!(calendar.months_between(day(60), day(99)), None);
        assert_eq!(calendar.months_between(day(59), day(59)), span(1, 1));
    }
}
