//! The month cell: the energy that one customer used in one month, and which slots of the month have a reading.
//!
//! A cell takes 32 bytes, and cells are the only data that grow with customers × months: 100,000 customers over 36
//! months take 110 MiB, 1,000,000 take 1,099 MiB (benches/README.md).

use super::calendar::{MonthSlot, halves};

/// The energies of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReadingEnergy {
    /// Active energy in Wh.
    pub active_wh: i64,
    /// Reactive energy in varh, of either sign; `None` if it was not read.
    pub reactive_varh: Option<i64>,
}

/// The sums of the readings of one customer in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthUse {
    /// Σ active energy in Wh.
    pub active_wh: i64,
    /// Σ |reactive energy| in varh.
    pub reactive_varh: i64,
    /// Number of readings. A reading with an end of its own counts once for each of its days in the month.
    pub readings: u32,
    /// Number of these readings that carry reactive energy.
    pub reactive_readings: u32,
}

impl MonthUse {
    /// Adds a reading. Sums wrap: a month with enough readings to overflow is refused after the pass.
    #[inline]
    pub(super) fn add(&mut self, energy: ReadingEnergy) {
        self.active_wh = self.active_wh.wrapping_add(energy.active_wh);
        self.reactive_varh = self.reactive_varh.wrapping_add(energy.reactive_varh.unwrap_or(0).abs());
        self.readings += 1;
        self.reactive_readings += u32::from(energy.reactive_varh.is_some());
    }

    /// Adds the part of an interval that belongs to some days of the month. It counts as one reading for each of these
    /// days.
    pub(super) fn add_days(&mut self, energy: ReadingEnergy, days: u32) {
        self.active_wh = self.active_wh.wrapping_add(energy.active_wh);
        self.reactive_varh = self.reactive_varh.wrapping_add(energy.reactive_varh.unwrap_or(0).abs());
        self.readings += days;
        self.reactive_readings += if energy.reactive_varh.is_some() { days } else { 0 };
    }

    /// The sum of two months; `None` on overflow.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            active_wh: self.active_wh.checked_add(other.active_wh)?,
            reactive_varh: self.reactive_varh.checked_add(other.reactive_varh)?,
            readings: self.readings.checked_add(other.readings)?,
            reactive_readings: self.reactive_readings.checked_add(other.reactive_readings)?,
        })
    }

    /// What remains without a part of the sums. Sums wrap, as those of [`add`](Self::add) do.
    pub(super) fn minus(self, part: Self) -> Self {
        Self {
            active_wh: self.active_wh.wrapping_sub(part.active_wh),
            reactive_varh: self.reactive_varh.wrapping_sub(part.reactive_varh),
            readings: self.readings.wrapping_sub(part.readings),
            reactive_readings: self.reactive_readings.wrapping_sub(part.reactive_readings),
        }
    }

    /// Takes back a reading that was added.
    pub(super) fn remove(&mut self, energy: ReadingEnergy) {
        self.active_wh = self.active_wh.wrapping_sub(energy.active_wh);
        self.reactive_varh = self.reactive_varh.wrapping_sub(energy.reactive_varh.unwrap_or(0).abs());
        self.readings -= 1;
        self.reactive_readings -= u32::from(energy.reactive_varh.is_some());
    }
}

/// What is known about the slots of one series in one month: eight bytes, from which repeated readings are found
/// without keeping any reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SlotMarks {
    /// With slots of a day: one bit for each day that has a reading. With slots of a minute: the first minute (low
    /// half) and the minute after the last (high half) of a range in which all readings came in ascending order.
    seen: u32,
    /// With slots of a day: one bit for each day that has more than one reading. With slots of a minute: 1 if two
    /// readings may share a minute.
    repeated: u32,
}

impl SlotMarks {
    /// Marks a day. Returns whether it was marked before.
    #[inline]
    pub fn mark_day(&mut self, slot: u16) -> bool {
        let bit = 1 << slot;
        let again = self.seen & bit;
        self.seen |= bit;
        self.repeated |= again;
        again != 0
    }

    /// Marks the minutes `first` to `last`, in which readings came in strictly ascending order. If these minutes lie
    /// before or after the range marked so far, none of the readings can be a repetition; otherwise the month becomes
    /// doubtful.
    pub fn mark_minutes(&mut self, first: u16, last: u16) {
        let (end, start) = halves(self.seen);
        let (start, end) = if end == 0 {
            (first, last + 1)
        } else if first >= end {
            (start, last + 1)
        } else if last < start {
            (first, end)
        } else {
            self.mark_doubtful();
            return;
        };
        self.seen = u32::from(start) | u32::from(end) << 16;
    }

    /// Notes that some readings of the month may share a minute.
    pub fn mark_doubtful(&mut self) {
        self.repeated = 1;
    }

    /// Whether a day has more than one reading.
    pub fn is_repeated_day(self, slot: u16) -> bool {
        self.repeated >> slot & 1 == 1
    }

    /// Whether two readings may share a slot.
    pub fn is_doubtful(self) -> bool {
        self.repeated != 0
    }

    /// With slots of a day: the first and the last of two days that have a reading; `None` for more or fewer days.
    pub fn two_days(self) -> Option<(u32, u32)> {
        (self.seen.count_ones() == 2).then(|| (self.seen.trailing_zeros(), 31 - self.seen.leading_zeros()))
    }

    /// Whether two series have readings on one day, with slots of a day; with slots of a minute, whether both have some.
    pub fn shares_days(self, other: Self, is_by_day: bool) -> bool {
        if is_by_day { self.seen & other.seen != 0 } else { self.seen != 0 && other.seen != 0 }
    }

    /// How many days have more than one reading.
    pub fn repeated_days(self) -> u32 {
        self.repeated.count_ones()
    }
}

/// The sums and marks of one customer in one month.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MonthCell {
    /// The sums over all meters.
    pub used: MonthUse,
    /// The marks of the customer's first meter. The marks of further meters are kept elsewhere, since most customers
    /// have one meter.
    pub marks: SlotMarks,
}

impl MonthCell {
    /// Adds a reading of the first meter and marks its day. Returns whether the day was marked before.
    #[inline]
    pub fn add_day(&mut self, slot: MonthSlot, energy: ReadingEnergy) -> bool {
        self.used.add(energy);
        self.marks.mark_day(slot.slot())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_takes_thirty_two_bytes() {
        assert_eq!(size_of::<MonthCell>(), 32);
    }

    #[test]
    fn a_month_becomes_doubtful_when_its_minutes_are_out_of_order() {
        let is_doubtful = |ranges: &[(u16, u16)]| {
            let mut marks = SlotMarks::default();
            ranges.iter().for_each(|&(first, last)| marks.mark_minutes(first, last));
            marks.is_doubtful()
        };
        assert!(!is_doubtful(&[(0, 0), (1, 5), (44_639, 44_639)]));
        assert!(!is_doubtful(&[(100, 200), (0, 99), (201, 201)]));
        for ranges in [[(0, 0), (0, 0)], [(10, 20), (20, 30)], [(10, 20), (5, 10)], [(10, 20), (0, 44_639)]] {
            assert!(is_doubtful(&ranges), "{ranges:?}");
        }
        // A range in the gap between two others makes the month doubtful although nothing is repeated: this costs only
        // time.
        assert!(is_doubtful(&[(0, 1), (10, 11), (5, 6)]));
    }
}
