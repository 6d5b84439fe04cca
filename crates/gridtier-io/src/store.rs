//! The store of cycles: a folder of published gradings that other programs read while the next one is
//! written.
//!
//! A tier decides what a customer is offered, so no reader may ever see half a cycle, a cycle may never
//! change once it is seen, and of two runs that publish at once one must be told that it did not. Plain files
//! do all of this:
//!
//! ```text
//! STORE/_commits/000007.json  a cycle exists when its record does: created once, never written over
//! STORE/v000007-<run>/        its files: *.parquet, rejects/*.parquet, _manifest.json with their hashes
//! STORE/CURRENT               {"version":7,"dir":"v000007-…"}: repeats the last record
//! STORE/.staging-<run>/       where a run writes, and nowhere else
//! STORE/.tmp-<run>-…          a record and a CURRENT before they get their names
//! STORE/.lock                 held by the one writer; it stays there and means nothing when nobody holds it
//! ```
//!
//! No symbolic links: readers that followed one saw torn mixtures of two cycles in 44 of 500 reads, through
//! `CURRENT` in none.
//!
//! The store does not know what a tier is, reads no clock into a result, prints nothing and never deletes a
//! published cycle.

mod layout;
mod error;
mod durable;
mod output;
mod record;
mod cycle;
mod writer;
#[cfg(test)]
mod tests;
mod staging;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use cycle::StoredCycle;
use durable::sync_dir;
pub use error::{Damage, StoreError};
use error::{cannot_read, cannot_write};
use layout::COMMITS;
pub use output::{OutputFile, write_tables};
pub use record::CommitRecord;
use record::read_records;
pub use staging::Staging;
use writer::mend_current;

/// A folder of published cycles.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the store at `path`, which must be one. Puts `CURRENT` right where it can.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = path.as_ref().to_owned();
        match found_at(&root)? {
            Found::Store => {
                mend_current(&root);
                Ok(Self { root })
            }
            Found::Nothing | Found::EmptyFolder | Found::Other(_) => {
                Err(StoreError::NotAStore { path: root })
            }
        }
    }

    /// Opens the store at `path`, or makes an empty one if there is nothing or an empty folder.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = path.as_ref();
        match found_at(root)? {
            Found::Store => return Self::open(root),
            Found::Nothing | Found::EmptyFolder => {}
            Found::Other(found) => return Err(StoreError::Occupied { path: root.to_owned(), found }),
        }
        let commits = root.join(COMMITS);
        fs::create_dir_all(&commits).map_err(cannot_write(&commits))?;
        sync_dir(root)?;
        if let Some(parent) = root.parent() {
            sync_dir(parent)?;
        }
        Self::open(root)
    }

    /// The folder, as it was given.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Starts a cycle. Takes the store's lock until the [`Staging`] is dropped or published, and fails at
    /// once with [`StoreError::Busy`] if another writer has it; removes what writers that were killed left.
    pub fn begin(&self) -> Result<Staging, StoreError> {
        Staging::begin(&self.root)
    }

    /// The cycle `version`, or the current one: that of the last commit record, whatever `CURRENT` says.
    pub fn cycle(&self, version: Option<u64>) -> Result<StoredCycle, StoreError> {
        let records = read_records(&self.root)?;
        let Some(last) = records.last_version() else {
            return Err(StoreError::NoCycle { path: self.root.clone() });
        };
        let version = version.unwrap_or(last);
        let record = records.whole.into_iter().find(|record| record.version == version);
        let cycle = record.map(|record| StoredCycle::of(&self.root, record));
        let cycle =
            cycle.ok_or_else(|| StoreError::NoSuchCycle { path: self.root.clone(), version, last })?;
        if cycle.dir.is_dir() {
            Ok(cycle)
        } else {
            Err(StoreError::Damaged { damage: Damage::Missing { path: cycle.dir } })
        }
    }

    /// All published cycles, in order of version, with those whose folder is gone.
    pub fn cycles(&self) -> Result<Vec<StoredCycle>, StoreError> {
        let records = read_records(&self.root)?;
        Ok(records.whole.into_iter().map(|record| StoredCycle::of(&self.root, record)).collect())
    }
}

enum Found {
    Nothing,
    EmptyFolder,
    Store,
    Other(&'static str),
}

fn found_at(root: &Path) -> Result<Found, StoreError> {
    let mut entries = match fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(Found::Other("a file")),
        entries => entries.map_err(cannot_read(root))?,
    };
    // Asked before the first entry is read: a store that is being made at this moment is no foreign folder.
    let is_empty = entries.next().is_none();
    if root.join(COMMITS).is_dir() {
        Ok(Found::Store)
    } else if is_empty {
        Ok(Found::EmptyFolder)
    } else {
        Ok(Found::Other("a folder with other files in it"))
    }
}
