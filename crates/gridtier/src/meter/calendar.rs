//! From a reading's time to its month in the window and its slot in the month, by one look at a table of days.

use crate::unit::{DAY_US, Window};

/// A minute: the finest slot. Readings of one minute are told apart by reading them again.
const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: u32 = 1_440;

/// How finely the slots of a month are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// One for each day: what daily and rarer readings need.
    Days,
    /// One for each minute.
    Minutes,
}

/// Where a reading stands: the month's position in the window, and the slot in the month. Two readings of one meter at
/// one time have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u32);

impl Place {
    /// Not in the window.
    pub const OUTSIDE: Self = Self(u32::MAX);
    /// The first slot of the first month.
    pub const FIRST: Self = Self(0);

    #[inline]
    pub fn month(self) -> u16 {
        (self.0 >> 16) as u16
    }

    #[inline]
    pub fn slot(self) -> u16 {
        self.0 as u16
    }
}

/// The window's days.
pub(super) struct Calendar {
    pub slots: Slots,
    first_day: i64,
    /// By day of the window: its first slot.
    days: Vec<Place>,
}

impl Calendar {
    pub fn new(window: Window, slots: Slots) -> Self {
        let per_day = if slots == Slots::Days { 1 } else { DAY_MINUTES };
        let in_month = |position: u32| {
            let month = window.month(position as usize);
            let days = month.plus(1).first_day() - month.first_day();
            (0..days as u32).map(move |day| Place(position << 16 | (day * per_day)))
        };
        let days = (0..window.months).flat_map(in_month).collect();
        Self { slots, first_day: i64::from(window.start().first_day()), days }
    }

    /// Where a local time stands.
    #[inline]
    pub fn place(&self, local_us: i64) -> Place {
        let day = local_us.div_euclid(DAY_US) - self.first_day;
        match self.days.get(day as usize) {
            None => Place::OUTSIDE,
            Some(&place) if self.slots == Slots::Days => place,
            Some(&Place(first)) => Place(first + (local_us.rem_euclid(DAY_US) / MINUTE_US) as u32),
        }
    }

    /// The months that times between two bounds may lie in, `None` when all are outside.
    pub fn span(&self, first_us: i64, last_us: i64) -> Option<Span> {
        let last_day = self.first_day + self.days.len() as i64 - 1;
        let clamp = |us: i64| us.div_euclid(DAY_US).clamp(self.first_day, last_day) * DAY_US;
        let (first, last) = (self.first_day * DAY_US, (last_day + 1) * DAY_US);
        let overlaps = first_us <= last_us && first_us < last && last_us >= first;
        overlaps.then(|| (self.place(clamp(first_us)).month(), self.place(clamp(last_us)).month()))
    }
}

/// The first and the last month, as positions in the window.
pub(super) type Span = (u16, u16);

/// Widens a span by another.
pub(super) fn widen(span: &mut Option<Span>, (low, high): Span) {
    *span = Some(span.map_or((low, high), |before| (before.0.min(low), before.1.max(high))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Month;

    const WINDOW: Window = Window { end: Month(54 * 12 + 3), months: 2 };

    fn day(day: i64) -> i64 {
        (i64::from(Month::new(2024, 2).first_day()) + day) * DAY_US
    }

    #[test]
    fn a_time_stands_in_its_month_and_its_slot() {
        let calendar = Calendar::new(WINDOW, Slots::Minutes);
        let at = |us| (calendar.place(us).month(), calendar.place(us).slot());
        assert_eq!(at(day(28) + 901_000_000), (0, 28 * 1440 + 15));
        assert_eq!(at(day(29)), (1, 0));
        assert_eq!(at(day(60) - 1), (1, 31 * 1440 - 1));
        assert_eq!(
            [day(60), day(0) - 1, -1, i64::MAX, i64::MIN].map(|us| calendar.place(us)),
            [Place::OUTSIDE; 5]
        );
        assert_eq!(Calendar::new(WINDOW, Slots::Days).place(day(3) + 7).slot(), 3);
    }

    #[test]
    fn the_span_of_bounds_is_cut_to_the_window() {
        let calendar = Calendar::new(WINDOW, Slots::Days);
        assert_eq!(calendar.span(day(-40), day(3)), Some((0, 0)));
        assert_eq!(calendar.span(day(28), day(400)), Some((0, 1)));
        assert_eq!([calendar.span(day(-40), day(0) - 1), calendar.span(day(60), day(99))], [None, None]);
        assert_eq!(calendar.span(day(59), day(59)), Some((1, 1)));
    }
}
