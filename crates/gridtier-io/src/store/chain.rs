//! Compares the two chains of a store, the commit records and the register: each file holds the hash of the one before, and
//! each chain names the last file of the other. So an edit, a deletion, an insertion or a change of order is found, except
//! in files after the last one that another file names. To find such changes too, people file the head of the register
//! elsewhere.
//!
//! Files are only read; nothing is repaired.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gridtier::decision::{EntryKind, RecordKind};
use gridtier::text;
use gridtier::text::Text;
use serde::Deserialize;

use super::append::DecidedCycle;
use super::error::{StoreError, cannot_read};
use super::kept::is_kept;
use super::layout::{self, COMMITS, MANIFEST, REGISTER};
use super::record::{CommitRecord, RegisterHead, names_in, parse_record, read_with_lost};
use super::register::{RegisterEntry, parse_entry};
use crate::hash::sha256_of_bytes;

/// A file of a chain that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in both languages.
    pub what: Text,
}

impl ChainFault {
    fn new(path: PathBuf, what: Text) -> Self {
        Self { path, what }
    }

    /// The file and what is wrong with it.
    #[must_use]
    pub fn text(&self) -> Text {
        let path = self.path.display();
        {
            let what = &self.what;
            text!("{path}: {what}", "{path}: {what}"; what)
        }
    }
}

/// Finds what does not fit in the commit records and the register of a store.
pub(super) fn verify_chains(root: &Path, head: Option<&RegisterHead>) -> Result<Vec<ChainFault>, StoreError> {
    let mut faults = Vec::new();
    let records = Chain::read(&root.join(COMMITS), parse_record, &mut faults)?;
    let entries = Chain::read(&root.join(REGISTER), parse_entry, &mut faults)?;
    check_records(&records, &entries, &mut faults);
    check_currents(&records, &mut faults);
    check_manifests(root, &records, &mut faults)?;
    // A record that cannot be read is among the faults already.
    faults.extend(read_with_lost(root).ok().and_then(|(_, lost)| lost).map(|dir| {
        let what = text!(
            "the commit record of this cycle is missing or was cut off",
            "该周期的提交记录缺失或已被截断"
        );
        ChainFault::new(dir, what)
    }));
    check_entries(&entries, &records, &mut faults);
    check_files(root, &entries, &mut faults)?;
    if let Some(head) = head {
        check_head(&entries, head, &mut faults);
    }
    faults.dedup();
    Ok(faults)
}

/// The files of one chain.
struct Chain<T> {
    folder: PathBuf,
    /// By number: content and hash.
    files: BTreeMap<u64, (T, String)>,
}

impl<T> Chain<T> {
    fn read(
        folder: &Path,
        parse: impl Fn(&[u8], u64) -> Result<T, serde_json::Error>,
        faults: &mut Vec<ChainFault>,
    ) -> Result<Self, StoreError> {
        let mut chain = Self { folder: folder.to_owned(), files: BTreeMap::new() };
        let names = match folder.is_dir() {
            true => names_in(folder)?,
            false => Vec::new(),
        };
        let last = names.iter().filter_map(|name| layout::version_of_record(name)).max().unwrap_or(0);
        for name in &names {
            let path = folder.join(name);
            let Some(number) = layout::version_of_record(name) else {
                faults.push(ChainFault::new(path, text!("it is no part of the chain", "不属于该链")));
                continue;
            };
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                read => read.map_err(cannot_read(&path))?,
            };
            // A last file without its final newline was never written to its end: it does not exist yet.
            if number == last && !bytes.ends_with(b"\n") {
                continue;
            }
            match parse(&bytes, number) {
                Ok(content) => drop(chain.files.insert(number, (content, sha256_of_bytes(&bytes)))),
                Err(error) => {
                    let what = text!("it was edited or moved: {error}", "已被改动或移动: {error}");
                    faults.push(ChainFault::new(path, what));
                }
            }
        }
        for number in (1..=last).filter(|number| !names.contains(&layout::record_name(*number))) {
            let what = text!("it is missing: it was deleted", "缺失: 已被删除");
            faults.push(ChainFault::new(chain.path(number), what));
        }
        Ok(chain)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(layout::record_name(number))
    }

    fn sha256(&self, number: u64) -> Option<&str> {
        self.files.get(&number).map(|(_, sha256)| sha256.as_str())
    }

    fn get(&self, number: u64) -> Option<&T> {
        self.files.get(&number).map(|(content, _)| content)
    }

    fn fault(&self, number: u64, what: Text) -> ChainFault {
        ChainFault::new(self.path(number), what)
    }

    /// Checks that a file holds the hash of the file before it.
    fn check_previous(&self, number: u64, previous: Option<&str>, faults: &mut Vec<ChainFault>) {
        if previous != number.checked_sub(1).and_then(|before| self.sha256(before)) {
            let what = text!(
                "it does not follow on the file before it: one of them was edited, moved, inserted or deleted",
                "与前一文件不衔接: 其中之一被改动、移动、插入或删除"
            );
            faults.push(self.fault(number, what));
        }
    }
}

