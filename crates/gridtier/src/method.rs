//! The method: the analysts' decisions in one versioned file, which is checked as a whole before any data is read.
//!
//! A [`Method`] can only be made from a text that passed every check, so that no half-read method can be used. Nothing
//! that grades has a hidden default: the presets are complete files, and an analyst's own method starts from one of
//! them. Only the limits by which a published cycle is checked ([`checks`]) have defaults. This module does not grade
//! customers.

pub mod ahp;
mod choices;
mod normalise;
mod raw;
mod lines;
mod plausibility;
mod siblings;
mod tree;
pub mod checks;
mod governance;
mod trigger;

use chrono::NaiveDate;
use serde_json::Value;

use crate::checked_toml::{CheckedToml, Fault, Faults, schema_of_input};
use crate::contract::IncidentKind;
use crate::contract::cell::fold_id;
use crate::fact::TIME_OF_USE;
use crate::indicator::expression::Expression;
use crate::indicator::{Indicator, SupplyCosts, WantedIndicators};
use crate::meter::ReadingDetail;
use crate::text;
use raw::{MethodFile, OverrideFile, VetoFile};

pub use ahp::Judgement;
pub use checks::Checks;
pub use choices::{
    AppealQuota, Approval, Bound, Combine, FORMAT, Gate, GradingUnit, NormaliseWithin, OffenceKind,
    ReweightLimit, Strata, Tier, Ties, TriggerAction, TriggerKind, Unknowns,
};
pub use governance::{AppealTerms, Governance, ImprovementTerms, VALID_DAYS};
pub use lines::{ALL, Lines, OTHER, Quotas};
pub use normalise::{Normalise, NormaliseKind, Scale, Transform};
pub use plausibility::Plausibility;
pub use siblings::{FromData, Level, Siblings, WeightSource};
pub use tree::{Spec, Weight};
pub use trigger::{Trigger, TriggerCondition};

/// The share of the weight whose data must be delivered, if a method gives none (SPEC section 5).
const MIN_DELIVERED_WEIGHT: f64 = 0.5;

/// The shipped methods: name and text of each, which is a complete file.
pub const PRESETS: [(&str, &str); 2] =
    [("paper", include_str!("../presets/paper.toml")), ("utility", include_str!("../presets/utility.toml"))];

/// Confirmed offences that cap the tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// The veto's name in explanations.
    pub name: String,
    /// Kinds of offences that count.
    pub kinds: Vec<IncidentKind>,
    /// Offences below this severity do not count.
    pub min_severity: u8,
    /// Number of offences needed for the ceiling.
    pub min_count: u32,
    /// The best tier that is left to the customer.
    pub ceiling: Tier,
}

/// A decision of a person about one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The customer.
    pub customer_id: String,
    /// Whether the tier is fixed, a least or a greatest tier.
    pub bound: Bound,
    /// The tier of the override.
    pub tier: Tier,
    /// Who decided.
    pub approver: String,
    /// The reason for the decision.
    pub reason: String,
    /// Last day on which the override is in force.
    pub expires: NaiveDate,
}

/// Limits beyond which nothing is published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Rejects as a share of a table's rows.
    pub reject_share: f64,
    /// Number of rejects that are allowed in a table however small.
    pub reject_rows: u64,
}

impl Limits {
    /// Number of rejects that a table with this many rows may have.
    #[must_use]
    pub fn rejects_allowed(&self, rows: u64) -> u64 {
        self.reject_rows.max((rows as f64 * self.reject_share).floor() as u64)
    }
}

