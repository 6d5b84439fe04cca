//! A published cycle as its readers see it: its files, compared by hash with what was published. Parquet readers do not
//! protect against damage: of 200 single flipped bits in zstd parquet, 161 were read as data without an error.
//!
//! This module writes nothing and opens no parquet file.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::error::{Damage, StoreError, cannot_read};
use super::layout::{self, MANIFEST};
use super::output::OutputFile;
use super::record::CommitRecord;
use crate::hash::{sha256_of, sha256_of_bytes};

/// A published cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCycle {
    /// The number of the cycle, from 1.
    pub version: u64,
    /// Its folder: absolute if the store's path is, else relative to the working directory.
    pub dir: PathBuf,
    /// The commit record that came with its folder.
    pub commit: CommitRecord,
    /// The record that published it: its own, or that of its approval; `None` for what is not published.
    pub publication: Option<CommitRecord>,
}

impl StoredCycle {
    pub(super) fn of(root: &Path, commit: CommitRecord, publication: Option<CommitRecord>) -> Self {
        Self { version: commit.version, dir: root.join(&commit.dir), commit, publication }
    }

    /// Whether it is published: a cycle, or a proposal that was approved.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.publication.is_some()
    }

    /// Whether its folder was removed.
    #[must_use]
    pub fn is_pruned(&self) -> bool {
        !self.dir.exists()
    }

    /// The manifest, after its hash has been compared with the commit record.
    pub fn manifest(&self) -> Result<serde_json::Value, StoreError> {
        self.published_manifest()?.map_err(|damage| StoreError::Damaged { damage })
    }

    /// Compares every file of the cycle with what was published. Fails only if a file cannot be read at all.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        match self.published_manifest::<Listing>()? {
            Ok(listing) => damages(&self.dir, &listing.outputs),
            Err(damage) => Ok(vec![damage]),
        }
    }

    /// Whether a file exists with the published length and hash.
    pub fn holds(&self, output: &OutputFile) -> bool {
        output_damage(&self.dir, output).is_ok_and(|damage| damage.is_none())
    }

    fn published_manifest<T: for<'a> Deserialize<'a>>(&self) -> Result<Result<T, Damage>, StoreError> {
        let path = self.dir.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err(Damage::Missing { path })),
            read => read.map_err(cannot_read(&path))?,
        };
        if sha256_of_bytes(&bytes) != self.commit.manifest_sha256 {
            return Ok(Err(Damage::Manifest { path }));
        }
        Ok(serde_json::from_slice(&bytes).map_err(|_| Damage::Manifest { path }))
    }
}

#[derive(Deserialize)]
struct Listing {
    outputs: Vec<OutputFile>,
}

/// Compares the files in `dir` with `outputs`, which lists all of them except the manifest. The damages keep the order of
/// the list.
pub(super) fn damages(dir: &Path, outputs: &[OutputFile]) -> Result<Vec<Damage>, StoreError> {
    let found: Vec<_> = outputs.par_iter().map(|output| output_damage(dir, output)).collect();
    let mut damages = Vec::new();
    for damage in found {
        damages.extend(damage?);
    }
    for name in file_names(dir)? {
        if name != MANIFEST && !outputs.iter().any(|output| output.name == name) {
            damages.push(Damage::Extra { path: dir.join(name) });
        }
    }
    Ok(damages)
}

fn output_damage(dir: &Path, output: &OutputFile) -> Result<Option<Damage>, StoreError> {
    let path = dir.join(&output.name);
    // Links are not followed: their target is not in this folder.
    let found = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Damage::Missing { path })),
        found => found.map_err(cannot_read(&path))?,
    };
    if layout::output_name_problem(&output.name).is_some() || !found.is_file() {
        return Ok(Some(Damage::Content { path }));
    }
    if found.len() != output.bytes {
        return Ok(Some(Damage::Bytes { path, found_bytes: found.len(), listed_bytes: output.bytes }));
    }
    let (sha256, _) = File::open(&path).and_then(sha256_of).map_err(cannot_read(&path))?;
    Ok((sha256 != output.sha256).then_some(Damage::Content { path }))
}

/// The sorted paths of all files under `dir`, relative to it and with `/`.
fn file_names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        for entry in fs::read_dir(&path).map_err(cannot_read(&path))? {
            let entry = entry.map_err(cannot_read(&path))?;
            let name = format!("{folder}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(cannot_read(&path))?.is_dir() {
                folders.push(name + "/");
            } else {
                names.push(name);
            }
        }
    }
    names.sort_unstable();
    Ok(names)
}
