//! A folder with the results of a service log: tables as parquet, rejects, and a manifest. It appears whole or not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use gridtier::limit::Breach;
use gridtier::output::Output;
use gridtier::run::Reconciled;
use gridtier::source::Finding;
use gridtier::unit::date_of_day;
use serde::Serialize;

use super::MeasuredLog;
use crate::cycle::Engine;
use crate::folder::Input;
use crate::hash::sha256_of_bytes;
use crate::publish::{PublishError, pass_rejects};
use crate::store::{OutputFile, StoreError, StoredCycle, write_parquet};

/// The version of the manifest's format.
const FORMAT: u32 = 1;

/// What the results were made from, and the files that hold them.
#[derive(Serialize)]
struct ServiceManifest<'a> {
    format: u32,
    engine: Engine,
    command: &'a str,
    period: String,
    as_of: String,
    cycle: UsedCycle<'a>,
    policy: UsedPolicy<'a>,
    inputs: &'a [Input],
    /// Tables of the service folder that are absent: what depends on them is not measured.
    absent: Vec<&'static str>,
    reconciliation: Vec<Reconciled>,
    findings: &'a [Finding],
    breaches: &'a [Breach],
    outputs: Vec<OutputFile>,
}

#[derive(Serialize)]
struct UsedCycle<'a> {
    version: u64,
    manifest_sha256: &'a str,
}

#[derive(Serialize)]
struct UsedPolicy<'a> {
    name: &'a str,
    version: &'a str,
    sha256: String,
    text: &'a str,
}

fn not_written(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    |source| StoreError::Write { path: path.to_owned(), source }
}

/// Refuses a folder that is there: results are never mixed with others.
///
/// # Errors
/// There is something of that name.
pub fn check_new(dir: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(dir) {
        Ok(_) => Err(not_written(dir)(ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

/// Writes the results of a `command` into the new folder `dir`: `tables`, findings and row counts, the rejects of each
/// table, and the manifest.
///
/// # Errors
/// The folder is there, a file cannot be written, or a file with rejects cannot be read again. Nothing has appeared.
pub fn write(
    dir: &Path,
    command: &str,
    measured: &MeasuredLog,
    cycle: &StoredCycle,
    tables: Vec<Output>,
) -> Result<(), PublishError> {
    check_new(dir)?;
    let beside = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new();
    draft.prefix(".gridtier-").suffix(".partial");
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    // The error names the folder that was asked for, not its draft.
    let draft = draft.tempdir_in(beside).map_err(|error| not_written(dir)(error.kind().into()))?;
    let outputs = write_files(draft.path(), measured, tables)?;
    let manifest = manifest(command, measured, cycle, outputs);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| StoreError::Misuse { name: MANIFEST.into(), problem: error.to_string() })?;
    let path = draft.path().join(MANIFEST);
    fs::write(&path, text + "\n").map_err(not_written(&path))?;
    for folder in [path, draft.path().join(REJECTS), draft.path().to_owned()] {
        fs::File::open(&folder).and_then(|open| open.sync_all()).map_err(not_written(&folder))?;
    }
    check_new(dir)?;
    let draft: PathBuf = draft.keep();
    fs::rename(&draft, dir).map_err(|error| {
        // What is left of the draft does no harm, and the error to be told is that of the folder.
        let _ = fs::remove_dir_all(&draft);
        not_written(dir)(error)
    })?;
    Ok(())
}

const MANIFEST: &str = "_manifest.json";
const REJECTS: &str = "rejects";

fn write_files(
    draft: &Path,
    measured: &MeasuredLog,
    tables: Vec<Output>,
) -> Result<Vec<OutputFile>, PublishError> {
    let rejects = draft.join(REJECTS);
    fs::create_dir(&rejects).map_err(not_written(&rejects))?;
    let mut outputs = Vec::new();
    for table in tables.into_iter().chain(measured.row_tables()) {
        let name = format!("{}.parquet", table.name);
        outputs.push(write_parquet(&draft.join(&name), &name, &table.schema, table.batches)?);
    }
    for book in measured.read.books.iter().filter(|book| book.present) {
        let name = format!("{REJECTS}/{}.parquet", book.table);
        outputs.push(pass_rejects(&measured.read.folder, book, None, |schema, batches| {
            write_parquet(&draft.join(&name), &name, &schema, batches)
        })?);
    }
    outputs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(outputs)
}

fn manifest<'a>(
    command: &'a str,
    measured: &'a MeasuredLog,
    cycle: &'a StoredCycle,
    outputs: Vec<OutputFile>,
) -> ServiceManifest<'a> {
    let read = measured.read;
    let policy = &read.policy;
    ServiceManifest {
        format: FORMAT,
        engine: Engine::this(),
        command,
        period: read.run.period.to_string(),
        as_of: date_of_day(read.run.as_of).map(|day| day.to_string()).unwrap_or_default(),
        cycle: UsedCycle { version: cycle.version, manifest_sha256: &cycle.commit.manifest_sha256 },
        policy: UsedPolicy {
            name: &policy.name,
            version: &policy.version,
            sha256: sha256_of_bytes(policy.text.as_bytes()),
            text: &policy.text,
        },
        inputs: read.folder.inputs(),
        absent: measured.absent().into_iter().map(|table| table.name()).collect(),
        reconciliation: measured.reconciliation(),
        findings: &measured.findings,
        breaches: &measured.breaches,
        outputs,
    }
}
