//! Revenue and price, over the months in which a customer had service and bills were delivered (SPEC §3, §4).
//!
//! A month without a bill counts as a month in which nothing was due, not as unknown: so customers who are billed every
//! second month, or in season only, are annualised over all their months.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bill::Bills;
use super::billed::{self, BilledMonth};
use super::{Billing, narrow};
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::delivery::notice_missing_months;
use crate::error::RunError;
use crate::index::CustomerIx;
use crate::meter::MonthlyUsage;
use crate::service_months::ServiceMonths;
use crate::source::TableBook;

/// A month is in the delivered range if it has at least one bill for every `DELIVERED_ONE_IN` bills of the busiest
/// month.
const DELIVERED_ONE_IN: u64 = 100;

/// Sums revenue and price.
pub(super) struct Revenue<'a> {
    usage: &'a MonthlyUsage,
    service: &'a ServiceMonths,
    /// The delivered range of bills.
    delivered: Range<usize>,
}

impl<'a> Revenue<'a> {
    /// Finds the delivered range of the bills, and notes months without bills.
    pub fn new(
        bills: &Bills,
        usage: &'a MonthlyUsage,
        service: &'a ServiceMonths,
        book: &mut TableBook,
    ) -> Self {
        let counted = &bills.by_month;
        notice_missing_months(usage.window(), counted, book);
        Self { usage, service, delivered: delivered_range(counted) }
    }

    /// Sums what was billed to a customer, and notes unbilled use.
    pub fn count(
        &self,
        customer: CustomerIx,
        billed: &[BilledMonth],
        fact: &mut Billing,
        unbilled: &mut UnbilledUse,
    ) -> Result<(), RunError> {
        let of_service = self.service.of(customer);
        let months = of_service.start.max(self.delivered.start)..of_service.end.min(self.delivered.end);
        self.sum(customer, billed, months.clone(), fact)?;
        if billed::is_monthly(billed) {
            unbilled.add(customer, self.unbilled_months(customer, billed, months));
        }
        Ok(())
    }

    /// Sums what was billed to a customer. `months` are its service months in the delivered range.
    fn sum(
        &self,
        customer: CustomerIx,
        billed: &[BilledMonth],
        months: Range<usize>,
        fact: &mut Billing,
    ) -> Result<(), RunError> {
        let usage = self.usage;
        let covered = |month: usize| months.contains(&month) && usage.covered(month, customer);
        let (mut all, mut delivered, mut priced) = (0, 0, 0);
        for &BilledMonth { month, fen } in billed {
            all += fen;
            delivered += if months.contains(&month) { fen } else { 0 };
            priced += if covered(month) { fen } else { 0 };
        }
        let revenue = |sum| narrow(sum, ("a customer's revenue", "客户的电费"));
        fact.billed_fen = revenue(all)?;
        fact.billed_months = length(billed.len());
        fact.revenue_fen = revenue(delivered)?;
        fact.revenue_months = length(months.len());
        fact.priced_fen = revenue(priced)?;
        let energies = months.clone().filter(|&month| covered(month));
        let priced_wh = energies.map(|month| i128::from(usage.get(month, customer).active_wh)).sum();
        fact.priced_wh = narrow(priced_wh, ("a customer's energy", "客户的电量"))?;
        Ok(())
    }

    /// Number of covered months with energy and without a bill.
    fn unbilled_months(&self, customer: CustomerIx, billed: &[BilledMonth], months: Range<usize>) -> usize {
        let is_used = |month: usize| {
            self.usage.covered(month, customer) && self.usage.get(month, customer).active_wh > 0
        };
        let mut to_come = billed.iter().map(|billed| billed.month).peekable();
        let mut has_bill = |month: usize| {
            while to_come.next_if(|billed| *billed < month).is_some() {}
            to_come.peek() == Some(&month)
        };
        months.filter(|&month| !has_bill(month) && is_used(month)).count()
    }
}

/// The delivered range of bills: from the first to the last month that has at least 1 % as many counted bills as the
/// busiest month.
fn delivered_range(counted: &[u64]) -> Range<usize> {
    let most = counted.iter().copied().max().unwrap_or(0);
    let is_delivered = |&counted: &u64| counted > 0 && counted * DELIVERED_ONE_IN >= most;
    let first = counted.iter().position(is_delivered).unwrap_or(0);
    first..counted.iter().rposition(is_delivered).map_or(first, |last| last + 1)
}

/// A number of months, in the integer type of facts.
fn length(months: usize) -> i64 {
    i64::try_from(months).expect("windows are shorter than 2^31 months")
}

/// Customers billed monthly that have months with energy and without a bill.
#[derive(Default)]
pub(super) struct UnbilledUse {
    /// For each number of such months: how many customers have it, and the first of them.
    by_months: BTreeMap<usize, (u64, CustomerIx)>,
}

impl UnbilledUse {
    fn add(&mut self, customer: CustomerIx, months: usize) {
        if months > 0 {
            self.by_months.entry(months).or_insert((0, customer)).0 += 1;
        }
    }

    /// Adds what was found about later customers.
    pub fn append(&mut self, later: Self) {
        for (months, (customers, first)) in later.by_months {
            self.by_months.entry(months).or_insert((0, first)).0 += customers;
        }
    }

    pub fn notice(&self, customers: &Customers, book: &mut TableBook) {
        let rows = self.by_months.values().map(|(customers, _)| customers).sum();
        if rows == 0 {
            return;
        }
        book.notice(Rule::UnbilledUse, rows, || {
            let each = self.by_months.iter().map(|(months, (found, first))| {
                let months = if *months == 1 { "1 month".to_owned() } else { format!("{months} months") };
                let customers_found =
                    if *found == 1 { "1 customer".to_owned() } else { format!("{found} customers") };
                format!("{months}: {customers_found}, first {}", customers.ids.key(first.number()))
            });
            each.collect::<Vec<_>>().join("; ")
        });
    }
}
