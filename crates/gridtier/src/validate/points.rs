//! Mean points of each indicator by tier, which show how the tiers differ.

use super::Validation;
use crate::method::Tier;
use crate::robustness::Study;
use crate::unit::round_half_away;
use crate::word::Word;

/// One indicator by tier.
#[derive(Clone, Debug, PartialEq)]
pub struct TierPoints {
    /// Place of the indicator.
    pub place: usize,
    /// By tier of rank and quota, best tier first: ranked customers for whom the indicator counts.
    pub customers: [u64; 4],
    /// The mean of their points from 0 to 100.
    pub means: [Option<f64>; 4],
}

/// By weighed indicator: the mean points of the ranked customers of each tier. Points are summed in 10⁻⁶, so that the
/// order of customers does not matter.
pub(super) fn tier_points(study: &Study, tiers: impl Iterator<Item = Tier>) -> Vec<TierPoints> {
    let places = study.places();
    let mut sums = vec![[(0_u64, 0_i64); 4]; places.len()];
    for (row, tier) in tiers.enumerate() {
        for (sums, points) in sums.iter_mut().zip(study.row(row)) {
            if let Some(points) = points {
                let (customers, sum_e6) = &mut sums[tier.position()];
                *customers += 1;
                *sum_e6 += round_half_away(points * 1e6);
            }
        }
    }
    places
        .iter()
        .zip(sums)
        .map(|(&place, sums)| TierPoints {
            place,
            customers: sums.map(|(customers, _)| customers),
            means: sums
                .map(|(customers, sum_e6)| (customers > 0).then(|| sum_e6 as f64 / 1e6 / customers as f64)),
        })
        .collect()
}

/// The mean share of customers that change their tier when an indicator weighs less, or more, than in the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightEffect {
    /// Place of the indicator.
    pub place: usize,
    /// Over the draws in which it weighs less.
    pub less: Option<f64>,
    /// Over the draws in which it weighs more.
    pub more: Option<f64>,
}

impl Validation {
    /// The mean share of customers that change their tier, over all draws; `None` without draws.
    #[must_use]
    pub fn mean_change(&self) -> Option<f64> {
        self.drawn.mean_change(|_| true)
    }

    /// By weighed indicator, the one whose weight matters most first: the mean share of changed tiers in the draws that
    /// give it less weight than the method, and more.
    #[must_use]
    pub fn weight_effects(&self, weights: &[Option<crate::method::Weight>]) -> Vec<WeightEffect> {
        let weighing = weights
            .iter()
            .enumerate()
            .filter_map(|(place, weight)| Some((place, weight.as_ref()?.nominal())));
        let effects = weighing.filter(|(_, weight)| *weight > 0.0).map(|(place, weight)| {
            let drawn = |draw: &crate::robustness::WeightDraw| {
                draw.weights[place].map_or(0.0, |drawn| drawn.nominal())
            };
            WeightEffect {
                place,
                less: self.drawn.mean_change(|draw| drawn(draw) < weight),
                more: self.drawn.mean_change(|draw| drawn(draw) > weight),
            }
        });
        let mut effects: Vec<WeightEffect> = effects.collect();
        let distance = |effect: &WeightEffect| {
            effect.less.zip(effect.more).map_or(0.0, |(less, more)| (more - less).abs())
        };
        effects.sort_by(|a, b| distance(b).total_cmp(&distance(a)).then(a.place.cmp(&b.place)));
        effects
    }
}
