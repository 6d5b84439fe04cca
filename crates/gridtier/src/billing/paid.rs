//! What payments are for: a bill or an account.

use super::grouped::{Grouped, Grouping, NONE, group};
use crate::index::{CustomerIx, index};
use crate::rows::RowPiece;

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

/// A payment that breaks no rule, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CheckedPayment {
    /// The number of what is paid.
    number: u32,
    /// The day, which lies within 1970 to 2199, and in the lowest two bits the kind of what is paid.
    day_and_kind: u32,
    pub amount_fen: i64,
}

impl CheckedPayment {
    /// The bits of the kind.
    const KIND_BITS: u32 = 2;
    const BILL: u32 = 0;
    const EARLIER_BILL: u32 = 1;

    #[inline]
    pub fn new(paid_for: PaidFor, paid_on: i32, amount_fen: i64) -> Self {
        let (kind, number) = match paid_for {
            PaidFor::Bill(bill) => (Self::BILL, bill),
            PaidFor::EarlierBill(bill) => (Self::EARLIER_BILL, bill),
            PaidFor::Account(customer) => (Self::EARLIER_BILL + 1, customer.number()),
        };
        let day = u32::try_from(paid_on).expect("payments lie within 1970 to 2199");
        Self { number, day_and_kind: day << Self::KIND_BITS | kind, amount_fen }
    }

    #[inline]
    pub fn paid_for(&self) -> PaidFor {
        match self.day_and_kind & ((1 << Self::KIND_BITS) - 1) {
            Self::BILL => PaidFor::Bill(self.number),
            Self::EARLIER_BILL => PaidFor::EarlierBill(self.number),
            _ => PaidFor::Account(CustomerIx::new(self.number)),
        }
    }

    #[inline]
    pub fn paid_on(&self) -> i32 {
        (self.day_and_kind >> Self::KIND_BITS).cast_signed()
    }
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

/// Sorts the payments that pay a bill by bill, then by day and amount.
pub(super) struct ByBill;

impl Grouping<BillPayment> for ByBill {
    type Row = BillPayment;

    const EMPTY: BillPayment = BillPayment { bill: NONE, paid_on: 0, amount_fen: 0 };

    #[inline]
    fn group(&self, payment: &BillPayment) -> u32 {
        payment.bill
    }

    #[inline]
    fn row(&self, _position: u32, _key: u32, payment: &BillPayment) -> BillPayment {
        *payment
    }

    #[inline]
    fn sort(&self, payments: &mut [BillPayment]) {
        if payments.len() > 1 {
            payments.sort_unstable_by_key(|payment| (payment.paid_on, payment.amount_fen));
        }
    }
}

impl Grouping<CheckedPayment> for ByBill {
    type Row = BillPayment;

    const EMPTY: BillPayment = BillPayment { bill: NONE, paid_on: 0, amount_fen: 0 };

    #[inline]
    fn group(&self, payment: &CheckedPayment) -> u32 {
        match payment.paid_for() {
            PaidFor::Bill(bill) => bill,
            PaidFor::EarlierBill(_) | PaidFor::Account(_) => NONE,
        }
    }

    #[inline]
    fn row(&self, _position: u32, _key: u32, payment: &CheckedPayment) -> BillPayment {
        let (paid_on, amount_fen) = (payment.paid_on(), payment.amount_fen);
        BillPayment { bill: self.group(payment), paid_on, amount_fen }
    }

    #[inline]
    fn sort(&self, payments: &mut [BillPayment]) {
        Grouping::<BillPayment>::sort(self, payments);
    }
}

impl PaidBills {
    /// Collects and sorts the payments of so many bills; of `pieces`, whose order within a piece may change, those that pay a
    /// bill.
    pub fn new<T: Copy + Send + Sync>(bills: usize, pieces: &mut [RowPiece<T>]) -> Self
    where
        ByBill: Grouping<T, Row = BillPayment>,
    {
        let Grouped { ends, rows } = group(&ByBill, bills, pieces);
        Self { ends, payments: rows }
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
    pub fn with(self, bills: usize, further: Vec<BillPayment>) -> Self {
        if further.is_empty() {
            return self;
        }
        let piece = |payments: Vec<BillPayment>| RowPiece::of(vec![0; payments.len()], payments);
        Self::new(bills, &mut [piece(self.payments), piece(further)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_read_as_written() {
        for paid_for in [
            PaidFor::Bill(0),
            PaidFor::Bill(u32::MAX),
            PaidFor::EarlierBill(7),
            PaidFor::Account(CustomerIx::new(u32::MAX)),
        ] {
            for paid_on in [0, 19_000, 84_005] {
                let payment = CheckedPayment::new(paid_for, paid_on, -5);
                let read = (payment.paid_for(), payment.paid_on(), payment.amount_fen);
                assert_eq!(read, (paid_for, paid_on, -5));
            }
        }
    }
}
