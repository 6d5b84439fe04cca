//! The register: who reviewed, approved and objected to what, one entry after the other, each with the hash of the one
//! before. An entry is created whole, once, and never overwritten; it names the last commit record, and commit records name
//! the last entry, so that neither can be changed without the other.
//!
//! This module does not know what the decisions mean. Readers ignore unknown fields.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use gridtier::decision::EntryKind;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::durable::{sync_dir, write_new};
use super::error::{StoreError, cannot_read, cannot_write};
use super::layout::{self, REGISTER, TEMP_PREFIX};
use super::record::{RegisterHead, create_from_draft, names_in};
use crate::hash::sha256_of_bytes;

/// An entry of the register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// Its number, from 1.
    pub number: u64,
    /// The hash of the entry before; null in the first one.
    pub previous_sha256: Option<String>,
    /// The last commit record at the time when the entry was written; null in a store without commit records.
    pub commits: Option<CommitsHead>,
    /// When, in UTC (RFC 3339).
    pub at: String,
    /// Who.
    pub by: String,
    /// What the entry is about.
    pub kind: EntryKind,
    /// The number of the cycle that the entry is about.
    pub cycle: Option<u64>,
    /// The hash of that cycle's manifest.
    pub manifest_sha256: Option<String>,
    /// The customer whom the entry is about.
    pub customer_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Files that belong to the entry.
    pub files: Vec<EntryFile>,
    /// What else is recorded, by kind.
    pub facts: Value,
}

/// The last commit record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitsHead {
    /// Its number.
    pub version: u64,
    /// The hash of its bytes.
    pub sha256: String,
}

/// A file that belongs to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFile {
    /// Its name.
    pub name: String,
    /// The hash of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// What a caller says in an entry; the store adds number, hashes and commit record.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// When, in UTC (RFC 3339).
    pub at: &'a str,
    /// Who.
    pub by: &'a str,
    /// What the entry is about.
    pub kind: EntryKind,
    /// The number of the cycle that the entry is about.
    pub cycle: Option<u64>,
    /// The customer whom the entry is about.
    pub customer_id: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// Files that belong to the entry.
    pub files: Vec<EntryFile>,
    /// What else is recorded, by kind: an object.
    pub facts: Value,
}

impl RegisterEntry {
    /// The file's content. Its final newline distinguishes a complete entry from one whose writer was killed.
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The entries of a store.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// In order of number.
    pub(super) whole: Vec<RegisterEntry>,
    /// The hash of the last of them.
    pub(super) last_sha256: Option<String>,
    /// The entry after all of these, if it was not written to its end.
    pub(super) torn: Option<u64>,
}

impl Register {
    pub(super) fn head(&self) -> RegisterHead {
        let entries = self.whole.last().map_or(0, |entry| entry.number);
        RegisterHead { entries, sha256: self.last_sha256.clone() }
    }
}

pub(super) fn entry_path(root: &Path, number: u64) -> PathBuf {
    root.join(REGISTER).join(layout::record_name(number))
}

/// The numbers of the entries that are there, in order.
pub(super) fn entry_numbers(root: &Path) -> Result<Vec<u64>, StoreError> {
    let folder = root.join(REGISTER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let names = names_in(&folder)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| layout::version_of_record(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn read_register(root: &Path) -> Result<Register, StoreError> {
    let numbers = entry_numbers(root)?;
    let mut register = Register::default();
    for &number in &numbers {
        let path = entry_path(root, number);
        let bytes = fs::read(&path).map_err(cannot_read(&path))?;
        if !bytes.ends_with(b"\n") && numbers.last() == Some(&number) {
            register.torn = Some(number);
            continue;
        }
        let entry = parse_entry(&bytes, number);
        register.whole.push(entry.map_err(|source| StoreError::BadEntry { path, source })?);
        register.last_sha256 = Some(sha256_of_bytes(&bytes));
    }
    Ok(register)
}

/// The entry of a number, if these are its bytes.
pub(super) fn parse_entry(bytes: &[u8], number: u64) -> Result<RegisterEntry, serde_json::Error> {
    let entry: RegisterEntry = serde_json::from_slice(bytes)?;
    if entry.number == number {
        Ok(entry)
    } else {
        Err(serde_json::Error::custom(format!("it is entry {}", entry.number)))
    }
}

/// Creates the file of an entry, whole and only if nobody has created it.
pub(super) fn write_entry(root: &Path, entry: &RegisterEntry) -> Result<(), StoreError> {
    let (folder, path) = (root.join(REGISTER), entry_path(root, entry.number));
    if !folder.is_dir() {
        fs::create_dir_all(&folder).map_err(cannot_write(&folder))?;
        sync_dir(root)?;
    }
    let draft = root.join(format!("{TEMP_PREFIX}{}-entry", layout::new_run()));
    let text = entry.to_text().map_err(io::Error::from).map_err(cannot_write(&path))?;
    write_new(&draft, text.as_bytes()).map_err(cannot_write(&draft))?;
    let created = create_from_draft(&path, &draft).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::LostEntryRace { path: root.to_owned(), number: entry.number },
        _ => cannot_write(&path)(error),
    });
    // The next writer removes what cannot be removed now.
    let _ = fs::remove_file(&draft);
    created?;
    sync_dir(&folder)
}
