//! How customers move between tiers: measures of a migration matrix, whose rows are the tiers before and whose columns
//! are the tiers after, from the best to the worst.
//!
//! Sources: ECB, *Instructions for reporting the validation results of internal models*, 2019, section 2.5.5 (bandwidths,
//! concentration, z-tests); A. F. Shorrocks, *Econometrica* 46, 1978; Y. Jafry, T. Schuermann, *J. Banking & Finance* 28,
//! 2004; L. A. Goodman, *Technometrics* 7, 1965. Who counts as having moved is decided by the caller.

use linfa_linalg::svd::SVD;
use ndarray::Array2;

use crate::index::float;

/// Number of tiers, K.
const TIERS: usize = 4;
/// The point of χ² with one degree of freedom at 1 − 0.05/6, which gives limits of six shares that hold together with
/// 95 %.
const SIMULTANEOUS: f64 = 6.960_401;

/// Number of customers by tier before (row) and after (column).
pub type MigrationCounts = [[u64; TIERS]; TIERS];

/// A count as a float: exact up to 2⁵³.
fn real(count: u64) -> f64 {
    count as f64
}

/// The standard normal distribution function Φ.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Goodman's limits of the share `of`/`total`, simultaneously at 95 % for the six states after in a row: (A + 2n ∓ √(A
/// (A + 4n (N − n)/N)))/(2 (N + A)), A = 6.960401, cut to 0 … 1. `None` if `total` is 0.
#[must_use]
pub fn goodman_limits(of: u64, total: u64) -> Option<[f64; 2]> {
    let (n, all, a) = (real(of), real(total), SIMULTANEOUS);
    let root = (a * (a + 4.0 * n * (all - n) / all)).sqrt();
    let limit = |signed_root: f64| ((a + 2.0 * n + signed_root) / (2.0 * (all + a))).clamp(0.0, 1.0);
    (total > 0).then(|| [limit(-root), limit(root)])
}

/// The shares in each row. A tier without customers counts as one in which everybody stays.
fn shares(counts: &MigrationCounts) -> [[f64; TIERS]; TIERS] {
    std::array::from_fn(|i| {
        let customers: u64 = counts[i].iter().sum();
        std::array::from_fn(|j| match customers {
            0 if i == j => 1.0,
            0 => 0.0,
            _ => real(counts[i][j]) / real(customers),
        })
    })
}

/// The matrix weighted bandwidth of falls (after is worse than before) and of rises: Σ abs(i − j) n_ij / Σ max(i − 1, K
/// − i) n_ij, from 0 (next tier only) to 1 (as far as possible). `None` if nobody fell or nobody rose.
#[must_use]
pub fn weighted_bandwidths(counts: &MigrationCounts) -> [Option<f64>; 2] {
    let (mut moved, mut farthest) = ([0; 2], [0; 2]);
    for (i, row) in counts.iter().enumerate() {
        for (j, &customers) in row.iter().enumerate().filter(|&(j, _)| j != i) {
            let direction = usize::from(j < i);
            moved[direction] += customers * crate::index::count(i.abs_diff(j));
            farthest[direction] += customers * crate::index::count(i.max(TIERS - 1 - i));
        }
    }
    std::array::from_fn(|at| (farthest[at] > 0).then(|| real(moved[at]) / real(farthest[at])))
}

/// Shorrocks' index of mobility, (K − Σ p_ii)/(K − 1): 0 when everybody stays. `None` without customers.
#[must_use]
pub fn shorrocks(counts: &MigrationCounts) -> Option<f64> {
    let shares = shares(counts);
    let held: f64 = (0..TIERS).map(|i| shares[i][i]).sum();
    any(counts).then(|| (float(TIERS) - held) / float(TIERS - 1))
}

