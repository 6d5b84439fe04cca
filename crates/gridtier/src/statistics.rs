//! Measures of concentration and agreement on plain columns.
//!
//! Counts and sums are integers, so that a measure has one value whatever the order of rows; only the last division
//! uses floats. Which columns are measured, and which values are good, is decided by the callers.

pub mod discrimination;
pub mod migration;
pub mod stability_index;

use rayon::prelude::*;

use crate::index::{float, float_i64, index};

/// Kendall's τ-b of many columns with one fixed column (M. G. Kendall, *Biometrika* 33(3) 239–251, 1945), by merge sort
/// in n log n (W. R. Knight, *J. American Statistical Association* 61, 436–439, 1966).
#[derive(Debug)]
pub struct KendallOrder {
    /// The rows in the order of the fixed column.
    rows: Vec<u32>,
    /// Lengths of the runs of equal values in that order.
    runs: Vec<u32>,
}

impl KendallOrder {
    /// The order of the fixed column.
    #[must_use]
    pub fn of(column: &[f64]) -> Self {
        let mut rows: Vec<u32> = (0..column.len() as u32).collect();
        rows.sort_unstable_by(|&a, &b| column[index(a)].total_cmp(&column[index(b)]));
        let runs = rows.chunk_by(|&a, &b| column[index(a)] == column[index(b)]);
        let runs = runs.map(|run| run.len() as u32).collect();
        Self { rows, runs }
    }

    /// τ-b = (concordant − discordant pairs)/√((pairs not tied in one) (pairs not tied in the other)), from −1 to 1.
    /// `None` when all values of a column are equal, or there are fewer than two rows.
    #[must_use]
    pub fn tau_b(&self, other: &[f64]) -> Option<f64> {
        let mut values: Vec<f64> = self.rows.iter().map(|&row| other[index(row)] + 0.0).collect();
        let (mut tied, mut tied_both, mut start) = (0, 0, 0);
        for &run in &self.runs {
            let group = &mut values[start..start + index(run)];
            group.sort_unstable_by(f64::total_cmp);
            tied += pairs(group.len());
            tied_both += tied_pairs(group);
            start += index(run);
        }
        let swaps = sort_counting(&mut values);
        let tied_other = tied_pairs(&values);
        let all = pairs(values.len());
        let product = float_i64(all - tied) * float_i64(all - tied_other);
        let agreement = all - tied - tied_other + tied_both - 2 * swaps;
        (product > 0.0).then(|| float_i64(agreement) / product.sqrt())
    }
}

/// Number of pairs of `n` items.
fn pairs(n: usize) -> i64 {
    let n = n as i64;
    n * (n - 1) / 2
}

/// Number of pairs of equal values in a sorted slice.
fn tied_pairs(sorted: &[f64]) -> i64 {
    sorted.chunk_by(|a, b| a == b).map(|run| pairs(run.len())).sum()
}