fn check_records(
    records: &Chain<CommitRecord>,
    entries: &Chain<RegisterEntry>,
    faults: &mut Vec<ChainFault>,
) {
    let (mut is_chained, mut known_entries) = (false, 0);
    for (&number, (record, _)) in &records.files {
        // The records of the first stores hold no hashes, and nothing that came with them; after one that does, all do.
        is_chained |= record.register.is_some() || record.has_later_fields();
        if is_chained {
            records.check_previous(number, record.previous_sha256.as_deref(), faults);
        }
        let head = record.register.clone().unwrap_or_default();
        if is_chained && (record.register.is_none() || head.entries < known_entries) {
            let what = text!("it names an earlier state of the register", "所记登记簿状态早于前一记录");
            faults.push(records.fault(number, what));
        }
        known_entries = known_entries.max(head.entries);
        let named = entries.sha256(head.entries);
        if head.sha256.as_deref() != named || named.is_some() != (head.entries > 0) {
            let entry = head.entries;
            let what = text!(
                "entry {entry} of the register, which it names, is missing or another one",
                "其所记登记簿第 {entry} 条缺失或已被替换"
            );
            faults.push(records.fault(number, what));
        }
        let before = number.checked_sub(1).filter(|before| *before > 0);
        if record.previous != before {
            let what = text!("it names another record as the one before it", "所记前一记录的编号不符");
            faults.push(records.fault(number, what));
        }
        if !is_of_entry(record, number, records, entries.get(head.entries)) {
            let what = text!("it is not what its entry of the register says", "与登记簿中的条目不符");
            faults.push(records.fault(number, what));
        }
        if record.kind == RecordKind::Approval || record.cycle.is_some() {
            check_named_cycle(records, number, record, faults);
        }
    }
}

/// Whether a record that an entry of the register has decided says what that entry says. `entry` is the last one that the
/// record names; other records follow from no entry.
fn is_of_entry(
    record: &CommitRecord,
    number: u64,
    records: &Chain<CommitRecord>,
    entry: Option<&RegisterEntry>,
) -> bool {
    let is_signed_alike = |entry: &RegisterEntry| {
        entry.at == record.published_at
            && Some(&entry.by) == record.by.as_ref()
            && Some(&entry.reason) == record.reason.as_ref()
    };
    if record.kind == RecordKind::Approval {
        let proposal = record.cycle.and_then(|cycle| records.get(cycle));
        return entry.is_some_and(|entry| {
            entry.kind == EntryKind::Approve && entry.cycle == record.cycle && is_signed_alike(entry)
        }) && proposal.is_some_and(|proposal| {
            (proposal.make_current, &proposal.as_of) == (record.make_current, &record.as_of)
        });
    }
    let decided = entry.and_then(|entry| Some((entry, DecidedCycle::of(entry)?)));
    // A later record can name the same last entry.
    let Some((entry, decided)) = decided.filter(|(_, decided)| decided.version == number) else {
        return true;
    };
    let published = DecidedCycle {
        version: record.version,
        dir: record.dir.clone(),
        manifest_sha256: record.manifest_sha256.clone(),
        kind: record.kind,
        as_of: record.as_of.clone(),
        make_current: record.make_current,
    };
    decided == published && is_signed_alike(entry)
}

/// What the manifest of a cycle says and its record repeats.
#[derive(Deserialize)]
struct RepeatedFacts {
    as_of: Option<String>,
    revises: Option<RepeatedRevision>,
    /// Only inspections name a cycle: the one that was inspected.
    cycle_manifest_sha256: Option<String>,
}

#[derive(Deserialize)]
struct RepeatedRevision {
    by: String,
    reason: String,
}

