//! Looks up the rows behind a customer's values in a cycle, with the corrections of upheld appeals.

use gridtier::contract::Table;
use gridtier::patch::{Patch, PatchedSource};

use super::error::AppealError;
use super::replay::{EarlierPatch, rulings_in, upheld_before};
use crate::cycle::{CustomerRecord, CycleError, EVIDENCE_TABLES, Manifest, data_of};
use crate::folder::DataFolder;
use crate::store::{RegisterEntry, Store, StoredCycle};

/// The tables that [`look_up`] reads. In a revision after an appeal these are all tables, since a
/// patch may hold any of them.
///
/// # Errors
/// The manifest cannot be read.
pub fn evidence_tables(cycle: &StoredCycle) -> Result<&'static [Table], CycleError> {
    Ok(if Manifest::read(cycle)?.is_of_appeal() { &Table::ALL } else { &EVIDENCE_TABLES })
}

/// Looks up the bills and plans of a customer in the data that its cycle was computed from, with the corrections of upheld
/// appeals. `data` must have the tables of [`evidence_tables`].
///
/// # Errors
/// The cycle was computed from other data, the store lacks a patch, or a table cannot be read.
pub fn look_up(
    store: &Store,
    cycle: &StoredCycle,
    customer: &mut CustomerRecord,
    data: DataFolder,
) -> Result<(), AppealError> {
    let manifest = Manifest::read(cycle)?;
    if !manifest.is_of_appeal() {
        return Ok(customer.look_up(cycle, data)?);
    }
    let data = data_of(cycle, data)?;
    let upheld = upheld_before(store, cycle, &manifest, &data)?;
    let patches: Vec<Patch> = upheld.iter().map(EarlierPatch::patch).collect();
    Ok(customer.look_up_in(cycle, &PatchedSource::new(&data, &patches)?)?)
}

/// The rulings that corrected rows of a customer in a cycle, in their order.
///
/// # Errors
/// The register or a manifest cannot be read.
pub fn corrections(
    store: &Store,
    cycle: &StoredCycle,
    customer: &str,
) -> Result<Vec<RegisterEntry>, AppealError> {
    let rulings = rulings_in(store, cycle, &Manifest::read(cycle)?)?.into_iter().map(|(ruling, _)| ruling);
    Ok(rulings.filter(|ruling| ruling.customer_id.as_deref() == Some(customer)).collect())
}
