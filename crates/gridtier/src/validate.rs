//! Checks whether a published grading is sound: measures of a cycle, each with the limits of its method and a sentence
//! on how to read it.
//!
//! Nothing here changes a grade. A measure whose inputs are missing has no value and the verdict `not_measured`. This
//! module does not write the results to files.

mod classes;
mod concentration;
mod points;
mod principles;
mod profiles;

use crate::cluster::{Clusters, cluster};
use crate::cycle::{Cycle, Ranked};
use crate::index::float;
use crate::limit;
use crate::method::Combine;
use crate::method::checks::{Good, Limit, MEASURES, Measure};
use crate::robustness::{Compared, Drawn, StepProgress, Study};
use crate::statistics::adjusted_rand;

pub use classes::{ClassCount, CustomerClass};
pub use concentration::{GroupShare, LorenzPoint};
pub use points::{TierPoints, WeightEffect};
pub use profiles::ClusterProfile;

/// The share of draws in which a customer must keep its tier; otherwise it is borderline.
pub const BORDERLINE: f64 = 0.8;

crate::words! {
    /// The verdict on a measure by its limits, from good to bad.
    Verdict "verdict" {
        /// There is no value.
        NotMeasured "not_measured" "not measured" "未测量",
        /// Within the limits, or without any limit.
        Pass "pass" "pass" "通过",
        /// Beyond the limit for a warning.
        Warn "warn" "warn" "警告",
        /// Beyond the limit for a failure.
        Fail "fail" "fail" "不通过",
    }
}

/// A measure with its value.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredCheck {
    /// The measure.
    pub measure: &'static Measure,
    /// The measured value.
    pub value: Option<f64>,
    /// The method's limits.
    pub limit: Limit,
    /// The verdict on the value by its limits.
    pub verdict: Verdict,
}

impl MeasuredCheck {
    fn new(measure: &'static Measure, value: Option<f64>, limit: Limit) -> Self {
        let beyond = |limit: Option<f64>| match (value, limit, measure.good) {
            (Some(value), Some(limit), Good::AtLeast) => value < limit,
            (Some(value), Some(limit), Good::AtMost) => value > limit,
            _ => false,
        };
        let verdict = match value {
            None => Verdict::NotMeasured,
            Some(_) if beyond(limit.fail) => Verdict::Fail,
            Some(_) if beyond(limit.warn) => Verdict::Warn,
            Some(_) => Verdict::Pass,
        };
        Self { measure, value, limit, verdict }
    }
}

/// Everything that was measured on a cycle.
#[derive(Debug)]
pub struct Validation {
    /// The measures, in their order.
    pub checks: Vec<MeasuredCheck>,
    /// Which groups of customers have which shares of revenue and energy.
    pub held: Vec<GroupShare>,
    /// The Lorenz curves.
    pub lorenz: Vec<LorenzPoint>,
    /// Number of customers by other classes and tier.
    pub classes: Vec<ClassCount>,
    /// The ranked customers, in the order of their numbers.
    pub ranked: Vec<Ranked>,
    /// Number of customers in the sample on which robustness was measured.
    pub sampled: usize,
    /// The effect of drawn weights.
    pub drawn: Drawn,
    /// The effect of leaving out each indicator, by its place.
    pub leave_one_out: Vec<(usize, Compared)>,
    /// The effect of the other ways to combine.
    pub methods: Vec<(Combine, Compared)>,
    /// Rows of the ranked customers in the sample.
    pub sample: Vec<usize>,
    /// The clusters.
    pub clusters: Option<Clusters>,
    /// By weighed indicator: mean points by tier.
    pub tier_points: Vec<TierPoints>,
}

impl Validation {
    /// The worst verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Pass)
    }

    /// Rows of the ranked customers that keep their tier in too few draws.
    pub fn borderline(&self) -> impl Iterator<Item = usize> {
        (0..self.ranked.len())
            .filter(|&row| self.drawn.probability(row, self.ranked[row].computed) < BORDERLINE)
    }
}

