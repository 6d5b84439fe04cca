//! Is a published grading sound? Measures on a cycle, each with the limits of its method and a sentence on how to read
//! it.
//!
//! Nothing here changes a grade. A measure without a value, because what it needs is not there, passes no judgement and
//! says so. How results are worded or written is not known here.

mod classes;
mod concentration;
mod principles;
mod profiles;

use serde::Serialize;

use crate::cluster::{Clusters, cluster};
use crate::cycle::{Cycle, Ranked};
use crate::method::Combine;
use crate::method::checks::{Good, Limit, MEASURES, Measure};
use crate::robustness::{Compared, Drawn, Progress, Study};
use crate::statistics::adjusted_rand;

pub use classes::{Class, ClassCount};
pub use concentration::{Held, LorenzPoint};
pub use profiles::Profile;

/// Draws in which a customer must keep its tier not to be borderline.
pub const BORDERLINE: f64 = 0.8;

/// How a measure stands to its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There is no value.
    NotMeasured,
    /// Within its limits, or without any.
    Pass,
    /// Beyond the limit that warns.
    Warn,
    /// Beyond the limit that fails.
    Fail,
}

impl Verdict {
    /// The word of tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["not_measured", "pass", "warn", "fail"][self as usize]
    }
}

/// A measure with its value.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What is measured.
    pub measure: &'static Measure,
    /// Its value.
    pub value: Option<f64>,
    /// The method's limits.
    pub limit: Limit,
    /// How they stand to each other.
    pub verdict: Verdict,
}

impl Check {
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

/// All that was measured on a cycle.
#[derive(Debug)]
pub struct Validation {
    /// The measures, in their order.
    pub checks: Vec<Check>,
    /// Who holds which part of revenue and energy.
    pub held: Vec<Held>,
    /// The Lorenz curves.
    pub lorenz: Vec<LorenzPoint>,
    /// Other classes of customers, by tier.
    pub classes: Vec<ClassCount>,
    /// The ranked customers, by number.
    pub ranked: Vec<Ranked>,
    /// Customers of the sample on whom robustness was measured.
    pub sampled: usize,
    /// What drawn weights do.
    pub drawn: Drawn,
    /// What leaving out each indicator does, by its place.
    pub leave_one_out: Vec<(usize, Compared)>,
    /// What the other ways to combine do.
    pub methods: Vec<(Combine, Compared)>,
    /// Rows of the ranked customers in the sample.
    pub sample: Vec<usize>,
    /// What clustering found.
    pub clusters: Option<Clusters>,
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

/// Measures a cycle. Long computations tell how far they are.
#[must_use]
pub fn validate(cohort: &Cycle, progress: Progress) -> Validation {
    let ranked = cohort.ranked();
    let concentrated = concentration::concentration(cohort);
    let classes = classes::classes(cohort);
    let study = Study::new(&cohort.method, &cohort.parameters, &cohort.columns, &ranked);
    let methods = study.methods();
    let leave_one_out = study.leave_one_out(progress);
    let drawn = study.draw(progress);
    let settings = &cohort.method.checks;
    let clusters = cluster(&study, settings.clusters, settings.seed, progress);
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
        ranked,
    };
    let influence = cohort.influence.iter().flatten().copied().max_by(f64::total_cmp);
    let mut values = vec![("influence_max", influence)];
    values.extend(concentrated.values);
    values.extend(classes.values);
    values.extend(principles::principles(cohort));
    values.extend(robust(&validation));
    values.extend(clustered(&validation));
    if validation.ranked.is_empty() {
        // Without tiers by rank only what does not look at tiers says anything.
        values.retain(|(id, _)| id.starts_with("top20") || id.starts_with("gini"));
    }
    validation.checks = MEASURES
        .iter()
        .zip(&settings.limits)
        .map(|(measure, limit)| {
            let value = values.iter().find(|(id, _)| *id == measure.id).and_then(|(_, value)| *value);
            Check::new(measure, value, *limit)
        })
        .collect();
    validation
}

/// A measure's id and value.
type Value = (&'static str, Option<f64>);

fn robust(validation: &Validation) -> Vec<Value> {
    if validation.ranked.is_empty() {
        return Vec::new();
    }
    let draws = &validation.drawn.draws;
    // A draw in which nobody differs has no order to compare; it does not hide the others.
    let taus: Vec<f64> = draws.iter().filter_map(|(_, compared)| compared.tau_b).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let kept: u64 = validation
        .ranked
        .iter()
        .zip(&validation.drawn.counts)
        .map(|(customer, counts)| u64::from(counts[customer.computed as usize]))
        .sum();
    let tried = validation.ranked.len() as f64 * draws.len() as f64;
    let least = |compared: &mut dyn Iterator<Item = &Compared>| {
        compared.filter_map(|compared| compared.tau_b).min_by(f64::total_cmp)
    };
    let most = |compared: &mut dyn Iterator<Item = &Compared>| {
        compared.map(|compared| compared.changed).max_by(f64::total_cmp)
    };
    let left_out = || validation.leave_one_out.iter().map(|(_, compared)| compared);
    let methods = || validation.methods.iter().map(|(_, compared)| compared);
    let borderline = validation.borderline().count() as f64 / validation.ranked.len() as f64;
    vec![
        ("weights_tau", (!taus.is_empty()).then(|| mean(&taus))),
        ("weights_change", Some(1.0 - kept as f64 / tried)),
        ("borderline", Some(borderline)),
        ("leave_out_tau", least(&mut left_out())),
        ("leave_out_change", most(&mut left_out())),
        ("method_tau", least(&mut methods())),
        ("method_change", most(&mut methods())),
    ]
}

fn clustered(validation: &Validation) -> Vec<Value> {
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