/// The mean singular value of (p_ij) − I, by Jafry and Schuermann: the average migration. `None` without customers.
#[must_use]
pub fn mean_singular_value(counts: &MigrationCounts) -> Option<f64> {
    let shares = shares(counts);
    let distance = Array2::from_shape_fn((TIERS, TIERS), |(i, j)| shares[i][j] - f64::from(u8::from(i == j)));
    let singular = distance.svd(false, false).ok()?.1;
    any(counts).then(|| singular.sum() / float(TIERS))
}

/// Whether the matrix has any customer.
fn any(counts: &MigrationCounts) -> bool {
    counts.iter().flatten().any(|&customers| customers > 0)
}

/// The coefficient of variation of the tiers' shares R, √(K Σ (R_i − 1/K)²); `None` without customers.
fn variation(tiers: [u64; TIERS]) -> Option<f64> {
    let customers: u64 = tiers.iter().sum();
    let squares = tiers.iter().map(|&n| (real(n) / real(customers) - 1.0 / float(TIERS)).powi(2));
    (customers > 0).then(|| (float(TIERS) * squares.sum::<f64>()).sqrt())
}

/// The Herfindahl index of customers by tier, normalised: 1 + ln((CV² + 1)/K)/ln K, from 0 (equal shares) to 1 (all in one
/// tier). `None` without customers.
#[must_use]
pub fn herfindahl(tiers: [u64; TIERS]) -> Option<f64> {
    let variation = variation(tiers)?;
    Some(1.0 + libm::log((variation * variation + 1.0) / float(TIERS)) / libm::log(float(TIERS)))
}

/// How likely a concentration as high as that of `after` is if the true one is that of `before`: 1 − Φ(√(K − 1)
/// (CV_after − CV_before)/√(CV_after² (½ + CV_after²))). `None` if `before` or `after` has no customers, or if `after`
/// is spread evenly.
#[must_use]
pub fn concentration_p_value(before: [u64; TIERS], after: [u64; TIERS]) -> Option<f64> {
    let (before, after) = (variation(before)?, variation(after)?);
    let square = after * after;
    let z = float(TIERS - 1).sqrt() * (after - before) / (square * (0.5 + square)).sqrt();
    (after > 0.0).then(|| 1.0 - normal_cdf(z))
}

/// Tests whether a move is more frequent than the move to the neighbouring tier on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeighbourTest {
    /// Tier before, from 0.
    pub from: usize,
    /// Tier after.
    pub to: usize,
    /// The neighbour of `to` towards `from`.
    pub neighbour: usize,
    /// Number of customers who moved from `from` to `to`.
    pub customers: u64,
    /// These customers' share of the customers in `from`, and the share of those who moved to `neighbour`; `None` if
    /// `from` was empty.
    pub shares: Option<[f64; 2]>,
    /// The test statistic; `None` if its variance is 0.
    pub z: Option<f64>,
    /// Φ(z), which is small if the farther move is the more frequent one.
    pub p_value: Option<f64>,
}

/// The tests of all twelve moves, sorted by `from` and `to`.
#[must_use]
pub fn neighbour_tests(counts: &MigrationCounts) -> Vec<NeighbourTest> {
    let moves = (0..TIERS).flat_map(|from| (0..TIERS).map(move |to| (from, to)));
    moves.filter(|(from, to)| from != to).map(|(from, to)| neighbour_test(counts, from, to)).collect()
}

