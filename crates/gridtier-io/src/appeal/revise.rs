//! Writes the files of a revision after an appeal. They are copies of the cycle's files, except for the customer's rows, the tiers and
//! the ledger.

use std::cell::Cell;
use std::iter::once_with;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use gridtier::output::appeal::{CustomerRows, customer_rows, merged};
use gridtier::output::{Output, ledger, tiers};
use gridtier::text;
use serde_json::Value;

use super::error::AppealError;
use super::register::{KeptPatch, ruling_of};
use super::replay::{ReplayedAppeal, replay};
use crate::cycle::{CycleError, Engine, Manifest, Revision, batches_of, other_table, rows_of_ids};
use crate::folder::DataFolder;
use crate::store::{Commit, Staging, Store, StoredCycle};

const TIERS: &str = "tiers";
const LEDGER: &str = "ledger";

/// Whether a replay changes any row of the cycle.
pub(super) fn is_changed(replayed: &ReplayedAppeal) -> Result<bool, AppealError> {
    let is_placed_anew = replayed.placing.rows.iter().any(|(&at, row)| *row != replayed.cycle.rows[at]);
    Ok(is_placed_anew
        || replayed.placing.ledger != replayed.cycle.ledger
        || !changed_rows(replayed)?.is_empty())
}

/// The customer's rows in those tables in which they differ from the published ones.
fn changed_rows(replayed: &ReplayedAppeal) -> Result<Vec<CustomerRows>, AppealError> {
    let ReplayedAppeal { cycle, graded, corrected, customer, accounts, base, .. } = replayed;
    let all = customer_rows(graded, &cycle.method, customer, accounts, &corrected.parts.contributions);
    let all = all.ok_or_else(|| AppealError::bug("rows of a customer do not fit their columns"))?;
    let mut changed = Vec::new();
    for corrected in all {
        let published = rows_of_ids(base, &file_of(corrected.name), &corrected.ids)?;
        let is_same = match &published {
            None => corrected.rows.num_rows() == 0,
            Some(published) => published.columns() == corrected.rows.columns(),
        };
        if !is_same {
            changed.push(corrected);
        }
    }
    Ok(changed)
}

/// Writes the files of a revision. Returns its manifest.
pub(super) fn revise(
    staging: &mut Staging,
    replayed: &ReplayedAppeal,
    revises: Revision,
) -> Result<Value, AppealError> {
    let ReplayedAppeal { base, manifest, cycle, graded, placing, .. } = replayed;
    let changed = changed_rows(replayed)?;
    let mut written: Vec<&'static str> = vec![TIERS];
    for corrected in &changed {
        write_merged(staging, base, corrected)?;
        written.push(corrected.name);
    }
    write_tiers(staging, replayed)?;
    if placing.ledger != cycle.ledger {
        let Output { schema, batches, .. } = ledger::output_of(&placing.ledger);
        staging.write_parquet(&file_of(LEDGER), schema, batches)?;
        written.push(LEDGER);
    }
    let outputs = manifest.outputs.iter();
    let outputs = outputs.filter(|output| !written.iter().any(|table| file_of(table) == output.name));
    staging.copy(&outputs.cloned().collect::<Vec<_>>(), base)?;
    let revised = Manifest {
        engine: Engine::this(),
        control_totals: placing.control_totals(cycle, &manifest.control_totals, graded),
        revises: Some(revises),
        outputs: Vec::new(),
        ..manifest.clone()
    };
    serde_json::to_value(revised).map_err(|error| AppealError::bug(&error.to_string()))
}

fn file_of(table: &str) -> String {
    format!("{table}.parquet")
}

/// Writes a table batch by batch, so that memory holds one batch. The first batch that cannot be read ends the
/// table.
fn write_batches(
    staging: &mut Staging,
    name: &str,
    schema: SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, CycleError>>,
) -> Result<(), AppealError> {
    let mut failed = None;
    let whole = batches.map_while(|batch| batch.map_err(|error| failed = Some(error)).ok());
    let written = staging.write_parquet(name, schema, whole);
    match failed {
        Some(error) => Err(error.into()),
        None => written.map(drop).map_err(AppealError::from),
    }
}

/// Writes a published table with the customer's rows replaced by the corrected ones.
fn write_merged(
    staging: &mut Staging,
    base: &StoredCycle,
    corrected: &CustomerRows,
) -> Result<(), AppealError> {
    let name = file_of(corrected.name);
    let next = Cell::new(0);
    let pieces = batches_of(base, &name)?.flat_map(|batch| {
        let mut row = next.get();
        let pieces = batch
            .and_then(|batch| merged(&batch, corrected, &mut row).ok_or_else(|| other_table(base, &name)));
        next.set(row);
        pieces.map_or_else(|error| vec![Err(error)], |pieces| pieces.into_iter().map(Ok).collect())
    });
    let rest = once_with(|| Ok(corrected.rows.slice(next.get(), corrected.rows.num_rows() - next.get())));
    write_batches(staging, &name, corrected.schema.clone(), pieces.chain(rest))
}

/// Writes the table of tiers.
fn write_tiers(staging: &mut Staging, replayed: &ReplayedAppeal) -> Result<(), AppealError> {
    let ReplayedAppeal { base, cycle, placing, corrected, .. } = replayed;
    let (name, number) = (file_of(TIERS), staging.version());
    let mut start = 0;
    let revised = batches_of(base, &name)?.map(|batch| {
        let batch = batch?;
        let rows = tiers::revised(&batch, start, number, &cycle.strata, placing, corrected);
        start += batch.num_rows();
        rows.ok_or_else(|| other_table(base, &name))
    });
    let mut revised = revised.peekable();
    let schema = match revised.peek() {
        Some(Ok(first)) => first.schema(),
        Some(Err(_)) => Arc::new(Schema::empty()),
        None => return Err(AppealError::bug("a table of tiers has no row")),
    };
    write_batches(staging, &name, schema, revised)
}

/// Computes a revision after an appeal again and publishes it in another store, from the cycle that it revises, the
/// data and the kept patch.
///
/// # Errors
/// The data are not those of the cycle, the register lacks the ruling or its patch, or something cannot be read.
pub(crate) fn replay_again(
    store: &Store,
    cycle: &StoredCycle,
    manifest: &Manifest,
    data: DataFolder,
    other_store: &Store,
) -> Result<StoredCycle, AppealError> {
    let number = cycle.version;
    let lost = || {
        AppealError::OtherInputs(text!(
            "the store lacks the ruling that published cycle {number}, or the cycle that it revises; run `gridtier verify`",
            "本存储缺少发布周期 {number} 的裁定, 或其所修订的周期; 请运行 `gridtier verify`"
        ))
    };
    let ruling = ruling_of(store, number)?.ok_or_else(lost)?;
    let revises = manifest.revises.clone().ok_or_else(lost)?;
    let mut cycles = store.cycles()?.into_iter();
    let base = cycles.find(|base| base.commit.manifest_sha256 == revises.manifest_sha256).ok_or_else(lost)?;
    let patch = KeptPatch::open(store, &ruling, &data)?;
    let customer = ruling.customer_id.clone().ok_or_else(lost)?;
    let replayed = replay(store, base, &customer, data, Some(&patch.folder))?;
    let mut staging = other_store.begin()?.numbered(number);
    let revised = revise(&mut staging, &replayed, revises)?;
    let commit = Commit::cycle(&cycle.commit.published_at, Some(&manifest.as_of));
    Ok(staging.publish(revised, &commit)?)
}
