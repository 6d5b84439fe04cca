//! The manifest of a cycle: one type that writes, reads and describes `_manifest.json`.
//!
//! It holds what is needed to defend the cycle years later: window, inputs with their hashes, the method's whole text,
//! control totals, findings and who accepted them. Nothing in it depends on the clock or on the machine. Keys may be
//! added within a version of the format; codes of tables and rules are never renamed or removed within one.

use gridtier::contract::declared::PassedColumn;
use gridtier::decision::RevisionCause;
use gridtier::entitlement::Catalogue;
use gridtier::limit::Breach;
use gridtier::meter::FileBook;
use gridtier::method::Method;
use gridtier::run::ControlTotals;
use gridtier::source::{Finding, Tally};
use gridtier::unit::{Month, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::{CycleError, unreadable};
use crate::folder::Input;
use crate::hash::sha256_of_bytes;
use crate::store::{OutputFile, StoredCycle};

const FILE_NAME: &str = "_manifest.json";

/// The version of the manifest's format. A reader refuses a higher one.
pub const FORMAT: u32 = 1;

/// The version of the rules of counting and of the tables in which counts are published. It must be raised whenever the
/// same inputs would give other facts.
pub const COUNTING: u32 = 2;

/// The manifest of a published cycle (`_manifest.json`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = require_published)]
pub struct Manifest {
    /// The version of this format: a reader refuses a higher one; keys may be added within a version.
    #[schemars(range(min = 1, max = FORMAT))]
    pub format: FormatVersion,
    /// The program that computed the cycle.
    pub engine: Engine,
    /// First day after the window.
    #[schemars(extend("format" = "date"))]
    pub as_of: String,
    /// The window of whole months.
    pub window: WindowSpan,
    /// Rows recorded later than this local time were left out; absent if none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_as_of: Option<String>,
    /// The method that judged.
    pub method: MethodText,
    /// The catalogue of what the tiers entitle to. The first cycles recorded none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<CatalogueText>,
    /// The files it was computed from.
    pub inputs: Vec<InputEntry>,
    /// The columns of `customers.parquet` that are passed through for customer sheets; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passthrough: Vec<PassedColumn>,
    /// The figures by which the cycle is recognised and checked.
    pub control_totals: ControlTotals,
    /// What was noticed, by table and rule.
    pub findings: Vec<Finding>,
    /// Tables with more rejects than the method allows.
    pub breaches: Vec<Breach>,
    /// Who accepted the breaches; null if there are none.
    pub accepted_by: Option<String>,
    /// The cycle that it corrects; absent if it corrects none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revises: Option<Revision>,
    /// SHA-256 of the manifest of the cycle whose tiers hysteresis and step limit read; absent if they read none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// All files of the cycle but this one, by name. The store lists them: empty until the cycle is published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputFile>,
}

/// Which cycle a revision corrects, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// SHA-256 of the manifest of the cycle that it corrects, the last published one of its family.
    pub manifest_sha256: String,
    /// SHA-256 of the manifest of the first cycle of the family.
    pub family: String,
    /// What was corrected.
    pub because: RevisionCause,
    /// Why.
    pub reason: String,
    /// Who corrected.
    pub by: String,
}

/// Marks these keys as required in the schema: every published manifest has them, though a value in memory may lack
/// them.
fn require_published(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::Array(required)) = schema.get_mut("required") {
        required.extend(["entitlements".into(), "outputs".into()]);
    }
}

/// A version of the manifest's format that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
pub struct FormatVersion(u32);

impl FormatVersion {
    /// The version that this program writes.
    pub const CURRENT: Self = Self(FORMAT);
}

impl TryFrom<u32> for FormatVersion {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        match version {
            1..=FORMAT => Ok(Self(version)),
            _ => Err(format!("it has format {version}, and this version of gridtier reads up to {FORMAT}")),
        }
    }
}

impl From<FormatVersion> for u32 {
    fn from(version: FormatVersion) -> Self {
        version.0
    }
}

/// The program that computed a cycle. Facts of another program are not reused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Engine {
    /// `gridtier`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Raised whenever the same inputs would give other facts.
    #[serde(default)]
    pub counting: u32,
}

impl Engine {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: "gridtier".into(), version: env!("CARGO_PKG_VERSION").into(), counting: COUNTING }
    }
}

/// The window of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowSpan {
    /// First month, such as 2023-01.
    pub start: Month,
    /// First month after the window, such as 2026-01.
    pub end: Month,
    /// Length in months.
    #[schemars(range(min = 1))]
    pub months: u32,
}

impl From<Window> for WindowSpan {
    fn from(window: Window) -> Self {
        Self { start: window.start(), end: window.end, months: window.months }
    }
}

impl From<&WindowSpan> for Window {
    fn from(span: &WindowSpan) -> Self {
        Self { end: span.end, months: span.months }
    }
}

/// The method of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MethodText {
    /// The method's name.
    pub name: String,
    /// SHA-256 of its text in lower-case hexadecimal.
    pub sha256: String,
    /// The whole method file: what is needed to compute the cycle again.
    pub text: String,
}

