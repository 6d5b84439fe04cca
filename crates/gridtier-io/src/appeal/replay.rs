//! Judges a cycle's customer by corrected rows: counts its facts from the cycle's data with the rows of a patch in place of
//! the customer's own, and places it by the cycle's parameters.

use std::collections::BTreeSet;

use gridtier::appeal::{CorrectedCustomer, Placing};
use gridtier::contract::cell::Dates;
use gridtier::cycle::Cycle;
use gridtier::error::RunError;
use gridtier::method::Method;
use gridtier::patch::{Patch, PatchedSource};
use gridtier::run::{self, Graded};
use gridtier::text;
use gridtier::tier::Previous;

use super::error::AppealError;
use super::register::{KeptPatch, ruling_of};
use super::{refused, usage};
use crate::check::reader_findings;
use crate::cycle::{
    COUNTING, CycleError, Manifest, account_holders, cycle_alone, final_tiers, previous_tiers,
    was_published_before,
};
use crate::folder::DataFolder;
use crate::inputs::other_inputs;
use crate::store::{RegisterEntry, Store, StoredCycle};

/// An appeal judged by corrected rows.
pub struct ReplayedAppeal {
    /// The cycle that was judged: the last published one of its family.
    pub base: StoredCycle,
    /// Its manifest.
    pub manifest: Manifest,
    /// Number of the entry of the customer's open appeal, if there is one.
    pub appeal: Option<u64>,
    /// The cycle in memory, with the tiers that its policies used.
    pub cycle: Cycle,
    /// Id of the customer.
    pub customer: String,
    /// The ids of its accounts.
    pub accounts: BTreeSet<String>,
    /// The facts of all customers, with this customer's corrected, after the method was applied to
    /// them.
    pub graded: Graded,
    /// The customer graded from its corrected facts.
    pub corrected: CorrectedCustomer,
    /// The customer's new place, and who else moves because of it.
    pub placing: Placing,
}

/// The final tiers of the earlier cycle that the hysteresis and step limit of a cycle used.
///
/// # Errors
/// The tiers cannot be read, or the store lacks the earlier cycle.
pub(crate) fn tiers_read(
    store: &Store,
    cycle: &StoredCycle,
    manifest: &Manifest,
    method: &Method,
) -> Result<Previous, AppealError> {
    if method.hysteresis.is_none() && method.step_limit.is_none() {
        return Ok(Previous::new());
    }
    let Some(sha256) = &manifest.previous else {
        // The first manifests do not name the earlier cycle.
        let mut earlier = store.published()?;
        earlier.retain(|earlier| was_published_before(earlier, cycle));
        return Ok(previous_tiers(earlier, manifest.window.end)?);
    };
    let mut cycles = store.cycles()?.into_iter();
    match cycles.find(|cycle| cycle.commit.manifest_sha256 == *sha256) {
        Some(previous) => Ok(final_tiers(&previous)?),
        None => Err(AppealError::OtherInputs(text!(
            "the store lacks the earlier cycle whose tiers this cycle used: no manifest has the SHA-256 {sha256}",
            "本存储中没有其所参照的前一周期: 没有 SHA-256 为 {sha256} 的清单"
        ))),
    }
}

/// Replays an appeal about a cycle with the data that the cycle was computed from. Corrections of earlier appeals stay,
/// except where the patch has a table of the same customer.
///
/// # Errors
/// The data are not those of the cycle, a row of the patch is rejected or belongs to another
/// customer, or something cannot be read.
pub(super) fn replay(
    store: &Store,
    base: StoredCycle,
    customer: &str,
    data: DataFolder,
    patch: Option<&DataFolder>,
) -> Result<ReplayedAppeal, AppealError> {
    let manifest = Manifest::read(&base)?;
    let cycle = loaded(store, &base, &manifest)?;
    if let Some(others) = other_inputs(&manifest, &data).map_err(RunError::from)? {
        return Err(AppealError::OtherInputs(others));
    }
    let known_as_of = manifest.known_as_of.as_deref();
    let known_as_of = known_as_of.and_then(|text| Dates::default().local_time(text));
    let data = data.with_known_as_of(known_as_of);
    let at = position(&cycle, customer).ok_or_else(|| not_graded(&base, customer))?;
    let accounts = accounts_of(&base, customer)?;
    let earlier = upheld_before(store, &base, &manifest, &data)?;
    let mut patches: Vec<Patch> = earlier.iter().map(EarlierPatch::patch).collect();
    patches.extend(patch.map(|rows| Patch { accounts: &accounts, rows }));
    let source = PatchedSource::new(&data, &patches)?;
    let end = manifest.window.end;
    let graded = run::regrade(&source, end, &cycle.method, &cycle.previous, None, reader_findings(&data));
    let graded = graded.map_err(|error| data.with_all_damage(error))?;
    let rejected = source.rejected(&graded.facts.books);
    if !rejected.is_empty() {
        return Err(crate::govern::GovernanceError::Refused(rejected).into());
    }
    if accounts_in(&graded, customer) != accounts {
        return Err(refused(text!(
            "by the patch customer {customer} holds other accounts than in the cycle; grade the cycle anew with `gridtier \
             regrade --revises`",
            "按更正数据, 客户 {customer} 名下的户号与周期不同; 请用 `gridtier regrade --revises` 重新评级"
        )));
    }
    let corrected = CorrectedCustomer::new(&cycle, at, &graded)?;
    let placing = Placing::new(&cycle, at, &corrected, cycle.method.appeal.quota)
        .map_err(gridtier::appeal::NotHeard::from)?;
    Ok(ReplayedAppeal {
        base,
        manifest,
        appeal: None,
        cycle,
        customer: customer.to_owned(),
        accounts,
        graded,
        corrected,
        placing,
    })
}

