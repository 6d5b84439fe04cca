//! The contents of a store: its cycles with their states, the folders that can be removed, its register, the history of tiers,
//! and whether all files are unchanged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use gridtier::decision::{
    AppealOutcome, CycleState, EntryKind, ListedCycle, ListedEntry, Opinion, Proposed, RecordKind,
};
use gridtier::gate::GateResult;
use gridtier::history::TierHistory;
use gridtier::method::{Approval, Gate, VALID_DAYS};
use gridtier::output::tiers;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::Month;
use gridtier::validate::Verdict;
use gridtier::word::Word as _;

use crate::cycle::{CycleError, Manifest, absent, as_of, method, other_table, read_columns, rows_of_id};
use crate::govern::{GovernanceError, days_between, decisions, rules_for};
use crate::store::{ChainFault, Damage, RegisterEntry, RegisterHead, Store, StoredCycle};

/// The cycles, proposals and inspections of a store in the order of their numbers. `now` (RFC 3339) decides which proposals are
/// too old.
///
/// # Errors
/// The store cannot be read.
pub fn cycles(store: &Store, now: &str) -> Result<Vec<ListedCycle>, GovernanceError> {
    let mut stored = store.cycles()?;
    stored.extend(store.inspections()?);
    stored.sort_by_key(|cycle| cycle.version);
    let (current, register) = (store.current()?, store.register()?);
    let published = store.published()?;
    let manifests: Vec<Option<Manifest>> = stored.iter().map(|cycle| Manifest::read(cycle).ok()).collect();
    let listed = stored.iter().zip(&manifests).map(|(cycle, manifest)| {
        let decided = decisions(&register).find(|(number, _)| *number == cycle.version);
        let decided = decided.map(|(_, entry)| entry);
        let record = cycle.publication.as_ref().unwrap_or(&cycle.commit);
        let corrected = manifest.as_ref().and_then(|manifest| manifest.revises.as_ref());
        Ok(ListedCycle {
            number: cycle.version,
            as_of: manifest.as_ref().map(|manifest| manifest.as_of.clone()).or(cycle.commit.as_of.clone()),
            method: manifest.as_ref().map(|manifest| manifest.method.name.clone()),
            state: state(store, cycle, current, &published, decided, now)?,
            pruned: cycle.is_pruned(),
            revises: corrected.and_then(|corrected| with_manifest(&stored, &corrected.manifest_sha256)),
            proposed: proposed(cycle),
            by: decided.map(|entry| entry.by.clone()).or(record.by.clone()),
            at: decided.map_or(&record.published_at, |entry| &entry.at).clone(),
            bytes: manifest
                .as_ref()
                .filter(|_| !cycle.is_pruned())
                .map(|manifest| manifest.outputs.iter().map(|output| output.bytes).sum()),
            reason: decided.map(|entry| entry.reason.clone()).or(record.reason.clone()),
        })
    });
    listed.collect()
}

/// How a cycle was proposed, if it was.
#[must_use]
pub fn proposed(cycle: &StoredCycle) -> Option<Proposed> {
    let record = &cycle.commit;
    (record.kind == RecordKind::Proposal).then(|| Proposed {
        by: record.by.clone(),
        at: record.published_at.clone(),
        reason: record.reason.clone(),
    })
}

/// The number of the cycle whose manifest has a hash.
fn with_manifest(stored: &[StoredCycle], sha256: &str) -> Option<u64> {
    let found = stored.iter().find(|cycle| cycle.commit.manifest_sha256 == sha256);
    found.map(|cycle| cycle.version)
}

