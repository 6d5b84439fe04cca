//! The use cases of governance: who reviews, approves, rejects or withdraws a proposed cycle, and which cycle a revision may
//! correct (REGRADE sections 4 and 5).
//!
//! `gridtier::decision` decides what is allowed. This module reads the store's records for it and writes the outcome into
//! the store. The caller provides names and time; nobody checks who enters a name.

mod error;
mod revision;

use std::path::Path;

use chrono::DateTime;
use gridtier::decision::{
    EntryKind, Obstacle, Opinion, OutdatedRevision, ProposalState, RecordKind, Review, RevisionCause,
    approval_obstacles, decided, rejection_obstacles, withdrawal_obstacles,
};
use gridtier::gate::{GateResult, GateValues};
use gridtier::method::{Approval, Gate, Governance, Method};
use gridtier::text;
use gridtier::word::Word;
use serde_json::{Value, json};

use crate::cycle::{CycleError, Manifest, method};
use crate::store::{Decisions, NewEntry, RegisterEntry, Store, StoredCycle};

pub use error::GovernanceError;
pub use revision::CorrectedCycle;
pub(crate) use revision::{family, last_of_family, stored_family};

/// The entries that decide about proposals, each with the number of its proposal.
pub fn decisions(entries: &[RegisterEntry]) -> impl Iterator<Item = (u64, &RegisterEntry)> {
    let kinds = [EntryKind::Approve, EntryKind::Reject, EntryKind::Withdraw];
    let decided = entries.iter().filter(move |entry| kinds.contains(&entry.kind));
    decided.filter_map(|entry| Some((entry.cycle?, entry)))
}

/// Refuses to publish a cycle at once if the current method or the new one requires approval.
///
/// # Errors
/// Approval is required, the current cycle's method cannot be read, or the store cannot be read.
pub fn refuse_without_approval(store: &Store, new: &Method) -> Result<(), GovernanceError> {
    if !requires_approval(store, new)? {
        return Ok(());
    }
    Err(GovernanceError::Usage(text!(
        "the method requires approval; add --propose --by NAME --reason TEXT, then somebody else runs `gridtier approve`",
        "评价方法要求审批; 请加 --propose --by 姓名 --reason 理由, 再由他人运行 `gridtier approve`"
    )))
}

/// Whether a cycle by this method can be published only by approval.
///
/// # Errors
/// The current cycle's method cannot be read, or the store cannot be read.
pub(crate) fn requires_approval(store: &Store, new: &Method) -> Result<bool, GovernanceError> {
    Ok(governance_in_force(store)?.is_some() || new.governance.approval == Approval::Required)
}

/// The rules of the current cycle's method, if they require approval. An unreadable method is an error, because it
/// might require approval: otherwise one could evade approval by removing a file.
fn governance_in_force(store: &Store) -> Result<Option<Governance>, GovernanceError> {
    let Some(number) = store.current()? else { return Ok(None) };
    let current = store.cycle(Some(number)).map_err(CycleError::from).and_then(|cycle| method(&cycle));
    let governance = current.map_err(|error| no_rules(number, &error))?.governance;
    Ok(Some(governance).filter(|governance| governance.approval == Approval::Required))
}

fn no_rules(number: u64, error: &CycleError) -> GovernanceError {
    let error = error.text();
    GovernanceError::NoRules(text!(
        "the method of the current cycle {number} says whether approval is required, but it cannot be read; \
         nothing was written\n  {error}\n  what to do: put `_manifest.json` of cycle {number} back as it was published, \
         from a copy of the store",
        "是否须经审批由现行第 {number} 周期的评价方法规定, 而该方法无法读取; 未写入任何内容\n  {error}\n  \
         处理办法: 从存储的备份中恢复第 {number} 周期发布时的 `_manifest.json`";
        error
    ))
}

/// The rules by which a proposal is decided. If the current method requires approval, its rules hold, so that no
/// proposal can loosen the rules that apply to it. Otherwise the rules of the proposal's own method hold.
///
/// # Errors
/// A method cannot be read.
pub fn rules_for(store: &Store, proposal: &StoredCycle) -> Result<Governance, GovernanceError> {
    match governance_in_force(store)? {
        Some(governance) => Ok(governance),
        None => Ok(method(proposal)?.governance),
    }
}