/// Checks that each record repeats what the manifest of its cycle says. No later file names the hash of a last record, but
/// its manifest is sealed by the hash in the record itself. Folders that were removed, and manifests that are not as they
/// were published, are found with the files of their cycles.
fn check_manifests(
    root: &Path,
    records: &Chain<CommitRecord>,
    faults: &mut Vec<ChainFault>,
) -> Result<(), StoreError> {
    for (&number, (record, _)) in &records.files {
        let path = root.join(&record.dir).join(MANIFEST);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                check_folder(root, records, number, record, faults)?;
                continue;
            }
            read => read.map_err(cannot_read(&path))?,
        };
        if sha256_of_bytes(&bytes) != record.manifest_sha256 {
            continue;
        }
        let Ok(manifest) = serde_json::from_slice::<RepeatedFacts>(&bytes) else { continue };
        for field in manifest.differences(record, records) {
            let dir = &record.dir;
            let what = text!(
                "it was edited: its `{field}` is not that of {dir}/{MANIFEST}",
                "已被改动: 其 `{field}` 与 {dir}/{MANIFEST} 不符"
            );
            faults.push(records.fault(number, what));
        }
    }
    Ok(())
}

impl RepeatedFacts {
    /// The fields of a record that differ.
    fn differences(&self, record: &CommitRecord, records: &Chain<CommitRecord>) -> Vec<&'static str> {
        let mut differs = Vec::new();
        let is_repeated = !record.is_of_first_stores() || record.as_of.is_some();
        if is_repeated && self.as_of.is_some() && self.as_of != record.as_of {
            differs.push("as_of");
        }
        let is_inspection = record.kind == RecordKind::Inspection;
        if self.as_of.is_some() && self.cycle_manifest_sha256.is_some() != is_inspection {
            differs.push("kind");
        }
        if let Some(sha256) = self.cycle_manifest_sha256.as_ref().filter(|_| is_inspection) {
            let inspected = record.cycle.and_then(|cycle| records.get(cycle));
            differs
                .extend((inspected.map(|cycle| &cycle.manifest_sha256) != Some(sha256)).then_some("cycle"));
        }
        if let Some(revises) = self.revises.as_ref().filter(|_| record.has_folder()) {
            let is_same =
                |own: &Option<String>, said: &str| own.as_deref().map(str::trim) == Some(said.trim());
            differs.extend((!is_same(&record.by, &revises.by)).then_some("by"));
            differs.extend((!is_same(&record.reason, &revises.reason)).then_some("reason"));
        }
        differs
    }
}

/// Checks that the folder which a record names was removed, and that not another one of the same number is there.
fn check_folder(
    root: &Path,
    records: &Chain<CommitRecord>,
    number: u64,
    record: &CommitRecord,
    faults: &mut Vec<ChainFault>,
) -> Result<(), StoreError> {
    let of_number = layout::version_of_dir(&record.dir);
    let mut names = names_in(root)?.into_iter();
    if let Some(other) = names.find(|name| *name != record.dir && layout::version_of_dir(name) == of_number) {
        let dir = &record.dir;
        let what = text!(
            "it was edited: it names the folder {dir}, and {other} is there",
            "已被改动: 其所记文件夹为 {dir}, 而实际为 {other}"
        );
        faults.push(records.fault(number, what));
    }
    Ok(())
}

/// Checks that a record which names another cycle has the folder and manifest of that cycle.
fn check_named_cycle(
    records: &Chain<CommitRecord>,
    number: u64,
    record: &CommitRecord,
    faults: &mut Vec<ChainFault>,
) {
    let named = record.cycle.filter(|&cycle| cycle < number).and_then(|cycle| records.get(cycle));
    let is_same = match (record.kind, named) {
        (RecordKind::Inspection, named) => named.is_some(),
        // Only what is published can be made current again.
        (RecordKind::Cycle, Some(named)) if !is_published(records, named, number) => false,
        (_, Some(named)) => (&named.dir, &named.manifest_sha256) == (&record.dir, &record.manifest_sha256),
        (_, None) => false,
    };
    if !is_same {
        let what = text!("the cycle that it names is another one", "其所指周期不符");
        faults.push(records.fault(number, what));
    }
}

/// Whether a cycle was published before the record of a number.
fn is_published(records: &Chain<CommitRecord>, cycle: &CommitRecord, number: u64) -> bool {
    let earlier = records.files.range(..number).map(|(_, (record, _))| record);
    earlier.into_iter().any(|record| record.publishes() == Some(cycle.version))
}

