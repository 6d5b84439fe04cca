//! Writing decisions: entries of the register, and the record that publishes a proposal.
//!
//! The caller decides whether a decision is allowed.

use std::fs;
use std::path::{Path, PathBuf};

use super::append::{append, write_decided, write_return};
use super::cycle::StoredCycle;
use super::durable::sync_dir;
use super::error::{StoreError, cannot_write};
use super::layout::{self, TEMP_PREFIX};
use super::record::{Current, read_records};
use super::register::{NewEntry, RegisterEntry};
use super::writer::{Lock, clean, lock, remove, replace_current};

/// The right to write decisions, until it is dropped.
#[derive(Debug)]
pub struct Decisions {
    root: PathBuf,
    _lock: Option<Lock>,
}

impl Decisions {
    pub(super) fn begin(root: &Path) -> Result<Self, StoreError> {
        let lock = lock(root)?;
        clean(root)?;
        Ok(Self::create(root, Some(lock)))
    }

    pub(super) fn create(root: &Path, lock: Option<Lock>) -> Self {
        Self { root: root.to_owned(), _lock: lock }
    }

    /// Adds an entry to the register.
    ///
    /// # Errors
    /// The entry cannot be written, or another writer added an entry first; nothing was added.
    pub fn append(&self, new: &NewEntry) -> Result<RegisterEntry, StoreError> {
        append(&self.root, new)
    }

    /// Publishes a proposal: adds the entry of its approval, then the commit record.
    ///
    /// # Errors
    /// The entry cannot be written; then nothing was published. Or the record cannot be written; then the next writer
    /// completes it.
    pub fn approve(&self, new: &NewEntry) -> Result<StoredCycle, StoreError> {
        let entry = self.append(new)?;
        self.complete(&entry)
    }

    /// Writes the record of an approval.
    pub(super) fn complete(&self, entry: &RegisterEntry) -> Result<StoredCycle, StoreError> {
        let record = write_decided(&self.root, entry)?;
        let records = read_records(&self.root)?;
        let proposal = record.cycle.and_then(|cycle| records.of_version(cycle)).cloned();
        let proposal = proposal.unwrap_or_else(|| record.clone());
        // The cycle is published; the next opening of the store repairs `CURRENT`.
        if let Some(current) = records.current(&self.root) {
            let _ = replace_current(&self.root, &Current::of(current, record.version));
        }
        Ok(StoredCycle::of(&self.root, proposal, Some(record)))
    }

    /// Makes a published cycle the current one again, by a record that names it.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn make_current(&self, cycle: &StoredCycle, at: &str) -> Result<(), StoreError> {
        let record = write_return(&self.root, &cycle.commit, at)?;
        replace_current(&self.root, &Current::of(&cycle.commit, record.version))
    }

    /// Removes the folder of a cycle: a rename takes it out of readers' sight, then its files are deleted. Its record
    /// stays.
    ///
    /// # Errors
    /// The folder cannot be removed; in that case it is still whole.
    pub fn remove_folder(&self, cycle: &StoredCycle) -> Result<(), StoreError> {
        let gone = self.root.join(format!("{TEMP_PREFIX}{}-{}", layout::new_run(), cycle.commit.dir));
        fs::rename(&cycle.dir, &gone).map_err(cannot_write(&cycle.dir))?;
        sync_dir(&self.root)?;
        // The next writer removes what cannot be removed now.
        let _ = remove(&gone);
        Ok(())
    }
}
