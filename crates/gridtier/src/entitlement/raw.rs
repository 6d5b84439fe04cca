//! The catalogue and the list of duties as serde reads them: every key once, with what it may hold and what it is for.
//!
//! The JSON Schemas of the files follow from these types, and a file is checked against its schema before it is read.

use schemars::JsonSchema;
use serde::Deserialize;

use super::FORMAT;
use super::service::{Access, Cadence, Dimension, FeeRule, Provenance, Reason, ShareKey, Start};
use crate::checked_toml::{Day, Share};

/// An amount of money in yuan.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct Yuan(#[schemars(range(min = 0, max = 1_000_000_000))] pub f64);

/// Units a year for each entitled customer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct Uptake(#[schemars(range(min = 0, max = 1000))] pub f64);

/// A number of units.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct Units(#[schemars(range(min = 1, max = 1_000_000_000))] pub u64);

crate::words! {
    /// Why a service is opened whatever the tier.
    OpeningReason "reason of an opening" {
        /// The regulatory importance level.
        Importance "importance" "importance level" "重要电力用户",
        /// It is owed to everybody.
        Regulation "regulation" "regulation" "监管要求",
    }
}

impl From<OpeningReason> for Reason {
    fn from(reason: OpeningReason) -> Self {
        match reason {
            OpeningReason::Importance => Self::Importance,
            OpeningReason::Regulation => Self::Regulation,
        }
    }
}

crate::words! {
    /// The period in which a capacity can be delivered.
    CapacityPeriod "period of a capacity" {
        /// A month.
        Month "month" "month" "月",
        /// A year.
        Year "year" "year" "年",
    }
}

crate::words! {
    /// What a duty asks of a service.
    DutyKind "kind of duty" {
        /// Free for all of them.
        Basic "basic" "basic service" "基本服务",
        /// Open to all of them.
        Protection "protection" "protection" "保障",
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CatalogueFile {
    /// The version of this format, 1.
    #[serde(rename = "format")]
    #[schemars(range(min = FORMAT, max = FORMAT))]
    pub _format: i64,
    /// The catalogue's name.
    pub name: String,
    /// Its version, such as 2026.1.
    pub version: String,
    /// First day on which it holds.
    pub effective_from: Day,
    /// Last day on which it holds.
    pub effective_to: Option<Day>,
    /// Where it comes from.
    pub source: String,
    /// The services.
    pub service: Vec<ServiceFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct ServiceFile {
    /// Its name in tables, such as S06.
    pub id: String,
    /// SERVQUAL dimensions; basic services stand outside.
    pub dimensions: Vec<Dimension>,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// One line in English.
    pub about: String,
    /// One line in Chinese.
    pub about_zh: String,
    /// The utility begins by itself, or the customer asks.
    pub start: Start,
    /// The duty that makes it a regulated service.
    pub duty: Option<String>,
    /// What is counted, in English.
    pub unit: String,
    /// What is counted, in Chinese.
    pub unit_zh: String,
    /// What a unit costs the utility, in CNY.
    pub unit_cost: Yuan,
    /// Units a year for each entitled customer.
    pub uptake: Option<Uptake>,
    /// Units a year for the public as a whole, instead of an uptake by customer.
    pub programme_units: Option<Units>,
    /// How its price comes about.
    pub fee: FeeFile,
    /// What the utility can deliver; unlimited if left out.
    pub capacity: Option<CapacityFile>,
    /// How often.
    pub cadence: Cadence,
    /// To whom it can apply at all, whatever the tier.
    pub condition: Option<String>,
    /// Whether the approved outage plan must leave room for it.
    #[serde(default)]
    pub outage_plan: bool,
    /// Where the service is named.
    #[serde(default)]
    pub source: String,
    /// What each tier gets.
    pub cells: CellsFile,
    /// Who gets it whatever the tier.
    #[serde(default)]
    pub opens: Vec<OpeningFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CellsFile {
    /// special, 特级.
    pub special: Option<CellFile>,
    /// grade-1, 一级.
    #[serde(rename = "grade-1")]
    pub grade_1: Option<CellFile>,
    /// grade-2, 二级.
    #[serde(rename = "grade-2")]
    pub grade_2: Option<CellFile>,
    /// grade-3, 三级.
    #[serde(rename = "grade-3")]
    pub grade_3: Option<CellFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CellFile {
    /// What the tier gets.
    pub access: Access,
    /// Who says so: the paper, an inference, the operator.
    pub provenance: Provenance,
    /// Provenance text: the paper's words.
    #[serde(default)]
    pub phrase: String,
    #[serde(flatten)]
    pub terms: TermsFile,
    /// Paid by combination: parts that cost nothing.
    #[serde(default)]
    pub free_parts: Vec<String>,
    /// Units a year for each entitled customer, instead of the service's.
    pub uptake: Option<Uptake>,
    /// What must hold besides the tier.
    pub condition: Option<String>,
    /// Terms in words, English.
    #[serde(default)]
    pub note: String,
    /// Terms in words, Chinese.
    #[serde(default)]
    pub note_zh: String,
    /// Why this tier gets less than a worse one.
    pub less: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TermsFile {
    /// Paid: price of a unit in CNY, instead of the service's.
    pub fee: Option<Yuan>,
    /// Subsidised: the share that the utility bears.
    pub subsidy_share: Option<Share>,
    /// How often, instead of the service's.
    pub cadence: Option<Cadence>,
    /// Most units a customer gets in a year.
    pub quota_per_year: Option<Units>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OpeningFile {
    /// For whom, whatever the tier.
    pub condition: String,
    /// Why.
    pub reason: OpeningReason,
    /// What they get at least.
    pub access: Access,
    /// The rule that says so.
    pub source: String,
    #[serde(flatten)]
    pub terms: TermsFile,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct FeeFile {
    /// How a price comes about.
    pub rule: FeeRule,
    /// fixed: price of a unit in CNY.
    pub amount: Option<Yuan>,
    /// combination: what can be chosen.
    #[serde(default)]
    pub parts: Vec<PartFile>,
    /// combination: the price of each choice.
    #[serde(default)]
    pub combinations: Vec<CombinationFile>,
    /// shared: how applicants of an area divide what is left.
    pub share_by: Option<ShareKey>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PartFile {
    /// Its name in combinations.
    pub id: String,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// What one costs the utility, in CNY.
    pub unit_cost: Yuan,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CombinationFile {
    /// The parts chosen.
    pub parts: Vec<String>,
    /// Their price together, in CNY.
    pub fee: Yuan,
    /// Share of the takers who choose them; all combinations sum to 1.
    pub share: Share,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CapacityFile {
    /// Units that the utility can deliver.
    pub units: Units,
    /// In a month, or in a year.
    pub per: CapacityPeriod,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct DutiesFile {
    /// The version of this format, 1.
    #[serde(rename = "format")]
    #[schemars(range(min = FORMAT, max = FORMAT))]
    pub _format: i64,
    /// The duties.
    pub duty: Vec<DutyFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct DutyFile {
    /// Its name in catalogues.
    pub id: String,
    /// What is owed, in English.
    pub title: String,
    /// What is owed, in Chinese.
    pub title_zh: String,
    /// Condition: to whom.
    pub owed_to: String,
    /// basic: free for all of them; protection: open to all of them.
    pub kind: DutyKind,
    /// The rule, in English.
    pub source: String,
    /// The rule, in Chinese.
    pub source_zh: String,
    /// First day on which it holds.
    pub effective_from: Day,
    /// Last day on which it holds.
    pub effective_to: Option<Day>,
}
