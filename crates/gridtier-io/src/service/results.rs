//! A folder with the results of a service log.

use std::path::Path;

use gridtier::limit::Breach;
use gridtier::output::Output;
use gridtier::run::Reconciled;
use gridtier::source::Finding;
use gridtier::unit::date_of_day;
use serde::Serialize;
use serde_json::json;

use super::MeasuredLog;
use crate::cycle::Engine;
use crate::folder::Input;
use crate::hash::sha256_of_bytes;
use crate::publish::PublishError;
use crate::results;
use crate::store::{OutputFile, StoredCycle};

pub use crate::results::check_new;

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
    outputs: &'a [OutputFile],
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
    let tables = tables.into_iter().chain(measured.row_tables()).collect();
    let read = measured.read;
    let inputs = read.folder.inputs()?;
    results::write(dir, tables, (Some(&read.folder), &read.books), |outputs| {
        json!(manifest(command, measured, cycle, (inputs, outputs)))
    })
}

fn manifest<'a>(
    command: &'a str,
    measured: &'a MeasuredLog,
    cycle: &'a StoredCycle,
    (inputs, outputs): (&'a [Input], &'a [OutputFile]),
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
        inputs,
        absent: measured.absent().into_iter().map(|table| table.name()).collect(),
        reconciliation: measured.reconciliation(),
        findings: &measured.findings,
        breaches: &measured.breaches,
        outputs,
    }
}
