//! Plans: how close a customer's energy came to the energy that the customer had declared or contracted.
//!
//! A plan counts in the months that readings cover. Shares are in 10⁻⁶ so that their sums are exact.

use std::collections::BTreeSet;

use crate::contract::Table;
use crate::contract::cell::{Ids, Integers};
use crate::contract::rule::Rule;
use crate::customer::{CustomerFinder, Customers, NamedCustomer};
use crate::error::RunError;
use crate::index::{CustomerIx, count};
use crate::key::{KeyIndex, NearKey};
use crate::meter::MonthlyUsage;
use crate::rows::{self, CheckedRow, Columns, Placement, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window, share_e6};

/// No customer plans more than this many times what it uses, or less than this part of it.
const UNLIKELY_FACTOR: i128 = 100;

/// The plan of a customer for a month.
#[derive(Clone, Debug, PartialEq)]
struct DeliveredPlan {
    customer: CustomerIx,
    /// Position of the month in the window.
    position: usize,
    planned_wh: i64,
}

/// The facts that plans give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanFacts {
    /// Number of months with a plan above 0.
    pub planned_months: i64,
    /// Number of these months that are covered.
    pub plan_months: i64,
    /// Σ of the completion of the plans in these covered months, in 10⁻⁶.
    pub plan_share_e6: i64,
}

/// Reads the plans of the window. Returns what became of the rows, and the facts of each customer.
///
/// # Errors
/// The table cannot be read.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    usage: &MonthlyUsage,
) -> Result<(TableBook, Vec<PlanFacts>), RunError> {
    let mut book = TableBook::new(Table::Plans);
    let (finder, window) = (CustomerFinder::new(customers), usage.window());
    let rows = rows::read(source, &mut book, &PlanRules { finder, window }, &mut KeyIndex::default())?;
    notice_unlikely(&mut book, &rows, usage, customers);
    Ok((book, count_facts(&rows, usage, customers.len())))
}

/// Notes customers whose plans are far from what they used in the same months.
fn notice_unlikely(
    book: &mut TableBook,
    rows: &[CheckedRow<DeliveredPlan>],
    usage: &MonthlyUsage,
    customers: &Customers,
) {
    let mut sums = vec![(0_i128, 0_i128); customers.len()];
    let plans = rows.iter().map(|row| &row.value).filter(|plan| plan.planned_wh > 0);
    for plan in plans.filter(|plan| usage.covered(plan.position, plan.customer)) {
        let (planned, used) = &mut sums[plan.customer.index()];
        *planned += i128::from(plan.planned_wh);
        *used += i128::from(usage.get(plan.position, plan.customer).active_wh);
    }
    let is_far = |(planned, used): &(i128, i128)| {
        *used > 0 && (*planned > UNLIKELY_FACTOR * used || planned * UNLIKELY_FACTOR < *used)
    };
    let found = count(sums.iter().filter(|sums| is_far(sums)).count());
    if let Some(((planned, used), customer)) = sums.iter().zip(0..).find(|(sums, _)| is_far(sums)) {
        book.notice(Rule::UnlikelyRatio, found, || {
            let id = customers.ids.key(customer);
            format!("{id}: planned {} kWh, used {} kWh", planned / 1_000, used / 1_000)
        });
    }
}

/// The plans above 0 of some customers, for explanations: customer, month and energy in Wh.
///
/// # Errors
/// The table cannot be read.
pub fn of_customers(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    of: &BTreeSet<CustomerIx>,
) -> Result<Vec<(CustomerIx, Month, i64)>, RunError> {
    let mut book = TableBook::new(Table::Plans);
    let finder = CustomerFinder::new(customers);
    let rows = rows::read(source, &mut book, &PlanRules { finder, window }, &mut KeyIndex::default())?;
    let wanted = rows.into_iter().map(|row| row.value).filter(|plan| plan.planned_wh > 0);
    let wanted = wanted.filter(|plan| of.contains(&plan.customer));
    Ok(wanted.map(|plan| (plan.customer, window.month(plan.position), plan.planned_wh)).collect())
}

/// The columns and rules of the table.
struct PlanRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
}

/// The cells are the planned energies in Wh. The place of a row is its customer and the position of its month in the
/// window.
impl TableRules for PlanRules<'_> {
    type Cells = Integers;
    type Place = (NamedCustomer, usize);
    type Row = DeliveredPlan;
    type Notes = NearKey;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<Integers, RunError> {
        columns.cells("planned_kwh")
    }

    fn place(
        &self,
        month: i64,
        _planned_wh: &Integers,
        ids: &Ids,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<(NamedCustomer, usize)> {
        let Some(month) = i32::try_from(month).ok().map(Month) else { return Placement::Outside };
        let Some(position) = self.window.index(month) else { return Placement::Outside };
        self.finder.place(ids, row, month.last_day(), near).map(|customer| (customer, position))
    }

    fn value(
        &self,
        (customer, position): (NamedCustomer, usize),
        _ids: &Ids,
        planned_wh: &Integers,
        row: usize,
        _near: &mut NearKey,
    ) -> Result<DeliveredPlan, Rule> {
        Ok(DeliveredPlan { customer: customer?, position, planned_wh: planned_wh.required(row)? })
    }
}

/// The facts of each customer.
fn count_facts(rows: &[CheckedRow<DeliveredPlan>], usage: &MonthlyUsage, customers: usize) -> Vec<PlanFacts> {
    let mut facts = vec![PlanFacts::default(); customers];
    for plan in rows.iter().map(|row| &row.value).filter(|plan| plan.planned_wh > 0) {
        let fact = &mut facts[plan.customer.index()];
        fact.planned_months += 1;
        if usage.covered(plan.position, plan.customer) {
            fact.plan_months += 1;
            let actual_wh = usage.get(plan.position, plan.customer).active_wh;
            fact.plan_share_e6 += completion_e6(actual_wh, plan.planned_wh);
        }
    }
    facts
}

/// Completion of a plan: 1 − min(1, |actual − plan| / plan), in 10⁻⁶ and computed with integers.
pub(crate) fn completion_e6(actual_wh: i64, planned_wh: i64) -> i64 {
    let missed = actual_wh.abs_diff(planned_wh);
    let met = planned_wh.unsigned_abs().saturating_sub(missed);
    share_e6(met.cast_signed(), planned_wh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;

    #[test]
    fn plans_count_in_covered_months_and_are_missed_by_more_energy_as_by_less() {
        let readings = ["a|2023-10-01|100", "a|2023-11-01|200", "b|2023-10-01|1"];
        let plans =
            ["a|2023-10|80", "a|2023-11|250", "a|2023-12|5", "a|2023-09|0", "b|2023-10|0.2", "a|2023-08|-1"];
        let source = MemorySource::default()
            .customers(&["a", "b"])
            .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &readings)
            .rows(Table::Plans, "customer_id|month|planned_kwh", &plans);
        let customers = source.read_customers();
        let usage = source.read_usage(&customers, Window { end: Month::new(2024, 1), months: 36 });
        let (book, facts) = read(&source, &customers, &usage).unwrap();
        let PlanFacts { planned_months, plan_months, plan_share_e6 } = facts[0];
        assert_eq!((planned_months, plan_months, plan_share_e6), (3, 2, 750_000 + 800_000));
        assert_eq!((facts[1].plan_months, facts[1].plan_share_e6), (1, 0));
        assert_eq!(rejected_rules(&book), ["negative"]);
    }
}
