//! The weights of a cycle: those of the method or, where the method says so, those that follow from the ranked customers'
//! points.
//!
//! Weights from the data are computed from the leaves to the root: those of indicators of a group by the indicators'
//! points, those of groups of a dimension by the groups' combined points, and those of dimensions by the dimensions'
//! combined points. Only known values of ranked customers count, since a substitute for an unknown value does not show
//! how well a column tells customers apart.

use rayon::prelude::*;

use super::ranked::RankedCustomers;
use super::{Fitted, Parameters};
use crate::index::index;
use crate::indicator::{DIMENSIONS, IndicatorColumn};
use crate::mcda::{Guard, bounded};
use crate::method::{FromData, Level, Method, Siblings, Weight};

/// The weights of a set of siblings, and what they follow from.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The weights by the data alone; `None` if the weights do not follow from the data.
    pub objective: Option<Vec<f64>>,
    /// For each sibling, the guard that applies to its points, if any.
    pub guards: Vec<Option<Guard>>,
    /// The weights that scores use.
    pub weights: Vec<f64>,
}

/// The weights of each indicator, and of each set of siblings of the method. `strata` are the numbers of the ranked
/// customers' strata among those of `parameters`; empty if points are fitted over all ranked customers.
#[must_use]
pub(super) fn weigh(
    method: &Method,
    parameters: &Parameters,
    columns: &[IndicatorColumn],
    ranked: &RankedCustomers,
    strata: Vec<u32>,
) -> (Vec<Option<Weight>>, Vec<Weighed>) {
    let mut weights: Vec<Option<Weight>> = method.indicators.iter().map(|spec| spec.weight).collect();
    let mut weighed: Vec<Weighed> = method.siblings.iter().map(as_given).collect();
    if method.siblings.iter().all(|siblings| siblings.from_data.is_none()) {
        return (weights, weighed);
    }
    let points = Points { method, parameters, columns, ranked: ranked.numbers(), strata };
    for level in [Level::Indicator, Level::Group, Level::Dimension] {
        for (place, siblings) in method.siblings.iter().enumerate() {
            let Some(from_data) = siblings.from_data.as_ref().filter(|_| siblings.level == level) else {
                continue;
            };
            let items: Vec<Vec<f64>> =
                siblings.items.iter().map(|item| points.combined(&weights, siblings, item)).collect();
            weighed[place] = blended(siblings, from_data, &items);
            put(method, &mut weights, siblings, &weighed[place].weights);
        }
    }
    (weights, weighed)
}

fn as_given(siblings: &Siblings) -> Weighed {
    Weighed { objective: None, guards: vec![None; siblings.items.len()], weights: siblings.given.clone() }
}

/// α × given + (1 − α) × objective, within the limits.
fn blended(siblings: &Siblings, from_data: &FromData, items: &[Vec<f64>]) -> Weighed {
    let objective = from_data.scheme.weigh(items);
    let mixed: Vec<f64> = siblings
        .given
        .iter()
        .zip(&objective.weights)
        .map(|(given, objective)| from_data.alpha * given + (1.0 - from_data.alpha) * objective)
        .collect();
    Weighed {
        weights: bounded(&mixed, &from_data.floors, &from_data.caps),
        objective: Some(objective.weights),
        guards: objective.guards,
    }
}

/// Whether the indicator at `place` belongs to the sibling `item`.
fn is_under(method: &Method, place: usize, siblings: &Siblings, item: &str) -> bool {
    let spec = &method.indicators[place];
    let Some(weight) = spec.weight else { return false };
    match siblings.level {
        Level::Dimension => DIMENSIONS[weight.dimension] == item,
        Level::Group => spec.group == item,
        Level::Indicator => spec.id == item && spec.group == siblings.parent,
    }
}

/// Sets the weights of a set of siblings in all indicators below them.
fn put(method: &Method, weights: &mut [Option<Weight>], siblings: &Siblings, values: &[f64]) {
    for (item, value) in siblings.items.iter().zip(values) {
        for (place, weight) in weights.iter_mut().enumerate() {
            let Some(weight) = weight.as_mut().filter(|_| is_under(method, place, siblings, item)) else {
                continue;
            };
            match siblings.level {
                Level::Dimension => weight.of_dimension = *value,
                Level::Group => weight.of_group = *value,
                Level::Indicator => weight.of_indicator = *value,
            }
        }
    }
}

/// The data from which the points of ranked customers are computed.
struct Points<'a> {
    method: &'a Method,
    parameters: &'a Parameters,
    columns: &'a [IndicatorColumn],
    ranked: &'a [u32],
    strata: Vec<u32>,
}

impl Points<'_> {
    /// The normalisation of an indicator for the ranked customer `row`.
    fn fitted(&self, row: usize, place: usize) -> Option<&Fitted> {
        let all = &self.parameters.fitted;
        match self.strata.get(row) {
            Some(&stratum) => self.parameters.strata[index(stratum)].holding(all, place),
            None => all[place].as_ref(),
        }
    }

    /// The points of an indicator, or the points of a group or dimension, combined by the weights below it; NaN if
    /// nothing is known.
    fn combined(&self, weights: &[Option<Weight>], siblings: &Siblings, item: &str) -> Vec<f64> {
        let members: Vec<(usize, Weight)> = (0..weights.len())
            .filter(|&place| is_under(self.method, place, siblings, item))
            .filter_map(|place| Some((place, weights[place]?)))
            .filter(|(place, _)| self.parameters.fitted[*place].is_some())
            .collect();
        let rows = 0..self.ranked.len();
        rows.into_par_iter().map(|row| self.combined_of(&members, row, siblings.level)).collect()
    }

    /// The combined points of the ranked customer `row`.
    fn combined_of(&self, members: &[(usize, Weight)], row: usize, level: Level) -> f64 {
        let customer = index(self.ranked[row]);
        let (mut total, mut whole) = (0.0, 0.0);
        for (place, weight) in members {
            let (Some(x), Some(fitted)) = (self.columns[*place].known(customer), self.fitted(row, *place))
            else {
                continue;
            };
            let share = match level {
                Level::Indicator => 1.0,
                Level::Group => weight.of_indicator,
                Level::Dimension => self.share_of_dimension(members, weight, customer),
            };
            total += share * fitted.points(x);
            whole += share;
        }
        if whole > 0.0 { total / whole } else { f64::NAN }
    }

    /// The weight of a known indicator among those of its dimension. The known indicators of a group share the weight with
    /// which the group enters, as in a score.
    fn share_of_dimension(&self, members: &[(usize, Weight)], weight: &Weight, customer: usize) -> f64 {
        let (mut all, mut known) = (0.0, 0.0);
        for (place, sibling) in members.iter().filter(|(_, sibling)| sibling.group == weight.group) {
            all += sibling.of_indicator;
            if self.columns[*place].known(customer).is_some() {
                known += sibling.of_indicator;
            }
        }
        if known <= 0.0 {
            return 0.0;
        }
        weight.of_group * self.method.reweight_limit.factor(known / all) * weight.of_indicator / known
    }
}
