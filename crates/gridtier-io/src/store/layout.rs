//! The names of files and folders in a store. They are all here because cleaning up deletes by name: a name
//! that this module does not generate exactly is never touched.
//!
//! This module opens no file.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::hash::sha256_of_bytes;

pub(super) const COMMITS: &str = "_commits";
pub(super) const REGISTER: &str = "_register";
pub(super) const KEPT: &str = "_files";
pub(super) const CURRENT: &str = "CURRENT";
pub(super) const LOCK: &str = ".lock";
pub(super) const MANIFEST: &str = "_manifest.json";
pub(super) const REJECTS: &str = "rejects";
pub(super) const STAGING_PREFIX: &str = ".staging-";
pub(super) const TEMP_PREFIX: &str = ".tmp-";

const RUN_DIGITS: usize = 12;

/// The name of a commit record, and of an entry of the register.
pub(super) fn record_name(version: u64) -> String {
    format!("{version:06}.json")
}

/// The version in a record's file name; `None` unless [`record_name`] gives exactly this name.
pub(super) fn version_of_record(name: &str) -> Option<u64> {
    let version = name.strip_suffix(".json")?.parse().ok()?;
    (version > 0 && record_name(version) == name).then_some(version)
}

pub(super) fn version_dir(version: u64, run: &str) -> String {
    format!("v{version:06}-{run}")
}

/// The version in the name of a cycle's folder; `None` unless [`version_dir`] gives exactly this name.
pub(super) fn version_of_dir(name: &str) -> Option<u64> {
    let (digits, run) = name.strip_prefix('v')?.split_once('-')?;
    let version = digits.parse().ok()?;
    let is_run = run.len() == RUN_DIGITS && run.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (version > 0 && is_run && version_dir(version, run) == name).then_some(version)
}

/// A unique name for a writer, from the clock, the process id and a counter. No result depends on it.
pub(super) fn new_run() -> String {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let seed = format!("{now_ns} {} {}", process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
    let mut run = sha256_of_bytes(seed.as_bytes());
    run.truncate(RUN_DIGITS);
    run
}

/// What is wrong with the name of an output, if anything. `tiers.parquet` and `rejects/bills.parquet` are valid.
pub(super) fn output_name_problem(name: &str) -> Option<&'static str> {
    let file = name.strip_prefix(REJECTS).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    match file.strip_suffix(".parquet") {
        None => Some("its name does not end with .parquet"),
        Some("") => Some("its name is empty"),
        // Programs that read a folder of parquet files silently skip such names.
        Some(stem) if stem.starts_with('_') => Some("its name starts with an underscore"),
        Some(stem) if !stem.bytes().all(is_plain_byte) => {
            Some("its name is not made of letters, digits, _ and -")
        }
        Some(_) => None,
    }
}

/// Whether a byte may be in the name of an output.
fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