/// Measures a cycle. Long computations report their progress.
#[must_use]
pub fn validate(cycle: &Cycle, progress: StepProgress) -> Validation {
    let ranked = cycle.ranked();
    let concentrated = concentration::concentration(cycle);
    let classes = classes::classes(cycle);
    let study = Study::new(&cycle.method, &cycle.parameters, &cycle.columns, &ranked, &cycle.strata);
    let methods = study.methods();
    let leave_one_out = study.leave_one_out(progress);
    let drawn = study.draw(progress);
    let settings = &cycle.method.checks;
    let clusters = cluster(&study, settings.clusters, settings.seed, progress);
    let tier_points = points::tier_points(&study, ranked.iter().map(|customer| customer.computed));
    let (sampled, sample) = (study.sampled(), study.sample().to_vec());
    let mut validation = Validation {
        checks: Vec::new(),
        held: concentrated.held,
        lorenz: concentrated.lorenz,
        classes: classes.counts,
        sampled,
        drawn,
        leave_one_out,
        methods,
        sample,
        clusters,
        tier_points,
        ranked,
    };
    let influence = cycle.influence.iter().flatten().copied().max_by(f64::total_cmp);
    let delivered = limit::delivered_weight(&cycle.method, &cycle.parameters.delivered);
    let mut values = vec![("undelivered_weight", Some(1.0 - delivered)), ("influence_max", influence)];
    values.extend(concentrated.values);
    values.extend(classes.values);
    values.extend(principles::principles(cycle));
    values.extend(robust(&validation));
    values.extend(clustered(&validation));
    if validation.ranked.is_empty() {
        // Without ranked customers, only measures that do not depend on tiers have a meaning.
        values.retain(|(id, _)| {
            id.starts_with("top20") || id.starts_with("gini") || *id == "undelivered_weight"
        });
    }
    validation.checks = MEASURES
        .iter()
        .zip(&settings.limits)
        .map(|(measure, limit)| {
            let value = values.iter().find(|(id, _)| *id == measure.id).and_then(|(_, value)| *value);
            MeasuredCheck::new(measure, value, *limit)
        })
        .collect();
    validation
}

/// A measure's id and value.
type MeasureValue = (&'static str, Option<f64>);

/// How tiers change under other weights, without one indicator, and combined in another way.
fn robust(validation: &Validation) -> Vec<MeasureValue> {
    if validation.ranked.is_empty() {
        return Vec::new();
    }
    let draws = &validation.drawn.draws;
    // A draw in which all scores are equal has no order to compare; the mean is over the other draws.
    let taus: Vec<f64> = draws.iter().filter_map(|(_, compared)| compared.tau_b).collect();
    let kept: u64 = validation
        .ranked
        .iter()
        .zip(&validation.drawn.counts)
        .map(|(customer, counts)| u64::from(counts[customer.computed as usize]))
        .sum();
    let tried = float(validation.ranked.len()) * float(draws.len());
    let left_out = || validation.leave_one_out.iter().map(|(_, compared)| compared);
    let methods = || validation.methods.iter().map(|(_, compared)| compared);
    let borderline = float(validation.borderline().count()) / float(validation.ranked.len());
    vec![
        ("weights_tau", (!taus.is_empty()).then(|| taus.iter().sum::<f64>() / float(taus.len()))),
        ("weights_change", Some(1.0 - kept as f64 / tried)),
        ("borderline", Some(borderline)),
        ("leave_out_tau", least_tau(left_out())),
        ("leave_out_change", most_changed(left_out())),
        ("method_tau", least_tau(methods())),
        ("method_change", most_changed(methods())),
    ]
}

/// The smallest τ-b of some variations.
fn least_tau<'a>(compared: impl Iterator<Item = &'a Compared>) -> Option<f64> {
    compared.filter_map(|compared| compared.tau_b).min_by(f64::total_cmp)
}

/// The greatest share of changed tiers of some variations.
fn most_changed<'a>(compared: impl Iterator<Item = &'a Compared>) -> Option<f64> {
    compared.map(|compared| compared.changed).max_by(f64::total_cmp)
}

/// The measures of clusters against tiers.
fn clustered(validation: &Validation) -> Vec<MeasureValue> {
    let Some(clusters) = &validation.clusters else { return Vec::new() };
    let Some(kmeans) = clusters.found.iter().find(|found| found.name == "kmeans") else { return Vec::new() };
    let tiers: Vec<usize> =
        validation.sample.iter().map(|&row| validation.ranked[row].computed as usize).collect();
    vec![
        ("cluster_silhouette", kmeans.silhouette),
        ("cluster_stability", Some(kmeans.stability)),
        ("cluster_agreement", Some(adjusted_rand(&kmeans.labels, &tiers))),
    ]
}

#[cfg(test)]
mod tests;
