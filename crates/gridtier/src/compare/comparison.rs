//! A comparison of two cycles with all its parts.

use std::collections::BTreeMap;

use super::attribution::Attribution;
use super::backtest::{Backtests, backtest};
use super::drift::{Drift, drift};
use super::pair::{Damaged, EndState, Pair};
use super::transition::{TierStability, TransitionKey, TransitionSums, stability, transitions};
use super::waterfall::{WaterfallStep, waterfall};
use crate::cycle::Cycle;
use crate::decision::deciding_rules;
use crate::gate::{GateResult, GateValues};
use crate::indicator::DIMENSIONS;
use crate::method::Tier;

/// What moved between two cycles, and why.
#[derive(Debug)]
pub struct Comparison {
    /// Number of customers by stratum and by states before and after.
    pub transitions: BTreeMap<TransitionKey, TransitionSums>,
    /// The stability of the tiers of all customers, then of those of each stratum.
    pub stability: Vec<TierStability>,
    /// Why each customer moved.
    pub attribution: Attribution,
    /// How many members came to each tier and left it.
    pub waterfall: Vec<WaterfallStep>,
    /// How the population drifted.
    pub drift: Vec<Drift>,
    /// How well the earlier cycle foretold the later one.
    pub backtests: Backtests,
}

impl Comparison {
    /// Compares a pair. `revision` is the last published revision of the earlier cycle; its values correct those of the
    /// earlier cycle.
    ///
    /// # Errors
    /// Published files of the earlier cycle contradict each other.
    pub fn new(pair: &Pair<'_>, revision: Option<&Cycle>) -> Result<Self, Damaged> {
        let attribution = Attribution::new(pair, revision)?;
        Ok(Self {
            transitions: transitions(pair),
            stability: stability(pair),
            waterfall: waterfall(pair, &attribution),
            drift: drift(pair, attribution.frozen_e6.as_deref()),
            backtests: backtest(pair),
            attribution,
        })
    }

    /// What the gates of an approval measure in this comparison. Failed checks and tables beyond their limits are
    /// counted elsewhere.
    #[must_use]
    pub fn gate_values(&self) -> GateValues {
        let everybody = &self.stability[0];
        let customers = |is_in: &dyn Fn(&TransitionKey) -> bool| {
            let rows = self.transitions.iter().filter(|(key, _)| is_in(key));
            rows.map(|(_, sums)| sums.customers).sum::<u64>()
        };
        let share = |of: u64, all: u64| (all > 0).then(|| of as f64 / all as f64);
        let was_graded = |key: &TransitionKey| key.before.tier().is_some();
        let was_special =
            |key: &TransitionKey| key.before.tier() == Some(Tier::Special) && key.after.tier().is_some();
        let index = |measure: &str| {
            let mut drifts = self.drift.iter().filter(|drift| drift.stratum.is_none());
            drifts.find(|drift| drift.measure == measure).map(|drift| drift.index.value)
        };
        GateValues {
            changed: everybody.changed_share(),
            special_lost: share(
                customers(&|key| was_special(key) && key.after.tier() != Some(Tier::Special)),
                customers(&was_special),
            ),
            absent: share(
                customers(&|key| was_graded(key) && key.after == EndState::Absent),
                customers(&was_graded),
            ),
            psi_score: index("score_frozen").or_else(|| index("score")),
            csi_max: self.largest_indicator_index(),
            failed_checks: None,
            breaches: None,
        }
    }

    /// The gates of an approval, judged by the rules that would decide a proposal of the later cycle while the earlier one is
    /// current.
    #[must_use]
    pub fn gates(&self, pair: &Pair<'_>) -> Vec<GateResult> {
        let [before, after] = [pair.before, pair.after].map(|cycle| &cycle.method.governance);
        self.gate_values().judge(deciding_rules(before, after))
    }

    /// The greatest stability index of any indicator over all customers.
    fn largest_indicator_index(&self) -> Option<f64> {
        let is_indicator =
            |measure: &str| !matches!(measure, "score" | "score_frozen") && !DIMENSIONS.contains(&measure);
        let drifts =
            self.drift.iter().filter(|drift| drift.stratum.is_none() && is_indicator(&drift.measure));
        drifts.map(|drift| drift.index.value).reduce(f64::max)
    }
}
