//! The store of cycles: a folder of published gradings that other programs read while the next one is
//! written.
//!
//! A tier decides what a customer is offered. So no reader may see half a cycle, a published cycle may never
//! change, and of two runs that publish at once, one must be told that it did not. Plain files do all of this:
//!
//! ```text
//! STORE/_commits/000007.json  commit record: the cycle exists once this file does; created once, never overwritten
//! STORE/v000007-<run>/        the cycle's files: *.parquet, rejects/*.parquet, _manifest.json with their hashes
//! STORE/CURRENT               {"version":7,"dir":"v000007-…"}: the current cycle; beside it "last":8 when it is not the
//!                             last: an earlier as-of was published after it, or somebody made it current again
//! STORE/.staging-<run>/       where a run writes its files before they are published
//! STORE/.tmp-<run>-…          a record and a CURRENT before they are renamed
//! STORE/.lock                 locked by the one writer; the file stays and means nothing while it is not locked
//! ```
//!
//! There are no symbolic links: readers that followed one saw a mixture of two cycles in 44 of 500 reads, and
//! in none through `CURRENT`.
//!
//! The store knows nothing about tiers, puts no time of its own into a result, prints nothing and never
//! deletes a published cycle.

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
pub use staging::{CurrentMove, Staging};
use writer::repair_current;

/// A folder of published cycles.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the existing store at `path`. Repairs `CURRENT` if it can be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = path.as_ref().to_owned();
        match found_at(&root)? {
            Found::Store => {
                repair_current(&root);
                Ok(Self { root })
            }
            Found::Nothing | Found::EmptyFolder | Found::Other(_) => {
                Err(StoreError::NotAStore { path: root })
            }
        }
    }

    /// Opens the store at `path`, or creates an empty one if the path does not exist or is an empty folder.
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

    /// The path that the store was opened with.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Starts a cycle. Holds the store's lock until the [`Staging`] is dropped or published, and fails at
    /// once with [`StoreError::Busy`] if another writer holds it. Removes the leftovers of killed writers.
    pub fn begin(&self) -> Result<Staging, StoreError> {
        Staging::begin(&self.root)
    }

    /// The cycle `version`, or by default the current one: that of `CURRENT`, or what the last commit record says where
    /// `CURRENT` is missing or older than it.
    pub fn cycle(&self, version: Option<u64>) -> Result<StoredCycle, StoreError> {
        let records = read_records(&self.root)?;
        let Some(last) = records.last_version() else {
            return Err(StoreError::NoCycle { path: self.root.clone() });
        };
        let current = records.current(&self.root).map_or(last, |record| record.version);
        let version = version.unwrap_or(current);
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

    /// All published cycles in order of version, including those whose folder is missing.
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
    // Read the first entry before looking for the commits: if another process creates the store in between, the
    // folder counts as empty or as a store, never as a foreign folder.
    let is_empty = entries.next().is_none();
    if root.join(COMMITS).is_dir() {
        Ok(Found::Store)
    } else if is_empty {
        Ok(Found::EmptyFolder)
    } else {
        Ok(Found::Other("a folder with other files in it"))
    }
}
