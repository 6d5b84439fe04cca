//! The store of cycles: a folder of published gradings that other programs read while the next one is
//! written.
//!
//! A tier decides what a customer is offered. So no reader may see half a cycle, a published cycle may never change, and if
//! two runs publish at the same time, one of them must learn that it did not publish. Plain files are enough for all of
//! this:
//!
//! ```text
//! STORE/_commits/000007.json  commit record: the cycle exists once this file does; created once, never overwritten
//! STORE/_register/000001.json entry of the register: who decided what; created once, never overwritten
//! STORE/_files/<sha256>       files that entries name, such as the corrected rows of an appeal
//! STORE/v000007-<run>/        the cycle's files: *.parquet, rejects/*.parquet, _manifest.json with their hashes
//! STORE/CURRENT               {"version":7,"dir":"v000007-…"}: the current cycle; beside it "last":8 when it is not the
//!                             last: an earlier as-of was published after it, or somebody made it current again
//! STORE/.staging-<run>/       where a run writes its files before they are published
//! STORE/.tmp-<run>-…          a record and a CURRENT before they are renamed
//! STORE/.lock                 locked by the one writer; the file stays and means nothing while it is not locked
//! ```
//!
//! There are no symbolic links: readers that followed a link saw a mixture of two cycles in 44 of 500 reads; with `CURRENT`
//! it never happened.
//!
//! A record can also hold a proposal (a complete cycle that is not current), the approval of a proposal, or an inspection.
//! Records and entries form two chains of hashes that name each other (`chain`). Which cycle is current follows from the records;
//! `CURRENT` repeats it for programs that know nothing else about stores.
//!
//! The store knows nothing about tiers, puts no time of its own into a result, prints nothing and never
//! deletes a published cycle.

mod layout;
mod error;
mod durable;
mod dictionary;
mod output;
mod record;
mod register;
mod kept;
mod append;
mod chain;
mod cycle;
mod writer;
mod decide;
mod staging;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gridtier::decision::RecordKind;