/// Reads the cycle into memory, after comparing its files with the published hashes.
fn loaded(store: &Store, base: &StoredCycle, manifest: &Manifest) -> Result<Cycle, AppealError> {
    let damages = base.verify()?;
    if !damages.is_empty() {
        let what = damages.iter().map(|damage| damage.text()).collect();
        return Err(crate::govern::GovernanceError::Damaged(what).into());
    }
    if manifest.engine.counting != COUNTING {
        let (number, counting) = (base.version, manifest.engine.counting);
        return Err(usage(text!(
            "cycle {number} was counted by rules of version {counting}, and this program counts by version {COUNTING}; grade it \
             anew with `gridtier regrade --revises {number} --because engine`",
            "周期 {number} 按第 {counting} 版计量规则统计, 本程序采用第 {COUNTING} 版; 请用 `gridtier regrade --revises {number} \
             --because engine` 重新评级"
        )));
    }
    let mut cycle = cycle_alone(base)?;
    cycle.previous = tiers_read(store, base, manifest, &cycle.method)?;
    Ok(cycle)
}

/// The position of a customer in the rows of a cycle.
fn position(cycle: &Cycle, customer: &str) -> Option<usize> {
    let number = cycle.customers.ids.get(customer)?;
    cycle.rows.binary_search_by_key(&number, |row| row.number).ok()
}

fn not_graded(base: &StoredCycle, customer: &str) -> AppealError {
    crate::cycle::absent(base, customer).into()
}

/// The ids of the accounts of a customer.
pub(super) fn accounts_of(base: &StoredCycle, customer: &str) -> Result<BTreeSet<String>, CycleError> {
    let Some(holders) = account_holders(base)? else { return Ok(BTreeSet::from([customer.to_owned()])) };
    let own = holders.into_iter().filter(|(_, holder)| holder == customer);
    Ok(own.map(|(account, _)| account).collect())
}

/// The ids of the accounts of a customer, from graded facts.
fn accounts_in(graded: &Graded, customer: &str) -> BTreeSet<String> {
    let accounts = &graded.facts.customers.ids;
    match &graded.holders {
        None => accounts.get(customer).map(|_| customer.to_owned()).into_iter().collect(),
        Some(holders) => {
            let number = holders.facts.customers.ids.get(customer);
            let own = number.into_iter().flat_map(|number| holders.members.of(number));
            own.map(|account| accounts.key(account.number()).to_owned()).collect()
        }
    }
}

/// A patch of an earlier appeal that was upheld.
pub(super) struct EarlierPatch {
    accounts: BTreeSet<String>,
    kept: KeptPatch,
}

impl EarlierPatch {
    /// The corrected rows, if they are those of the customer with these accounts.
    pub fn rows_of(&self, accounts: &BTreeSet<String>) -> Option<&DataFolder> {
        (self.accounts == *accounts).then_some(&self.kept.folder)
    }

    pub fn patch(&self) -> Patch<'_> {
        Patch { accounts: &self.accounts, rows: &self.kept.folder }
    }
}

/// The patches that a cycle was computed with, in the order of their rulings.
pub(super) fn upheld_before(
    store: &Store,
    base: &StoredCycle,
    manifest: &Manifest,
    data: &DataFolder,
) -> Result<Vec<EarlierPatch>, AppealError> {
    let mut patches = Vec::new();
    for (ruling, before) in rulings_in(store, base, manifest)? {
        let accounts = accounts_of(&before, ruling.customer_id.as_deref().unwrap_or_default())?;
        patches.push(EarlierPatch { accounts, kept: KeptPatch::open(store, &ruling, data)? });
    }
    Ok(patches)
}

/// The rulings that a cycle builds on, in their order, each with the cycle that it revised. They belong to the chain of
/// revisions after appeals that ends with the cycle.
pub(super) fn rulings_in(
    store: &Store,
    base: &StoredCycle,
    manifest: &Manifest,
) -> Result<Vec<(RegisterEntry, StoredCycle)>, AppealError> {
    let cycles = store.cycles()?;
    let (mut number, mut manifest) = (base.version, manifest.clone());
    let mut rulings = Vec::new();
    while manifest.is_of_appeal() {
        let ruling = ruling_of(store, number)?.ok_or_else(|| {
            AppealError::OtherInputs(text!(
                "the register has no ruling that published cycle {number}; run `gridtier verify` on the store",
                "登记簿中没有发布周期 {number} 的裁定; 请对存储运行 `gridtier verify`"
            ))
        })?;
        let revised = manifest.revises.as_ref().map(|revises| &revises.manifest_sha256);
        let Some(before) = cycles.iter().find(|cycle| Some(&cycle.commit.manifest_sha256) == revised) else {
            return Err(AppealError::OtherInputs(text!(
                "the cycle that cycle {number} revises is not in the store",
                "本存储中没有周期 {number} 所修订的周期"
            )));
        };
        (number, manifest) = (before.version, Manifest::read(before)?);
        rulings.push((ruling, before.clone()));
    }
    rulings.reverse();
    Ok(rulings)
}
