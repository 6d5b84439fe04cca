//! Weights from pairwise judgements: the analytic hierarchy process.
//!
//! Source: T. L. Saaty, *The Analytic Hierarchy Process* (1980); Int. J. Services Sciences 1(1) 83–98 (2008). A matrix
//! says how much item i outweighs item j; weights are its principal eigenvector (or, selectably, the row geometric
//! means). Several experts are pooled by the element-wise geometric mean, which keeps reciprocity.

use crate::index::float;
use crate::text;
use crate::text::Text;

crate::words! {
    /// How weights follow from a matrix of pairwise judgements.
    Variant "AHP variant" {
        /// The principal right eigenvector.
        Eigenvector "eigenvector" "principal eigenvector" "特征向量法",
        /// The geometric mean of each row.
        GeometricMean "geometric_mean" "row geometric means" "几何平均法",
    }
}

/// Largest accepted consistency ratio (Saaty).
pub const CR_MAX: f64 = 0.10;

/// For each size of matrix from 1 to 15, the mean consistency index of random reciprocal matrices (Saaty 1980).
const RANDOM_INDEX: [f64; 15] =
    [0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59];

/// How far a(i,j) × a(j,i) may differ from 1, since published matrices round 1/3 to 0.33.
const RECIPROCAL_TOLERANCE: f64 = 0.02;

/// Most rounds of the power method, far more than any consistent matrix needs.
const ROUNDS_MAX: usize = 10_000;

/// The weights and the consistency of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Weights, summing to 1.
    pub weights: Vec<f64>,
    /// Principal eigenvalue.
    pub lambda_max: f64,
    /// Consistency ratio (λ − n)/(n − 1)/RI; 0 for one or two items.
    pub cr: f64,
    /// The pair that fits worst: its row, its column, and the judgement that would fit.
    pub worst: (usize, usize, f64),
}

/// The judgement behind the weights of some siblings.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The siblings' parent: `dimensions`, a dimension or a group.
    pub parent: String,
    /// The siblings.
    pub items: Vec<String>,
    /// The pooled matrix.
    pub pooled: Judged,
    /// The name of each expert, with the weights and consistency of his or her matrix.
    pub experts: Vec<(String, Judged)>,
    /// Number of pairs that an expert did not judge, over all experts: these pairs are completed, and consistency
    /// ratios are those of incomplete matrices.
    pub unjudged: usize,
}

/// Checks that a matrix is square, positive and reciprocal with a unit diagonal; for a pair that nobody judged, both
/// places must be 0.
///
/// # Errors
/// What is wrong with the matrix.
pub fn check(matrix: &[Vec<f64>], items: usize) -> Result<(), Text> {
    if matrix.len() != items || matrix.iter().any(|row| row.len() != items) {
        return Err(text!(
            "the matrix must have {items} rows of {items} judgements, one for each item",
            "矩阵应有 {items} 行，每行 {items} 个判断，每项一个"
        ));
    }
    if items == 0 {
        return Err(text!("a matrix must have at least one item", "矩阵至少要有一项"));
    }
    if items > RANDOM_INDEX.len() {
        return Err(text!(
            "a matrix may have at most {most} items",
            "矩阵最多 {most} 项",
            most = RANDOM_INDEX.len()
        ));
    }
    for (i, row) in matrix.iter().enumerate() {
        for (j, &a) in row.iter().enumerate() {
            let product = a * matrix[j][i];
            // A pair that nobody judged.
            if i != j && a == 0.0 && matrix[j][i] == 0.0 {
                continue;
            }
            if !(a.is_finite() && a > 0.0) || (product - 1.0).abs() > RECIPROCAL_TOLERANCE {
                return Err(text!(
                    "row {row} column {column} is {a}, but its mirror is {mirror}",
                    "第 {row} 行第 {column} 列为 {a}，而对称位置为 {mirror}",
                    row = i + 1,
                    column = j + 1,
                    mirror = matrix[j][i]
                ));
            }
        }
    }
    Ok(())
}

/// Number of pairs in a checked matrix that nobody judged.
#[must_use]
pub fn unjudged(matrix: &[Vec<f64>]) -> usize {
    matrix.iter().flatten().filter(|a| **a == 0.0).count() / 2
}

