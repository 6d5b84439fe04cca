//! What going through all bills once finds: how many each month has, which are reversals, and days to pay that are far off.

use std::ops::Range;

/// A day to pay, or a payment before its bill, is never so far from the month billed, in days.
pub(super) const DISTANT_DAYS: i32 = 731;

/// Nobody has to pay a bill more than this many days before the month billed.
const EARLY_DAYS: i32 = 31;

/// Bills with a day to pay that is far off.
#[derive(Default)]
pub(super) struct FarDays<'a> {
    pub bills: u64,
    /// The smallest id, and its day.
    pub first: Option<(&'a str, i32)>,
}

impl<'a> FarDays<'a> {
    fn add(&mut self, bills: u64, bill: (&'a str, i32)) {
        self.bills += bills;
        self.first = Some(self.first.map_or(bill, |first| first.min(bill)));
    }

    fn with(mut self, more: Self) -> Self {
        if let Some(first) = more.first {
            self.add(more.bills, first);
        }
        self
    }
}

/// What going through all bills finds.
#[derive(Default)]
pub(super) struct BillCensus<'a> {
    /// For each month of the window, the number of bills.
    pub by_month: Vec<u64>,
    /// The positions of the bills below zero.
    pub reversals: Vec<u32>,
    /// Bills to pay more than two years before or after their month.
    pub distant: FarDays<'a>,
    /// Bills to pay long before their month.
    pub early: FarDays<'a>,
}

impl<'a> BillCensus<'a> {
    /// Whether a day to pay lies far from the days of the month billed.
    #[inline]
    pub fn is_far(due_on: i32, days: &Range<i32>) -> bool {
        due_on < days.start - EARLY_DAYS || due_on >= days.end + DISTANT_DAYS
    }

    /// Notes a bill that is to be paid on such a day.
    pub fn add_far(&mut self, due_on: i32, days: &Range<i32>, id: &'a str) {
        if due_on < days.start - DISTANT_DAYS || due_on >= days.end + DISTANT_DAYS {
            self.distant.add(1, (id, due_on));
        }
        if due_on < days.start - EARLY_DAYS {
            self.early.add(1, (id, due_on));
        }
    }

    /// With what was found in later bills.
    pub fn with(mut self, more: Self) -> Self {
        self.by_month.iter_mut().zip(more.by_month).for_each(|(bills, more)| *bills += more);
        self.reversals.extend(more.reversals);
        Self { distant: self.distant.with(more.distant), early: self.early.with(more.early), ..self }
    }
}