fn neighbour_test(counts: &MigrationCounts, from: usize, to: usize) -> NeighbourTest {
    let neighbour = if from > to { to + 1 } else { to - 1 };
    let all: u64 = counts[from].iter().sum();
    let shares = (all > 0).then(|| [to, neighbour].map(|tier| real(counts[from][tier]) / real(all)));
    let z = shares.and_then(|[far, near]| {
        let variance = (far * (1.0 - far) + near * (1.0 - near) + 2.0 * far * near) / real(all);
        (variance > 0.0).then(|| (near - far) / variance.sqrt())
    });
    NeighbourTest { from, to, neighbour, customers: counts[from][to], shares, z, p_value: z.map(normal_cdf) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: Option<f64>, expected: f64) {
        assert!((value.unwrap() - expected).abs() < 1e-9, "{value:?} is not {expected}");
    }

    #[test]
    fn mobility_is_0_when_all_stay_and_greatest_when_all_swap() {
        let stay = [[5, 0, 0, 0], [0, 7, 0, 0], [0, 0, 9, 0], [0, 0, 0, 2]];
        near(shorrocks(&stay), 0.0);
        near(mean_singular_value(&stay), 0.0);
        assert_eq!(weighted_bandwidths(&stay), [None, None]);
        let swap = [[0, 0, 0, 5], [0, 0, 7, 0], [0, 9, 0, 0], [2, 0, 0, 0]];
        near(shorrocks(&swap), 4.0 / 3.0);
        // (p) − I has the singular values 2, 2, 0, 0.
        near(mean_singular_value(&swap), 1.0);
        // The falls give 5 × 3 + 7 × 1 of at most 5 × 3 + 7 × 2; the rises give 9 × 1 + 2 × 3 of at most 9 × 2 + 2 × 3.
        near(weighted_bandwidths(&swap)[0], 22.0 / 29.0);
        near(weighted_bandwidths(&swap)[1], 15.0 / 24.0);
        assert_eq!((shorrocks(&[[0; 4]; 4]), mean_singular_value(&[[0; 4]; 4])), (None, None));
    }

    #[test]
    fn an_empty_tier_counts_as_one_in_which_everybody_stays() {
        let one_moves = [[0; 4], [0, 1, 1, 0], [0; 4], [0; 4]];
        near(shorrocks(&one_moves), (4.0 - 3.5) / 3.0);
    }

    #[test]
    fn concentration_is_0_for_equal_shares_and_1_for_one_tier() {
        near(herfindahl([5; 4]), 0.0);
        near(herfindahl([0, 0, 8, 0]), 1.0);
        assert_eq!(herfindahl([0; 4]), None);
        near(concentration_p_value([10, 30, 50, 10], [10, 30, 50, 10]), 0.5);
        assert_eq!(concentration_p_value([10, 30, 50, 10], [5; 4]), None);
        // CV rises from 0 to √3, so the value is 1 − Φ(3/√10.5).
        assert!((concentration_p_value([5; 4], [0, 0, 8, 0]).unwrap() - 0.1773).abs() < 1e-3);
    }

    #[test]
    fn limits_enclose_the_share_and_stay_within_0_and_1() {
        assert_eq!(goodman_limits(0, 0), None);
        let [low, high] = goodman_limits(3, 10).unwrap();
        assert!(0.0 < low && low < 0.3 && 0.3 < high && high < 1.0);
        let [low, high] = goodman_limits(0, 10).unwrap();
        // With n = 0 the root is A, and the upper limit is 2A/(2 (N + A)).
        assert_eq!(low, 0.0);
        near(Some(high), SIMULTANEOUS / (10.0 + SIMULTANEOUS));
    }

    #[test]
    fn a_far_move_that_is_more_frequent_than_a_nearer_one_has_a_small_p_value() {
        let counts = [[50, 5, 45, 0], [0; 4], [0; 4], [0, 0, 0, 10]];
        let tests = neighbour_tests(&counts);
        assert_eq!(tests.len(), 12);
        let far = tests.iter().find(|test| (test.from, test.to) == (0, 2)).unwrap();
        assert_eq!((far.neighbour, far.customers, far.shares), (1, 45, Some([0.45, 0.05])));
        assert!(far.p_value.unwrap() < 0.05 / 12.0);
        let empty = tests.iter().find(|test| test.from == 1).unwrap();
        assert_eq!((empty.shares, empty.z), (None, None));
        // Nobody moved to either tier, so the variance is 0.
        let still = tests.iter().find(|test| (test.from, test.to) == (3, 0)).unwrap();
        assert_eq!((still.shares, still.z, still.p_value), (Some([0.0, 0.0]), None, None));
    }
}