/// Checks that each record names the cycles that were current before and after it.
fn check_currents(records: &Chain<CommitRecord>, faults: &mut Vec<ChainFault>) {
    let (mut current, mut was_chained): (Option<&CommitRecord>, bool) = (None, false);
    for (&number, (record, _)) in &records.files {
        if record.register.is_some() && !was_chained {
            // In the first stores, a cycle was made current again without a record.
            current = record.base.and_then(|base| records.get(base)).or(current);
            was_chained = true;
        }
        let before = current.map(|record| record.version);
        let is_chained = record.register.is_some();
        let own = match record.kind {
            RecordKind::Cycle | RecordKind::Approval => Some(record),
            RecordKind::Proposal | RecordKind::Inspection => None,
        };
        let is_earlier = current
            .and_then(|current| record.as_of.as_ref().zip(current.as_of.as_ref()))
            .map(|(own, current)| own < current);
        let moves = own.is_some() && (record.make_current || is_earlier != Some(true));
        // Where an as-of is unknown, the record cannot be contradicted.
        let is_known = is_earlier.is_some() || current.is_none() || own.is_none() || record.make_current;
        let record_moves = record.current.is_none() && own.is_some();
        let is_current_kept = match own {
            Some(_) => record.current.is_none() || record.current == before,
            None => record.current == before,
        };
        if is_chained && (record.base != before || !is_current_kept || is_known && moves != record_moves) {
            let what = text!(
                "which cycle was current does not follow from the records before it",
                "所记现行周期与之前的记录不符"
            );
            faults.push(records.fault(number, what));
        }
        current = record.current_after().and_then(|version| records.get(version)).or(current);
    }
}

fn check_entries(
    entries: &Chain<RegisterEntry>,
    records: &Chain<CommitRecord>,
    faults: &mut Vec<ChainFault>,
) {
    let last = entries.files.keys().next_back().copied();
    let mut known_version = 0;
    for (&number, (entry, _)) in &entries.files {
        entries.check_previous(number, entry.previous_sha256.as_deref(), faults);
        if let Some(commits) = &entry.commits {
            let is_there = records.sha256(commits.version) == Some(commits.sha256.as_str());
            if !is_there || commits.version < known_version {
                let version = commits.version;
                let what = text!(
                    "commit record {version}, which it names, is missing or another one",
                    "其所记提交记录 {version} 缺失或已被替换"
                );
                faults.push(entries.fault(number, what));
            }
            known_version = known_version.max(commits.version);
        }
        let manifest = entry.cycle.and_then(|cycle| records.get(cycle)).map(|record| &record.manifest_sha256);
        if manifest != entry.manifest_sha256.as_ref() {
            let what = text!("its cycle has another manifest", "其所指周期的清单不符");
            faults.push(entries.fault(number, what));
        }
        let is_recorded = records.files.values().any(|(record, _)| {
            let is_of_kind = match DecidedCycle::of(entry) {
                Some(decided) => record.dir == decided.dir,
                None => record.kind == RecordKind::Approval,
            };
            is_of_kind && record.register.as_ref().is_some_and(|head| head.entries == number)
        });
        // The record of a last entry can still be completed.
        let publishes = entry.kind == EntryKind::Approve || DecidedCycle::of(entry).is_some();
        if publishes && !is_recorded && last != Some(number) {
            let what = text!("the record of this decision is missing", "缺少该决定的提交记录");
            faults.push(entries.fault(number, what));
        }
    }
}

/// Checks that the files which entries name are kept unchanged.
fn check_files(
    root: &Path,
    entries: &Chain<RegisterEntry>,
    faults: &mut Vec<ChainFault>,
) -> Result<(), StoreError> {
    for (&number, (entry, _)) in &entries.files {
        for file in &entry.files {
            if !is_kept(root, file)? {
                let (name, sha256) = (&file.name, &file.sha256);
                let what = text!(
                    "the file {name} that it names is missing or was changed (_files/{sha256})",
                    "其所记文件 {name} 缺失或已被改动 (_files/{sha256})"
                );
                faults.push(entries.fault(number, what));
            }
        }
    }
    Ok(())
}

/// Checks that the entry which was filed elsewhere is still there.
fn check_head(entries: &Chain<RegisterEntry>, head: &RegisterHead, faults: &mut Vec<ChainFault>) {
    if head.entries > 0 && head.sha256.as_deref() != entries.sha256(head.entries) {
        let what = text!(
            "it is not the entry that was filed: the register was cut off or replaced",
            "与另存的登记簿末条不符: 登记簿被截断或替换"
        );
        faults.push(entries.fault(head.entries, what));
    }
}