/// Somebody's decision about a proposal.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The store's folder.
    pub store: &'a Path,
    /// Number of the proposal.
    pub number: u64,
    /// The name of the person who decides.
    pub by: &'a str,
    /// The reason that the person gives.
    pub reason: &'a str,
    /// The time in UTC (RFC 3339).
    pub at: &'a str,
}

/// A proposal that was approved.
#[derive(Debug)]
pub struct ApprovedCycle {
    /// The published cycle.
    pub cycle: StoredCycle,
    /// The results of the gates.
    pub gates: Vec<GateResult>,
    /// Number of the cycle that is current now.
    pub current: Option<u64>,
}

impl Decision<'_> {
    /// Records an opinion about the proposal.
    ///
    /// # Errors
    /// The cycle is not a proposal, or it is already decided; or the store cannot be read or written.
    pub fn review(&self, opinion: Opinion) -> Result<RegisterEntry, GovernanceError> {
        let (_, writer, proposal) = self.open()?;
        refuse(proposal.with_state(self.at, Standing::default(), decided)?)?;
        Ok(writer.append(&self.entry(EntryKind::Review, json!({ "verdict": opinion })))?)
    }

    /// Rejects the proposal. Whoever may approve it may reject it.
    ///
    /// # Errors
    /// This person may not reject the proposal, or the store cannot be read or written.
    pub fn reject(&self) -> Result<RegisterEntry, GovernanceError> {
        let (store, writer, proposal) = self.open()?;
        let rules = rules_for(&store, &proposal.cycle)?;
        refuse(proposal.with_state(self.at, Standing::default(), |state| {
            rejection_obstacles(&rules, state, self.by)
        })?)?;
        Ok(writer.append(&self.entry(EntryKind::Reject, json!({})))?)
    }

    /// Takes the proposal back. Only its proposer can.
    ///
    /// # Errors
    /// This person may not withdraw the proposal, or the store cannot be read or written.
    pub fn withdraw(&self) -> Result<RegisterEntry, GovernanceError> {
        let (_, writer, proposal) = self.open()?;
        refuse(
            proposal
                .with_state(self.at, Standing::default(), |state| withdrawal_obstacles(state, self.by))?,
        )?;
        Ok(writer.append(&self.entry(EntryKind::Withdraw, json!({})))?)
    }

    /// Publishes the proposal, if nothing stands in the way. `measure` gives the values of the gates; it is called with the
    /// lock held, after all other rules have been found to be met. `despite` names gates that may fail.
    ///
    /// # Errors
    /// Something stands in the way, or the store cannot be read or written.
    pub fn approve(
        &self,
        despite: &[Gate],
        measure: impl FnOnce(&Store, &StoredCycle) -> Result<GateValues, GovernanceError>,
    ) -> Result<ApprovedCycle, GovernanceError> {
        let (store, writer, proposal) = self.open()?;
        let rules = rules_for(&store, &proposal.cycle)?;
        let standing = Standing { current: store.current()?, outdated: outdated(&store, &proposal.cycle)? };
        let obstacles = |gates: &[GateResult]| {
            proposal.with_state(self.at, standing, |state| {
                approval_obstacles(&rules, state, self.by, gates, despite)
            })
        };
        refuse(obstacles(&[])?)?;
        let damages = proposal.cycle.verify()?;
        if !damages.is_empty() {
            return Err(GovernanceError::Damaged(damages.iter().map(|damage| damage.text()).collect()));
        }
        let gates = measure(&store, &proposal.cycle)?.judge(&rules);
        refuse(obstacles(&gates)?)?;
        let facts = json!({ "gates": gates, "despite": despite });
        let cycle = writer.approve(&self.entry(EntryKind::Approve, facts))?;
        Ok(ApprovedCycle { cycle, gates, current: store.current()? })
    }

    /// Opens the store, takes the right to write, and finds the proposal.
    fn open(&self) -> Result<(Store, Decisions, OpenProposal), GovernanceError> {
        let named = [(self.by, "--by"), (self.reason, "--reason")];
        if let Some((_, option)) = named.into_iter().find(|(value, _)| value.trim().is_empty()) {
            return Err(GovernanceError::Usage(text!("{option} is empty", "{option} 为空")));
        }
        let store = Store::open(self.store)?;
        let writer = store.decide()?;
        let cycle = store.cycle(Some(self.number))?;
        let number = self.number;
        if cycle.commit.kind != RecordKind::Proposal {
            let kind = cycle.commit.kind;
            let (en, zh) = (kind.en(), kind.zh());
            let what = text!(
                "number {number} is not a proposal but a {en}; `gridtier cycles` lists the proposals",
                "编号 {number} 不是提案, 而是{zh}; `gridtier cycles` 列出提案"
            );
            return Err(GovernanceError::Refused(vec![what]));
        }
        let entries = store.register()?;
        Ok((store, writer, OpenProposal { cycle, entries }))
    }

    fn entry(&self, kind: EntryKind, facts: Value) -> NewEntry<'_> {
        NewEntry {
            at: self.at,
            by: self.by.trim(),
            kind,
            cycle: Some(self.number),
            customer_id: None,
            reason: self.reason,
            files: Vec::new(),
            facts,
        }
    }
}

