//! The method: what the analysts decide, in one versioned file, checked whole before any data is read.
//!
//! A [`Method`] can only be made from text that passed every check, so that what runs cannot be half a method. Nothing
//! that grades has a hidden default: the presets are complete files, and a method of one's own starts from one of them.
//! Only what a published cycle is measured by ([`checks`]) has defaults. How a customer fares under a method is not known
//! here.

pub mod ahp;
mod siblings;
mod tree;
mod raw;
pub mod checks;

use chrono::NaiveDate;
use serde_json::Value;

use crate::checked_toml::{CheckedToml, Fault, Faults, schema_of_input};
use crate::contract::IncidentKind;
use crate::indicator::expression::Expression;
use raw::{MethodFile, OverrideFile, VetoFile};

pub use ahp::Judgement;
pub use checks::Checks;
pub use siblings::{FromData, Level, Siblings, WeightSource};
pub use tree::{Normalise, NormaliseKind, Scale, Spec, Transform, Weight};

/// The version of the method file's format that this program reads.
pub const FORMAT: i64 = 1;

/// The shipped methods by name: complete files.
pub const PRESETS: [(&str, &str); 2] =
    [("paper", include_str!("../presets/paper.toml")), ("utility", include_str!("../presets/utility.toml"))];

crate::words! {
    /// A value tier (特级, 一级, 二级, 三级), best first. Not to be joined with importance levels or load classes.
    Tier "tier" {
        /// 特级
        Special "special" "special" "特级",
        /// 一级
        Grade1 "grade-1" "grade-1" "一级",
        /// 二级
        Grade2 "grade-2" "grade-2" "二级",
        /// 三级
        Grade3 "grade-3" "grade-3" "三级",
    }
}

impl Tier {
    /// All tiers, best first: an array, so that a table by tier has as many entries as there are tiers.
    pub const ALL: [Self; 4] = [Self::Special, Self::Grade1, Self::Grade2, Self::Grade3];
}

crate::words! {
    /// What an unknown indicator does to a score.
    Unknowns "treatment of unknown indicators" {
        /// It is left out and its siblings weigh more.
        Reweight "reweight" "left out, siblings weigh more" "剔除并重新分配权重",
        /// It counts 0 points.
        Worst "worst" "0 points" "按最低分计",
        /// It counts 50 points.
        Neutral "neutral" "50 points" "按中间分计",
    }
}

crate::words! {
    /// How points become a score.
    Combine "way to combine points" {
        /// Σ w z.
        WeightedSum "weighted_sum" "weighted sum" "加权和",
        /// Π max(z, 1)^w.
        WeightedProduct "weighted_product" "weighted product" "加权积",
        /// Closeness to 100 points everywhere, against 0 everywhere.
        Topsis "topsis" "TOPSIS" "TOPSIS",
        /// Grey relation to 100 points everywhere.
        GreyRelational "grey_relational" "grey relational analysis" "灰色关联",
    }
}

crate::words! {
    /// What happens to equal scores at a boundary between tiers.
    Ties "treatment of ties" {
        /// They are ordered by revenue, energy and id.
        Break "break" "ordered by revenue, energy and id" "按电费、电量和户号排序",
        /// All go to the better tier.
        Up "up" "all to the better tier" "均归入较高等级",
        /// All go to the worse tier.
        Down "down" "all to the worse tier" "均归入较低等级",
    }
}

crate::words! {
    /// The column of customers whose values are graded apart.
    Strata "stratification" {
        /// One population.
        None "none" "none" "不分层",
        /// `supply_level`.
        SupplyLevel "supply_level" "supply level" "供电电压等级",
        /// `use_category`.
        UseCategory "use_category" "use category" "用电类别",
        /// `region`.
        Region "region" "region" "区域",
    }
}

crate::words! {
    /// The kinds of incidents that a veto can count.
    OffenceKind "kind of offence" {
        /// Use against the contract.
        Violation "violation" "violation" "违约用电",
        /// Theft of energy.
        Theft "theft" "theft" "窃电",
    }
}

impl From<OffenceKind> for IncidentKind {
    fn from(kind: OffenceKind) -> Self {
        match kind {
            OffenceKind::Violation => Self::Violation,
            OffenceKind::Theft => Self::Theft,
        }
    }
}

/// Confirmed offences that cap the tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// Its name in explanations.
    pub name: String,
    /// Kinds that count.
    pub kinds: Vec<IncidentKind>,
    /// Offences below this severity do not count.
    pub min_severity: u8,
    /// So many offences are needed.
    pub min_count: u32,
    /// Best tier that is left.
    pub ceiling: Tier,
}

crate::words! {
    /// What an override does.
    Bound "kind of override" {
        /// This tier.
        Pin "pin" "pinned" "指定等级",
        /// At least this tier.
        Floor "floor" "at least" "不低于",
        /// At most this tier.
        Ceiling "ceiling" "at most" "不高于",
    }
}

/// A decision of a person about one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The customer.
    pub customer_id: String,
    /// What it does.
    pub bound: Bound,
    /// With which tier.
    pub tier: Tier,
    /// Who decided.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// Last day on which it holds.
    pub expires: NaiveDate,
}

/// Limits beyond which nothing is published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Rejects as a share of a table's rows.
    pub reject_share: f64,
    /// Rejects that are allowed however small the table.
    pub reject_rows: u64,
}

impl Limits {
    /// Rejects that a table of so many rows may have.
    #[must_use]
    pub fn rejects_allowed(&self, rows: u64) -> u64 {
        self.reject_rows.max((rows as f64 * self.reject_share).floor() as u64)
    }
}

