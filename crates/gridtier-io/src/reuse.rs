//! What an earlier cycle of the store has counted already, so that it is not counted again.
//!
//! A published cycle names its inputs by their hashes, its window and the program that counted. Where all of these are
//! the same, its facts are the facts, whatever the method: they are read back and judged ([`Reuse::Facts`]). Where
//! files of readings have come or gone, the months without a change stand, and the rest is read
//! ([`Reuse::Readings`]). Nothing is taken from a file that is not as it was published. Results are the same to the
//! byte either way; which months stand is the engine's to say.

mod readings;

use std::collections::BTreeMap;

use gridtier::fact::Facts;
use gridtier::meter::{Earlier, FileBook};
use gridtier::output::facts::NAMES;
use gridtier::unit::Window;

use crate::cycle::{Engine, InputEntry, Manifest, facts};
use crate::folder::DataFolder;
use crate::store::{OutputFile, Store, StoreError, StoredCycle};

pub use readings::KnownReadings;

/// Cycles that are looked at, latest first.
const CYCLES_MAX: usize = 24;

/// What need not be counted again.
pub enum Reuse {
    /// Nothing.
    Nothing,
    /// Everything: the facts of a cycle are those of the inputs.
    Facts(Box<CountedCycle>),
    /// The months whose files are as they were.
    Readings(Box<KnownReadings>),
}

/// A cycle that has counted these inputs.
pub struct CountedCycle {
    /// The cycle.
    pub cycle: StoredCycle,
    /// Its files that follow from the inputs.
    pub outputs: Vec<OutputFile>,
    facts: Option<Facts>,
}

/// Looks among the latest cycles for one that has counted the inputs of `folder` in `window`, or else for the one that
/// has counted most readings that stand. A cycle that cannot be read, or is not as it was published, is passed over.
///
/// # Errors
/// The store cannot be read.
pub fn find(store: &Store, folder: &DataFolder, window: Window) -> Result<Reuse, StoreError> {
    let mut nearest: Vec<(u64, StoredCycle, Manifest)> = Vec::new();
    for cycle in store.cycles()?.into_iter().rev().take(CYCLES_MAX) {
        let Some(manifest) = known(&cycle) else { continue };
        if let Some(counted) = counted(&cycle, &manifest, folder, window) {
            return Ok(Reuse::Facts(Box::new(counted)));
        }
        let rows = readings::rows_that_fit(&manifest, folder, window);
        if rows > 0 {
            nearest.push((rows, cycle, manifest));
        }
    }
    // Stable: the latest of equals stays first.
    nearest.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    let readings = nearest.into_iter().find_map(|(_, cycle, manifest)| {
        is_whole(&cycle, &manifest, &readings::is_needed)
            .then(|| KnownReadings::of(cycle, &manifest, folder))?
    });
    Ok(readings.map_or(Reuse::Nothing, |readings| Reuse::Readings(Box::new(readings))))
}

/// The manifest of a cycle that this program has counted.
fn known(cycle: &StoredCycle) -> Option<Manifest> {
    let manifest = Manifest::read(cycle).ok()?;
    (manifest.engine == Engine::this()).then_some(manifest)
}

/// The facts of a cycle, if its inputs and window are these.
fn counted(
    cycle: &StoredCycle,
    manifest: &Manifest,
    folder: &DataFolder,
    window: Window,
) -> Option<CountedCycle> {
    let same = manifest.inputs.iter().map(|entry| &entry.input).eq(folder.inputs());
    if !same || manifest.window != window.into() || !is_whole(cycle, manifest, &is_needed_for_facts) {
        return None;
    }
    let facts = facts(cycle, file_books(&manifest.inputs), folder, window).ok()?;
    let outputs = manifest.outputs.iter().filter(|output| is_of_facts(&output.name)).cloned().collect();
    Some(CountedCycle { cycle: cycle.clone(), outputs, facts: Some(facts) })
}

/// Whether the files of a cycle that are needed are as they were published.
fn is_whole(cycle: &StoredCycle, manifest: &Manifest, is_needed: &dyn Fn(&str) -> bool) -> bool {
    let mut needed = manifest.outputs.iter().filter(|output| is_needed(&output.name));
    needed.all(|output| cycle.holds(output))
}

impl Reuse {
    /// The cycle that is built upon.
    #[must_use]
    pub fn cycle(&self) -> Option<&StoredCycle> {
        match self {
            Self::Nothing => None,
            Self::Facts(counted) => Some(&counted.cycle),
            Self::Readings(readings) => Some(&readings.cycle),
        }
    }

    /// The facts, where all are known; they are given once.
    pub fn take_facts(&mut self) -> Option<Facts> {
        match self {
            Self::Facts(counted) => counted.facts.take(),
            Self::Nothing | Self::Readings(_) => None,
        }
    }

    /// Hands what is known of readings to `work`.
    pub fn with_readings<T>(&self, work: impl FnOnce(Option<&Earlier>) -> T) -> T {
        match self {
            Self::Readings(readings) => readings.with(work),
            Self::Nothing | Self::Facts(_) => work(None),
        }
    }
}

/// What became of the rows of each file of readings, by the file's name.
fn file_books(inputs: &[InputEntry]) -> BTreeMap<&str, FileBook> {
    inputs.iter().filter_map(|entry| Some((entry.input.path.as_str(), entry.book()?))).collect()
}

/// Whether a file of a cycle depends on inputs and window alone, so that it can be copied.
fn is_of_facts(name: &str) -> bool {
    let table = name.strip_suffix(".parquet");
    name.starts_with("rejects/") || NAMES.into_iter().any(|fact| table == Some(fact))
}

/// Whether a file of a cycle is copied, or read for its facts.
fn is_needed_for_facts(name: &str) -> bool {
    is_of_facts(name) || name == "findings.parquet"
}