impl From<&Method> for MethodText {
    fn from(method: &Method) -> Self {
        Self {
            name: method.name.clone(),
            sha256: sha256_of_bytes(method.text.as_bytes()),
            text: method.text.clone(),
        }
    }
}

/// The catalogue of entitlements of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueText {
    /// The catalogue's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// First day on which it holds.
    #[schemars(extend("format" = "date"))]
    pub effective_from: String,
    /// Last day on which it holds; null if it has none.
    pub effective_to: Option<String>,
    /// SHA-256 of its text in lower-case hexadecimal.
    pub sha256: String,
    /// The whole catalogue file.
    pub text: String,
}

impl From<&Catalogue> for CatalogueText {
    fn from(catalogue: &Catalogue) -> Self {
        Self {
            name: catalogue.name.clone(),
            version: catalogue.version.clone(),
            effective_from: catalogue.effective_from.to_string(),
            effective_to: catalogue.effective_to.map(|day| day.to_string()),
            sha256: sha256_of_bytes(catalogue.text.as_bytes()),
            text: catalogue.text.clone(),
        }
    }
}

/// An input file, and for readings what became of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputEntry {
    /// The file.
    #[serde(flatten)]
    pub input: Input,
    /// For files of readings only.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub rows: Option<FileRows>,
}

impl InputEntry {
    /// What became of the rows of a file of readings; `None` for other files, and where the figures do not add up.
    pub(crate) fn book(&self) -> Option<FileBook> {
        let FileRows { counted, out_of_window, rejected, duplicates, not_yet_known, first_month, last_month } =
            self.rows?;
        let rows_in = self.input.rows;
        let tally = Tally { rows_in, counted, out_of_window, rejected, duplicates, not_yet_known };
        tally.adds_up().then_some(FileBook { tally, months: first_month.zip(last_month) })
    }
}

/// What became of the rows of a file of readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRows {
    /// Of readings: rows that count.
    counted: u64,
    /// Of readings: rows outside the window.
    out_of_window: u64,
    /// Of readings: rows set aside.
    rejected: u64,
    /// Of readings: surplus copies of counted rows.
    duplicates: u64,
    /// Of readings: rows recorded after the instant up to which rows are known.
    #[serde(default)]
    not_yet_known: u64,
    /// Of readings: first month of its rows in the window, if any.
    first_month: Option<Month>,
    /// Of readings: last month of its rows in the window, if any.
    last_month: Option<Month>,
}

impl From<FileBook> for FileRows {
    fn from(book: FileBook) -> Self {
        let FileBook { tally, months } = book;
        Self {
            counted: tally.counted,
            out_of_window: tally.out_of_window,
            rejected: tally.rejected,
            duplicates: tally.duplicates,
            not_yet_known: tally.not_yet_known,
            first_month: months.map(|(first, _)| first),
            last_month: months.map(|(_, last)| last),
        }
    }
}

impl Manifest {
    /// Whether the cycle is a revision after an appeal. Such a revision is computed from the cycle that it revises
    /// and a patch.
    #[must_use]
    pub fn is_of_appeal(&self) -> bool {
        self.revises.as_ref().is_some_and(|revises| revises.because == RevisionCause::Appeal)
    }

    /// Reads the manifest of a cycle.
    ///
    /// # Errors
    /// The manifest is not as it was published, or has a format that this program does not read.
    pub fn read(cycle: &StoredCycle) -> Result<Self, CycleError> {
        serde_json::from_value(cycle.manifest()?).map_err(|error| {
            let what = format!("{error}; if another version of gridtier published it, grade again");
            unreadable(&cycle.dir.join(FILE_NAME), what)
        })
    }
}

/// The method of a cycle, from its manifest.
///
/// # Errors
/// The manifest cannot be read, or its method is not one that this program understands.
pub fn method(cycle: &StoredCycle) -> Result<Method, CycleError> {
    parse_method(cycle, &Manifest::read(cycle)?)
}

/// The method whose text a manifest holds.
pub(super) fn parse_method(cycle: &StoredCycle, manifest: &Manifest) -> Result<Method, CycleError> {
    Method::parse("_manifest.json: method", &manifest.method.text)
        .map_err(|faults| unreadable(&cycle.dir.join(FILE_NAME), faults))
}

/// The catalogue of entitlements that a cycle records.
///
/// # Errors
/// The manifest cannot be read, or has no catalogue, or has a catalogue that this program does not understand.
pub fn catalogue(cycle: &StoredCycle) -> Result<Catalogue, CycleError> {
    let manifest = Manifest::read(cycle)?;
    let path = cycle.dir.join(FILE_NAME);
    let Some(catalogue) = &manifest.entitlements else {
        let what = "it names no catalogue of entitlements: the cycle is of an earlier version of gridtier; grade again";
        return Err(unreadable(&path, what));
    };
    let method = parse_method(cycle, &manifest)?;
    let indicators: Vec<&str> = method.indicators.iter().map(|spec| spec.id.as_str()).collect();
    Catalogue::parse("_manifest.json: entitlements", &catalogue.text, &indicators)
        .map_err(|faults| unreadable(&path, faults))
}
