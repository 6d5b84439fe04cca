//! What became of each bill of a few customers: the evidence behind what was paid on time.

use std::collections::BTreeSet;

use super::arrears::settle_bill;
use super::bill::Bills;
use super::paid::BillPayment;
use super::{payment, reversal};
use crate::contract::Table;
use crate::customer::Customers;
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window};

/// A bill of the window above zero, after reversals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledBill {
    /// Its id.
    pub id: String,
    /// The month that it bills.
    pub month: Month,
    /// The due day.
    pub due_on: i32,
    /// What was due.
    pub due_fen: i128,
    /// The part of `due_fen` that was paid by the due day; 0 if the due day is not before the window's end.
    pub on_time_fen: i128,
    /// Σ of the unpaid amount over the days from the due day to the window's end.
    pub overdue_fen_days: i128,
    /// The day on which nothing was left unpaid; `None` if something is owed at the window's end.
    pub paid_on: Option<i32>,
}

/// The bills of some customers, in the order of customers and, for each, of the table; empty if the source has no bills or
/// no payments. All bills and payments are read, since ids must be unique among all of them.
///
/// # Errors
/// A table cannot be read.
pub fn settled_bills(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    of: &BTreeSet<CustomerIx>,
) -> Result<Vec<(CustomerIx, SettledBill)>, RunError> {
    for table in [Table::Bills, Table::Payments] {
        if source.parts(table)?.is_none() {
            return Ok(Vec::new());
        }
    }
    let bills = Bills::read(source, customers, window, &mut TableBook::new(Table::Bills))?;
    let due = reversal::due(&bills);
    let mut book = TableBook::new(Table::Payments);
    let payments = payment::read(source, &bills, &due, customers, window, &mut book)?;
    let mut settled = Vec::new();
    for (position, bill) in (0..).zip(&bills.rows) {
        let Some(due_on) = bill.due_on() else { continue };
        let due_fen = i128::from(due.counted.due_fen(position, bill));
        if bill.amount_fen <= 0 || !of.contains(&bill.customer) {
            continue;
        }
        let payments = payments.of(index(position));
        let is_due = due_on < window.end_day();
        let sums = is_due.then(|| settle_bill(due_fen, due_on, window.end_day(), payments.iter()));
        let sums = sums.unwrap_or_default();
        settled.push((
            bill.customer,
            SettledBill {
                id: bills.id(bill).to_owned(),
                month: bill.month(),
                due_on,
                due_fen,
                on_time_fen: sums.on_time_fen,
                overdue_fen_days: sums.overdue_fen_days,
                paid_on: paid_on(due_fen, payments),
            },
        ));
    }
    Ok(settled)
}

/// The day from which on nothing was left unpaid. Payments must be sorted by day.
fn paid_on(due_fen: i128, payments: &[BillPayment]) -> Option<i32> {
    let (mut paid, mut since) = (0i128, None);
    for payment in payments {
        paid += i128::from(payment.amount_fen);
        since = if paid < due_fen { None } else { since.or(Some(payment.paid_on)) };
    }
    since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;

    #[test]
    fn bills_are_settled_as_they_are_counted() {
        let bills = [
            "1|a|2023-10-01|100|2023-10-20|-",
            "2|a|2023-11-01|100|2023-11-20|-",
            "3|a|2023-12-01|100|2024-01-20|-",
            "4|b|2023-10-01|100|2023-10-20|-",
            "5|a|2023-11-01|-40|-|2",
        ];
        let payments = ["p|1|2023-10-20|30", "q|1|2023-10-25|70", "r|2|2023-11-19|60", "s|4|2023-10-01|1"];
        let source = MemorySource::default()
            .customers(&["a", "b"])
            .rows(Table::Bills, "bill_id|customer_id|billing_month|amount_due|due_on|reverses", &bills)
            .rows(Table::Payments, "payment_id|bill_id|paid_on|amount", &payments);
        let customers = source.read_customers();
        let window = Window { end: Month::new(2024, 1), months: 12 };
        let settled =
            settled_bills(&source, &customers, window, &BTreeSet::from([CustomerIx::new(0)])).unwrap();
        let october = Month::new(2023, 10).first_day();
        let amounts: Vec<_> = settled
            .iter()
            .map(|(_, bill)| {
                (bill.id.as_str(), bill.due_fen, bill.on_time_fen, bill.overdue_fen_days, bill.paid_on)
            })
            .collect();
        let november = Month::new(2023, 11).first_day();
        assert_eq!(
            amounts,
            [
                ("1", 10_000, 3_000, 7_000 * 5, Some(october + 24)),
                // After a reversal of 40 CNY, 60 CNY were due and paid.
                ("2", 6_000, 6_000, 0, Some(november + 18)),
                ("3", 10_000, 0, 0, None),
            ]
        );
        let unpaid = MemorySource::default().customers(&["a"]).rows(
            Table::Bills,
            "bill_id|customer_id|billing_month|amount_due|due_on|reverses",
            &bills[..1],
        );
        let customers = unpaid.read_customers();
        assert_eq!(
            settled_bills(&unpaid, &customers, window, &BTreeSet::from([CustomerIx::new(0)])).unwrap(),
            []
        );
    }
}
