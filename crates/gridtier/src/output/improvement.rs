//! Writes and reads improvement plans and their indicators (REGRADE section 11).

use arrow_array::RecordBatch;

use super::read::{Cells, text_at, value_at, word_at};
use super::{
    DAY, FLAG, INTEGER, NUMBER, Output, TEXT, days, flags, flags_or_none, full, integers, nullable, numbers,
    table, text,
};
use crate::cycle::Cycle;
use crate::improvement::{ImprovementPlans, PlanStatus};
use crate::word::Word;

/// The tables of plans and of their indicators.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, plans: &'a ImprovementPlans) -> Vec<Output<'a>> {
    vec![plan_table(cycle, plans), item_table(cycle, plans)]
}

/// One row for each plan, sorted by customer.
fn plan_table<'a>(cycle: &'a Cycle, plans: &'a ImprovementPlans) -> Output<'a> {
    let fields = vec![
        full("customer_id", TEXT),
        nullable("gap_e6", INTEGER),
        nullable("effort", INTEGER),
        nullable("reachable", FLAG),
        nullable("blocked_until", DAY),
        full("due_on", DAY),
        nullable("status", TEXT),
    ];
    table("plans", fields, plans.plans.len(), move |rows| {
        let each = || plans.plans[rows.clone()].iter();
        vec![
            text(each().map(|plan| Some(plan.id(cycle)))),
            integers(each().map(|plan| plan.gap_e6)),
            integers(each().map(|plan| plan.effort.map(i64::from))),
            flags_or_none(each().map(|plan| plan.reachable)),
            days(each().map(|plan| plan.blocked_until.map(|month| month.first_day()))),
            days(each().map(|plan| Some(plan.due_on))),
            text(each().map(|plan| plan.status.map(Word::code))),
        ]
    })
}

/// One row for each plan and each indicator with a weight, sorted by customer and indicator.
fn item_table<'a>(cycle: &'a Cycle, plans: &'a ImprovementPlans) -> Output<'a> {
    let fields = vec![
        full("customer_id", TEXT),
        full("indicator", TEXT),
        nullable("value", NUMBER),
        nullable("points", NUMBER),
        nullable("lost_e6", INTEGER),
        full("lever", FLAG),
        nullable("target_points", NUMBER),
        nullable("target_value", NUMBER),
        nullable("status", TEXT),
    ];
    table("plan_items", fields, plans.all_items().len(), move |rows| {
        let each = || rows.clone().map(|at| plans.item(at));
        let indicators = each().map(|(_, item)| &cycle.method.indicators[usize::from(item.place)]);
        vec![
            text(each().map(|(plan, _)| Some(plans.plans[plan].id(cycle)))),
            text(indicators.map(|indicator| Some(indicator.id.as_str()))),
            numbers(each().map(|(_, item)| item.value)),
            numbers(each().map(|(_, item)| item.points)),
            integers(each().map(|(_, item)| item.lost_e6)),
            flags(each().map(|(_, item)| item.is_lever)),
            numbers(each().map(|(_, item)| item.target_points)),
            numbers(each().map(|(_, item)| item.target_value)),
            text(each().map(|(_, item)| item.status.map(Word::code))),
        ]
    })
}

/// A plan as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// The customer.
    pub customer_id: String,
    /// By how much the customer's score must rise, in 10⁻⁶ points.
    pub gap_e6: Option<i64>,
    /// The least effort, in ‰.
    pub effort: Option<i64>,
    /// Whether this effort suffices.
    pub reachable: Option<bool>,
    /// The first as-of at which no veto applies.
    pub blocked_until: Option<i32>,
    /// The day on which the plan is due.
    pub due_on: i32,
    /// How far the plan has come.
    pub status: Option<PlanStatus>,
}

