//! Adds decisions to the two chains of a store, the commit records and the register. The entry of an approval fixes
//! everything that its record will say, so that whoever finds an entry without its record can complete it.
//!
//! Only the holder of the lock may call these functions. The caller updates `CURRENT`.

use std::fs;
use std::io;
use std::path::Path;

use gridtier::decision::{EntryKind, RecordKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::durable::{sync_dir, write_new};
use super::error::{StoreError, cannot_write};
use super::layout::{self, COMMITS, MANIFEST, TEMP_PREFIX};
use super::record::{CommitRecord, CommitRecords, commit_draft, read_records};
use super::register::{CommitsHead, NewEntry, Register, RegisterEntry, read_register, write_entry};

/// Adds an entry to the register.
pub(super) fn append(root: &Path, new: &NewEntry) -> Result<RegisterEntry, StoreError> {
    let (records, register) = (read_records(root)?, read_register(root)?);
    let head = register.head();
    let commits = records.last().zip(records.last_sha256.clone());
    let entry = RegisterEntry {
        number: head.entries + 1,
        previous_sha256: head.sha256,
        commits: commits.map(|(record, sha256)| CommitsHead { version: record.version, sha256 }),
        at: new.at.to_owned(),
        by: new.by.to_owned(),
        kind: new.kind,
        cycle: new.cycle,
        manifest_sha256: new
            .cycle
            .and_then(|cycle| records.of_version(cycle))
            .map(|record| record.manifest_sha256.clone()),
        customer_id: new.customer_id.map(str::to_owned),
        reason: new.reason.to_owned(),
        files: new.files.clone(),
        facts: new.facts.clone(),
    };
    write_entry(root, &entry)?;
    Ok(entry)
}

/// Writes a record that makes a published cycle the current one again.
pub(super) fn write_return(root: &Path, commit: &CommitRecord, at: &str) -> Result<CommitRecord, StoreError> {
    let (records, register) = (read_records(root)?, read_register(root)?);
    let record = CommitRecord {
        version: records.next_version(),
        dir: commit.dir.clone(),
        manifest_sha256: commit.manifest_sha256.clone(),
        published_at: at.to_owned(),
        previous: records.last_version(),
        current: None,
        kind: RecordKind::Cycle,
        as_of: commit.as_of.clone(),
        make_current: true,
        by: None,
        reason: None,
        cycle: Some(commit.version),
        base: records.current(root).map(|record| record.version),
        previous_sha256: records.last_sha256.clone(),
        register: Some(register.head()),
    };
    write_record(root, &record)?;
    Ok(record)
}

/// The key in an entry's facts whose value is what the entry's record will publish.
pub(super) const PUBLISHES: &str = "publishes";

/// A cycle that an entry publishes and whose folder is in its place: what its commit record says beyond the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DecidedCycle {
    pub(super) version: u64,
    pub(super) dir: String,
    pub(super) manifest_sha256: String,
    pub(super) kind: RecordKind,
    pub(super) as_of: Option<String>,
    pub(super) make_current: bool,
}

impl DecidedCycle {
    /// What an entry publishes, if anything.
    pub(super) fn of(entry: &RegisterEntry) -> Option<Self> {
        serde_json::from_value(entry.facts.get(PUBLISHES)?.clone()).ok()
    }
}

/// The decision that a killed writer left without its record: an approval, or an entry with a cycle of its own.
pub(super) fn pending_decision<'r>(
    records: &CommitRecords,
    register: &'r Register,
) -> Option<&'r RegisterEntry> {
    let last = register.whole.last()?;
    let is_pending = match (last.kind, last.cycle, DecidedCycle::of(last)) {
        (EntryKind::Approve, Some(cycle), _) => {
            records.of_version(cycle).is_some() && records.approval_of(cycle).is_none()
        }
        (_, _, Some(decided)) => records.whole.iter().all(|record| record.dir != decided.dir),
        _ => false,
    };
    is_pending.then_some(last)
}

