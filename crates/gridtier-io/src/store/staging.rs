//! A cycle that is not visible yet. Its files are written, verified and moved into place here; then the exclusive
//! creation of one file makes all of them visible at once. A run that is killed at any point before that leaves
//! the store as it was.
//!
//! Write files → fsync → manifest → reopen and verify → rename into place → commit record → `CURRENT`. The caller gives
//! names, rows and manifest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use gridtier::decision::RecordKind;
use gridtier::output::Output;
use rayon::prelude::*;
use serde_json::Value;

use super::append::{DecidedCycle, PUBLISHES, append, is_earlier, write_decided};
use super::cycle::{StoredCycle, damages};
use super::decide::Decisions;
use super::durable::{Syncing, sync_dir, write_new};
use super::error::{StoreError, cannot_write};
use super::layout::{self, COMMITS, CURRENT, MANIFEST, REJECTS, STAGING_PREFIX, TEMP_PREFIX};
use super::output::{OutputFile, copy_file, footer_damage, write_unsynced};
use super::record::{CommitRecord, Current, commit_draft, read_records, record_path};
use super::register::{NewEntry, RegisterEntry, read_register};
use super::writer::{Lock, clean, lock, remove, replace_current};
use crate::hash::sha256_of_bytes;

/// What the commit record says besides naming the cycle.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// What is published.
    pub kind: RecordKind,
    /// When, in UTC (RFC 3339).
    pub published_at: &'a str,
    /// The as-of of the cycle.
    pub as_of: Option<&'a str>,
    /// Whether the cycle becomes current even if the current one has a later as-of.
    pub make_current: bool,
    /// Who publishes or proposes.
    pub by: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// The cycle that was inspected.
    pub cycle: Option<u64>,
}

impl<'a> Commit<'a> {
    /// A cycle that is published at once.
    #[must_use]
    pub fn cycle(published_at: &'a str, as_of: Option<&'a str>) -> Self {
        let kind = RecordKind::Cycle;
        Self { kind, published_at, as_of, make_current: false, by: None, reason: None, cycle: None }
    }
}

/// A cycle in the making. Dropped before [`publish`](Self::publish), it leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    root: PathBuf,
    run: String,
    /// The number that the cycle gets: no other writer can take it while the lock is held.
    version: u64,
    outputs: Vec<OutputFile>,
    /// Syncs these to disk; `None` until the first is written.
    syncing: Option<Syncing>,
    /// Paths to remove on drop: everything that this run has written and not committed.
    pub(super) scratch: Vec<PathBuf>,
    /// Fields are dropped after `drop` has removed the files, so the lock outlives them.
    lock: Option<Lock>,
}

impl Drop for Staging {
    fn drop(&mut self) {
        for path in &self.scratch {
            // The next writer removes what cannot be removed now.
            let _ = remove(path);
        }
    }
}

impl Staging {
    pub(super) fn begin(root: &Path) -> Result<Self, StoreError> {
        let lock = lock(root)?;
        clean(root)?;
        Self::create(root, Some(lock))
    }

    pub(super) fn create(root: &Path, lock: Option<Lock>) -> Result<Self, StoreError> {
        let run = layout::new_run();
        let dir = root.join(format!("{STAGING_PREFIX}{run}"));
        fs::create_dir(&dir).map_err(cannot_write(&dir))?;
        let version = read_records(root)?.next_version();
        let scratch = vec![dir];
        let (outputs, syncing) = (Vec::new(), None);
        Ok(Self { root: root.to_owned(), run, version, outputs, syncing, scratch, lock })
    }

