//! Publishing a graded customer base as a cycle: every table, every reject, and the manifest that lists them all.
//!
//! The caller decides whether a cycle is published; the store makes it visible.

use std::collections::BTreeMap;
use std::sync::mpsc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::error::Refusal;
use gridtier::fact::Facts;
use gridtier::method::Method;
use gridtier::output;
use gridtier::run::Graded;
use gridtier::source::TableBook;

use crate::cycle::{Engine, FormatVersion, InputEntry, Manifest, Revision};
use crate::folder::DataFolder;
use crate::rejects::published::Rejects;
use crate::rejects::{reject_rows, reject_schema};
use crate::reuse::Reuse;
use crate::store::{Commit, OutputFile, Staging, StoreError, StoredCycle};

/// Why a cycle was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file with rejects could not be read a second time.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Everything that a cycle is made from.
pub struct Grading<'a> {
    /// The inputs.
    pub folder: &'a DataFolder,
    /// The graded customers.
    pub graded: &'a Graded,
    /// The cycle's method.
    pub method: &'a Method,
    /// The catalogue that the cycle records.
    pub catalogue: &'a Catalogue,
    /// Who accepted that the grading exceeds limits of the method.
    pub accepted_by: Option<&'a str>,
    /// The cycle that is corrected, if the new one is a revision.
    pub revises: Option<&'a Revision>,
    /// The hash of the manifest of the earlier cycle whose tiers the method used.
    pub previous: Option<&'a str>,
    /// What the commit record says. The as-of is that of the graded window.
    pub commit: Commit<'a>,
}

/// A cycle that is not published yet, with its facts.
pub struct StagedFacts(Staging);

/// Writes what a cycle has of facts: their tables, and the rejects. None of it needs a judgement, so it can be written
/// while the facts are judged.
///
/// # Errors
/// A file could not be written, or a file with rejects could not be read a second time.
pub fn write_facts(
    mut staging: Staging,
    folder: &DataFolder,
    reuse: &Reuse,
    facts: &Facts,
) -> Result<StagedFacts, PublishError> {
    staging.write_tables(output::fact_tables(facts))?;
    match reuse {
        Reuse::Facts(counted) => staging.copy(&counted.outputs, &counted.cycle)?,
        Reuse::Nothing | Reuse::Readings(_) => {
            let mut present = facts.books.iter().filter(|book| book.present);
            present.try_for_each(|book| write_rejects(&mut staging, folder, book, reuse))?;
        }
    }
    Ok(StagedFacts(staging))
}

/// Publishes a graded cycle.
///
/// # Errors
/// Nothing was published.
pub fn publish(
    StagedFacts(mut staging): StagedFacts,
    grading: &Grading,
) -> Result<StoredCycle, PublishError> {
    let Grading { folder, graded, method, catalogue, accepted_by, revises, previous, commit } = *grading;
    let tables = output::judged_tables(graded, method, staging.version());
    let (written, control_totals) = rayon::join(|| staging.write_tables(tables), || graded.control_totals());
    written?;
    let window = graded.facts.window;
    let as_of = format!("{}-01", window.end);
    let manifest = Manifest {
        format: FormatVersion::CURRENT,
        engine: Engine::this(),
        as_of: as_of.clone(),
        window: window.into(),
        known_as_of: folder.known_as_of(),
        method: method.into(),
        entitlements: Some(catalogue.into()),
        inputs: inputs(folder, &graded.facts)?,
        passthrough: folder.config().declared.passthrough.clone(),
        control_totals,
        findings: graded.findings.clone(),
        breaches: graded.breaches.clone(),
        accepted_by: accepted_by.map(str::to_owned),
        revises: revises.cloned(),
        previous: previous.map(str::to_owned),
        outputs: Vec::new(),
    };
    let manifest = serde_json::to_value(manifest)
        .map_err(|error| StoreError::Misuse { name: "_manifest.json".into(), problem: error.to_string() })?;
    Ok(staging.publish(manifest, &Commit { as_of: Some(&as_of), ..commit })?)
}

/// The inputs as the manifest lists them. Files of readings come with the counts of their rows.
fn inputs(folder: &DataFolder, facts: &Facts) -> Result<Vec<InputEntry>, Refusal> {
    let readings = folder.files(Table::MeterReadings).iter().zip(0..);
    let numbers: BTreeMap<&str, u32> =
        readings.map(|(file, number)| (file.file.name.as_str(), number)).collect();
    let entries = folder.inputs()?.iter().map(|input| InputEntry {
        input: input.clone(),
        rows: numbers
            .get(input.path.as_str())
            .map(|number| facts.reading_files.get(number).copied().unwrap_or_default().into()),
    });
    Ok(entries.collect())
}

/// Writes the rejects of a table.
fn write_rejects(
    staging: &mut Staging,
    folder: &DataFolder,
    book: &TableBook,
    reuse: &Reuse,
) -> Result<(), PublishError> {
    let published = match reuse {
        Reuse::Readings(readings) if book.table == Table::MeterReadings => readings.published_rejects(),
        _ => None,
    };
    let name = format!("rejects/{}.parquet", book.table);
    pass_rejects(folder, book, published, |schema, batches| staging.write_parquet(&name, schema, batches))?;
    Ok(())
}

/// Hands the rejects of a table to a writer: one thread reads them from the files while another writes.
///
/// # Errors
/// A file could not be read a second time, or the writer failed.
pub(crate) fn pass_rejects(
    folder: &DataFolder,
    book: &TableBook,
    published: Option<Rejects<'_>>,
    write: impl FnOnce(SchemaRef, mpsc::IntoIter<RecordBatch>) -> Result<OutputFile, StoreError>,
) -> Result<OutputFile, PublishError> {
    let schema = reject_schema(folder, book.table);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<RecordBatch>(2);
        let reader = scope.spawn(move || {
            reject_rows::<RejectsStopped>(folder, book.table, &book.rejects, published, &mut |batch| {
                sender.send(batch).map_err(|_| RejectsStopped::Writer)
            })
        });
        let written = write(schema, receiver.into_iter());
        match reader.join() {
            Ok(Ok(()) | Err(RejectsStopped::Writer)) => written.map_err(PublishError::from),
            Ok(Err(RejectsStopped::Refused(refusal))) => Err(refusal.into()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Why reading rejects ended early.
enum RejectsStopped {
    /// The writer failed and reports its own error.
    Writer,
    /// A file could not be read a second time.
    Refused(Refusal),
}

impl From<Refusal> for RejectsStopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