pub use chain::ChainFault;
use chain::verify_chains;
pub use cycle::StoredCycle;
pub use decide::Decisions;
use durable::sync_dir;
pub use error::{Damage, StoreError};
use error::{cannot_read, cannot_write};
use layout::COMMITS;
pub(crate) use output::write_parquet;
pub use output::{OutputFile, write_checked_tables, write_tables};
pub use record::{CommitRecord, RegisterHead};
use record::{CommitRecords, read_records, read_with_lost};
use register::read_register;
pub use register::{CommitsHead, EntryFile, NewEntry, RegisterEntry};
pub use staging::{Commit, Staging};
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
            FolderState::Store => {
                repair_current(&root);
                Ok(Self { root })
            }
            FolderState::Nothing | FolderState::EmptyFolder | FolderState::Other(_) => {
                Err(StoreError::NotAStore { path: root })
            }
        }
    }

    /// Opens the store at `path`, or creates an empty one if the path does not exist or is an empty folder.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = path.as_ref();
        match found_at(root)? {
            FolderState::Store => return Self::open(root),
            FolderState::Nothing | FolderState::EmptyFolder => {}
            FolderState::Other(found) => return Err(StoreError::Occupied { path: root.to_owned(), found }),
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

    /// Takes the right to write decisions, as [`begin`](Self::begin) does for a cycle.
    ///
    /// # Errors
    /// Another writer holds the lock, or the store cannot be written.
    pub fn decide(&self) -> Result<Decisions, StoreError> {
        Decisions::begin(&self.root)
    }

    /// The cycle, proposal or inspection `version`, or by default the current cycle, as the last record says.
    ///
    /// # Errors
    /// There is no such cycle, its folder is missing, or the current one is asked for and a record is lost, so that
    /// another cycle would pass for it.
    pub fn cycle(&self, version: Option<u64>) -> Result<StoredCycle, StoreError> {
        let (records, lost) = read_with_lost(&self.root)?;
        if let (None, Some(dir)) = (version, lost) {
            return Err(StoreError::LostRecord { dir });
        }
        let path = self.root.clone();
        let Some(last) = records.last_with_folder() else { return Err(StoreError::NoCycle { path }) };
        let current = records.current(&self.root).map(|record| record.version);
        let Some(version) = version.or(current) else {
            return Err(StoreError::OnlyProposals { path, proposal: last });
        };
        let record = records.of_version(version).filter(|record| record.has_folder());
        let cycle = record.map(|record| self.stored(&records, record));
        let cycle = cycle.ok_or(StoreError::NoSuchCycle { path, version, last })?;
        if cycle.dir.is_dir() {
            Ok(cycle)
        } else {
            Err(StoreError::Damaged { damage: Damage::Missing { path: cycle.dir } })
        }
    }

    /// All cycles and proposals in the order of their numbers, including those whose folder is missing.
    pub fn cycles(&self) -> Result<Vec<StoredCycle>, StoreError> {
        let kinds = [RecordKind::Cycle, RecordKind::Proposal];
        Ok(self.of_kinds(&read_records(&self.root)?, &kinds))
    }

    /// All recorded inspections in the order of their numbers.
    pub fn inspections(&self) -> Result<Vec<StoredCycle>, StoreError> {
        Ok(self.of_kinds(&read_records(&self.root)?, &[RecordKind::Inspection]))
    }

    /// The published cycles, in the order in which they were published.
    pub fn published(&self) -> Result<Vec<StoredCycle>, StoreError> {
        let mut cycles = self.cycles()?;
        cycles.retain(StoredCycle::is_published);
        cycles.sort_by_key(|cycle| cycle.publication.as_ref().map(|record| record.version));
        Ok(cycles)
    }

    /// The number of the current cycle, if there is one.
    pub fn current(&self) -> Result<Option<u64>, StoreError> {
        Ok(read_records(&self.root)?.current(&self.root).map(|record| record.version))
    }

    /// The number of the last commit record; 0 if there is none.
    pub fn last_record(&self) -> Result<u64, StoreError> {
        Ok(read_records(&self.root)?.last_version().unwrap_or(0))
    }

    /// The entries of the register, in their order.
    pub fn register(&self) -> Result<Vec<RegisterEntry>, StoreError> {
        Ok(read_register(&self.root)?.whole)
    }

    /// Keeps a file that an entry will name, by its hash. Only for the holder of the right to write.
    ///
    /// # Errors
    /// The file does not have the hash and length in `file`, or cannot be read or written.
    pub fn keep_file(&self, from: &Path, file: &EntryFile) -> Result<(), StoreError> {
        kept::keep(&self.root, from, file)
    }

    /// The path at which a file of an entry is kept.
    ///
    /// # Errors
    /// The file is missing or was changed.
    pub fn kept_file(&self, file: &EntryFile) -> Result<PathBuf, StoreError> {
        let path = kept::kept_path(&self.root, &file.sha256);
        match kept::is_kept(&self.root, file)? {
            true => Ok(path),
            false => Err(StoreError::Damaged { damage: Damage::Content { path } }),
        }
    }

    /// Number and hash of the last entry of the register.
    pub fn register_head(&self) -> Result<RegisterHead, StoreError> {
        Ok(read_register(&self.root)?.head())
    }

    /// Compares the commit records and the register with each other. `head` is the number and hash of an entry, as they
    /// were filed elsewhere.
    ///
    /// # Errors
    /// The store cannot be read at all.
    pub fn verify_chains(&self, head: Option<&RegisterHead>) -> Result<Vec<ChainFault>, StoreError> {
        verify_chains(&self.root, head)
    }

    fn of_kinds(&self, records: &CommitRecords, kinds: &[RecordKind]) -> Vec<StoredCycle> {
        let own = records.whole.iter().filter(|record| record.has_folder() && kinds.contains(&record.kind));
        own.map(|record| self.stored(records, record)).collect()
    }

    fn stored(&self, records: &CommitRecords, record: &CommitRecord) -> StoredCycle {
        let publication = match record.kind {
            RecordKind::Cycle => Some(record),
            RecordKind::Proposal | RecordKind::Approval => records.approval_of(record.version),
            RecordKind::Inspection => None,
        };
        StoredCycle::of(&self.root, record.clone(), publication.cloned())
    }
}

enum FolderState {
    Nothing,
    EmptyFolder,
    Store,
    Other(&'static str),
}

fn found_at(root: &Path) -> Result<FolderState, StoreError> {
    let mut entries = match fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FolderState::Nothing),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(FolderState::Other("a file")),
        entries => entries.map_err(cannot_read(root))?,
    };
    // Read the first entry before looking for the commits: if another process creates the store in between, the
    // folder counts as empty or as a store, never as a foreign folder.
    let is_empty = entries.next().is_none();
    if root.join(COMMITS).is_dir() {
        Ok(FolderState::Store)
    } else if is_empty {
        Ok(FolderState::EmptyFolder)
    } else {
        Ok(FolderState::Other("a folder with other files in it"))
    }
}
