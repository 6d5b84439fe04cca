//! The method file as serde reads it: every key once, with its allowed values and its purpose.
//!
//! The JSON Schema of the file follows from these types, and a file is checked against the schema before it is read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::ahp::Variant;
use super::choices::{
    AppealQuota, Approval, Bound, Combine, FORMAT, GradingUnit, NormaliseWithin, OffenceKind, Strata, Tier,
    Ties, TriggerAction, TriggerKind, Unknowns,
};
use super::normalise::{NormaliseKind, Transform};
use crate::checked_toml::{Day, Ratio, Share, Switched};
use crate::indicator::Direction;
use crate::mcda::Scheme;

#[derive(Deserialize, JsonSchema)]
pub(super) struct MethodFile {
    /// The version of this format, 1.
    #[serde(rename = "format")]
    #[schemars(range(min = FORMAT, max = FORMAT))]
    pub _format: i64,
    /// The method's name.
    pub name: String,
    /// Length of the window in months.
    #[schemars(range(min = 1, max = 600))]
    pub window_months: u32,
    /// Number of covered months below which a customer is provisional.
    #[schemars(range(min = 0, max = 600))]
    pub min_months: u32,
    /// Share of known weight below which a customer is provisional.
    pub min_known_weight: Share,
    /// Share of the weight whose data must be delivered before a cycle is published; 0.5 if left out.
    pub min_delivered_weight: Option<Share>,
    /// Tier of a provisional customer.
    pub provisional_tier: Tier,
    /// What an unknown indicator does to a score.
    pub unknown: Unknowns,
    /// A group or dimension of which the share k is known enters with its weight × min(1, reweight_limit × k); 0 sets no
    /// limit, 2 if left out.
    #[schemars(range(min = 0, max = 1_000))]
    pub reweight_limit: Option<f64>,
    /// How points become a score.
    pub combine: Combine,
    /// Shares of the four tiers in percent.
    #[schemars(inner(range(min = 0, max = 100)))]
    pub quotas: Vec<u32>,
    /// What happens to equal scores at a boundary.
    pub ties: Ties,
    /// Whether accounts are graded, or all accounts of a holder together; account if left out.
    pub grading_unit: Option<GradingUnit>,
    /// For each supply level, the cost of supply in CNY/kWh, for the indicator profit.
    #[serde(default)]
    pub supply_cost: SupplyCostFile,
    /// The column of customers by whose values customers are graded in separate strata.
    pub strata: Strata,
    /// The ranked customers to whom points are fitted; population if left out.
    pub normalise_within: Option<NormaliseWithin>,
    /// Number of ranked customers below which strata are pooled, and of known values below which points are not fitted
    /// within one.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub min_stratum: usize,
    /// Quotas of single strata, and floors of tiers.
    #[serde(default)]
    pub tiers: TiersFile,
    /// Weights of dimensions, groups and indicators.
    pub weights: WeightsFile,
    /// For each indicator, its normalisation.
    pub indicators: BTreeMap<String, IndicatorFile>,
    /// Ceilings for confirmed offences.
    #[serde(default)]
    pub veto: Vec<VetoFile>,
    /// Keeps a tier that would change by one, unless the rank passed the boundary by more than the band.
    pub hysteresis: Option<HysteresisFile>,
    /// Limits how far a customer rises in one cycle.
    pub step_limit: Option<StepLimitFile>,
    /// Decisions of persons about single customers.
    #[serde(default, rename = "override")]
    pub overrides: Vec<OverrideFile>,
    /// How `gridtier validate` checks a cycle, and when it warns and fails.
    #[serde(default)]
    pub checks: ChecksFile,
    /// Faults of the data beyond which nothing is published.
    pub limits: LimitsFile,
    /// Findings that suggest a wrong unit or table, beyond which nothing is published.
    #[serde(default)]
    pub plausibility: PlausibilityFile,
    /// Who decides that a cycle is published, and what stops it.
    #[serde(default)]
    pub governance: GovernanceFile,
    /// How customers' objections are heard.
    #[serde(default)]
    pub appeal: AppealFile,
    /// What an inspection between two regrades proposes; the shipped triggers if left out, none if empty.
    pub trigger: Option<Vec<TriggerFile>>,
    /// Improvement plans of grade-3 customers.
    #[serde(default)]
    pub improvement: ImprovementFile,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct SupplyCostFile {
    /// CNY/kWh.
    pub high_voltage: Option<f64>,
    /// CNY/kWh.
    pub low_voltage: Option<f64>,
    /// CNY/kWh.
    pub residential: Option<f64>,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct TiersFile {
    /// For each stratum, its own shares of the four tiers in percent, in place of `quotas`.
    #[serde(default)]
    #[schemars(inner(inner(range(min = 0, max = 100))))]
    pub quotas_by_stratum: BTreeMap<String, Vec<u32>>,
    /// For each tier, the score that it requires besides its quota.
    #[serde(default)]
    pub lines: LinesFile,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct LinesFile {
    /// The score below which nobody is special.
    #[schemars(range(min = 0, max = 100))]
    pub special: Option<f64>,
    /// The score below which nobody is grade-1.
    #[serde(rename = "grade-1")]
    #[schemars(range(min = 0, max = 100))]
    pub grade_1: Option<f64>,
    /// The score below which nobody is grade-2.
    #[serde(rename = "grade-2")]
    #[schemars(range(min = 0, max = 100))]
    pub grade_2: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct WeightsFile {
    /// Weight of the dimension.
    pub contribution: Option<Share>,
    /// Weight of the dimension.
    pub compliance: Option<Share>,
    /// Weight of the dimension.
    pub cooperation: Option<Share>,
    /// Judgement that gives the weights of the dimensions instead.
    pub ahp: Option<AhpFile>,
    /// Weights of the dimensions from the data instead.
    pub objective: Option<ObjectiveFile>,
    /// Weights given or judged, blended with some from the data.
    pub blend: Option<BlendFile>,
    /// For each dimension, the weights of its groups.
    pub groups: BTreeMap<String, SiblingsFile>,
    /// For each group, the weights of its indicators.
    pub indicators: BTreeMap<String, SiblingsFile>,
}

/// Weights of siblings by name, or where they come from.
#[derive(Clone, Deserialize, JsonSchema)]
pub(super) struct SiblingsFile {
    /// Judgement that gives the weights instead.
    pub ahp: Option<AhpFile>,
    /// Weights from the data instead.
    pub objective: Option<ObjectiveFile>,
    /// Weights given or judged, blended with some from the data.
    pub blend: Option<BlendFile>,
    #[serde(flatten)]
    pub given: BTreeMap<String, Share>,
}

#[derive(Clone, Deserialize, JsonSchema)]
pub(super) struct ObjectiveFile {
    /// The siblings.
    pub items: Vec<String>,
    /// How weights follow from the points of ranked customers.
    pub by: Scheme,
}

#[derive(Clone, Deserialize, JsonSchema)]
pub(super) struct BlendFile {
    /// Share of the weights given or judged; the rest comes from the data.
    pub alpha: Share,
    /// How the other weights follow from the data.
    pub by: Scheme,
    /// For each sibling, the least weight that the result may have.
    #[serde(default)]
    pub floor: BTreeMap<String, Share>,
    /// For each sibling, the greatest weight that the result may have.
    #[serde(default)]
    pub cap: BTreeMap<String, Share>,
}

#[derive(Clone, Deserialize, JsonSchema)]
pub(super) struct AhpFile {
    /// The siblings, in the order of rows and columns.
    pub items: Vec<String>,
    /// How weights follow from a matrix.
    pub variant: Option<Variant>,
    /// The experts' judgements, which are pooled by the element-wise geometric mean.
    pub experts: Vec<ExpertFile>,
}

#[derive(Clone, Deserialize, JsonSchema)]
pub(super) struct ExpertFile {
    /// The name of the expert.
    pub name: String,
    /// In row i and column j, how much i outweighs j.
    pub matrix: Vec<Vec<Ratio>>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct IndicatorFile {
    /// How a value becomes 0 to 100.
    pub normalise: NormaliseKind,
    /// For min_max: what is done to the value first; log1p is ln(1 + max(x, 0)).
    pub transform: Option<Transform>,
    /// For min_max: two quantiles of the ranked customers.
    pub quantiles: Option<Vec<Share>>,
    /// For min_max: two fixed values in the indicator's unit.
    pub goalposts: Option<Vec<f64>>,
    /// For points: pairs of value and points, by value.
    pub knots: Option<Vec<Vec<f64>>>,
    /// For target: the value that gets 100 points.
    pub target: Option<f64>,
    /// For target: the distance at which no points are left.
    pub tolerance: Option<f64>,
    /// For an own indicator: an SQL expression over the facts.
    pub expr: Option<String>,
    /// For an own indicator: the SQL condition under which it applies.
    pub applies: Option<String>,
    /// For an own indicator: its unit.
    pub unit: Option<String>,
    /// For an own indicator: whether more is better.
    pub direction: Option<Direction>,
    /// For an own indicator: its name in English.
    pub title: Option<String>,
    /// For an own indicator: its name in Chinese.
    pub title_zh: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct VetoFile {
    /// The veto's name in explanations.
    pub name: String,
    /// Kinds of confirmed offences.
    pub kinds: Vec<OffenceKind>,
    /// Offences of a lower severity do not count; 1 if left out.
    #[schemars(range(min = 1, max = 5))]
    pub min_severity: Option<u8>,
    /// Number of offences needed; 1 if left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_count: Option<u32>,
    /// The best tier that is left to the customer.
    pub ceiling: Tier,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct HysteresisFile {
    /// Share of a stratum's customers, such as 0.02.
    pub band: Share,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct StepLimitFile {
    /// Most tiers that a customer may rise in one cycle.
    #[schemars(range(min = 1, max = 3))]
    pub up: u32,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OverrideFile {
    /// The customer.
    pub customer_id: String,
    /// Whether the customer gets exactly this tier, at least it, or at most it.
    pub kind: Bound,
    /// The tier.
    pub tier: Tier,
    /// Who decided.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// Last day on which the override is in force.
    pub expires: Day,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct ChecksFile {
    /// Number of draws of weights; 1000 if left out.
    #[schemars(range(min = 100, max = 100_000))]
    pub draws: Option<u64>,
    /// Number of ranked customers drawn for robustness and clusters; 20000 if left out.
    #[schemars(range(min = 1_000, max = 1_000_000))]
    pub sample: Option<usize>,
    /// The seed of random draws; 2026 if left out.
    pub seed: Option<u64>,
    /// How closely drawn weights keep to the method's: a share w varies by √(w (1 − w)/(concentration + 1)); 100 if left
    /// out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub concentration: Option<f64>,
    /// Most clusters that are tried; 8 if left out.
    #[schemars(range(min = 2, max = 12))]
    pub clusters: Option<usize>,
    /// Contract capacities from which a customer is medium and large; [100, 315] if left out.
    pub size_kva: Option<Vec<f64>>,
    /// Cost of supply in CNY/kWh, for ABC classes by profit.
    pub supply_cost: Option<f64>,
    /// For each measure, when its check warns and fails.
    #[serde(default)]
    pub limits: BTreeMap<String, LimitFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct LimitFile {
    /// The limit beyond which the check warns.
    pub warn: Option<f64>,
    /// The limit beyond which the check fails.
    pub fail: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct LimitsFile {
    /// Rejects as a share of a table's rows.
    pub reject_share: Share,
    /// Number of rejects that are allowed in a table however small.
    pub reject_rows: u64,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct PlausibilityFile {
    /// Share of customers whose readings look like registers; 0.01 if left out, false switches the limit off.
    pub looks_like_register: Option<Switched<Share>>,
    /// Share of customers with a month far from their median month; 0.01 if left out, false switches the limit off.
    pub unit_suspect: Option<Switched<Share>>,
    /// Share of customers with rows before their opening; 0.05 if left out, false switches the limit off.
    pub before_opening: Option<Switched<Share>>,
    /// Lowest and highest median of the average price of a use category, in CNY/kWh; [0.05, 5] if left out, false switches
    /// the limit off.
    pub implausible_price: Option<Switched<Vec<f64>>>,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct GovernanceFile {
    /// Whether a cycle is published at once, or proposed and then approved; none if left out.
    pub approval: Option<Approval>,
    /// Who may approve; anybody but the proposer if left out or empty.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// Number of reviewers who must agree, while none may object; 0 if left out.
    #[schemars(range(min = 0, max = 100))]
    pub reviews: Option<u32>,
    /// Days within which a proposal can be approved; 30 if left out.
    #[schemars(range(min = 1, max = 3_650))]
    pub valid_days: Option<u32>,
    /// For each gate, when the comparison with the current cycle warns, and when it stops an approval.
    #[serde(default)]
    pub gates: GatesFile,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct GatesFile {
    /// Of the customers graded in both cycles, the share whose tier changed; warn 0.30, fail 0.45 if left out.
    pub changed: Option<LimitFile>,
    /// Of the special customers who are graded again, the share who are not special any more; warn 0.40, fail 0.60 if
    /// left out.
    pub special_lost: Option<LimitFile>,
    /// Of the customers graded before, the share absent after; warn 0.005, fail 0.02 if left out.
    pub absent: Option<LimitFile>,
    /// Population stability index of the score; warn 0.10, fail 0.25 if left out.
    pub psi_score: Option<LimitFile>,
    /// Greatest stability index of an indicator; warn 0.25 if left out.
    pub csi_max: Option<LimitFile>,
    /// Checks of `gridtier validate` that fail; fail 0 if left out.
    pub failed_checks: Option<LimitFile>,
    /// Tables with more rejects than the limit; fail 0 if left out.
    pub breaches: Option<LimitFile>,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct AppealFile {
    /// Calendar days after publication within which an appeal is in time; 21 if left out.
    #[schemars(range(min = 1, max = 3_650))]
    pub days: Option<u32>,
    /// Whether a customer who rises is added to the better tier, or takes somebody's place; supernumerary if left out.
    pub quota: Option<AppealQuota>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TriggerFile {
    /// The trigger's name in the results of an inspection.
    pub name: String,
    /// What makes the trigger fire.
    pub kind: TriggerKind,
    /// What the trigger proposes.
    pub action: TriggerAction,
    /// For offence: kinds of confirmed offences; all if left out.
    pub kinds: Option<Vec<OffenceKind>>,
    /// For offence: offences of a lower severity do not count; 1 if left out.
    #[schemars(range(min = 1, max = 5))]
    pub min_severity: Option<u8>,
    /// For offence: number of offences needed; 1 if left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_count: Option<u32>,
    /// For arrears and clean: length in months; 3 for arrears and 6 for clean if left out.
    #[schemars(range(min = 1, max = 600))]
    pub months: Option<u32>,
    /// For sustained and decline: number of tiers from the cycle's tier to the present one; 1 for sustained and 2 for
    /// decline if left out.
    #[schemars(range(min = 1, max = 3))]
    pub steps: Option<u32>,
    /// For sustained: number of inspections in a row, this one included; 2 if left out.
    #[schemars(range(min = 1, max = 100))]
    pub inspections: Option<u32>,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct ImprovementFile {
    /// Months from a cycle's as-of until a plan is due; 12 if left out.
    #[schemars(range(min = 1, max = 120))]
    pub months: Option<u32>,
}
