//! What is known of each bill, in few bytes: its month and day to pay, and what became of its id, which payments and reversals
//! ask for.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::index::CustomerIx;
use crate::unit::Month;

/// What became of the rows with one bill id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BillState {
    /// All rows were rejected.
    Unknown,
    /// At least one row lies before the opening of its customer, and none was accepted. Holds that customer; of
    /// several, the first.
    BeforeOpening(CustomerIx),
    /// At least one row lies outside the window, and none was accepted.
    OutOfWindow,
    /// A row lies before the window and takes part in the order of payments on account. Holds its position among the
    /// earlier bills.
    Earlier(u32),
    /// A row was accepted.
    Accepted {
        /// Its position among the accepted bills.
        bill: u32,
        /// Its month, counted from January 1970: kept here, because for bills in no order it would take an access to memory
        /// more, an eighth of the time.
        month: u16,
    },
}

impl BillState {
    #[inline]
    pub fn accepted(bill: u32, month: Month) -> Self {
        Self::Accepted { bill, month: u16::try_from(month.0).expect("months lie within 1970 to 2199") }
    }
}

/// The state of a bill in eight bytes, which several threads set: each that of other bills, wherever these are.
#[derive(Debug)]
pub(super) struct SharedState(AtomicU64);

impl SharedState {
    /// The kinds of states, in the low byte of the word. The month is above it, and what has 32 bits in the high half.
    const UNKNOWN: u8 = 0;
    const BEFORE_OPENING: u8 = 1;
    const OUT_OF_WINDOW: u8 = 2;
    const EARLIER: u8 = 3;
    const ACCEPTED: u8 = 4;

    pub fn new(state: BillState) -> Self {
        Self(AtomicU64::new(Self::word(state)))
    }

    #[inline]
    fn word(state: BillState) -> u64 {
        let (kind, month, number) = match state {
            BillState::Unknown => (Self::UNKNOWN, 0, 0),
            BillState::BeforeOpening(customer) => (Self::BEFORE_OPENING, 0, customer.number()),
            BillState::OutOfWindow => (Self::OUT_OF_WINDOW, 0, 0),
            BillState::Earlier(bill) => (Self::EARLIER, 0, bill),
            BillState::Accepted { bill, month } => (Self::ACCEPTED, month, bill),
        };
        u64::from(number) << 32 | u64::from(month) << 8 | u64::from(kind)
    }

    #[inline]
    pub fn set(&self, state: BillState) {
        self.0.store(Self::word(state), Ordering::Relaxed);
    }

    #[inline]
    pub fn get(&self) -> BillState {
        let word = self.0.load(Ordering::Relaxed);
        let number = (word >> 32) as u32;
        match word as u8 {
            Self::BEFORE_OPENING => BillState::BeforeOpening(CustomerIx::new(number)),
            Self::OUT_OF_WINDOW => BillState::OutOfWindow,
            Self::EARLIER => BillState::Earlier(number),
            Self::ACCEPTED => BillState::Accepted { bill: number, month: (word >> 8) as u16 },
            _ => BillState::Unknown,
        }
    }
}

/// The month of a bill and the day to pay it, both within 1970 to 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MonthAndDue(u32);

impl MonthAndDue {
    /// January 1970, without a day to pay.
    pub const EMPTY: Self = Self(0);

    /// The bits of the day, counted from 1970-01-01 = 1; 0 stands for none.
    const DAY_BITS: u32 = 17;

    #[inline]
    pub fn new(month: Month, due_on: Option<i32>) -> Self {
        let number = |number: i32| u32::try_from(number).expect("bills lie within 1970 to 2199");
        Self(number(month.0) << Self::DAY_BITS | due_on.map_or(0, |day| number(day) + 1))
    }

    #[inline]
    pub fn month(self) -> Month {
        Month((self.0 >> Self::DAY_BITS).cast_signed())
    }

    #[inline]
    pub fn due_on(self) -> Option<i32> {
        (self.0 & ((1 << Self::DAY_BITS) - 1)).checked_sub(1).map(u32::cast_signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_state_is_the_state_that_was_set() {
        let shared = SharedState::new(BillState::Unknown);
        for state in [
            BillState::Unknown,
            BillState::BeforeOpening(CustomerIx::new(u32::MAX)),
            BillState::OutOfWindow,
            BillState::Earlier(7),
            BillState::Accepted { bill: u32::MAX, month: u16::MAX },
            BillState::Accepted { bill: 0, month: 648 },
        ] {
            shared.set(state);
            assert_eq!(shared.get(), state);
            assert_eq!(SharedState::new(state).get(), state);
        }
    }

    #[test]
    fn a_month_and_a_day_to_pay_are_read_as_written() {
        for month in [0, 648, 2_759] {
            for due_on in [None, Some(0), Some(19_000), Some(84_005)] {
                let billed = MonthAndDue::new(Month(month), due_on);
                assert_eq!((billed.month(), billed.due_on()), (Month(month), due_on));
            }
        }
        assert_eq!(MonthAndDue::EMPTY, MonthAndDue::new(Month(0), None));
    }
}