/// What has been published since a proposal was made: only an approval asks.
#[derive(Clone, Copy, Default)]
struct Standing {
    current: Option<u64>,
    outdated: Option<OutdatedRevision>,
}

/// The revision that was published meanwhile of the cycle that a proposal revises.
fn outdated(store: &Store, proposal: &StoredCycle) -> Result<Option<OutdatedRevision>, GovernanceError> {
    let Some(revises) = Manifest::read(proposal)?.revises else { return Ok(None) };
    let published = store.published()?;
    let corrected = published.iter().find(|cycle| cycle.commit.manifest_sha256 == revises.manifest_sha256);
    let last = last_of_family(store, &revises.family)?;
    Ok(corrected.zip(last).filter(|(corrected, last)| corrected.version != *last).map(|(corrected, last)| {
        OutdatedRevision {
            corrected: corrected.version,
            last,
            is_of_appeal: revises.because == RevisionCause::Appeal,
        }
    }))
}

/// A proposal with the register.
struct OpenProposal {
    cycle: StoredCycle,
    entries: Vec<RegisterEntry>,
}

impl OpenProposal {
    /// Calls `judge` with what the register says of the proposal at a time.
    fn with_state<T>(
        &self,
        at: &str,
        standing: Standing,
        judge: impl FnOnce(&ProposalState) -> T,
    ) -> Result<T, GovernanceError> {
        let record = &self.cycle.commit;
        let of_it = self.entries.iter().filter(|entry| entry.cycle == Some(self.cycle.version));
        let reviews: Vec<Review> = of_it.filter_map(review_of).collect();
        let decided = decisions(&self.entries).find(|(cycle, _)| *cycle == self.cycle.version);
        Ok(judge(&ProposalState {
            proposer: record.by.as_deref().unwrap_or_default(),
            age_days: days_between(&record.published_at, at)?,
            base: record.base,
            current: standing.current,
            reviews: &reviews,
            decided: decided.map(|(_, entry)| (entry.kind, entry.by.as_str())),
            outdated: standing.outdated,
        }))
    }
}

/// The opinion in an entry, if it is a review.
fn review_of(entry: &RegisterEntry) -> Option<Review> {
    let verdict = entry.facts.get("verdict").filter(|_| entry.kind == EntryKind::Review)?;
    Some(Review { by: entry.by.clone(), opinion: Opinion::from_code(verdict.as_str()?)? })
}

fn refuse(obstacles: Vec<Obstacle>) -> Result<(), GovernanceError> {
    if obstacles.is_empty() {
        return Ok(());
    }
    Err(GovernanceError::Refused(obstacles.iter().map(Obstacle::text).collect()))
}

/// Days from one time to another by the calendar in UTC.
///
/// # Errors
/// One of the texts is not a time.
pub fn days_between(from: &str, to: &str) -> Result<i64, GovernanceError> {
    let day = |time: &str| {
        let parsed = DateTime::parse_from_rfc3339(time).map(|time| time.to_utc().date_naive());
        parsed.map_err(|_| {
            let what = text!("`{time}` is not a time as in RFC 3339", "`{time}` 不是 RFC 3339 时间");
            GovernanceError::Damaged(vec![what])
        })
    };
    Ok((day(to)? - day(from)?).num_days())
}

#[cfg(test)]
mod tests;