/// The rows of a written batch; `None` if it is not a table of plans.
#[must_use]
pub fn read_plans(batch: &RecordBatch) -> Option<Vec<PlanRow>> {
    use arrow_array::Array as _;
    let (ids, statuses) = (batch.texts("customer_id")?, batch.texts("status")?);
    let (gaps, efforts) = (batch.integers("gap_e6")?, batch.integers("effort")?);
    let (reachable, blocked, due) =
        (batch.flags("reachable")?, batch.dates("blocked_until")?, batch.dates("due_on")?);
    (0..batch.num_rows())
        .map(|row| {
            Some(PlanRow {
                customer_id: ids.value(row).to_owned(),
                gap_e6: value_at(gaps, row),
                effort: value_at(efforts, row),
                reachable: reachable.is_valid(row).then(|| reachable.value(row)),
                blocked_until: value_at(blocked, row),
                due_on: due.value(row),
                status: word_at(statuses, row)?,
            })
        })
        .collect()
}

/// An indicator of a plan as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanItemRow {
    /// The customer.
    pub customer_id: String,
    /// The indicator.
    pub indicator: String,
    /// Value and points in the cycle.
    pub found: [Option<f64>; 2],
    /// By how much 100 points would raise the score, in 10⁻⁶ points.
    pub lost_e6: Option<i64>,
    /// Whether the customer can change the indicator by behaviour.
    pub is_lever: bool,
    /// The value and the points to be reached.
    pub target: [Option<f64>; 2],
    /// How far the indicator has come.
    pub status: Option<PlanStatus>,
}

/// The rows of a written batch; `None` if it is not a table of indicators of plans.
#[must_use]
pub fn read_items(batch: &RecordBatch) -> Option<Vec<PlanItemRow>> {
    let (ids, statuses) = (batch.texts("customer_id")?, batch.texts("status")?);
    let (indicators, lost, levers) =
        (batch.texts("indicator")?, batch.integers("lost_e6")?, batch.flags("lever")?);
    let found = [batch.floats("value")?, batch.floats("points")?];
    let target = [batch.floats("target_value")?, batch.floats("target_points")?];
    (0..batch.num_rows())
        .map(|row| {
            Some(PlanItemRow {
                customer_id: ids.value(row).to_owned(),
                indicator: text_at(indicators, row)?.to_owned(),
                found: found.map(|column| value_at(column, row)),
                lost_e6: value_at(lost, row),
                is_lever: levers.value(row),
                target: target.map(|column| value_at(column, row)),
                status: word_at(statuses, row)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::generated;
    use crate::improvement::AgreedDates;

    #[test]
    fn what_is_written_is_read_back() {
        let mut written = 0;
        for seed in 0..12 {
            let cycle = generated::pair(seed, true).before;
            let mut plans = ImprovementPlans::of(&cycle, &AgreedDates::default());
            for (plan, items) in plans.each_mut() {
                plan.status = Some(PlanStatus::Behind);
                items.iter_mut().for_each(|item| item.status = item.target_points.map(|_| PlanStatus::Met));
            }
            let batches: Vec<RecordBatch> =
                tables(&cycle, &plans).into_iter().flat_map(|output| output.batches).collect();
            let [plan_batch, item_batch] = &batches[..] else { continue };
            let (rows, items) = (read_plans(plan_batch).unwrap(), read_items(item_batch).unwrap());
            assert_eq!((rows.len(), items.len()), (plans.plans.len(), plans.all_items().len()));
            for (row, plan) in rows.iter().zip(&plans.plans) {
                assert_eq!((row.gap_e6, row.due_on, row.status), (plan.gap_e6, plan.due_on, plan.status));
                assert_eq!(row.effort, plan.effort.map(i64::from));
                assert_eq!(row.customer_id, plan.id(&cycle));
            }
            for (row, (_, item)) in items.iter().zip(plans.all_items()) {
                assert_eq!((row.lost_e6, row.is_lever), (item.lost_e6, item.is_lever));
                assert_eq!(row.target, [item.target_value, item.target_points]);
                assert_eq!((row.found, row.status), ([item.value, item.points], item.status));
            }
            assert!(items.is_sorted_by_key(|row| (row.customer_id.clone(), row.indicator.clone())));
            assert!(read_plans(item_batch).is_none() && read_items(plan_batch).is_none());
            written += rows.len();
        }
        assert!(written > 20);
    }
}
