//! Reads a recorded inspection: the tiers of the customers and the progress of plans on its day.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use gridtier::cycle::Cycle;
use gridtier::improvement::ImprovementPlans;
use gridtier::method::Tier;
use gridtier::output::{improvement, inspection};

use super::error::{CycleError, other_columns};
use super::load::has_holders;
use super::table::{read_batches, read_columns};
use crate::store::StoredCycle;

/// The tier of each customer on the day of the inspection, in the order of the inspected cycle's rows.
///
/// # Errors
/// The table cannot be read, or belongs to another cycle.
pub(crate) fn inspected_tiers(
    recorded: &StoredCycle,
    cycle: &Cycle,
) -> Result<Vec<Option<Tier>>, CycleError> {
    let mut tiers = Vec::with_capacity(cycle.rows.len());
    let name = format!("{}.parquet", inspection::INSPECTION);
    read_batches(recorded, &name, |batch| inspection::read_tiers(batch, cycle, &mut tiers))?;
    if tiers.len() == cycle.rows.len() { Ok(tiers) } else { Err(other_columns(recorded, &name)) }
}

/// The number of months for which the power factor was assessed, by customer number; empty for cycles that grade holders.
///
/// # Errors
/// The table cannot be read.
pub(crate) fn assessed_months(cycle: &StoredCycle) -> Result<Vec<u32>, CycleError> {
    let mut months = Vec::new();
    if has_holders(cycle) {
        return Ok(months);
    }
    read_columns(cycle, "facts.parquet", &["power_factor_months"], |batch| {
        let column = batch.column(0).as_primitive_opt::<Int64Type>()?;
        months.extend(column.iter().map(|months| u32::try_from(months.unwrap_or(0)).unwrap_or(0)));
        Some(())
    })?;
    Ok(months)
}

/// Gives the plans of a cycle the status that they had at an inspection.
///
/// # Errors
/// A table cannot be read, or belongs to another cycle.
pub(crate) fn inspected_plans(
    recorded: &StoredCycle,
    cycle: &Cycle,
    plans: &mut ImprovementPlans,
) -> Result<(), CycleError> {
    let mut at = 0;
    read_batches(recorded, "plans.parquet", |batch| {
        let rows = improvement::read_plans(batch)?;
        rows.iter().try_for_each(|row| {
            at += 1;
            plans.set_status(cycle, at - 1, &row.customer_id, row.status)
        })
    })?;
    let mut at = 0;
    read_batches(recorded, "plan_items.parquet", |batch| {
        let rows = improvement::read_items(batch)?;
        rows.iter().try_for_each(|row| {
            at += 1;
            plans.set_item_status(cycle, at - 1, (&row.customer_id, &row.indicator), row.status)
        })
    })
}
