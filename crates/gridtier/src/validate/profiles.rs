//! Profiles of clusters: mean of each indicator in its own unit, and the tiers of the customers.

use std::collections::BTreeMap;

use super::Validation;
use crate::cycle::Cycle;
use crate::index::{count, float, index};
use crate::method::Tier;

/// One indicator of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterProfile {
    /// `kmeans` or `gaussian_mixture`.
    pub clustering: &'static str,
    /// The cluster; 0 is the largest.
    pub cluster: usize,
    /// Number of customers of the sample in the cluster.
    pub customers: u64,
    /// Place of the indicator.
    pub place: usize,
    /// Number of these customers whose value is known.
    pub known: u64,
    /// The mean of their values, in the indicator's unit.
    pub mean: Option<f64>,
}

impl Validation {
    /// For each clustering, cluster and indicator with a weight, the mean over the sample.
    #[must_use]
    pub fn profiles(&self, cycle: &Cycle) -> Vec<ClusterProfile> {
        let places = cycle.parameters.weighing();
        let mut profiles = Vec::new();
        let Some(clusters) = &self.clusters else { return profiles };
        for found in &clusters.found {
            let clusters = found.labels.iter().max().map_or(0, |label| label + 1);
            for cluster in 0..clusters {
                let members: Vec<usize> = (0..self.sample.len())
                    .filter(|&at| found.labels[at] == cluster)
                    .map(|at| index(self.ranked[self.sample[at]].number))
                    .collect();
                profiles.extend(places.iter().map(|&place| {
                    let known: Vec<f64> =
                        members.iter().filter_map(|&number| cycle.columns[place].known(number)).collect();
                    let mean = known.iter().sum::<f64>() / float(known.len());
                    ClusterProfile {
                        clustering: found.name,
                        cluster,
                        customers: count(members.len()),
                        place,
                        known: count(known.len()),
                        mean: (!known.is_empty()).then_some(mean),
                    }
                }));
            }
        }
        profiles
    }

    /// Number of customers of the sample by clustering, cluster and computed tier.
    #[must_use]
    pub fn cluster_tiers(&self) -> Vec<((&'static str, usize, Tier), u64)> {
        let mut counts = BTreeMap::new();
        for found in self.clusters.iter().flat_map(|clusters| &clusters.found) {
            for (label, &row) in found.labels.iter().zip(&self.sample) {
                *counts.entry((found.name, *label, self.ranked[row].computed)).or_insert(0) += 1;
            }
        }
        counts.into_iter().collect()
    }
}
