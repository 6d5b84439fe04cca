//! The method file as serde reads it, after its shape was checked. What may be missing here was told as missing there:
//! it is filled in so that the rest of the file can be looked at too.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::checked_toml::Day;

#[derive(Deserialize)]
pub(super) struct Method {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub window_months: u32,
    #[serde(default)]
    pub min_months: u32,
    #[serde(default)]
    pub min_known_weight: f64,
    #[serde(default)]
    pub provisional_tier: String,
    #[serde(default)]
    pub unknown: String,
    #[serde(default)]
    pub combine: String,
    #[serde(default)]
    pub quotas: Vec<u32>,
    #[serde(default)]
    pub ties: String,
    #[serde(default)]
    pub strata: String,
    #[serde(default)]
    pub min_stratum: usize,
    pub weights: Weights,
    pub indicators: BTreeMap<String, Indicator>,
    #[serde(default)]
    pub veto: Vec<Veto>,
    pub hysteresis: Option<Hysteresis>,
    pub step_limit: Option<StepLimit>,
    #[serde(default, rename = "override")]
    pub overrides: Vec<Override>,
    #[serde(default)]
    pub checks: Checks,
    #[serde(default)]
    pub limits: Limits,
}

#[derive(Deserialize)]
pub(super) struct Weights {
    pub contribution: Option<f64>,
    pub compliance: Option<f64>,
    pub cooperation: Option<f64>,
    pub ahp: Option<Ahp>,
    pub objective: Option<Objective>,
    pub blend: Option<Blend>,
    pub groups: BTreeMap<String, Siblings>,
    pub indicators: BTreeMap<String, Siblings>,
}

/// Weights of siblings by name, or where they come from.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Siblings {
    pub ahp: Option<Ahp>,
    pub objective: Option<Objective>,
    pub blend: Option<Blend>,
    #[serde(flatten)]
    pub given: BTreeMap<String, f64>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Objective {
    pub items: Vec<String>,
    pub by: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Blend {
    pub alpha: f64,
    pub by: String,
    #[serde(default)]
    pub floor: BTreeMap<String, f64>,
    #[serde(default)]
    pub cap: BTreeMap<String, f64>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Ahp {
    pub items: Vec<String>,
    #[serde(default)]
    pub variant: Option<String>,
    pub experts: Vec<Expert>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Expert {
    pub name: String,
    pub matrix: Vec<Vec<Ratio>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Ratio {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
pub(super) struct Indicator {
    pub normalise: String,
    pub transform: Option<String>,
    pub quantiles: Option<Vec<f64>>,
    pub goalposts: Option<Vec<f64>>,
    pub knots: Option<Vec<Vec<f64>>>,
    pub target: Option<f64>,
    pub tolerance: Option<f64>,
    pub expr: Option<String>,
    pub applies: Option<String>,
    pub unit: Option<String>,
    pub direction: Option<String>,
    pub title: Option<String>,
    pub title_zh: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Veto {
    pub name: String,
    pub kinds: Vec<String>,
    pub min_severity: Option<u8>,
    pub min_count: Option<u32>,
    pub ceiling: String,
}

#[derive(Deserialize)]
pub(super) struct Hysteresis {
    pub band: f64,
}

#[derive(Deserialize)]
pub(super) struct StepLimit {
    pub up: u32,
}

#[derive(Deserialize)]
pub(super) struct Override {
    pub customer_id: String,
    pub kind: String,
    pub tier: String,
    pub approver: String,
    pub reason: String,
    pub expires: Day,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Checks {
    pub draws: Option<u64>,
    pub sample: Option<usize>,
    pub seed: Option<u64>,
    pub concentration: Option<f64>,
    pub clusters: Option<usize>,
    pub size_kva: Option<Vec<f64>>,
    pub supply_cost: Option<f64>,
    pub limits: BTreeMap<String, Limit>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    pub warn: Option<f64>,
    pub fail: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Limits {
    pub reject_share: f64,
    pub reject_rows: u64,
}

impl Ratio {
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(*x),
            Self::Text(text) => crate::checked_toml::parse_ratio(text),
        }
    }
}
