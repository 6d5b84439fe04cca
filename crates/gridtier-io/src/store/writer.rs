//! The lock of a store and the removal of leftovers: only one writer works at a time, and what killed writers left is
//! removed. A leftover is removed only if it is certain that no commit ever named it: a store that lost a commit record
//! must not lose the cycle too.
//!
//! This module publishes nothing.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::append::{DecidedCycle, pending_decision, write_decided};
use super::durable::{sync_dir, write_new};
use super::error::{StoreError, cannot_write};
use super::layout::{self, CURRENT, LOCK, STAGING_PREFIX, TEMP_PREFIX};
use super::record::{
    CommitRecords, Current, names_in, read_current, read_records, read_with_lost, record_path,
};
use super::register::{entry_path, read_register};

/// The right to write, until it is dropped or the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that another thread has just forked may still have it open.
        let _ = self.0.unlock();
    }
}

/// Takes the store's lock without waiting.
pub(super) fn lock(root: &Path) -> Result<Lock, StoreError> {
    let path = root.join(LOCK);
    let file = File::options().create(true).append(true).open(&path).map_err(cannot_write(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: root.to_owned() }),
        Err(TryLockError::Error(error)) => Err(cannot_write(&path)(error)),
    }
}

/// Removes the leftovers of killed writers and repairs `CURRENT`. Only for the holder of the lock.
pub(super) fn clean(root: &Path) -> Result<(), StoreError> {
    let records = read_records(root)?;
    let leftovers = leftovers(root, &records)?;
    for path in &leftovers {
        remove(path).map_err(cannot_write(path))?;
    }
    if !leftovers.is_empty() {
        sync_dir(root)?;
    }
    complete_decision(root, &records)?;
    rebuild_current(root, &read_records(root)?)
}

/// Writes the record of a decision whose writer was killed after its entry.
fn complete_decision(root: &Path, records: &CommitRecords) -> Result<(), StoreError> {
    match pending_decision(records, &read_register(root)?) {
        Some(entry) => write_decided(root, entry).map(drop),
        None => Ok(()),
    }
}

/// Repairs `CURRENT` if it is missing, stale or damaged. Failures are ignored: this program never relies on it, and
/// a store may be readable but not writable.
pub(super) fn repair_current(root: &Path) {
    if read_records(root).is_ok_and(|records| is_complete(root, &records)) {
        return;
    }
    // Take the lock: a publisher may be between its commit and its CURRENT, and must not be overtaken.
    if let Ok(_lock) = lock(root)
        && let Ok(records) = read_records(root)
        && leftovers(root, &records).is_ok()
        && complete_decision(root, &records).is_ok()
        && let Ok(records) = read_records(root)
    {
        let _ = rebuild_current(root, &records);
    }
}

/// Whether every decision of the register has its record, and CURRENT names the cycle that the records give.
fn is_complete(root: &Path, records: &CommitRecords) -> bool {
    let is_decided = read_register(root).is_ok_and(|register| pending_decision(records, &register).is_none());
    is_decided && read_current(root) == current_of(root, records)
}

/// What may be removed: staging folders, temporary files, an incomplete record or entry, and folders of cycles that have no
/// record because their writer was killed before its commit or because another writer committed first.
fn leftovers(root: &Path, records: &CommitRecords) -> Result<Vec<PathBuf>, StoreError> {
    if let Some(dir) = read_with_lost(root)?.1 {
        return Err(StoreError::LostRecord { dir });
    }
    let mut leftovers = Vec::new();
    let register = read_register(root)?;
    let decided = pending_decision(records, &register).and_then(DecidedCycle::of).map(|cycle| cycle.dir);
    for name in names_in(root)? {
        // The folder of a cycle whose entry is written is published with the record that is completed next.
        if decided.as_ref() == Some(&name) {
            continue;
        }
        let temporary = name.starts_with(STAGING_PREFIX) || name.starts_with(TEMP_PREFIX);
        if temporary || is_uncommitted(&name, records) {
            leftovers.push(root.join(name));
        }
    }
    leftovers.extend(records.torn.map(|version| record_path(root, version)));
    leftovers.extend(register.torn.map(|number| entry_path(root, number)));
    Ok(leftovers)
}

/// Whether `name` is the folder of a cycle that was never committed. The record of a lower version than the next was removed
/// by a person, who may also remove the folder.
fn is_uncommitted(name: &str, records: &CommitRecords) -> bool {
    layout::version_of_dir(name).is_some_and(|version| match records.of_version(version) {
        Some(record) => record.dir != name,
        None => version == records.next_version(),
    })
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn rebuild_current(root: &Path, records: &CommitRecords) -> Result<(), StoreError> {
    let path = root.join(CURRENT);
    match current_of(root, records) {
        None => remove(&path).map_err(cannot_write(&path)),
        Some(current) if read_current(root).as_ref() == Some(&current) => Ok(()),
        Some(current) => replace_current(root, &current),
    }
}

/// What `CURRENT` should hold.
fn current_of(root: &Path, records: &CommitRecords) -> Option<Current> {
    Some(Current::of(records.current(root)?, records.last_version()?))
}

/// Replaces `CURRENT` as a whole. Only for the holder of the lock.
pub(super) fn replace_current(root: &Path, current: &Current) -> Result<(), StoreError> {
    let path = root.join(CURRENT);
    let draft = root.join(format!("{TEMP_PREFIX}{}-current", layout::new_run()));
    let text = current.to_text().map_err(io::Error::from).map_err(cannot_write(&path))?;
    write_new(&draft, text.as_bytes()).map_err(cannot_write(&draft))?;
    fs::rename(&draft, &path).map_err(cannot_write(&path))?;
    sync_dir(root)
}
