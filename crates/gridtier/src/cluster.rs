//! Clusters customers by their points, with k-means and Gaussian mixtures (linfa).
//!
//! Clusters check a grading and never replace it: their sizes are very unequal, and nothing makes them match the quotas.
//! Distances are between points, so that all indicators have the same scale. All randomness comes from a given seed;
//! k-means++ is used because the parallel initialisation of linfa is not reproducible.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::{GaussianMixtureModel, GmmInitMethod, KMeans, KMeansInit};
use linfa_nn::distance::L2Dist;
use ndarray::{Array1, Array2};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::index::{count, float};
use crate::robustness::{StepProgress, Study};
use crate::statistics::{adjusted_rand, silhouette};

/// An indicator takes part when its value is known for at least this share of the customers.
const KNOWN_SHARE_MIN: f64 = 0.5;
/// Number of customers on whom the number of clusters is chosen. It is limited, since the cost of silhouettes grows
/// with its square.
const CHOICE_ROWS: usize = 3_000;
/// Number of seeds whose clusterings are compared.
const SEEDS: u64 = 5;
/// Number of initialisations of one k-means run, of which the best result is kept.
const STARTS: usize = 3;
/// Most iterations that follow one initialisation.
const ROUNDS_MAX: u64 = 300;
/// Added to the diagonal of every covariance matrix, in units of (100 points)²: otherwise an indicator that is constant
/// within a cluster would make the matrix singular.
const COVARIANCE_FLOOR: f64 = 1e-4;

/// One clustering of the sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// `kmeans` or `gaussian_mixture`.
    pub name: &'static str,
    /// The cluster of each row of the sample; 0 is the largest cluster.
    pub labels: Vec<usize>,
    /// Mean silhouette on the rows on which the number of clusters was chosen.
    pub silhouette: Option<f64>,
    /// Mean adjusted Rand index between the clusterings of different seeds.
    pub stability: f64,
}

/// The result of clustering a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// Number of customers clustered.
    pub sampled: usize,
    /// Number of customers on whom the number of clusters was chosen.
    pub chosen_on: usize,
    /// Places in the method of the indicators that took part.
    pub places: Vec<usize>,
    /// Each number of clusters that was tried, with its silhouette.
    pub choice: Vec<(usize, Option<f64>)>,
    /// The number of clusters with the best silhouette.
    pub clusters: usize,
    /// The clusterings, one for each method that could be fitted.
    pub found: Vec<Clustering>,
}

/// Clusters the sample of a study. `None` when fewer than two indicators vary between its customers, or when the sample
/// has fewer than ten customers for each of two clusters.
#[must_use]
pub fn cluster(study: &Study, most: usize, seed: u64, progress: StepProgress) -> Option<Clusters> {
    const WHAT: &str = "cluster";
    let sample = PointMatrix::new(study);
    let most = most.min(sample.rows.len() / 10);
    if sample.columns.len() < 2 || most < 2 {
        return None;
    }
    let steps = count(most - 1) + 2 * SEEDS;
    let every = sample.rows.len().div_ceil(CHOICE_ROWS);
    let some: Vec<Vec<f64>> = sample.rows.iter().step_by(every).cloned().collect();
    let mut choice = Vec::new();
    for clusters in 2..=most {
        progress(WHAT, count(choice.len()), steps);
        let labels = kmeans(&some, clusters, seed);
        choice.push((clusters, labels.and_then(|labels| silhouette(&some, &labels))));
    }
    // max_by returns the last of equal maxima; in reversed order, that is the fewest clusters.
    let clusters = choice
        .iter()
        .rev()
        .max_by(|(_, a), (_, b)| a.unwrap_or(f64::NEG_INFINITY).total_cmp(&b.unwrap_or(f64::NEG_INFINITY)))
        .map_or(2, |(clusters, _)| *clusters);
    let mut found = Vec::new();
    for (place, (name, fit)) in
        [("kmeans", kmeans as Fitting), ("gaussian_mixture", mixture as Fitting)].into_iter().enumerate()
    {
        found.extend(clustering(&sample.rows, name, fit, clusters, seed, every, &|done| {
            progress(WHAT, count(most - 1) + count(place) * SEEDS + done, steps);
        }));
    }
    progress(WHAT, steps, steps);
    let places = sample.columns.iter().map(|&column| study.places()[column]).collect();
    Some(Clusters { sampled: sample.rows.len(), chosen_on: some.len(), places, choice, clusters, found })
}

type Fitting = fn(&[Vec<f64>], usize, u64) -> Option<Vec<usize>>;

fn clustering(
    rows: &[Vec<f64>],
    name: &'static str,
    fit: Fitting,
    clusters: usize,
    seed: u64,
    every: usize,
    progress: &dyn Fn(u64),
) -> Option<Clustering> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for run in 0..SEEDS {
        progress(run);
        runs.extend(fit(rows, clusters, seed.wrapping_add(run)));
    }
    let pairs = (0..runs.len()).flat_map(|a| (a + 1..runs.len()).map(move |b| (a, b)));
    let indices: Vec<f64> = pairs.map(|(a, b)| adjusted_rand(&runs[a], &runs[b])).collect();
    let stability = if indices.is_empty() { 0.0 } else { indices.iter().sum::<f64>() / float(indices.len()) };
    let labels = runs.into_iter().next()?;
    let some: Vec<Vec<f64>> = rows.iter().step_by(every).cloned().collect();
    let some_labels: Vec<usize> = labels.iter().step_by(every).copied().collect();
    Some(Clustering { name, silhouette: silhouette(&some, &some_labels), labels, stability })
}