/// A checked matrix in which the pairs that nobody judged are filled in. Such a pair gets the ratio of the weights that
/// follow from the other pairs. These weights are the principal eigenvector of the matrix that has 0 for each of these
/// pairs and, on the diagonal of each row, 1 + their number in the row (P. T. Harker, *Mathematical Modelling* 9(11)
/// 837–848, 1987). The principal eigenvalue of that matrix is that of the completed matrix.
///
/// # Errors
/// The judgements do not connect all items: the two unconnected parts, by position.
pub fn completed(matrix: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, [Vec<usize>; 2]> {
    if unjudged(matrix) == 0 {
        return Ok(matrix.to_vec());
    }
    let (joined, apart): (Vec<usize>, Vec<usize>) = {
        let joined = joined_to_first(matrix);
        (0..matrix.len()).partition(|item| joined[*item])
    };
    if !apart.is_empty() {
        return Err([joined, apart]);
    }
    let mut harker = matrix.to_vec();
    for (item, row) in harker.iter_mut().enumerate() {
        let missing = row.iter().filter(|a| **a == 0.0).count();
        row[item] = 1.0 + float(missing);
    }
    let even = vec![1.0 / float(matrix.len()); matrix.len()];
    let weights = principal(&harker, even);
    let mut completed = matrix.to_vec();
    for (i, row) in completed.iter_mut().enumerate() {
        row.iter_mut()
            .enumerate()
            .filter(|(_, a)| **a == 0.0)
            .for_each(|(j, a)| *a = weights[i] / weights[j]);
    }
    Ok(completed)
}

/// For each item, whether a chain of judgements joins it to the first.
fn joined_to_first(matrix: &[Vec<f64>]) -> Vec<bool> {
    let mut joined = vec![false; matrix.len()];
    let mut next = vec![0];
    while let Some(item) = next.pop() {
        if !std::mem::replace(&mut joined[item], true) {
            next.extend((0..matrix.len()).filter(|&other| matrix[item][other] != 0.0));
        }
    }
    joined
}

/// The principal right eigenvector, by the power method from `weights`.
fn principal(matrix: &[Vec<f64>], mut weights: Vec<f64>) -> Vec<f64> {
    for _ in 0..ROUNDS_MAX {
        let next = normalised(product(matrix, &weights));
        let change: f64 = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        weights = next;
        if change < 1e-15 {
            break;
        }
    }
    weights
}

/// The element-wise geometric mean of the experts' matrices.
#[must_use]
pub fn pool(matrices: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let size = matrices.first().map_or(0, Vec::len);
    if let [only] = matrices {
        return only.clone();
    }
    (0..size).map(|i| (0..size).map(|j| geometric_mean(matrices.iter().map(|m| m[i][j]))).collect()).collect()
}

/// Weights and consistency of a checked matrix.
#[must_use]
pub fn judge(matrix: &[Vec<f64>], variant: Variant) -> Judged {
    let size = matrix.len();
    let mut weights = geometric_means(matrix);
    if variant == Variant::Eigenvector {
        weights = principal(matrix, weights);
    }
    let image = product(matrix, &weights);
    let lambda_max =
        image.iter().zip(&weights).map(|(above, below)| above / below).sum::<f64>() / float(size);
    let index = if size > 2 { (lambda_max - float(size)) / (float(size) - 1.0) } else { 0.0 };
    let cr = if size > 2 { (index / RANDOM_INDEX[size - 1]).max(0.0) } else { 0.0 };
    let misfit = |&(i, j): &(usize, usize)| libm::log(matrix[i][j] * weights[j] / weights[i]).abs();
    let pairs = (0..size).flat_map(|i| (i + 1..size).map(move |j| (i, j)));
    let (i, j) = pairs.max_by(|a, b| misfit(a).total_cmp(&misfit(b))).unwrap_or((0, 0));
    let worst = (i, j, weights[i] / weights[j]);
    Judged { weights, lambda_max, cr, worst }
}

/// How far an expert's weights are from the pooled ones: ½ Σ |w − w̄|, from 0 (the same) to 1. That share of the weight
/// would have to move for the two to agree (total variation distance).
#[must_use]
pub fn dissent(expert: &Judged, pooled: &Judged) -> f64 {
    expert.weights.iter().zip(&pooled.weights).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
}

fn geometric_means(matrix: &[Vec<f64>]) -> Vec<f64> {
    normalised(matrix.iter().map(|row| geometric_mean(row.iter().copied())).collect())
}

/// The geometric mean of positive numbers.
fn geometric_mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = float(numbers.len());
    libm::exp(numbers.map(libm::log).sum::<f64>() / count)
}

fn product(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(vector).map(|(a, x)| a * x).sum()).collect()
}