/// A checked method.
#[derive(Clone, Debug)]
pub struct Method {
    /// The method's name.
    pub name: String,
    /// The method's whole text, as published with a cycle.
    pub text: String,
    /// Length of the window.
    pub window_months: u32,
    /// Number of covered months below which a customer is provisional.
    pub min_months: u32,
    /// Share of known weight below which a customer is provisional.
    pub min_known_weight: f64,
    /// Share of the weight whose data must be delivered.
    pub min_delivered_weight: f64,
    /// Tier of a provisional customer.
    pub provisional_tier: Tier,
    /// How an unknown indicator affects a score.
    pub unknown: Unknowns,
    /// How far the known part of a group or dimension may stand in for the unknown rest (SPEC section 5).
    pub reweight_limit: ReweightLimit,
    /// How points become a score.
    pub combine: Combine,
    /// How tiers are cut.
    pub lines: Lines,
    /// What happens to equal scores at a boundary.
    pub ties: Ties,
    /// Whether accounts or holders are graded.
    pub grading_unit: GradingUnit,
    /// The entries of the registry that the method has: those that presets weigh, and the further ones that it names.
    pub registered: Vec<&'static Indicator>,
    /// The costs of supply; 0 if the method does not give them.
    pub supply_costs: SupplyCosts,
    /// By which column customers are graded in separate strata.
    pub strata: Strata,
    /// The ranked customers to whom points are fitted.
    pub normalise_within: NormaliseWithin,
    /// Number of ranked customers below which a stratum is pooled, and of known values below which points are not
    /// fitted within a stratum.
    pub min_stratum: usize,
    /// All indicators: the registered ones, then the method's own by id.
    pub indicators: Vec<Spec>,
    /// The method's own expressions, in the order of their indicators.
    pub own: Vec<Expression>,
    /// The pairwise judgements from which weights follow, with their consistency.
    pub judgements: Vec<Judgement>,
    /// All siblings and where their weights come from: dimensions, then groups with their indicators.
    pub siblings: Vec<Siblings>,
    /// Ceilings for confirmed offences.
    pub vetoes: Vec<Veto>,
    /// Share of a stratum by which a rank must pass a boundary before a tier may change by one.
    pub hysteresis: Option<f64>,
    /// Most tiers that a customer may rise in one cycle.
    pub step_limit: Option<u32>,
    /// Decisions of persons.
    pub overrides: Vec<Override>,
    /// How the checks of a cycle are done, and when they warn and fail.
    pub checks: Checks,
    /// Limits of the faults in the data.
    pub limits: Limits,
    /// Limits of the plausibility of the data.
    pub plausibility: Plausibility,
    /// Who decides that a cycle is published, and what stops it.
    pub governance: Governance,
    /// How customers' objections are heard.
    pub appeal: AppealTerms,
    /// The triggers that an inspection between two regrades checks.
    pub triggers: Vec<Trigger>,
    /// Improvement plans of grade-3 customers.
    pub improvement: ImprovementTerms,
}

/// The indicators that are computed from parts of the energy by time of use, or from demand.
const TIME_OF_USE_INDICATORS: [&str; 2] = ["valley_share", "load_factor"];

impl Method {
    /// Which parts of a reading the method needs: the parts by time of use are decoded only if the method weighs or
    /// names an indicator of them (DATA §6).
    #[must_use]
    pub fn reading_detail(&self) -> ReadingDetail {
        let is_named = self.indicators.iter().any(|spec| {
            TIME_OF_USE_INDICATORS.contains(&spec.id.as_str())
                && (spec.weight.is_some() || spec.normalise.is_some())
        });
        if is_named || self.own.iter().any(|expression| expression.uses(&TIME_OF_USE)) {
            ReadingDetail::TimeOfUse
        } else {
            ReadingDetail::Energy
        }
    }

    /// The method that a text describes. `name` is the file's, for messages.
    ///
    /// # Errors
    /// Everything that is wrong with the text, by line, with what to do about it.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        let (document, mut faults) = CheckedToml::survey(name, text, &schema())?;
        let file: MethodFile = match document.read() {
            Ok(file) => file,
            // A key that cannot be read is reported with the other faults of the schema.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let mut tree_faults = Vec::new();
        let tree::Built { indicators, registered, own, judgements, siblings } =
            tree::build(&document, &file, &mut tree_faults);
        // If a weight is missing, the checks of sums would only repeat that fault.
        if document.is_readable(&["weights"]) && document.is_readable(&["indicators"]) {
            faults.append(&mut tree_faults);
        }
        check_scalars(&document, &file, &mut faults);
        check_overrides(&document, &file.overrides, &mut faults);
        let checks = Checks::build(&document, &file.checks, &mut faults);
        let lines = Lines::build(&document, &file, &mut faults);
        let supply_costs = supply_costs(&document, &file, &registered, &mut faults);
        let plausibility = Plausibility::build(&document, &file.plausibility, &mut faults);
        let governance = Governance::build(&document, &file.governance, &mut faults);
        let triggers = Trigger::build(&document, file.trigger.as_deref(), &mut faults);
        document.faults(faults)?;
        Ok(Self {
            name: file.name,
            text: text.into(),
            window_months: file.window_months,
            min_months: file.min_months,
            min_known_weight: file.min_known_weight.0,
            min_delivered_weight: file.min_delivered_weight.map_or(MIN_DELIVERED_WEIGHT, |share| share.0),
            provisional_tier: file.provisional_tier,
            unknown: file.unknown,
            reweight_limit: file.reweight_limit.map_or(ReweightLimit::DEFAULT, ReweightLimit),
            combine: file.combine,
            lines,
            ties: file.ties,
            grading_unit: file.grading_unit.unwrap_or(GradingUnit::Account),
            registered,
            supply_costs,
            strata: file.strata,
            normalise_within: file.normalise_within.unwrap_or(NormaliseWithin::Population),
            min_stratum: file.min_stratum,
            indicators,
            own,
            judgements,
            siblings,
            vetoes: file.veto.into_iter().map(Veto::from).collect(),
            hysteresis: file.hysteresis.map(|hysteresis| hysteresis.band.0),
            step_limit: file.step_limit.map(|limit| limit.up),
            overrides: file.overrides.into_iter().map(Override::from).collect(),
            checks,
            limits: Limits { reject_share: file.limits.reject_share.0, reject_rows: file.limits.reject_rows },
            plausibility,
            governance,
            appeal: (&file.appeal).into(),
            triggers,
            improvement: (&file.improvement).into(),
        })
    }

