//! Mean points of each indicator by tier, which show how the tiers differ.

use super::Validation;
use crate::method::{Tier, Weight};
use crate::robustness::{Drawn, Study, WeightDraw};
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
    pub fn weight_effects(&self, weights: &[Option<Weight>]) -> Vec<WeightEffect> {
        weight_effects(&self.drawn, weights)
    }
}

fn weight_effects(drawn: &Drawn, weights: &[Option<Weight>]) -> Vec<WeightEffect> {
    let weighing =
        weights.iter().enumerate().filter_map(|(place, weight)| Some((place, weight.as_ref()?.nominal())));
    let effects = weighing.filter(|(_, weight)| *weight > 0.0).map(|(place, weight)| {
        let of_draw = |draw: &WeightDraw| draw.weights[place].map_or(0.0, |drawn| drawn.nominal());
        WeightEffect {
            place,
            less: drawn.mean_change(|draw| of_draw(draw) < weight),
            more: drawn.mean_change(|draw| of_draw(draw) > weight),
        }
    });
    let mut effects: Vec<WeightEffect> = effects.collect();
    let distance =
        |effect: &WeightEffect| effect.less.zip(effect.more).map_or(0.0, |(less, more)| (more - less).abs());
    effects.sort_by(|a, b| distance(b).total_cmp(&distance(a)).then(a.place.cmp(&b.place)));
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::Ranked;
    use crate::indicator::{IndicatorColumn, IndicatorValue};
    use crate::method::Method;
    use crate::robustness::Compared;

    #[test]
    fn the_effect_of_a_weight_is_the_mean_over_draws_with_less_of_it_and_with_more() {
        let method = Method::preset("paper").unwrap().unwrap();
        let weights = crate::fixture::scored(8, &columns(&method), &method).parameters.weights;
        let place = weights.iter().rposition(Option::is_some).unwrap();
        let nominal = weights[place].unwrap().nominal();
        let draws = (0..200).map(|number| {
            let draw = WeightDraw::new(7, number, &weights, 100.0);
            let has_more = draw.weights[place].unwrap().nominal() > nominal;
            let changed = if has_more { 0.5 } else { 0.25 };
            (draw, Compared { tau_b: None, changed })
        });
        let drawn = Drawn { draws: draws.collect(), counts: Vec::new() };
        let effects = weight_effects(&drawn, &weights);
        assert_eq!(effects.len(), weights.iter().flatten().count());
        let most = effects[0];
        assert_eq!((most.place, most.less, most.more), (place, Some(0.25), Some(0.5)));
        let others = effects[1..].iter().flat_map(|effect| [effect.less, effect.more]).flatten();
        assert!(others.into_iter().all(|share| (0.25..=0.5).contains(&share)));
    }

    /// Of eight customers, each indicator knows all but one.
    fn columns(method: &Method) -> Vec<IndicatorColumn> {
        let value = |number: usize, place: usize| match (number + place) % 8 {
            0 => IndicatorValue::Unknown,
            step => IndicatorValue::Known(step as f64 / 8.0),
        };
        (0..method.indicators.len())
            .map(|place| (0..8).map(|number| value(number, place)).collect())
            .collect()
    }

    #[test]
    fn points_of_a_tier_are_the_mean_over_its_customers_for_whom_the_indicator_counts() {
        let method = Method::preset("paper").unwrap().unwrap();
        let columns = columns(&method);
        let scores = crate::fixture::scored(8, &columns, &method);
        let tiers = [0, 0, 0, 1, 1, 2, 3, 3].map(|place| Tier::ALL[place]);
        let ranked: Vec<Ranked> = (0..8)
            .zip(tiers)
            .map(|(number, computed)| Ranked {
                number,
                stratum: 0,
                rank: u64::from(number) + 1,
                score_e6: 0,
                computed,
                vetoed: false,
            })
            .collect();
        let strata = ["all".to_owned()];
        let study = Study::new(&method, &scores.parameters, &columns, &ranked, &strata);
        for found in tier_points(&study, tiers.into_iter()) {
            let mut wanted = [(0, 0.0); 4];
            for (number, tier) in tiers.iter().enumerate() {
                let values: Vec<IndicatorValue> = columns.iter().map(|column| column.get(number)).collect();
                if let Some(points) = crate::score::points(&method, &scores.parameters, &values)[found.place]
                {
                    let (customers, sum) = &mut wanted[tier.position()];
                    *customers += 1;
                    *sum += points;
                }
            }
            assert_eq!(found.customers, wanted.map(|(customers, _)| customers));
            for (mean, (customers, sum)) in found.means.into_iter().zip(wanted) {
                assert_eq!(mean.is_some(), customers > 0);
                assert!(mean.is_none_or(|mean| (mean - sum / customers as f64).abs() < 1e-6), "{found:?}");
            }
        }
    }
}
