//! Commit records. A cycle exists from the moment its record does, so a record is created whole, once, and never
//! overwritten. `CURRENT` repeats the last record for programs that know nothing else about stores.
//!
//! Readers ignore unknown fields; no field is ever removed or changes its meaning. This module never looks into
//! the folder of a cycle.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::durable::write_new;
use super::error::{StoreError, cannot_read, cannot_write};
use super::layout::{self, COMMITS, CURRENT};

/// A commit record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRecord {
    /// The number of the cycle, from 1.
    pub version: u64,
    /// The name of its folder inside the store.
    pub dir: String,
    /// The hash of its `_manifest.json`, which in turn holds the hashes of all its files.
    pub manifest_sha256: String,
    /// When it was published, according to the publisher.
    pub published_at: String,
    /// The version of the cycle that was the last one before it.
    pub previous: Option<u64>,
    /// The version of the cycle that stayed current when this one was published; absent when this one became current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
}

impl CommitRecord {
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

    pub(super) fn next_version(&self) -> u64 {
        self.last_version().unwrap_or(0) + 1
    }

    pub(super) fn of_version(&self, version: u64) -> Option<&CommitRecord> {
        self.whole.iter().find(|record| record.version == version)
    }

    /// The record of the current cycle: the one that `CURRENT` names, if that file was written after the last
    /// record, else the one that became or stayed current with the last record.
    pub(super) fn current(&self, root: &Path) -> Option<&CommitRecord> {
        let last = self.last()?;
        let named = read_current(root).filter(|current| current.last() == last.version);
        let named = named
            .and_then(|current| self.of_version(current.version).filter(|record| record.dir == current.dir));
        named.or_else(|| self.of_version(last.current?)).or(Some(last))
    }
}

pub(super) fn record_path(root: &Path, version: u64) -> PathBuf {
    root.join(COMMITS).join(layout::record_name(version))
}

pub(super) fn read_records(root: &Path) -> Result<CommitRecords, StoreError> {
    let names = names_in(&root.join(COMMITS))?;
    let mut versions: Vec<u64> = names.iter().filter_map(|name| layout::version_of_record(name)).collect();
    versions.sort_unstable();
    let mut records = CommitRecords { whole: Vec::with_capacity(versions.len()), torn: None };
    for &version in &versions {
        let path = record_path(root, version);
        let bytes = match fs::read(&path) {
            // Its writer withdrew it because it could not be made durable.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read.map_err(cannot_read(&path))?,
        };
        if !bytes.ends_with(b"\n") && versions.last() == Some(&version) {
            records.torn = Some(version);
        } else {
            let record = parse_record(&bytes, version);
            records.whole.push(record.map_err(|source| StoreError::BadRecord { path, source })?);
        }
    }
    Ok(records)
}

fn parse_record(bytes: &[u8], version: u64) -> Result<CommitRecord, serde_json::Error> {
    let record: CommitRecord = serde_json::from_slice(bytes)?;
    if record.version != version {
        return Err(serde_json::Error::custom(format!("it is the record of cycle {}", record.version)));
    }
    if layout::version_of_dir(&record.dir) != Some(version) {
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
    let path = record_path(root, version);
    let created = match fs::hard_link(draft, &path) {
        // A file system without hard links: the content is written after the name exists, and its final newline
        // shows that it is complete.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => copy_new(draft, &path),
        linked => linked,
    };
    created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::LostRace { path: root.to_owned(), version },
        _ => cannot_write(&path)(error),
    })
}

pub(super) fn copy_new(draft: &Path, path: &Path) -> io::Result<()> {
    write_new(path, &fs::read(draft)?)
}

/// The content of `CURRENT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Current {
    pub(super) version: u64,
    pub(super) dir: String,
    /// The last version of the store, where the current cycle is not the last: otherwise the file would look stale.
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
