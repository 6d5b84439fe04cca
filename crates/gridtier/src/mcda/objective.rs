//! Weights that follow from the spread of the data: entropy, CRITIC, standard deviation.
//!
//! Objective weights are easily fooled: a column that counts something rare looks full of information, and one constant
//! column turns the textbook formulas into 0/0. So every column is checked first, and the findings are reported with
//! the weights. This module does not know what the weights are used for.

use super::{bounded, sum};
use crate::index::float;

/// Share of the rows that must have a value for a column to get any weight.
const KNOWN_SHARE_MIN: f64 = 0.05;
/// Share of the rows that must have a value for a column to get more than an equal share: rows that lack the value are
/// weighed by their other columns.
const HALF_KNOWN: f64 = 0.5;
/// A column is sparse if a single value makes up this share of its known values: the rest are rare events.
const SPARSE_SHARE: f64 = 0.90;
/// The same limit under entropy, whose weight grows with the logarithm of one over the share of values that are not 0:
/// under entropy, a column in which every fifth customer has an event still outweighs any column with evenly spread
/// values.
const SPARSE_SHARE_ENTROPY: f64 = 0.50;
/// Columns with fewer known values than this are never called sparse.
const SPARSE_ROWS_MIN: usize = 30;

crate::words! {
    /// How weights follow from the data.
    Scheme "weighting scheme" {
        /// Shannon entropy.
        Entropy "entropy" "entropy" "熵权法",
        /// Criteria importance through intercriteria correlation.
        Critic "critic" "CRITIC" "CRITIC 法",
        /// Standard deviation.
        StandardDeviation "std" "standard deviation" "标准差法",
    }
}

impl Scheme {
    /// Weights of columns in which greater values are better.
    #[must_use]
    pub fn weigh(self, columns: &[Vec<f64>]) -> ObjectiveWeights {
        match self {
            Self::Entropy => entropy(columns),
            Self::Critic => critic(columns),
            Self::StandardDeviation => standard_deviation(columns),
        }
    }
}

crate::words! {
    /// Why a column gets another weight than the formula gives.
    Guard "weight guard" {
        /// Less than a twentieth of the rows have a value, or fewer than two: weight 0.
        NearlyEmpty "nearly_empty" "nearly empty" "几乎无值",
        /// Every value is 0: weight 0.
        AllZero "all_zero" "all zero" "全零",
        /// Every value is the same: weight 0.
        Constant "constant" "constant" "常数",
        /// A value below 0 has no share, so entropy is not defined: weight 0.
        Negative "negative" "negative values" "有负值",
        /// Nine tenths of the values (under entropy half of them) are equal: at most an equal share of the weight.
        Sparse "sparse" "sparse" "稀疏",
        /// Fewer than half of the rows have a value: at most an equal share of the weight.
        PartlyEmpty "partly_empty" "partly empty" "部分缺失",
    }
}

impl Guard {
    /// Whether the guard only limits the weight; all other guards set it to 0.
    fn is_limit(self) -> bool {
        matches!(self, Self::Sparse | Self::PartlyEmpty)
    }

    /// What the guard did to the column; `weight` is the column's objective weight.
    #[must_use]
    pub fn action(self, weight: f64) -> &'static str {
        match (self.is_limit(), weight > 0.0) {
            (true, _) => "at most an equal share",
            (false, false) => "no objective weight",
            (false, true) => "a share of what no other column may take",
        }
    }
}

/// Weights from the data.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveWeights {
    /// One weight for each column; they sum to 1 and are never NaN.
    pub weights: Vec<f64>,
    /// The guard that applied to each column, if any.
    pub guards: Vec<Option<Guard>>,
}

/// Entropy weights: p = x/Σx, e = −Σ p ln p / ln n, w ∝ 1 − e (C. E. Shannon 1948; M. Zeleny, *Multiple Criteria Decision
/// Making*, 1982). x is not rescaled, so the zero of the scale matters; 0 ln 0 is 0, and n counts the known values of the
/// column. A [`Guard`] sets a column's weight to 0 or limits it to 1/m of m columns; where all rows are equal, all columns
/// weigh the same.
fn entropy(columns: &[Vec<f64>]) -> ObjectiveWeights {
    let guards = guards(columns, true);
    settled(informed(columns, &guards, diversification), guards)
}

/// 1 − e of one column, see [`entropy`].
fn diversification(column: &[f64]) -> f64 {
    let [total, count] = sum_and_count(column);
    let [entropy] = sum(column.len(), |row| {
        let p = known(column[row]).map_or(0.0, |x| x / total);
        [if p > 0.0 { -p * libm::log(p) } else { 0.0 }]
    });
    (1.0 - entropy / libm::log(count)).max(0.0)
}

/// CRITIC weights: columns rescaled to 0 … 1, w ∝ σⱼ Σₖ (1 − rⱼₖ) (D. Diakoulaki, G. Mavrotas, L. Papayannakis, *Computers
/// & Operations Research* 22(7) 763–770, 1995). The divisor of σ cancels. Correlations are over the rows that have both
/// values, 0 where these do not vary; columns whose weight a [`Guard`] sets to 0 are left out of the sums; where all columns
/// agree completely they weigh the same.
fn critic(columns: &[Vec<f64>]) -> ObjectiveWeights {
    let guards = guards(columns, false);
    let information = (0..columns.len())
        .map(|column| {
            if !has_weight(guards[column]) {
                return 0.0;
            }
            let conflict: f64 = (0..columns.len())
                .filter(|&other| other != column && has_weight(guards[other]))
                .map(|other| 1.0 - correlation(&columns[column], &columns[other]))
                .sum();
            let (low, high) = range(&columns[column]);
            let information = spread(&columns[column]) / (high - low) * conflict;
            // Rounding may leave a conflict of −10⁻¹⁶ between columns that agree.
            if information > 1e-12 { information } else { 0.0 }
        })
        .collect();
    settled(information, guards)
}

