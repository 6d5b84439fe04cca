//! Reads a whole published cycle into memory, for checks, trials and comparisons; also the final tiers of the cycle
//! before it.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use gridtier::customer::Customers;
use gridtier::cycle::{Cycle, Placed, PublishedOffences};
use gridtier::index::index;
use gridtier::indicator::IndicatorColumn;
use gridtier::method::{Method, NormaliseWithin};
use gridtier::output::facts::{read_covered_months, read_customers, read_offences};
use gridtier::output::{holders, indicators, ledger, parameters, tiers};
use gridtier::score::Parameters;
use gridtier::tier::{LedgerLine, Previous};
use gridtier::unit::Month;

use super::error::{CycleError, other_columns};
use super::manifest::{Manifest, parse_method};
use super::table::{read_batches, read_columns, whole_table};
use crate::store::{Store, StoredCycle};

/// The table that says who holds which account, in cycles that grade holders.
pub(super) const MEMBERS: &str = "members.parquet";

/// Reads a whole cycle, with the final tiers of the cycle before it.
///
/// # Errors
/// A file cannot be read, or was not written by this version of gridtier.
pub fn cycle(store: &Store, cycle: &StoredCycle) -> Result<Cycle, CycleError> {
    let read = cycle_alone(cycle)?;
    Ok(Cycle { previous: tiers_before(store, cycle, read.end)?, ..read })
}

/// The final tiers of the cycle before a cycle that grades as of `end`; none if there is no such cycle.
///
/// # Errors
/// A manifest or a tier table cannot be read.
pub fn tiers_before(store: &Store, cycle: &StoredCycle, end: Month) -> Result<Previous, CycleError> {
    let mut earlier = store.published()?;
    earlier.retain(|earlier| was_published_before(earlier, cycle));
    previous_tiers(earlier, end)
}

/// Reads a whole cycle without the final tiers of the cycle before it.
///
/// # Errors
/// A file cannot be read, or was not written by this version of gridtier.
pub fn cycle_alone(cycle: &StoredCycle) -> Result<Cycle, CycleError> {
    let manifest = Manifest::read(cycle)?;
    let method = parse_method(cycle, &manifest)?;
    let customers = graded_customers(cycle)?;
    let (rows, strata) = graded(cycle, &customers)?;
    let columns = values(cycle, &method, &rows, customers.len())?;
    let (table, parameters) = fitted(cycle, &method)?;
    let influence = parameters::read_influence(&table, &method)
        .ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let (offences, covered_months) = by_account(cycle, &customers)?;
    Ok(Cycle {
        method,
        end: manifest.window.end,
        months: manifest.window.months,
        counting: manifest.engine.counting,
        customers,
        columns,
        expressed: Vec::new(),
        rows,
        strata,
        ledger: ledger(cycle)?,
        offences,
        covered_months,
        parameters,
        influence,
        previous: Previous::new(),
    })
}

/// The boundaries of all strata.
pub(super) fn ledger(cycle: &StoredCycle) -> Result<Vec<LedgerLine>, CycleError> {
    let mut lines = Vec::new();
    read_batches(cycle, "ledger.parquet", |batch| {
        lines.extend(ledger::read_lines(batch)?);
        Some(())
    })?;
    Ok(lines)
}

/// The offences of each account, and for each graded customer the largest number of covered months among its accounts.
fn by_account(
    cycle: &StoredCycle,
    customers: &Customers,
) -> Result<(PublishedOffences, Vec<u32>), CycleError> {
    let mut months = Vec::with_capacity(customers.len());
    read_columns(cycle, "facts.parquet", &["covered_months"], |batch| {
        read_covered_months(batch, &mut months)
    })?;
    let mut rows = Vec::new();
    let mut read = |accounts: &Customers| {
        read_batches(cycle, "offences.parquet", |batch| {
            rows.extend(read_offences(batch, accounts)?);
            Some(())
        })
    };
    if !has_holders(cycle) {
        read(customers)?;
        return Ok((PublishedOffences { rows, holders: None }, months));
    }
    let (mut accounts, mut holders) = (Customers::default(), Vec::new());
    read_batches(cycle, MEMBERS, |batch| {
        holders::read_members(batch, &customers.ids, &mut accounts.ids, &mut holders)
    })?;
    read(&accounts)?;
    let mut most = vec![0; customers.len()];
    for (&holder, &covered) in holders.iter().zip(&months) {
        let most: &mut u32 = &mut most[index(holder)];
        *most = covered.max(*most);
    }
    Ok((PublishedOffences { rows, holders: Some(holders) }, most))
}

