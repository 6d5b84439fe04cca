//! Weights that follow from the spread of the data: entropy, CRITIC, standard deviation.
//!
//! Objective weights are easily fooled: a column in which something rare is counted looks full of information, and one
//! constant column turns the textbook's formulas into 0/0. So every column is looked at first, and what is found is
//! told beside the weights. What the weights are used for is not known here.

use super::{bounded, sum};
use crate::indicator::Direction;

/// Share of the rows that must have a value before a column says anything.
const KNOWN_SHARE_MIN: f64 = 0.05;
/// Share of the rows that must have a value for a column to take more than an equal share: what most rows lack is
/// weighed by their other columns.
const HALF_KNOWN: f64 = 0.5;
/// Share of the known values from which a single value makes a column sparse: the rest are rare events.
const SPARSE_SHARE: f64 = 0.90;
/// The same under entropy, which grows with the logarithm of one over the share of those that are not 0: a column in which
/// every fifth customer has an event still outweighs any that is spread evenly.
const SPARSE_SHARE_ENTROPY: f64 = 0.50;
/// Known values below which a column is too short to be called sparse.
const SPARSE_ROWS_MIN: usize = 30;

/// How weights follow from the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Shannon entropy 熵权法.
    Entropy,
    /// Criteria importance through intercriteria correlation.
    Critic,
    /// Standard deviation 标准差法.
    StandardDeviation,
}

impl Scheme {
    /// The words of the method file.
    pub const NAMES: &'static [&'static str] = &["entropy", "critic", "std"];

    /// The word of the method file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The scheme of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Entropy, Self::Critic, Self::StandardDeviation]
            .into_iter()
            .find(|scheme| scheme.name() == name)
    }

    /// Weights of columns whose values all mean "more is better".
    #[must_use]
    pub fn weigh(self, columns: &[Vec<f64>]) -> Objective {
        match self {
            Self::Entropy => entropy(columns),
            Self::Critic => critic(columns, &vec![Direction::More; columns.len()]),
            Self::StandardDeviation => standard_deviation(columns),
        }
    }
}

/// Why a column gets another weight than the formula's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Less than a twentieth of the rows have a value, or fewer than two: weight 0.
    NearlyEmpty,
    /// Every value is 0: weight 0.
    AllZero,
    /// Every value is the same: weight 0.
    Constant,
    /// A value below 0 has no share, so entropy is not defined: weight 0.
    Negative,
    /// Nine tenths of the values (under entropy half of them) are one and the same: at most an equal share of the weight.
    Sparse,
    /// Fewer than half of the rows have a value: at most an equal share of the weight.
    PartlyEmpty,
}

impl Guard {
    /// The word of tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NearlyEmpty => "nearly_empty",
            Self::AllZero => "all_zero",
            Self::Constant => "constant",
            Self::Negative => "negative",
            Self::Sparse => "sparse",
            Self::PartlyEmpty => "partly_empty",
        }
    }

    /// Whether the column still has a say.
    fn is_limit(self) -> bool {
        matches!(self, Self::Sparse | Self::PartlyEmpty)
    }

    /// What was done about it; `weight` is the column's objective weight.
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
pub struct Objective {
    /// One for each column; they sum to 1 and are never NaN.
    pub weights: Vec<f64>,
    /// What was found in a column and limited its weight.
    pub guards: Vec<Option<Guard>>,
}

/// Entropy weights 熵权法: p = x/Σx, e = −Σ p ln p / ln n, w ∝ 1 − e (C. E. Shannon 1948; M. Zeleny, *Multiple
/// Criteria Decision Making*, 1982). x is taken as it is, not rescaled, so that the zero of the scale matters; 0 ln 0
/// is 0. n counts the column's own known values. A [`Guard`] takes a column's weight, or limits
/// it to 1/m of m columns; where nothing tells rows apart all columns weigh the same.
#[must_use]
pub fn entropy(columns: &[Vec<f64>]) -> Objective {
    let guards = guards(columns, true);
    let information = |column: &Vec<f64>| {
        let [total, count] = sum(column.len(), |row| known(column[row]).map_or([0.0; 2], |x| [x, 1.0]));
        let of_row = |row: usize| {
            let p = known(column[row]).map_or(0.0, |x| x / total);
            [if p > 0.0 { -p * libm::log(p) } else { 0.0 }]
        };
        (1.0 - sum(column.len(), of_row)[0] / libm::log(count)).max(0.0)
    };
    settled(informed(columns, &guards, information), guards)
}

/// CRITIC weights: columns rescaled to 0 … 1 (a cost criterion by (max − x)/(max − min)), w ∝ σⱼ Σₖ (1 − rⱼₖ)
/// (D. Diakoulaki, G. Mavrotas, L. Papayannakis, *Computers & Operations Research* 22(7) 763–770, 1995). The divisor
/// of σ cancels. Correlations are over the rows that have both values, 0 where these do not vary; columns whose
/// weight a [`Guard`] takes are left out of the sums; where all columns say the same they weigh the same. Turning a cost criterion round changes the sign of its correlations and so
/// the weights of all: the worked example of Tuş and Aytaç Adalı (2019) treats every criterion as a benefit.
///
/// # Panics
/// `directions` is not as long as `columns`.
#[must_use]
pub fn critic(columns: &[Vec<f64>], directions: &[Direction]) -> Objective {
    assert_eq!(columns.len(), directions.len(), "one direction for each column");
    let guards = guards(columns, false);
    let counts = |place: usize| has_say(&guards[place]);
    let sign = |place: usize| if directions[place] == Direction::More { 1.0 } else { -1.0 };
    let conflict = |place: usize| {
        let others = (0..columns.len()).filter(|&other| other != place && counts(other));
        let one =
            |other: usize| 1.0 - sign(place) * sign(other) * correlation(&columns[place], &columns[other]);
        others.map(one).sum::<f64>()
    };
    let information = (0..columns.len()).map(|place| {
        if !counts(place) {
            return 0.0;
        }
        let (low, high) = range(&columns[place]);
        spread(&columns[place]) / (high - low) * conflict(place)
    });
    // Rounding may leave a conflict of −10⁻¹⁶ where columns agree.
    settled(information.map(|d: f64| if d > 1e-12 { d } else { 0.0 }).collect(), guards)
}