/// A checked method.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// Its whole text, as published with a cycle.
    pub text: String,
    /// Length of the window.
    pub window_months: u32,
    /// Covered months below which a customer is provisional.
    pub min_months: u32,
    /// Share of known weight below which a customer is provisional.
    pub min_known_weight: f64,
    /// Tier of a provisional customer.
    pub provisional_tier: Tier,
    /// What an unknown indicator does.
    pub unknown: Unknowns,
    /// How points become a score.
    pub combine: Combine,
    /// Shares of the tiers in percent, best first.
    pub quotas: [u32; 4],
    /// What happens to equal scores at a boundary.
    pub ties: Ties,
    /// What is graded apart.
    pub strata: Strata,
    /// Ranked customers below which a stratum is pooled.
    pub min_stratum: usize,
    /// All indicators: those of the registry, then the method's own by id.
    pub indicators: Vec<Spec>,
    /// The method's own expressions, in the order of their indicators.
    pub own: Vec<Expression>,
    /// Pairwise judgements behind weights, with their consistency.
    pub judgements: Vec<Judgement>,
    /// All siblings and where their weights come from: dimensions, then groups with their indicators.
    pub siblings: Vec<Siblings>,
    /// Ceilings for confirmed offences.
    pub vetoes: Vec<Veto>,
    /// Share of a stratum by which a rank must pass a boundary before a tier changes by one.
    pub hysteresis: Option<f64>,
    /// Most tiers up in one cycle.
    pub step_limit: Option<u32>,
    /// Decisions of persons.
    pub overrides: Vec<Override>,
    /// What the checks of a cycle do, and when they warn and fail.
    pub checks: Checks,
    /// Limits of the data's faults.
    pub limits: Limits,
}

impl Method {
    /// The method that a text describes. `name` is the file's, for messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line, with what to do.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        let (document, mut faults) = CheckedToml::survey(name, text, &schema())?;
        let file: MethodFile = match document.read() {
            Ok(file) => file,
            // What cannot be read is among the faults of the schema, with what to do.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let mut tree_faults = Vec::new();
        let tree::Built { indicators, own, judgements, siblings } =
            tree::build(&document, &file, &mut tree_faults);
        // Weights that lack a part would bring faults that only follow from it.
        if document.is_readable(&["weights"]) && document.is_readable(&["indicators"]) {
            faults.append(&mut tree_faults);
        }
        check_scalars(&document, &file, &mut faults);
        check_overrides(&document, &file.overrides, &mut faults);
        let checks = Checks::build(&document, &file.checks, &mut faults);
        document.faults(faults)?;
        Ok(Self {
            name: file.name,
            text: text.into(),
            window_months: file.window_months,
            min_months: file.min_months,
            min_known_weight: file.min_known_weight.0,
            provisional_tier: file.provisional_tier,
            unknown: file.unknown,
            combine: file.combine,
            quotas: std::array::from_fn(|tier| file.quotas[tier]),
            ties: file.ties,
            strata: file.strata,
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
        })
    }

    /// A shipped method.
    #[must_use]
    pub fn preset(name: &str) -> Option<Result<Self, Faults>> {
        let (name, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text))
    }

    /// The boundaries' cumulative percentages: 10, 40, 90 by default.
    #[must_use]
    pub fn boundaries(&self) -> [u32; 3] {
        let mut sum = 0;
        std::array::from_fn(|place| {
            sum += self.quotas[place];
            sum
        })
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
            customer_id: file.customer_id,
            bound: file.kind,
            tier: file.tier,
            approver: file.approver,
            reason: file.reason,
            expires: file.expires.0,
        }
    }
}

fn check_scalars(document: &CheckedToml, file: &MethodFile, faults: &mut Vec<Fault>) {
    let quotas = &file.quotas;
    if document.is_readable(&["quotas"]) && (quotas.len() != 4 || quotas.iter().sum::<u32>() != 100) {
        faults.push(Fault {
            line: document.line(&["quotas"]),
            what: format!("`quotas` must be four whole percentages that sum to 100, not {quotas:?}"),
            fix: "the paper has [10, 30, 50, 10]".into(),
        });
    }
    let (window, least) = (file.window_months, file.min_months);
    if document.is_readable(&["window_months"]) && least > window {
        faults.push(Fault {
            line: document.line(&["min_months"]),
            what: format!("`min_months` {least} exceeds the window of {window} months"),
            fix: "nobody could ever be ranked: lower it, or lengthen `window_months`".into(),
        });
    }
}

fn check_overrides(document: &CheckedToml, overrides: &[OverrideFile], faults: &mut Vec<Fault>) {
    // A missing approver stands in as empty text: it is reported once.
    if !document.is_readable(&["override"]) {
        return;
    }
    let line = document.line(&["override"]);
    let mut seen = std::collections::BTreeSet::new();
    for entry in overrides {
        if !seen.insert(&entry.customer_id) {
            let what = format!("customer {} has two overrides", entry.customer_id);
            faults.push(Fault { line, what, fix: "keep one".into() });
        }
        if [&entry.approver, &entry.reason, &entry.customer_id].iter().any(|text| text.trim().is_empty()) {
            let what = format!("the override of customer `{}` lacks who or why", entry.customer_id);
            faults.push(Fault { line, what, fix: "name customer_id, approver and reason".into() });
        }
    }
}

#[cfg(test)]
mod tests;
