//! What payments are for: a bill or an account.

use rayon::prelude::*;

use super::grouped::{Groups, NONE, group};
use crate::index::{CustomerIx, index};

/// What a payment pays. Positions are those of [`Bills`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaidFor {
    /// An accepted bill.
    Bill(u32),
    /// A bill outside the window that takes part in the order of payments on account. Holds its position among the
    /// earlier bills.
    EarlierBill(u32),
    /// All bills of a customer, in their order.
    Account(CustomerIx),
}

/// A payment that breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CheckedPayment {
    pub paid_for: PaidFor,
    pub paid_on: i32,
    pub amount_fen: i64,
}

/// An amount that was paid on a day for an accepted bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BillPayment {
    /// Position of the bill among the accepted ones.
    pub bill: u32,
    pub paid_on: i32,
    pub amount_fen: i64,
}

/// What was paid for each accepted bill.
pub(super) struct PaidBills {
    /// For each bill, the end of its payments.
    ends: Vec<u32>,
    /// Sorted by bill, then by day and amount.
    payments: Vec<BillPayment>,
}

impl PaidBills {
    /// Collects and sorts the payments of so many bills. `payment` gives the payment of each of `rows`; `None` for what pays
    /// no bill.
    pub fn new(bills: usize, rows: usize, payment: impl Fn(usize) -> Option<BillPayment> + Sync) -> Self {
        let bills_paid =
            (0..rows).into_par_iter().map(|row| payment(row).map_or(NONE, |payment| payment.bill));
        let numbers: Vec<u32> = bills_paid.collect();
        let Groups { ends, positions } = group(bills, &numbers);
        drop(numbers);
        let grouped = positions.into_par_iter().map(|position| payment(index(position)));
        let mut payments: Vec<BillPayment> =
            grouped.map(|payment| payment.expect("only rows that pay a bill are grouped")).collect();
        let of_bills = payments.par_chunk_by_mut(|a, b| a.bill == b.bill);
        of_bills.for_each(|of_bill| {
            of_bill.sort_unstable_by_key(|payment| (payment.paid_on, payment.amount_fen));
        });
        Self { ends, payments }
    }

    /// The payments of a bill, in the order of days.
    pub fn of(&self, bill: usize) -> &[BillPayment] {
        let start = bill.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.payments[index(start)..index(self.ends[bill])]
    }

    /// All payments, sorted by bill, then by day and amount.
    pub fn all(&self) -> &[BillPayment] {
        &self.payments
    }

    /// The same payments and further ones.
    pub fn with(self, bills: usize, further: &[BillPayment]) -> Self {
        if further.is_empty() {
            return self;
        }
        let known = self.payments.len();
        Self::new(bills, known + further.len(), |row| match row.checked_sub(known) {
            None => Some(self.payments[row]),
            Some(row) => Some(further[row]),
        })
    }
}
