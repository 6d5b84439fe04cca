//! Writes and reads the inspected customers and the triggers that fired (REGRADE section 11).

use arrow_array::RecordBatch;

use super::read::{Cells, text_at, value_at, word_at};
use super::{DAY, INTEGER, Output, TEXT, days, full, integers, nullable, table, text};
use crate::cycle::Cycle;
use crate::index::index;
use crate::inspection::Inspection;
use crate::method::{Tier, TriggerAction};
use crate::word::Word;

/// Name of the table of customers.
pub const INSPECTION: &str = "inspection";

/// The tables of customers and triggers, and those of the plans with their status.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, inspection: &'a Inspection) -> Vec<Output<'a>> {
    let mut tables = vec![customers(cycle, inspection), triggers(cycle, inspection)];
    tables.extend(super::improvement::tables(cycle, &inspection.plans));
    tables
}

fn id(cycle: &Cycle, row: usize) -> &str {
    cycle.customers.ids.key(cycle.rows[row].number)
}

/// One row for each customer of the cycle, sorted by id.
fn customers<'a>(cycle: &'a Cycle, inspection: &'a Inspection) -> Output<'a> {
    let fields = vec![
        full("customer_id", TEXT),
        full("stratum", TEXT),
        full("tier", TEXT),
        nullable("tier_now", TEXT),
        nullable("score_now_e6", INTEGER),
    ];
    table(INSPECTION, fields, inspection.customers.len(), move |rows| {
        let each = || inspection.customers[rows.clone()].iter();
        vec![
            text(rows.clone().map(|row| Some(id(cycle, row)))),
            text(each().map(|customer| Some(cycle.strata[index(customer.stratum)].as_str()))),
            text(each().map(|customer| Some(customer.tier.code()))),
            text(each().map(|customer| customer.tier_now.map(Word::code))),
            integers(each().map(|customer| customer.score_now_e6)),
        ]
    })
}

/// One row for each customer and each trigger that fired for it, sorted by id and name.
fn triggers<'a>(cycle: &'a Cycle, inspection: &'a Inspection) -> Output<'a> {
    let fields =
        vec![full("customer_id", TEXT), full("trigger", TEXT), full("action", TEXT), nullable("since", DAY)];
    table("triggers", fields, inspection.fired.len(), move |rows| {
        let each = || inspection.fired[rows.clone()].iter();
        let trigger = |place: u16| &cycle.method.triggers[usize::from(place)];
        vec![
            text(each().map(|fired| Some(id(cycle, index(fired.row))))),
            text(each().map(|fired| Some(trigger(fired.trigger).name.as_str()))),
            text(each().map(|fired| Some(trigger(fired.trigger).action.code()))),
            days(each().map(|fired| fired.since)),
        ]
    })
}

/// Stores in `tiers`, by position in the cycle's rows, the tiers that the customers of a written batch had at the
/// inspection. `None` if the batch is not a table of inspected customers of the cycle.
#[must_use]
pub fn read_tiers(batch: &RecordBatch, cycle: &Cycle, tiers: &mut Vec<Option<Tier>>) -> Option<()> {
    let (ids, now) = (batch.texts("customer_id")?, batch.texts("tier_now")?);
    for row in 0..batch.num_rows() {
        if cycle.rows.get(tiers.len()).is_none() || id(cycle, tiers.len()) != ids.value(row) {
            return None;
        }
        tiers.push(word_at(now, row)?);
    }
    Some(())
}

/// A fired trigger as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerRow {
    /// The customer.
    pub customer_id: String,
    /// Name of the trigger.
    pub trigger: String,
    /// What the trigger proposes.
    pub action: TriggerAction,
    /// The first day on which the trigger's condition was met.
    pub since: Option<i32>,
}

/// The rows of a written batch; `None` if it is not a table of fired triggers.
#[must_use]
pub fn read_triggers(batch: &RecordBatch) -> Option<Vec<TriggerRow>> {
    let (ids, triggers, actions) =
        (batch.texts("customer_id")?, batch.texts("trigger")?, batch.texts("action")?);
    let since = batch.dates("since")?;
    (0..batch.num_rows())
        .map(|row| {
            Some(TriggerRow {
                customer_id: ids.value(row).to_owned(),
                trigger: text_at(triggers, row)?.to_owned(),
                action: word_at(actions, row)??,
                since: value_at(since, row),
            })
        })
        .collect()
}