/// Weights in proportion to the standard deviation of the columns as they are (Y. Wang, Y. Luo, *Mathematical and
/// Computer Modelling* 51, 1–12, 2010), so scales must already agree. Guards are as in [`critic`].
fn standard_deviation(columns: &[Vec<f64>]) -> ObjectiveWeights {
    let guards = guards(columns, false);
    settled(informed(columns, &guards, spread), guards)
}

/// The value, if it is not missing.
fn known(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// Least and greatest known value.
fn range(column: &[f64]) -> (f64, f64) {
    column
        .iter()
        .filter(|x| x.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)))
}

/// The sum of the known values, and how many there are.
fn sum_and_count(column: &[f64]) -> [f64; 2] {
    sum(column.len(), |row| known(column[row]).map_or([0.0; 2], |x| [x, 1.0]))
}

fn guards(columns: &[Vec<f64>], shares: bool) -> Vec<Option<Guard>> {
    columns.iter().map(|column| diagnose(column, shares)).collect()
}

/// The guard that applies to a column; `shares` is true if the formula needs shares of a sum.
fn diagnose(column: &[f64], shares: bool) -> Option<Guard> {
    let mut values: Vec<f64> = column.iter().copied().filter_map(known).collect();
    let (count, rows) = (float(values.len()), float(column.len()));
    if values.len() < 2 || count < KNOWN_SHARE_MIN * rows {
        return Some(Guard::NearlyEmpty);
    }
    let (low, high) = range(&values);
    if low == high {
        return Some(if low == 0.0 { Guard::AllZero } else { Guard::Constant });
    }
    if shares && low < 0.0 {
        return Some(Guard::Negative);
    }
    let limit = if shares { SPARSE_SHARE_ENTROPY } else { SPARSE_SHARE };
    if values.len() >= SPARSE_ROWS_MIN && float(most_equal(&mut values)) >= limit * count {
        return Some(Guard::Sparse);
    }
    (count < HALF_KNOWN * rows).then_some(Guard::PartlyEmpty)
}

/// How many values equal the median. If at least half of the values are equal, they equal the median or one of the two
/// middle values.
fn most_equal(values: &mut [f64]) -> usize {
    [(values.len() - 1) / 2, values.len() / 2]
        .into_iter()
        .map(|middle| {
            let median = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
            values.iter().filter(|x| **x == median).count()
        })
        .max()
        .unwrap_or(0)
}

/// Whether a column has any weight, limited or not.
fn has_weight(guard: Option<Guard>) -> bool {
    guard.is_none_or(Guard::is_limit)
}

/// The information of each column that has a weight; 0 for all other columns.
fn informed(columns: &[Vec<f64>], guards: &[Option<Guard>], information: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    columns
        .iter()
        .zip(guards)
        .map(|(column, guard)| if has_weight(*guard) { information(column) } else { 0.0 })
        .collect()
}

/// Weights in proportion to the information, limited by the guards.
fn settled(information: Vec<f64>, guards: Vec<Option<Guard>>) -> ObjectiveWeights {
    let columns = information.len();
    let even = 1.0 / float(columns.max(1));
    let total: f64 = information.iter().sum();
    let shares: Vec<f64> = if total > 0.0 {
        information.iter().map(|information| information / total).collect()
    } else if guards.iter().any(|guard| has_weight(*guard)) {
        guards.iter().map(|guard| if has_weight(*guard) { 1.0 } else { 0.0 }).collect()
    } else {
        vec![1.0; columns]
    };
    let caps: Vec<f64> =
        guards.iter().map(|guard| if guard.is_some_and(Guard::is_limit) { even } else { 1.0 }).collect();
    ObjectiveWeights { weights: bounded(&shares, &vec![0.0; columns], &caps), guards }
}

/// The standard deviation of the known values (divisor n).
fn spread(column: &[f64]) -> f64 {
    let [total, count] = sum_and_count(column);
    let mean = total / count;
    let [squares] = sum(column.len(), |row| [known(column[row]).map_or(0.0, |x| (x - mean) * (x - mean))]);
    (squares / count).sqrt()
}

/// Pearson's correlation over the rows that have both values; 0 where these do not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let rows = a.len().min(b.len());
    let [count, sum_a, sum_b] = sum(rows, |row| both(a, b, row).map_or([0.0; 3], |(a, b)| [1.0, a, b]));
    if count < 2.0 || !varies(a, b) || !varies(b, a) {
        return 0.0;
    }
    let (mean_a, mean_b) = (sum_a / count, sum_b / count);
    let [cross, square_a, square_b] = sum(rows, |row| {
        both(a, b, row).map_or([0.0; 3], |(a, b)| {
            let (a, b) = (a - mean_a, b - mean_b);
            [a * b, a * a, b * b]
        })
    });
    let below = (square_a * square_b).sqrt();
    if below > 0.0 { (cross / below).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The two values of a row that has both.
fn both(a: &[f64], b: &[f64], row: usize) -> Option<(f64, f64)> {
    known(a[row]).zip(known(b[row]))
}

/// Whether the values of `column` differ, over the rows where `other` is known too. Values are compared with each other
/// and not with their mean, since the mean of equal numbers is not always exactly that number.
fn varies(column: &[f64], other: &[f64]) -> bool {
    let mut values = column.iter().zip(other).filter_map(|(&x, &y)| known(x).zip(known(y))).map(|(x, _)| x);
    let first = values.next();
    values.any(|value| Some(value) != first)
}