    /// The number that the cycle gets in its store.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Gives the cycle the number of a cycle in another store, so that the two can be compared.
    #[must_use]
    pub fn numbered(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// Writes one file of the cycle, `tiers.parquet` or `rejects/bills.parquet`, as zstd parquet. It is synced to the disk
    /// before the cycle is published.
    ///
    /// Rows are written in the order given. The bytes depend on the rows and the schema, not on how the rows
    /// are split into batches. Text columns may come in any of Arrow's encodings; all other columns must have
    /// the schema's types.
    pub fn write_parquet(
        &mut self,
        name: &str,
        schema: SchemaRef,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<OutputFile, StoreError> {
        let path = self.place_of(name)?;
        let (output, file) = write_unsynced(&path, name, &schema, batches)?;
        self.outputs.push(output.clone());
        self.syncing.get_or_insert_with(Syncing::begin).add(path, file)?;
        Ok(output)
    }

    /// Writes tables in parallel, each as [`write_parquet`](Self::write_parquet) does. If several fail, the error is that of
    /// the first in order.
    pub fn write_tables(&mut self, tables: Vec<Output>) -> Result<(), StoreError> {
        let mut places = Vec::with_capacity(tables.len());
        for table in &tables {
            let name = format!("{}.parquet", table.name);
            places.push((self.place_of(&name)?, name));
        }
        let syncing = self.syncing.get_or_insert_with(Syncing::begin);
        let written: Vec<_> = places
            .par_iter()
            .zip(tables)
            // The first table may be as large as all others together: it is begun at once, and alone.
            .with_max_len(1)
            .map(|((path, name), table)| {
                let (output, file) = write_unsynced(path, name, &table.schema, table.batches)?;
                syncing.add(path.clone(), file).map(|()| output)
            })
            .collect();
        self.outputs.extend(written.into_iter().collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }

    /// Copies `outputs` of a published cycle unchanged and in parallel, and syncs them to disk. If several fail, the
    /// error is that of the first in order.
    pub fn copy(&mut self, outputs: &[OutputFile], from: &StoredCycle) -> Result<(), StoreError> {
        let places = outputs.iter().map(|output| self.place_of(&output.name));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let copied: Vec<_> = places
            .into_par_iter()
            .zip(outputs)
            .map(|(path, output)| copy_file(&from.dir.join(&output.name), &path, output))
            .collect();
        copied.into_iter().collect::<Result<(), _>>()?;
        self.outputs.extend_from_slice(outputs);
        Ok(())
    }

    /// Publishes the complete cycle as the next version of the store.
    ///
    /// `manifest` is an object without `outputs`; the list of files is added to it, sorted by name, and
    /// nothing else: the manifest does not say which store it is in, so the same grading has the same
    /// manifest everywhere.
    ///
    /// If `CURRENT` cannot be replaced after the commit, this still succeeds: the cycle is published, and the
    /// next opening of the [`Store`](super::Store) repairs `CURRENT`.
    pub fn publish(mut self, manifest: Value, commit: &Commit) -> Result<StoredCycle, StoreError> {
        let manifest_sha256 = self.seal(manifest)?;
        self.read_back()?;
        let record = self.next_record(manifest_sha256, commit)?;
        let drafts = self.write_drafts(&record)?;
        self.move_into_place(&record)?;
        self.commit(&record, &drafts)?;
        self.point_current(&drafts);
        let publication = record.publishes().map(|_| record.clone());
        Ok(StoredCycle::of(&self.root, record, publication))
    }

    /// Publishes the complete cycle together with an entry of the register that decides it, such as a ruling: the entry is
    /// written when the files are in place, then the commit record. If a writer is killed in between, the next one
    /// completes its work. Time, name and reason of the record are the entry's.
    ///
    /// # Errors
    /// Nothing was published; or the entry was written but not its record, and the next writer will complete it.
    pub fn publish_with_entry(
        mut self,
        manifest: Value,
        commit: &Commit,
        entry: &NewEntry,
    ) -> Result<(StoredCycle, RegisterEntry), StoreError> {
        let entry = self.write_decision(manifest, commit, entry)?;
        let record = write_decided(&self.root, &entry)?;
        let records = read_records(&self.root)?;
        // The cycle is published; the next opening of the store repairs `CURRENT`.
        if let Some(current) = records.current(&self.root) {
            let _ = replace_current(&self.root, &Current::of(current, record.version));
        }
        let publication = record.publishes().map(|_| record.clone());
        Ok((StoredCycle::of(&self.root, record, publication), entry))
    }

    /// Puts the files in place and writes the entry that publishes them.
    pub(super) fn write_decision(
        &mut self,
        manifest: Value,
        commit: &Commit,
        entry: &NewEntry,
    ) -> Result<RegisterEntry, StoreError> {
        let manifest_sha256 = self.seal(manifest)?;
        self.read_back()?;
        let record = self.next_record(manifest_sha256, commit)?;
        self.move_into_place(&record)?;
        let decided = DecidedCycle {
            version: record.version,
            dir: record.dir.clone(),
            manifest_sha256: record.manifest_sha256,
            kind: record.kind,
            as_of: record.as_of,
            make_current: record.make_current,
        };
        let mut facts = entry.facts.clone();
        let misuse = |problem: &str| StoreError::Misuse { name: PUBLISHES.into(), problem: problem.into() };
        let object = facts.as_object_mut().ok_or_else(|| misuse("the facts of an entry are no object"))?;
        let decided = serde_json::to_value(decided).map_err(|error| misuse(&error.to_string()))?;
        object.insert(PUBLISHES.to_owned(), decided);
        let entry = append(&self.root, &NewEntry { facts, ..entry.clone() })?;
        // From now on the folder belongs to the store.
        let place = self.root.join(&record.dir);
        self.scratch.retain(|path| *path != place);
        Ok(entry)
    }

    /// Drops what was staged, and keeps the lock for decisions.
    #[must_use]
    pub fn into_decisions(mut self) -> Decisions {
        Decisions::create(&self.root.clone(), self.lock.take())
    }

    /// The path of a new file of the cycle; creates its folder.
    fn place_of(&self, name: &str) -> Result<PathBuf, StoreError> {
        let written_before = self.outputs.iter().any(|output| output.name == name);
        let problem = layout::output_name_problem(name).or(written_before.then_some("it was written before"));
        if let Some(problem) = problem {
            return Err(StoreError::Misuse { name: name.to_owned(), problem: problem.to_owned() });
        }
        let path = self.dir().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(cannot_write(folder))?;
        }
        Ok(path)
    }

    fn dir(&self) -> PathBuf {
        self.root.join(format!("{STAGING_PREFIX}{}", self.run))
    }

    /// Waits until all files are on the disk, writes the manifest, and makes all file names durable. Returns the manifest's
    /// hash.
    pub(super) fn seal(&mut self, manifest: Value) -> Result<String, StoreError> {
        self.syncing.take().map_or(Ok(()), Syncing::finish)?;
        self.outputs.sort_by(|a, b| a.name.cmp(&b.name));
        let text = manifest_text(manifest, &self.outputs)?;
        let dir = self.dir();
        let path = dir.join(MANIFEST);
        write_new(&path, text.as_bytes()).map_err(cannot_write(&path))?;
        let rejects = dir.join(REJECTS);
        if rejects.is_dir() {
            sync_dir(&rejects)?;
        }
        sync_dir(&dir)?;
        Ok(sha256_of_bytes(text.as_bytes()))
    }

    /// Opens every file again and compares it with what was written.
    pub(super) fn read_back(&self) -> Result<(), StoreError> {
        let dir = self.dir();
        let footers = self.outputs.iter().filter_map(|output| footer_damage(&dir.join(&output.name), output));
        match damages(&dir, &self.outputs)?.into_iter().chain(footers).next() {
            Some(damage) => Err(StoreError::ReadBack { damage }),
            None => Ok(()),
        }
    }

    pub(super) fn next_record(
        &self,
        manifest_sha256: String,
        commit: &Commit,
    ) -> Result<CommitRecord, StoreError> {
        let records = read_records(&self.root)?;
        let current = records.current(&self.root);
        let stays = match commit.kind {
            RecordKind::Cycle | RecordKind::Approval => current
                .filter(|current| !commit.make_current && is_earlier(&self.root, commit.as_of, current)),
            RecordKind::Proposal | RecordKind::Inspection => current,
        };
        Ok(CommitRecord {
            version: self.version,
            dir: layout::version_dir(self.version, &self.run),
            manifest_sha256,
            published_at: commit.published_at.to_owned(),
            previous: records.last_version(),
            current: stays.map(|record| record.version),
            kind: commit.kind,
            as_of: commit.as_of.map(str::to_owned),
            make_current: commit.make_current,
            by: commit.by.map(str::to_owned),
            reason: commit.reason.map(str::to_owned),
            cycle: commit.cycle,
            base: current.map(|record| record.version),
            previous_sha256: records.last_sha256.clone(),
            register: Some(read_register(&self.root)?.head()),
        })
    }

    /// Writes the record and `CURRENT` under temporary names, so that a full disk is noticed before the commit.
    pub(super) fn write_drafts(&mut self, record: &CommitRecord) -> Result<Drafts, StoreError> {
        let [record_draft, current_draft] =
            ["record", "current"].map(|what| self.root.join(format!("{TEMP_PREFIX}{}-{what}", self.run)));
        self.scratch.extend([record_draft.clone(), current_draft.clone()]);
        // If the first record of a store is a proposal, no cycle is current.
        let current = match record.current_after() {
            Some(version) if version == record.version => Some(record.clone()),
            Some(version) => read_records(&self.root)?.of_version(version).cloned(),
            None => None,
        };
        write_draft(&record_draft, record.to_text())?;
        let mut drafts = Drafts { record: record_draft, current: None };
        if let Some(current) = current {
            write_draft(&current_draft, Current::of(&current, record.version).to_text())?;
            drafts.current = Some(current_draft);
        }
        Ok(drafts)
    }

    /// Renames the folder to its final name, at which no reader looks before the commit.
    pub(super) fn move_into_place(&mut self, record: &CommitRecord) -> Result<(), StoreError> {
        let place = self.root.join(&record.dir);
        fs::rename(self.dir(), &place).map_err(cannot_write(&place))?;
        self.scratch.push(place);
        sync_dir(&self.root)
    }

    /// Creates the commit record, which makes the cycle visible.
    pub(super) fn commit(&mut self, record: &CommitRecord, drafts: &Drafts) -> Result<(), StoreError> {
        commit_draft(&self.root, record.version, &drafts.record)?;
        let place = self.root.join(&record.dir);
        self.scratch.retain(|path| *path != place);
        sync_dir(&self.root.join(COMMITS)).inspect_err(|_| {
            // A power cut could undo this record, and later cycles would build on it: withdraw it and its cycle.
            if fs::remove_file(record_path(&self.root, record.version)).is_ok() {
                self.scratch.push(place);
            }
        })
    }

    fn point_current(&self, drafts: &Drafts) {
        if let Some(current) = &drafts.current {
            let _ = fs::rename(current, self.root.join(CURRENT)).map(|()| sync_dir(&self.root));
        }
    }
}

/// Complete files that are still under temporary names.
#[derive(Debug)]
pub(super) struct Drafts {
    record: PathBuf,
    /// None where no cycle is current.
    current: Option<PathBuf>,
}

fn write_draft(path: &Path, text: Result<String, serde_json::Error>) -> Result<(), StoreError> {
    let text = text.map_err(io::Error::from).map_err(cannot_write(path))?;
    write_new(path, text.as_bytes()).map_err(cannot_write(path))
}

fn manifest_text(mut manifest: Value, outputs: &[OutputFile]) -> Result<String, StoreError> {
    let misuse = |problem: String| StoreError::Misuse { name: MANIFEST.to_owned(), problem };
    let Some(object) = manifest.as_object_mut().filter(|object| !object.contains_key("outputs")) else {
        return Err(misuse("it is not an object without `outputs`".to_owned()));
    };
    let listed = serde_json::to_value(outputs).map_err(|error| misuse(error.to_string()))?;
    object.insert("outputs".to_owned(), listed);
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| misuse(error.to_string()))?;
    Ok(text + "\n")
}