    /// The indicators that are computed for each customer.
    #[must_use]
    pub fn wanted(&self) -> WantedIndicators<'_> {
        WantedIndicators { registered: &self.registered, own: &self.own, supply_costs: self.supply_costs }
    }

    /// A shipped method.
    #[must_use]
    pub fn preset(name: &str) -> Option<Result<Self, Faults>> {
        let (name, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text))
    }
}

/// The JSON Schema of a method file.
#[must_use]
pub fn schema() -> Value {
    schema_of_input::<MethodFile>()
}

impl From<VetoFile> for Veto {
    fn from(file: VetoFile) -> Self {
        Self {
            name: file.name,
            kinds: file.kinds.into_iter().map(IncidentKind::from).collect(),
            min_severity: file.min_severity.unwrap_or(1),
            min_count: file.min_count.unwrap_or(1),
            ceiling: file.ceiling,
        }
    }
}

impl From<OverrideFile> for Override {
    fn from(file: OverrideFile) -> Self {
        Self {
            // The id is folded as in tables: full-width digits from an office system mean the same customer.
            customer_id: fold_id(&file.customer_id).into_owned(),
            bound: file.kind,
            tier: file.tier,
            approver: file.approver,
            reason: file.reason,
            expires: file.expires.0,
        }
    }
}

/// The costs of supply. A method that has the indicator `profit` needs all of them.
fn supply_costs(
    document: &CheckedToml,
    file: &MethodFile,
    registered: &[&Indicator],
    faults: &mut Vec<Fault>,
) -> SupplyCosts {
    let costs = &file.supply_cost;
    let given = [costs.high_voltage, costs.low_voltage, costs.residential];
    let is_needed = registered.iter().any(|indicator| indicator.id == "profit");
    if is_needed && given.iter().any(Option::is_none) {
        faults.push(Fault {
            line: document.line(&["supply_cost"]),
            what: text!(
                "`profit` needs `supply_cost` for each supply level",
                "`profit` 需要各供电层级的 `supply_cost`"
            ),
            fix: text!(
                "add [supply_cost] with high_voltage, low_voltage and residential in CNY/kWh",
                "请添加 [supply_cost], 以元/千瓦时给出 high_voltage, low_voltage 和 residential"
            ),
        });
    }
    SupplyCosts { by_level: given.map(Option::unwrap_or_default) }
}

fn check_scalars(document: &CheckedToml, file: &MethodFile, faults: &mut Vec<Fault>) {
    let (window, least) = (file.window_months, file.min_months);
    if document.is_readable(&["window_months"]) && least > window {
        faults.push(Fault {
            line: document.line(&["min_months"]),
            what: text!(
                "`min_months` {least} exceeds the window of {window} months",
                "`min_months` {least} 超过统计窗口的 {window} 个月"
            ),
            fix: text!(
                "nobody could ever be ranked: lower it, or lengthen `window_months`",
                "任何客户都无法参评：请调低它，或加长 `window_months`"
            ),
        });
    }
}

fn check_overrides(document: &CheckedToml, overrides: &[OverrideFile], faults: &mut Vec<Fault>) {
    // A missing approver is read as empty text, so that it is reported once.
    if !document.is_readable(&["override"]) {
        return;
    }
    let line = document.line(&["override"]);
    let mut seen = std::collections::BTreeSet::new();
    for entry in overrides {
        if !seen.insert(fold_id(&entry.customer_id)) {
            let id = &entry.customer_id;
            faults.push(Fault {
                line,
                what: text!("customer {id} has two overrides", "客户 {id} 有两条人工调整"),
                fix: text!("keep one", "请只保留一条"),
            });
        }
        if [&entry.approver, &entry.reason, &entry.customer_id].iter().any(|text| text.trim().is_empty()) {
            let id = &entry.customer_id;
            faults.push(Fault {
                line,
                what: text!(
                    "the override of customer `{id}` lacks its customer, its approver or its reason",
                    "客户 `{id}` 的人工调整缺少批准人或原因"
                ),
                fix: text!("name customer_id, approver and reason", "请写明 customer_id、approver 和 reason"),
            });
        }
    }
}

#[cfg(test)]
mod tests;
