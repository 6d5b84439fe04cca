//! One customer's points: the same code for a whole cycle and for one row replayed on frozen parameters.

use super::normalise::Fitted;
use crate::indicator::{DIMENSIONS, Value};
use crate::method::{Method, Unknowns};

/// One customer's score and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// 0 to 100; `None` when nothing is known.
    pub score: Option<f64>,
    /// Each dimension's own score; `None` when it is empty.
    pub dimensions: [Option<f64>; 3],
    /// By indicator: w × z, 0 when it is left out.
    pub contributions: Vec<f64>,
    /// By indicator: the effective weight, 0 when it is left out.
    pub weights: Vec<f64>,
    /// By indicator: z where it counts.
    pub points: Vec<Option<f64>>,
}

/// Scores one customer: z by the fitted parameters, weights scaled up where siblings are left out, score = Σ w z.
/// `values` holds the method's indicators in their order.
#[must_use]
pub fn score_row(method: &Method, fitted: &[Option<Fitted>], values: &[Value]) -> Scored {
    let points: Vec<Option<f64>> = method
        .indicators
        .iter()
        .zip(fitted)
        .zip(values)
        .map(|((spec, fitted), value)| {
            let fitted = fitted.as_ref().filter(|_| spec.weight.is_some())?;
            match (value, method.unknown) {
                (Value::Known(x), _) => Some(fitted.points(*x)),
                (Value::NotApplicable, _) | (Value::Unknown, Unknowns::Reweight) => None,
                (Value::Unknown, Unknowns::Worst) => Some(0.0),
                (Value::Unknown, Unknowns::Neutral) => Some(50.0),
            }
        })
        .collect();
    let any_known = method.indicators.iter().zip(values).any(|(spec, value)| {
        spec.weight.is_some_and(|weight| weight.nominal() > 0.0) && value.known().is_some()
    });
    let (weights, within) = effective(method, &points);
    let mut scored = Scored {
        score: None,
        dimensions: [None; DIMENSIONS.len()],
        contributions: vec![0.0; points.len()],
        weights,
        points,
    };
    let mut score = 0.0;
    for (place, spec) in method.indicators.iter().enumerate() {
        let (Some(weight), Some(z)) = (spec.weight, scored.points[place]) else { continue };
        let contribution = scored.weights[place] * z;
        scored.contributions[place] = contribution;
        score += contribution;
        if within[place] > 0.0 {
            *scored.dimensions[weight.dimension].get_or_insert(0.0) += within[place] * z;
        }
    }
    scored.score = any_known.then_some(score);
    scored
}

/// By indicator: the effective weight in the score, and the effective weight within the dimension. What is left out
/// gives its weight to its siblings; an empty group or dimension is left out the same way one level up.
fn effective(method: &Method, points: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let weighted = || {
        let specs = method.indicators.iter().zip(points).enumerate();
        specs.filter_map(|(place, (spec, z))| Some((place, spec.weight.filter(|_| z.is_some())?)))
    };
    let groups = method.indicators.iter().filter_map(|spec| spec.weight).map(|weight| weight.group + 1).max();
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