/// The table of parameters, and the parameters fitted to the ranked customers. If the method fits points within
/// strata, each stratum also has its own.
///
/// # Errors
/// A table cannot be read, or does not belong to the method.
pub(super) fn fitted(cycle: &StoredCycle, method: &Method) -> Result<(RecordBatch, Parameters), CycleError> {
    let other = || other_columns(cycle, "parameters.parquet");
    let table = whole_table(&cycle.dir.join("parameters.parquet"))?.ok_or_else(other)?;
    let mut fitted = parameters::read(&table, method).ok_or_else(other)?;
    if method.normalise_within == NormaliseWithin::Stratum {
        let file = format!("{}.parquet", parameters::STRATUM_PARAMETERS);
        // A table without rows means that every stratum has too few known values.
        if let Some(by_stratum) = whole_table(&cycle.dir.join(&file))? {
            let strata = parameters::read_by_stratum(&by_stratum, method);
            fitted.strata = strata.ok_or_else(|| other_columns(cycle, &file))?;
        }
    }
    Ok((table, fitted))
}

/// Whether `earlier` had been published by the time when `cycle` was graded.
pub(crate) fn was_published_before(earlier: &StoredCycle, cycle: &StoredCycle) -> bool {
    earlier.publication.as_ref().is_some_and(|record| record.version < cycle.version)
}

/// The month that follows the window of a cycle.
///
/// # Errors
/// The commit record does not name the month, and the manifest cannot be read.
pub fn as_of(cycle: &StoredCycle) -> Result<Month, CycleError> {
    let recorded = cycle.commit.as_of.as_deref().and_then(|day| day.get(..7));
    match recorded.and_then(|month| Month::try_from(month.to_owned()).ok()) {
        Some(month) => Ok(month),
        None => Ok(Manifest::read(cycle)?.window.end),
    }
}

/// The final tiers of the cycle before a grading as of `end`; none if there is no such cycle.
///
/// # Errors
/// A manifest or a tier table cannot be read.
pub fn previous_tiers(cycles: Vec<StoredCycle>, end: Month) -> Result<Previous, CycleError> {
    previous_cycle(cycles, end)?.map_or_else(|| Ok(Previous::new()), |cycle| final_tiers(&cycle))
}

/// The cycle with the latest window that ends before `end`. Several gradings as of one day count as one cycle, and the one
/// published last is taken; otherwise the order of publication does not matter. `cycles` are in the order of publication.
///
/// # Errors
/// A manifest cannot be read.
pub fn previous_cycle(cycles: Vec<StoredCycle>, end: Month) -> Result<Option<StoredCycle>, CycleError> {
    let mut latest: Option<(Month, StoredCycle)> = None;
    for cycle in cycles {
        let ends = as_of(&cycle)?;
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

/// The table of what a cycle grades: holders, or accepted customers.
pub(crate) fn graded_table(cycle: &StoredCycle) -> &'static str {
    if has_holders(cycle) { "holders.parquet" } else { "customers.parquet" }
}

/// Whether a cycle grades holders and not accounts.
pub(super) fn has_holders(cycle: &StoredCycle) -> bool {
    cycle.dir.join(MEMBERS).is_file()
}

/// By account: the holder under which it is graded; `None` for a cycle that grades accounts.
///
/// # Errors
/// The table cannot be read.
pub(crate) fn account_holders(cycle: &StoredCycle) -> Result<Option<BTreeMap<String, String>>, CycleError> {
    if !has_holders(cycle) {
        return Ok(None);
    }
    let mut holders = BTreeMap::new();
    read_columns(cycle, MEMBERS, &["customer_id", "account_id"], |batch| {
        let column = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let (ids, accounts) = (column("customer_id")?, column("account_id")?);
        let pairs = accounts.iter().flatten().zip(ids.iter().flatten());
        holders.extend(pairs.map(|(account, holder)| (account.to_owned(), holder.to_owned())));
        Some(())
    })?;
    Ok(Some(holders))
}

/// The accepted customers of a cycle, in the order of their ids.
///
/// # Errors
/// The table cannot be read, or was not written by this version of gridtier.
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
