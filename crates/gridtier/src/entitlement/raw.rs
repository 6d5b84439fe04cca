//! The catalogue as serde reads it, after its shape was checked. What may be missing here was told as missing there.

use serde::Deserialize;

use crate::checked_toml::Day;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Catalogue {
    pub name: String,
    pub version: String,
    pub effective_from: Option<Day>,
    pub effective_to: Option<Day>,
    pub source: String,
    pub service: Vec<Service>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub id: String,
    pub dimensions: Vec<String>,
    pub title: String,
    pub title_zh: String,
    pub about: String,
    pub about_zh: String,
    pub start: String,
    pub duty: Option<String>,
    pub unit: String,
    pub unit_zh: String,
    pub unit_cost: f64,
    pub uptake: Option<f64>,
    pub programme_units: Option<u64>,
    pub fee: Fee,
    pub capacity: Option<Capacity>,
    pub cadence: String,
    pub condition: Option<String>,
    pub outage_plan: bool,
    pub source: String,
    pub cells: Cells,
    pub opens: Vec<Opening>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Cells {
    pub special: Option<Cell>,
    #[serde(rename = "grade-1")]
    pub grade_1: Option<Cell>,
    #[serde(rename = "grade-2")]
    pub grade_2: Option<Cell>,
    #[serde(rename = "grade-3")]
    pub grade_3: Option<Cell>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Cell {
    pub access: String,
    pub provenance: String,
    pub phrase: String,
    #[serde(flatten)]
    pub terms: Terms,
    pub free_parts: Vec<String>,
    pub uptake: Option<f64>,
    pub condition: Option<String>,
    pub note: String,
    pub note_zh: String,
    pub less: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Terms {
    pub fee: Option<f64>,
    pub subsidy_share: Option<f64>,
    pub cadence: Option<String>,
    pub quota_per_year: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Opening {
    pub condition: String,
    pub reason: String,
    pub access: String,
    pub source: String,
    #[serde(flatten)]
    pub terms: Terms,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fee {
    pub rule: String,
    pub amount: Option<f64>,
    pub parts: Vec<Part>,
    pub combinations: Vec<Combination>,
    pub share_by: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    pub id: String,
    pub title: String,
    pub title_zh: String,
    pub unit_cost: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Combination {
    pub parts: Vec<String>,
    pub fee: f64,
    pub share: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Capacity {
    pub units: u64,
    pub per: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Duties {
    pub duty: Vec<Duty>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Duty {
    pub id: String,
    pub title: String,
    pub title_zh: String,
    pub owed_to: String,
    pub kind: String,
    pub source: String,
    pub effective_from: Option<Day>,
    pub effective_to: Option<Day>,
}
