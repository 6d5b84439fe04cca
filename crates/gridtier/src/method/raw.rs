//! The method file as serde reads it, after its shape was checked. What may be missing here was told as missing there:
//! it is filled in so that the rest of the file can be looked at too.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Day;

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
    pub limits: Limits,
}

#[derive(Deserialize)]
pub(super) struct Weights {
    pub contribution: Option<f64>,
    pub compliance: Option<f64>,
    pub cooperation: Option<f64>,
    pub ahp: Option<Ahp>,
    pub groups: BTreeMap<String, BTreeMap<String, WeightOrAhp>>,
    pub indicators: BTreeMap<String, BTreeMap<String, WeightOrAhp>>,
}

/// A sibling's weight, or under the key `ahp` the judgement that gives the weights of all siblings.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WeightOrAhp {
    Weight(f64),
    Ahp(Ahp),
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
pub(super) struct Limits {
    pub reject_share: f64,
    pub reject_rows: u64,
}

impl Ratio {
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(*x),
            Self::Text(text) => crate::document::parse_ratio(text),
        }
    }
}
