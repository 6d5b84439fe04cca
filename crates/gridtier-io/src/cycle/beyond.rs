//! Which figures of a published cycle are beyond the limits of another method.

use gridtier::contract::rule::Rule;
use gridtier::cycle::Cycle;
use gridtier::index::index_u64;
use gridtier::limit::{Breach, CountedTables};
use gridtier::method::Method;
use gridtier::output::facts::read_unit_suspects;
use gridtier::whatif::{TrialOutcome, breaches};

use super::error::CycleError;
use super::load::customers;
use super::manifest::Manifest;
use super::table::read_batches;
use crate::store::StoredCycle;

/// The figures beyond the limits of the cycle's own method, and those beyond the limits of a method that is tried on
/// it.
///
/// # Errors
/// A file of the cycle cannot be read.
pub fn beyond_limits_of(
    stored: &StoredCycle,
    cycle: &Cycle,
    method: &Method,
    outcome: &TrialOutcome,
) -> Result<[Vec<Breach>; 2], CycleError> {
    let manifest = Manifest::read(stored)?;
    let mut unit_suspects = Vec::new();
    if manifest.findings.iter().any(|finding| finding.rule == Rule::UnitSuspect) {
        let accounts = customers(stored)?;
        read_batches(stored, "unit_suspects.parquet", |batch| {
            unit_suspects.extend(read_unit_suspects(batch, &accounts)?);
            Some(())
        })?;
    }
    let totals = &manifest.control_totals;
    let tables = CountedTables {
        tallies: totals.reconciliation.iter().map(|row| (row.table, row.tally)).collect(),
        findings: &manifest.findings,
        unit_suspects: &unit_suspects,
        customers: index_u64(totals.customers),
    };
    let tried = breaches(cycle, method, outcome, &tables);
    Ok([manifest.breaches, tried])
}