fn state(
    store: &Store,
    cycle: &StoredCycle,
    current: Option<u64>,
    published: &[StoredCycle],
    decided: Option<&RegisterEntry>,
    now: &str,
) -> Result<CycleState, GovernanceError> {
    if cycle.commit.kind == RecordKind::Inspection {
        return Ok(CycleState::Inspection);
    }
    if current == Some(cycle.version) {
        return Ok(CycleState::Current);
    }
    if cycle.is_published() {
        let of_day = cycle.commit.as_of.as_ref();
        let later = published.iter().skip_while(|other| other.version != cycle.version).skip(1);
        let is_superseded =
            of_day.is_some() && later.into_iter().any(|other| other.commit.as_of.as_ref() == of_day);
        return Ok(if is_superseded { CycleState::Superseded } else { CycleState::Published });
    }
    Ok(match decided.map(|entry| entry.kind) {
        Some(EntryKind::Reject) => CycleState::Rejected,
        Some(EntryKind::Withdraw) => CycleState::Withdrawn,
        _ => {
            // If the rules cannot be read just now, no proposal counts as too old.
            let valid_days = match rules_for(store, cycle) {
                Ok(rules) => rules.valid_days,
                Err(_) if cycle.is_pruned() => 0,
                Err(_) => VALID_DAYS,
            };
            let days = days_between(&cycle.commit.published_at, now)?;
            if days > i64::from(valid_days) { CycleState::Expired } else { CycleState::Proposed }
        }
    })
}

/// The cycles whose folders are no longer needed: proposals that were rejected, withdrawn or have expired, and published
/// cycles that a later one of the same as-of replaces. The list never has the current cycle, a cycle of a family with
/// revisions, a cycle that an inspection, appeal, ruling or plan is about, or a cycle that an open proposal was compared
/// with. Nor does it have a cycle whose tiers a remaining cycle used, since the remaining one could not be computed again
/// without it.
///
/// # Errors
/// The store cannot be read.
pub fn prunable(store: &Store, now: &str) -> Result<Vec<ListedCycle>, GovernanceError> {
    let listed = cycles(store, now)?;
    let mut needed: BTreeSet<u64> = listed.iter().filter_map(|cycle| cycle.revises).collect();
    needed.extend(listed.iter().filter(|cycle| cycle.revises.is_some()).map(|cycle| cycle.number));
    let kinds = [EntryKind::Appeal, EntryKind::Ruling, EntryKind::Plan];
    let named = store.register()?.into_iter().filter(|entry| kinds.contains(&entry.kind));
    needed.extend(named.filter_map(|entry| entry.cycle));
    needed.extend(store.inspections()?.iter().filter_map(|inspection| inspection.commit.cycle));
    let open = listed.iter().filter(|cycle| cycle.state == CycleState::Proposed).map(|cycle| cycle.number);
    let open: BTreeSet<u64> = open.collect();
    let proposals = store.cycles()?;
    needed.extend(
        proposals.iter().filter(|cycle| open.contains(&cycle.version)).filter_map(|cycle| cycle.commit.base),
    );
    let removable =
        [CycleState::Rejected, CycleState::Withdrawn, CycleState::Expired, CycleState::Superseded];
    let staying =
        listed.iter().filter(|cycle| !removable.contains(&cycle.state) || needed.contains(&cycle.number));
    let staying: BTreeSet<u64> = staying.map(|cycle| cycle.number).collect();
    let read: BTreeSet<String> =
        proposals.iter().filter(|cycle| staying.contains(&cycle.version)).filter_map(previous_of).collect();
    let has_readers = proposals.iter().filter(|cycle| read.contains(&cycle.commit.manifest_sha256));
    let has_readers: BTreeSet<u64> = has_readers.map(|cycle| cycle.version).collect();
    let prunable = listed.into_iter().filter(|cycle| {
        !cycle.pruned && !staying.contains(&cycle.number) && !has_readers.contains(&cycle.number)
    });
    Ok(prunable.collect())
}

/// The hash of the manifest of the earlier cycle whose tiers a cycle used.
fn previous_of(cycle: &StoredCycle) -> Option<String> {
    Some(cycle.manifest().ok()?.get("previous")?.as_str()?.to_owned())
}

/// Removes the folders that [`prunable`] names; records and entries stay.
///
/// # Errors
/// The store cannot be read or written.
pub fn prune(store: &Store, now: &str) -> Result<Vec<ListedCycle>, GovernanceError> {
    let writer = store.decide()?;
    let removed = prunable(store, now)?;
    for cycle in store.cycles()? {
        if removed.iter().any(|listed| listed.number == cycle.version) {
            writer.remove_folder(&cycle)?;
        }
    }
    Ok(removed)
}

