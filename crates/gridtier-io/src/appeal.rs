//! The use case of appeals: a customer objects to its tier, its corrected rows are replayed, and somebody else rules (REGRADE
//! section 6).
//!
//! Where the customer stands by its corrected rows is decided by `gridtier::appeal`; here rows are read, and entry and revision
//! written. The caller provides names and time.

mod error;
mod register;
mod replay;
mod revise;
mod evidence;

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
pub use evidence::{corrections, evidence_tables, look_up};
use register::{files_of, keep_files, open_appeal};
pub use replay::ReplayedAppeal;
use replay::replay;
pub(crate) use replay::tiers_read;
pub(crate) use revise::replay_again;
use revise::{is_changed, revise};

/// Who appeals or rules about whom.
#[derive(Clone, Copy, Debug)]
pub struct AppealRequest<'a> {
    /// The store's folder.
    pub store: &'a Path,
    /// The customer; in a cycle of holders also one of its accounts.
    pub customer: &'a str,
    /// Number of the cycle; by default the one that the open appeal is about, else the current one.
    pub cycle: Option<u64>,
}

/// Who did something about an appeal, why and when.
#[derive(Clone, Copy, Debug)]
pub struct AppealSignature<'a> {
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When, in UTC (RFC 3339).
    pub at: &'a str,
}

/// The corrected rows of a customer, and the data of the cycle.
pub struct AppealEvidence<'a> {
    /// The data that the cycle was computed from.
    pub data: DataFolder,
    /// The patch, opened as the data are.
    pub patch: &'a DataFolder,
    /// Its folder.
    pub path: &'a Path,
}

/// What a ruling records beside its entry's own keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingFacts {
    /// Number of the entry of the appeal.
    pub appeal: u64,
    /// How it was decided.
    pub outcome: AppealOutcome,
    /// Whether the customer is one more in its tier, or takes somebody's place.
    pub quota: AppealQuota,
    /// Where the customer stood.
    pub before: AppealPlace,
    /// Where it stands.
    pub after: AppealPlace,
    /// Everybody else whose tier changes.
    pub ripple: Vec<RippledCustomer>,
}

/// A filed appeal.
#[derive(Debug)]
pub struct FiledAppeal {
    /// Its entry.
    pub entry: RegisterEntry,
    /// Days from publication to filing.
    pub days: i64,
    /// Days within which it would be in time.
    pub days_allowed: u32,
}

impl FiledAppeal {
    /// Whether it was filed after its time; it is heard all the same.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.days > i64::from(self.days_allowed)
    }
}

/// A decided appeal.
#[derive(Debug)]
pub struct RuledAppeal {
    /// Its entry.
    pub entry: RegisterEntry,
    /// What it says.
    pub facts: RulingFacts,
    /// Number of the cycle that was judged.
    pub base: u64,
    /// The revision, where anything changes.
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

    /// Where the customer stands by its corrected rows. Writes nothing.
    ///
    /// # Errors
    /// The data are not those of the cycle, the patch is not the customer's or has a reject, or something cannot be read.
    pub fn replay(&self, evidence: AppealEvidence) -> Result<ReplayedAppeal, AppealError> {
        let store = Store::open(self.store)?;
        let appeal = self.open_appeal(&store)?;
        let base = self.base(&store, appeal.as_ref())?;
        let customer = customer(&base, self.customer)?.row.customer_id;
        let replayed = replay(&store, base, &customer, evidence.data, Some(evidence.patch))?;
        Ok(ReplayedAppeal { appeal: appeal.map(|appeal| appeal.number), ..replayed })
    }

    /// Decides the customer's open appeal. Where its corrected rows change anything, a revision is published with the entry, or
    /// proposed where approval is required.
    ///
    /// # Errors
    /// There is no open appeal, who rules has filed it, or as [`replay`](Self::replay); or the store cannot be written.
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
                "{by} filed the appeal: somebody else must rule on it",
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
        let files = files_of(patch);
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

    /// Decides an appeal without any corrected row: the tier stays.
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

    /// The customer's first appeal without a ruling, about the cycle that is named or another one of its family.
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

    /// Whether an appeal is this customer's: also if an account of its is named.
    fn is_about(&self, store: &Store, entry: &RegisterEntry, number: u64) -> Result<bool, AppealError> {
        let Some(of) = &entry.customer_id else { return Ok(false) };
        if of == self.customer {
            return Ok(true);
        }
        let holders = crate::cycle::account_holders(&store.cycle(Some(number))?)?;
        Ok(holders.is_some_and(|holders| holders.get(self.customer) == Some(of)))
    }

    /// Why there is no appeal to rule on.
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

    /// The cycle that is judged: the last published one of the family.
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

/// The entry of a ruling without its files.
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
