//! How well scores foretell an outcome: the area under the ROC curve with its limits, and means with their limits.
//!
//! Source: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, *Biometrics* 44, 1988. Which of the two sides should have
//! the higher scores is decided by the caller.

use rayon::prelude::*;

use crate::index::float;

/// The 0.975 point of the standard normal distribution.
const TWO_SIDED_95: f64 = 1.959_964;

/// The area under the ROC curve: P(a score of the better side is above a score of the worse side) + ½ P(the two are
/// equal).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaUnderCurve {
    /// The area, 0 to 1; ½ means that scores do not discriminate at all.
    pub value: f64,
    /// 95 % limits by DeLong, cut to 0 … 1; `None` if one side has only one customer.
    pub limits: Option<[f64; 2]>,
}

impl AreaUnderCurve {
    /// Somers' D, 2 AUC − 1.
    #[must_use]
    pub fn somers_d(self) -> f64 {
        2.0 * self.value - 1.0
    }
}

/// The area for the scores of both sides, in any order; `None` if one side is empty.
#[must_use]
pub fn area_under_curve(mut better: Vec<i64>, mut worse: Vec<i64>) -> Option<AreaUnderCurve> {
    if better.is_empty() || worse.is_empty() {
        return None;
    }
    better.par_sort_unstable();
    worse.par_sort_unstable();
    // For each score, twice the number of scores of the other side that it beats, where ties count ½. These are
    // integers, so that sums do not depend on the order.
    let wins = beaten(&better, &worse);
    let total: i128 = wins.iter().map(|&twice| i128::from(twice)).sum();
    let comparisons = float(better.len()) * float(worse.len());
    let value = total as f64 / 2.0 / comparisons;
    let limits = (better.len() > 1 && worse.len() > 1).then(|| {
        let of_better = variance(&wins, worse.len());
        let of_worse = variance(&beaten(&worse, &better), better.len());
        let half = TWO_SIDED_95 * (of_better / float(better.len()) + of_worse / float(worse.len())).sqrt();
        [value - half, value + half].map(|limit| limit.clamp(0.0, 1.0))
    });
    Some(AreaUnderCurve { value, limits })
}

/// For each score of one side: twice the number of scores of the other side that are below it, plus the number of those
/// equal to it. Both sides are ascending.
fn beaten(side: &[i64], other: &[i64]) -> Vec<u64> {
    let (mut below, mut upto) = (0, 0);
    let walk = side.iter().map(|&score| {
        while below < other.len() && other[below] < score {
            below += 1;
        }
        while upto < other.len() && other[upto] <= score {
            upto += 1;
        }
        crate::index::count(below + upto)
    });
    walk.collect()
}

/// The variance, with divisor n − 1, of the halved counts as shares of the other side. The share below a score and the
/// share above it have the same variance.
fn variance(twice: &[u64], other: usize) -> f64 {
    let n = twice.len() as i128;
    let (mut sum, mut squares) = (0i128, 0i128);
    for &wins in twice {
        sum += i128::from(wins);
        squares += i128::from(wins) * i128::from(wins);
    }
    let unit = 2.0 * float(other);
    // n Σ x² − (Σ x)² is computed in integers, so that no digits cancel.
    (n * squares - sum * sum) as f64 / (n * (n - 1)) as f64 / (unit * unit)
}

/// A mean with its 95 % limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanLimits {
    /// The mean.
    pub value: f64,
    /// mean ∓ 1.959964 s/√n, s with divisor n − 1; `None` for one value.
    pub limits: Option<[f64; 2]>,
}

/// The mean of these values, added in the order given; `None` if there are none.
#[must_use]
pub fn mean_with_limits(values: &[f64]) -> Option<MeanLimits> {
    let n = float(values.len());
    let value = values.iter().sum::<f64>() / n;
    let limits = (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|x| (x - value) * (x - value)).sum();
        let half = TWO_SIDED_95 * (squares / (n - 1.0)).sqrt() / n.sqrt();
        [value - half, value + half]
    });
    (!values.is_empty()).then_some(MeanLimits { value, limits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_separate_both_sides_have_an_area_of_1_and_equal_scores_of_a_half() {
        let perfect = area_under_curve(vec![5, 6, 7], vec![1, 2]).unwrap();
        assert_eq!((perfect.value, perfect.limits, perfect.somers_d()), (1.0, Some([1.0, 1.0]), 1.0));
        assert_eq!(area_under_curve(vec![3, 3], vec![3, 3]).unwrap().value, 0.5);
        assert_eq!(area_under_curve(vec![1], vec![2]).unwrap(), AreaUnderCurve { value: 0.0, limits: None });
        assert_eq!(area_under_curve(vec![], vec![2]), None);
    }

    #[test]
    fn limits_are_those_of_delong() {
        // The better scores are 2, 4, 6 and the worse ones 1, 4: the better ones beat shares of 0.5, 0.75 and 1, and
        // the worse ones are beaten by shares of 1 and 0.5.
        let area = area_under_curve(vec![6, 2, 4], vec![4, 1]).unwrap();
        assert!((area.value - 0.75).abs() < 1e-12);
        let half = 1.959_964 * (0.0625_f64 / 3.0 + 0.125 / 2.0).sqrt();
        let [low, high] = area.limits.unwrap();
        assert!((low - (0.75 - half)).abs() < 1e-12, "{low}");
        assert_eq!(high, 1.0);
    }

    #[test]
    fn a_mean_of_one_value_has_no_limits() {
        assert_eq!(mean_with_limits(&[]), None);
        assert_eq!(mean_with_limits(&[4.0]), Some(MeanLimits { value: 4.0, limits: None }));
        let [low, high] = mean_with_limits(&[1.0, 3.0]).unwrap().limits.unwrap();
        assert!((high - low - 2.0 * 1.959_964).abs() < 1e-12);
    }
}
