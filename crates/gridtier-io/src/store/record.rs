//! Commit records. A cycle exists from the moment its record does, so a record is created whole, once, and never
//! overwritten. `CURRENT` repeats the last record for programs that know nothing else about stores.
//!
//! Readers ignore unknown fields; fields are never removed, and their meaning never changes. This module never looks into
//! the folder of a cycle.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use gridtier::decision::RecordKind;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::durable::write_new;
use super::error::{StoreError, cannot_read, cannot_write};
use super::layout::{self, COMMITS, CURRENT};
use crate::hash::sha256_of_bytes;

/// A commit record. The first stores' records have the fields up to `current` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRecord {
    /// The number of the record, from 1, and of the cycle if it publishes a new one.
    pub version: u64,
    /// The name of the cycle's folder inside the store.
    pub dir: String,
    /// The hash of its `_manifest.json`, which in turn holds the hashes of all its files.
    pub manifest_sha256: String,
    /// When it was published, according to the publisher.
    pub published_at: String,
    /// The number of the record that was the last one before it.
    pub previous: Option<u64>,
    /// The number of the cycle that stayed current with this record; absent when the record's own cycle became current, and
    /// where no cycle is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// What the record publishes.
    #[serde(default = "a_cycle")]
    pub kind: RecordKind,
    /// The as-of of the cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Whether the cycle was made current although the current one had a later as-of, or was made current again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub make_current: bool,
    /// Who published, proposed or approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of another cycle: the proposal that is approved, the cycle that is made current again, or the one that was
    /// inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u64>,
    /// The number of the cycle that was current before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// The hash of the record before; absent in the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_sha256: Option<String>,
    /// The last entry of the register when the record was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<RegisterHead>,
}

fn a_cycle() -> RecordKind {
    RecordKind::Cycle
}

/// The last entry of a register: its number and hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterHead {
    /// Number of its entries.
    pub entries: u64,
    /// The hash of the last one; null if there is none.
    pub sha256: Option<String>,
}

impl CommitRecord {
    /// The number of the cycle that is current after this record, if one is.
    #[must_use]
    pub fn current_after(&self) -> Option<u64> {
        let own = match self.kind {
            RecordKind::Cycle => Some(self.cycle.unwrap_or(self.version)),
            RecordKind::Approval => self.cycle,
            RecordKind::Proposal | RecordKind::Inspection => None,
        };
        self.current.or(own)
    }

    /// The number of the cycle that the record publishes, if it does.
    #[must_use]
    pub fn publishes(&self) -> Option<u64> {
        match self.kind {
            RecordKind::Cycle => self.cycle.is_none().then_some(self.version),
            RecordKind::Approval => self.cycle,
            RecordKind::Proposal | RecordKind::Inspection => None,
        }
    }

    /// Whether the record came with a folder of its own.
    #[must_use]
    pub fn has_folder(&self) -> bool {
        match self.kind {
            RecordKind::Cycle => self.cycle.is_none(),
            RecordKind::Proposal | RecordKind::Inspection => true,
            RecordKind::Approval => false,
        }
    }

    /// Whether a version of this program that had no register wrote the record. `CURRENT` may then name another cycle.
    pub(super) fn is_of_first_stores(&self) -> bool {
        self.register.is_none()
    }

    /// Whether the record has a field that came with the register or after it.
    pub(super) fn has_later_fields(&self) -> bool {
        let texts = [&self.as_of, &self.by, &self.reason, &self.previous_sha256];
        texts.into_iter().any(Option::is_some)
            || self.cycle.or(self.base).is_some()
            || self.make_current
            || self.kind != RecordKind::Cycle
    }

    /// The file's content. Its final newline distinguishes a complete record from one whose writer was killed.
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The records of a store.
#[derive(Debug)]
pub(super) struct CommitRecords {
    /// In order of version.
    pub(super) whole: Vec<CommitRecord>,
    /// The hash of the last of them.
    pub(super) last_sha256: Option<String>,
    /// The version after all of these, if its record was not written to its end: that cycle was never published.
    pub(super) torn: Option<u64>,
}

impl CommitRecords {
    pub(super) fn last(&self) -> Option<&CommitRecord> {
        self.whole.last()
    }

    pub(super) fn last_version(&self) -> Option<u64> {
        self.last().map(|record| record.version)
    }

    /// The number of the last cycle, proposal or inspection.
    pub(super) fn last_with_folder(&self) -> Option<u64> {
        let own = self.whole.iter().filter(|record| record.has_folder());
        own.map(|record| record.version).max()
    }

    pub(super) fn next_version(&self) -> u64 {
        self.last_version().unwrap_or(0) + 1
    }

    pub(super) fn of_version(&self, version: u64) -> Option<&CommitRecord> {
        self.whole.iter().find(|record| record.version == version)
    }

    /// The record with the folder of the current cycle, as the last record says. In the first stores a cycle was made
    /// current again in `CURRENT` alone.
    pub(super) fn current(&self, root: &Path) -> Option<&CommitRecord> {
        let last = self.last()?;
        let named = read_current(root)
            .filter(|current| last.is_of_first_stores() && current.last() == last.version)
            .and_then(|current| self.of_version(current.version).filter(|record| record.dir == current.dir));
        named.or_else(|| self.of_version(last.current_after()?))
    }

