//! Reuse of what an earlier cycle of the store has counted.
//!
//! A cycle's manifest records the hashes of its inputs, its window, the instant up to which rows are known, and the program
//! that counted. If all of these are the same, its facts are read back instead of counted, whatever the method
//! ([`Reuse::Facts`]). A cycle with another instant up to which rows are known is never used. If files of readings were
//! added, removed or changed, the months that no such file touches are reused and the rest is read ([`Reuse::Readings`]);
//! the engine decides which months. A file of the cycle whose hash no longer matches is never used. The published cycle is
//! the same to the byte with and without reuse.

mod readings;

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::fact::Facts;
use gridtier::meter::{Earlier, FileBook, PART_COLUMNS, ReadingDetail};
use gridtier::method::Method;
use gridtier::output::facts::NAMES;
use gridtier::source::Source;
use gridtier::unit::Window;

use crate::cycle::{Engine, InputEntry, Manifest, facts};
use crate::folder::DataFolder;
use crate::store::{OutputFile, Store, StoreError, StoredCycle};

pub use readings::KnownReadings;

/// Number of cycles that are examined, from the latest back.
const CYCLES_MAX: usize = 24;

/// What need not be counted, since an earlier cycle has counted it.
pub enum Reuse {
    /// Nothing.
    Nothing,
    /// All facts: a cycle has the same inputs and window.
    Facts(Box<CountedCycle>),
    /// Readings of months whose files have not changed.
    Readings(Box<KnownReadings>),
}

/// A cycle with the same inputs and window.
pub struct CountedCycle {
    /// The cycle.
    pub cycle: StoredCycle,
    /// Those of its files that depend only on inputs and window, and can therefore be copied.
    pub outputs: Vec<OutputFile>,
    facts: Option<Facts>,
}

/// Finds, among the latest cycles, one that has counted the inputs of `folder` in `window`, or else the one with the
/// most reusable readings. Skips cycles that cannot be read or are damaged. Also skips cycles that counted readings in
/// another `detail`, unless their readings have no details.
///
/// # Errors
/// The store cannot be read.
pub fn find(
    store: &Store,
    folder: &DataFolder,
    window: Window,
    detail: ReadingDetail,
) -> Result<Reuse, StoreError> {
    let has_parts = PART_COLUMNS.iter().any(|name| folder.has_column(Table::MeterReadings, name));
    let mut nearest: Vec<(u64, StoredCycle, Manifest)> = Vec::new();
    for cycle in store.cycles()?.into_iter().rev().take(CYCLES_MAX) {
        let Some(manifest) = manifest_of_this_engine(&cycle) else { continue };
        let is_other_detail = has_parts && reading_detail(&manifest) != Some(detail);
        if is_other_detail || manifest.known_as_of != folder.known_as_of() {
            continue;
        }
        if let Some(counted) = counted_cycle(&cycle, &manifest, folder, window) {
            return Ok(Reuse::Facts(Box::new(counted)));
        }
        let rows = readings::rows_that_fit(&manifest, folder, window);
        if rows > 0 {
            nearest.push((rows, cycle, manifest));
        }
    }
    // A stable sort: of cycles with equally many readings, the latest stays first.
    nearest.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    let readings = nearest.into_iter().find_map(|(_, cycle, manifest)| {
        is_whole(&cycle, &manifest, &readings::is_needed)
            .then(|| KnownReadings::read(cycle, &manifest, folder))?
    });
    Ok(readings.map_or(Reuse::Nothing, |readings| Reuse::Readings(Box::new(readings))))
}

/// How much of each reading a cycle has counted; `None` if its method can no longer be read.
fn reading_detail(manifest: &Manifest) -> Option<ReadingDetail> {
    let method = Method::parse(&manifest.method.name, &manifest.method.text).ok()?;
    Some(method.reading_detail())
}

/// The manifest of a cycle, if this very program has counted it.
fn manifest_of_this_engine(cycle: &StoredCycle) -> Option<Manifest> {
    let manifest = Manifest::read(cycle).ok()?;
    // After an appeal the facts of a customer do not follow from the inputs alone.
    (manifest.engine == Engine::this() && !manifest.is_of_appeal()).then_some(manifest)
}

/// The facts of a cycle, if it has the same inputs and window.
fn counted_cycle(
    cycle: &StoredCycle,
    manifest: &Manifest,
    folder: &DataFolder,
    window: Window,
) -> Option<CountedCycle> {
    // A file that cannot be hashed is not the same; the error is reported when it is read or listed.
    let same = folder.has_inputs(manifest.inputs.iter().map(|entry| &entry.input)).unwrap_or(false);
    if !same || manifest.window != window.into() || !is_whole(cycle, manifest, &is_needed_for_facts) {
        return None;
    }
    let facts = facts(cycle, file_books(&manifest.inputs), folder, window).ok()?;
    let outputs = manifest.outputs.iter().filter(|output| is_of_facts(&output.name)).cloned().collect();
    Some(CountedCycle { cycle: cycle.clone(), outputs, facts: Some(facts) })
}

/// Whether the needed files of a cycle have the hashes with which they were published.
fn is_whole(cycle: &StoredCycle, manifest: &Manifest, is_needed: &dyn Fn(&str) -> bool) -> bool {
    let mut needed = manifest.outputs.iter().filter(|output| is_needed(&output.name));
    needed.all(|output| cycle.holds(output))
}

impl Reuse {
    /// The earlier cycle, if there is one.
    #[must_use]
    pub fn cycle(&self) -> Option<&StoredCycle> {
        match self {
            Self::Nothing => None,
            Self::Facts(counted) => Some(&counted.cycle),
            Self::Readings(readings) => Some(&readings.cycle),
        }
    }

    /// The facts, if all of them are reused. The second call returns `None`.
    pub fn take_facts(&mut self) -> Option<Facts> {
        match self {
            Self::Facts(counted) => counted.facts.take(),
            Self::Nothing | Self::Readings(_) => None,
        }
    }

    /// Calls `work` with the readings that can be reused.
    pub fn with_readings<T>(&self, work: impl FnOnce(Option<&Earlier>) -> T) -> T {
        match self {
            Self::Readings(readings) => readings.with_earlier(work),
            Self::Nothing | Self::Facts(_) => work(None),
        }
    }
}

/// How the rows of each file of readings were counted, by file name.
fn file_books(inputs: &[InputEntry]) -> BTreeMap<&str, FileBook> {
    inputs.iter().filter_map(|entry| Some((entry.input.path.as_str(), entry.book()?))).collect()
}

/// Whether a file of a cycle depends only on inputs and window, and can therefore be copied.
fn is_of_facts(name: &str) -> bool {
    let table = name.strip_suffix(".parquet");
    name.starts_with("rejects/") || NAMES.into_iter().any(|fact| table == Some(fact))
}

/// Whether a file of a cycle is copied or read when its facts are reused.
fn is_needed_for_facts(name: &str) -> bool {
    is_of_facts(name) || name == "findings.parquet"
}
