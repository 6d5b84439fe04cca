//! What payments are for: a bill or an account.

use crate::index::CustomerIx;

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
