//! What was billed to a customer in each month.

use std::collections::BTreeMap;

use super::bill::Bill;
use crate::index::index;
use crate::unit::Window;

/// A month of the window in which a customer has counted bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BilledMonth {
    /// Its position in the window.
    pub month: usize,
    /// Σ amounts due.
    pub fen: i128,
}

/// Sums bills by month.
pub(super) struct MonthSums {
    window: Window,
    /// For each month of the window, the number of bills and Σ amounts due.
    months: Vec<(u32, i128)>,
}

impl MonthSums {
    /// Sums for the months of a window.
    pub fn new(window: Window) -> Self {
        Self { window, months: vec![(0, 0); index(window.months)] }
    }

    /// Replaces `billed` by the months of a customer's bills, in their order.
    pub fn sum(&mut self, bills: &[Bill], billed: &mut Vec<BilledMonth>) {
        for bill in bills {
            if let Some(month) = self.window.index(bill.month()) {
                let (bills, fen) = &mut self.months[month];
                *bills += 1;
                *fen += i128::from(bill.amount_fen);
            }
        }
        billed.clear();
        for (month, sums) in self.months.iter_mut().enumerate() {
            let (bills, fen) = std::mem::take(sums);
            if bills > 0 {
                billed.push(BilledMonth { month, fen });
            }
        }
    }
}

/// Whether the commonest gap between months with a bill is one month; of equally common gaps the smallest is taken.
pub(super) fn is_monthly(billed: &[BilledMonth]) -> bool {
    let gaps = || billed.windows(2).map(|pair| pair[1].month - pair[0].month);
    let of_one_month = gaps().filter(|gap| *gap == 1).count();
    if of_one_month > 0 && 2 * of_one_month >= billed.len() {
        return true;
    }
    let mut others: BTreeMap<usize, usize> = BTreeMap::new();
    gaps().filter(|gap| *gap > 1).for_each(|gap| *others.entry(gap).or_default() += 1);
    of_one_month > 0 && others.values().all(|times| *times <= of_one_month)
}

#[cfg(test)]
mod tests {
    use super::super::state::MonthAndDue;
    use super::*;
    use crate::index::CustomerIx;
    use crate::unit::Month;

    #[test]
    fn billed_monthly_means_that_the_commonest_gap_is_one_month_and_the_smallest_of_equally_common_gaps_counts()
     {
        let billed = |months: &[usize]| -> Vec<BilledMonth> {
            months.iter().map(|&month| BilledMonth { month, fen: 0 }).collect()
        };
        assert!(is_monthly(&billed(&[0, 1, 2, 5])));
        assert!(is_monthly(&billed(&[0, 1, 3])), "one gap of 1 and one of 2");
        assert!(!is_monthly(&billed(&[0, 2, 4, 5])));
        assert!(!is_monthly(&billed(&[3])), "one bill has no gap");
        assert!(!is_monthly(&billed(&[])));
    }

    #[test]
    fn bills_of_one_month_are_summed_and_months_outside_the_window_are_left_out() {
        let window = Window { end: Month::new(2024, 1), months: 12 };
        let bill = |month: i32, amount_fen| Bill {
            key: 0,
            customer: CustomerIx::new(0),
            billed: MonthAndDue::new(window.start().plus(month), None),
            amount_fen,
            reverses: None,
        };
        let mut billed = vec![BilledMonth { month: 7, fen: 7 }];
        let mut sums = MonthSums::new(window);
        sums.sum(&[bill(3, 10), bill(1, 5), bill(12, 9), bill(3, -4), bill(1, 1), bill(4, 0)], &mut billed);
        let months = [(1, 6), (3, 6), (4, 0)].map(|(month, fen)| BilledMonth { month, fen });
        assert_eq!(billed, months);
        sums.sum(&[bill(3, 1)], &mut billed);
        assert_eq!(billed, [BilledMonth { month: 3, fen: 1 }]);
    }
}