/// Weights in proportion to the standard deviation 标准差法 of the columns as they are (Y. Wang, Y. Luo,
/// *Mathematical and Computer Modelling* 51, 1–12, 2010): scales must already agree. Guards as in [`critic`].
#[must_use]
pub fn standard_deviation(columns: &[Vec<f64>]) -> Objective {
    let guards = guards(columns, false);
    settled(informed(columns, &guards, |column| spread(column)), guards)
}

/// The value, if it is not missing.
pub(super) fn known(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// Least and greatest known value.
pub(super) fn range(column: &[f64]) -> (f64, f64) {
    let known = || column.iter().copied().filter(|x| x.is_finite());
    (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max))
}

fn guards(columns: &[Vec<f64>], shares: bool) -> Vec<Option<Guard>> {
    columns.iter().map(|column| diagnose(column, shares)).collect()
}

/// What is wrong with a column; `shares` when the formula needs shares of a sum.
fn diagnose(column: &[f64], shares: bool) -> Option<Guard> {
    let mut values: Vec<f64> = column.iter().copied().filter_map(known).collect();
    if values.len() < 2 || (values.len() as f64) < KNOWN_SHARE_MIN * column.len() as f64 {
        return Some(Guard::NearlyEmpty);
    }
    let (low, high) = range(&values);
    if low == high {
        return Some(if low == 0.0 { Guard::AllZero } else { Guard::Constant });
    }
    if shares && low < 0.0 {
        return Some(Guard::Negative);
    }
    // A value that most rows have is the median.
    // Half of an even number may lie on either side of the middle.
    let medians = [(values.len() - 1) / 2, values.len() / 2]
        .map(|middle| *values.select_nth_unstable_by(middle, f64::total_cmp).1);
    let count = |value: f64| values.iter().filter(|&&x| x == value).count();
    let same = medians.map(count).into_iter().max().unwrap_or(0);
    let limit = if shares { SPARSE_SHARE_ENTROPY } else { SPARSE_SHARE };
    if values.len() >= SPARSE_ROWS_MIN && same as f64 >= limit * values.len() as f64 {
        return Some(Guard::Sparse);
    }
    ((values.len() as f64) < HALF_KNOWN * column.len() as f64).then_some(Guard::PartlyEmpty)
}

/// Whether a column counts, be it with a limit.
fn has_say(guard: &Option<Guard>) -> bool {
    guard.is_none_or(Guard::is_limit)
}

fn informed(columns: &[Vec<f64>], guards: &[Option<Guard>], of: impl Fn(&Vec<f64>) -> f64) -> Vec<f64> {
    columns.iter().zip(guards).map(|(column, guard)| if has_say(guard) { of(column) } else { 0.0 }).collect()
}

/// Weights in proportion to the information, limited by the guards.
fn settled(information: Vec<f64>, guards: Vec<Option<Guard>>) -> Objective {
    let columns = information.len();
    let even = 1.0 / columns.max(1) as f64;
    let total: f64 = information.iter().sum();
    let shares: Vec<f64> = if total > 0.0 {
        information.iter().map(|information| information / total).collect()
    } else if guards.iter().any(has_say) {
        guards.iter().map(|guard| if has_say(guard) { 1.0 } else { 0.0 }).collect()
    } else {
        vec![1.0; columns]
    };
    let cap = |guard: &Option<Guard>| if guard.is_some_and(Guard::is_limit) { even } else { 1.0 };
    let caps: Vec<f64> = guards.iter().map(cap).collect();
    Objective { weights: bounded(&shares, &vec![0.0; columns], &caps), guards }
}

/// The standard deviation of the known values (divisor n).
fn spread(column: &[f64]) -> f64 {
    let [total, count] = sum(column.len(), |row| known(column[row]).map_or([0.0; 2], |x| [x, 1.0]));
    let mean = total / count;
    let square = |row: usize| [known(column[row]).map_or(0.0, |x| (x - mean) * (x - mean))];
    (sum(column.len(), square)[0] / count).sqrt()
}

/// Pearson's correlation over the rows that have both values; 0 where these do not vary.
#[must_use]
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let both = |row: usize| Some((known(a[row])?, known(b[row])?));
    let rows = a.len().min(b.len());
    let [count, sum_a, sum_b] = sum(rows, |row| both(row).map_or([0.0; 3], |(a, b)| [1.0, a, b]));
    if count < 2.0 {
        return 0.0;
    }
    // The mean of equal numbers is not always that number: what does not vary is told exactly.
    let varies = |of: &[f64]| {
        let mut values = (0..rows).filter(|&row| both(row).is_some()).map(|row| of[row]);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    if !varies(a) || !varies(b) {
        return 0.0;
    }
    let (mean_a, mean_b) = (sum_a / count, sum_b / count);
    let [cross, square_a, square_b] = sum(rows, |row| {
        both(row).map_or([0.0; 3], |(a, b)| {
            let (a, b) = (a - mean_a, b - mean_b);
            [a * b, a * a, b * b]
        })
    });
    let below = (square_a * square_b).sqrt();
    if below > 0.0 { (cross / below).clamp(-1.0, 1.0) } else { 0.0 }
}