/// Writes the record of a decision: everything in it follows from the entry and from what came before.
pub(super) fn write_decided(root: &Path, entry: &RegisterEntry) -> Result<CommitRecord, StoreError> {
    match DecidedCycle::of(entry) {
        Some(decided) if entry.kind != EntryKind::Approve => write_decided_cycle(root, entry, decided),
        _ => write_approval(root, entry),
    }
}

fn write_decided_cycle(
    root: &Path,
    entry: &RegisterEntry,
    decided: DecidedCycle,
) -> Result<CommitRecord, StoreError> {
    let (records, register) = (read_records(root)?, read_register(root)?);
    let current = records.current(root);
    let stays = current.filter(|current| {
        let is_published = decided.kind == RecordKind::Cycle;
        !is_published || !decided.make_current && is_earlier(root, decided.as_of.as_deref(), current)
    });
    let stays = stays.map(|record| record.version);
    let record = CommitRecord {
        version: decided.version,
        current: stays,
        dir: decided.dir,
        manifest_sha256: decided.manifest_sha256,
        published_at: entry.at.clone(),
        previous: records.last_version(),
        kind: decided.kind,
        as_of: decided.as_of,
        make_current: decided.make_current,
        by: Some(entry.by.clone()),
        reason: Some(entry.reason.clone()),
        cycle: None,
        base: current.map(|record| record.version),
        previous_sha256: records.last_sha256.clone(),
        register: Some(register.head()),
    };
    write_record(root, &record)?;
    Ok(record)
}

/// Writes the record of an approval: everything in it follows from the entry and from what came before.
fn write_approval(root: &Path, entry: &RegisterEntry) -> Result<CommitRecord, StoreError> {
    let (records, register) = (read_records(root)?, read_register(root)?);
    let proposal = entry.cycle.and_then(|cycle| records.of_version(cycle));
    let proposal = proposal.ok_or_else(|| StoreError::Misuse {
        name: layout::record_name(entry.number),
        problem: "it approves nothing that was proposed".to_owned(),
    })?;
    let current = records.current(root);
    let make_current = proposal.make_current;
    let stays =
        current.filter(|current| !make_current && is_earlier(root, proposal.as_of.as_deref(), current));
    let record = CommitRecord {
        version: records.next_version(),
        dir: proposal.dir.clone(),
        manifest_sha256: proposal.manifest_sha256.clone(),
        published_at: entry.at.clone(),
        previous: records.last_version(),
        current: stays.map(|record| record.version),
        kind: RecordKind::Approval,
        as_of: proposal.as_of.clone(),
        make_current,
        by: Some(entry.by.clone()),
        reason: Some(entry.reason.clone()),
        cycle: Some(proposal.version),
        base: current.map(|record| record.version),
        previous_sha256: records.last_sha256.clone(),
        register: Some(register.head()),
    };
    write_record(root, &record)?;
    Ok(record)
}

/// Whether an as-of is earlier than that of a cycle. False if one of the two as-ofs is unknown, for example because a
/// folder was removed: better to replace a cycle that cannot be read than to keep it.
pub(super) fn is_earlier(root: &Path, as_of: Option<&str>, than: &CommitRecord) -> bool {
    let than = than.as_of.clone().or_else(|| manifest_as_of(root, than));
    as_of.zip(than.as_deref()).is_some_and(|(as_of, than)| as_of < than)
}

/// The as-of in the manifest of a record, if it can be read.
fn manifest_as_of(root: &Path, record: &CommitRecord) -> Option<String> {
    let manifest = fs::read(root.join(&record.dir).join(MANIFEST)).ok()?;
    let manifest: Value = serde_json::from_slice(&manifest).ok()?;
    manifest.get("as_of")?.as_str().map(str::to_owned)
}

fn write_record(root: &Path, record: &CommitRecord) -> Result<(), StoreError> {
    let draft = root.join(format!("{TEMP_PREFIX}{}-record", layout::new_run()));
    let text = record.to_text().map_err(io::Error::from).map_err(cannot_write(&draft))?;
    write_new(&draft, text.as_bytes()).map_err(cannot_write(&draft))?;
    let committed = commit_draft(root, record.version, &draft);
    // The next writer removes what cannot be removed now.
    let _ = fs::remove_file(&draft);
    committed?;
    sync_dir(&root.join(COMMITS))
}
