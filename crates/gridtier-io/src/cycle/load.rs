//! A whole published cycle in memory, for checks and trials, and the final tiers of the cycle before.

use gridtier::customer::Customers;
use gridtier::cycle::{Cycle, Placed};
use gridtier::indicator::IndicatorColumn;
use gridtier::method::Method;
use gridtier::output::facts::read_customers;
use gridtier::output::{indicators, parameters, tiers};
use gridtier::tier::Previous;
use gridtier::unit::Month;

use super::error::{CycleError, other_columns};
use super::manifest::{Manifest, parse_method};
use super::table::{read_batches, whole_table};
use crate::store::{Store, StoredCycle};

/// Who holds which account, in cycles that grade holders.
pub(super) const MEMBERS: &str = "members.parquet";

/// Reads a whole cycle, with the final tiers of the cycle before it.
///
/// # Errors
/// A file cannot be read, or is not one of this version of gridtier.
pub fn cycle(store: &Store, cycle: &StoredCycle) -> Result<Cycle, CycleError> {
    let manifest = Manifest::read(cycle)?;
    let (method, end) = (parse_method(cycle, &manifest)?, manifest.window.end);
    let customers = graded_customers(cycle)?;
    let (rows, strata) = graded(cycle, &customers)?;
    let columns = values(cycle, &method, &rows, customers.len())?;
    let table = whole_table(&cycle.dir.join("parameters.parquet"))?;
    let table = table.ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let parameters =
        parameters::read(&table, &method).ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let influence = parameters::read_influence(&table, &method)
        .ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let earlier = store.cycles()?.into_iter().filter(|earlier| earlier.version < cycle.version).collect();
    let previous = previous_tiers(earlier, end)?;
    Ok(Cycle { method, end, customers, columns, rows, strata, parameters, influence, previous })
}

/// The final tiers of the cycle before a grading as of `end`, and none if there is no such cycle.
///
/// # Errors
/// A manifest or a tier table cannot be read.
pub fn previous_tiers(cycles: Vec<StoredCycle>, end: Month) -> Result<Previous, CycleError> {
    previous_cycle(cycles, end)?.map_or_else(|| Ok(Previous::new()), |cycle| final_tiers(&cycle))
}

/// Of these cycles the one with the latest window that ends before `end`, and of several gradings of that day the last:
/// they count as one cycle, and the order of publication does not matter otherwise.
///
/// # Errors
/// A manifest cannot be read.
pub fn previous_cycle(cycles: Vec<StoredCycle>, end: Month) -> Result<Option<StoredCycle>, CycleError> {
    let mut latest: Option<(Month, StoredCycle)> = None;
    for cycle in cycles {
        let ends = Manifest::read(&cycle)?.window.end;
        if ends < end && latest.as_ref().is_none_or(|(known, _)| ends >= *known) {
            latest = Some((ends, cycle));
        }
    }
    Ok(latest.map(|(_, cycle)| cycle))
}

/// The final tiers of a cycle by customer.
///
/// # Errors
/// The tier table cannot be read.
pub fn final_tiers(cycle: &StoredCycle) -> Result<Previous, CycleError> {
    let mut tiers = Previous::new();
    read_batches(cycle, "tiers.parquet", |batch| tiers::read_final(batch, &mut tiers))?;
    Ok(tiers)
}

/// The customers that a cycle grades: its holders, or the accepted customers.
fn graded_customers(cycle: &StoredCycle) -> Result<Customers, CycleError> {
    if !has_holders(cycle) {
        return customers(cycle);
    }
    let mut holders = Customers::default();
    read_batches(cycle, "holders.parquet", |batch| read_customers(batch, &mut holders))?;
    Ok(holders)
}

/// Whether a cycle grades holders and not accounts.
pub(super) fn has_holders(cycle: &StoredCycle) -> bool {
    cycle.dir.join(MEMBERS).is_file()
}

/// The accepted customers of a cycle, in the order of their ids.
///
/// # Errors
/// The table cannot be read, or is none of this version of gridtier.
pub(crate) fn customers(cycle: &StoredCycle) -> Result<Customers, CycleError> {
    let mut customers = Customers::default();
    read_batches(cycle, "customers.parquet", |batch| read_customers(batch, &mut customers))?;
    Ok(customers)
}

/// The graded customers, and the names of their strata.
fn graded(cycle: &StoredCycle, customers: &Customers) -> Result<(Vec<Placed>, Vec<String>), CycleError> {
    let (mut rows, mut strata) = (Vec::new(), Vec::new());
    read_batches(cycle, "tiers.parquet", |batch| tiers::read(batch, customers, &mut rows, &mut strata))?;
    Ok((rows, strata))
}

/// By indicator of the method: the values by customer number.
fn values(
    cycle: &StoredCycle,
    method: &Method,
    rows: &[Placed],
    customers: usize,
) -> Result<Vec<IndicatorColumn>, CycleError> {
    let mut columns: Vec<IndicatorColumn> =
        vec![IndicatorColumn::unknown(customers); method.indicators.len()];
    let mut start = 0;
    read_batches(cycle, "indicators.parquet", |batch| {
        let placed = rows.get(start..start + batch.num_rows())?;
        start += batch.num_rows();
        indicators::read(batch, method, placed, &mut columns)
    })?;
    Ok(columns)
}
