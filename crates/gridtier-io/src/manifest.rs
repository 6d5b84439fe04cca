//! The parts of a cycle's manifest that are read back: who counted, over which window, from which files.
//!
//! What else a manifest holds, and its shape as a whole, is for those who publish it.

use gridtier::meter::FileBook;
use gridtier::source::Tally;
use gridtier::unit::{Month, Window};
use serde::{Deserialize, Serialize};

use crate::folder::Input;

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
    /// The book of a file with so many rows; nothing when it does not add up, or its months are none.
    #[must_use]
    pub fn book(&self, rows_in: u64) -> Option<FileBook> {
        let month = |text: &Option<String>| text.clone().map(Month::try_from).transpose().ok();
        let Self { counted, out_of_window, rejected, duplicates, .. } = *self;
        let tally = Tally { rows_in, counted, out_of_window, rejected, duplicates };
        let months = month(&self.first_month)?.zip(month(&self.last_month)?);
        tally.adds_up().then_some(FileBook { tally, months })
    }
}