/// k-means with k-means++ initialisation (D. Arthur, S. Vassilvitskii, *SODA* 2007).
fn kmeans(rows: &[Vec<f64>], clusters: usize, seed: u64) -> Option<Vec<usize>> {
    let data = DatasetBase::from(matrix(rows));
    let model = KMeans::params_with(clusters, Xoshiro256Plus::seed_from_u64(seed), L2Dist)
        .init_method(KMeansInit::KMeansPlusPlus)
        .n_runs(STARTS)
        .max_n_iterations(ROUNDS_MAX)
        .tolerance(1e-4)
        .fit(&data)
        .ok()?;
    let labels: Array1<usize> = model.predict(data.records());
    Some(by_size(&labels.to_vec(), clusters))
}

/// A Gaussian mixture with full covariances, initialised by k-means (linfa; A. P. Dempster, N. M. Laird, D. B. Rubin,
/// *J. Royal Statistical Society B* 39, 1–38, 1977).
fn mixture(rows: &[Vec<f64>], clusters: usize, seed: u64) -> Option<Vec<usize>> {
    let data = DatasetBase::from(matrix(rows));
    let model = GaussianMixtureModel::params_with_rng(clusters, Xoshiro256Plus::seed_from_u64(seed))
        .init_method(GmmInitMethod::KMeans)
        .n_runs(1)
        .max_n_iterations(ROUNDS_MAX)
        .tolerance(1e-3)
        .reg_covariance(COVARIANCE_FLOOR)
        .fit(&data)
        .ok()?;
    let labels: Array1<usize> = model.predict(data.records());
    Some(by_size(&labels.to_vec(), clusters))
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row][column])
}

/// Relabels clusters by size, the largest 0; of clusters of equal size, the one with the earliest row comes first.
fn by_size(labels: &[usize], clusters: usize) -> Vec<usize> {
    let mut sizes = vec![0usize; clusters];
    let mut first = vec![usize::MAX; clusters];
    for (row, &label) in labels.iter().enumerate() {
        sizes[label] += 1;
        first[label] = first[label].min(row);
    }
    let mut order: Vec<usize> = (0..clusters).collect();
    order.sort_by_key(|&label| (std::cmp::Reverse(sizes[label]), first[label]));
    let mut names = vec![0; clusters];
    order.iter().enumerate().for_each(|(name, &label)| names[label] = name);
    labels.iter().map(|&label| names[label]).collect()
}

/// The points of the sample, scaled to 0 … 1; missing points are replaced by the mean.
struct PointMatrix {
    rows: Vec<Vec<f64>>,
    /// Indices of the study's indicators that take part.
    columns: Vec<usize>,
}

impl PointMatrix {
    /// An indicator takes part when it is known for half of the sample and varies. Missing points are replaced by the mean
    /// of the known ones, which favours no cluster.
    fn new(study: &Study) -> Self {
        let all: Vec<Vec<Option<f64>>> = study.sample().iter().map(|&row| study.row(row)).collect();
        let mut columns = Vec::new();
        let mut means = Vec::new();
        for column in 0..study.places().len() {
            let known: Vec<f64> = all.iter().filter_map(|row| row[column]).collect();
            let varies = known.iter().any(|z| *z != known[0]);
            if varies && float(known.len()) >= KNOWN_SHARE_MIN * float(all.len()) {
                columns.push(column);
                means.push(known.iter().sum::<f64>() / float(known.len()));
            }
        }
        let rows = all
            .iter()
            .map(|row| {
                let filled = columns.iter().zip(&means);
                filled.map(|(&column, mean)| row[column].unwrap_or(*mean) / 100.0).collect()
            })
            .collect();
        Self { rows, columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clouds of 40, 30 and 20 points.
    fn clouds() -> Vec<Vec<f64>> {
        let cloud = |(x, y, rows): (f64, f64, usize)| {
            (0..rows).map(move |row| {
                let (a, b) = ((row * 7 % 11) as f64 / 110.0, (row * 5 % 13) as f64 / 130.0);
                vec![x + a, y + b]
            })
        };
        [(0.0, 0.0, 40), (1.0, 0.0, 30), (0.0, 1.0, 20)].into_iter().flat_map(cloud).collect()
    }

    #[test]
    fn separate_clouds_are_found_largest_first() {
        let rows = clouds();
        let truth: Vec<usize> = [vec![0; 40], vec![1; 30], vec![2; 20]].concat();
        for fit in [kmeans as Fitting, mixture as Fitting] {
            let labels = fit(&rows, 3, 7).unwrap();
            assert_eq!(labels, truth);
            assert_eq!(fit(&rows, 3, 7).unwrap(), labels, "the same seed");
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let rows = clouds();
        let by = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| [kmeans(&rows, 5, 3), mixture(&rows, 4, 3)])
        };
        assert_eq!(by(1), by(4));
    }
}
