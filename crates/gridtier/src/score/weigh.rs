//! The score of one customer by given parameters, which explanations compute again. A whole population is scored block
//! by block with the same arithmetic (`rows`).

use std::borrow::Cow;

use super::combine::{combined, contributions};
use super::normalise::Fitted;
use crate::indicator::{DIMENSIONS, IndicatorValue};
use crate::method::{Method, ReweightLimit, Unknowns, Weight};

/// The parameters that are fitted to the ranked customers of a cycle and published with it: together with the method,
/// they are all that scoring one customer needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// For each indicator, the fitted normalisation; `None` if it has none.
    pub fitted: Vec<Option<Fitted>>,
    /// For each indicator, the weights on the path from the root; `None` if it has none.
    pub weights: Vec<Option<Weight>>,
    /// For each indicator, whether the data that it needs were delivered.
    pub delivered: Vec<bool>,
    /// The parameters that are fitted within strata; empty if points are fitted over all ranked customers.
    pub strata: Vec<StratumParameters>,
}

/// The parameters that are fitted to the ranked customers of a stratum (DATA section 7).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StratumParameters {
    /// The stratum.
    pub name: String,
    /// For each indicator, the fitted normalisation. It is `None` if that of all ranked customers applies, since too
    /// few of the stratum have a value or the parameters are fixed.
    pub fitted: Vec<Option<Fitted>>,
    /// For each indicator, the number of ranked customers of the stratum with a known value.
    pub ranked_known: Vec<u64>,
}

impl StratumParameters {
    /// The normalisation of an indicator that applies in the stratum. `all` are those of all ranked customers.
    #[must_use]
    pub fn holding<'a>(&'a self, all: &'a [Option<Fitted>], place: usize) -> Option<&'a Fitted> {
        self.fitted[place].as_ref().or(all[place].as_ref())
    }
}

impl Parameters {
    /// The parameters by which a customer of a stratum is scored.
    #[must_use]
    pub fn in_stratum(&self, name: &str) -> Cow<'_, Self> {
        let Some(stratum) = self.strata.iter().find(|stratum| stratum.name == name) else {
            return Cow::Borrowed(self);
        };
        let fitted = (0..self.fitted.len()).map(|place| stratum.holding(&self.fitted, place).cloned());
        Cow::Owned(Self {
            fitted: fitted.collect(),
            weights: self.weights.clone(),
            delivered: self.delivered.clone(),
            strata: Vec::new(),
        })
    }

    /// The same parameters with strata of these names, in this order. A stratum without parameters of its own is scored
    /// by those of all ranked customers. If points are fitted over all ranked customers, the result has no strata.
    #[must_use]
    pub fn with_strata(&self, names: &[String]) -> Self {
        let strata = names.iter().filter(|_| !self.strata.is_empty()).map(|name| {
            let known = self.strata.iter().find(|stratum| stratum.name == *name);
            known.cloned().unwrap_or_else(|| StratumParameters {
                name: name.clone(),
                fitted: vec![None; self.fitted.len()],
                ranked_known: vec![0; self.fitted.len()],
            })
        });
        Self { strata: strata.collect(), ..self.clone() }
    }

    /// The indicators that have a weight, in the method's order.
    #[must_use]
    pub fn weighing(&self) -> Vec<usize> {
        (0..self.weights.len()).filter(|&place| self.weights[place].is_some()).collect()
    }

    /// Whether any indicator with a weight is known for a customer.
    pub(super) fn any_known(&self, values: &[IndicatorValue]) -> bool {
        self.weights.iter().zip(values).any(|(weight, value)| {
            weight.is_some_and(|weight| weight.nominal() > 0.0) && value.known().is_some()
        })
    }
}

/// One customer's score and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The score from 0 to 100; `None` if nothing is known.
    pub score: Option<f64>,
    /// The score within each dimension; `None` if nothing is known in it.
    pub dimensions: [Option<f64>; 3],
    /// For each indicator, its part of the score; 0 if it is left out.
    pub contributions: Vec<f64>,
    /// For each indicator, its effective weight; 0 if it is left out.
    pub weights: Vec<f64>,
    /// For each indicator that counts, its points z.
    pub points: Vec<Option<f64>>,
}

