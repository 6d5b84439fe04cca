//! What the register says of appeals: which are open, and which patches were upheld.

use std::fs;
use std::path::{Component, Path};

use gridtier::decision::EntryKind;
use gridtier::error::RunError;
use gridtier::text;
use serde::Deserialize as _;
use tempfile::TempDir;

use super::RulingFacts;
use super::error::AppealError;
use crate::folder::DataFolder;
use crate::store::{EntryFile, RegisterEntry, Store};

/// The appeals without a ruling, in their order. A ruling does not count if its proposal was rejected or withdrawn.
pub(super) fn open_appeal(store: &Store) -> Result<Vec<RegisterEntry>, AppealError> {
    let entries = store.register()?;
    let ruled: Vec<u64> = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Ruling && !is_turned_down(entry, &entries))
        .filter_map(|entry| Some(RulingFacts::deserialize(&entry.facts).ok()?.appeal))
        .collect();
    let appeals = entries.into_iter().filter(|entry| entry.kind == EntryKind::Appeal);
    Ok(appeals.filter(|appeal| !ruled.contains(&appeal.number)).collect())
}

/// Whether the proposal that a ruling made was rejected or withdrawn.
fn is_turned_down(ruling: &RegisterEntry, entries: &[RegisterEntry]) -> bool {
    let kinds = [EntryKind::Reject, EntryKind::Withdraw];
    let own = published_by(ruling);
    own.is_some() && entries.iter().any(|entry| kinds.contains(&entry.kind) && entry.cycle == own)
}

/// The number of the cycle that was published by the same commit as an entry.
pub(super) fn published_by(entry: &RegisterEntry) -> Option<u64> {
    entry.facts.get("publishes")?.get("version")?.as_u64()
}

/// The ruling that published a cycle.
pub(super) fn ruling_of(store: &Store, version: u64) -> Result<Option<RegisterEntry>, AppealError> {
    let mut entries = store.register()?.into_iter();
    Ok(entries.find(|entry| entry.kind == EntryKind::Ruling && published_by(entry) == Some(version)))
}

/// The files of a patch as an entry names them.
///
/// # Errors
/// A file cannot be hashed.
pub(super) fn files_of(patch: &DataFolder) -> Result<Vec<EntryFile>, AppealError> {
    let files = patch.inputs().map_err(RunError::from)?.iter().map(|input| EntryFile {
        name: input.path.clone(),
        sha256: input.sha256.clone(),
        bytes: input.bytes,
    });
    Ok(files.collect())
}

/// Keeps the files of a patch in the store.
pub(super) fn keep_files(store: &Store, folder: &Path, files: &[EntryFile]) -> Result<(), AppealError> {
    for file in files {
        store.keep_file(&folder.join(&file.name), file)?;
    }
    Ok(())
}

/// The patch of a ruling, in a temporary folder that is removed when this value is dropped.
pub(super) struct KeptPatch {
    pub folder: DataFolder,
    _place: TempDir,
}

impl KeptPatch {
    /// Opens the patch of a ruling with the `gridtier.toml` of the data folder.
    pub fn open(store: &Store, ruling: &RegisterEntry, data: &DataFolder) -> Result<Self, AppealError> {
        let place = tempfile::tempdir().map_err(AppealError::NoPlace)?;
        for file in &ruling.files {
            let kept = store.kept_file(file)?;
            let name = Path::new(&file.name);
            // This program writes only names inside the folder. A name that leads out of it was
            // written by somebody else.
            if !name.components().all(|part| matches!(part, Component::Normal(_))) {
                let (number, name) = (ruling.number, &file.name);
                return Err(AppealError::OtherInputs(text!(
                    "entry {number} of the register names the file {name}, which lies outside the folder of the patch",
                    "登记簿第 {number} 条所记文件名 {name} 无效"
                )));
            }
            let path = place.path().join(name);
            let copied =
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(&kept, &path));
            copied.map_err(AppealError::NoPlace)?;
        }
        Ok(Self { folder: data.open_alike(place.path())?, _place: place })
    }
}