    /// The approval of a proposal.
    pub(super) fn approval_of(&self, cycle: u64) -> Option<&CommitRecord> {
        self.whole.iter().find(|record| record.kind == RecordKind::Approval && record.cycle == Some(cycle))
    }
}

pub(super) fn record_path(root: &Path, version: u64) -> PathBuf {
    root.join(COMMITS).join(layout::record_name(version))
}

pub(super) fn read_records(root: &Path) -> Result<CommitRecords, StoreError> {
    let names = names_in(&root.join(COMMITS))?;
    let mut versions: Vec<u64> = names.iter().filter_map(|name| layout::version_of_record(name)).collect();
    versions.sort_unstable();
    let whole = Vec::with_capacity(versions.len());
    let mut records = CommitRecords { whole, last_sha256: None, torn: None };
    let mut last_bytes = Vec::new();
    for &version in &versions {
        let path = record_path(root, version);
        let bytes = match fs::read(&path) {
            // The writer withdrew the record because it could not be made durable.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read.map_err(cannot_read(&path))?,
        };
        if !bytes.ends_with(b"\n") && versions.last() == Some(&version) {
            records.torn = Some(version);
        } else {
            let record = parse_record(&bytes, version);
            last_bytes = bytes;
            records.whole.push(record.map_err(|source| StoreError::BadRecord { path, source })?);
        }
    }
    records.last_sha256 = records.last().map(|_| sha256_of_bytes(&last_bytes));
    Ok(records)
}

/// The records, and the folder of a published cycle whose record was lost, if there is one. `CURRENT` is written after a commit, and no
/// writer starts a version before the previous version is committed. Both are read before the records, so that a cycle
/// which is published meanwhile is not taken for one.
pub(super) fn read_with_lost(root: &Path) -> Result<(CommitRecords, Option<PathBuf>), StoreError> {
    let (current, names) = (read_current(root), names_in(root)?);
    let records = read_records(root)?;
    let lost = names.into_iter().find(|name| {
        layout::version_of_dir(name).is_some_and(|version| {
            let was_current =
                current.as_ref().is_some_and(|current| current.dir == *name || current.last() == version);
            records.of_version(version).is_none() && (was_current || version > records.next_version())
        })
    });
    let lost = lost.map(|name| root.join(name));
    Ok((records, lost))
}

/// The record of a number, if these are its bytes.
pub(super) fn parse_record(bytes: &[u8], version: u64) -> Result<CommitRecord, serde_json::Error> {
    let record: CommitRecord = serde_json::from_slice(bytes)?;
    if record.version != version {
        return Err(serde_json::Error::custom(format!("it is the record of cycle {}", record.version)));
    }
    let folder_of = if record.has_folder() { version } else { record.cycle.unwrap_or(version) };
    if layout::version_of_dir(&record.dir) != Some(folder_of) {
        return Err(serde_json::Error::custom(format!("{:?} is no folder of this cycle", record.dir)));
    }
    Ok(record)
}

/// The names in a folder, sorted. Names that are not Unicode are left out: the store has none.
pub(super) fn names_in(path: &Path) -> Result<Vec<String>, StoreError> {
    let entries =
        fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(cannot_read(path))?;
    let mut names: Vec<String> =
        entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Publishes the complete file `draft` as the record of `version`. This is the commit point: of several writers of a
/// version, exactly one succeeds.
pub(super) fn commit_draft(root: &Path, version: u64, draft: &Path) -> Result<(), StoreError> {
    create_from_draft(&record_path(root, version), draft).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::LostRace { path: root.to_owned(), version },
        _ => cannot_write(&record_path(root, version))(error),
    })
}

/// Creates the file `path`, which must not exist, with the content of the complete file `draft`.
pub(super) fn create_from_draft(path: &Path, draft: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        // A file system without hard links: the content is written after the name exists, and its final newline
        // shows that it is complete.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => copy_new(draft, path),
        linked => linked,
    }
}

pub(super) fn copy_new(draft: &Path, path: &Path) -> io::Result<()> {
    write_new(path, &fs::read(draft)?)
}

/// The content of `CURRENT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Current {
    pub(super) version: u64,
    pub(super) dir: String,
    /// The last version of the store, if the current cycle is not the last one. Without it, the file would look out of
    /// date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
}

impl Current {
    /// `CURRENT` of a store whose last cycle is `last` and whose current one is that of `record`.
    pub(super) fn of(record: &CommitRecord, last: u64) -> Self {
        Self {
            version: record.version,
            dir: record.dir.clone(),
            last: (record.version != last).then_some(last),
        }
    }

    /// The last version of the store when the file was written.
    pub(super) fn last(&self) -> u64 {
        self.last.unwrap_or(self.version)
    }

    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// Reads `CURRENT`; `None` if it is missing or damaged, since either way it must be rewritten.
pub(super) fn read_current(root: &Path) -> Option<Current> {
    serde_json::from_slice(&fs::read(root.join(CURRENT)).ok()?).ok()
}
