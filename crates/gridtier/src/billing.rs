//! Bills and payments: revenue, what was paid on time, and how long the rest was owed.
//!
//! Arrears are rebuilt from payments as of the window's end. Taking an exported balance would be simpler, but a balance
//! is that of the day of the export. All money is in fen.
//!
//! Payments on account name no bill, so they pay a customer's bills in a fixed order (DATA §8). That order starts with
//! the first bill and payment in the tables. Bills and payments before the window serve only to find that order, and
//! are read only where a file of payments has a column of customers.

mod grouped;
mod paid;
mod state;
mod census;
mod bill;
mod billed;
mod reversal;
mod doubt;
mod revenue;
mod account;
mod payment;
mod arrears;
mod settled;

use arrears::Arrears;
use billed::MonthSums;
use doubt::BillDoubts;
use rayon::prelude::*;
use revenue::{Revenue, UnbilledUse};

use crate::aside::drop_aside;
use crate::contract::Table;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::meter::MonthlyUsage;
use crate::service_months::ServiceMonths;
use crate::source::{Source, TableBook};
use crate::text;
use crate::text::Text;

pub use bill::Bills;
pub use settled::{SettledBill, settled_bills};

/// How many customers one thread sums at a time.
const CUSTOMERS_TOGETHER: usize = 1_024;

/// The facts that bills and payments give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billing {
    /// Σ amounts due, reversals included.
    pub billed_fen: i64,
    /// Number of months with an accepted bill.
    pub billed_months: i64,
    /// Σ amounts due over the service months in the delivered range of bills.
    pub revenue_fen: i64,
    /// Number of months over which `revenue_fen` is summed; 0 for a customer without a bill.
    pub revenue_months: i64,
    /// Σ amounts due over those of the `revenue_months` that are covered by readings.
    pub priced_fen: i64,
    /// Σ active energy over the months of `priced_fen`, in Wh; 0 for a customer without a bill.
    pub priced_wh: i64,
    /// Number of bills above zero that were due before the window's end.
    pub due_bills: i64,
    /// Σ amounts due on the `due_bills`, after reversals.
    pub due_fen: i64,
    /// The part of `due_fen` that was paid by the due day.
    pub on_time_fen: i64,
    /// Σ of the unpaid amount over the days from the due day to the window's end: fen × days.
    pub overdue_fen_days: i64,
    /// Σ unpaid at the window's end on the bills that were due in an earlier calendar year than the end's.
    pub cross_year_arrears_fen: i64,
    /// Σ unpaid at the window's end on all `due_bills`.
    pub unpaid_fen: i64,
    /// First due day of the bills that are not fully paid at the window's end.
    pub unpaid_since: Option<i32>,
    /// Last day before the window's end on which some bill was overdue: due by then and not fully paid.
    pub last_overdue_day: Option<i32>,
}

impl Billing {
    /// Merges the days of arrears of another account of the same holder: the earlier first day, the later last day.
    pub fn add_days(&mut self, other: &Self) {
        self.unpaid_since = [self.unpaid_since, other.unpaid_since].into_iter().flatten().min();
        self.last_overdue_day = self.last_overdue_day.max(other.last_overdue_day);
    }
}

/// The books of both tables, and the facts by customer.
#[derive(Debug)]
pub struct Billed {
    /// The book of `bills`.
    pub bills: TableBook,
    /// The book of `payments`.
    pub payments: TableBook,
    /// The facts of each customer.
    pub facts: Vec<Billing>,
}

/// Reads payments, and sums them and the bills by customer.
///
/// # Errors
/// A table cannot be read, or a sum overflows.
pub fn count(
    source: &dyn Source,
    bills: &Bills,
    mut bills_book: TableBook,
    usage: &MonthlyUsage,
    service: &ServiceMonths,
    customers: &Customers,
) -> Result<Billed, RunError> {
    let window = usage.window();
    let mut payments_book = TableBook::new(Table::Payments);
    let due = reversal::due(bills);
    due.counted.notice(bills, usage, customers, &mut bills_book);
    let payments = payment::read(source, bills, &due, customers, window, &mut payments_book)?;
    let revenue = Revenue::new(bills, usage, service, &mut bills_book);
    let arrears = Arrears::new(window, &due.counted, &payments);
    let ((), found) = rayon::join(
        || doubt::notice_payments(bills, payments.all(), &due.counted, customers, window, &mut payments_book),
        || sum_by_customer(bills, usage, &revenue, &arrears, customers.len()),
    );
    let (facts, unbilled, doubts) = found?;
    unbilled.notice(customers, &mut bills_book);
    doubts.notice(customers, &mut bills_book);
    drop_aside((due, payments));
    Ok(Billed { bills: bills_book, payments: payments_book, facts })
}

/// Sums bills and payments by customer, in several threads.
fn sum_by_customer<'a>(
    bills: &'a Bills,
    usage: &'a MonthlyUsage,
    revenue: &Revenue,
    arrears: &Arrears,
    customers: usize,
) -> Result<(Vec<Billing>, UnbilledUse, BillDoubts<'a>), RunError> {
    let mut facts = vec![Billing::default(); customers];
    let (window, new_doubts) = (usage.window(), || BillDoubts::new(bills, usage, customers));
    let found: Vec<_> = facts
        .par_chunks_mut(CUSTOMERS_TOGETHER)
        .enumerate()
        .map(|(chunk, facts)| {
            let (mut unbilled, mut doubts) = (UnbilledUse::default(), new_doubts());
            let (mut sums, mut billed) = (MonthSums::new(window), Vec::new());
            let first = chunk * CUSTOMERS_TOGETHER;
            let positions = bills.of(first..first + facts.len());
            let mut position = positions.start;
            for of_customer in bills.rows[positions].chunk_by(|a, b| a.customer == b.customer) {
                let customer = of_customer[0].customer;
                let fact = &mut facts[customer.index() - first];
                sums.sum(of_customer, &mut billed);
                doubts.look(customer, of_customer, &billed);
                revenue.count(customer, &billed, fact, &mut unbilled)?;
                arrears.count(position, of_customer, fact)?;
                position += of_customer.len();
            }
            Ok((unbilled, doubts))
        })
        .collect::<Result<_, RunError>>()?;
    let (mut unbilled, mut doubts) = (UnbilledUse::default(), new_doubts());
    for (more_unbilled, more_doubts) in found {
        unbilled.append(more_unbilled);
        doubts.append(more_doubts);
    }
    Ok((facts, unbilled, doubts))
}

fn narrow(sum: i128, what: (&'static str, &'static str)) -> Result<i64, RunError> {
    i64::try_from(sum).map_err(|_| {
        let advice = text!(
            "an amount in the table must be wrong: look for the largest amounts",
            "表中必有错误的金额：请查看最大的金额"
        );
        let what = Text::from(what);
        Refusal::of(Table::Bills, text!("{what} exceeds 64 bits", "{what}超出 64 位"; what), advice).into()
    })
}

#[cfg(test)]
mod tests;
