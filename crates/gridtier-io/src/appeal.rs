//! The use cases of appeals: a customer objects to its tier, the cycle is replayed with the customer's corrected rows, and
//! somebody else rules on the appeal (REGRADE section 6).
//!
//! `gridtier::appeal` decides which tier the corrected rows give. This module reads the rows and writes the register's entry
//! and the revision. The caller provides names and time.

mod error;
mod register;
mod replay;
mod revise;
mod evidence;
mod own_rows;

use std::path::Path;

use gridtier::appeal::{AppealPlace, RippledCustomer};
use gridtier::decision::{AppealOutcome, EntryKind, RecordKind, RevisionCause, is_same_person};
use gridtier::method::AppealQuota;
use gridtier::text;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cycle::{Manifest, Revision, customer, method};
use crate::folder::DataFolder;
use crate::govern::{GovernanceError, days_between, family, last_of_family, requires_approval};
use crate::store::{Commit, NewEntry, RegisterEntry, Store, StoredCycle};

pub use error::AppealError;
pub use evidence::{Evidence, corrections, evidence_tables, look_up};
pub use own_rows::{OwnRows, OwnTable, own_rows};
use register::{files_of, keep_files, open_appeal};
pub use replay::ReplayedAppeal;
use replay::replay;
pub(crate) use replay::tiers_read;
pub(crate) use revise::replay_again;
use revise::{is_changed, revise};

/// Whose tier an appeal is about, and in which cycle.
#[derive(Clone, Copy, Debug)]
pub struct AppealRequest<'a> {
    /// The store's folder.
    pub store: &'a Path,
    /// Id of the customer; in a cycle of holders also the id of one of its accounts.
    pub customer: &'a str,
    /// Number of the cycle; by default that of the open appeal or, without one, the current cycle.
    pub cycle: Option<u64>,
}

/// Who files or rules on an appeal, why and when.
#[derive(Clone, Copy, Debug)]
pub struct AppealSignature<'a> {
    /// The person's name.
    pub by: &'a str,
    /// The reason that the person gives.
    pub reason: &'a str,
    /// The time in UTC (RFC 3339).
    pub at: &'a str,
}

/// The corrected rows of a customer, and the data of the cycle.
pub struct AppealEvidence<'a> {
    /// The data that the cycle was computed from.
    pub data: DataFolder,
    /// The patch: the folder with the corrected rows, opened with the settings of the data.
    pub patch: &'a DataFolder,
    /// The path of the patch.
    pub path: &'a Path,
}

/// What a ruling records besides the keys that every entry has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingFacts {
    /// Number of the entry of the appeal.
    pub appeal: u64,
    /// The outcome of the appeal.
    pub outcome: AppealOutcome,
    /// Whether the customer gets a place of its own in its tier or takes somebody's place.
    pub quota: AppealQuota,
    /// The customer's place before the ruling.
    pub before: AppealPlace,
    /// The customer's place after the ruling.
    pub after: AppealPlace,
    /// All other customers whose tier changes.
    pub ripple: Vec<RippledCustomer>,
}

/// A filed appeal.
#[derive(Debug)]
pub struct FiledAppeal {
    /// The appeal's entry in the register.
    pub entry: RegisterEntry,
    /// Days from publication to filing.
    pub days: i64,
    /// Days after publication within which an appeal is in time.
    pub days_allowed: u32,
}

impl FiledAppeal {
    /// Whether the appeal was filed too late. A late appeal is heard too.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.days > i64::from(self.days_allowed)
    }
}

/// A decided appeal.
#[derive(Debug)]
pub struct RuledAppeal {
    /// The ruling's entry in the register.
    pub entry: RegisterEntry,
    /// What the entry records about the ruling.
    pub facts: RulingFacts,
    /// Number of the cycle by which the appeal was judged.
    pub base: u64,
    /// The revision; `None` if the ruling changes nothing.
    pub revision: Option<StoredCycle>,
}