/// Scores one customer: finds points z by the fitted parameters, scales weights up where siblings are left out, and
/// combines. `values` has the method's indicators in their order; the parameters are those [of the customer's
/// stratum](Parameters::in_stratum).
#[must_use]
pub fn score_row(method: &Method, parameters: &Parameters, values: &[IndicatorValue]) -> Scored {
    let points = points(method, parameters, values);
    let (weights, within) = effective(&parameters.weights, &points, method.reweight_limit);
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

/// For each indicator that counts, the points of one customer.
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

/// A group or dimension for one customer.
#[derive(Clone, Copy, Default)]
struct Node {
    /// Σ of the weights of all children.
    all: f64,
    /// Σ of the children's weights × the share of each child that takes part.
    taking_part: f64,
    /// Σ of the weights with which children enter the node.
    entering: f64,
}

impl Node {
    fn add(&mut self, weight: f64, share: f64, entering: f64) {
        self.all += weight;
        self.taking_part += weight * share;
        self.entering += entering;
    }

    /// The share k of the node's weight that takes part.
    fn share(&self) -> f64 {
        if self.all > 0.0 { self.taking_part / self.all } else { 0.0 }
    }
}

/// For each indicator, its effective weight in the score and its effective weight within the dimension.
///
/// The weight of an indicator that is left out goes to its siblings. A group or dimension of which a share k takes part
/// enters its level with its weight × min(1, limit × k) (SPEC section 5), so that an empty one is left out. The weights
/// of a level are then scaled to sum to 1.
#[must_use]
pub fn effective(
    all: &[Option<Weight>],
    points: &[Option<f64>],
    limit: ReweightLimit,
) -> (Vec<f64>, Vec<f64>) {
    let weighted = || {
        let pairs = all.iter().zip(points).enumerate();
        pairs.filter_map(|(place, (weight, z))| Some((place, (*weight)?, z.is_some())))
    };
    let count = weighted().map(|(_, weight, _)| weight.group + 1).max().unwrap_or(0);
    // Each group, with the weights of the levels above it, which all of its indicators share.
    let mut groups: Vec<(Node, Option<Weight>)> = vec![(Node::default(), None); count];
    for (_, weight, is_there) in weighted() {
        let (group, above) = &mut groups[weight.group];
        let entering = if is_there { weight.of_indicator } else { 0.0 };
        group.add(weight.of_indicator, f64::from(u8::from(is_there)), entering);
        *above = Some(weight);
    }
    let mut dimensions: [(Node, Option<Weight>); DIMENSIONS.len()] = Default::default();
    for (group, above) in &groups {
        let Some(above) = above else { continue };
        let (dimension, of_dimension) = &mut dimensions[above.dimension];
        let share = group.share();
        dimension.add(above.of_group, share, above.of_group * limit.factor(share));
        *of_dimension = Some(*above);
    }
    let entering = dimensions.map(|(dimension, above)| {
        let entered = above.filter(|_| dimension.entering > 0.0);
        entered.map_or(0.0, |above| above.of_dimension * limit.factor(dimension.share()))
    });
    let total: f64 = entering.iter().sum();
    let mut weights = vec![0.0; points.len()];
    let mut within = vec![0.0; points.len()];
    for (place, weight, _) in weighted().filter(|(.., is_there)| *is_there) {
        let (group, (dimension, _)) = (&groups[weight.group].0, &dimensions[weight.dimension]);
        let of_group = weight.of_group * limit.factor(group.share());
        if group.entering > 0.0 && dimension.entering > 0.0 {
            within[place] = of_group / dimension.entering * (weight.of_indicator / group.entering);
            if total > 0.0 {
                weights[place] = entering[weight.dimension] / total * within[place];
            }
        }
    }
    (weights, within)
}