/// The entries of the register as they are listed.
///
/// # Errors
/// The store cannot be read.
pub fn register(store: &Store) -> Result<Vec<ListedEntry>, GovernanceError> {
    Ok(store.register()?.into_iter().map(listed).collect())
}

/// An entry as it is listed.
#[must_use]
pub fn listed(entry: RegisterEntry) -> ListedEntry {
    let verdict = entry.facts.get("verdict").and_then(|verdict| Opinion::from_code(verdict.as_str()?));
    let outcome = entry.facts.get("outcome").and_then(|outcome| AppealOutcome::from_code(outcome.as_str()?));
    let appeal = entry.facts.get("appeal").and_then(serde_json::Value::as_u64);
    let RegisterEntry { number, at, by, kind, cycle, customer_id, reason, .. } = entry;
    ListedEntry { number, at, by, kind, verdict, outcome, appeal, cycle, customer_id, reason }
}

/// An entry of a store's register, with the results of the gates that it records; `None` if there is no such entry.
///
/// # Errors
/// The store cannot be read.
pub fn recorded_entry(
    store: &Store,
    number: u64,
) -> Result<Option<(ListedEntry, Vec<GateResult>)>, GovernanceError> {
    let Some(listed) = register(store)?.into_iter().find(|entry| entry.number == number) else {
        return Ok(None);
    };
    let entry = store.register()?.into_iter().find(|entry| entry.number == number);
    let gates = entry.and_then(|mut entry| entry.facts.get_mut("gates").map(serde_json::Value::take));
    let gates = gates.as_ref().and_then(serde_json::Value::as_array).into_iter().flatten();
    Ok(Some((listed, gates.filter_map(gate_result).collect())))
}

/// The result of a gate as the register has it.
fn gate_result(fact: &serde_json::Value) -> Option<GateResult> {
    let limit = |name: &str| fact[name].as_f64();
    Some(GateResult {
        gate: Gate::from_code(fact["gate"].as_str()?)?,
        value: limit("value"),
        warn: limit("warn"),
        fail: limit("fail"),
        verdict: Verdict::from_code(fact["verdict"].as_str()?)?,
    })
}

/// What a check of a whole store found.
#[derive(Debug, Default)]
pub struct StoreCheck {
    /// Faults in commit records and register.
    pub chains: Vec<ChainFault>,
    /// The differences in the files of each cycle.
    pub cycles: Vec<(StoredCycle, Vec<Damage>)>,
    /// Cycles whose folder was removed.
    pub pruned: Vec<u64>,
}

impl StoreCheck {
    /// Whether everything that must be there is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.chains.is_empty() && self.cycles.iter().all(|(_, damages)| damages.is_empty())
    }
}

/// Compares commit records, register and all cycles with what was written. A removed folder is listed; it is damage only
/// if it is still needed. `head` is the last entry of the register, as it was kept outside the store.
///
/// # Errors
/// The store cannot be read.
pub fn verify(store: &Store, head: Option<&RegisterHead>, now: &str) -> Result<StoreCheck, GovernanceError> {
    let mut check = StoreCheck { chains: store.verify_chains(head)?, ..StoreCheck::default() };
    if !check.chains.is_empty() {
        // Files that cannot be trusted may be unreadable too.
        return Ok(check);
    }
    let listed = cycles(store, now)?;
    let mut stored = store.cycles()?;
    check.chains = unapproved(&stored);
    stored.extend(store.inspections()?);
    stored.sort_by_key(|cycle| cycle.version);
    for cycle in stored {
        let state = listed.iter().find(|listed| listed.number == cycle.version).map(|listed| listed.state);
        let is_needed = matches!(state, Some(CycleState::Current | CycleState::Proposed));
        if cycle.is_pruned() && !is_needed {
            check.pruned.push(cycle.version);
            continue;
        }
        let damages = cycle.verify()?;
        check.cycles.push((cycle, damages));
    }
    Ok(check)
}

