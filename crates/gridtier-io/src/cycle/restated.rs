//! The months that two cycles have counted differently, from their tables of monthly usage.
//!
//! These tables are the largest of a cycle. A thread of its own reads each of them, and no rows are kept. They are not read
//! if the windows have no month in common, or if both files have the same hash.

use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use gridtier::compare::{UsageBatch, UsageMerge};
use gridtier::key::KeyIndex;
use gridtier::output::Output;
use gridtier::output::restated::{USAGE_COLUMNS, batch, read_usage, schema};
use gridtier::unit::Window;

use super::error::{CycleError, unreadable};
use super::manifest::Manifest;
use super::table::{column_batches, read_columns};
use crate::store::StoredCycle;

const USAGE: &str = "monthly_usage.parquet";
/// Number of batches that are read ahead of the comparison.
const BATCHES_AHEAD: usize = 4;

/// The months that differ, as a table whose rows are computed while it is written.
pub struct RestatedTable {
    /// The table.
    pub output: Output<'static>,
    /// The error that ended the table early.
    failure: Arc<Mutex<Option<CycleError>>>,
}

impl RestatedTable {
    /// Compares the months that are in the windows of both cycles, for the customers that both cycles have accepted.
    ///
    /// # Errors
    /// A manifest or a list of customers cannot be read.
    pub fn of(before: &StoredCycle, after: &StoredCycle) -> Result<Self, CycleError> {
        let failure = Arc::new(Mutex::new(None));
        let batches = differing(before, after, failure.clone())?;
        Ok(Self { output: Output { name: "restated_months", schema: schema(), batches }, failure })
    }

    /// A handle that says, after the table was written, whether its sources were read to their end. The handle
    /// outlives the table.
    #[must_use]
    pub fn failure(&self) -> RestatedFailure {
        RestatedFailure(self.failure.clone())
    }
}

/// Whether a table of restated months was read to its end.
pub struct RestatedFailure(Arc<Mutex<Option<CycleError>>>);

impl RestatedFailure {
    /// # Errors
    /// A table of monthly usage could not be read to its end.
    pub fn check(self) -> Result<(), CycleError> {
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().map_or(Ok(()), Err)
    }
}

type Batches = Box<dyn Iterator<Item = RecordBatch> + Send>;

fn differing(
    before: &StoredCycle,
    after: &StoredCycle,
    failure: Arc<Mutex<Option<CycleError>>>,
) -> Result<Batches, CycleError> {
    let manifests = [Manifest::read(before)?, Manifest::read(after)?];
    let [first, second]: [Window; 2] = manifests.each_ref().map(|manifest| Window::from(&manifest.window));
    let common = first.start().max(second.start())..first.end.min(second.end);
    let hashes = manifests.each_ref().map(|manifest| {
        manifest.outputs.iter().find(|output| output.name == USAGE).map(|output| output.sha256.clone())
    });
    if common.is_empty() || hashes[0].is_some() && hashes[0] == hashes[1] {
        return Ok(Box::new(std::iter::empty()));
    }
    let days: Range<i32> = common.start.first_day()..common.end.first_day();
    let accepted = [accounts(before)?, accounts(after)?];
    let mut merge = UsageMerge::new(UsageAhead::of(before), UsageAhead::of(after), days, move |id: &str| {
        accepted.iter().all(|ids| ids.get(id).is_some())
    });
    Ok(Box::new(std::iter::from_fn(move || match merge.next_batch() {
        Ok(months) => (!months.ids.is_empty()).then(|| batch(&months)),
        Err(error) => {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
        }
    })))
}

/// The ids of the accounts that a cycle has accepted.
fn accounts(cycle: &StoredCycle) -> Result<KeyIndex, CycleError> {
    let mut ids = KeyIndex::default();
    read_columns(cycle, "customers.parquet", &["customer_id"], |batch| {
        let column = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
        column.iter().flatten().for_each(|id| {
            ids.insert(id);
        });
        Some(())
    })?;
    Ok(ids)
}

/// The monthly usage of a cycle, read ahead by a thread.
struct UsageAhead {
    batches: Receiver<Result<UsageBatch, CycleError>>,
}

impl UsageAhead {
    fn of(cycle: &StoredCycle) -> Self {
        let (sender, batches) = mpsc::sync_channel(BATCHES_AHEAD);
        let path = cycle.dir.join(USAGE);
        // The thread ends with the table, or when the receiver is dropped.
        thread::spawn(move || match column_batches(&path, &USAGE_COLUMNS) {
            Err(error) => drop(sender.send(Err(error))),
            Ok(mut read) => {
                while let Some(batch) = read.next()
                    && sender.send(usage(&path, batch)).is_ok()
                {}
            }
        });
        Self { batches }
    }
}

/// The rows of a batch that the thread has read.
fn usage(
    path: &Path,
    batch: Result<RecordBatch, arrow_schema::ArrowError>,
) -> Result<UsageBatch, CycleError> {
    let batch = batch.map_err(|error| unreadable(path, error))?;
    read_usage(&batch).ok_or_else(|| unreadable(path, "its columns are not those of monthly usage"))
}

impl Iterator for UsageAhead {
    type Item = Result<UsageBatch, CycleError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.recv().ok()
    }
}
