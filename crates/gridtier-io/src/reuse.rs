//! What an earlier cycle of the store has counted already, so that it is not counted again.
//!
//! A published cycle names its inputs by their hashes, its window and the program that counted. Where all of these are
//! the same, its facts are the facts, whatever the method: they are read back and judged ([`Reuse::Facts`]). Where
//! files of readings have come or gone, the months without a change stand, and the rest is read
//! ([`Reuse::Readings`]). Nothing is taken from a file that is not as it was published. Results are the same to the
//! byte either way; which months stand is the engine's to say.

mod facts;
mod readings;

use std::collections::BTreeMap;

use gridtier::fact::Facts;
use gridtier::meter::{Earlier, FileBook};
use gridtier::source::Tally;
use gridtier::unit::{Month, Window};
use serde::{Deserialize, Serialize};

use crate::folder::{DataFolder, Input};
use crate::recall::RecallError;
use crate::store::{Cycle, OutputFile, Store, StoreError};

pub use readings::Readings;

/// The program that counts: a cycle of another one is not built upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// `gridtier`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// [`COUNTING`] of the program.
    #[serde(default)]
    pub counting: u32,
}

/// The version of what is counted, and of the tables in which it is published. To be raised whenever the same inputs
/// would give other facts.
pub const COUNTING: u32 = 1;

impl Engine {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: "gridtier".into(), version: env!("CARGO_PKG_VERSION").into(), counting: COUNTING }
    }
}

/// A window as a manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpan {
    /// First month.
    pub start: String,
    /// First month after the window.
    pub end: String,
    /// Length.
    pub months: u32,
}

impl From<Window> for WindowSpan {
    fn from(window: Window) -> Self {
        Self { start: window.start().to_string(), end: window.end.to_string(), months: window.months }
    }
}

/// An input as a manifest has it: the file, and of readings what became of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    /// The file.
    #[serde(flatten)]
    pub input: Input,
    /// Of readings only.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub rows: Option<FileRows>,
}

/// What became of the rows of a file of readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    counted: u64,
    out_of_window: u64,
    rejected: u64,
    duplicates: u64,
    first_month: Option<String>,
    last_month: Option<String>,
}

impl From<FileBook> for FileRows {
    fn from(book: FileBook) -> Self {
        let FileBook { tally, months } = book;
        Self {
            counted: tally.counted,
            out_of_window: tally.out_of_window,
            rejected: tally.rejected,
            duplicates: tally.duplicates,
            first_month: months.map(|(first, _)| first.to_string()),
            last_month: months.map(|(_, last)| last.to_string()),
        }
    }
}

impl FileRows {
    /// The book of a file with so many rows; nothing when its months are none.
    fn book(&self, rows_in: u64) -> Option<FileBook> {
        let month = |text: &Option<String>| text.clone().map(Month::try_from).transpose().ok();
        let Self { counted, out_of_window, rejected, duplicates, .. } = *self;
        let tally = Tally { rows_in, counted, out_of_window, rejected, duplicates };
        let months = month(&self.first_month)?.zip(month(&self.last_month)?);
        tally.adds_up().then_some(FileBook { tally, months })
    }
}

/// What of a manifest says whether its cycle can be built upon.
#[derive(Deserialize)]
struct Manifest {
    engine: Engine,
    window: WindowSpan,
    inputs: Vec<InputEntry>,
    outputs: Vec<OutputFile>,
}

/// What need not be counted again.
pub enum Reuse {
    /// Nothing.
    Nothing,
    /// Everything: the facts of this cycle are those of the inputs.
    Facts(Cycle),
    /// The months whose files are as they were.
    Readings(Box<Readings>),
}

/// Looks for the latest cycle that has counted the inputs of `folder` in `window`, or else for the one that has counted
/// most of its readings. A cycle that cannot be read, or is not as it was published, is passed over.
///
/// # Errors
/// The store cannot be read.
pub fn find(store: &Store, folder: &DataFolder, window: Window) -> Result<Reuse, StoreError> {
    let known = |cycle: Cycle| {
        let manifest: Manifest = serde_json::from_value(cycle.manifest().ok()?).ok()?;
        (manifest.engine == Engine::this()).then_some((cycle, manifest))
    };
    let cycles: Vec<(Cycle, Manifest)> = store.cycles()?.into_iter().rev().filter_map(known).collect();
    for (cycle, manifest) in &cycles {
        let same = manifest.inputs.iter().map(|entry| &entry.input).eq(folder.inputs());
        if same && manifest.window == window.into() && is_whole(cycle, manifest, &facts::is_needed) {
            return Ok(Reuse::Facts(cycle.clone()));
        }
    }
    let mut found: Vec<(u64, Cycle, Manifest)> = cycles
        .into_iter()
        .map(|(cycle, manifest)| (readings::rows_in_common(&manifest, folder), cycle, manifest))
        .filter(|(rows, ..)| *rows > 0)
        .collect();
    // Stable: the latest of equals stays first.
    found.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    for (_, cycle, manifest) in found {
        if is_whole(&cycle, &manifest, &readings::is_needed)
            && let Some(readings) = Readings::of(cycle, &manifest, folder)
        {
            return Ok(Reuse::Readings(Box::new(readings)));
        }
    }
    Ok(Reuse::Nothing)
}

/// Whether the files of a cycle that are needed are as they were published.
fn is_whole(cycle: &Cycle, manifest: &Manifest, is_needed: &dyn Fn(&str) -> bool) -> bool {
    let needed = manifest.outputs.iter().filter(|output| is_needed(&output.name));
    needed.clone().count() > 0 && needed.into_iter().all(|output| cycle.holds(output))
}

impl Reuse {
    /// The cycle that is built upon.
    #[must_use]
    pub fn cycle(&self) -> Option<&Cycle> {
        match self {
            Self::Nothing => None,
            Self::Facts(cycle) => Some(cycle),
            Self::Readings(readings) => Some(&readings.cycle),
        }
    }

    /// The facts, where all are known.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn facts(&self, folder: &DataFolder, window: Window) -> Option<Result<Facts, RecallError>> {
        match self {
            Self::Facts(cycle) => Some(facts::read(cycle, folder, window)),
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

/// The books of the files of readings by their place in the folder.
fn file_books(inputs: &[InputEntry]) -> BTreeMap<&str, FileBook> {
    let book = |entry: &'_ InputEntry| entry.rows.as_ref()?.book(entry.input.rows);
    inputs.iter().filter_map(|entry| Some((entry.input.path.as_str(), book(entry)?))).collect()
}