/// Cycles that are published by their own records although their method, or that of the cycle that was current before,
/// requires approval: no writer has made them so. Methods that cannot be read are found with the files of their cycles.
fn unapproved(cycles: &[StoredCycle]) -> Vec<ChainFault> {
    let requires = |version: u64| {
        let cycle = cycles.iter().find(|cycle| cycle.version == version);
        let method = cycle.and_then(|cycle| method(cycle).ok());
        method.is_some_and(|method| method.governance.approval == Approval::Required)
    };
    let at_once = cycles.iter().filter(|cycle| cycle.commit.kind == RecordKind::Cycle);
    let unapproved =
        at_once.filter(|cycle| requires(cycle.version) || cycle.commit.base.is_some_and(requires));
    let faults = unapproved.map(|cycle| ChainFault {
        path: cycle.dir.clone(),
        what: text!(
            "it was published without the approval that the method requires: its commit record was edited",
            "评价方法要求审批, 而其未经审批即发布: 提交记录已被改动"
        ),
    });
    faults.collect()
}

/// The cycle of an as-of that was published last. Its folder must be there.
///
/// # Errors
/// There is no such cycle, or the store cannot be read.
pub fn cycle_as_of(store: &Store, day: Month) -> Result<StoredCycle, GovernanceError> {
    let mut found = None;
    for cycle in store.published()? {
        if as_of(&cycle)? == day {
            found = Some(cycle);
        }
    }
    let found = found.ok_or_else(|| GovernanceError::NoCycle(no_cycle_of(day)))?;
    Ok(store.cycle(Some(found.version))?)
}

fn no_cycle_of(day: Month) -> Text {
    text!(
        "no published cycle has as-of {day}-01; `gridtier cycles` lists those there are",
        "没有评价截止日为 {day}-01 的已发布周期; 请用 `gridtier cycles` 查看"
    )
}

/// The history of tiers over the cycles that were published by a day. Of several cycles with one as-of, the one published last
/// counts. If a customer is named, the history is that customer's only.
///
/// # Errors
/// A cycle cannot be read; or none of them graded the customer, which the error explains by the last.
pub fn history(
    store: &Store,
    known_on: Option<NaiveDate>,
    customer: Option<&str>,
) -> Result<TierHistory, CycleError> {
    let mut history = TierHistory::default();
    let cycles = known_cycles(store, known_on)?;
    for (month, cycle) in &cycles {
        history.begin_cycle(cycle.version, month.first_day());
        if let Some(id) = customer {
            let rows = rows_of_id(cycle, "tiers.parquet", id)?;
            let read = rows.is_none_or(|rows| tiers::read_history(&rows, customer, &mut history).is_some());
            if !read {
                return Err(other_table(cycle, "tiers.parquet"));
            }
            continue;
        }
        let columns = ["customer_id", "stratum", "tier", "provisional"];
        read_columns(cycle, "tiers.parquet", &columns, |batch| {
            tiers::read_history(batch, customer, &mut history)
        })?;
    }
    let history = history.finish();
    match (customer, cycles.last()) {
        (Some(id), Some((_, last))) if history.spans.is_empty() => Err(absent(last, id)),
        _ => Ok(history),
    }
}

/// The cycles that were published by a day, in the order of as-of; of several with one as-of, the one published last.
pub(crate) fn known_cycles(
    store: &Store,
    known_on: Option<NaiveDate>,
) -> Result<Vec<(Month, StoredCycle)>, CycleError> {
    let mut last: BTreeMap<Month, StoredCycle> = BTreeMap::new();
    for cycle in store.published()? {
        let at = cycle.publication.as_ref().map(|record| record.published_at.as_str()).unwrap_or_default();
        let published = DateTime::parse_from_rfc3339(at).ok().map(|time| time.to_utc().date_naive());
        // A record without a time counts as always known.
        if known_on.zip(published).is_none_or(|(known_on, published)| published <= known_on) {
            last.insert(as_of(&cycle)?, cycle);
        }
    }
    Ok(last.into_iter().collect())
}

#[cfg(test)]
mod tests;
