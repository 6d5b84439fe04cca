//! The catalogue and the list of duties as serde reads them: every key once, with its allowed values and its purpose.
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
    /// Why a service is open to customers of any tier.
    OpeningReason "reason of an opening" {
        /// The regulatory importance level.
        Importance "importance" "importance level" "重要电力用户",
        /// The service is owed to everybody.
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
        /// Free for all customers to whom the duty is owed.
        Basic "basic" "basic service" "基本服务",
        /// Open to all customers to whom the duty is owed.
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
    /// The version, such as 2026.1.
    pub version: String,
    /// First day on which the catalogue is in force.
    pub effective_from: Day,
    /// Last day on which the catalogue is in force.
    pub effective_to: Option<Day>,
    /// The source of the catalogue.
    pub source: String,
    /// The services.
    pub service: Vec<ServiceFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct ServiceFile {
    /// The id of the service in tables, such as S06.
    pub id: String,
    /// SERVQUAL dimensions; basic services are outside of them.
    pub dimensions: Vec<Dimension>,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// A description of one line in English.
    pub about: String,
    /// A description of one line in Chinese.
    pub about_zh: String,
    /// Who starts the service: the utility by itself, or a customer who asks for it.
    pub start: Start,
    /// The duty that makes the service a regulated one.
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
    /// How the price is found.
    pub fee: FeeFile,
    /// How much the utility can deliver; unlimited if left out.
    pub capacity: Option<CapacityFile>,
    /// How often the service is given.
    pub cadence: Cadence,
    /// The condition that a customer of any tier must meet.
    pub condition: Option<String>,
    /// Whether the approved outage plan must leave room for the service.
    #[serde(default)]
    pub outage_plan: bool,
    /// The place where the service is named.
    #[serde(default)]
    pub source: String,
    /// What each tier gets.
    pub cells: CellsFile,
    /// The customers who get the service whatever their tier.
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
    /// How much of the service the tier gets.
    pub access: Access,
    /// Who says that the tier gets it: the paper, an inference, or the operator.
    pub provenance: Provenance,
    /// The paper's words, if provenance is text.
    #[serde(default)]
    pub phrase: String,
    #[serde(flatten)]
    pub terms: TermsFile,
    /// The parts that cost nothing, if the service is priced by combination.
    #[serde(default)]
    pub free_parts: Vec<String>,
    /// Units a year for each entitled customer, instead of the service's.
    pub uptake: Option<Uptake>,
    /// The condition that a customer must meet besides having the tier.
    pub condition: Option<String>,
    /// The terms in words, in English.
    #[serde(default)]
    pub note: String,
    /// The terms in words, in Chinese.
    #[serde(default)]
    pub note_zh: String,
    /// Why this tier gets less than a worse one.
    pub less: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TermsFile {
    /// The price of a unit in CNY for access paid, instead of the service's price.
    pub fee: Option<Yuan>,
    /// The share that the utility bears for access subsidised.
    pub subsidy_share: Option<Share>,
    /// How often the service is given, instead of the service's own cadence.
    pub cadence: Option<Cadence>,
    /// Most units that a customer gets in a year.
    pub quota_per_year: Option<Units>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OpeningFile {
    /// The condition that customers of any tier must meet.
    pub condition: String,
    /// The reason for which the service is opened.
    pub reason: OpeningReason,
    /// How much of the service these customers get at least.
    pub access: Access,
    /// The rule that requires it.
    pub source: String,
    #[serde(flatten)]
    pub terms: TermsFile,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct FeeFile {
    /// The rule by which the price is found.
    pub rule: FeeRule,
    /// For the rule fixed: the price of a unit in CNY.
    pub amount: Option<Yuan>,
    /// For the rule combination: the parts that can be chosen.
    #[serde(default)]
    pub parts: Vec<PartFile>,
    /// For the rule combination: the price of each choice of parts.
    #[serde(default)]
    pub combinations: Vec<CombinationFile>,
    /// For the rule shared: how the applicants of an area divide what the utility does not bear.
    pub share_by: Option<ShareKey>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PartFile {
    /// The id of the part in combinations.
    pub id: String,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// What one unit of the part costs the utility, in CNY.
    pub unit_cost: Yuan,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CombinationFile {
    /// The parts chosen.
    pub parts: Vec<String>,
    /// The price of these parts together, in CNY.
    pub fee: Yuan,
    /// The share of the takers who choose these parts; the shares of all combinations sum to 1.
    pub share: Share,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CapacityFile {
    /// Number of units that the utility can deliver.
    pub units: Units,
    /// The period for which the number is given: a month or a year.
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
    /// The id of the duty in catalogues.
    pub id: String,
    /// What is owed, in English.
    pub title: String,
    /// What is owed, in Chinese.
    pub title_zh: String,
    /// The condition that tells to whom the service is owed.
    pub owed_to: String,
    /// basic: free for all to whom it is owed; protection: open to all of them.
    pub kind: DutyKind,
    /// The rule, in English.
    pub source: String,
    /// The rule, in Chinese.
    pub source_zh: String,
    /// What must be confirmed before the rule is relied on, in English.
    #[serde(default)]
    pub remark: String,
    /// What must be confirmed before the rule is relied on, in Chinese.
    #[serde(default)]
    pub remark_zh: String,
    /// First day on which the duty is in force.
    pub effective_from: Day,
    /// Last day on which the duty is in force.
    pub effective_to: Option<Day>,
}