impl AppealRequest<'_> {
    /// Files an appeal.
    ///
    /// # Errors
    /// The cycle is not published or does not grade the customer, or the store cannot be read or written.
    pub fn file(&self, signed: AppealSignature) -> Result<FiledAppeal, AppealError> {
        check_signature(signed)?;
        let store = Store::open(self.store)?;
        let desk = store.decide()?;
        let cycle = store.cycle(self.cycle)?;
        let number = cycle.version;
        let Some(publication) = &cycle.publication else {
            return Err(usage(text!("cycle {number} is not published", "周期 {number} 未发布")));
        };
        let customer = customer(&cycle, self.customer)?.row.customer_id;
        let days_allowed = method(&cycle)?.appeal.days;
        let days = days_between(&publication.published_at, signed.at)?;
        let entry = desk.append(&NewEntry {
            at: signed.at,
            by: signed.by.trim(),
            kind: EntryKind::Appeal,
            cycle: Some(number),
            customer_id: Some(&customer),
            reason: signed.reason,
            files: Vec::new(),
            facts: json!({ "late": days > i64::from(days_allowed) }),
        })?;
        Ok(FiledAppeal { entry, days, days_allowed })
    }

    /// Computes the place that the corrected rows give the customer, and writes nothing.
    ///
    /// # Errors
    /// The data are not those of the cycle, a row of the patch is rejected or belongs to another customer, or something
    /// cannot be read.
    pub fn replay(&self, evidence: AppealEvidence) -> Result<ReplayedAppeal, AppealError> {
        let store = Store::open(self.store)?;
        let appeal = self.open_appeal(&store)?;
        let base = self.base(&store, appeal.as_ref())?;
        let customer = customer(&base, self.customer)?.row.customer_id;
        let replayed = replay(&store, base, &customer, evidence.data, Some(evidence.patch))?;
        Ok(ReplayedAppeal { appeal: appeal.map(|appeal| appeal.number), ..replayed })
    }

    /// Rules on the customer's open appeal. If the corrected rows change anything, a revision is published together with the
    /// register's entry. Where approval is required, the revision is proposed instead.
    ///
    /// # Errors
    /// There is no open appeal, the same person filed it, or the store cannot be written; or an error of
    /// [`replay`](Self::replay).
    pub fn rule(
        &self,
        outcome: AppealOutcome,
        evidence: Option<AppealEvidence>,
        signed: AppealSignature,
    ) -> Result<RuledAppeal, AppealError> {
        check_signature(signed)?;
        let store = Store::open(self.store)?;
        let mut staging = store.begin()?;
        let Some(appeal) = self.open_appeal(&store)? else { return Err(self.no_appeal(&store)) };
        if is_same_person(&appeal.by, signed.by) {
            let by = &appeal.by;
            return Err(refused(text!(
                "{by} filed the appeal; somebody else must rule on it",
                "该申诉由 {by} 提出: 须由他人裁定"
            )));
        }
        let base = self.base(&store, Some(&appeal))?;
        let customer = appeal.customer_id.clone().unwrap_or_default();
        let Some(evidence) = evidence else {
            return self.dismiss(staging.into_decisions(), &appeal, &base, outcome, signed);
        };
        let (patch, path) = (evidence.patch, evidence.path);
        let replayed = replay(&store, base, &customer, evidence.data, Some(patch))?;
        let before = replayed.placing.before;
        let is_upheld = outcome != AppealOutcome::Dismissed;
        let facts = RulingFacts {
            appeal: appeal.number,
            outcome,
            quota: replayed.cycle.method.appeal.quota,
            before,
            after: if is_upheld { replayed.placing.after } else { before },
            ripple: if is_upheld { replayed.placing.ripple.clone() } else { Vec::new() },
        };
        let files = files_of(patch)?;
        keep_files(&store, path, &files)?;
        let entry = NewEntry { files, ..ruling(&appeal, &replayed.base, signed, &facts)? };
        let base = replayed.base.version;
        if !is_upheld || !is_changed(&replayed)? {
            let entry = staging.into_decisions().append(&entry)?;
            return Ok(RuledAppeal { entry, facts, base, revision: None });
        }
        let kind = match requires_approval(&store, &replayed.cycle.method)? {
            true => RecordKind::Proposal,
            false => RecordKind::Cycle,
        };
        let revision = Revision {
            manifest_sha256: replayed.base.commit.manifest_sha256.clone(),
            family: family(&replayed.manifest, &replayed.base.commit.manifest_sha256).to_owned(),
            because: RevisionCause::Appeal,
            reason: signed.reason.to_owned(),
            by: signed.by.trim().to_owned(),
        };
        let manifest = revise(&mut staging, &replayed, revision)?;
        let commit = Commit { kind, ..Commit::cycle(signed.at, Some(&replayed.manifest.as_of)) };
        let (cycle, entry) = staging.publish_with_entry(manifest, &commit, &entry)?;
        Ok(RuledAppeal { entry, facts, base, revision: Some(cycle) })
    }

    /// Rules on an appeal without corrected rows: the tier stays.
    fn dismiss(
        &self,
        desk: crate::store::Decisions,
        appeal: &RegisterEntry,
        base: &StoredCycle,
        outcome: AppealOutcome,
        signed: AppealSignature,
    ) -> Result<RuledAppeal, AppealError> {
        if outcome != AppealOutcome::Dismissed {
            return Err(usage(text!(
                "an appeal that is upheld needs --patch DIR and --data DATA",
                "支持申诉须给出 --patch 更正文件夹 和 --data 数据文件夹"
            )));
        }
        let row = customer(base, self.customer)?.row;
        let tier = gridtier::word::Word::from_code(&row.tier);
        let place = AppealPlace {
            score_e6: row.score_e6,
            rank: row.rank.and_then(|rank| u64::try_from(rank).ok()),
            tier: tier.ok_or_else(|| AppealError::bug("a published tier is none"))?,
        };
        let quota = method(base)?.appeal.quota;
        let facts = RulingFacts {
            appeal: appeal.number,
            outcome,
            quota,
            before: place,
            after: place,
            ripple: Vec::new(),
        };
        let entry = desk.append(&ruling(appeal, base, signed, &facts)?)?;
        Ok(RuledAppeal { entry, facts, base: base.version, revision: None })
    }

    /// The customer's first appeal without a ruling. If the request names a cycle, the appeal must be about that
    /// cycle or one of its family.
    fn open_appeal(&self, store: &Store) -> Result<Option<RegisterEntry>, AppealError> {
        let of_family = self.cycle.map(|number| family_of(store, number)).transpose()?;
        let mut open = open_appeal(store)?;
        for entry in open.drain(..) {
            let Some(number) = entry.cycle else { continue };
            if !self.is_about(store, &entry, number)? {
                continue;
            }
            if of_family.is_none() || of_family == Some(family_of(store, number)?) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Whether an appeal is about this customer, or in a cycle of holders about one of its
    /// accounts.
    fn is_about(&self, store: &Store, entry: &RegisterEntry, number: u64) -> Result<bool, AppealError> {
        let Some(of) = &entry.customer_id else { return Ok(false) };
        if of == self.customer {
            return Ok(true);
        }
        let holders = crate::cycle::account_holders(&store.cycle(Some(number))?)?;
        Ok(holders.is_some_and(|holders| holders.get(self.customer) == Some(of)))
    }

    /// Says why there is no appeal to rule on.
    fn no_appeal(&self, store: &Store) -> AppealError {
        let id = self.customer;
        let is_ruled = store.register().is_ok_and(|entries| {
            entries
                .iter()
                .any(|entry| entry.kind == EntryKind::Ruling && entry.customer_id.as_deref() == Some(id))
        });
        refused(match is_ruled {
            true => text!(
                "every appeal of customer {id} has its ruling; file a new one with `gridtier appeal file`",
                "客户 {id} 的申诉均已裁定; 请用 `gridtier appeal file` 提出新的申诉"
            ),
            false => text!(
                "customer {id} has no open appeal; file one with `gridtier appeal file`",
                "客户 {id} 没有待裁定的申诉; 请先用 `gridtier appeal file` 提出"
            ),
        })
    }

    /// The cycle that an appeal is judged by: the last published one of its family.
    fn base(&self, store: &Store, appeal: Option<&RegisterEntry>) -> Result<StoredCycle, AppealError> {
        let number = self.cycle.or(appeal.and_then(|appeal| appeal.cycle));
        let named = store.cycle(number)?;
        if !named.is_published() {
            let number = named.version;
            return Err(usage(text!("cycle {number} is not published", "周期 {number} 未发布")));
        }
        let last = last_of_family(store, &family_of(store, named.version)?)?;
        Ok(store.cycle(Some(last.unwrap_or(named.version)))?)
    }
}

/// The family of a cycle.
fn family_of(store: &Store, number: u64) -> Result<String, AppealError> {
    let cycle = store.cycle(Some(number))?;
    Ok(family(&Manifest::read(&cycle)?, &cycle.commit.manifest_sha256).to_owned())
}

/// The entry of a ruling, without the files of a patch.
fn ruling<'a>(
    appeal: &'a RegisterEntry,
    base: &StoredCycle,
    signed: AppealSignature<'a>,
    facts: &RulingFacts,
) -> Result<NewEntry<'a>, AppealError> {
    Ok(NewEntry {
        at: signed.at,
        by: signed.by.trim(),
        kind: EntryKind::Ruling,
        cycle: Some(base.version),
        customer_id: appeal.customer_id.as_deref(),
        reason: signed.reason,
        files: Vec::new(),
        facts: serde_json::to_value(facts).map_err(|error| AppealError::bug(&error.to_string()))?,
    })
}

fn check_signature(signed: AppealSignature) -> Result<(), AppealError> {
    let named = [(signed.by, "--by"), (signed.reason, "--reason")];
    match named.into_iter().find(|(value, _)| value.trim().is_empty()) {
        Some((_, option)) => Err(usage(text!("{option} is empty", "{option} 为空"))),
        None => Ok(()),
    }
}

fn usage(what: text::Text) -> AppealError {
    GovernanceError::Usage(what).into()
}

fn refused(what: text::Text) -> AppealError {
    GovernanceError::Refused(vec![what]).into()
}
