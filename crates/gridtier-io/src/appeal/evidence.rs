//! Looks up the rows behind customers' values in a cycle, with the corrections of upheld appeals.

use std::collections::BTreeSet;

use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::patch::{Patch, PatchedSource};
use gridtier::source::TableBook;
use gridtier::unit::Window;

use super::error::AppealError;
use super::replay::{EarlierPatch, rulings_in, upheld_before};
use crate::cycle::{
    BillsAndPlans, CustomerRecord, CycleError, CycleRows, EVIDENCE_TABLES, Manifest, data_of,
};
use crate::folder::DataFolder;
use crate::store::{RegisterEntry, Store, StoredCycle};

/// The tables that [`Evidence`] reads. In a revision after an appeal these are all tables, since a patch may hold any of
/// them.
///
/// # Errors
/// The manifest cannot be read.
pub fn evidence_tables(cycle: &StoredCycle) -> Result<&'static [Table], CycleError> {
    Ok(if Manifest::read(cycle)?.is_of_appeal() { &Table::ALL } else { &EVIDENCE_TABLES })
}

/// The data that a cycle was computed from, with the corrections of upheld appeals. Late bills and missed plans are looked up
/// here.
pub struct Evidence {
    data: DataFolder,
    patches: Vec<EarlierPatch>,
    customers: Customers,
}

impl Evidence {
    /// Opens the data of a cycle. `data` must have the tables of [`evidence_tables`].
    ///
    /// # Errors
    /// The cycle was computed from other data, the store lacks a patch, or a table cannot be read.
    pub fn open(store: &Store, cycle: &StoredCycle, data: DataFolder) -> Result<Self, AppealError> {
        let manifest = Manifest::read(cycle)?;
        let data = data_of(cycle, data)?;
        let patches = upheld_before(store, cycle, &manifest, &data)?;
        let mut evidence = Self { data, patches, customers: Customers::default() };
        let mut book = TableBook::new(Table::Customers);
        evidence.customers = match evidence.patches.is_empty() {
            true => customer::read(&evidence.data, &mut book)?,
            false => customer::read(&PatchedSource::new(&evidence.data, &evidence.patches())?, &mut book)?,
        };
        Ok(evidence)
    }

    fn patches(&self) -> Vec<Patch<'_>> {
        self.patches.iter().map(EarlierPatch::patch).collect()
    }

    /// The bills and plans of some accounts, from one pass over the data.
    ///
    /// # Errors
    /// A table cannot be read.
    pub(crate) fn of_accounts(
        &self,
        accounts: &BTreeSet<String>,
        window: Window,
    ) -> Result<BillsAndPlans, AppealError> {
        Ok(match self.patches.is_empty() {
            true => BillsAndPlans::read(&self.data, &self.customers, accounts, window)?,
            false => {
                let corrected = PatchedSource::new(&self.data, &self.patches())?;
                BillsAndPlans::read(&corrected, &self.customers, accounts, window)?
            }
        })
    }
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
    let history = &mut customer.history;
    let accounts = history.accounts.iter().map(|account| account.id.clone()).collect();
    let read = Evidence::open(store, cycle, data)?.of_accounts(&accounts, history.window)?;
    Ok(read.add_to(history, &mut CycleRows::of(cycle))?)
}

/// The rulings that corrected rows of a cycle, in their order.
///
/// # Errors
/// The register or a manifest cannot be read.
pub fn corrections(store: &Store, cycle: &StoredCycle) -> Result<Vec<RegisterEntry>, AppealError> {
    let rulings = rulings_in(store, cycle, &Manifest::read(cycle)?)?;
    Ok(rulings.into_iter().map(|(ruling, _)| ruling).collect())
}
