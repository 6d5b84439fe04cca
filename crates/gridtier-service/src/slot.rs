//! Slots of the calendar: the months, quarters, half-years and years in which a service is due once (SERVICE §5).

use gridtier::entitlement::service::Cadence;
use gridtier::unit::Month;

use crate::base::Member;
use crate::time::Second;

/// A slot of the calendar, from the first second of its first day to the last of its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The first month.
    pub first: Month,
    /// Number of months: 1, 3, 6 or 12.
    pub months: u32,
}

impl Slot {
    /// The slot of a cadence that includes a month; `None` for a cadence without fixed times.
    #[must_use]
    pub fn of(cadence: Cadence, month: Month) -> Option<Self> {
        let months = 12 / cadence.per_year()?;
        let into = (month.number() - 1) % months;
        Some(Self { first: month.plus(-into.cast_signed()), months })
    }

    /// The slot after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.plus(self.months.cast_signed()), ..self }
    }

    /// Position in its year, from 0.
    #[must_use]
    pub fn number(self) -> u32 {
        (self.first.number() - 1) / self.months
    }

    /// The last month.
    #[must_use]
    pub fn last(self) -> Month {
        self.next().first.plus(-1)
    }

    /// Whether it includes a month.
    #[must_use]
    pub fn holds(self, month: Month) -> bool {
        (self.first..=self.last()).contains(&month)
    }

    /// Its first second.
    #[must_use]
    pub fn opens(self) -> Second {
        Second::of_day(self.first.first_day())
    }

    /// Its last second.
    #[must_use]
    pub fn due_by(self) -> Second {
        Second::last_of_day(self.last().last_day())
    }

    /// Whether a customer is open on all of its days.
    #[must_use]
    pub fn is_lived_through_by(self, member: &Member) -> bool {
        member.opened_on <= self.first.first_day()
            && member.closed_on.is_none_or(|closed_on| self.last().last_day() <= closed_on)
    }

    /// The month of the slot in which a customer's visit is planned: crc32 of the id modulo the months, so that visits
    /// of a quarter or a year do not all fall into one month.
    #[must_use]
    pub fn planned_month(self, customer_id: &str) -> Month {
        let into = crc32fast::hash(customer_id.as_bytes()) % self.months;
        self.first.plus(into.cast_signed())
    }

    /// The part of a year's programme that is due in the slot, in 10⁻³ units: the part up to the slot's end less the
    /// part up to its start, each rounded down. So the slots of a year add up to the programme.
    #[must_use]
    pub fn programme_e3(self, units_of_year: u64) -> i64 {
        let slots = u128::from(12 / self.months);
        let until = |slot: u32| u128::from(units_of_year) * 1_000 * u128::from(slot) / slots;
        i64::try_from(until(self.number() + 1) - until(self.number())).unwrap_or(i64::MAX)
    }

    /// The slots of a cadence from the one that includes `first` to the one that includes `last`; none for a cadence
    /// without fixed times.
    pub fn all(cadence: Cadence, first: Month, last: Month) -> impl Iterator<Item = Self> {
        let start = Self::of(cadence, first);
        std::iter::successors(start, |slot| Some(slot.next())).take_while(move |slot| slot.first <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, day, member};

    fn slot(cadence: Cadence, year: i32, month: u32) -> Slot {
        Slot::of(cadence, Month::new(year, month)).unwrap()
    }

    #[test]
    fn vector_14_a_customers_month_of_a_quarter_and_of_a_year() {
        assert_eq!(crc32fast::hash(b"0512000448"), 2_088_684_004);
        let quarter = slot(Cadence::Quarterly, 2026, 5);
        assert_eq!(quarter.planned_month("0512000448"), Month::new(2026, 5));
        let year = slot(Cadence::Yearly, 2026, 5);
        assert_eq!(year.planned_month("0512000448"), Month::new(2026, 5));
        let half = slot(Cadence::Monthly, 2026, 7);
        assert_eq!(half.planned_month("0512000448"), Month::new(2026, 7));
    }

    #[test]
    fn vector_15_the_months_of_a_programme_add_up_to_it() {
        let january = slot(Cadence::Monthly, 2026, 1);
        let months: Vec<i64> = std::iter::successors(Some(january), |slot| Some(slot.next()))
            .take(12)
            .map(|slot| slot.programme_e3(10))
            .collect();
        assert_eq!(months[..3], [833, 833, 834]);
        assert_eq!(months.iter().sum::<i64>(), 10_000);
        assert_eq!(slot(Cadence::HalfYearly, 2026, 9).programme_e3(1), 500);
        assert_eq!(slot(Cadence::Quarterly, 2026, 1).programme_e3(u64::MAX), i64::MAX, "no overflow");
    }

    #[test]
    fn slots_begin_in_january_and_end_with_their_last_second() {
        let third = slot(Cadence::Quarterly, 2026, 9);
        assert_eq!(
            (third.first, third.number(), third.last()),
            (Month::new(2026, 7), 2, Month::new(2026, 9))
        );
        assert_eq!((third.opens(), third.due_by()), (at("2026-07-01 00:00"), at("2026-09-30 23:59:59")));
        assert_eq!(slot(Cadence::HalfYearly, 2024, 12).first, Month::new(2024, 7));
        assert_eq!(slot(Cadence::Yearly, 2024, 2).due_by(), at("2024-12-31 23:59:59"));
        assert_eq!(Slot::of(Cadence::OnEvent, Month::new(2026, 1)), None);
        let all: Vec<Month> = Slot::all(Cadence::Quarterly, Month::new(2025, 12), Month::new(2026, 4))
            .map(|slot| slot.first)
            .collect();
        assert_eq!(all, [Month::new(2025, 10), Month::new(2026, 1), Month::new(2026, 4)]);
        assert_eq!(Slot::all(Cadence::Once, Month::new(2025, 1), Month::new(2026, 1)).count(), 0);
        assert!(third.holds(Month::new(2026, 8)) && !third.holds(Month::new(2026, 10)));
    }

    #[test]
    fn a_customer_is_open_throughout_a_slot_only_if_open_on_its_first_and_last_day() {
        let may = slot(Cadence::Monthly, 2026, 5);
        let of = |opened: &str, closed: Option<&str>| Member {
            opened_on: day(opened),
            closed_on: closed.map(day),
            ..member("East")
        };
        assert!(may.is_lived_through_by(&of("2026-05-01", Some("2026-05-31"))));
        assert!(!may.is_lived_through_by(&of("2026-05-02", None)));
        assert!(!may.is_lived_through_by(&of("2026-05-01", Some("2026-05-30"))));
        assert!(may.is_lived_through_by(&of("2020-01-01", None)));
    }
}
