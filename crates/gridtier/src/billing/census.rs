//! What going through all bills once finds: how many each month has, which are reversals, and days to pay that are far off.

use std::ops::Range;

/// A day to pay, or a payment before its bill, is never so far from the month billed, in days.
pub(super) const DISTANT_DAYS: i32 = 731;

/// Nobody has to pay a bill more than this many days before the month billed.
const EARLY_DAYS: i32 = 31;

/// Bills or payments with a day that is far off. Ids are borrowed, or owned where their batch does not last.
#[derive(Default)]
pub(super) struct FarDays<Id> {
    pub rows: u64,
    /// The smallest id, and its day.
    pub first: Option<(Id, i32)>,
}

impl<'a, Id: AsRef<str> + From<&'a str>> FarDays<Id> {
    /// Counts rows, of which this one has the smallest id; `None` if no id can be read.
    pub fn add(&mut self, rows: u64, row: Option<(&'a str, i32)>) {
        self.rows += rows;
        let Some((id, day)) = row else { return };
        if self.first.as_ref().is_none_or(|(first, of_first)| (id, day) < (first.as_ref(), *of_first)) {
            self.first = Some((id.into(), day));
        }
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
    pub distant: FarDays<&'a str>,
    /// Bills to pay long before their month.
    pub early: FarDays<&'a str>,
}

impl<'a> BillCensus<'a> {
    /// Notes a bill that is to be paid on a day far from those of the month billed. Only then its id is asked for.
    #[inline]
    pub fn add_due(&mut self, due_on: i32, days: &Range<i32>, id: impl Fn() -> &'a str) {
        if due_on < days.start - DISTANT_DAYS || due_on >= days.end + DISTANT_DAYS {
            self.distant.add(1, Some((id(), due_on)));
        }
        if due_on < days.start - EARLY_DAYS {
            self.early.add(1, Some((id(), due_on)));
        }
    }

    /// With what was found in later bills.
    pub fn with(mut self, more: Self) -> Self {
        self.by_month.iter_mut().zip(more.by_month).for_each(|(bills, more)| *bills += more);
        self.reversals.extend(more.reversals);
        self.distant.add(more.distant.rows, more.distant.first);
        self.early.add(more.early.rows, more.early.first);
        self
    }
}