/// Merge sort that counts the inversions.
fn sort_counting(values: &mut [f64]) -> i64 {
    let mut from = values.to_vec();
    let mut to = values.to_vec();
    let (mut swaps, mut width) = (0i64, 1);
    while width < from.len() {
        for (source, target) in from.chunks(2 * width).zip(to.chunks_mut(2 * width)) {
            let (left, right) = source.split_at(width.min(source.len()));
            let (mut l, mut r) = (0, 0);
            for merged in target {
                if r == right.len() || (l < left.len() && left[l] <= right[r]) {
                    *merged = left[l];
                    l += 1;
                } else {
                    *merged = right[r];
                    r += 1;
                    swaps += (left.len() - l) as i64;
                }
            }
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    values.copy_from_slice(&from);
    swaps
}

/// Number of clusters, whose labels are 0, 1, ….
fn clusters(labels: &[usize]) -> usize {
    labels.iter().max().map_or(0, |label| label + 1)
}

/// The adjusted Rand index of two partitions (L. Hubert, P. Arabie, *J. Classification* 2, 193–218, 1985): 1 for the
/// same partition, 0 expected by chance. It is also 1 if both partitions have only one cluster, or only clusters of one
/// row.
#[must_use]
pub fn adjusted_rand(a: &[usize], b: &[usize]) -> f64 {
    let (rows, columns) = (clusters(a), clusters(b));
    let mut table = vec![0usize; rows * columns];
    for (&a, &b) in a.iter().zip(b) {
        table[a * columns + b] += 1;
    }
    let row_pairs: i64 = table.chunks(columns.max(1)).map(|row| pairs(row.iter().sum())).sum();
    let column_pairs: i64 =
        (0..columns).map(|c| pairs((0..rows).map(|r| table[r * columns + c]).sum())).sum();
    let together: i64 = table.iter().map(|&count| pairs(count)).sum();
    let all = pairs(a.len());
    let expected = float_i64(row_pairs) * float_i64(column_pairs) / float_i64(all.max(1));
    let most = float_i64(row_pairs + column_pairs) / 2.0;
    if most == expected { 1.0 } else { (float_i64(together) - expected) / (most - expected) }
}

/// The mean silhouette (P. J. Rousseeuw, *J. Computational and Applied Mathematics* 20, 53–65, 1987) of rows of equal
/// length under Euclidean distance: (b − a)/max(a, b), where a is a row's mean distance to the rest of its cluster and
/// b that to the nearest other cluster; 0 for a cluster of one row. It computes n² distances, so take a sample first.
/// `None` with fewer than two clusters.
#[must_use]
pub fn silhouette(rows: &[Vec<f64>], labels: &[usize]) -> Option<f64> {
    let clusters = clusters(labels);
    let mut sizes = vec![0usize; clusters];
    labels.iter().for_each(|&label| sizes[label] += 1);
    if sizes.iter().filter(|&&size| size > 0).count() < 2 {
        return None;
    }
    let silhouettes = rows.par_iter().zip(labels).map(|(row, &own)| {
        if sizes[own] == 1 {
            return 0.0;
        }
        let mut sums = vec![0.0; clusters];
        for (other, &label) in rows.iter().zip(labels) {
            let square: f64 = row.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
            sums[label] += square.sqrt();
        }
        let within = sums[own] / float(sizes[own] - 1);
        let others = (0..clusters).filter(|&label| label != own && sizes[label] > 0);
        let nearest = others.map(|label| sums[label] / float(sizes[label])).fold(f64::INFINITY, f64::min);
        let wider = within.max(nearest);
        if wider > 0.0 { (nearest - within) / wider } else { 0.0 }
    });
    // The values are collected first, since a parallel sum would add in an order that depends on threads.
    let silhouettes: Vec<f64> = silhouettes.collect();
    Some(silhouettes.iter().sum::<f64>() / float(silhouettes.len()))
}

/// Amounts in ascending order, with their sum.
#[derive(Debug)]
pub struct Concentration {
    ascending: Vec<i64>,
    total: i128,
}

impl Concentration {
    /// Sorts the amounts; negative amounts count as 0, because a share of a sum has no meaning for them.
    #[must_use]
    pub fn of(amounts: impl Iterator<Item = i64>) -> Self {
        let mut ascending: Vec<i64> = amounts.map(|amount| amount.max(0)).collect();
        ascending.par_sort_unstable();
        let total = ascending.iter().map(|&amount| i128::from(amount)).sum();
        Self { ascending, total }
    }

    /// A part of the sum as a share of the sum; `None` if the sum is 0.
    #[must_use]
    pub fn share(&self, part: i128) -> Option<f64> {
        (self.total > 0).then(|| part as f64 / self.total as f64)
    }

    /// The share of the `count` greatest amounts in the sum; `None` when the sum is 0.
    #[must_use]
    pub fn top_share(&self, count: usize) -> Option<f64> {
        self.share(self.ascending.iter().rev().take(count).map(|&amount| i128::from(amount)).sum())
    }

    /// The Gini coefficient (C. Gini 1912): (2 Σ i x₍ᵢ₎ − (n + 1) Σ x)/(n Σ x), x ascending, i from 1; from 0 to
    /// (n − 1)/n. `None` when the sum is 0.
    #[must_use]
    pub fn gini(&self) -> Option<f64> {
        let n = self.ascending.len() as i128;
        let ranked: i128 = (1..).zip(&self.ascending).map(|(rank, &x): (i128, _)| rank * i128::from(x)).sum();
        let above = 2 * ranked - (n + 1) * self.total;
        (self.total > 0).then(|| above as f64 / (n as f64 * self.total as f64))
    }

    /// Points of the Lorenz curve (M. O. Lorenz 1905) after 0, 1, … `steps` equal parts of the customers, smallest
    /// amounts first: the share of customers and their share of the sum. Empty if the sum is 0.
    #[must_use]
    pub fn lorenz(&self, steps: usize) -> Vec<(f64, f64)> {
        if self.total == 0 {
            return Vec::new();
        }
        let (mut taken, mut sum) = (0, 0i128);
        (0..=steps)
            .map(|step| {
                let upto = (self.ascending.len() * step + steps / 2) / steps;
                sum += self.ascending[taken..upto].iter().map(|&x| i128::from(x)).sum::<i128>();
                taken = upto;
                (float(upto) / float(self.ascending.len()), sum as f64 / self.total as f64)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain_tau_b(a: &[f64], b: &[f64]) -> Option<f64> {
        let sign = |x: f64, y: f64| if x < y { 1 } else { -i64::from(x > y) };
        let (mut both, mut of_a, mut of_b) = (0i64, 0i64, 0i64);
        for i in 0..a.len() {
            for j in i + 1..a.len() {
                let (s, t) = (sign(a[i], a[j]), sign(b[i], b[j]));
                both += s * t;
                of_a += s * s;
                of_b += t * t;
            }
        }
        (of_a * of_b > 0).then(|| both as f64 / (of_a as f64 * of_b as f64).sqrt())
    }

    proptest! {
        #[test]
        fn tau_b_counts_the_pairs(ab in prop::collection::vec((0u8..9, 0u8..9), 0..60)) {
            let a: Vec<f64> = ab.iter().map(|pair| f64::from(pair.0)).collect();
            let b: Vec<f64> = ab.iter().map(|pair| f64::from(pair.1)).collect();
            let (fast, plain) = (KendallOrder::of(&a).tau_b(&b), plain_tau_b(&a, &b));
            prop_assert_eq!(fast.is_some(), plain.is_some());
            prop_assert!((fast.unwrap_or(0.0) - plain.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn tau_b_of_equal_opposite_and_constant_columns() {
        let up = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(KendallOrder::of(&up).tau_b(&up), Some(1.0));
        assert_eq!(KendallOrder::of(&up).tau_b(&[4.0, 3.0, 2.0, 1.0]), Some(-1.0));
        assert_eq!(KendallOrder::of(&up).tau_b(&[7.0; 4]), None);
        assert_eq!(KendallOrder::of(&[1.0]).tau_b(&[1.0]), None);
    }

    #[test]
    fn the_rand_index_ignores_labels() {
        assert_eq!(adjusted_rand(&[0, 0, 1, 1], &[1, 1, 0, 0]), 1.0);
        assert_eq!(adjusted_rand(&[0, 0, 0], &[0, 0, 0]), 1.0);
        assert!((adjusted_rand(&[0, 0, 1, 1], &[0, 1, 0, 1]) + 0.5).abs() < 1e-12);
    }

    #[test]
    fn concentration_of_equal_single_and_absent_amounts() {
        let equal = Concentration::of([5; 10].into_iter());
        assert_eq!((equal.gini(), equal.top_share(2)), (Some(0.0), Some(0.2)));
        let one = Concentration::of([0, 0, 0, 0, 0, 0, 0, 0, 0, 7].into_iter());
        assert_eq!((one.gini(), one.top_share(1)), (Some(0.9), Some(1.0)));
        let none = Concentration::of([0, -3].into_iter());
        assert_eq!((none.gini(), none.top_share(1), none.lorenz(10).len()), (None, None, 0));
        let lorenz = Concentration::of([1, 2, 3, 4].into_iter()).lorenz(4);
        assert_eq!(lorenz, [(0.0, 0.0), (0.25, 0.1), (0.5, 0.3), (0.75, 0.6), (1.0, 1.0)]);
    }

    #[test]
    fn a_silhouette_needs_two_clusters() {
        let rows: Vec<Vec<f64>> = [0.0, 0.0, 10.0, 10.0].map(|x| vec![x]).to_vec();
        assert_eq!(silhouette(&rows, &[0, 0, 1, 1]), Some(1.0));
        assert_eq!(silhouette(&rows, &[0; 4]), None);
    }
}
