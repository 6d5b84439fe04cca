//! Revenue and price, over the months in which a customer had service and bills were delivered (SPEC §3, §4).
//!
//! A month without a bill counts as a month in which nothing was due, not as unknown: so customers who are billed every
//! second month, or in season only, are annualised over all their months.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bill::{AcceptedBill, Bills};
use super::doubt::BillDoubts;
use super::{Billing, narrow};
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::delivery::notice_missing_months;
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::meter::MonthlyUsage;
use crate::rows::CheckedRow;
use crate::service_months::ServiceMonths;
use crate::source::TableBook;

/// A month is in the delivered range if it has at least one bill for every `DELIVERED_ONE_IN` bills of the busiest
/// month.
const DELIVERED_ONE_IN: u64 = 100;

/// For each month of a customer with counted bills, by position in the window: Σ amounts due.
type BilledMonths = BTreeMap<usize, i128>;

/// Sums revenue and price by customer, and notes customers with unbilled use.
pub(super) fn count(
    bills: &Bills,
    usage: &MonthlyUsage,
    service: &ServiceMonths,
    customers: &Customers,
    book: &mut TableBook,
    facts: &mut [Billing],
) -> Result<(), RunError> {
    let window = usage.window();
    let mut counted = vec![0u64; index(window.months)];
    bills.months(window).for_each(|(_, month)| counted[month] += 1);
    notice_missing_months(window, &counted, book);
    let delivered = delivered_range(&counted);
    let by_customer = ByCustomer::of(bills, customers.len());
    let mut unbilled = UnbilledUse::default();
    let mut doubts = BillDoubts::new(bills, usage, customers.len());
    for (customer, of_customer) in by_customer.customers() {
        let mut billed = BilledMonths::new();
        for &position in of_customer {
            let bill = &bills.rows[index(position)].value;
            let Some(month) = window.index(bill.month) else { continue };
            *billed.entry(month).or_default() += i128::from(bill.amount_fen);
        }
        doubts.look(customer, of_customer, &billed);
        let of_service = service.of(customer);
        let months = of_service.start.max(delivered.start)..of_service.end.min(delivered.end);
        sum(customer, &billed, months.clone(), usage, &mut facts[customer.index()])?;
        if is_billed_monthly(&billed) {
            unbilled.add(customer, unbilled_months(customer, &billed, months, usage));
        }
    }
    unbilled.notice(customers, book);
    doubts.notice(customers, book);
    Ok(())
}

/// The positions of the bills of each customer.
///
/// Positions instead of copies of the rows take a quarter of the memory, which matters for hundreds of millions of bills.
struct ByCustomer {
    /// For each customer, the end of its positions.
    ends: Vec<usize>,
    positions: Vec<u32>,
}

impl ByCustomer {
    /// Sorts positions by counting.
    fn of(bills: &Bills, customers: usize) -> Self {
        let customer = |row: &CheckedRow<AcceptedBill>| row.value.customer.index();
        let mut ends = vec![0; customers];
        bills.rows.iter().for_each(|row| ends[customer(row)] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut positions = vec![0; bills.rows.len()];
        for (position, row) in (0..).zip(&bills.rows) {
            let end = &mut ends[customer(row)];
            positions[*end] = position;
            *end += 1;
        }
        Self { ends, positions }
    }

    /// The customers that have bills, and the positions of these, in their order.
    fn customers(&self) -> impl Iterator<Item = (CustomerIx, &[u32])> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let all = starts.zip(&self.ends).map(|(start, end)| &self.positions[*start..*end]);
        let all = all.enumerate().map(|(customer, positions)| (CustomerIx::from_index(customer), positions));
        all.filter(|(_, positions)| !positions.is_empty())
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

/// Sums what was billed to a customer. `months` are its service months in the delivered range.
fn sum(
    customer: CustomerIx,
    billed: &BilledMonths,
    months: Range<usize>,
    usage: &MonthlyUsage,
    fact: &mut Billing,
) -> Result<(), RunError> {
    let revenue = |of: &dyn Fn(usize) -> bool| {
        let amounts = billed.iter().filter(|(month, _)| of(**month)).map(|(_, fen)| fen);
        narrow(amounts.sum(), ("a customer's revenue", "客户的电费"))
    };
    let covered = |month: usize| months.contains(&month) && usage.covered(month, customer);
    fact.billed_fen = revenue(&|_| true)?;
    fact.billed_months = length(billed.len());
    fact.revenue_fen = revenue(&|month| months.contains(&month))?;
    fact.revenue_months = length(months.len());
    fact.priced_fen = revenue(&covered)?;
    let energies = months.clone().filter(|&month| covered(month));
    let priced_wh = energies.map(|month| i128::from(usage.get(month, customer).active_wh)).sum();
    fact.priced_wh = narrow(priced_wh, ("a customer's energy", "客户的电量"))?;
    Ok(())
}

/// A number of months, in the integer type of facts.
fn length(months: usize) -> i64 {
    i64::try_from(months).expect("windows are shorter than 2^31 months")
}

/// Whether the commonest gap between months with a bill is one month; of equally common gaps the smallest is taken.
fn is_billed_monthly(billed: &BilledMonths) -> bool {
    let mut gaps: BTreeMap<usize, usize> = BTreeMap::new();
    for (month, next) in billed.keys().zip(billed.keys().skip(1)) {
        *gaps.entry(next - month).or_default() += 1;
    }
    let most = gaps.values().max();
    gaps.iter().find(|(_, times)| Some(*times) == most).is_some_and(|(gap, _)| *gap == 1)
}

/// Number of covered months with energy and without a bill.
fn unbilled_months(
    customer: CustomerIx,
    billed: &BilledMonths,
    months: Range<usize>,
    usage: &MonthlyUsage,
) -> usize {
    months
        .filter(|month| !billed.contains_key(month))
        .filter(|&month| usage.covered(month, customer) && usage.get(month, customer).active_wh > 0)
        .count()
}

/// Customers billed monthly that have months with energy and without a bill.
#[derive(Default)]
struct UnbilledUse {
    /// For each number of such months: how many customers have it, and the first of them.
    by_months: BTreeMap<usize, (u64, CustomerIx)>,
}

impl UnbilledUse {
    fn add(&mut self, customer: CustomerIx, months: usize) {
        if months > 0 {
            self.by_months.entry(months).or_insert((0, customer)).0 += 1;
        }
    }

    fn notice(&self, customers: &Customers, book: &mut TableBook) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billed_monthly_means_that_the_commonest_gap_is_one_month_and_the_smallest_of_equally_common_gaps_counts()
     {
        let billed = |months: &[usize]| months.iter().map(|&month| (month, 0)).collect();
        assert!(is_billed_monthly(&billed(&[0, 1, 2, 5])));
        assert!(is_billed_monthly(&billed(&[0, 1, 3])), "one gap of 1 and one of 2");
        assert!(!is_billed_monthly(&billed(&[0, 2, 4, 5])));
        assert!(!is_billed_monthly(&billed(&[3])), "one bill has no gap");
    }
}
