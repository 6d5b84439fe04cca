//! The score of one customer on given parameters, as explanations replay it. A whole population is scored block by block
//! with the same arithmetic (`rows`).

use super::combine::{combined, contributions};
use super::normalise::Fitted;
use crate::indicator::{DIMENSIONS, IndicatorValue};
use crate::method::{Method, Unknowns, Weight};

/// What is fitted to the ranked customers of a cycle and published with it: all that scoring one customer needs besides
/// the method.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// By indicator: the fitted normalisation, `None` without one.
    pub fitted: Vec<Option<Fitted>>,
    /// By indicator: the weights on the way from the root, `None` without any.
    pub weights: Vec<Option<Weight>>,
}

impl Parameters {
    /// The indicators that have a weight, in the method's order.
    #[must_use]
    pub fn weighing(&self) -> Vec<usize> {
        (0..self.weights.len()).filter(|&place| self.weights[place].is_some()).collect()
    }

    /// Whether anything that weighs is known of a customer.
    pub(super) fn any_known(&self, values: &[IndicatorValue]) -> bool {
        self.weights.iter().zip(values).any(|(weight, value)| {
            weight.is_some_and(|weight| weight.nominal() > 0.0) && value.known().is_some()
        })
    }
}

/// One customer's score and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// 0 to 100; `None` when nothing is known.
    pub score: Option<f64>,
    /// The score within each dimension; `None` when it is empty.
    pub dimensions: [Option<f64>; 3],
    /// By indicator: its part of the score, 0 when it is left out.
    pub contributions: Vec<f64>,
    /// By indicator: the effective weight, 0 when it is left out.
    pub weights: Vec<f64>,
    /// By indicator: z where it counts.
    pub points: Vec<Option<f64>>,
}

/// Scores one customer: z by the fitted parameters, weights scaled up where siblings are left out, then combined.
/// `values` holds the method's indicators in their order.
#[must_use]
pub fn score_row(method: &Method, parameters: &Parameters, values: &[IndicatorValue]) -> Scored {
    let points = points(method, parameters, values);
    let (weights, within) = effective(&parameters.weights, &points);
    let score = combined(method.combine, &weights, &points);
    Scored {
        score: parameters.any_known(values).then_some(score),
        dimensions: std::array::from_fn(|dimension| {
            let weights: Vec<f64> = within
                .iter()
                .zip(&parameters.weights)
                .map(
                    |(w, weight)| {
                        if weight.is_some_and(|weight| weight.dimension == dimension) { *w } else { 0.0 }
                    },
                )
                .collect();
            weights.iter().any(|w| *w > 0.0).then(|| combined(method.combine, &weights, &points))
        }),
        contributions: contributions(method.combine, &weights, &points, score),
        weights,
        points,
    }
}

/// By indicator: the points of one customer, where they count.
#[must_use]
pub fn points(method: &Method, parameters: &Parameters, values: &[IndicatorValue]) -> Vec<Option<f64>> {
    parameters
        .fitted
        .iter()
        .zip(&parameters.weights)
        .zip(values)
        .map(|((fitted, weight), value)| {
            let fitted = fitted.as_ref().filter(|_| weight.is_some())?;
            match (value, method.unknown) {
                (IndicatorValue::Known(x), _) => Some(fitted.points(*x)),
                (IndicatorValue::NotApplicable, _) | (IndicatorValue::Unknown, Unknowns::Reweight) => None,
                (IndicatorValue::Unknown, Unknowns::Worst) => Some(0.0),
                (IndicatorValue::Unknown, Unknowns::Neutral) => Some(50.0),
            }
        })
        .collect()
}

/// By indicator: the effective weight in the score, and the effective weight within the dimension. The weight of an
/// indicator that is left out goes to its siblings; an empty group or dimension is left out the same way one level up.
#[must_use]
pub fn effective(all: &[Option<Weight>], points: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let weighted = || {
        let pairs = all.iter().zip(points).enumerate();
        pairs.filter_map(|(place, (weight, z))| Some((place, weight.filter(|_| z.is_some())?)))
    };
    let groups = all.iter().flatten().map(|weight| weight.group + 1).max();
    let mut of_group = vec![0.0; groups.unwrap_or(0)];
    for (_, weight) in weighted() {
        of_group[weight.group] += weight.of_indicator;
    }
    let mut of_dimension = [0.0; DIMENSIONS.len()];
    let mut counted = vec![false; of_group.len()];
    for (_, weight) in weighted() {
        if of_group[weight.group] > 0.0 && !counted[weight.group] {
            counted[weight.group] = true;
            of_dimension[weight.dimension] += weight.of_group;
        }
    }
    let mut total = 0.0;
    let mut summed = [false; DIMENSIONS.len()];
    for (_, weight) in weighted() {
        if of_dimension[weight.dimension] > 0.0 && !summed[weight.dimension] {
            summed[weight.dimension] = true;
            total += weight.of_dimension;
        }
    }
    let mut weights = vec![0.0; points.len()];
    let mut within = vec![0.0; points.len()];
    for (place, weight) in weighted() {
        let (group, dimension) = (of_group[weight.group], of_dimension[weight.dimension]);
        if group > 0.0 && dimension > 0.0 {
            within[place] = weight.of_group / dimension * (weight.of_indicator / group);
            if total > 0.0 {
                weights[place] = weight.of_dimension / total * within[place];
            }
        }
    }
    (weights, within)
}