fn normalised(vector: Vec<f64>) -> Vec<f64> {
    let sum: f64 = vector.iter().sum();
    vector.into_iter().map(|x| x / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The default judgement: contribution : compliance : cooperation = 2, 3, 2.
    fn default_matrix() -> Vec<Vec<f64>> {
        vec![vec![1.0, 2.0, 3.0], vec![0.5, 1.0, 2.0], vec![1.0 / 3.0, 0.5, 1.0]]
    }

    fn rounded(weights: &[f64]) -> Vec<f64> {
        weights.iter().map(|w| (w * 1e4).round() / 1e4).collect()
    }

    #[test]
    fn the_default_weights_follow_from_the_default_judgement() {
        for variant in [Variant::Eigenvector, Variant::GeometricMean] {
            let judged = judge(&default_matrix(), variant);
            assert_eq!(rounded(&judged.weights), [0.5396, 0.2970, 0.1634]);
            assert!(
                (judged.lambda_max - 3.0092).abs() < 5e-5 && (judged.cr - 0.0079).abs() < 5e-5,
                "{judged:?}"
            );
        }
    }

    #[test]
    fn a_consistent_matrix_has_no_inconsistency() {
        let w = [0.5, 0.3, 0.2];
        let matrix: Vec<Vec<f64>> = w.iter().map(|a| w.iter().map(|b| a / b).collect()).collect();
        let judged = judge(&matrix, Variant::Eigenvector);
        assert!(judged.cr < 1e-12);
        assert!(judged.weights.iter().zip(w).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn the_worst_fitting_pair_is_named() {
        // All pairs are consistent except one. There are four items, since with three every pair of the cycle would fit
        // equally badly.
        let w = [0.4, 0.3, 0.2, 0.1];
        let mut matrix: Vec<Vec<f64>> = w.iter().map(|a| w.iter().map(|b| a / b).collect()).collect();
        (matrix[0][2], matrix[2][0]) = (1.0 / 9.0, 9.0);
        let judged = judge(&matrix, Variant::Eigenvector);
        assert!(judged.cr > CR_MAX);
        assert_eq!((judged.worst.0, judged.worst.1), (0, 2));
    }

    #[test]
    fn experts_are_pooled_by_the_geometric_mean() {
        let pooled = pool(&[vec![vec![1.0, 4.0], vec![0.25, 1.0]], vec![vec![1.0, 1.0], vec![1.0, 1.0]]]);
        assert!((pooled[0][1] - 2.0).abs() < 1e-12 && (pooled[1][0] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn pairs_that_nobody_judged_follow_from_the_others() {
        // With a : b = 2 and b : c = 3, a : c must be 6, without inconsistency.
        let matrix = vec![vec![1.0, 2.0, 0.0], vec![0.5, 1.0, 3.0], vec![0.0, 1.0 / 3.0, 1.0]];
        assert_eq!((check(&matrix, 3), unjudged(&matrix)), (Ok(()), 1));
        let completed = completed(&matrix).unwrap();
        assert!((completed[0][2] - 6.0).abs() < 1e-9 && (completed[2][0] - 1.0 / 6.0).abs() < 1e-9);
        let judged = judge(&completed, Variant::Eigenvector);
        assert_eq!(rounded(&judged.weights), [0.6, 0.3, 0.1]);
        assert!(judged.cr < 1e-9);
    }

    #[test]
    fn harkers_matrix_has_the_eigenvalue_of_the_completed_one() {
        // Four items are judged in a ring that does not close: 2 · 2 · 2 one way, 4 the other way.
        let matrix = vec![
            vec![1.0, 2.0, 0.0, 4.0],
            vec![0.5, 1.0, 2.0, 0.0],
            vec![0.0, 0.5, 1.0, 2.0],
            vec![0.25, 0.0, 0.5, 1.0],
        ];
        let judged = judge(&completed(&matrix).unwrap(), Variant::Eigenvector);
        // Harker's matrix has 2 on the diagonal: the ring's eigenvalue is 2 + x + 1/x with x⁴ = 2, so λ = 4.0301.
        let x = 2f64.powf(0.25);
        assert!((judged.lambda_max - (2.0 + x + 1.0 / x)).abs() < 1e-9, "{}", judged.lambda_max);
    }

    #[test]
    fn judgements_that_do_not_connect_all_items_are_refused_with_the_two_parts() {
        let matrix = vec![
            vec![1.0, 0.0, 3.0, 0.0],
            vec![0.0, 1.0, 0.0, 2.0],
            vec![1.0 / 3.0, 0.0, 1.0, 0.0],
            vec![0.0, 0.5, 0.0, 1.0],
        ];
        assert_eq!(completed(&matrix), Err([vec![0, 2], vec![1, 3]]));
    }

    #[test]
    fn a_matrix_that_contradicts_itself_is_refused() {
        assert!(check(&[vec![1.0, 2.0], vec![2.0, 1.0]], 2).unwrap_err().en.contains("mirror"));
        assert!(check(&[vec![1.0, 2.0]], 2).is_err());
    }
}
